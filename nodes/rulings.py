"""Rulings: what people took upon themselves in a run, as its events say it, and the line that states a decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from nodes.events import capping_guards, events_of
from policies.assurance.audit import Event
from policies.decision.table import DECISIONS
from policies.language import say

Plain = dict[str, Any]
State = Mapping[str, Any]


def answers_to(state: State, question: str) -> list[Event]:
    """Return the answers that were taken to a question, in order."""
    return [event for event in events_of(state, "answered") if event.get("question") == question]


def ruling_of(state: State) -> Event | None:
    """Return the event with which people, or their silence, took the decision; None where the team did."""
    last = max((event["seq"] for event in events_of(state, "outcome")), default=-1)
    later = [event for event in events_of(state, "ruled") if event["seq"] > last]
    taken = [event for event in later if takes_decision(event)]
    return taken[-1] if taken else None


def takes_decision(ruled: Mapping[str, Any]) -> bool:
    """Return whether a ruling is a decision of people, or one that their silence gave; a signature under one is not.

    >>> takes_decision({"kind": "sign_off", "outcome": "go", "how": "answered"})
    False
    """
    return ruled["outcome"] in DECISIONS and (ruled["kind"] != "sign_off" or ruled["how"] == "expired")


def said_by_people(state: State) -> Plain | None:
    """Return how people took the decision: what the vote alone gave, and each answer; None where the team took it.

    Keys: {vote_alone, answers: [{by, answer, because}]}, and `silence` where too few answered in time.
    """
    ruled = ruling_of(state)
    if ruled is None:
        return None
    given = answers_to(state, ruled["question"]) if ruled["kind"] == "decide" else []
    answers = [{"by": one_line(each["by"]), "answer": each["outcome"], "because": each["because"]} for each in given]
    told = {"silence": silence_in_words(answers)} if ruled["how"] == "expired" else {}
    return {"vote_alone": _vote_before(state, ruled), "answers": answers, **told}


def silence_in_words(answers: Sequence[Mapping[str, Any]]) -> str:
    """Return that a question was not answered in time.

    >>> silence_in_words([{"by": "cfo"}])
    'not everybody answered in time'
    """
    return say("not everybody answered in time") if answers else say("nobody answered in time")


def _vote_before(state: State, ruled: Event) -> str | None:
    """Return what the team's vote gave that people were then asked about; None where they were asked before it."""
    votes = [each["vote"] for each in events_of(state, "outcome") if each["round"] == ruled["round"]]
    return votes[-1] if votes else None


def notes_of(state: State) -> list[Plain]:
    """Return why people asked for the round that is open, each reason as a note {from, note} with its sender."""
    before = state.get("round", 0) - 1
    ruled = [each for each in events_of(state, "ruled") if each["outcome"] == "again" and each["round"] == before]
    given = [each for event in ruled for each in answers_to(state, event["question"]) if each["outcome"] == "again"]
    return [{"from": one_line(each["by"]), "note": each["because"]} for each in given]


def decision_line(state: State, decision: object) -> str:
    """Return the line above an answer that states the decision: who took it, or which guards lowered it."""
    people, capping = said_by_people(state), capping_guards(state)
    if people is not None:
        return f"{_by_people(decision, people)}\n\n"
    if not capping:
        return say("Decision: {decision}", decision=decision) + "\n\n"
    vote, guards = events_of(state, "outcome")[-1]["vote"], ", ".join(capping)
    told = say(
        "Decision: {decision} (capped by {guards}; the vote alone gave {vote})",
        decision=decision,
        guards=guards,
        vote=vote,
    )
    return f"{told}\n\n"


def _by_people(decision: object, people: Plain) -> str:
    how, vote = people.get("silence") or _by(people["answers"]), people["vote_alone"]
    if not vote:
        return say("Decision: {decision} ({how})", decision=decision, how=how)
    return say("Decision: {decision} ({how}; the vote alone gave {vote})", decision=decision, how=how, vote=vote)


def _by(answers: list[Plain]) -> str:
    """Return who decided, in words."""
    *most, last = [each["by"] for each in answers]
    if most:
        return say("decided by {names} and {last}", names=", ".join(most), last=last)
    return say("decided by {last}", last=last)


def one_line(text: str) -> str:
    r"""Return text on one line, so that a name cannot pass for more than one.

    >>> one_line("Ada\n\nDecision: go")
    'Ada Decision: go'
    """
    return " ".join(text.split())
