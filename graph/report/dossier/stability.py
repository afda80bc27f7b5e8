"""Stability in a dossier: what the last round gave when it was asked again, in words and as a drawing."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.words import joined, label_of, listed, plain_word, tone_of
from nodes.steadiness import said_limit, said_rate, stability_in_words
from policies.language import say, say_count

Plain = dict[str, Any]
Event = Mapping[str, Any]


def stability_of(past: Past, titles: Mapping[str, str]) -> Plain | None:
    """Return what asking the last round again gave; None where it was not asked again.

    Keys: {said, tone, outcomes, notes, drawing}. An outcome is {label, tone, times, is_other}; `drawing` has places
    from 0 to 100, and is None where no sample was completed.
    """
    checks = past.events_of("stability")
    if not checks:
        return None
    last = checks[-1]
    return {
        "said": stability_in_words(last),
        "tone": tone_of_check(last),
        "outcomes": _outcomes(last),
        "notes": [*filter(None, (_kept(last, titles), *map(_earlier, checks[:-1])))],
        "drawing": _drawing(last),
    }


def tone_of_check(check: Event) -> str:
    """Return the tone of what a round that was asked again led to.

    >>> tone_of_check({"acts": "announce"}), tone_of_check({"acts": "escalate"}), tone_of_check({"acts": "stop"})
    ('done', 'human', 'stopped')
    """
    return {"announce": "done", "escalate": "human"}.get(check["acts"], "stopped")


def _outcomes(check: Event) -> list[Plain]:
    """Return each outcome of the samples that were completed and how many gave it, what is announced first."""
    given = [each for each in check["outcomes"] if each is not None]
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


def _kept(check: Event, titles: Mapping[str, str]) -> str | None:
    """Return who was not asked again; None where everybody was."""
    if not check["kept"]:
        return None
    return say(
        "Not asked again: {roles}; what they said in the round was kept.",
        roles=listed([titles.get(name, name) for name in check["kept"]]),
    )


def _earlier(check: Event) -> str:
    told = stability_in_words(check)
    return say("{name}: {value}", name=say("Round {number}", number=check["round"]), value=told)


def _drawing(check: Event) -> Plain | None:
    """Return where to draw the rate, its interval and the limit."""
    if check["rate"] is None:
        return None
    low, high = (check[name] if check.get(name) is not None else check["rate"] for name in ("low", "high"))
    limit = check["max_flip_rate"]
    return {
        "rate": _place(check["rate"]),
        "low": _place(low),
        "width": round(_place(high) - _place(low), 2),
        "limit": _place(limit),
        "said_limit": said_limit(limit),
        "said_rate": said_rate(check["rate"]),
        "limit_anchor": _anchor(_place(limit)),
        "rate_anchor": _anchor(_place(check["rate"])),
    }


def _place(share: float) -> float:
    return round(100.0 * min(max(share, 0.0), 1.0), 2)


def _anchor(place: float) -> str:
    return "start" if place < 18 else "end" if place > 82 else "middle"


def checked_line(group: Sequence[Event]) -> Plain:
    """Return the line of the timeline that a round was asked again."""
    check = group[-1]
    tried = say("announced would be {outcome}", outcome=plain_word(check["announced"]))
    return {
        "what": say("Stability check"),
        "tone": tone_of_check(check),
        "detail": joined([tried, stability_in_words(check)]),
    }
