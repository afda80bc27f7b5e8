"""Kills one process at each point of a run and goes on in another: `python -m tests.durability.sweep SCENARIO ...`.

A process of its own, because it forks: it imports everything once, stays without threads and event loops, and each run
and each resume is a fresh process forked from it. What came of each point is left in files, see `Killed`.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
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

    @property
    def shown(self) -> dict[str, Any] | None:
        """The record between the kill and the resume."""
        record: dict[str, Any] | None = self.found["shown"]
        return record


def sweep(scenario: str, location: str, folder: Path, step: int = 1) -> list[Killed]:
    """Return what came of every `step`-th point, and first of the run that was not killed."""
    arguments = ["-m", "tests.durability.sweep", scenario, location, str(folder), str(step)]
    command = [sys.executable, "-W", "error", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = process.communicate(timeout=100)[1]
    finally:
        with suppress(ProcessLookupError):  # nobody of its forks is left, or all are ended now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (process.returncode, said) == (0, ""), said[-3_000:]
    return [_read(folder / str(number)) for number in sorted(int(path.name) for path in folder.iterdir())]


def _read(folder: Path) -> Killed:
    codes = json.loads((folder / "exit_codes").read_text())
    found = json.loads((folder / "resumed.json").read_text())
    calls, after = _lines(folder / "calls"), _lines(folder / "resumed" / "calls")
    return Killed(_lines(folder / "points"), calls, after, codes, found)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def main(scenario: str, location: str, folder: Path, step: int) -> None:
    _kill_at("", scenario, location, folder / "0")
    points = [*enumerate(_lines(folder / "0" / "points"), 1)][::step]
    workers = [_fork(_each(points[first::WORKERS], scenario, location, folder)) for first in range(WORKERS)]
    assert not any([_exit_code(worker) for worker in workers])


def _each(points: Sequence[tuple[int, str]], scenario: str, location: str, folder: Path) -> Callable[[], None]:
    def work() -> None:
        for number, point in points:
            _kill_at(point, scenario, location, folder / str(number))

    return work


def _kill_at(point: str, scenario: str, location: str, folder: Path) -> None:
    from tests.durability.killing import Place, go_on, start  # noqa: PLC0415  # what only the forking process needs

    folder.mkdir(parents=True)
    is_url = "://" in location
    place = Place(scenario, location if is_url else str(folder / location), f"{folder.name}-{scenario}", folder)
    codes = [_exit_code(_fork(lambda: start(place, point))), _exit_code(_fork(lambda: go_on(place)))]
    (folder / "exit_codes").write_text(json.dumps(codes))


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
