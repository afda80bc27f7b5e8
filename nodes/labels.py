"""Labels: what the trace of a run says of each seat and each round, so that a reviewer can filter by it."""

from collections.abc import Mapping, Sequence
from typing import Any

from nodes.border import named
from nodes.events import Body
from nodes.rulings import takes_decision
from nodes.state import State

Labels = dict[str, Any]


def seat_labels(state: State, ask: Mapping[str, Any], place: Mapping[str, Any], thread: str) -> Labels:
    """Return whose answer is asked for, where and under which policy; `place` is the stage, if there are stages."""
    return {
        "thread": thread,
        "round": state["round"],
        **place,
        "role": ask["role"],
        **named(ask),
        "attempt": ask["attempt"],
        "policy": state["case"]["hashes"]["policy"],
    }


def brief_labels(state: State, seat: str, thread: str) -> Labels:
    """Return the same of the brief, which is asked for once the outcome is known."""
    where = {"thread": thread, "round": state["round"], "role": seat, "attempt": 1}
    return {**where, "policy": state["case"]["hashes"]["policy"], "outcome": state.get("outcome")}


def role_labels(labels: Sequence[Labels]) -> Labels:
    """Return the labels of a role's run, with the names of its seats where it is asked for several at once."""
    seats = [each["seat"] for each in labels if "seat" in each]
    return {**labels[0], **({"seats": seats} if len(labels) > 1 else {})}


def reply_labels(replies: Mapping[str, Mapping[str, Any]]) -> Labels:
    """Return what became of a role's answers: of one, its kind and its stance or the reason; of several, their kinds.

    >>> reply_labels({"risk": {"kind": "refusal", "refusal": {"reason": "contract_violation:risk"}}})
    {'reply': 'refusal', 'reason': 'contract_violation:risk'}
    """
    first, *others = replies.values()
    if others:
        return {"reply": ", ".join(sorted({each["kind"] for each in replies.values()}))}
    if first["kind"] == "accepted":
        stance = first["accepted"]["answer"].get("stance")
        return {"reply": "accepted", **({"stance": stance} if isinstance(stance, str) else {})}
    reason = first["refusal"]["reason"] if first["kind"] == "refusal" else first["reason"]
    return {"reply": first["kind"], "reason": reason}


def round_labels(state: State, outcome: str | None, events: Sequence[Body]) -> Labels:
    """Return the outcome of a round or stage that is closed, and the row of the table that gave it, counted from 1.

    Nothing of one that is still open.
    """
    if outcome is None:
        return {}
    counted: Mapping[str, Any] = next((each for each in events if each["event"] == "outcome"), {})
    row = counted.get("row")
    tripped, conflicts = int(bool(counted.get("guards"))), sum(each["event"] == "conflict" for each in events)
    shown = {"row": "otherwise" if row is None else row + 1, "conflicts": conflicts, "guard_tripped": tripped}
    told = shown if counted else {}
    given = counted.get("final") or outcome
    return {"round": state["round"], "policy": state["case"]["hashes"]["policy"], "outcome": given, **told}


def ruling_labels(events: Sequence[Body]) -> Labels:
    """Return the decision that people, or their silence, took in place of the team; nothing where they took none.

    >>> ruling_labels([{"event": "ruled", "kind": "decide", "outcome": "again", "round": 2}])
    {}
    """
    taken = [each for each in events if each["event"] == "ruled" and takes_decision(each)]
    return {"round": taken[-1]["round"], "outcome": taken[-1]["outcome"], "by_people": 1} if taken else {}
