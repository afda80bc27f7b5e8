"""`python -m benchmarks`: every speed and memory claim, measured in one run; about seven minutes.

With `--keep` the results become benchmarks/results.json and docs/performance.md. Ends with 1 where a target is missed.
A contender that cannot be installed is left out, with the reason; its targets are then not measured.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import assurance, environment, fences, grounding, measure, patterns, prefixes, service, watching
from benchmarks.contest import APART, CONTENDERS, left_out
from benchmarks.page import PAGE, RESULTS, page_of, targets_table
from benchmarks.server import serve
from benchmarks.targets import TARGETS

PACKAGES = ("langgraph", "langchain-openai", "openai")
VARIANTS = ("accord with progress", "accord with --json", "accord, ChatOpenAI")
"""Contenders that differ from `accord` by an option; they are measured at 50 ms alone."""


def machine() -> dict[str, str]:
    """Return what the figures were measured on."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    packages = {name: version(name) for name in PACKAGES} | {name: environment.version_of(name) for name in APART}
    named = {"Python": platform.python_version(), **packages}
    return {"processor": f"{_processor()} × {os.cpu_count()}", "memory": f"{memory_gb:.0f} GB", **named}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def measure_all(only: Sequence[str]) -> dict[str, Any]:
    """Return every figure; says on stderr what was measured, and how long that took.

    With `only`, these are measured and the others are as they are kept.
    """
    absent = left_out()
    names = [name for name in CONTENDERS if name not in absent]
    plain = [name for name in names if name not in VARIANTS]
    with serve() as base_url:
        steps: dict[str, Callable[[], measure.Figures]] = {
            "latency_0": lambda: measure.latency(base_url, plain, 0, runs=10, turns=7),
            "latency_50": lambda: measure.latency(base_url, names, 50, runs=5, turns=7),
            "latency_500": lambda: measure.latency(base_url, plain, 500, runs=1, turns=9),
            "throughput": lambda: measure.throughput(base_url, plain, turns=7),
            "growth": lambda: measure.growth(base_url),
            "startup": lambda: measure.startup(turns=7),
            "proofs": lambda: assurance.proofs(turns=3),
            "archive": assurance.archive,
            "watching": watching.measure,
            "patterns": patterns.measure,
            "fences": fences.measure,
            "prefixes": prefixes.measure,
            "grounding": grounding.measure,
            "service": lambda: service.measure(base_url),
        }
        today = datetime.now(UTC).date().isoformat()
        results: dict[str, Any] = {"date": today, "machine": machine(), "left_out": absent}
        if only:
            results = json.loads(RESULTS.read_text(encoding="utf-8"))
            results["again"] = {**results.get("again", {}), **dict.fromkeys(only, today)}
        for name, step in steps.items():
            if only and name not in only:
                continue
            started = time.perf_counter()
            results[name] = step()
            print(f"measured {name} in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the results as data, and write the page from them")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="measure NAME alone, for example startup"
    )
    arguments = parser.parse_args()
    results = measure_all(arguments.only)
    if arguments.keep:
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        PAGE.write_text(page_of(results), encoding="utf-8")
    print(json.dumps(results, indent=2))
    print(targets_table(results))
    return 1 if any(target.is_missed(results) for target in TARGETS) else 0


if __name__ == "__main__":
    sys.exit(main())
