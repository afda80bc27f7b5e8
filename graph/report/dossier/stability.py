"""Stability in a dossier: what the last round gave when it was asked again, in words and as a drawing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.dossier.steadiness import said_check
from graph.report.words import joined, label_of, listed, said_number, tone_of
from policies.decision.stability import in_percent
from policies.language import say, say_count

Plain = dict[str, Any]
Event = Mapping[str, Any]

TONES = {"announce": "done", "escalate": "human", "stop": "stopped"}
"""The tone of what a check leads to."""


def stability_of(past: Past, titles: Mapping[str, str]) -> Plain | None:
    """Return what asking the last round again gave; None where it was not asked again.

    Keys: {said, tone, outcomes, notes, drawing}. An outcome is {label, tone, times, is_other}; `drawing` has places
    from 0 to 100, and is None where no sample was completed.
    """
    checks = past.events_of("stability")
    if not checks:
        return None
    last, before = checks[-1], checks[:-1]
    said, *notes = _said(last, past, titles)
    earlier = [say("{name}: {value}", name=_named(each), value=_said(each, past, titles)[0]) for each in before]
    return {
        "said": said,
        "tone": TONES[last["acts"]],
        "outcomes": _outcomes(last),
        "notes": [*notes, *earlier],
        "drawing": _drawing(last),
    }


def _said(check: Event, past: Past, titles: Mapping[str, str]) -> list[str]:
    """Return the sentences on a check."""
    asked = next(each["asked"] for each in reversed(past.events_of("sampling")) if _is_of(each, check))
    plain = {**check, "interval": [check["low"], check["high"]], "asked": asked}
    return [f"{line[:1].upper()}{line[1:]}." for line in said_check(plain, titles)]


def _is_of(event: Event, check: Event) -> bool:
    return all(event[key] == check[key] for key in ("round", "attempt"))


def _named(check: Event) -> str:
    """Return which check it was: its round, and which time this was asked again."""
    name = say("Round {number}", number=check["round"])
    return say("{name}, check {number}", name=name, number=check["attempt"]) if check["attempt"] > 1 else name


def _outcomes(check: Event) -> list[Plain]:
    """Return each outcome of the samples that were completed and how many gave it, what is announced first."""
    given = check["outcomes"]
    names = sorted({*given}, key=lambda name: (name != check["announced"], -given.count(name), name))
    return [
        {
            "label": label_of(name),
            "tone": tone_of(name),
            "times": say_count("{number} time", "{number} times", given.count(name)),
            "is_other": name != check["announced"],
        }
        for name in names
    ]


def _drawing(check: Event) -> Plain | None:
    """Return where to draw the rate, its interval and the limit."""
    rate, limit = check["rate"], check["max_flip_rate"]
    if rate is None:
        return None
    return {
        "rate": _place(rate),
        "low": _place(check["low"]),
        "width": round(_place(check["high"]) - _place(check["low"]), 2),
        "limit": _place(limit),
        "said_limit": in_percent(limit),
        "said_rate": in_percent(rate),
        "limit_anchor": _anchor(_place(limit)),
        "rate_anchor": _anchor(_place(rate)),
    }


def _place(share: float) -> float:
    return round(100.0 * share, 2)


def _anchor(place: float) -> str:
    return "start" if place < 18 else "end" if place > 82 else "middle"


def _sampling(group: Sequence[Event]) -> Plain:
    event = group[-1]
    times = say_count("{number} time", "{number} times", event["samples"])
    names = listed([event["titles"].get(name, name) for name in event["asked"]])
    return {"what": say("The round is asked again"), "detail": joined([times, names])}


def _sampled(group: Sequence[Event]) -> Plain:
    """Return the line of all answers of a check: how many there were, and how many seats gave none."""
    empty = sum("contribution" not in event for event in group)
    answers = say_count("{number} answer", "{number} answers", len(group) - empty)
    without = say_count("{number} seat without an answer", "{number} seats without an answer", empty) if empty else None
    return {"what": say("Answered again"), "role": None, "attempt": None, "detail": joined([answers, without])}


def _checked(group: Sequence[Event]) -> Plain:
    check = group[-1]
    again = say("{flips} of {completed} otherwise", flips=said_number(check["flips"]), completed=check["completed"])
    tried = say("announced would be {outcome}", outcome=label_of(check["announced"]))
    return {"what": say("Stability check"), "tone": TONES[check["acts"]], "detail": joined([tried, again])}


SAID_OF_CHECKS: Mapping[str, Callable[[list[Event]], Plain]] = {
    "sampling": _sampling,
    "sampled": _sampled,
    "stability": _checked,
}
