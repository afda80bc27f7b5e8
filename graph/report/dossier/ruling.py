"""What people's answers gave, explained by the functions that ruled, and what other answers would have given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from graph.past import Past
from graph.people import questions_in
from nodes.asking import shown_question
from nodes.rulings import answers_to, ruling_of
from policies.assurance.audit import Event
from policies.decision.guards import Finding, Guard, examine
from policies.people.expiry import rule_expired
from policies.people.flips import Give, flip_answers
from policies.people.panel import Panel, panel_of, rule_panel
from policies.people.question import AGAIN, Question, Word
from policies.people.sign_off import rule_sign_off
from policies.team.people import Escalation

Plain = dict[str, Any]
Said = Mapping[str, Word]


def people_explained(past: Past) -> Plain:
    """Return {people, waiting}: how people took or signed the decision, null where they did not; and what waits.

    `people` is {id, kind, how, outcome, by, policy, row, when, because, casts, said, flips}. Flips are {flips,
    searched, is_whole}.
    Of what waits, `gives` is which answers would give what, as if nobody had answered yet.
    """
    return {"people": _taken(past), "waiting": [_waiting(past, question) for question in past.waiting]}


def _taken(past: Past) -> Plain | None:
    ruled = _deciding(past)
    if ruled is None:
        return None
    asked = next(each for each in questions_in(past) if each["id"] == ruled["question"])
    said, kept = _said(past, ruled), ("id", "kind", "outcome", "policy", "row", "because", "casts")
    told = {key: asked[key] for key in kept}
    when = _panel(past).policy.rules[asked["row"] - 1].when if isinstance(asked["row"], int) else None
    by = [each["by"] for each in answers_to(past.state, asked["id"])]
    flips = _flips(past, ruled["kind"], asked["asked"], asked["options"], said) if ruled["how"] == "answered" else None
    return {**told, "how": ruled["how"], "by": by, "when": when, "said": dict(said), "flips": flips}


def _deciding(past: Past) -> Event | None:
    """Return the ruling with which people took the decision, or put their names to it."""
    signed = [each for each in past.events_of("ruled")[-1:] if each["kind"] == "sign_off"]
    return ruling_of(past.state) or next((each for each in signed if each["outcome"] == past.final_decision), None)


def _waiting(past: Past, question: Question) -> Plain:
    ways = _flips(past, question.kind, question.asked, question.options, {})
    return {**shown_question(question), "gives": ways if question.options else None}


def _flips(past: Past, kind: str, asked: Sequence[str], options: Sequence[Word], said: Said) -> Plain:
    seats = [*said] or list(asked) or ["anybody"]
    found = flip_answers(seats, options, _give(past, kind, asked, options), said)
    return {**asdict(found), "is_whole": found.searched == len(seats)}


def _give(past: Past, kind: str, asked: Sequence[str], options: Sequence[Word]) -> Give:
    """Return the very function that rules on the answers to a question."""
    if kind == "sign_off":
        return partial(rule_sign_off, tuple(asked))
    panel, findings = _panel(past), _findings(past)

    def give(said: Said) -> Word | None:
        found = rule_panel(panel, said, options, findings)
        return found.outcome if found else None

    return give


def _panel(past: Past) -> Panel:
    return panel_of(_escalation(past).decide)


def _escalation(past: Past) -> Escalation:
    return Escalation.model_validate(past.team.get("escalate") or {}, strict=False)


def _findings(past: Past) -> Sequence[Finding]:
    return examine([Guard.model_validate(guard) for guard in past.team["guards"]], past.facts)


def _said(past: Past, ruled: Event) -> dict[str, Word]:
    return {each["seat_of"]: each["outcome"] for each in answers_to(past.state, ruled["question"])}


def ruled_otherwise(past: Past) -> Iterator[str]:
    """Yield `ruled` where what an event says that people's answers gave is not what the deciding function gives."""
    moved = max((event["seq"] for event in past.events_of("resumed") if event["moved"]), default=-1)
    asked = {event["question"]: event for event in past.events_of("asked") if event.get("question")}
    for event in past.events_of("ruled"):
        is_judged = event["seq"] > moved and event["kind"] in ("decide", "sign_off")
        if is_judged and _as_ruled(event) not in _rulings(past, event, asked[event["question"]]):
            yield "ruled"
            return


def _as_ruled(event: Event) -> Plain:
    return {key: event.get(key) for key in ("outcome", "casts", "row", "because", "policy")}


def _rulings(past: Past, event: Event, asked: Event) -> Iterator[Plain]:
    """Yield what the answers give, with another round on offer or not: a limit that was raised brings it back."""
    offered = [each for each in asked["options"] if each != AGAIN]
    for options in (offered, [*offered[:-1], AGAIN, *offered[-1:]]):
        yield _ruling(past, event, asked, options)


def _ruling(past: Past, event: Event, asked: Event, options: list[Word]) -> Plain:
    said, nothing = _said(past, event), {"casts": None, "row": None, "because": None, "policy": None}
    if event["how"] == "expired":
        question = Question("", event["kind"], (), "", tuple(options), "")
        return {"outcome": rule_expired(question, _escalation(past).on_timeout), **nothing}
    if event["kind"] == "sign_off":
        return {"outcome": rule_sign_off(tuple(asked["asked"]), said), **nothing}
    panel = _panel(past)
    found = rule_panel(panel, said, options, _findings(past))
    if found is None:
        return {"outcome": None, **nothing}
    row = {"row": found.ruling.row, "because": found.ruling.because, "policy": panel.policy.name}
    return {"outcome": found.outcome, "casts": dict(found.casts), **row}
