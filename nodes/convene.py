"""Convene: admits the case, opens rounds and asks the empty seats. The only writer of budgets."""

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from nodes.admission import Admission
from nodes.border import (
    budget_from,
    plain_seat,
    plain_spent,
    plain_stop,
    plain_usage,
    plain_wave,
    seat_from,
    spent_from,
)
from nodes.call import journal_of, reservation_of, thread_of
from nodes.events import Body, asked, joined, recorded
from nodes.prompting import role_prompt
from nodes.services import Services
from nodes.state import Node, State
from nodes.voices.voice import Prompt
from policies.budgets import Reservation, Usage, add_usage, refuse_round
from policies.routing import next_nodes
from policies.seats import Seat, Wave, open_seats, phase_of, plan_wave
from policies.stop import ESCALATED, Stop, is_resumable, stop_reason
from policies.table import DECISIONS
from policies.team import Team

NODE = "convene"
Update = dict[str, Any]


def build_convene(team: Team, services: Services) -> Node:
    """Return the node for this team."""
    admission = Admission(team, services)

    async def convene(state: State, runtime: Runtime[Any]) -> Update:
        reason = state.get("stop_reason")
        if reason and not is_resumable(reason):
            admission.refuse_another(state)
            return {}
        started = services.clock()
        admitted = await admission.admit(state, thread_of(runtime))
        if services.note_thread and admitted.get("happened"):  # it begins, or goes on after a stop
            goal = admitted["case"]["goal"]
            await services.note_thread(journal_of(runtime), thread_of(runtime), team.name, goal)
        happened: list[Body] = admitted.pop("happened", [])
        update: Update = {"stop_reason": None, "phase": None, "raw_contribution": None, **admitted}
        if services.halt.is_set and update["pending"] is None:
            update["pending"] = plain_stop(Stop(stop_reason("cancelled"), _phase(state)))
        update |= _rounds_on(_after(state, update), team)
        happened += _asked(_after(state, update), team)
        usage = add_usage(spent_from(state).usage, Usage(), services.clock() - started)
        return update | {"usage": plain_usage(usage), "events": recorded(state, happened, services.now())}

    return convene


def route_after_convene(state: State) -> list[str]:
    """Return the asked roles, or where the run goes without them."""
    asks = [ask["role"] for ask in state.get("wave", {}).get("asks", [])]
    return next_nodes(asks, state.get("outcome"), state.get("pending"), state.get("stop_reason"))


def _phase(state: State) -> str | None:
    """Return where a run stands that goes no further: at its first empty seat, or none between rounds."""
    empty = [seat.role for seat in map(seat_from, state.get("seats", [])) if not seat.is_settled]
    return phase_of(state["round"], empty[0]) if empty else None


def _after(state: State, update: Update) -> State:
    return State(**{**state, **update})  # type: ignore[typeddict-item]  # an update holds the state's own keys


def _rounds_on(state: State, team: Team) -> Update:
    """Return the round, its seats and the wave asked now; nothing is opened or asked under a pending stop."""
    if state.get("pending") or state.get("outcome") in DECISIONS:
        return _nobody(state)
    opened = _open_round(state, team)
    if opened.get("pending"):
        return opened | _nobody(state)
    return opened | _ask(_after(state, opened), team)


def _asked(state: State, team: Team) -> list[Body]:
    asks = state["wave"]["asks"]
    return [asked(state["round"], ask["role"], ask["attempt"], team.roles[ask["role"]], ask["repair"]) for ask in asks]


def _nobody(state: State) -> Update:
    return {"wave": plain_wave(Wave((), None, spent_from(state)), _wave_number(state))}


def _open_round(state: State, team: Team) -> Update:
    if state.get("round") and state.get("outcome") is None:
        return {} if state["seats"] else {"seats": _empty(state, team)}
    spent = spent_from(state)
    reason = refuse_round(budget_from(state), spent)
    if reason and state.get("outcome") == "escalate":  # nobody has decided yet, and no round is left to talk
        return {"pending": plain_stop(ESCALATED)}
    if reason:
        return {"pending": plain_stop(Stop(reason))}
    spent = replace(spent, rounds=spent.rounds + 1)
    return {
        "round": state.get("round", 0) + 1,
        "seats": _empty(state, team),
        "outcome": None,
        "spent": plain_spent(spent),
    }


def _empty(state: State, team: Team) -> list[dict[str, Any]]:
    return [plain_seat(seat) for seat in open_seats([*team.sequence, *joined(state, team.joining)])]


def _ask(state: State, team: Team) -> Update:
    seats = [seat_from(seat) for seat in state["seats"]]
    budget = budget_from(state)
    reservations = _reservations(state, team, seats)
    spent = spent_from(state)
    wave = plan_wave(seats, state["round"], team.access, budget, spent, team.max_repairs, reservations)
    return {"wave": plain_wave(wave, _wave_number(state)), "spent": plain_spent(wave.spent)}


def _reservations(state: State, team: Team, seats: list[Seat]) -> dict[str, Reservation]:
    budget = budget_from(state)
    if budget.max_tokens is None and budget.max_cost_usd is None:
        return {}
    empty = [seat for seat in seats if not seat.is_settled]
    return {seat.role: reservation_of(team.roles[seat.role], _prompt(state, team, seat), team) for seat in empty}


def _prompt(state: State, team: Team, seat: Seat) -> Prompt:
    return role_prompt(team, seat.role, state, seat.refusal.reason if seat.refusal else None)


def _wave_number(state: State) -> int:
    number: int = state.get("wave", {}).get("number", 0)
    return number + 1
