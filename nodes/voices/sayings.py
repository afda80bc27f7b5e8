"""Sayings: what a position of the voice `rules` amounts to, contract by contract.

A role's rules know a stance, a summary and actions. Where a pattern asks for something else, it is made of these.
"""

from collections.abc import Callable, Mapping
from typing import Any

from nodes.voices.voice import Question
from policies.fields import Position

Said = dict[str, Any]


def _contribution(position: Position, question: Question) -> Said:
    return {
        "agent": question.name,
        "stance": position.stance,
        "summary": position.summary,
        "confidence": 1.0,
        "actions": list(position.actions),
    }


def _output(position: Position, question: Question) -> Said:
    """Say the summary and the actions; a declared field can only come from the position's `reply`."""
    return {"text": _told(position)}


def _plan(position: Position, question: Question) -> Said:
    """Plan one step for each agent, all at once, each by what it is for."""
    return {"steps": [{"agent": name, "task": task, "dependencies": []} for name, task in _mandates(question)]}


def _assignments(position: Position, question: Question) -> Said:
    return {"assignments": [{"to": name, "subtask": task} for name, task in _mandates(question)]}


def _position(position: Position, question: Question) -> Said:
    return {"position": position.stance, "argument": _told(position)}


def _verdict(position: Position, question: Question) -> Said:
    return {"winner": None, "decision": position.summary, "reasons": list(position.actions), "confidence": 1.0}


def _note(position: Position, question: Question) -> Said:
    adds = position.actions[0] if question.asks.get("iteration") == 1 else ""
    return {"content": _told(position), "adds": adds, "artifacts": []}


def _turn(position: Position, question: Question) -> Said:
    """Speak once; whoever had a turn already has nothing to add, and says the phrase."""
    if question.asks.get("turns_you_had"):
        return {"text": f"Nothing to add.\n{question.asks.get('ends_with')}", "next": None}
    return {"text": _told(position), "next": None}


def _proposal(position: Position, question: Question) -> Said:
    return {"proposal": position.summary, "reason": " ".join(position.actions)}


def _ballot(position: Position, question: Question) -> Said:
    vote = {"go": "approve", "caution": "abstain", "block": "reject"}[position.stance]
    return {"vote": vote, "reason": position.summary}


def _told(position: Position) -> str:
    return "\n".join([position.summary, *(f"- {action}" for action in position.actions)])


def _mandates(question: Question) -> list[tuple[str, str]]:
    agents = question.asks.get("agents", {})
    return [(name, str(agents.get(name, name))) for name in question.choices]


SAYINGS: Mapping[str, Callable[[Position, Question], Said]] = {
    "contribution": _contribution,
    "output": _output,
    "plan": _plan,
    "assignments": _assignments,
    "position": _position,
    "verdict": _verdict,
    "note": _note,
    "turn": _turn,
    "proposal": _proposal,
    "ballot": _ballot,
}
