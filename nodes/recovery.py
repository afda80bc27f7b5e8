"""Recovery: what a process left under way when it ended is charged before anybody is asked again.

Calls that were made are paid for, whether or not their answers came: each counts as reserved, in calls, tokens and
cost. It is no message and no time at work, so that no kill changes what a team decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from langgraph.store.base import BaseStore

from nodes.border import (
    budget_from,
    name_of,
    plain_spent,
    plain_stop,
    plain_usage,
    plain_wave,
    replies_of,
    seat_from,
    spent_from,
)
from nodes.call import reservation_of
from nodes.events import Body, fruitless_recoveries
from nodes.journal import CallKey, read_call
from nodes.pattern import Pattern, Update
from nodes.state import State
from policies.budgets import Reservation, Spent, Usage, add_usage, refuse_tokens
from policies.routing import is_over
from policies.seats import Wave, phase_at, repair_of
from policies.stop import Stop, stop_reason
from policies.team import Team

FINALIZE = "finalize"
BRIEF = "brief"


@dataclass(frozen=True, slots=True)
class _Lost:
    """A seat, or the brief, that was asked and has no answer: where, and what was reserved; nothing without a model."""

    seat: str
    phase: str
    reserved: Reservation

    @property
    def usage(self) -> Usage:
        return Usage(1 if self.reserved.tokens else 0, self.reserved.tokens, 0, self.reserved.cost_usd)


def is_under_way(state: Mapping[str, Any]) -> bool:
    """Tell whether somebody was asked, or the brief is to be written, and no answer was taken yet."""
    if not state.get("case") or state.get("stop_reason") or state.get("pending"):
        return False
    return is_over(state.get("outcome")) or bool(_open_asks(state))


def _open_asks(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    replies = replies_of(state)
    return [ask for ask in state.get("wave", {}).get("asks", []) if name_of(ask) not in replies]


async def recover(
    state: State, team: Team, pattern: Pattern, store: BaseStore, where: tuple[str, str]
) -> tuple[Update, Body] | None:
    """Return what a recovery writes, and its event; None where nothing was under way.

    `where` is the thread, and the scope of a team that answers for a role. The run stops where so many recoveries
    brought no answer as its budget allows, or where what was lost leaves too little to ask again.
    """
    if not is_under_way(state):
        return None
    lost = await _lost(state, team, pattern, store, where)
    spent = spent_from(state)
    for each in lost:
        spent = replace(spent, usage=add_usage(spent.usage, each.usage))
    update: Update = {"usage": plain_usage(spent.usage)}
    reason = _refused(state, lost, spent)
    told = [{"seat": each.seat, "calls": each.usage.calls, "tokens": each.usage.tokens} for each in lost]
    body: Body = {"event": "recovered", "round": state["round"], "lost": told}
    if reason is None:
        return update, body
    stop = Stop(reason, lost[0].phase if lost else None)
    return update | _stopped(state, stop, spent), {**body, "stopped": reason}


def _refused(state: State, lost: list[_Lost], spent: Spent) -> str | None:
    """Return the reason for which nobody is asked again, or None."""
    limits = budget_from(state)
    if fruitless_recoveries(state) + 1 >= limits.max_recoveries:
        return stop_reason("recovery_exhausted")
    again = Reservation(
        sum(each.reserved.tokens for each in lost), round(sum(each.reserved.cost_usd for each in lost), 9)
    )
    return refuse_tokens(limits, spent, again)


def _stopped(state: State, stop: Stop, spent: Spent) -> Update:
    """Return the wave taken back: whoever resumes the run asks its seats again, for messages of their own."""
    asks = [] if is_over(state.get("outcome")) else _open_asks(state)
    spent = replace(spent, messages=spent.messages - sum(ask["messages"] for ask in asks))
    wave = plain_wave(Wave((), None, spent), state["wave"]["number"] + 1)
    return {"pending": plain_stop(stop), "wave": wave, "spent": plain_spent(spent)}


async def _lost(state: State, team: Team, pattern: Pattern, store: BaseStore, where: tuple[str, str]) -> list[_Lost]:
    thread, scope = where

    async def is_answered(seat: str, attempt: int) -> bool:
        key = CallKey(thread, state["case"]["revision"], state["round"], seat, attempt, scope)
        return await read_call(store, key) is not None

    if is_over(state.get("outcome")):
        ending = pattern.ending(state)
        if ending.text is not None or await is_answered(BRIEF, 1):
            return []
        return [_Lost(BRIEF, FINALIZE, reservation_of(team.brief, ending.prompt, team))]
    names = [name_of(ask) for ask in _open_asks(state) if not await is_answered(name_of(ask), ask["attempt"])]
    return [_asked(state, team, pattern, name) for name in names]


def _asked(state: State, team: Team, pattern: Pattern, name: str) -> _Lost:
    """Return a seat whose answer is missing; a team that answers for a role charges what it lost itself."""
    seat = next(each for each in map(seat_from, state["seats"]) if each.name == name)
    role, phase = team.roles[seat.role], phase_at(pattern.where(state), seat)
    if role.team is not None:
        return _Lost(name, phase, Reservation())
    prompt = pattern.question(state, name, repair_of(seat)).prompt
    return _Lost(name, phase, reservation_of(role, prompt, team))
