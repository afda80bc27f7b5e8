"""The real `langgraph dev` killed with kill -9 in the midst of its runs, and the way on that docs/serving.md gives."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk.client import SyncLangGraphClient

from graph.build import build_reader
from graph.problems import UsageError
from graph.settings import Settings
from graph.store.database import open_database
from graph.teams.loader import load_team
from nodes.fingerprint import fingerprint
from nodes.journal import UNDER_WAY
from policies.assurance.audit import find_break
from tests.durability.processes import Desk, without
from tests.harness import CHECKOUT_ROLES, run, settings_at, show, team_of
from tests.scripted_server import Answer, Script, ScriptedServer, delayed, forever, hangs, says, serve, text
from tests.server.development import PATIENCE_SECONDS, Server, complaints, serve_graph

pytestmark = [pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(300)]

AT_ONCE = 0
"""The server has accepted the runs; none has begun."""
MOMENTS = (AT_ONCE, 1, 2, 3, 5, 9, 14)
"""Seconds between the first call that a run made and the kill."""
ROUNDS = (1, 2, 3)
CALLS = sorted([f"{number}/{role}/1" for number in ROUNDS for role in CHECKOUT_ROLES] + ["3/brief/1"])
SLOW = {"demand_analyst": 1.0, "finance_analyst": 3.0, "risk_analyst": 6.0, "brief": 2.0}
"""Seconds to an answer before the kill: a run takes longer than the last moment."""
FAST = {role: 0.2 for role in CHECKOUT_ROLES} | {"brief": 1.5}
"""Seconds to an answer after it: a run that the server starts again by itself is still at work when a client comes."""
PACES = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
"""By how much the answers of one call differ, so that a kill finds the threads at several stages."""
ALL_ANSWERED, ALL_SAVED = 5, 14
"""From which moments on every thread has an answer, and the server, which saves its tables every 10 s, has saved."""

RECIPE, COMMAND_LINE, INPUT_AGAIN = "the recipe", "accord resume", "the input again"
WAYS = (RECIPE, RECIPE, RECIPE, RECIPE, COMMAND_LINE, INPUT_AGAIN)
"""How each thread goes on after the kill."""


@dataclass(frozen=True)
class Thread:
    """What one thread was when the server was killed, and what became of it; calls by the key of the journal."""

    way: str
    before: dict[str, bool]
    """The calls made until the kill, and whether their answer went out."""
    journaled: list[str]
    shown: dict[str, Any] | None
    """Its record while the server was down; None where nothing of it was kept."""
    after: list[str]
    values: dict[str, Any]
    journaled_in_the_end: list[str]

    @property
    def repeated(self) -> list[str]:
        return [call for call in self.after if call in self.before]

    @property
    def decided(self) -> tuple[Any, Any]:
        return self.values.get("stop_reason"), self.values.get("final_decision")


@dataclass(frozen=True)
class Siege:
    """One server killed at one moment of its runs, started again, and its threads."""

    moment: int
    threads: list[Thread]
    requeued: int
    """The runs that the server itself started again, and how many of them were at work when the client came."""
    at_work: int
    complaints: list[dict[str, Any]]

    def __str__(self) -> str:
        begun = sum(thread.shown is not None for thread in self.threads)
        resumed = sum(thread.decided == ("success", "go") for thread in self.threads)
        made, journaled = (sum(map(len, counted)) for counted in zip(*map(_counted, self.threads), strict=True))
        again = [thread.before[call] for thread in self.threads for call in thread.repeated]
        return (
            f"killed at {self.moment} s: {resumed} of {len(self.threads)} threads came to their decision, {begun} had "
            f"begun, {self.requeued} were started again by the server ({self.at_work} still at work); of {made} calls "
            f"made {journaled} were journaled, {len(again)} were made again, {sum(again)} of these had been answered"
        )


def _counted(thread: Thread) -> tuple[dict[str, bool], list[str]]:
    return thread.before, thread.journaled


def _goal(number: int) -> str:
    return f"Decide case {number}."


def _script(seconds: dict[str, float]) -> Script:
    """A block in each of the first two rounds makes three."""
    said: dict[tuple[str, int], Answer] = {
        (role, number): says("block" if role == "risk_analyst" and number < ROUNDS[-1] else "go")
        for number in ROUNDS
        for role in CHECKOUT_ROLES
    }
    said["brief", 0] = text("Ship it.")
    return {key: _paced(answer, seconds[key[0]]) for key, answer in said.items()}


def _paced(answer: Answer, seconds: float) -> list[Answer]:
    *others, last = [delayed(answer, seconds * pace) for pace in PACES]
    return [*others, forever(last)]


def _calls(server: ScriptedServer, number: int) -> list[tuple[str, bool]]:
    calls = [call for call in server.calls if call.user["goal"] == _goal(number)]
    return [(f"{call.round or ROUNDS[-1]}/{call.role}/1", call.answered) for call in calls]


def _shown(settings: Settings, thread: str) -> dict[str, Any] | None:
    try:
        return show(settings, thread)
    except UsageError:
        return None


def _journals(settings: Settings, threads: Sequence[str]) -> list[list[str]]:
    async def read() -> list[list[str]]:
        async with open_database(settings.database) as database:
            kept = [await database.store.asearch(("calls", thread), limit=100) for thread in threads]
        answered = [[item.key for item in items if item.value["kind"] != UNDER_WAY] for items in kept]
        return [sorted(key.partition("/")[2] for key in keys) for keys in answered]

    return asyncio.run(read())


# --- the siege -------------------------------------------------------------------------------------------------------


def _go_on(
    client: SyncLangGraphClient, thread: str, given: dict[str, Any], way: str = RECIPE, config: Any = None
) -> str:
    """The recipe of docs/serving.md; the run's id."""
    client.threads.create(thread_id=thread, if_exists="do_nothing", graph_id="rounds")
    has_begun = bool(client.threads.get_state(thread)["values"])
    sent = None if has_begun and way != INPUT_AGAIN else given
    run = client.runs.create(thread, "rounds", input=sent, config=config, multitask_strategy="enqueue")
    return str(run["run_id"])


def _run_and_kill(server: Server, model: ScriptedServer, threads: Sequence[str], moment: int) -> None:
    for number, thread in enumerate(threads):
        server.client.threads.create(thread_id=thread, if_exists="do_nothing")
        durability: Any = "sync" if number % 2 else None  # None: the server's own, which is `async`
        server.client.runs.create(thread, "rounds", input={"goal": _goal(number)}, durability=durability)
    if moment != AT_ONCE:
        _wait_for(lambda: model.calls)
    time.sleep(moment)
    server.kill()


def _wait_for(what: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < limit
        time.sleep(0.01)


def _finish(server: Server, threads: Sequence[str]) -> list[Any]:
    """Go on with every thread; the states they come to."""
    runs = [
        _go_on(server.client, thread, {"goal": _goal(number)}, way)
        for number, (thread, way) in enumerate(zip(threads, WAYS, strict=True))
    ]
    for thread, created in zip(threads, runs, strict=True):
        server.client.runs.join(thread, created)
    return [server.client.threads.get_state(thread)["values"] for thread in threads]


def _requeued(server: Server) -> int:
    told = [record for record in server.log if str(record.get("event")).startswith("Retrying runs left running")]
    return sum(len(record["run_ids"]) for record in told)


def _lay_siege(moment: int, folder: Path) -> Siege:
    threads = [str(uuid.uuid4()) for _ in WAYS]
    settings = settings_at(folder / "home")
    with serve(_script(SLOW)) as slow, serve(_script(FAST)) as fast:
        with serve_graph(folder, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=slow.base_url) as server:
            _run_and_kill(server, slow, threads, moment)
        shown, journaled = [_shown(settings, thread) for thread in threads], _journals(settings, threads)
        _resume_by_command(Desk(folder, fast.base_url), threads[WAYS.index(COMMAND_LINE)], shown)
        with serve_graph(folder, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=fast.base_url) as server:
            at_work = len(server.client.threads.search(status="busy", limit=100))
            values = _finish(server, threads)
            requeued, complained = _requeued(server), complaints(server.log)
        assert slow.unscripted == fast.unscripted == []
        before, after = ([_calls(each, number) for number in range(len(WAYS))] for each in (slow, fast))
        assert all(len(dict(calls)) == len(calls) for calls in before), "a call was made twice before the kill"
    in_the_end = _journals(settings, threads)
    made = [[call for call, _ in calls] for calls in after]
    kept = zip(WAYS, map(dict, before), journaled, shown, made, values, in_the_end, strict=True)
    return Siege(moment, [Thread(*each) for each in kept], requeued, at_work, complained)


def _resume_by_command(desk: Desk, thread: str, shown: Sequence[Any]) -> None:
    if shown[WAYS.index(COMMAND_LINE)] is not None:
        done = desk.accord("resume", thread, "--json")
        assert (done.code, done.record["final_decision"]) == (0, "go"), done.err


@pytest.fixture(scope="module", params=MOMENTS, ids=lambda moment: f"{moment} s")
def siege(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Siege:
    return _lay_siege(request.param, tmp_path_factory.mktemp("siege"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The states of the same cases, run by the command line's runner and killed by nobody."""
    with serve(_script(dict.fromkeys(SLOW, 0.0))) as model:
        settings = settings_at(tmp_path_factory.mktemp("undisturbed"), model.base_url)
        for number in range(len(WAYS)):
            run(team_of(settings, goal=_goal(number)), settings, str(number))

    async def read() -> list[dict[str, Any]]:
        async with open_database(settings.database) as database:
            reader = build_reader().compile(checkpointer=database.saver)
            configs: list[Any] = [{"configurable": {"thread_id": str(number)}} for number in range(len(WAYS))]
            return [(await reader.aget_state(config)).values for config in configs]

    return asyncio.run(read())


# --- what must hold --------------------------------------------------------------------------------------------------


def test_the_kill_found_every_run_unfinished(siege: Siege, record_testsuite_property: Any) -> None:
    record_testsuite_property(f"kill at {siege.moment} s", str(siege))
    for thread in siege.threads:
        assert thread.shown is None or thread.shown["status"] == "interrupted", siege
        assert thread.shown is not None or not thread.before, siege
        assert "3/brief/1" not in thread.before, siege
        assert thread.journaled or siege.moment < ALL_ANSWERED, siege
    assert any(thread.before for thread in siege.threads) == (siege.moment != AT_ONCE), siege


def test_every_thread_comes_to_its_decision(siege: Siege) -> None:
    assert [thread.decided for thread in siege.threads] == [("success", "go")] * len(WAYS), siege


CHARGED = ("usage", "recovered")
"""What of a state is there for calls that were lost; that it is right is held by tests/durability."""


def _uncharged(state: dict[str, Any]) -> dict[str, Any]:
    events = [event for event in state.get("events", []) if event["event"] != "recovered"]
    return {**state, "events": events} if "events" in state else state


def test_every_thread_ends_in_the_state_of_the_run_nobody_killed(siege: Siege, undisturbed: list[Any]) -> None:
    """The whole state: no contribution lost or doubled in history and trace, nothing granted or counted twice."""
    for thread, expected in zip(siege.threads, undisturbed, strict=True):
        # Without null, the round that was open is convened again, and its messages count once more.
        again = ("messages", "wave", "events") if thread.way == INPUT_AGAIN else ()
        # What a step wrote is committed to by digests over times, so they vary as the times do.
        varying = ("seconds", "at", "fetched_at", "hash", "prev_hash", "wrote", "thread", "seq", *again)
        found, usual = (_uncharged(without(each, *varying, *CHARGED)) for each in (thread.values, expected))
        assert found == usual, siege
        assert find_break(thread.values["events"], fingerprint) is None, siege


def test_no_journaled_call_is_asked_again_and_every_other_one_exactly_once(siege: Siege) -> None:
    for thread in siege.threads:
        missing = Counter(CALLS) - Counter(thread.journaled)
        assert Counter(thread.after) == missing, f"{thread.way}; {siege}"
        assert set(thread.journaled) <= {call for call, is_answered in thread.before.items() if is_answered}, siege


def test_what_was_asked_again_is_at_most_the_wave_that_was_under_way(siege: Siege) -> None:
    for thread in siege.threads:
        rounds = {call.partition("/")[0] for call in thread.repeated}
        assert len(rounds) <= 1, siege
        assert len(thread.repeated) <= len(CHECKOUT_ROLES), siege


def test_the_journal_holds_each_call_once_in_the_end(siege: Siege) -> None:
    assert [thread.journaled_in_the_end for thread in siege.threads] == [CALLS] * len(WAYS), siege


def test_a_run_that_the_server_starts_again_by_itself_is_in_nobodys_way(siege: Siege) -> None:
    if siege.moment >= ALL_SAVED:
        assert siege.requeued == len(WAYS), siege
        assert siege.at_work > 0, siege
    assert siege.complaints == [], siege


def test_a_thread_of_another_team_goes_on_with_it_though_nobody_names_it_again(tmp_path: Path) -> None:
    first, *others = load_team("cold_storage").sequence
    quiet: Script = {role: [hangs(60), says("go")] for role in others}
    thread, settings, config = (
        str(uuid.uuid4()),
        settings_at(tmp_path / "home"),
        {"configurable": {"team": "cold_storage"}},
    )
    with serve({**quiet, first: says("go"), "brief": text("Release it.")}) as model:
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with serve_graph(tmp_path, **environment) as server:
            _go_on(server.client, thread, {}, config=config)
            _wait_for(lambda: len(model.calls) > len(others) and _journals(settings, [thread])[0])
            server.kill()
        with serve_graph(tmp_path, **environment) as server:
            server.client.runs.join(thread, _go_on(server.client, thread, {}))
        asked = Counter(call.role for call in model.calls)
    record = show(settings, thread)
    assert (record["team"], record["stop_reason"], record["final_decision"]) == (
        "cold_storage",
        "success",
        "go_with_caution",
    )
    assert asked == {first: 1, **dict.fromkeys(others, 2), "brief": 1}
