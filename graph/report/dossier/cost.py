"""What a run cost, next to its limits."""

from collections.abc import Mapping
from typing import Any

from graph.past import Past
from graph.report.words import counted, said_number
from nodes.border import unused_messages

Plain = dict[str, Any]


def cost_of(record: Mapping[str, Any], past: Past) -> Plain:
    """Return the rows {what, used, limit, share} of what has a limit or was used, and a sentence on the calls."""
    used, limits = record.get("usage", {}), past.limits
    tokens = used.get("prompt_tokens", 0) + used.get("completion_tokens", 0)
    seconds = record.get("elapsed_seconds", 0.0)
    rows = [
        _opened(past),
        _row("Messages", past.spent.get("messages", 0) - unused_messages(past.state), limits.get("max_messages")),
        _row("Seconds at work", seconds, limits.get("max_seconds"), f"{seconds:.1f}"),
        _row("Tokens", tokens, limits.get("max_tokens")),
        _row("US dollars", used.get("cost_usd", 0.0), limits.get("max_cost_usd"), f"{used.get('cost_usd', 0.0):.4f}"),
    ]
    if past.recovered:
        rows.append(_row("Recoveries in a row", past.recovered["in_a_row"], limits.get("max_recoveries")))
    return {
        "rows": [row for row in rows if row["limit"] or (row["share"] is None and row["is_used"])],
        "calls": f"{_calls(used)}{_lost(past)}",
    }


def _opened(past: Past) -> Plain:
    """Return the row of the rounds, or of what another pattern counts in their place."""
    labels = [str(stage["stage"]).partition("_")[0] for stage in past.standing]
    counted = past.pattern.counted
    if counted is None:
        return _row("Stages", len(labels), None)
    opened = past.spent.get("rounds", 0)
    used = opened if past.pattern.is_rounds else labels.count(counted.label)
    return _row(counted.what, used, {**past.team.get("options", {}), **past.limits}.get(counted.limit))


def _row(what: str, used: float, limit: float | None, shown: str | None = None) -> Plain:
    share = min(100.0, round(100 * used / limit, 2)) if limit else None
    said = said_number(limit) if limit else None
    return {"what": what, "used": shown or said_number(used), "limit": said, "share": share, "is_used": bool(used)}


def _lost(past: Past) -> str:
    """Return a sentence on the calls that were under way when a process died; nothing where there were none."""
    lost = sum(len(event["lost"]) for event in past.events_of("recovered"))
    is_one = lost == 1
    told = (
        f" {'One' if is_one else said_number(lost)} of them {'was' if is_one else 'were'} under way when a process died"
    )
    return f"{told}, and {'counts' if is_one else 'count'} as reserved." if lost else ""


def _calls(used: Mapping[str, Any]) -> str:
    if not used.get("calls"):
        return "No model was called."
    tokens = f"{used['prompt_tokens']:,} tokens of prompts, {used['completion_tokens']:,} of answers"
    cost = "" if used["cost_usd"] else "; the team file names no price"
    return f"{counted(used['calls'], 'call')} to a model, retries included: {tokens}{cost}."
