"""Stability in a dossier: what the last round gave when it was asked again, whether that is so, in words and drawn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.dossier.basis import Basis
from graph.report.texts import sentence
from graph.report.words import joined, label_of, listed, said_number, tone_of
from nodes.events import standing_outcomes
from policies.decision.guards import examine
from policies.decision.marks import Marks
from policies.decision.stability import Sample, decide_samples, in_percent, said_flips, weigh
from policies.language import phrase, say, say_count
from policies.team.stability import Stability

Plain = dict[str, Any]
Event = Mapping[str, Any]

LEADS_TO = {
    "announce": phrase("so {decision} is announced"),
    "escalate": phrase("so people decide in place of {decision}"),
    "stop": phrase("so {decision} is not announced, and the run stops"),
}
"""What a check leads to."""
TONES = {"announce": "done", "escalate": "human", "stop": "stopped"}
"""The tone of what a check leads to."""


def check_of(past: Past) -> Event | None:
    """Return the event of the last check of the newest decision; None where it was not checked."""
    outcomes = standing_outcomes(past.state)
    checks = [event for event in past.events_of("stability") if outcomes and event["seq"] > outcomes[-1]["seq"]]
    return checks[-1] if checks else None


def check_explained(past: Past) -> Plain | None:
    """Return what the last check of the decision found, as it is explained; None where it was not checked.

    Keys: {samples, completed, flips, rate, interval, max_flip_rate, announced, acts, outcomes, asked, kept}.
    """
    found = check_of(past)
    if found is None:
        return None
    numbers = ("samples", "completed", "flips", "rate", "max_flip_rate", "announced", "acts", "outcomes", "kept")
    asked = [role for role in standing_outcomes(past.state)[-1]["casts"] if role not in found["kept"]]
    return {**{key: found[key] for key in numbers}, "interval": [found["low"], found["high"]], "asked": asked}


def checked_otherwise(past: Past, basis: Basis) -> bool:
    """Return whether a check says otherwise than its answers do, decided again by the function that decides."""
    found = check_of(past)
    if found is None:
        return False
    answers = [event for event in past.events_of("sampled") if _is_of(event, found)]
    given = [_casts_in(answers, number, basis.event["casts"], found["kept"]) for number in found["numbers"]]
    parts = zip(given, found["confidences"], found["marks"], strict=True)
    samples = [Sample(casts, tuple(sure), Marks(**marks)) for casts, sure, marks in parts]
    outcomes = decide_samples(basis.policy, basis.vote, examine(basis.guards, basis.facts), samples)
    stability = Stability.model_validate(past.team["stability"])
    again = weigh(found["announced"], outcomes, stability)
    final = found["announced"] if again.acts == "announce" else again.acts
    told = {
        **{"casts": given, "outcomes": [*outcomes], "flips": again.flips, "rate": again.rate, "low": again.low},
        **{"high": again.high, "acts": again.acts, "final": final, "announced": basis.event["final"]},
        **{"completed": len(samples), "samples": stability.samples, "max_flip_rate": stability.max_flip_rate},
    }
    return any(found[key] != value for key, value in told.items())


def _is_of(event: Event, check: Event) -> bool:
    return all(event[key] == check[key] for key in ("round", "attempt"))


def _casts_in(answers: Sequence[Event], number: int, before: Mapping[str, Any], kept: list[str]) -> Plain:
    """Return what a sample cast by its answers; a role that is not asked again casts what it did before."""
    said = {each["role"]: each["contribution"]["stance"] for each in answers if _fills(each, number)}
    return {role: before[role] if role in kept else said.get(role) for role in before}


def _fills(answer: Event, number: int) -> bool:
    return answer["sample"] == number and "contribution" in answer


def said_check(check: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    """Yield in words what a check found, and what that leads to."""
    flips = said_flips(check["flips"], check["completed"], check["samples"], check["max_flip_rate"])
    decision = label_of(check["announced"])
    yield say(
        "{check}, {result}", check=flips[:1].upper() + flips[1:], result=say(LEADS_TO[check["acts"]], decision=decision)
    )
    if check["completed"]:
        low, high = map(in_percent, check["interval"])
        yield say("the true rate lies between {low} and {high}, with 95% confidence", low=low, high=high)
    yield say("asked again: {roles}", roles=listed([titles[role] for role in check["asked"]]))
    if check["kept"]:
        yield say("kept, since people answer: {roles}", roles=listed([titles[role] for role in check["kept"]]))


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
    return [*map(sentence, said_check(plain, titles))]


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


def _check_line(group: Sequence[Event]) -> Plain:
    check = group[-1]
    again = say("{flips} of {completed} otherwise", flips=said_number(check["flips"]), completed=check["completed"])
    tried = say("announced would be {outcome}", outcome=label_of(check["announced"]))
    return {"what": say("Stability check"), "tone": TONES[check["acts"]], "detail": joined([tried, again])}


SAID_OF_CHECKS: Mapping[str, Callable[[list[Event]], Plain]] = {
    "sampling": _sampling,
    "sampled": _sampled,
    "stability": _check_line,
}
