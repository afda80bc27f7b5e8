"""Convene: admits the case, opens rounds and asks the empty seats. The only writer of budgets."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from langgraph.runtime import Runtime

from nodes.admission import Admission
from nodes.asking import Asking, asked_event, of_seat, plain_questions, questions_of, waiting_of
from nodes.border import (
    budget_from,
    granted,
    name_of,
    named,
    plain_seat,
    plain_spent,
    plain_stop,
    plain_usage,
    plain_wave,
    recoveries_from,
    replies_of,
    seat_from,
    spent_from,
    unused_messages,
)
from nodes.call import journal_of, reservation_for, scope_of, served_tenant, thread_of
from nodes.closing import Update
from nodes.events import Body, asked, recorded
from nodes.mail import hear_all, with_inboxes
from nodes.samples import is_due
from nodes.services import Services
from nodes.stability import StabilityCheck, opened_again
from nodes.stages import Stages
from nodes.state import Node, State
from policies.access.owners import tenant_of
from policies.run.budgets import raised, reserve_team
from policies.run.recovery import refuse_recovery
from policies.run.routing import is_over, next_nodes
from policies.run.seats import Seat, forgive, phase_at
from policies.run.stop import Stop, stop_reason
from policies.run.usage import Reservation, Usage, add_usage
from policies.run.waves import Wave, first_asked, plan_wave
from policies.team.team import Budget, Team

NODE = "convene"

Heard = tuple[list[dict[str, Any]], list[Body]]
"""Messages from outside to post, and the events of what was said."""

Hears = Callable[[State, int], Awaitable[Heard]]


def build_convene(team: Team, services: Services, stages: Stages) -> Node:
    """Return the node for this team."""
    admission, asking, check = Admission(team, services), Asking(team), StabilityCheck(team, stages)

    async def convene(state: State, runtime: Runtime[Any]) -> Update:
        reason = state.get("stop_reason")
        if reason and not Stop.parse(reason).rule.is_resumable:
            admission.refuse_another(state)
            return {}
        started = services.clock()
        admitted = await admission.admit(state, thread_of(runtime), served_tenant(runtime))
        is_begun = admitted.get("happened") and not scope_of(runtime)
        if services.note_thread and is_begun:  # it begins, or is resumed after a stop
            goal, tenant = admitted["case"]["goal"], tenant_of(admitted["case"])
            await services.note_thread(journal_of(runtime), thread_of(runtime), team.name, goal, tenant)
        happened: list[Body] = admitted.pop("happened", [])
        update: Update = {"stop_reason": None, "phase": None, "raw_contribution": None, **admitted}
        if reason:
            update |= _forgiven(state) | update | stages.forgives(state)
        if reason and update["pending"] is None:
            update["pending"] = _exhausted(state, update, reason)
        if update["pending"] is None:
            update["pending"] = await _halted(state, services, runtime, stages)
        update |= _returned(state)
        now, hears = services.now(), partial(_heard, team, services, runtime)
        update |= _supplied(_after(state, update), asking, now)
        update |= await _goes_on(_after(state, update), team, stages, check, hears)
        update |= _from_people(_after(state, update), team, asking, now)
        happened += [*update.pop("heard", []), *_asked(state, _after(state, update), team, check)]
        if update.get("wave", {}).get("asks"):
            runtime.stream_writer(_opened(_after(state, update), stages))
        usage = add_usage(spent_from(state).usage, Usage(), services.clock() - started)
        return recorded(state, update | {"usage": plain_usage(usage)}, happened, now)

    return convene


def route_after_convene(state: State) -> list[str]:
    """Return the asked roles, or where the run goes without them."""
    replied = replies_of(state)  # after a recovery some have replied already
    open_asks = (ask for ask in state.get("wave", {}).get("asks", []) if name_of(ask) not in replied)
    asks = dict.fromkeys(ask["role"] for ask in open_asks)
    outcome, waits = state.get("outcome"), bool(waiting_of(state))
    return next_nodes([*asks], outcome, state.get("pending"), state.get("stop_reason"), waits, is_due(state))


async def _halted(state: State, services: Services, runtime: Runtime[Any], stages: Stages) -> Any:
    """Return the stop of a run that nothing may be asked for now, with who wants that and why; None where it may."""
    cut = await services.cut(journal_of(runtime), thread_of(runtime))
    if cut is None:
        return None
    cause = cut.stoppage.told() if cut.stoppage else None
    return plain_stop(Stop(stop_reason("cancelled"), _phase(state, stages)), cause=cause)


def _phase(state: State, stages: Stages) -> str | None:
    """Return where a run stops: at its first empty seat, or nowhere between rounds."""
    empty = [seat for seat in map(seat_from, state.get("seats", [])) if not seat.is_settled]
    return phase_at(stages.where(state), empty[0]) if empty else None


def _exhausted(state: State, update: Update, reason: str) -> Any:
    """Return the stop of a run that was brought back too often, and whose limit was not raised since."""
    if reason != stop_reason("recovery_exhausted"):
        return None
    limits = Budget(**update.get("limits", state["limits"]))
    refused = refuse_recovery(limits, recoveries_from(state))
    return plain_stop(Stop(refused, state.get("phase"))) if refused else None


def _after(state: State, update: Update) -> State:
    return State(**{**state, **update})  # type: ignore[typeddict-item]  # an update holds the state's own keys


def _forgiven(state: State) -> Update:
    """Return the seats with their repairs anew, where a contract was broken too often."""
    seats = [seat_from(seat) for seat in state.get("seats", [])]
    after = forgive(seats)
    return {"seats": [plain_seat(seat) for seat in after]} if after != tuple(seats) else {}


def _returned(state: State) -> Update:
    """Return the messages that teams were granted in the last wave and did not use, as spent no more."""
    return {"spent": granted(state)} if unused_messages(state) else {}


async def _goes_on(state: State, team: Team, stages: Stages, check: StabilityCheck, hears: Hears) -> Update:
    """Return the round or stage, its seats and the wave asked now; nothing is opened or asked under a pending stop.

    A wave in which people still fill seats stays as it is, so that what they have answered counts.
    """
    if _has_people_in_wave(state):
        return {}
    if state.get("pending") or waiting_of(state):
        return _nobody(state)
    if is_over(state.get("outcome")):
        return check.opens(state) if is_due(state) else _nobody(state)
    opened = stages.opens(state)
    if opened.get("pending") or is_over(opened.get("outcome")):
        return opened | _nobody(state)
    if not opened.get("seats"):
        return opened | _ask(_after(state, opened), team, stages)
    new, heard = await hears(state, opened["round"])
    told = _after(state, {"messages": [*state.get("messages", []), *new]}) if new else state
    seats = with_inboxes(told, team, [seat_from(seat) for seat in opened["seats"]])
    opened["seats"] = [plain_seat(seat) for seat in seats]
    posted = {"messages": new} if new else {}
    return opened | posted | {"heard": heard} | _ask(_after(told, opened), team, stages)


def _has_people_in_wave(state: State) -> bool:
    seats = [each for each in waiting_of(state) if each.kind == "contribute"]
    return any(each.wave == state["wave"]["number"] for each in seats)


async def _heard(team: Team, services: Services, runtime: Runtime[Any], state: State, number: int) -> Heard:
    """Return what was said from outside since a round or stage was last opened; only the thread's own team hears it."""
    if team.messages is None or scope_of(runtime):
        return [], []
    said = await services.listen(journal_of(runtime), thread_of(runtime), number)
    return hear_all(state, team, said, number)


def _supplied(state: State, asking: Asking, now: str) -> Update:
    """Return the question for a missing fact, in place of the stop, where somebody is named to supply it."""
    stop = Stop.find((state.get("pending") or {}).get("reason"))
    others = [each for each in questions_of(state) if each.kind != "supply"]
    if stop is None or stop.rule.needs != "facts" or stop.kind != "needs_input":
        return {"questions": plain_questions(others)} if len(others) < len(questions_of(state)) else {}
    if any(each.path == stop.detail for each in waiting_of(state)):  # it waits on as it was asked, until when it was
        return {"pending": None}
    asked = asking.to_supply(state, stop.detail, (state["pending"] or {})["cause"], now)
    return {} if asked is None else {"questions": plain_questions([asked]), "pending": None}


def _from_people(state: State, team: Team, asking: Asking, now: str) -> Update:
    """Return the questions that the seats of people are, or those that wait, with what may be answered now."""
    if waiting_of(state):  # those that are answered have had no effect yet
        return {"questions": plain_questions(map(partial(asking.renewed, state), questions_of(state)))}
    asks = [ask for ask in state["wave"]["asks"] if ask["role"] in team.human_roles]
    if not asks:
        return {"questions": []} if state.get("questions") else {}
    return {"questions": plain_questions(asking.to_contribute(state, ask, now) for ask in asks)}


def _asked(before: State, state: State, team: Team, check: StabilityCheck) -> list[Body]:
    """Return the events of who is asked now: seats, and people who are asked something else."""
    if is_due(state):
        return check.asked(before, state)
    questions = {each.seat: each for each in waiting_of(state)}
    events = []
    new = state["wave"] if state["wave"] != before.get("wave") else {"asks": []}
    for ask in new["asks"]:
        event = asked(state["round"], ask["role"], ask["attempt"], team.roles[ask["role"]], ask["repair"])
        question = questions.get(name_of(ask))
        events.append(event | named(ask) | (of_seat(question) if question else {}))
    known = [each.id for each in questions_of(before)]
    return [*events, *(asked_event(each) for each in waiting_of(state) if each.seat is None and each.id not in known)]


def _opened(state: State, stages: Stages) -> Body:
    """Return, as it is shown live, which seats are open now: those asked, and those that are asked later."""
    if is_due(state):
        return opened_again(state)
    empty = [seat for seat in state["seats"] if not seat_from(seat).is_settled]
    seats = [{"role": seat["role"], **named(seat)} for seat in empty]
    return {"event": "opened", "round": state["round"], **stages.place(state), "seats": seats}


def _nobody(state: State) -> Update:
    return {"wave": plain_wave(Wave((), None, spent_from(state)), _wave_number(state))}


def _ask(state: State, team: Team, stages: Stages) -> Update:
    seats = [seat_from(seat) for seat in state["seats"]]
    budget, spent = budget_from(state), spent_from(state)
    reservations = _reservations(state, team, stages, seats)
    where = stages.where(state)
    first = first_asked(seats, team.human_roles)
    wave = plan_wave(first, where, team.access, budget, spent, team.max_repairs, reservations)
    return {"wave": plain_wave(wave, _wave_number(state)), "spent": plain_spent(wave.spent)}


def _reservations(state: State, team: Team, stages: Stages, seats: list[Seat]) -> dict[str, Reservation]:
    budget, spent = budget_from(state), spent_from(state)
    empty = [seat for seat in seats if not seat.is_settled]
    inner = {seat.name: team.roles[seat.role].team for seat in empty}
    alone = sum(each is None for each in inner.values())
    beside = replace(spent, messages=spent.messages + alone)  # a team leaves a message to each role asked with it
    held = {
        seat.name: reserve_team(raised(each.budget, team.budget, budget), seat.charged, budget, beside)
        for seat in empty
        if (each := inner[seat.name]) is not None
    }
    if budget.max_tokens is None and budget.max_cost_usd is None:
        return held
    asked_now = [seat for seat in empty if seat.name not in held and team.access.admits(seat.role)]
    return held | {seat.name: reservation_for(seat, state, team, stages) for seat in asked_now}


def _wave_number(state: State) -> int:
    number: int = state.get("wave", {}).get("number", 0)
    return number + 1
