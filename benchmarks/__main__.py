"""`python -m benchmarks`: every speed and memory claim, measured in one run; about five minutes.

With `--keep` the results become benchmarks/results.json and docs/performance.md. Ends with 1 where a target is missed.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import assurance, fences, measure, patterns
from benchmarks.page import PAGE, RESULTS, page_of, targets_table
from benchmarks.server import serve
from benchmarks.targets import TARGETS

PACKAGES = ("langgraph", "langchain-openai", "openai")


def machine() -> dict[str, str]:
    """Return what the figures were measured on."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    named = {"Python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    return {"processor": f"{_processor()} × {os.cpu_count()}", "memory": f"{memory_gb:.0f} GB", **named}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def measure_all() -> dict[str, Any]:
    """Return every figure; says on stderr what is being measured."""
    with serve() as base_url:
        steps: dict[str, Callable[[], measure.Figures]] = {
            "latency_50": lambda: measure.latency(base_url, 50, runs=5, turns=10),
            "latency_500": lambda: measure.latency(base_url, 500, runs=1, turns=10),
            "throughput": lambda: measure.throughput(base_url, turns=7),
            "growth": lambda: measure.growth(base_url),
            "startup": lambda: measure.startup(turns=7),
            "proofs": lambda: assurance.proofs(turns=3),
            "archive": assurance.archive,
            "patterns": patterns.measure,
            "fences": fences.measure,
        }
        results: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "machine": machine()}
        for name, step in steps.items():
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            results[name] = step()
        return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the results as data, and write the page from them")
    keep = parser.parse_args().keep
    results = measure_all()
    if keep:
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        PAGE.write_text(page_of(results), encoding="utf-8")
    print(json.dumps(results, indent=2))
    print(targets_table(results))
    return 0 if all(target.is_met(results) for target in TARGETS) else 1


if __name__ == "__main__":
    sys.exit(main())
