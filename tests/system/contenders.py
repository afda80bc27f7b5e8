"""Processes that want the same thread: `python -m tests.system.contenders MODE LOCATION FOLDER TRIALS`.

A process of its own, because it forks: it imports everything once, stays without threads and event loops, and each
contender is a fresh process forked from it. What came of each trial is printed, one JSON line each.
"""

import asyncio
import importlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graph.opening import open_runner
from graph.problems import StorageError
from graph.record import Record
from graph.runner import Runner
from graph.settings import Settings
from nodes.voices.voice import Question, Utterance
from policies.team.team import Team
from tests.harness import ScriptedVoice, proposal, settings_at, team_of

SEED = 20261121
LATEST_SECONDS = 0.15
"""How much later than the first the second may come; a contender waits 0.12 s for a thread before it is told `busy`."""
PATIENCE_SECONDS = 30.0
TURNS = 100
TAKERS = 3
FILES = 20
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Place:
    """Where one thread runs, and its contenders leave their notes."""

    location: str
    folder: Path
    thread: str

    @property
    def settings(self) -> Settings:
        return settings_at(self.folder, accord_database_url=self.location)

    @property
    def team(self) -> Team:
        return team_of(self.settings)

    @property
    def turns_team(self) -> Team:
        """One role, and one round at a time: a run stops after it, and a resume with one round more goes on."""
        free = ("budget.max_messages=9999", "budget.max_seconds=9999", "budget.max_recoveries=999")
        return team_of(self.settings, "checkout_launch", "sequence=[risk_analyst]", "budget.max_rounds=1", *free)

    def note(self, kind: str, line: str) -> None:
        """Append a line in one write, so that no two processes mix theirs."""
        with (self.folder / f"{self.thread}.{kind}").open("a") as file:
            file.write(f"{line}\n")

    def notes(self, kind: str) -> list[str]:
        path = self.folder / f"{self.thread}.{kind}"
        return path.read_text().splitlines() if path.exists() else []


class Voice(ScriptedVoice):
    """Notes every call as round/role; risk answers only once it may."""

    def __init__(self, place: Place, stance: str, may_answer: Callable[[], bool]) -> None:
        super().__init__(lambda question: proposal(question.name, stance))
        self._place, self._may_answer = place, may_answer

    async def propose(self, question: Question) -> Utterance:
        self._place.note("asked", f"{json.loads(question.prompt.user)['round']}/{question.name}")
        limit = time.monotonic() + PATIENCE_SECONDS
        while question.name == "risk_analyst" and not self._may_answer() and time.monotonic() < limit:
            await asyncio.sleep(0.005)
        return await super().propose(question)

    async def write_brief(self, question: Any) -> Utterance:
        self._place.note("asked", f"{question.history[-1]['round']}/brief")
        return await super().write_brief(question)


def _fork(act: Callable[..., None], *arguments: Any) -> Any:
    process = FORK.Process(target=act, args=arguments)
    process.start()
    return process


def _end(process: Any) -> int | None:
    process.join(PATIENCE_SECONDS * 2)
    process.kill()
    process.join()
    code: int | None = process.exitcode
    return code


def _set_up(location: str, folder: Path) -> None:
    """Create the tables: contenders meet at a thread, not at a fresh file."""
    assert _end(_fork(_open_alone, Place(location, folder, "nobody"))) == 0


def _open_alone(place: Place) -> None:
    async def main() -> None:
        async with open_runner(place.settings):
            pass

    asyncio.run(main())


# --- two at once -----------------------------------------------------------------------------------------------------


def _pairs(location: str, folder: Path, trials: int) -> Iterator[dict[str, Any]]:
    """Two processes run one thread; whoever has it keeps it until the other one was told `busy`."""
    _set_up(location, folder)
    moments = random.Random(SEED)
    for number in range(trials):
        place, is_open = Place(location, folder, f"pair-{number}"), moments.random() < 0.5
        delays = [0.0, moments.uniform(0.0, LATEST_SECONDS)]
        moments.shuffle(delays)
        gate, is_refused = FORK.Barrier(2), FORK.Event()
        both = [_fork(_contend, place, gate, is_refused, is_open, delay) for delay in delays]
        codes = [_end(each) for each in both]
        ends = sorted(place.notes("ends"))
        yield {"thread": place.thread, "delays": delays, "codes": codes, "ends": ends, "asked": place.notes("asked")}
        if ends != ["busy", "success"]:
            return


def _contend(place: Place, gate: Any, is_refused: Any, is_open: bool, delay: float) -> None:
    """Run the thread at the same moment as the other one, with the database open by then or not."""
    team, voice = place.team, Voice(place, "go", is_refused.is_set)

    async def main() -> None:
        if not is_open:
            gate.wait(PATIENCE_SECONDS)
        async with open_runner(place.settings, {"rules": voice}) as runner:
            if is_open:
                gate.wait(PATIENCE_SECONDS)
            await asyncio.sleep(delay)
            record = await runner.run(team, place.thread)
            if record["stop_reason"] == "busy":
                is_refused.set()
            place.note("ends", record["stop_reason"])

    asyncio.run(main())


# --- a holder that is killed -----------------------------------------------------------------------------------------


def _heirs(location: str, folder: Path, trials: int) -> Iterator[dict[str, Any]]:
    """The second process asks for the thread right after the first one was killed, which had it and waited for risk."""
    _set_up(location, folder)
    moments = random.Random(SEED)
    for number in range(trials):
        place, may_go = Place(location, folder, f"heir-{number}"), FORK.Event()
        holder, heir = _fork(_hold, place), _fork(_inherit, place, may_go)
        limit = time.monotonic() + PATIENCE_SECONDS
        while (len(place.notes("answered")) < 2 or not place.notes("ready")) and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(moments.uniform(0.0, 0.05))
        holder.kill()
        holder.join()
        may_go.set()
        codes = [holder.exitcode, _end(heir)]
        yield {"thread": place.thread, "codes": codes, "ends": place.notes("ends"), "asked": place.notes("asked")}


def _hold(place: Place) -> None:
    def note_answer(event: dict[str, Any]) -> None:
        if event["event"] == "answered":
            place.note("answered", event["role"])

    async def main() -> None:
        async with open_runner(place.settings, {"rules": Voice(place, "go", lambda: False)}) as runner:
            await runner.run(place.team, place.thread, on_event=note_answer)

    asyncio.run(main())


def _inherit(place: Place, may_go: Any) -> None:
    async def main() -> None:
        async with open_runner(place.settings, {"rules": Voice(place, "go", lambda: True)}) as runner:
            place.note("ready", "yes")
            may_go.wait(PATIENCE_SECONDS)
            record = await runner.run(place.team, place.thread)
            place.note("ends", record["stop_reason"])

    asyncio.run(main())


# --- taking turns ----------------------------------------------------------------------------------------------------


def _turns(location: str, folder: Path, trials: int) -> Iterator[dict[str, Any]]:
    """Each process goes on with the thread as soon as it can, one round a turn, until all rounds are made."""
    for number in range(trials):
        place = Place(location, folder, f"turns-{number}")
        asyncio.run(_run_first(place))
        gate = FORK.Barrier(TAKERS)
        codes = [_end(each) for each in [_fork(_take_turns, place, gate) for _ in range(TAKERS)]]
        record = asyncio.run(_show(place))
        yield {
            "thread": place.thread,
            "codes": codes,
            "rounds": [entry["round"] for entry in record["history"]],
            "asked": place.notes("asked"),
            "ends": place.notes("ends"),
        }


async def _run_first(place: Place) -> None:
    async with open_runner(place.settings, {"rules": Voice(place, "block", lambda: True)}) as runner:
        await runner.run(place.turns_team, place.thread)


async def _show(place: Place) -> Record:
    async with open_runner(place.settings) as runner:
        return await runner.threads.show(place.thread)


def _take_turns(place: Place, gate: Any) -> None:
    async def main() -> None:
        async with open_runner(place.settings, {"rules": Voice(place, "block", lambda: True)}) as runner:
            gate.wait(PATIENCE_SECONDS)
            while (rounds := await _rounds(runner, place)) < TURNS:
                record = await runner.resume(place.thread, {"max_rounds": rounds + 1})
                place.note("ends", f"{os.getpid()} {record['stop_reason']}")

    asyncio.run(main())


async def _rounds(runner: Runner, place: Place) -> int:
    return len((await runner.threads.show(place.thread))["history"])


# --- a database that nobody opened before ----------------------------------------------------------------------------


def _openers(location: str, folder: Path, trials: int) -> Iterator[dict[str, Any]]:
    """Two processes run a thread each on fresh files, each of which both open at the same moment."""
    for number in range(trials):
        places = [Place(f"{location}-{number}", folder, f"opener-{number}-{each}") for each in range(2)]
        gate = FORK.Barrier(2)
        codes = [_end(each) for each in [_fork(_open_and_run, place, gate) for place in places]]
        yield {"thread": str(number), "codes": codes, "ends": [end for place in places for end in place.notes("ends")]}


def _open_and_run(place: Place, gate: Any) -> None:
    async def main(settings: Settings) -> str:
        try:
            async with open_runner(settings) as runner:
                return str((await runner.run(place.team, place.thread))["stop_reason"])
        except StorageError as error:
            return str(error).rpartition(": ")[2]

    for number in range(FILES):
        settings = replace(place, location=f"{place.location}-{number}").settings
        gate.wait(PATIENCE_SECONDS)
        place.note("ends", asyncio.run(main(settings)))


# --- the process of its own ------------------------------------------------------------------------------------------

MODES = {"pairs": _pairs, "heirs": _heirs, "turns": _turns, "openers": _openers}


def contend(mode: str, location: str, folder: Path, trials: int) -> list[dict[str, Any]]:
    """Return what came of each trial."""
    command = [sys.executable, "-W", "error", "-m", "tests.system.contenders", mode, location, str(folder), str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-3_000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(mode: str, location: str, folder: Path, trials: int) -> None:
    if "://" in location:
        for name in ("langgraph.checkpoint.postgres.aio", "langgraph.store.postgres.aio", "psycopg_pool"):
            importlib.import_module(name)  # here once, not in each contender
    for trial in MODES[mode](location, folder, trials):
        sys.stdout.write(json.dumps(trial) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
