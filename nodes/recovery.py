"""Recovery: a run is brought back whose process died while calls were under way.

Those calls are charged, in calls, tokens and cost. The seats are asked again where that still fits; the answers there
are already stay. A recovery is a step of its own between two steps of the graph, with an event of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from langgraph.store.base import BaseStore

from nodes import align, convene, finalize
from nodes.border import (
    name_of,
    plain_spent,
    plain_stop,
    plain_usage,
    recoveries_from,
    replies_of,
    seat_from,
    spent_from,
)
from nodes.call import reservation_for
from nodes.closing import Update
from nodes.events import events_of, recorded
from nodes.journal import CallKey, calls_under_way, count_filled, read_call
from nodes.samples import is_due, newest_check
from nodes.stages import Stages
from nodes.state import State
from policies.run.budgets import grant, grant_longer, refuse_call
from policies.run.recovery import charge_lost, one_more, refuse_recovery
from policies.run.routing import is_over
from policies.run.seats import Seat, phase_at
from policies.run.stop import Stop
from policies.run.usage import Reservation, Usage, add_usage
from policies.team.team import Budget, Team

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a recovery writes into the state, as which node, and how many calls it charges."""

    update: Update
    as_node: str
    lost: int

    @property
    def reason(self) -> str | None:
        """Why the run ends instead, where it does."""
        pending = self.update.get("pending")
        return pending["reason"] if pending else None


@dataclass(frozen=True, slots=True)
class Dead:
    """What a process left that died: the thread, its state at the last step, and the replies that came since."""

    thread: str
    state: State
    replies: Mapping[str, Plain]
    limits: Budget

    @property
    def is_ending(self) -> bool:
        """Whether the team is done, a check of its decision included, and only the ending is left."""
        return is_over(self.state.get("outcome")) and not is_due(self.state)

    @property
    def open_asks(self) -> list[Plain]:
        """The asks of the wave that nobody has replied to."""
        asks: Sequence[Plain] = self.state.get("wave", {}).get("asks", [])
        replied = {**replies_of(self.state), **self.replies}
        return [ask for ask in asks if name_of(ask) not in replied]


async def recover(dead: Dead, team: Team, stages: Stages, store: BaseStore, now: str) -> Recovery | None:
    """Return the recovery of a thread; None where no call was under way that was not charged before."""
    state = dead.state
    lost = await _lost(store, dead)
    is_ending = dead.is_ending
    if not lost or not (is_ending or dead.open_asks):
        return None
    recoveries = one_more(recoveries_from(state), await count_filled(store, dead.thread))
    held = [Reservation(call["tokens"], call["cost_usd"]) for call in lost]
    usage = charge_lost(spent_from(state).usage, held)
    update: Update = {"recovered": asdict(recoveries), "usage": plain_usage(usage)}
    refused, set_back = refuse_recovery(dead.limits, recoveries), list[str]()
    if refused:
        update["pending"] = plain_stop(Stop(refused, _phase(dead, stages)))
    if not is_ending:
        kept = [] if refused else await _kept(dead, team, stages, store, usage)
        names = [name_of(ask) for ask in kept]
        set_back = [name for name in map(name_of, state["wave"]["asks"]) if name not in names]
        update |= _asked_anew(dead, kept)
    body = {"event": "recovered", "lost": lost, "set_back": set_back, **asdict(recoveries)}
    as_node = align.NODE if is_ending else convene.NODE
    return Recovery(recorded(state, update, [body], now), as_node, len(lost))


async def _lost(store: BaseStore, dead: Dead) -> list[Plain]:
    """Return the calls that were under way and are not charged yet: one that was has not been made again since."""
    charged = [call for event in events_of(dead.state, "recovered") for call in event["lost"]]
    return [call for call in await calls_under_way(store, dead.thread) if call not in charged]


def _phase(dead: Dead, stages: Stages) -> str:
    if dead.is_ending:
        return finalize.NODE
    first = _seat(dead, dead.open_asks[0])
    where = f"round_{dead.state['round']}:{first.name}"
    return where if is_due(dead.state) else phase_at(stages.where(dead.state), first)


def _asked_anew(dead: Dead, kept: Sequence[Plain]) -> Update:
    """Return the wave with the asks that are kept; the messages of the others are given back."""
    state, names = dead.state, [name_of(ask) for ask in kept]
    replies = {seat: reply for seat, reply in dead.replies.items() if seat in names}
    spent, asks = spent_from(state), state["wave"]["asks"]
    back = sum(ask["messages"] for ask in asks) - sum(ask["messages"] for ask in kept)
    wave = {**state["wave"], "asks": [*kept]}
    if is_due(state):  # whose messages are counted by its answers
        return {"wave": wave, **({"replies": replies} if replies else {})}
    update: Update = {"wave": wave, "spent": plain_spent(replace(spent, messages=spent.messages - back))}
    return update | ({"replies": replies} if replies else {})


async def _kept(dead: Dead, team: Team, stages: Stages, store: BaseStore, usage: Usage) -> list[Plain]:
    """Return the asks of the wave that were replied to, or may be made again with what is left of the budget."""
    asks, open_asks = dead.state["wave"]["asks"], dead.open_asks
    journaled = {name_of(ask): await read_call(store, _key(dead, ask)) for ask in open_asks}
    for reply in (*dead.replies.values(), *filter(None, journaled.values())):
        usage = add_usage(usage, Usage(**reply["usage"]))
    spent = replace(spent_from(dead.state), usage=usage)
    kept = {name_of(ask): ask for ask in asks if ask not in open_asks or journaled[name_of(ask)]}
    held: dict[str, Reservation] = {}
    for ask in (each for each in open_asks if name_of(each) not in kept):
        reservation = reservation_for(_seat(dead, ask), dead.state, team, stages)
        if refuse_call(dead.limits, spent, reservation) is None:
            held[name_of(ask)] = reservation
            spent = grant(spent, reservation)
    for ask in (each for each in open_asks if name_of(each) in held):
        more = grant_longer(dead.limits, spent, held[name_of(ask)])
        kept[name_of(ask)] = {**ask, "grows": more is not None}
        spent = more or spent
    return [kept[name] for name in map(name_of, asks) if name in kept]


def _seat(dead: Dead, ask: Plain) -> Seat:
    check = newest_check(dead.state) if is_due(dead.state) else None
    plain = check["seats"] if check else dead.state["seats"]
    return next(seat for seat in map(seat_from, plain) if seat.name == name_of(ask))


def _key(dead: Dead, ask: Plain) -> CallKey:
    state = dead.state
    return CallKey(dead.thread, state["case"]["revision"], state["round"], name_of(ask), ask["attempt"])
