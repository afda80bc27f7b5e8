"""Guards as a reader sees them: in words, and as places on a scale from 0 to 100."""

from collections.abc import Mapping
from typing import Any

from graph.report.words import plain_word, said_number, said_percent, said_value
from policies.decision.guards import COMPARISONS
from policies.language import phrase, say

Plain = dict[str, Any]

CLOSE = 0.05
"""A gap smaller than this part of the larger value is drawn on a scale that does not begin at 0."""

SMALLEST = 0.001
"""The smallest part of a limit that is said as a number."""


def gauge_of(guard: Mapping[str, Any]) -> Plain:
    """Return a guard of an explanation, with its sentences and its drawing (None where nothing is measured)."""
    return {
        "name": guard["name"],
        "fact": guard["fact"],
        "value": said_value(guard["value"]),
        "source": guard.get("source"),
        "comparison": say(COMPARISONS[guard["comparison"]].words),
        "limit": said_value(guard["limit"]),
        "limit_path": guard["limit_path"],
        "limit_source": guard.get("limit_source"),
        "tripped": guard["tripped"],
        "tone": _tone(guard),
        "status": _status(guard),
        "effect": effect_in_words(guard["cap"], guard["tripped"]),
        "fault": _fault(guard),
        "room": room_of(guard),
        "drawing": None if guard["distance"] is None else _drawing(guard),
    }


def _status(guard: Mapping[str, Any]) -> str:
    return say("Could not be read") if guard["fault"] else status_in_words(guard["tripped"])


def status_in_words(is_tripped: bool) -> str:
    """Return how a guard is that could be read."""
    return say("Tripped") if is_tripped else say("Clear")


def effect_in_words(cap: str, is_tripped: bool) -> str:
    """Return what a guard does to the outcome, or would."""
    told = phrase("It caps the outcome at {outcome}") if is_tripped else phrase("It would cap the outcome at {outcome}")
    return say(told, outcome=plain_word(cap))


def _tone(guard: Mapping[str, Any]) -> str:
    if not guard["tripped"]:
        return "go"
    return "block" if guard["cap"] == "no_go" else "caution"


def _fault(guard: Mapping[str, Any]) -> str | None:
    """Return which path could not be read, and what that makes of the guard."""
    if not guard["fault"]:
        return None
    fault = f"{guard['fault'][:1].upper()}{guard['fault'][1:]}"
    return say("{fault}, so the guard is tripped: nothing unread is assumed safe", fault=fault)


def room_of(guard: Mapping[str, Any]) -> str:
    """Return how far the fact is from its limit, in words."""
    distance = guard["distance"]
    if distance is None:
        is_equality = COMPARISONS[guard["comparison"]].side is None
        return _equality(guard) if is_equality and not guard["fault"] else say("not measured")
    if distance == 0:
        return say("exactly at the limit") if guard["tripped"] else say("no room left: exactly at the limit")
    number = said_number(abs(distance))
    room = _in_parts(number, abs(distance / guard["limit"])) if guard["limit"] else number
    if not guard["tripped"]:
        return say("room left: {room}", room=room)
    is_lower = COMPARISONS[guard["comparison"]].side == "lower"
    return say("below the limit by {room}", room=room) if is_lower else say("exceeded by {room}", room=room)


def _in_parts(number: str, part: float) -> str:
    if part >= SMALLEST:
        return say("{number} ({percent} of the limit)", number=number, percent=said_percent(part))
    return say("{number} (less than {percent} of the limit)", number=number, percent=said_percent(SMALLEST))


def _equality(guard: Mapping[str, Any]) -> str:
    return say("the fact is at the value") if guard["tripped"] else say("the fact has another value")


def _drawing(guard: Mapping[str, Any]) -> Plain:
    """Return where to draw fact, limit, the room between them and the zone in which the guard is tripped."""
    # In parts of the larger one: the gap between two huge numbers is no finite number.
    largest = max(abs(guard["value"]), abs(guard["limit"])) or 1
    value, bound = guard["value"] / largest, guard["limit"] / largest
    low, high = _scale(value, bound)
    fact, limit = _place(value, low, high), _place(bound, low, high)
    is_upper = COMPARISONS[guard["comparison"]].side == "upper"
    return {
        "fact": fact,
        "limit": limit,
        "room": {"at": min(fact, limit), "width": round(abs(fact - limit), 2)},
        "zone": {"at": limit if is_upper else 0.0, "width": round(100.0 - limit if is_upper else limit, 2)},
        "fact_anchor": _anchor(fact),
        "limit_anchor": _anchor(limit),
        "from_zero": low == 0,
    }


def _scale(value: float, limit: float) -> tuple[float, float]:
    """Return the ends of a scale that shows both values apart; it begins at 0 where they can be told apart so."""
    gap = abs(value - limit)
    if min(value, limit) >= 0 and gap >= CLOSE:
        return 0.0, 1.2
    pad = 1.5 * gap or 0.2
    return min(value, limit) - pad, max(value, limit) + pad


def _place(value: float, low: float, high: float) -> float:
    return round(100.0 * min(max((value - low) / (high - low), 0.0), 1.0), 2)


def _anchor(place: float) -> str:
    return "start" if place < 18 else "end" if place > 82 else "middle"
