"""Events: what happened, for the record. Written by convene, align, settle, finalize and stop, with their checkpoint.

The last event of each step commits to all that the step writes into the state, so that nothing else in the state
can be changed alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nodes.border import plain_accepted
from nodes.fingerprint import digest, fingerprint
from policies.assurance.audit import Event, link
from policies.assurance.commitments import Channels, commit, sealed
from policies.contracts.answers import Accepted, Answer, ContractName, Refusal
from policies.contracts.table import CONTRACTS
from policies.decision.guards import Finding
from policies.decision.marks import Marks
from policies.decision.outcome import Ruling
from policies.decision.vote import Vote
from policies.language import say
from policies.patterns.course import pattern_named
from policies.run.seats import Reply, Reseating, Seat
from policies.run.stop import stop_reason
from policies.team.team import Brief, Budget, Role

Body = dict[str, Any]


CHANNELS = Channels(
    values=frozenset(
        {
            *("limits", "spent", "usage", "round", "seats", "wave", "outcome", "pending", "stop_reason", "phase"),
            *("raw_contribution", "answer", "final_decision", "forgiven", "since", "ending", "withdrawn"),
            *("recovered", "ratios", "questions", "stability"),
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
    said = said_by(speaker, plain)
    offered = {"offered": plain["offered"]} if plain.get("offered") else {}
    if isinstance(reply, Accepted):
        verdict = {"event": "accepted", **where, **accepted_as(reply), **offered}
    elif isinstance(reply, Refusal):
        more = {key: value for key in ("check", "because") if (value := getattr(reply, key))}
        verdict = {"event": "refused", **where, "rule": reply.reason, "raw": reply.raw, **more}
    else:
        limit = {"own_limit": True} if reply.is_own else {}
        more = {key: plain[key] for key in ("cause", "inner") if plain.get(key)}
        return [{"event": "failed", **where, "reason": reply.reason, **limit, **said, **more}]
    return [{"event": "proposed", **where, **said}, verdict]


def accepted_as(accepted: Accepted) -> Body:
    """Return an accepted answer as events show it: by itself, or as an output with its contract."""
    is_own = bool(CONTRACTS[accepted.contract].shows)
    return {accepted.contract: dict(accepted.answer)} if is_own else {"output": plain_accepted(accepted)}


def traced(round_number: int, seat: Seat, accepted: Accepted) -> Body:
    """Return the trace's line on a seat that was filled: {round, agent, accepted} and what is shown of its answer."""
    shown = _shown(accepted.contract, accepted.answer)
    named = {} if shown else {"seat": seat.name}
    told = shown or {"contract": accepted.contract}
    return {"round": round_number, **named, "agent": seat.role, **told, "accepted": True}


def shown_reply(reply: Mapping[str, Any]) -> Body:
    """Return what is shown live of a reply."""
    if reply["kind"] == "accepted":
        contract, answer = reply["accepted"]["contract"], reply["accepted"]["answer"]
        return {"event": "answered", **_shown(contract, answer), "contract": contract, "answer": answer}
    if reply["kind"] == "refusal":
        refusal = reply["refusal"]
        why = {key: refusal[key] for key in ("check", "because") if refusal.get(key)}
        return {"event": "refused", "reason": refusal["reason"], **why}
    return {"event": "failed", "reason": reply["reason"]}


def _shown(contract: ContractName, answer: Answer) -> Body:
    return {key: answer[key] for key in CONTRACTS[contract].shows}


def said_by(speaker: Role | Brief, plain: Mapping[str, Any]) -> Body:
    """Return who said something, what it read and used, and what was learned of the forms in which it is asked."""
    more = {key: plain[key] for key in ("estimated", "beyond", "dialect") if plain.get(key)}
    return {"voice": speaker.voice, "model": speaker.model, "prompt": plain["prompt"], "usage": plain["usage"], **more}


def decided(vote: Vote, findings: Sequence[Finding], ruling: Ruling, confidences: Mapping[str, float]) -> Body:
    """Return the outcome of a round: all that the policy saw, what the vote alone gave, and the final word."""
    return {
        "event": "outcome",
        "round": vote.round,
        "max_rounds": vote.max_rounds,
        "min_go_votes": vote.min_go_votes,
        "rounds_blocked": vote.rounds_blocked,
        "marks": asdict(vote.marks),
        "casts": dict(vote.casts),
        "confidences": dict(confidences),
        "findings": [_found(finding) for finding in findings],
        **asdict(ruling),
        "guards": list(ruling.guards),
    }


def _found(finding: Finding) -> Body:
    guard = {"name": finding.guard.name, "fact": finding.guard.fact, "comparison": finding.guard.comparison}
    values = {"value": finding.value, "limit": finding.limit, "fault": finding.fault}
    unread = {"unread": finding.unread.path} if finding.unread else {}
    return {**guard, **values, **unread, "tripped": finding.tripped, "cap": finding.guard.cap}


def vote_from(outcome: Mapping[str, Any], entry: Mapping[str, Any]) -> Vote:
    """Return the vote of a round, from what was kept of its outcome and of the team."""
    return Vote(
        casts=outcome["casts"],
        min_go_votes=outcome["min_go_votes"],
        round=1 if pattern_named(entry.get("pattern")).is_ballot else outcome["round"],  # its event names its stage
        max_rounds=outcome["max_rounds"],
        rounds_blocked=outcome["rounds_blocked"],
        marks=Marks(**outcome["marks"]),
        weights=entry["weights"],
        vetoers=frozenset(entry["vetoers"]),
        confidences=tuple(outcome["confidences"].values()),
    )


def announced(decision: object) -> Body:
    """Return the event that ends a run which has its answer, with the decision where one was taken."""
    return {"event": "finished", "phase": None, "stop_reason": stop_reason("success"), "final_decision": decision}


def events_of(state: Mapping[str, Any], kind: str) -> list[Event]:
    """Return the events of one kind, in order."""
    return [event for event in state.get("events", []) if event["event"] == kind]


def began_with(state: Mapping[str, Any]) -> Budget | None:
    """Return the limits with which a thread began, before any resume; None where it has not begun."""
    begun = events_of(state, "admitted")
    return Budget(**begun[0]["limits"]) if begun else None


def cause_of(state: Mapping[str, Any]) -> str | None:
    """Return what is known of a stop beyond its reason, as the event of the end says it."""
    ended = events_of(state, "finished")[-1:] if state.get("stop_reason") else []
    return next((event.get("cause") for event in ended), None)


def standing_outcomes(state: Mapping[str, Any]) -> list[Event]:
    """Return the outcomes decided on the current team and facts: those since changes were last accepted."""
    moved = [event["seq"] for event in events_of(state, "resumed") if event["moved"]]
    return [event for event in events_of(state, "outcome") if not moved or event["seq"] > moved[-1]]


def reseatings(state: Mapping[str, Any]) -> dict[int, Reseating]:
    """Return whom the row of each round convened and released, by round."""
    outcomes = events_of(state, "outcome")
    return {event["round"]: Reseating(event["convene"], event["release"]) for event in outcomes}


def standing_word(state: Mapping[str, Any]) -> str | None:
    """Return what the policy or people gave last on the current team and facts; None where nothing was decided.

    What the policy decides becomes a decision once it is checked and people sign it, where that has to be.
    """
    moved = [event["seq"] for event in events_of(state, "resumed") if event["moved"]]
    said = {"outcome": "final", "stability": "final", "ruled": "outcome"}
    words = (event for event in state.get("events", []) if event["event"] in said)
    standing = [event for event in words if not moved or event["seq"] > moved[-1]]
    if not standing or standing[-1]["event"] in _to_follow(state["case"]["team"]):
        return None
    return str(standing[-1][said[standing[-1]["event"]]])


def _to_follow(team: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the events whose word is not yet a decision in a team: it is to be checked, or signed."""
    if team["sign_off"]:
        return ("outcome", "stability")
    return ("outcome",) if team.get("stability") else ()


def capping_guards(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the guards that lowered the outcome of the last vote, as they are said; none where a team within decided.

    One whose path could not be read says so behind its name, since no limit was crossed.
    """
    lowered = [last for last in events_of(state, "outcome")[-1:] if last["vote"] != last["final"]]
    capping = (found for last in lowered for found in last["findings"] if found["cap"] == last["final"])
    return tuple(said_guard(found) for found in capping if found["tripped"])


def said_guard(found: Mapping[str, Any]) -> str:
    """Return the name of a tripped guard, with the path that could not be read where that trips it."""
    name, path = str(found["name"]), found.get("unread")
    return say("{guard} (could not be read: {path})", guard=name, path=path) if path else name
