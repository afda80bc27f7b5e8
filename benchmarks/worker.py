"""One contender in a process of its own: `python -m benchmarks.worker NAME BASE_URL FOLDER ROUNDS`.

Reads a line {"runs", "at_once"} and answers with a line, a `Block`, until its input ends. A process each, so that no
contender pays for what another one imported or left behind.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.case import ROLES, ROUNDS, Run

CONTENDERS = {
    "accord": ("accord", "opened"),
    "accord with progress": ("accord", "opened_with_progress"),
    "accord with --json": ("accord", "opened_with_json"),
    "accord, ChatOpenAI": ("accord", "opened_with_chat_openai"),
    "yardstick": ("yardstick", "opened"),
    "yardstick, NORMAL": ("yardstick", "opened_normal"),
    "bare": ("bare", "opened"),
}


@dataclass(frozen=True)
class Block:
    """What a number of runs took, all of them together and each."""

    wall_seconds: float
    cpu_seconds: float
    run_seconds: list[float]
    rss_bytes: int


class Worker:
    """A contender's process, as the benchmark sees it."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self.folder = process, folder

    def do(self, runs: int, at_once: int = 1) -> Block:
        """Do the job so many times, so many at once."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"runs": runs, "at_once": at_once}) + "\n")
        self._process.stdin.flush()
        return Block(**json.loads(self._process.stdout.readline()))


@contextmanager
def start(name: str, base_url: str, rounds: int = ROUNDS) -> Iterator[Worker]:
    """Start a contender on a folder of its own; it ends with the context."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.worker", name, base_url, folder, str(rounds)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield Worker(process, Path(folder))
        finally:
            process.communicate()


@contextmanager
def start_all(names: Sequence[str], base_url: str) -> Iterator[dict[str, Worker]]:
    """Start several contenders, to take turns."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(start(name, base_url)) for name in names}


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


async def main(name: str, base_url: str, folder: Path, rounds: int) -> None:
    file, attribute = CONTENDERS[name]
    contender: Any = __import__(f"benchmarks.contenders.{file}", fromlist=[attribute])
    done = 0
    async with getattr(contender, attribute)(base_url, folder, rounds) as run:
        for line in sys.stdin:
            asked = json.loads(line)
            block = await _do(run, rounds, done, asked["runs"], asked["at_once"])
            done += asked["runs"]
            print(json.dumps(vars(block)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
