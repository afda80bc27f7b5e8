"""What must hold, each with the place of its figure in the results."""

from dataclasses import dataclass
from typing import Any

from benchmarks.grounding import LARGE
from benchmarks.measure import FIRST_LINE
from benchmarks.prefixes import WORKLOAD


@dataclass(frozen=True)
class Target:
    """A figure of the results and the bound it must keep."""

    what: str
    path: tuple[str, ...]
    bound: float
    is_least: bool = False
    rest: str = ""
    """Where the rest goes, said on the page if the bound is missed; only a target that says so may be."""

    def is_measured(self, results: dict[str, Any]) -> bool:
        """Return whether the figure is there: a contender may be left out, and results may be older than a target."""
        return self._found(results) is not None

    def value(self, results: dict[str, Any]) -> float:
        return float(self._found(results))

    def is_met(self, results: dict[str, Any]) -> bool:
        if not self.is_measured(results):
            return False
        value = self.value(results)
        return value >= self.bound if self.is_least else value <= self.bound

    def is_missed(self, results: dict[str, Any]) -> bool:
        return self.is_measured(results) and not self.is_met(results)

    @property
    def decimals(self) -> int:
        """How many decimals tell the figure from its bound: two, or as many as the bound has."""
        return max(2, len(f"{self.bound:g}".partition(".")[2]))

    @property
    def allowed(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.bound:g}"

    def _found(self, results: dict[str, Any]) -> Any:
        found: Any = results
        for key in self.path:
            found = found.get(key) if found else None
        return found


LOADED = (
    "With many runs at once, LangGraph and the HTTP client take about a fifth of the CPU each, the thread that writes "
    "SQLite a sixth, the nodes a seventh; the event loop, messages, hashes and policies share the rest. "
    "`bare` writes nothing and has the HTTP client alone."
)
ALONE = (
    "One run at a time, every write wakes the thread that writes SQLite and then the event loop: these two take "
    "about half of the CPU, LangGraph a seventh, the nodes an eighth."
)
WAITED = "The rest is CPU on the critical path, and each superstep waits until its checkpoint is written."
COLD = "Most of a cold start is the import of langgraph and langchain-core; the version before took 1.34 s."
STAGED = (
    "A pattern of many short stages pays for supersteps at each; the version before took 1.10 of its critical path."
)
SHARED = "A proof is pure computation on one core, so its time is the machine's, and the machine was shared."

CROWDED = "The clients, the model server and the service shared two cores with the other work of the machine."

ALIKE = f"{WORKLOAD}: arguments, no names"
"""The prompts that begin alike, on the workload."""

TARGETS = (
    Target("throughput to bare", ("throughput", "accord", "throughput_to_bare"), 1.0, is_least=True, rest=LOADED),
    Target("throughput to Agno", ("throughput", "accord", "throughput_to_agno"), 1.0, is_least=True, rest=LOADED),
    Target("CPU under load to bare", ("throughput", "accord", "cpu_to_bare"), 1.0, rest=LOADED),
    Target("CPU to bare, 0 ms", ("latency_0", "accord", "cpu_to_bare"), 2.3, rest=ALONE),
    Target("wall to bare, 50 ms", ("latency_50", "accord", "wall_to_bare"), 1.12, rest=WAITED),
    Target("wall to bare, 500 ms", ("latency_500", "accord", "wall_to_bare"), 1.015, rest=WAITED),
    Target("wall to yardstick, 50 ms", ("latency_50", "accord", "wall_to_yardstick"), 1.05),
    Target("wall to yardstick, 500 ms", ("latency_500", "accord", "wall_to_yardstick"), 1.05),
    Target("CPU to yardstick, 50 ms", ("latency_50", "accord", "cpu_to_yardstick"), 1.2),
    Target("CPU to yardstick, 500 ms", ("latency_500", "accord", "cpu_to_yardstick"), 1.2),
    Target("throughput to yardstick", ("throughput", "accord", "throughput_to_yardstick"), 1.5, is_least=True),
    Target("checkpoint bytes, 30 rounds to 3", ("growth", "accord", "ratio"), 12.0),
    Target("wall with live progress to without, 50 ms", ("latency_50", "accord with progress", "wall_to_accord"), 1.05),
    Target("wall with --json to without, 50 ms", ("latency_50", "accord with --json", "wall_to_accord"), 1.05),
    Target("`accord --help`, seconds", ("startup", "accord --help", "seconds"), 0.25),
    Target("first line of `accord run`, cold, seconds", ("startup", FIRST_LINE, "seconds"), 0.3),
    Target("`accord run` offline, cold, seconds", ("startup", "accord run, offline", "seconds"), 1.5, rest=COLD),
    Target(
        "proof, 9 roles told apart, seconds",
        ("proofs", "9 roles, each one named by a row", "seconds"),
        2.0,
        rest=SHARED,
    ),
    Target("proof, 15 roles by counts, seconds", ("proofs", "15 roles by counts, launch", "seconds"), 1.0),
    Target("10,000 archived runs decided again, seconds", ("archive", "10000 runs", "seconds"), 10.0),
    Target("1,000 archived decisions watched, seconds", ("watching", "1000 decisions", "seconds"), 10.0, rest=SHARED),
    Target(
        "slowest pattern, wall to critical path", ("patterns", "slowest", "wall_to_critical_path"), 1.1, rest=STAGED
    ),
    Target("share of prompts that earlier calls had", ("prefixes", ALIKE, "share"), 0.9, is_least=True),
    Target("numbers of a later round, 1 MB of facts, ms", ("grounding", LARGE, "later_ms"), 50.0),
    Target("`/health` while 100 runs are asked for, p99, ms", ("service", "load", "p99_ms"), 100.0, rest=CROWDED),
    Target("memory of the service, 1,000 runs to 200", ("service", "memory", "ratio"), 1.1),
    Target("from SIGTERM to the end of the service, seconds", ("service", "end", "seconds"), 3.0, rest=CROWDED),
    Target("memory of that to 1,000 runs", ("archive", "10000 runs", "rss_to_fewest"), 1.1),
)
