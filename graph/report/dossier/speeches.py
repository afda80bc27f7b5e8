"""Who said what: every word of every round, and the last words of those who did not agree with the decision."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.words import said_reason, titles_of, tone_of
from policies.language import in_figures, say
from policies.patterns.vote import CAST

Plain = dict[str, Any]

AGREES = {"go": ("go",), "go_with_caution": ("go", "caution"), "no_go": ("block",)}
"""The stances that agree with a decision."""


def words_by_round(past: Past, record: Mapping[str, Any]) -> list[Plain]:
    """Return what was said in each round, the open one last: {title, speeches, absent}; none of another pattern."""
    if not past.pattern.is_rounds:
        return []
    titles = titles_of(past.roles)
    return [
        {
            "title": say("Round {number}", number=number),
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

    Without a decision nobody disagrees with it, and all are together. A ballot agrees as the stance that it counts as.
    """
    decision, titles = record.get("final_decision"), titles_of(past.roles)
    said = [*_last_words(past, record, titles)]
    agreeing = AGREES.get(decision or "", ("go", "caution", "block"))
    last = max((each["round"] for each in said), default=0)
    return {
        "has_decision": decision is not None and (past.pattern.is_rounds or past.pattern.is_ballot),
        "dissent": [each for each in said if CAST.get(each["stance"], each["stance"]) not in agreeing],
        "others": [each for each in said if CAST.get(each["stance"], each["stance"]) in agreeing],
        "absent": [*_absent(record, last, titles)],
    }


def _last_words(past: Past, record: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[Plain]:
    """Yield what each role said last; the voters of a vote their ballots and the reasons."""
    if not past.pattern.is_ballot:
        yield from (_speech(number, each, titles) for number, each in _latest(past, record).values())
        return
    for output in record.get("outputs", []):
        if output["contract"] == "ballot" and output["answer"]:
            yield _ballot(output, titles)


def _ballot(output: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    role, vote = output["agent"], output["answer"]["vote"]
    said = {"stance": vote, "tone": tone_of(CAST[vote]), "confidence": None}
    place = {"role": role, "title": titles.get(role, role), "round": output["round"]}
    return {**place, **said, "summary": output["answer"]["reason"], "actions": []}


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
        "confidence": in_figures(f"{said['confidence']:.2f}"),
        "summary": said["summary"],
        "actions": list(said["actions"]),
    }
