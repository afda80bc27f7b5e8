"""Stability checks of a thread: what the last one found, whether that is so, and the same in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.past import Past
from graph.report.dossier.basis import Basis
from graph.report.words import label_of, listed
from nodes.events import standing_outcomes
from policies.assurance.audit import Event
from policies.decision.guards import examine
from policies.decision.marks import Marks
from policies.decision.stability import Sample, decide_samples, in_percent, said_flips, weigh
from policies.language import phrase, say
from policies.team.stability import Stability

Plain = dict[str, Any]

LEADS_TO = {
    "announce": phrase("so {decision} is announced"),
    "escalate": phrase("so people decide in place of {decision}"),
    "stop": phrase("so {decision} is not announced, and the run stops"),
}
"""What a check leads to."""


def check_of(past: Past) -> Event | None:
    """Return the event of the last check of the newest decision; None where it was not checked."""
    outcomes = standing_outcomes(past.state)
    checks = [event for event in past.events_of("stability") if outcomes and event["seq"] > outcomes[-1]["seq"]]
    return checks[-1] if checks else None


def checked(past: Past) -> Plain | None:
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


def _is_of(answer: Event, check: Event) -> bool:
    return all(answer[key] == check[key] for key in ("round", "attempt"))


def _casts_in(answers: list[Event], number: int, before: Mapping[str, Any], kept: list[str]) -> Plain:
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
