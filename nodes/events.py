"""Events: what happened, for the record. Written by convene, align, finalize and stop alone, with their checkpoint.

The last event of each step commits to all that the step writes into the state, so that nothing else in the state
can be changed alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nodes.border import plain_contribution, plain_output
from nodes.fingerprint import digest, fingerprint
from policies.assurance.audit import Event, link
from policies.assurance.commitments import Channels, commit, sealed
from policies.contract import Contribution, Output, Refusal
from policies.guards import Finding
from policies.outcome import Ruling
from policies.seats import Reply
from policies.team import Brief, Role
from policies.vote import Vote

Body = dict[str, Any]


CHANNELS = Channels(
    values=frozenset(
        {
            *("limits", "spent", "usage", "round", "seats", "wave", "outcome", "pending", "stop_reason", "phase"),
            *("raw_contribution", "answer", "final_decision", "forgiven", "since", "ending", "withdrawn"),
        }
    ),
    parted=frozenset({"case"}),
    lists=frozenset({"history", "stages", "messages", "delivered", "trace", "superseded"}),
)
"""The channels of the state that events commit to: all but the inputs, and the replies before they are accepted."""

NOTED: Body = {"event": "noted"}
"""The event of a step in which nothing else happened, for what it wrote."""


def recorded(state: Mapping[str, Any], update: Mapping[str, Any], bodies: Collection[Body], at: str) -> Body:
    """Return the update with its events: the bodies, each with its time (ISO 8601, UTC) and hashes.

    The last one commits to what the update writes, but within a team that answers for a role: what that team did is
    part of the thread's own events.
    """
    case = update.get("case") or state["case"]
    wrote = commit(state, update, CHANNELS, digest) if case["task"] is None else {}
    happened = [{**body, "at": at} for body in (bodies or ([NOTED] if wrote else []))]
    if happened and case["task"] is None:
        happened = sealed(happened, wrote, digest)
    return {**update, "events": _linked(happened, (state.get("events") or [None])[-1])}


def _linked(bodies: Iterable[Body], before: Event | None) -> list[Event]:
    events = []
    for body in bodies:
        before = link(before, body, fingerprint)
        events.append(before)
    return events


def asked(round_number: int, role: str, attempt: int, speaker: Role | Brief, repair: str | None = None) -> Body:
    """Return the event that a role, or the brief, was asked: by which voice and model, and what it has to repair."""
    where = {"round": round_number, "role": role, "attempt": attempt}
    return {"event": "asked", **where, "voice": speaker.voice, "model": speaker.model, "repair": repair}


def answered(where: Mapping[str, Any], plain: Mapping[str, Any], reply: Reply, speaker: Role) -> list[Body]:
    """Return the events of a role's answer: proposed, then accepted, or refused by a rule; or failed with a reason."""
    said = {"voice": speaker.voice, "model": speaker.model, "prompt": plain["prompt"], "usage": plain["usage"]}
    offered = {"offered": plain["offered"]} if plain.get("offered") else {}
    if isinstance(reply, Contribution):
        verdict = {"event": "accepted", **where, "contribution": plain_contribution(reply), **offered}
    elif isinstance(reply, Output):
        verdict = {"event": "accepted", **where, "output": plain_output(reply), **offered}
    elif isinstance(reply, Refusal):
        check = {"check": reply.check} if reply.check else {}
        verdict = {"event": "refused", **where, "rule": reply.reason, "raw": reply.raw, **check}
    else:
        inner = {"inner": plain["inner"]} if plain.get("inner") else {}
        return [{"event": "failed", **where, "reason": reply.reason, **said, **inner}]
    return [{"event": "proposed", **where, **said}, verdict]


def decided(vote: Vote, findings: Sequence[Finding], ruling: Ruling, confidences: Mapping[str, float]) -> Body:
    """Return the outcome of a round: all that the policy saw, what the vote alone gave, and the final word."""
    return {
        "event": "outcome",
        "round": vote.round,
        "max_rounds": vote.max_rounds,
        "min_go_votes": vote.min_go_votes,
        "rounds_blocked": vote.rounds_blocked,
        "open_questions": vote.open_questions,
        "casts": dict(vote.casts),
        "confidences": dict(confidences),
        "findings": [_found(finding) for finding in findings],
        **asdict(ruling),
        "guards": list(ruling.guards),
    }


def _found(finding: Finding) -> Body:
    guard = {"name": finding.guard.name, "fact": finding.guard.fact, "comparison": finding.guard.comparison}
    values = {"value": finding.value, "limit": finding.limit, "fault": finding.fault}
    return {**guard, **values, "tripped": finding.tripped, "cap": finding.guard.cap}


def events_of(state: Mapping[str, Any], kind: str) -> list[Event]:
    """Return the events of one kind, in order."""
    return [event for event in state.get("events", []) if event["event"] == kind]


def standing_outcomes(state: Mapping[str, Any]) -> list[Event]:
    """Return the outcomes decided on the team and facts of now: those since changes were last accepted."""
    moved = [event["seq"] for event in events_of(state, "resumed") if event["moved"]]
    return [event for event in events_of(state, "outcome") if not moved or event["seq"] > moved[-1]]


def joined(state: Mapping[str, Any], allowed: Sequence[str]) -> list[str]:
    """Return the roles that some row convened, in order, of those that are allowed to join."""
    called = dict.fromkeys(event["convene"] for event in events_of(state, "outcome"))
    return [role for role in called if role in allowed]


def capping_guards(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the guards that lowered the outcome of the last vote; none where a team within decided."""
    lowered = [last for last in events_of(state, "outcome")[-1:] if last["vote"] != last["final"]]
    holding = (found for last in lowered for found in last["findings"] if found["cap"] == last["final"])
    return tuple(found["name"] for found in holding if found["tripped"])


def decision_line(state: Mapping[str, Any], decision: object) -> str:
    """Return the line above an answer that states the decision, and names the guards that lowered it."""
    capping = capping_guards(state)
    vote = events_of(state, "outcome")[-1]["vote"] if capping else None
    capped = f" (capped by {', '.join(capping)}; the vote alone gave {vote})" if capping else ""
    return f"Decision: {decision}{capped}\n\n"
