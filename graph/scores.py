"""Scores: how a run went in four numbers, as LangSmith keeps them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Scores = dict[str, float]


def scores_of(record: Mapping[str, Any]) -> Scores:
    """Return {decided, rounds_used, conflicts, guard_tripped} of a record; one of a refused attempt has none.

    `decided` is 1 where the run reached its answer, whoever decided. `conflicts` are those of all finished rounds. A
    run that waits for people has none either: it is not over.

    >>> record = {"status": "stopped", "stop_reason": "max_seconds", "trace": [], "history": [], "outcome": None}
    >>> scores_of(record)
    {'decided': 0, 'rounds_used': 0, 'conflicts': 0, 'guard_tripped': 0}
    """
    if "trace" not in record or record["status"] == "waiting":
        return {}
    rounds = record["history"]
    guards = (record["outcome"] or {}).get("guards", [])
    return {
        "decided": int(record["status"] == "ok"),
        "rounds_used": record.get("rounds_used", len(rounds)),
        "conflicts": sum(len(each["conflicts"]) for each in rounds),
        "guard_tripped": int(bool(guards)),
    }


def scores_in(metadata: Mapping[str, Any]) -> Scores:
    """Return the same of the run of a server, from what its trace says at its end; of one that asked nobody none.

    >>> scores_in({"stop_reason": "success", "round": 2, "conflicts": 1, "guard_tripped": 0})
    {'decided': 1, 'rounds_used': 2, 'conflicts': 1, 'guard_tripped': 0}
    """
    if "stop_reason" not in metadata or "round" not in metadata:  # nothing was asked: the thread had ended before
        return {}
    counts = {name: metadata.get(key, 0) for name, key in (("rounds_used", "round"), ("conflicts", "conflicts"))}
    tripped = metadata.get("guard_tripped", 0)
    return {"decided": int(metadata["stop_reason"] == "success"), **counts, "guard_tripped": tripped}


def feedback_of(run_id: str, key: str, score: float | None, comment: str | None) -> dict[str, Any]:
    """Return what to post of one judgement of a trace."""
    now = datetime.now(UTC).isoformat()
    said = {"id": str(uuid4()), "run_id": run_id, "trace_id": run_id, "key": key, "score": score, "comment": comment}
    source = {"feedback_source": {"type": "api", "metadata": {}}, "created_at": now, "modified_at": now}
    return {name: value for name, value in (said | source).items() if value is not None}
