"""The measurements: contenders take turns within one run, and a ratio is taken turn by turn, so that a slow moment of
the machine meets both sides.
"""

import os
import pty
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from benchmarks.contest import Worker, start, start_all
from benchmarks.job import ROUNDS
from benchmarks.worker import Block

AT_ONCE, RUNS_AT_ONCE, THROUGHPUT_LATENCY_MS = 50, 200, 50
COMPARED = ("yardstick", "bare", "agno", "accord")
"""Whose figures the others' are divided by."""

ACCORD = str(Path(sys.executable).with_name("accord"))
Figures = dict[str, Any]


def latency(base_url: str, names: Sequence[str], latency_ms: int, runs: int, turns: int) -> Figures:
    """Return wall and CPU of one run at a time, each contender `turns` blocks of `runs`."""
    with start_all(names, f"{base_url}/{latency_ms}/v1") as workers:
        blocks = _in_turns(workers, turns, lambda worker: worker.do(runs), warm=5)
    critical = (ROUNDS + 1) * latency_ms / 1000
    return {
        name: {
            "wall_ms": wall * 1000,
            "cpu_ms": _median(block.cpu_seconds / runs * 1000 for block in mine),
            **({"wall_to_critical_path": wall / critical} if critical else {}),
            **_ratios("wall", blocks, name, lambda block: block.wall_seconds),
            **_ratios("cpu", blocks, name, lambda block: block.cpu_seconds),
        }
        for name, mine in blocks.items()
        for wall in [_median(block.wall_seconds / runs for block in mine)]
    }


def throughput(base_url: str, names: Sequence[str], turns: int) -> Figures:
    """Return runs a second with many at once in one process."""
    with start_all(names, f"{base_url}/{THROUGHPUT_LATENCY_MS}/v1") as workers:
        blocks = _in_turns(workers, turns, lambda worker: worker.do(RUNS_AT_ONCE, AT_ONCE), warm=AT_ONCE)
    return {
        name: {
            "runs_per_second": _median(RUNS_AT_ONCE / block.wall_seconds for block in mine),
            "cpu_ms": _median(block.cpu_seconds / RUNS_AT_ONCE * 1000 for block in mine),
            "p50_ms": _median(_percentile(block.run_seconds, 50) * 1000 for block in mine),
            "p99_ms": _median(_percentile(block.run_seconds, 99) * 1000 for block in mine),
            "rss_mb": max(block.rss_bytes for block in mine) / 1e6,
            **_ratios("throughput", blocks, name, lambda block: 1 / block.wall_seconds),
            **_ratios("cpu", blocks, name, lambda block: block.cpu_seconds),
            "least_to_yardstick": min(_each_ratio(blocks, name, "yardstick")),
            "most_to_yardstick": max(_each_ratio(blocks, name, "yardstick")),
            "to_normal": _median(_each_ratio(blocks, name, "yardstick, NORMAL")),
        }
        for name, mine in blocks.items()
    }


def growth(base_url: str, few: int = 3, many: int = 30) -> Figures:
    """Return the bytes of the checkpoints of one run with few and with many rounds."""

    def stored(name: str, rounds: int) -> int:
        with start(name, f"{base_url}/0/v1", rounds) as worker:
            worker.do(1)
            (file,) = worker.folder.glob("*.sqlite")
            with closing(sqlite3.connect(file)) as database:
                sums = (
                    "SELECT (SELECT sum(length(checkpoint)) FROM checkpoints), (SELECT sum(length(value)) FROM writes)"
                )
                return sum(database.execute(sums).fetchone())

    figures = {name: {"few": stored(name, few), "many": stored(name, many)} for name in ("accord", "yardstick")}
    return {
        name: {"few_kb": at["few"] / 1e3, "many_kb": at["many"] / 1e3, "ratio": at["many"] / at["few"]}
        for name, at in figures.items()
    }


FIRST_LINE = "accord run, offline, its first line"


def startup(turns: int) -> Figures:
    """Return the wall time of whole commands, the first on a home of its own each time; nothing is kept warm."""
    commands = {
        "accord --help": ["--help"],
        "accord run, offline": ["run"],
        "accord run --json, offline": ["run", "--json"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in (FIRST_LINE, *commands)}
    for _ in range(turns):
        seconds[FIRST_LINE].append(_command_seconds(["run"], to_first_line=True))
        for name, arguments in commands.items():
            seconds[name].append(_command_seconds(arguments))
    return {name: {"seconds": statistics.median(measured)} for name, measured in seconds.items()}


def _command_seconds(arguments: Sequence[str], *, to_first_line: bool = False) -> float:
    """Return how long a command takes, or how long a person at a terminal waits for its first line."""
    hidden = ("OPENAI_", "ACCORD_", "LANGSMITH_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    ours, theirs = pty.openpty()
    with tempfile.TemporaryDirectory() as home, os.fdopen(ours, "rb", buffering=0) as screen:
        environment |= {"ACCORD_HOME": home, "TERM": "xterm-256color"}
        started = time.perf_counter()
        # In the empty home, where no `.env` can set a key.
        with Popen([ACCORD, *arguments], env=environment, cwd=home, stdout=DEVNULL, stderr=theirs) as process:
            os.close(theirs)
            seconds = 0.0
            with suppress(OSError):  # Linux says so when the last one on the other side has closed it
                while screen.read(65_536):
                    seconds = seconds or time.perf_counter() - started
        assert process.returncode == 0, arguments
        return seconds if to_first_line else time.perf_counter() - started


def _in_turns(
    workers: dict[str, Worker], turns: int, do: Callable[[Worker], Block], warm: int
) -> dict[str, list[Block]]:
    for worker in workers.values():
        worker.do(warm, warm)
    blocks: dict[str, list[Block]] = {name: [] for name in workers}
    for turn in range(turns):
        order = list(workers.items())
        for name, worker in order[turn % len(order) :] + order[: turn % len(order)]:
            blocks[name].append(do(worker))
    return blocks


def _ratios(what: str, blocks: dict[str, list[Block]], name: str, figure: Callable[[Block], float]) -> dict[str, float]:
    """Return the median over the turns of this contender's figure by that of each it is compared with."""
    return {
        f"{what}_to_{other}": _median(figure(a) / figure(b) for a, b in zip(blocks[name], blocks[other], strict=True))
        for other in COMPARED
        if other in blocks and other != name
    }


def _each_ratio(blocks: dict[str, list[Block]], name: str, other: str) -> list[float]:
    """Return the throughput of one contender by another's, turn by turn."""
    return [b.wall_seconds / a.wall_seconds for a, b in zip(blocks[name], blocks[other], strict=True)]


def _median(values: Any) -> float:
    return float(statistics.median(values))


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
