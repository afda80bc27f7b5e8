"""Grounding: how long it takes to find the numbers that nothing bears out, in a first round and in later ones."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.prefixes import BYTES_PER_TOKEN, FACT_TOKENS, facts_of, workload
from nodes.fingerprint import fingerprint
from nodes.grounding import invented_in_round
from policies.contracts.contribution import Contribution

Figures = dict[str, Any]

LARGE = "1 MB of facts"
SIZES = {"20k tokens of facts": FACT_TOKENS * BYTES_PER_TOKEN, LARGE: 1_000_000}
SUMMARY = "Refunds rose by 2.8 % to $94k on 2 March, about 700 of 15,200 orders; 3 to 5 alerts are left. " * 5


def measure(turns: int = 5) -> Figures:
    """Return the time of a first round, which reads the facts, and of later rounds, for facts of each size."""
    return {name: _measured(size, turns) for name, size in SIZES.items()}


def _measured(size: int, turns: int) -> Figures:
    team = workload().model_copy(update={"ground": True})
    said = [Contribution(role, "go", SUMMARY, 0.8, ("Cap it at $5,000.",)) for role in team.sequence]
    state = _state(facts_of(size))
    first, *later = (
        _seconds(lambda: invented_in_round(state, team, said, ["go"] * len(said))) for _ in range(1 + turns)
    )
    return {"facts_kb": size / 1_000, "first_ms": first * 1_000, "later_ms": statistics.median(later) * 1_000}


def _seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def _state(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what is read of the state of a run in its first round."""
    case = {"goal": "Shall it begin?", "facts": facts, "task": None, "hashes": {"facts": fingerprint(facts)}}
    spent = {"messages": 5, "rounds": 1}
    return {"case": case, "limits": workload().budget.model_dump(mode="json"), "spent": spent, "events": []}
