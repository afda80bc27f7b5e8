"""Answers across kills: each command of a run that people decide is killed at a point, and then given once more.

What came of it is left as files; `test_answers_across_kills.py` judges them from the record alone.
"""

import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from graph.cli.main import run
from tests.durability.forks import exit_code_of, fork, share_out
from tests.durability.points import Killer, lines_of, watched_command

ROLE = {"title": "Role", "mandate": "Judge."}
GOES = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
BLOCKS = {"stance": "block", "summary": "Not yet.", "actions": ["Wait."]}
SAID = {"stance": "go", "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
PEOPLE = ("cfo", "cto", "coo")
WHOLE = "whole"
MOST_TIMES = 4


def team_of(kind: str) -> dict[str, Any]:
    """Return a team that one person decides for, or three, or in which three fill a seat each."""
    plain = {
        "name": kind,
        "title": "People across kills",
        "goal": "Launch?",
        "facts": {"rate": 1},
        "approvers": {name: {"title": name} for name in PEOPLE},
        "sequence": ["demand", "risk"],
        "roles": {"demand": {**ROLE, "otherwise": GOES}, "risk": {**ROLE, "otherwise": BLOCKS}},
    }
    if kind == "seats":
        seats = {f"seat_{name}": {**ROLE, "voice": "human", "people": [name]} for name in PEOPLE}
        return plain | {"sequence": ["demand", *seats], "roles": {"demand": {**ROLE, "otherwise": GOES}, **seats}}
    by = PEOPLE if kind == "three" else PEOPLE[:1]
    rule = {"rule": {"policy": "unanimous"}} if len(by) > 1 else {}
    return plain | {"escalate": {"decide": {"by": by, **rule}}}


def commands_of(kind: str, thread: str) -> list[tuple[str, ...]]:
    """Return what is typed, one after the other."""
    begun = ("run", "../team.json", "--thread", thread, "--json")
    if kind == "seats":
        return [begun, *(("answer", thread, "--file", "../said.json", "--by", name, "--json") for name in PEOPLE)]
    by = PEOPLE if kind == "three" else PEOPLE[:1]
    return [begun, *(("decide", thread, "go", "--by", name, "--because", "Yes.", "--json") for name in by)]


def main(kind: str, folder: Path, count: int, database: str) -> None:
    (folder / "team.json").write_text(json.dumps(team_of(kind)))
    (folder / "said.json").write_text(json.dumps(SAID))
    whole = _Desk(folder / WHOLE, kind, database)
    whole.play({})
    share_out([partial(_strike, folder, kind, database, seed) for seed in range(count)])


def _strike(folder: Path, kind: str, database: str, seed: int) -> None:
    rng, killed = random.Random(f"{kind}{seed}"), dict[int, list[str]]()
    for number, _ in enumerate(commands_of(kind, "")):
        points = lines_of(folder / WHOLE / f"{number}.0" / "points")
        killed[number] = [rng.choice(points) for _ in range(rng.randint(0, 2))]
    _Desk(folder / str(seed), kind, database).play(killed)


class _Desk:
    """A folder in which one thread is run and answered, by commands that are processes of their own."""

    def __init__(self, folder: Path, kind: str, database: str) -> None:
        self._folder, self._kind, self._database = folder, kind, database
        folder.mkdir()

    def play(self, killed: Mapping[int, Sequence[str]]) -> None:
        """Give each command until it is not killed any more, and leave the exit codes."""
        codes: dict[str, int] = {}
        thread = f"{self._kind}-{self._folder.name}"
        for number, command in enumerate(commands_of(self._kind, thread)):
            for time in range(MOST_TIMES):
                points = killed.get(number, ())
                at = points[time] if time < len(points) else ""
                place = self._folder / f"{number}.{time}"
                codes[place.name] = exit_code_of(fork(partial(self._run, place, command, at)))
                if codes[place.name] >= 0:
                    break
        ends = {"resume": ("resume", thread, "--json"), "verify": ("audit", "verify", thread)}
        for name, command in {**ends, "export": ("audit", "export", thread)}.items():
            codes[name] = exit_code_of(fork(partial(self._run, self._folder / name, command, "")))
        (self._folder / "codes").write_text(json.dumps(codes))

    def _run(self, place: Path, arguments: Sequence[str], at: str) -> None:
        place.mkdir()
        for number, ending in ((1, "out"), (2, "err")):
            os.dup2(os.open(place / ending, os.O_WRONLY | os.O_CREAT), number)
        os.environ["ACCORD_HOME"] = str(self._folder)
        os.environ |= {"ACCORD_DATABASE_URL": self._database} if self._database else {}
        os.chdir(self._folder)
        with ExitStack() as stack:
            stack.enter_context(watched_command(Killer(place, at)))
            code = run([*arguments])
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
