"""The page docs/performance.md, made from the results; a test compares the two."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.targets import TARGETS

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
TEXT = Path(__file__).with_name("performance.md")


def page_of(results: dict[str, Any]) -> str:
    """Return the page: the text beside this file with the tables of the results in it."""
    parts = {
        "machine": ", ".join(f"{key} {value}" for key, value in results["machine"].items()),
        "date": results["date"],
        "targets": targets_table(results),
        "latency": latency_table(results),
        "throughput": _table(
            ["", "runs/s", "p50 ms", "p99 ms", "CPU ms/run", "RSS MB", "to yardstick", "least to most", "to NORMAL"],
            (
                [
                    name,
                    *_figures(at, "runs_per_second", "p50_ms", "p99_ms", "cpu_ms", "rss_mb"),
                    _to(at, "throughput"),
                    f"{at['least_to_yardstick']:.2f}–{at['most_to_yardstick']:.2f}",
                    f"{at['to_normal']:.2f}",
                ]
                for name, at in results["throughput"].items()
            ),
        ),
        "growth": _table(
            ["", "3 rounds, kB", "30 rounds, kB", "ratio"],
            ([name, *_figures(at, "few_kb", "many_kb", "ratio")] for name, at in results["growth"].items()),
        ),
        "proofs": _table(
            ["", "votes", "kinds", "places", "seconds"],
            (
                [name, *(f"{at[key]:,}" for key in ("votes", "kinds", "places")), f"{at['seconds']:.2f}"]
                for name, at in results["proofs"].items()
            ),
        ),
        "archive": _table(
            ["", "seconds", "RSS MB", "RSS to fewest"],
            (
                [name, f"{at['seconds']:.1f}", f"{at['rss_mb']:.0f}", f"{at['rss_to_fewest']:.2f}"]
                for name, at in results["archive"].items()
            ),
        ),
        "patterns": _table(
            ["", "calls", "on the critical path", "wall ms", "CPU ms", "wall to critical path", "wall to step by step"],
            (
                [
                    name,
                    *(str(at[key]) for key in ("calls", "critical_path")),
                    *(f"{at[key]:.0f}" for key in ("wall_ms", "cpu_ms")),
                    f"{at['wall_to_critical_path']:.2f}",
                    f"{at['wall_ms'] / (200 * at['calls']):.2f}",
                ]
                for name, at in results["patterns"]["shapes"].items()
            ),
        ),
        "startup": _table(
            ["", "seconds"], ([f"`{name}`", f"{at['seconds']:.2f}"] for name, at in results["startup"].items())
        ),
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    return text


def targets_table(results: dict[str, Any]) -> str:
    """Return what must hold, with what was measured."""
    rows = (
        [target.what, target.allowed, f"{target.value(results):.2f}", "yes" if target.is_met(results) else "**no**"]
        for target in TARGETS
    )
    return _table(["what", "allowed", "measured", "met"], rows)


def latency_table(results: dict[str, Any]) -> str:
    """Return wall and CPU of one run, and the ratios."""
    rows = []
    for latency_ms in (50, 500):
        for name, at in results[f"latency_{latency_ms}"].items():
            figures = [f"{at['wall_ms']:.0f}", f"{at['cpu_ms']:.0f}", f"{at['wall_to_critical_path']:.2f}"]
            ratios = [_to(at, "wall"), _to(at, "cpu"), _to(at, "wall", "bare"), _to(at, "cpu", "bare")]
            rows.append([f"{latency_ms} ms", name, *figures, *ratios])
    head = ["call", "", "wall ms", "CPU ms", "wall to critical path"]
    ratios = ["wall to yardstick", "CPU to yardstick", "wall to bare", "CPU to bare"]
    return _table([*head, *ratios], rows)


def _to(at: dict[str, float], what: str, other: str = "yardstick") -> str:
    return f"{at.get(f'{what}_to_{other}', 1.0):.2f}"


def _figures(at: dict[str, float], *names: str) -> list[str]:
    return [f"{at[name]:.1f}" if at[name] < 100 else f"{at[name]:.0f}" for name in names]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
