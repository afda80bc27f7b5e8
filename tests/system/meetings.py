"""A real `langgraph dev` and real commands that want the same thread, in one kind of trial after another."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import httpx

from tests.durability.processes import Desk, Done
from tests.durability.rows import all_rows
from tests.scripted_server import Answer, Call, ScriptedServer, delayed, held, says, text
from tests.server.development import Server
from tests.system.umpire import BY_COMMAND, ROLES, Kept, calls_of, faults, kept, repeated

Strategy = Literal["reject", "interrupt", "rollback", "enqueue"]
BUSY = 5
LONG = 600
"""Seconds that a run may take: its answers are held for a while."""
RIVALS = 3
PATIENCE_SECONDS = 120.0
"""Several processes start at once."""


def wait_until(what: Callable[[], object], reason: str) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < limit, f"waited in vain until {reason}"
        time.sleep(0.01)


@dataclass
class Trial:
    """One thread that two want; the model answers the first calls, and holds the others until they have met."""

    kind: str
    seed: int
    desk: Desk
    location: str
    model: ScriptedServer
    thread: str = ""
    meet: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.random = random.Random(f"{self.kind} {self.seed}")
        self.rounds = self.random.randint(1, 3)
        self.free = self.random.randrange(len(calls_of(self.rounds)))

    @property
    def name(self) -> str:
        return f"{self.kind}, seed {self.seed}"

    @property
    def goal(self) -> str:
        return f"Decide case {self.name}."

    @property
    def given(self) -> dict[str, Any]:
        return {"goal": self.goal, "budget": {"max_seconds": LONG}}

    @property
    def heard(self) -> list[str]:
        calls = [call for call in [*self.model.calls] if call.user["goal"] == self.goal]
        return [f"{call.round or self.rounds}/{call.role}/1" for call in calls]

    @property
    def kept(self) -> Kept:
        return kept(self.location, self.thread)

    def answer(self, call: Call) -> Answer:
        """Return what the model answers."""
        is_free = len(self.heard) <= self.free
        stance = "block" if call.role == ROLES[-1] and (call.round or 0) < self.rounds else "go"
        said = text("Ship it.") if call.role == "brief" else says(stance)
        later = delayed(said, random.Random(f"{self.goal} {len(self.heard)}").uniform(0.0, 0.2))
        return later if is_free else held(later, self.meet.is_set)

    def pause(self, longest: float) -> None:
        time.sleep(self.random.uniform(0.0, longest))

    def begin(self, server: Server) -> str:
        """Have the server run the thread, and return the run once the model holds an answer back."""
        self.thread = self.thread or server.new_thread()
        run = server.client.runs.create(self.thread, "rounds", input=self.given, durability=self._durability)
        self.wait_until_held()
        return str(run["run_id"])

    @property
    def _durability(self) -> Any:
        return self.random.choice(["sync", "async", None])

    def wait_until_held(self) -> None:
        wait_until(lambda: len(self.heard) > self.free, "the model holds an answer")
        self.pause(0.4)

    def accord(self, *arguments: str) -> Done:
        return self.desk.accord(*arguments, self.thread, "--json")

    def status_of(self, server: Server, run: str) -> str:
        return str(server.client.runs.get(self.thread, run)["status"])

    def events_at(self, server: Server) -> list[dict[str, Any]]:
        state: Any = server.client.threads.get_state(self.thread)
        assert (state["values"].get("stop_reason"), state["values"].get("final_decision")) == ("success", "go"), state
        events: list[dict[str, Any]] = state["values"]["events"]
        return events

    def faults_at(self, server: Server, before: Sequence[str] = (), cuts: int = 0) -> list[str]:
        """Return what is wrong with the thread in the end."""
        return faults(self.kept, self.events_at(server), self.rounds) + repeated(self.heard, before, self.rounds, cuts)

    def odd_writers(self, *expected: str) -> list[str]:
        """Return who wrote, where it is not who is expected, in order."""
        found = self.kept.writers
        return [] if found == [*expected] else [f"{found} wrote, not {[*expected]}"]


def decided(done: Done) -> dict[str, Any]:
    """Return the record of a command that came to the decision."""
    assert (done.code, done.record["final_decision"]) == (0, "go"), (done.out, done.err)
    return done.record


# --- the kinds of trials, each of which returns what is wrong with the thread ----------------------------------------


def server_then_command(trial: Trial, server: Server) -> list[str]:
    """A command is busy while the server runs, and gets the record afterwards."""
    run = trial.begin(server)
    assert trial.accord("show").record["status"] == "running"
    way = trial.random.choice([("resume",), ("run", "--goal", trial.goal, "--thread")])
    busy = trial.accord(*way)
    assert (busy.code, busy.record["stop_reason"]) == (BUSY, "busy"), (busy.out, busy.err)
    assert trial.status_of(server, run) == "running"
    with ThreadPoolExecutor() as pool:
        racing = pool.submit(trial.accord, "resume")
        trial.pause(2.5)
        trial.meet.set()
        raced = racing.result()
    server.client.runs.join(trial.thread, run)
    rows, record = all_rows(trial.location, trial.thread), decided(trial.accord("resume"))
    assert raced.code == BUSY or decided(raced) == record, (raced.out, raced.err)
    assert all_rows(trial.location, trial.thread) == rows
    return trial.faults_at(server) + trial.odd_writers(run)


def command_then_server(trial: Trial, server: Server) -> list[str]:
    """A run and an update at the server are refused while a command runs, and write nothing."""
    trial.thread = server.new_thread()
    said = ("--goal", trial.goal, "--set", f"budget.max_seconds={LONG}")
    with trial.desk.started("run", *said, "--thread", trial.thread, name=trial.name) as command:
        trial.wait_until_held()
        wait_until(partial(_is_settled, trial), "nothing is written")
        rows = all_rows(trial.location, trial.thread)
        for come in (_run, _update):
            refusal = _refusal(partial(come, trial, server))
            assert "busy: " in refusal or "403" in refusal, refusal
        assert command.process.poll() is None
        assert all_rows(trial.location, trial.thread) == rows, "the server wrote meanwhile"
        trial.meet.set()
        assert command.ended().code == 0
    wrong = trial.faults_at(server) + trial.odd_writers(BY_COMMAND)
    events = trial.events_at(server)
    server.client.runs.wait(trial.thread, "rounds", input=None)
    assert trial.events_at(server) == events, "a run afterwards changed the record"
    return wrong


def _is_settled(trial: Trial) -> bool:
    before = all_rows(trial.location, trial.thread)
    time.sleep(0.5)
    return before == all_rows(trial.location, trial.thread)


def _run(trial: Trial, server: Server) -> None:
    server.client.runs.wait(trial.thread, "rounds", input=trial.random.choice([None, trial.given]))


def _update(trial: Trial, server: Server) -> None:
    server.client.threads.update_state(trial.thread, {"goal": "Shall we?"}, as_node="__start__")


def _refusal(come: Callable[[], None]) -> str:
    try:
        come()
    except Exception as error:
        response = getattr(error, "response", None)
        return f"{getattr(response, 'status_code', '')} {error} {getattr(response, 'text', '')}"
    raise AssertionError("the server was let in")


def cancelled_then_command(trial: Trial, server: Server) -> list[str]:
    """A run that is cancelled within a call is resumed by a command."""
    run = trial.begin(server)
    server.client.runs.cancel(trial.thread, run, wait=True, action="interrupt")
    assert trial.status_of(server, run) == "interrupted"
    before = trial.kept.answered
    assert len(before) < len(calls_of(trial.rounds)), "the run had ended before it was cancelled"
    trial.meet.set()
    decided(trial.accord("resume"))
    return trial.faults_at(server, before, cuts=1) + trial.odd_writers(run, BY_COMMAND)


def _together(trial: Trial, server: Server, strategy: Strategy, given: Any) -> list[Any]:
    """Send several runs at once, and return each, or the error that it got."""

    def come(_: int) -> Any:
        try:
            return server.client.runs.create(trial.thread, "rounds", input=given, multitask_strategy=strategy)
        except httpx.HTTPStatusError as error:
            return error

    with ThreadPoolExecutor(RIVALS) as pool:
        return [*pool.map(come, range(RIVALS))]


def rejected(trial: Trial, server: Server) -> list[str]:
    """Runs that are not to wait are refused while one is at work."""
    run = trial.begin(server)
    answers = _together(trial, server, "reject", trial.given)
    assert [getattr(getattr(each, "response", None), "status_code", None) for each in answers] == [409] * RIVALS
    assert trial.status_of(server, run) == "running"
    trial.meet.set()
    server.client.runs.join(trial.thread, run)
    return trial.faults_at(server) + trial.odd_writers(run)


def enqueued(trial: Trial, server: Server) -> list[str]:
    """Runs that wait find the thread finished, and change nothing."""
    run = trial.begin(server)
    waiting = _together(trial, server, "enqueue", None)
    assert [trial.status_of(server, each["run_id"]) for each in waiting] == ["pending"] * RIVALS
    assert trial.status_of(server, run) == "running"
    trial.meet.set()
    for each in (run, *(other["run_id"] for other in waiting)):
        server.client.runs.join(trial.thread, each)
    return trial.faults_at(server) + trial.odd_writers(run)


def interrupted(trial: Trial, server: Server) -> list[str]:
    """Runs that cut the one at work short get the thread one after the other; the last makes the decision."""
    run, before = trial.begin(server), trial.kept.answered
    cutting = _together(trial, server, "interrupt", None)
    trial.pause(1.0)
    trial.meet.set()
    for each in cutting:
        server.client.runs.join(trial.thread, each["run_id"])
    assert trial.status_of(server, run) == "interrupted"
    writers = trial.kept.writers
    turns = [] if len({*writers}) == len(writers) else [f"runs took turns: {writers}"]
    return trial.faults_at(server, before, cuts=RIVALS) + turns


ALIVE: dict[str, Callable[[Trial, Server], list[str]]] = {
    "command, then server": command_then_server,
    "server, then command": server_then_command,
    "cancelled, then command": cancelled_then_command,
    "rejected": rejected,
    "enqueued": enqueued,
    "interrupted": interrupted,
}
KILLED = "killed, then command"
KINDS = (*ALIVE, KILLED)


# --- a server that is killed -----------------------------------------------------------------------------------------


def resumed_after_kill(trial: Trial) -> Sequence[str]:
    """A command resumes at once; return the calls that were answered before."""
    before = trial.kept.answered
    assert len(before) < len(calls_of(trial.rounds)), "the run had ended before the kill"
    trial.meet.set()
    decided(trial.accord("resume"))
    return before


def got_back(trial: Trial, server: Server, before: Sequence[str], run: str) -> list[str]:
    """Return what is wrong after a new server got the thread in the way that docs/serving.md shows."""
    client = server.client
    client.threads.create(thread_id=trial.thread, if_exists="do_nothing", graph_id="rounds")
    events = trial.events_at(server)
    client.runs.wait(trial.thread, "rounds", input=None, multitask_strategy="enqueue")
    assert trial.events_at(server) == events, "the new server changed the record"
    is_again = trial.kept.writers[-1] == run  # it was in the tables of the server, which ran the finished thread again
    return trial.faults_at(server, before, cuts=1) + trial.odd_writers(run, BY_COMMAND, *[run] * is_again)
