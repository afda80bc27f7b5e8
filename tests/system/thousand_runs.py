"""Many runs in one process: `python -m tests.system.thousand_runs BASE_URL HOME`.

A process of its own, so that nothing of the tests counts; the models answer from another one. Prints one JSON line for
each hundred runs: what the process holds, measured while nothing is under way.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graph.opening import open_runner
from graph.record import Record
from graph.runner import Runner
from graph.settings import Settings
from nodes.halt import LOOK_SECONDS
from tests.harness import settings_at, team_of

RUNS, EACH, AT_ONCE = 1_000, 100, 10
BUDGETS = 5
STOPPED_EVERY = 10
"""Every so many runs one stops at its budget, and is resumed with more."""
REOPENED = 50
RESTING_SECONDS = 2 * LOOK_SECONDS
"""What looks after calls ends so long after the last one."""


@dataclass(frozen=True)
class Held:
    """What the process holds; sockets apart, since kept connections come and go with the load."""

    runs: int
    ends: dict[str, int]
    tasks: int
    threads: int
    files: list[str]
    sockets: int
    rss: int


def _held(runs: int, ends: list[str]) -> Held:
    gc.collect()
    opened = [_target(name) for name in os.listdir("/proc/self/fd")]
    sockets = [target for target in opened if target.startswith("socket:")]
    files = sorted(target for target in opened if target and target not in sockets)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        runs=runs,
        ends={end: ends.count(end) for end in sorted(set(ends))},
        tasks=_tasks(),
        threads=threading.active_count(),
        files=files,
        sockets=len(sockets),
        rss=pages * os.sysconf("SC_PAGE_SIZE"),
    )


def _tasks() -> int:
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:  # no loop is running
        return 0


def _target(name: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:  # the one that listed the others
        return ""


def _tell(held: Held) -> None:
    sys.stdout.write(json.dumps(asdict(held)) + "\n")
    sys.stdout.flush()


async def _run(runner: Runner, settings: Settings, number: int) -> str:
    messages = 2 if number % STOPPED_EVERY == 0 else 12 + number % BUDGETS
    team = team_of(settings, "checkout_launch", f"budget.max_messages={messages}", goal=f"Decide case {number}.")
    record: Record = await runner.run(team, f"t{number}")
    if record["stop_reason"] == "max_messages":
        record = await runner.resume(f"t{number}", {"max_messages": 12})
    return str(record["stop_reason"])


async def _many(settings: Settings) -> None:
    async with open_runner(settings) as runner:
        ends: list[str] = []
        for first in range(0, RUNS, AT_ONCE):
            ends += await asyncio.gather(*(_run(runner, settings, first + each) for each in range(AT_ONCE)))
            if len(ends) % EACH == 0:
                await asyncio.sleep(RESTING_SECONDS)
                _tell(_held(len(ends), ends))


async def _reopen(settings: Settings, number: int) -> None:
    async with open_runner(settings) as runner:
        await _run(runner, settings, RUNS + number)


def main(base_url: str, home: str) -> None:
    settings: Any = settings_at(Path(home), base_url)
    asyncio.run(_many(settings))
    _tell(_held(RUNS, []))
    for number in range(REOPENED):
        asyncio.run(_reopen(settings, number))
    _tell(_held(RUNS + REOPENED, []))


if __name__ == "__main__":
    main(*sys.argv[1:])
