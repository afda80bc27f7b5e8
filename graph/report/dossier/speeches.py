"""Who said what: every word of every round, and the last words of those who did not agree with the decision."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.words import said_reason, titles_of, tone_of

Plain = dict[str, Any]

AGREES = {"go": ("go",), "go_with_caution": ("go", "caution"), "no_go": ("block",)}
"""The stances that agree with a decision."""


def rounds_of(past: Past, record: Mapping[str, Any]) -> list[Plain]:
    """Return what was said in each round, the open one last: {title, speeches, absent}; none of another pattern."""
    if not past.pattern.is_rounds:
        return []
    titles = titles_of(past.roles)
    return [
        {
            "title": f"Round {number}",
            "speeches": [_speech(number, each, titles) for each in said],
            "absent": [*_absent(record, number, titles)],
        }
        for number, said in _said(past, record)
    ]


def _said(past: Past, record: Mapping[str, Any]) -> Iterator[tuple[int, Sequence[Mapping[str, Any]]]]:
    """Yield each round with what was said in it; the open one where somebody was answered."""
    last = 0
    for entry in record.get("history", []):
        last = entry["round"]
        yield last, entry["contributions"]
    answers = [seat["accepted"]["answer"] for seat in past.seats if seat["accepted"]]
    if past.round > last and answers:
        yield past.round, answers


def _absent(record: Mapping[str, Any], number: int, titles: Mapping[str, str]) -> Iterator[Plain]:
    for each in record.get("absent", []):
        if each["round"] == number:
            why = said_reason(each["reason"], titles).removesuffix(".")
            yield {"role": each["role"], "title": titles.get(each["role"], each["role"]), "why": why}


def speeches_of(past: Past, record: Mapping[str, Any]) -> Plain:
    """Return the last words of each role: those that did not agree with the decision, the others, and who is missing.

    Without a decision nobody disagrees with it, and all are together.
    """
    decision, titles = record.get("final_decision"), titles_of(past.roles)
    latest = _latest(past, record)
    said = [_speech(number, each, titles) for number, each in latest.values()]
    agreeing = AGREES.get(decision or "", ("go", "caution", "block"))
    last = max((number for number, _ in latest.values()), default=0)
    return {
        "has_decision": decision is not None,
        "dissent": [each for each in said if each["stance"] not in agreeing],
        "others": [each for each in said if each["stance"] in agreeing],
        "absent": [*_absent(record, last, titles)],
    }


def _latest(past: Past, record: Mapping[str, Any]) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """Return by role the last round it spoke in and what it said: the decided round alone where there is a decision."""
    history = record.get("history", [])
    entries = history[-1:] if record.get("final_decision") else history
    latest = {each["agent"]: (entry["round"], each) for entry in entries for each in entry["contributions"]}
    for seat in past.seats if past.pattern.is_rounds and not record.get("final_decision") else []:
        if seat["accepted"]:
            latest[seat["role"]] = (past.round, seat["accepted"]["answer"])
    return latest


def _speech(number: int, said: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    return {
        "role": said["agent"],
        "title": titles.get(said["agent"], said["agent"]),
        "round": number,
        "stance": said["stance"],
        "tone": tone_of(said["stance"]),
        "confidence": f"{said['confidence']:.2f}",
        "summary": said["summary"],
        "actions": list(said["actions"]),
    }
