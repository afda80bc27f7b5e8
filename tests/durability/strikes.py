"""Real `accord` commands on a team of any pattern: one process killed at a point, others that show it and finish it.

    with served(PatternServer()) as server:
        whole, *struck = strike("debate", server, folder, points=10)

Each command is a process of its own, forked from one that imported everything.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from graph.cli.main import run
from graph.store.database import open_database
from graph.threads import Threads
from nodes.journal import UNDER_WAY
from tests.durability.forks import exit_code_of, fork, run_alone, share_out
from tests.durability.pattern_teams import TEAM_FILE, Asked, PatternServer, write_team
from tests.durability.points import Killer, lines_of, watched_command

Plain = dict[str, Any]
WHOLE = 0
"""The number of the run that nobody kills."""
KILLED, SHOWN_OPEN = -9, 3
"""How a killed process ends, and how `accord show` ends on a thread that is not done."""

WITHIN = "within"
"""A node of a team that answers for a role."""
KINDS = (
    ("call", "after"),
    ("journal", "after"),
    (WITHIN, "before"),
    ("finalize", "after"),
    ("call", "before"),
    ("checkpoint", "before"),
    ("writes", "after"),
    (WITHIN, "after"),
    ("finalize", "before"),
    ("checkpoint", "after"),
)
"""The kinds of points a run is killed at, in turn: answered and not journaled, journaled and in no checkpoint, ..."""


@dataclass(frozen=True)
class Struck:
    """What came of one run: where it was killed, how each command ended and what it left."""

    points: list[str]
    codes: dict[str, int]
    shown: Plain
    record: Plain
    before: Plain
    after: Plain
    asked: list[Asked]
    asked_again: list[Asked]

    @property
    def point(self) -> str:
        return self.points[-1]

    @property
    def journaled(self) -> Counter[str]:
        """What was asked by the killed process and stood in the journal when it was dead, by its meaning."""
        kept = Counter(self.before["journal"].values())
        return Counter(each.meaning for each in self.asked if each.prompt in kept)


def strike(pattern: str, server: PatternServer, folder: Path, points: int, database: str = "") -> list[Struck]:
    """Return what came of the run that nobody killed, and of one run killed at each of so many points."""
    folder.mkdir()
    write_team(pattern, folder)
    arguments = (pattern, server.base_url, str(folder), str(points), database)
    run_alone("tests.durability.strikes", *arguments, timeout=110)
    numbers = sorted(int(path.name) for path in folder.iterdir() if path.is_dir())
    return [_read(folder / str(number), server, f"{pattern}-{number}") for number in numbers]


def _read(folder: Path, server: PatternServer, thread: str) -> Struck:
    codes, before, after = (json.loads((folder / name).read_text()) for name in ("codes", "before", "after"))
    shown, record = (json.loads((folder / f"{name}.out").read_text() or "{}") for name in ("show", "resume"))
    asked, again = server.asked[f"{thread}-run"], server.asked[f"{thread}-resume"]
    return Struck(lines_of(folder / "points"), codes, shown, record, before, after, asked, again)


def chosen(points: Sequence[str], count: int, seed: str) -> list[str]:
    """Return so many points: of each kind in turn, and all over the run."""
    places = [(number + 0.5) / count for number in range(count)]
    random.Random(seed).shuffle(places)
    kept: list[str] = []
    for number, place in enumerate(places):
        kind, side = KINDS[number % len(KINDS)]
        found = [point for point in points if _is_of(kind, point) and f", {side} #" in point and point not in kept]
        found = found or [point for point in points if point.startswith("node") and point not in kept]
        kept.append(found[int(place * len(found))])
    return kept


def _is_of(kind: str, point: str) -> bool:
    if kind == WITHIN:
        return point.startswith("node") and "/" in point
    return point.startswith((kind, f"node {kind}"))


def main(pattern: str, base_url: str, folder: Path, count: int, database: str) -> None:
    def struck_at(number: int, point: str) -> None:
        _Desk(folder / str(number), f"{pattern}-{number}", base_url, database).strike(point)

    struck_at(WHOLE, "")
    points = chosen(lines_of(folder / str(WHOLE) / "points"), count, pattern)
    share_out([partial(struck_at, number, point) for number, point in enumerate(points, WHOLE + 1)])


@dataclass(frozen=True)
class _Desk:
    """A folder in which one thread is run, killed, shown and finished."""

    folder: Path
    thread: str
    base_url: str
    database: str

    def strike(self, point: str) -> None:
        self.folder.mkdir()
        team = str(self.folder.parent / TEAM_FILE)
        codes = {"run": self._accord("run", team, "--thread", self.thread, "--json", point=point)}
        self._look("before")
        codes["show"] = self._accord("show", self.thread, "--json")
        codes["resume"] = self._accord("resume", self.thread, "--json")
        self._look("after")
        (self.folder / "codes").write_text(json.dumps(codes))

    def _accord(self, *arguments: str, point: str | None = None) -> int:
        """Return the exit code of the command, in a process of its own; with a point, killed there."""
        return exit_code_of(fork(lambda: self._run(arguments, point)))

    def _run(self, arguments: Sequence[str], point: str | None) -> None:
        name = arguments[0]
        for number, ending in ((1, "out"), (2, "err")):
            os.dup2(os.open(self.folder / f"{name}.{ending}", os.O_WRONLY | os.O_CREAT), number)
        url = f"{self.base_url}/{self.thread}-{name}"
        os.environ |= {"ACCORD_HOME": str(self.folder), "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": url}
        os.environ |= {"ACCORD_DATABASE_URL": self.database} if self.database else {}
        os.chdir(self.folder)
        with ExitStack() as stack:
            if point is not None:
                stack.enter_context(watched_command(Killer(self.folder, point)))
            code = run([*arguments])
        sys.stdout.flush()
        os._exit(code)

    def _look(self, name: str) -> None:
        """Leave what the database holds of the thread."""
        code = exit_code_of(fork(lambda: (self.folder / name).write_text(json.dumps(asyncio.run(self._found(name))))))
        assert code == 0

    async def _found(self, name: str) -> Plain:
        async with open_database(self.database or str(self.folder / "accord.sqlite")) as database:
            calls = await database.store.asearch(("calls", self.thread), limit=1_000)
            threads = Threads(database)
            if name == "after":  # what was killed between its end and its entry in the archive
                await threads.catch_up()
            state, archived = await threads.state(self.thread), await threads.archive.entry(self.thread)
        journal = {item.key: item.value["prompt"] for item in calls if item.value["kind"] != UNDER_WAY}
        return {"journal": journal, "state": state, "archived": archived}


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
