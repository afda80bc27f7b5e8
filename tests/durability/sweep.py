"""Kills one process at each point of a run and goes on in another: `python -m tests.durability.sweep SCENARIO ...`.

A process of its own, because it forks: it imports everything once, stays without threads and event loops, and each run
and each resume is a fresh process forked from it. What came of each point is left in files, see `Killed`.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def sweep(scenario: str, location: str, folder: Path, step: int = 1) -> list[Killed]:
    """Return what came of every `step`-th point, and first of the run that was not killed."""
    command = [sys.executable, "-W", "error", "-m", "tests.durability.sweep", scenario, location, str(folder), str(step)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return [_read(folder / str(number)) for number in sorted(int(path.name) for path in folder.iterdir())]


def _read(folder: Path) -> Killed:
    lines = {name: folder / name for name in ("points", "calls", "resumed/calls")}
    read = [path.read_text().splitlines() if path.exists() else [] for path in lines.values()]
    codes = json.loads((folder / "exit_codes").read_text())
    return Killed(*read, codes, json.loads((folder / "resumed.json").read_text()))


def main(scenario: str, location: str, folder: Path, step: int) -> None:
    _kill_at(0, scenario, location, folder)
    total = len((folder / "0" / "points").read_text().splitlines())
    points = range(1, total + 1, step)
    workers = [_fork(_each(points[first::WORKERS], scenario, location, folder)) for first in range(WORKERS)]
    assert not any([_exit_code(worker) for worker in workers])


def _each(points: Sequence[int], scenario: str, location: str, folder: Path) -> Callable[[], None]:
    def work() -> None:
        for point in points:
            _kill_at(point, scenario, location, folder)

    return work


def _kill_at(point: int, scenario: str, location: str, folder: Path) -> None:
    from tests.durability.killing import Place, go_on, start  # noqa: PLC0415  # what only the forking process needs

    own = folder / str(point)
    own.mkdir(parents=True)
    is_url = "://" in location
    place = Place(scenario, location if is_url else str(own / location), f"{scenario}.{point}", own)
    codes = [_exit_code(_fork(lambda: start(place, point))), _exit_code(_fork(lambda: go_on(place)))]
    (own / "exit_codes").write_text(json.dumps(codes))


def _fork(work: Callable[[], None]) -> int:
    """Return the id of a new process that does the work and ends."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _exit_code(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
