"""Kills one process at each point of a run and goes on in another: `python -m tests.durability.sweep SCENARIO ...`.

What came of each point is left in files, see `Killed`.
"""

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.durability.forks import exit_code_of, fork, run_alone, share_out
from tests.durability.points import lines_of

WORKERS = 3


@dataclass(frozen=True)
class Killed:
    """What came of one point: where the run died, and what going on from there made of it."""

    points: list[str]
    calls: list[str]
    calls_after: list[str]
    exit_codes: list[int]
    found: dict[str, Any]

    @property
    def point(self) -> str:
        return self.points[-1]

    @property
    def shown(self) -> dict[str, Any] | None:
        """The record between the kill and the resume."""
        record: dict[str, Any] | None = self.found["shown"]
        return record


def sweep(scenario: str, location: str, folder: Path, step: int = 1) -> list[Killed]:
    """Return what came of every `step`-th point, and first of the run that was not killed."""
    run_alone("tests.durability.sweep", scenario, location, str(folder), str(step), timeout=100)
    return [_read(folder / str(number)) for number in sorted(int(path.name) for path in folder.iterdir())]


def _read(folder: Path) -> Killed:
    codes = json.loads((folder / "exit_codes").read_text())
    found = json.loads((folder / "resumed.json").read_text())
    calls, after = lines_of(folder / "calls"), lines_of(folder / "resumed" / "calls")
    return Killed(lines_of(folder / "points"), calls, after, codes, found)


def main(scenario: str, location: str, folder: Path, step: int) -> None:
    _kill_at("", scenario, location, folder / "0")
    points = [*enumerate(lines_of(folder / "0" / "points"), 1)][::step]
    share_out([partial(_kill_at, point, scenario, location, folder / str(number)) for number, point in points])


def _kill_at(point: str, scenario: str, location: str, folder: Path) -> None:
    from tests.durability.killing import Place, go_on, start  # noqa: PLC0415  # what only the forking process needs

    folder.mkdir(parents=True)
    is_url = "://" in location
    place = Place(scenario, location if is_url else str(folder / location), f"{folder.name}-{scenario}", folder)
    codes = [exit_code_of(fork(lambda: start(place, point))), exit_code_of(fork(lambda: go_on(place)))]
    (folder / "exit_codes").write_text(json.dumps(codes))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
