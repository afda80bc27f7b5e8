"""What a role reads, built from the specification alone: the messages of one question, from what was said so far.

A round here is who spoke, in the order of the seats, each with {stance, confidence, summary, actions, evidence}.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.audit.canonical import canonical

Said = Mapping[str, Any]
Round = Sequence[tuple[str, Said]]


@dataclass
class Asked:
    """One question: who is asked in which round, and what has been said in the rounds before."""

    role: str
    round: int
    goal: str
    facts: Mapping[str, Any]
    titles: Mapping[str, tuple[str, str]]
    before: Sequence[Round]
    decisions: Mapping[int, str] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What else is in the last message: a repair, notes, messages."""


def conflicts_of(spoken: Round) -> list[str]:
    present = {said["stance"] for _, said in spoken}
    held = {
        "no_contributions": not present,
        "go_vs_caution": {"go", "caution"} <= present and "block" not in present,
        "blocking_vs_non_block": "block" in present and len(present) > 1,
        "high_divergence": len(present) == 3,
    }
    return [name for name, holds in held.items() if holds]


def reference_message(asked: Asked) -> str:
    """Return the one user message of `show: stances` with names, byte for byte as the reference has it."""
    return _plain(_reference(asked, [_stances(spoken) for spoken in asked.before[-2:]]))


def blind_message(asked: Asked) -> str:
    """Return the same without names, the stances sorted by what they say."""
    shown = []
    for spoken in asked.before[-2:]:
        bare = [{key: value for key, value in each.items() if key != "agent"} for each in _stances(spoken)]
        shown.append(sorted(bare, key=lambda each: (str(each["stance"]), float(str(each["confidence"])))))
    return _plain(_reference(asked, shown))


def _stances(spoken: Round) -> list[dict[str, Any]]:
    return [{"agent": role, "stance": said["stance"], "confidence": said["confidence"]} for role, said in spoken]


def _reference(asked: Asked, stances: Sequence[Any]) -> dict[str, Any]:
    first = len(asked.before) - len(stances) + 1
    recent = [
        {
            "round": number,
            "decision": asked.decisions.get(number, "next_round"),
            "conflicts": conflicts_of(asked.before[number - 1]),
            "stances": each,
        }
        for number, each in enumerate(stances, first)
    ]
    told = {"goal": asked.goal, "role": asked.role, "round": asked.round, "shared_context": asked.facts}
    open_conflicts = conflicts_of(asked.before[-1]) if asked.before else []
    return {**told, "recent_rounds": recent, "open_conflicts": open_conflicts, **asked.beside}


def history_messages(asked: Asked, show: str, names: bool) -> list[bytes]:
    """Return a message for each finished round: what was argued, in an order that follows from the words alone."""
    return [_round(number, spoken, asked, show, names) for number, spoken in enumerate(asked.before, 1)]


def _round(number: int, spoken: Round, asked: Asked, show: str, names: bool) -> bytes:
    keys = ("summary", "evidence") if show == "arguments" else ("summary", "evidence", "stance", "confidence")
    bare = [({key: said[key] for key in keys}, role) for role, said in spoken]
    bare.sort(key=lambda each: ([each[0][key] for key in keys], each[1]))
    arguments = [{**said, **({"agent": role} if names else {})} for said, role in bare]
    told: dict[str, Any] = {"round": number, "arguments": arguments}
    if show == "both":
        told |= {"conflicts": conflicts_of(spoken), "decision": asked.decisions.get(number, "next_round")}
    return canonical(told)


def shared_data(asked: Asked) -> bytes:
    """Return the end of the system message: the goal and the facts, whatever order their keys came in."""
    return canonical({"goal": asked.goal, "shared_context": asked.facts})


def last_message(asked: Asked) -> dict[str, Any]:
    """Return what the last message says: who is asked what, and what that role said last."""
    title, mandate = asked.titles[asked.role]
    own = [(n, said) for n, spoken in enumerate(asked.before, 1) for role, said in spoken if role == asked.role]
    said_last = {"you_said": {"round": own[-1][0], **own[-1][1]}} if own else {}
    now = {"role": asked.role, "title": title, "mandate": mandate, "round": asked.round}
    return {**now, **said_last, **asked.beside}


def _plain(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
