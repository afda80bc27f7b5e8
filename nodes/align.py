"""Align: takes the answers in sequence order, finds conflicts and decides the round."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from langgraph.runtime import Runtime

from nodes.border import (
    budget_from,
    plain_seat,
    plain_stop,
    plain_usage,
    replies_of,
    reply_from,
    seat_from,
    shown_contribution,
    spent_from,
    usage_from,
    wave_from,
)
from nodes.events import Body, answered, decided, recorded
from nodes.services import Services
from nodes.state import Node, State
from policies.budgets import Usage, add_usage
from policies.checks import find_flags
from policies.conflicts import find_conflicts
from policies.contract import Contribution
from policies.guards import examine
from policies.outcome import decide
from policies.routing import Step, next_step
from policies.seats import Reply, Seat, Settlement, casts_of, is_full, settle
from policies.stop import ESCALATED
from policies.table import DECISIONS
from policies.team import Team
from policies.vote import Vote, rounds_blocked

NODE = "align"
Update = dict[str, Any]


def build_align(team: Team, services: Services) -> Node:
    """Return the node for this team."""

    async def align(state: State, runtime: Runtime[Any]) -> Update:
        started = services.clock()
        replies = {role: reply_from(reply) for role, reply in replies_of(state).items()}
        settled = _settle(state, team, replies)
        update: Update = {
            "seats": [plain_seat(seat) for seat in settled.seats],
            "trace": [_accepted(state["round"], said) for said in settled.accepted],
            "pending": plain_stop(settled.stop, settled.raw),
        }
        happened = _answers(state, team, replies) + _absences(state, settled)
        if settled.stop is None and is_full(settled.seats):
            update, outcome = _with_outcome(update, state, team, settled.seats)
            happened += outcome
            runtime.stream_writer({"event": "round", **update["trace"][-1]})
        events = recorded(state, happened, services.now())
        return update | {"events": events, "usage": _usage(state, services.clock() - started)}

    return align


def route_after_align(state: State) -> Step:
    """Return the step the conflict and consensus policy prescribes."""
    return next_step(state.get("outcome"), state.get("pending"))


def _settle(state: State, team: Team, replies: Mapping[str, Reply]) -> Settlement:
    seats = [seat_from(seat) for seat in state["seats"]]
    wave = wave_from(state["wave"], spent_from(state))
    counts_absent = team.policy.on_absent == "count"
    return settle(seats, replies, wave, state["round"], team.max_repairs, counts_absent)


def _answers(state: State, team: Team, replies: Mapping[str, Reply]) -> list[Body]:
    """Return the events of the wave's answers, in the order in which they were asked for."""
    plain, events = replies_of(state), []
    for ask in state["wave"]["asks"]:
        role = ask["role"]
        where = {"round": state["round"], "role": role, "attempt": ask["attempt"]}
        if role in replies:
            events += answered(where, plain[role], replies[role], team.roles[role])
    return events


def _absences(state: State, settled: Settlement) -> list[Body]:
    before = {seat["role"] for seat in state["seats"] if seat["absent"]}
    left = [seat for seat in settled.seats if seat.absent and seat.role not in before]
    return [{"event": "absent", "round": state["round"], "role": seat.role, "reason": seat.absent} for seat in left]


def _with_outcome(update: Update, state: State, team: Team, seats: Sequence[Seat]) -> tuple[Update, list[Body]]:
    """Return the update with what the policy decided, and the events of it."""
    said = [seat.contribution for seat in seats if seat.contribution]
    conflicts = find_conflicts([each.stance for each in said])
    vote = _vote(state, team, seats)
    findings = examine(team.guards, state["case"]["facts"])
    ruling = decide(team.policy, vote, findings)
    entry = {
        "round": state["round"],
        "contributions": [shown_contribution(each) for each in said],
        "conflicts": conflicts,
        "decision": ruling.final if ruling.final in DECISIONS else None,
    }
    line = {"round": state["round"], "conflicts": conflicts, "decision": ruling.final}
    update = update | {"outcome": ruling.final, "history": [entry], "trace": [*update["trace"], line]}
    if ruling.final == "escalate":
        update["pending"] = plain_stop(ESCALATED)
    outcome = decided(vote, findings, ruling, {each.agent: each.confidence for each in said})
    flags = [flag for each in said for flag in find_flags(each, team.roles[each.agent], state["case"]["facts"])]
    named = [{"event": "conflict", "round": state["round"], "conflict": name} for name in conflicts]
    return update, [*named, {**outcome, "flags": flags}]


def _vote(state: State, team: Team, seats: Sequence[Seat]) -> Vote:
    limits = budget_from(state)
    earlier = [[said["stance"] for said in entry["contributions"]] for entry in state.get("history", [])]
    return Vote(
        casts=casts_of(seats),
        min_go_votes=limits.min_go_votes,
        round=state["round"],
        max_rounds=limits.max_rounds,
        rounds_blocked=rounds_blocked(earlier),
        weights=team.weights,
        vetoers=team.vetoers,
        confidences=tuple(seat.contribution.confidence for seat in seats if seat.contribution),
    )


def _accepted(round_number: int, said: Contribution) -> dict[str, Any]:
    kept = {key: value for key, value in asdict(said).items() if key in ("agent", "stance", "confidence")}
    return {"round": round_number, **kept, "accepted": True}


def _usage(state: State, seconds: float) -> dict[str, Any]:
    """Return the usage with the wave's calls added; roles answer in parallel, so the longest counts."""
    total = usage_from(state)
    used = [Usage(**reply["usage"]) for reply in replies_of(state).values()]
    for each in used:
        total = add_usage(total, each)
    longest = max((each.seconds for each in used), default=0.0)
    return plain_usage(add_usage(total, Usage(), longest + seconds))
