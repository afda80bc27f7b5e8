"""Trials of the development server against the command line: `python -m tests.system.sittings FIRST COUNT`.

A sitting is one server and two trials of each kind, each at a moment of its run that is drawn from a seed. Even
sittings are on SQLite, odd ones on PostgreSQL. What came of each is printed, one JSON line each.
"""

import json
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.durability.processes import Desk
from tests.durability.server import this_process_server
from tests.scripted_server import Answer, Call, Script, ScriptedServer, served
from tests.server.development import Server, complaints, serve_graph
from tests.system.meetings import ALIVE, KILLED, KINDS, LONG, Trial, got_back, resumed_after_kill
from tests.system.umpire import ROLES

STORES = ("sqlite", "postgres")
TRIALS = 2
"""Of each kind, in a sitting."""
ALL_MET = dict.fromkeys(KINDS, TRIALS)
BLOCKED = ("BlockingError", "Blocking call")
"""What the server writes when code blocks its event loop."""
BUSY = "busy: "
PATIENT = {"OPENAI_TIMEOUT_SECONDS": str(LONG)}
"""Else a call whose answer is held for a minute is sent again."""


@dataclass
class Sitting:
    """What came of the trials of one server: those that met, what was wrong with any, and how `/ok` answered."""

    store: str
    met: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    ok_seconds: list[float] = field(default_factory=list)
    blocked: int = 0
    complaints: list[str] = field(default_factory=list)
    """What the server complained of in code of ours, but for the refusals that a trial asks for."""

    def __str__(self) -> str:
        ok = sorted(self.ok_seconds)
        told = {
            "store": self.store,
            "met": self.met,
            "wrong": self.wrong,
            "blocked": self.blocked,
            "complaints": self.complaints,
        }
        times = {"ok_asked": len(ok), "ok_median": ok[len(ok) // 2], "ok_longest": ok[-1]}
        return json.dumps({**told, **{key: round(value, 4) for key, value in times.items()}})

    def note(self, trial: Trial, judge: Callable[[], list[str]]) -> None:
        """Note what came of a trial: where its judge returns, the two have met."""
        try:
            found = judge()
            self.met[trial.kind] += 1
        except Exception as error:
            [*_, where] = traceback.extract_tb(error.__traceback__)
            found = [f"{type(error).__name__}: {error}, at `{where.line}`"]
        if found:
            self.wrong[trial.name] = [*found, f"heard {trial.heard}, writers {trial.kept.writers}"]

    def close(self, server: Server) -> None:
        """Note what the log says of code of ours, and of code that blocked the event loop."""
        log = (server.folder / "log").read_text()
        self.blocked += sum(log.count(word) for word in BLOCKED)
        self.complaints += [said for each in complaints(server.log) if BUSY not in (said := json.dumps(each))]


class PatientDesk(Desk):
    """A desk whose commands wait for held answers."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **PATIENT}


@dataclass
class Table:
    """Where a sitting takes place: its trials, by kind, and the model that answers in all of them."""

    folder: Path
    location: str
    seeds: Sequence[int]

    def __post_init__(self) -> None:
        self.model = ScriptedServer(self._script())
        self.trials: dict[str, list[Trial]] = {}

    def _script(self) -> Script:
        return {role: self._answer for role in (*ROLES, "brief")}

    def _answer(self, call: Call) -> Answer:
        trials = [trial for each in self.trials.values() for trial in each]
        return next(trial for trial in trials if trial.goal == call.user["goal"]).answer(call)

    def lay(self) -> None:
        """Lay out the trials, once the model has an address."""
        url = self.location if "://" in self.location else None
        desk = PatientDesk(self.folder, self.model.base_url, url)
        for kind in KINDS:
            self.trials[kind] = [Trial(kind, seed, desk, self.location, self.model) for seed in self.seeds]

    def served(self) -> Any:
        """Start a server; in this folder, where it finds what another one left."""
        where = {"ACCORD_DATABASE_URL": self.location} if "://" in self.location else {}
        model = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": self.model.base_url}
        return serve_graph(self.folder, **model, **where, **PATIENT)


def sit(folder: Path, location: str, seeds: Sequence[int]) -> Sitting:
    """Hold all trials of these seeds with one server, which is killed in the last ones, and a second one after it."""
    sitting, table = Sitting(STORES["://" in location]), Table(folder, location, seeds)
    with served(table.model):
        table.lay()
        with table.served() as server:
            with _asking(server, sitting.ok_seconds), ThreadPoolExecutor(len(ALIVE)) as pool:
                alive = [trial for kind in ALIVE for trial in table.trials[kind]]
                list(pool.map(lambda trial: sitting.note(trial, partial(ALIVE[trial.kind], trial, server)), alive))
            doomed = [(trial, trial.begin(server)) for trial in table.trials[KILLED]]
            sitting.close(server)
            server.kill()
        _go_on(table, sitting, doomed)
        assert table.model.unscripted == []
        verified = Desk(folder, database=location).accord("audit", "verify")
        if verified.code:
            sitting.wrong["audit verify"] = [verified.out, verified.err]
    return sitting


def _go_on(table: Table, sitting: Sitting, doomed: Sequence[tuple[Trial, str]]) -> None:
    """Resume the threads of a server that was killed, and get them back at another one."""
    befores = {trial.seed: resumed_after_kill(trial) for trial, _ in doomed}
    with table.served() as server:
        for trial, run in doomed:
            sitting.note(trial, partial(got_back, trial, server, befores[trial.seed], run))
        sitting.close(server)


@contextmanager
def _asking(server: Server, seconds: list[float]) -> Iterator[None]:
    """Ask the server all the while whether it is well, and note how long each answer took."""
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(0.25):
            began = time.perf_counter()
            server.client.http.get("/ok")
            seconds.append(time.perf_counter() - began)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        yield
        ended.set()
        asking.result()


def check_seed(seed: int, folder: Path) -> str:
    """Return where a sitting was held, once all its trials met and nothing was wrong with any.

    Raises:
        AssertionError: what was wrong.
    """
    sitting = sit_for(seed, folder)
    assert (sitting.met, sitting.wrong, sitting.blocked, sitting.complaints) == (ALL_MET, {}, 0, []), sitting
    return f"all met on {sitting.store}"


def sit_for(seed: int, folder: Path) -> Sitting:
    """Hold a sitting: both stores have the same trials."""
    number, store = divmod(seed, len(STORES))
    location = _database(f"meetings_{uuid.uuid4().hex}") if store else str(folder / "home" / "accord.sqlite")
    return sit(folder, location, range(number * TRIALS, (number + 1) * TRIALS))


def _database(name: str) -> str:
    location = this_process_server().location
    with psycopg.connect(location, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return urlsplit(location)._replace(path=f"/{name}").geturl()


def main(first: int, count: int) -> None:
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(f"{sit_for(seed, Path(folder))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
