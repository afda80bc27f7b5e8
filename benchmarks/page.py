"""The page docs/performance.md, made from the results; a test compares the two."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.targets import TARGETS, Target

RESULTS = Path(__file__).with_name("results.json")
Figures = dict[str, dict[str, Any]]
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
TEXT = Path(__file__).with_name("performance.md")
LATENCIES = (0, 50, 500)


def page_of(results: dict[str, Any]) -> str:
    """Return the page: the text beside this file with the tables of the results in it."""
    parts = {
        "machine": ", ".join(f"{key} {value}" for key, value in results["machine"].items()),
        "date": results["date"],
        "again": "".join(f" Measured again on {day}: {name}." for name, day in results.get("again", {}).items()),
        "targets": targets_table(results),
        "missed": "\n".join(filter(None, [missed_list(results), left_out_list(results)])),
        "latency": latency_table(results),
        "throughput": throughput_table(results["throughput"]),
        "growth": growth_table(results["growth"]),
        "proofs": proofs_table(results["proofs"]),
        "archive": archive_table(results["archive"]),
        "watching": archive_table(results["watching"]),
        "patterns": patterns_table(results["patterns"]["shapes"]),
        "fences": fences_table(results["fences"]),
        "prefixes": prefixes_table(results["prefixes"]),
        "discount": "".join({f"{at['discount']:.0%}" for at in results["prefixes"].values()}),
        "grounding": grounding_table(results["grounding"]),
        "service": service_table(results.get("service", {})),
        "startup": startup_table(results["startup"]),
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    return text


def throughput_table(found: Figures) -> str:
    """Return runs a second of many runs at once, and the ratios."""
    head = ["", "runs/s", "p50 ms", "p99 ms", "CPU ms/run", "RSS MB"]
    ratios = ["to bare", "CPU to bare", "to Agno", "to yardstick", "least to most", "to NORMAL"]
    rows = []
    for name, at in found.items():
        figures = _figures(at, "runs_per_second", "p50_ms", "p99_ms", "cpu_ms", "rss_mb")
        to_bare = [_to(at, name, "throughput", "bare"), _to(at, name, "cpu", "bare")]
        others = [_to(at, name, "throughput", "agno"), _to(at, name, "throughput", "yardstick")]
        spread = f"{at['least_to_yardstick']:.2f}–{at['most_to_yardstick']:.2f}"
        rows.append([name, *figures, *to_bare, *others, spread, f"{at['to_normal']:.2f}"])
    return _table([*head, *ratios], rows)


def growth_table(found: Figures) -> str:
    """Return checkpoint bytes of few and of many rounds."""
    rows = ([name, *_figures(at, "few_kb", "many_kb", "ratio")] for name, at in found.items())
    return _table(["", "3 rounds, kB", "30 rounds, kB", "ratio"], rows)


def proofs_table(found: Figures) -> str:
    """Return what each proof goes through, and its seconds."""
    counts = ("votes", "kinds", "places")
    rows = ([name, *(f"{at[key]:,}" for key in counts), f"{at['seconds']:.2f}"] for name, at in found.items())
    return _table(["", *counts, "seconds"], rows)


def archive_table(found: Figures) -> str:
    """Return seconds and memory of what goes over archived runs."""
    rows = (
        [name, f"{at['seconds']:.1f}", f"{at['rss_mb']:.0f}", f"{at['rss_to_fewest']:.2f}"]
        for name, at in found.items()
    )
    return _table(["", "seconds", "RSS MB", "RSS to fewest"], rows)


def patterns_table(found: Figures) -> str:
    """Return wall time of each shape against its critical path, and against one call after the other."""
    head = ["", "calls", "on the critical path", "wall ms", "CPU ms", "wall to critical path", "wall to step by step"]
    rows = []
    for name, at in found.items():
        ratios = [at["wall_to_critical_path"], at["wall_ms"] / (200 * at["calls"])]
        counts = [str(at["calls"]), str(at["critical_path"])]
        rows.append([name, *counts, f"{at['wall_ms']:.0f}", f"{at['cpu_ms']:.0f}", *(f"{each:.2f}" for each in ratios)])
    return _table(head, rows)


def fences_table(found: Figures) -> str:
    """Return the microseconds of a write without and with the fence, and their ratio."""
    rows = (
        [name, f"{at['plain_us']:.0f}", f"{at['fenced_us']:.0f}", f"{at['ratio']:.2f}"] for name, at in found.items()
    )
    return _table(["", "without, µs", "with, µs", "ratio"], rows)


def prefixes_table(found: Figures) -> str:
    """Return how much of the later requests earlier ones had, and what that saves."""
    head = [
        "",
        "rounds 2 and 3 shared",
        "round 1 within itself",
        "prompt tokens",
        "kept",
        "saved",
        "of their cost",
        "left",
    ]
    rows = []
    for name, at in found.items():
        shares = [f"{at[key]:.1%}" for key in ("share", "share_within_round_1")]
        counts = [f"{at[key]:,}" for key in ("prompt_tokens", "kept_tokens", "saved_tokens")]
        rows.append([name, *shares, *counts, f"{at['saved_share']:.1%}", f"{at['left_tokens']:,}"])
    return _table(head, rows)


def grounding_table(found: Figures) -> str:
    """Return the milliseconds in which the numbers of a round are found, of the first and of later ones."""
    rows = ([name, f"{at['first_ms']:.0f}", f"{at['later_ms']:.1f}"] for name, at in found.items())
    return _table(["", "first round, ms", "later rounds, ms"], rows)


def service_table(found: Figures) -> str:
    """Return what the HTTP service does under load, a figure a row."""
    if not found:
        return "Not measured yet."
    load, memory = found["load"], found["memory"]
    rows = [
        [f"{load['runs']} runs asked for at once, seconds", f"{load['seconds']:.1f}"],
        ["`/health` meanwhile, p50, ms", f"{load['p50_ms']:.0f}"],
        ["`/health` meanwhile, p99, ms", f"{load['p99_ms']:.0f}"],
        ["RSS after 200 runs, MB", f"{memory['few_mb']:.0f}"],
        ["RSS after 1,000 runs, MB", f"{memory['many_mb']:.0f}"],
        ["from SIGTERM to the end with 60 runs accepted, seconds", f"{found['end']['seconds']:.1f}"],
    ]
    return _table(["", "measured"], rows)


def startup_table(found: Figures) -> str:
    """Return the seconds of whole commands, cold."""
    return _table(["", "seconds"], ([f"`{name}`", f"{at['seconds']:.2f}"] for name, at in found.items()))


def targets_table(results: dict[str, Any]) -> str:
    """Return what must hold, with what was measured."""
    rows = ([target.what, target.allowed, *(_measured(target, results) or ("not measured", "–"))] for target in TARGETS)
    return _table(["what", "allowed", "measured", "met"], rows)


def _measured(target: Target, results: dict[str, Any]) -> tuple[str, str] | None:
    if not target.is_measured(results):
        return None
    return f"{target.value(results):.{target.decimals}f}", "yes" if target.is_met(results) else "**no**"


def missed_list(results: dict[str, Any]) -> str:
    """Return the targets that are missed, each with where the rest goes; those that share a reason share a line."""
    missed: dict[str, list[str]] = {}
    for target in TARGETS:
        if target.is_missed(results):
            missed.setdefault(target.rest, []).append(f"{target.what} ({target.value(results):.{target.decimals}f})")
    return (
        "\n".join(f"- Missed: {', '.join(each)}. {rest}" for rest, each in missed.items()) or "- No target is missed."
    )


def left_out_list(results: dict[str, Any]) -> str:
    """Return the contenders that were left out, each with the reason."""
    reasons = results.get("left_out", {}).items()
    return "\n".join(f"- Left out of this run: **{name}**, since {reason}." for name, reason in reasons)


def latency_table(results: dict[str, Any]) -> str:
    """Return wall and CPU of one run, and the ratios."""
    rows = []
    for latency_ms in LATENCIES:
        for name, at in results.get(f"latency_{latency_ms}", {}).items():
            figures = [*_figures(at, "wall_ms", "cpu_ms"), _ratio(at, "wall_to_critical_path")]
            ratios = [_to(at, name, what, other) for other in ("yardstick", "bare") for what in ("wall", "cpu")]
            rows.append([f"{latency_ms} ms", name, *figures, *ratios])
    head = ["call", "", "wall ms", "CPU ms", "wall to critical path"]
    ratios = ["wall to yardstick", "CPU to yardstick", "wall to bare", "CPU to bare"]
    return _table([*head, *ratios], rows)


def _to(at: dict[str, float], name: str, what: str, other: str) -> str:
    return "1.00" if name == other else _ratio(at, f"{what}_to_{other}")


def _ratio(at: dict[str, float], key: str) -> str:
    return f"{at[key]:.2f}" if key in at else "–"


def _figures(at: dict[str, float], *names: str) -> list[str]:
    return [f"{at[name]:.1f}" if at[name] < 100 else f"{at[name]:.0f}" for name in names]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
