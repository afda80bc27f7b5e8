"""One contender's process: `python -m benchmarks.worker FILE OPENED BASE_URL FOLDER ROUNDS`.

Reads a line {"runs", "at_once"} and answers with a line, a `Block`, until its input ends. Imports nothing but the
standard library and the contender, which may live in an environment without Accord.
"""

import asyncio
import importlib
import json
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.job import ROLES, Run


@dataclass(frozen=True)
class Block:
    """What a number of runs took, all of them together and each."""

    wall_seconds: float
    cpu_seconds: float
    run_seconds: list[float]
    rss_bytes: int


async def _do(run: Run, rounds: int, first: int, runs: int, at_once: int) -> Block:
    turn = asyncio.Semaphore(at_once)

    async def one(number: int) -> float:
        async with turn:
            started = time.perf_counter()
            assert await run(f"t{number}") == len(ROLES) * rounds
            return time.perf_counter() - started

    wall, cpu = time.perf_counter(), time.process_time()
    seconds = await asyncio.gather(*map(one, range(first, first + runs)))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Block(wall, cpu, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


async def main(file: str, opened: str, base_url: str, folder: Path, rounds: int) -> None:
    contender: Any = importlib.import_module(f"benchmarks.contenders.{file}")
    done = 0
    async with getattr(contender, opened)(base_url, folder, rounds) as run:
        for line in sys.stdin:
            asked = json.loads(line)
            block = await _do(run, rounds, done, asked["runs"], asked["at_once"])
            done += asked["runs"]
            print(json.dumps(vars(block)), flush=True)


if __name__ == "__main__":
    file, opened, base_url, folder, rounds = sys.argv[1:]
    asyncio.run(main(file, opened, base_url, Path(folder), int(rounds)))
