"""Align: takes the answers in sequence order, finds conflicts and decides the round."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from langgraph.runtime import Runtime

from nodes.border import (
    budget_from,
    plain_contribution,
    plain_seat,
    plain_stop,
    plain_usage,
    replies_of,
    reply_from,
    seat_from,
    spent_from,
    usage_from,
    wave_from,
)
from nodes.services import Services
from nodes.state import Node, State
from policies.budgets import Usage, add_usage
from policies.conflicts import find_conflicts
from policies.contract import Contribution
from policies.outcome import DECISIONS, decide
from policies.routing import Step, next_step
from policies.seats import Seat, Settlement, is_full, settle
from policies.team import Team

NODE = "align"
Update = dict[str, Any]


def build_align(team: Team, services: Services) -> Node:
    """Return the node for this team."""

    async def align(state: State, runtime: Runtime[Any]) -> Update:
        started = services.clock()
        settled = _settle(state, team)
        update: Update = {
            "seats": [plain_seat(seat) for seat in settled.seats],
            "trace": [_accepted(state["round"], said) for said in settled.accepted],
            "pending": plain_stop(settled.stop, settled.raw),
        }
        if settled.stop is None and is_full(settled.seats):
            update = _with_outcome(update, state, settled.seats)
            runtime.stream_writer({"event": "round", **update["trace"][-1]})
        return update | {"usage": _usage(state, services.clock() - started)}

    return align


def route_after_align(state: State) -> Step:
    """Return the step the conflict and consensus policy prescribes."""
    return next_step(state.get("outcome"), state.get("pending"))


def _settle(state: State, team: Team) -> Settlement:
    replies = {role: reply_from(reply) for role, reply in replies_of(state).items()}
    seats = [seat_from(seat) for seat in state["seats"]]
    wave = wave_from(state["wave"], spent_from(state))
    return settle(seats, replies, wave, state["round"], team.max_repairs)


def _with_outcome(update: Update, state: State, seats: Sequence[Seat]) -> Update:
    said = [seat.contribution for seat in seats if seat.contribution]
    stances = [each.stance for each in said]
    conflicts = find_conflicts(stances)
    outcome = decide(stances, budget_from(state).min_go_votes)
    entry = {
        "round": state["round"],
        "contributions": [plain_contribution(each) for each in said],
        "conflicts": conflicts,
        "decision": outcome if outcome in DECISIONS else None,
    }
    line = {"round": state["round"], "conflicts": conflicts, "decision": outcome}
    return update | {"outcome": outcome, "history": [entry], "trace": [*update["trace"], line]}


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
