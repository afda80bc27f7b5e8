"""What a run cost, next to its limits."""

from collections.abc import Mapping
from typing import Any

from graph.past import Past
from graph.report.words import said_number
from nodes.border import unused_messages
from policies.language import in_figures, say, say_count

Plain = dict[str, Any]


def cost_of(record: Mapping[str, Any], past: Past) -> Plain:
    """Return the rows {what, used, limit, left, share, left_share} of what is limited or used, and a sentence."""
    used, limits = record.get("usage", {}), past.limits
    tokens = used.get("prompt_tokens", 0) + used.get("completion_tokens", 0)
    seconds, cost = record.get("elapsed_seconds", 0.0), used.get("cost_usd", 0.0)
    rows = [
        _opened(past),
        _row(say("Messages"), past.spent.get("messages", 0) - unused_messages(past.state), limits.get("max_messages")),
        _row(say("Seconds at work"), seconds, limits.get("max_seconds"), digits=1),
        _row(say("Tokens"), tokens, limits.get("max_tokens")),
        _row(say("US dollars"), cost, limits.get("max_cost_usd"), digits=4),
    ]
    if past.recovered:
        rows.append(_row(say("Recoveries in a row"), past.recovered["in_a_row"], limits.get("max_recoveries")))
    return {
        "rows": [row for row in rows if row["limit"] or (row["share"] is None and row["is_used"])],
        "calls": f"{_calls(used, _ahead(record, past))}{_lost(past)}",
    }


def _opened(past: Past) -> Plain:
    """Return the row of the rounds, or of what another pattern counts in their place."""
    labels = [str(stage["stage"]).partition("_")[0] for stage in past.standing]
    counted = past.pattern.counted
    if counted is None:
        return _row(say("Stages"), len(labels), None)
    opened = past.spent.get("rounds", 0)
    used = opened if past.pattern.is_rounds else labels.count(counted.label)
    return _row(say(counted.what), used, {**past.team.get("options", {}), **past.limits}.get(counted.limit))


def _row(what: str, used: float, limit: float | None, digits: int | None = None) -> Plain:
    share = min(100.0, round(100 * used / limit, 2)) if limit else None
    left = _said(max(limit - used, 0), 0 if digits == 1 else digits) if limit else None  # whole seconds
    said = said_number(limit) if limit else None
    return {
        "what": what,
        "used": _said(used, digits),
        "limit": said,
        "left": left,
        "share": share,
        "left_share": None if share is None else round(100 - share, 2),
        "is_used": bool(used),
    }


def _said(number: float, digits: int | None) -> str:
    return said_number(number) if digits is None else in_figures(f"{number:.{digits}f}")


def _lost(past: Past) -> str:
    """Return a sentence on the calls that were under way when a process died; nothing where there were none."""
    lost = sum(len(event["lost"]) for event in past.events_of("recovered"))
    if not lost:
        return ""
    told = say_count(
        "One of them was under way when a process died, and counts as reserved.",
        "{number} of them were under way when a process died, and count as reserved.",
        lost,
    )
    return f" {told}"


def _ahead(record: Mapping[str, Any], past: Past) -> str | None:
    """Return when what is under way is counted; None where nothing is."""
    if record["status"] != "running":
        return None
    return say("Counted when the round ends.") if past.pattern.is_rounds else say("Counted when the stage ends.")


def _calls(used: Mapping[str, Any], ahead: str | None) -> str:
    if not used.get("calls"):
        return ahead or say("No model was called.")
    return " ".join([_called(used), *([ahead] if ahead else [])])


def _called(used: Mapping[str, Any]) -> str:
    told = {"prompts": said_number(used["prompt_tokens"]), "answers": said_number(used["completion_tokens"])}
    if used["cost_usd"]:
        return say_count(
            "{number} call to a model, retries included: {prompts} tokens of prompts, {answers} of answers.",
            "{number} calls to a model, retries included: {prompts} tokens of prompts, {answers} of answers.",
            used["calls"],
            **told,
        )
    return say_count(
        "{number} call to a model, retries included: {prompts} tokens of prompts, {answers} of answers; the team file "
        "names no price.",
        "{number} calls to a model, retries included: {prompts} tokens of prompts, {answers} of answers; the team file "
        "names no price.",
        used["calls"],
        **told,
    )
