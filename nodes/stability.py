"""Stability: the last round asked again before its decision is announced, and what comes of how often it flips.

A check is asked as rounds are: convene grants its seats, the roles answer, align takes the answers. It leaves no entry
in the history, and its messages are its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from nodes.border import (
    budget_from,
    name_of,
    named,
    plain_seat,
    plain_stop,
    plain_wave,
    replies_of,
    reply_from,
    seat_from,
    spent_from,
    wave_from,
)
from nodes.call import reservation_for
from nodes.closing import Closing, Update, closed_of, count_round, within
from nodes.events import Body, accepted_as, said_by
from nodes.grounding import read_facts
from nodes.samples import before_decision, decided_in, newest_check, sample_of, seat_named
from nodes.stages import Stages
from nodes.state import State
from policies.contracts.answers import Accepted, Refusal
from policies.decision.stability import Sample, Weighed, said_flips, weigh
from policies.run.budgets import Spent
from policies.run.seats import Reply, Seat, is_full
from policies.run.stop import ESCALATED, Stop, stop_reason
from policies.run.usage import Reservation
from policies.run.waves import Settlement, plan_wave, settle
from policies.team.stability import Stability
from policies.team.team import Budget, Role, Team

Plain = dict[str, Any]


class StabilityCheck:
    """The stability checks of one team."""

    def __init__(self, team: Team, stages: Stages) -> None:
        self._team, self._stages = team, stages

    @property
    def _rules(self) -> Stability:
        assert self._team.stability is not None, "nothing is checked without it"
        return self._team.stability

    # --- what convene asks -------------------------------------------------------------------------------------------

    def opens(self, state: State) -> Update:
        """Return the check with its seats, a new one where none is under way, and the wave that is asked now."""
        check = newest_check(state)
        if check is None or check["acts"] is not None:
            check = self._opened(state, check)
        now = State(**{**state, "stability": check})
        number = state.get("wave", {}).get("number", 0) + 1
        return {"stability": check, "wave": self._wave(now, check, number)}

    def _opened(self, state: State, before: Mapping[str, Any] | None) -> Plain:
        roles = [role for role in decided_in(state)["casts"] if role in self._team.asked_again]
        samples = range(1, self._rules.samples + 1)
        seats = [Seat(role, label=seat_named(role, sample)) for sample in samples for role in roles]
        number = before["number"] + 1 if before else 1
        return {"round": state["round"], "number": number, "seats": [*map(plain_seat, seats)], "acts": None}

    def _wave(self, state: State, check: Plain, number: int) -> Plain:
        seats = [*map(seat_from, check["seats"])]
        budget, spent = self.means(state, budget_from(state))
        held = self._reservations(state, budget, seats)
        wave = plan_wave(seats, _where(state), self._team.access, budget, spent, 0, held)
        asks = tuple(replace(ask, attempt=check["number"]) for ask in wave.asks)
        return plain_wave(replace(wave, asks=asks), number)

    def means(self, state: Mapping[str, Any], budget: Budget) -> tuple[Budget, Spent]:
        """Return the limits of a check and what counts against them: messages are its own, all else is the run's.

        A seat that was cut off is asked by the same message, so those that hold something are what is spent.
        """
        check = newest_check(state) or {"seats": []}
        asked = sum(seat_from(seat).is_settled for seat in check["seats"])
        limits = budget.model_copy(update={"max_messages": self._rules.max_messages})
        return limits, replace(spent_from(state), messages=asked)

    def _reservations(self, state: State, budget: Budget, seats: Sequence[Seat]) -> dict[str, Reservation]:
        if budget.max_tokens is None and budget.max_cost_usd is None:
            return {}
        empty = [seat for seat in seats if not seat.is_settled]
        return {seat.name: reservation_for(seat, state, self._team, self._stages) for seat in empty}

    def asked(self, before: State, state: State) -> list[Body]:
        """Return the event of a check that begins now; one that was cut off continues without."""
        check, last = state.get("stability"), before.get("stability")
        if check is None or (last is not None and _is_same(last, check)):
            return []
        roles = dict.fromkeys(seat["role"] for seat in check["seats"])
        told = {"samples": self._rules.samples, "asked": [*roles], "kept": self._kept(state)}
        return [{"event": "sampling", "round": check["round"], "attempt": check["number"], **told}]

    def _kept(self, state: State) -> list[str]:
        """Return the roles of the round whose stance is kept: nobody asks people twice."""
        return [role for role in decided_in(state)["casts"] if role not in self._team.asked_again]

    # --- what align makes of the answers -----------------------------------------------------------------------------

    async def takes(self, state: State) -> Closing:
        """Return what the answers of a wave make of the check, and of the decision once all of them are there."""
        check, replies = newest_check(state) or {}, {seat: reply_from(each) for seat, each in replies_of(state).items()}
        settled = self._settled(state, check, replies)
        now = {**check, "seats": [*map(plain_seat, settled.seats)]}
        events = self._answers(state, replies)
        if settled.stop is not None:
            stop = replace(settled.stop, phase=_phase(state, settled.stop))
            return Closing({"stability": now, "pending": plain_stop(stop, settled.raw, settled.cause)}, events)
        if not is_full(settled.seats):
            return Closing({"stability": now}, events)
        await read_facts(state, self._team)
        closing = self._closed(state, now, settled.seats)
        return replace(closing, events=[*events, *closing.events])

    def _settled(self, state: State, check: Plain, replies: Mapping[str, Reply]) -> Settlement:
        seats = [*map(seat_from, check["seats"])]
        wave = wave_from(state["wave"], spent_from(state))
        return settle(seats, replies, wave, _where(state), max_repairs=0, counts_absent=True)

    def _answers(self, state: State, replies: Mapping[str, Reply]) -> list[Body]:
        """Return the event of each answer, in the order in which they were asked for."""
        plain, events = replies_of(state), []
        for ask in state["wave"]["asks"]:
            role, seat = ask["role"], name_of(ask)
            if seat in replies:
                where = {"round": state["round"], "role": role, "attempt": ask["attempt"], **named(ask)}
                told = _told(plain[seat], replies[seat], self._team.roles[role])
                events.append({"event": "sampled", **where, "sample": sample_of(seat)[1], **told})
        return events

    def _closed(self, state: State, check: Plain, seats: Sequence[Seat]) -> Closing:
        """Return what a check leads to whose seats are all answered, or failed for good."""
        outcome, kept, numbers = decided_in(state), self._kept(state), _completed(seats, self._rules.samples)
        before = before_decision(state)
        counts = [self._counted(before, state, seats, number) for number in numbers]
        samples = [Sample(each.vote.casts, each.vote.confidences, each.vote.marks) for each, _ in counts]
        found = weigh(outcome["final"], [each.ruling.final for each, _ in counts], self._rules)
        final = outcome["final"] if found.acts == "announce" else found.acts
        told = {
            **{"samples": self._rules.samples, "completed": len(samples), "flips": found.flips, "rate": found.rate},
            **{"low": found.low, "high": found.high, "max_flip_rate": self._rules.max_flip_rate},
            **{"announced": outcome["final"], "outcomes": [*found.outcomes], "kept": kept, "numbers": numbers},
            **_plain_samples(samples),
            **{"acts": found.acts, "final": final},
        }
        event = {"event": "stability", "round": state["round"], "attempt": check["number"], **told}
        done = {**check, "seats": [], "acts": found.acts}
        return Closing({"stability": done, **self._leads_to(state, found)}, [event], event)

    def _counted(self, before: State, state: State, seats: Sequence[Seat], number: int) -> Any:
        """Return the vote and the ruling of one sample, at the very place of the last round."""
        given = {seat.role: seat for seat in seats if sample_of(seat.name)[1] == number}
        then = {each["role"]: replace(seat_from(each), label=None) for each in state["seats"]}
        table = [replace(given.get(role, then[role]), label=None) for role in decided_in(state)["casts"]]
        log = [*self._stages.asked_before(state), closed_of(f"round_{state['round']}", table)]
        return count_round(before, table, log, self._team)

    def _leads_to(self, state: State, found: Weighed) -> Update:
        if found.acts == "announce":
            return {}
        if found.acts == "escalate":
            stop = within(state, ESCALATED)
            return {"outcome": "escalate", **({"pending": plain_stop(stop)} if stop else {})}
        told = said_flips(found.flips, len(found.outcomes), self._rules.samples, self._rules.max_flip_rate)
        return {"pending": plain_stop(Stop(stop_reason("unstable_decision"), _where(state)), cause=told)}


def opened_again(state: Mapping[str, Any]) -> Body:
    """Return, as it is shown live, that the last round is asked again: whom, and how many times."""
    check, seats = newest_check(state) or {"seats": []}, []
    seats = [{"role": seat["role"], **named(seat)} for seat in check["seats"] if not seat_from(seat).is_settled]
    samples = max((sample_of(seat["seat"])[1] for seat in seats), default=0)
    return {"event": "opened", "round": state["round"], "seats": seats, "samples": samples}


def _plain_samples(samples: Sequence[Sample]) -> Plain:
    """Return the completed samples as their event has them: {casts, confidences, marks}, each a list."""
    return {
        "casts": [dict(each.casts) for each in samples],
        "confidences": [[*each.confidences] for each in samples],
        "marks": [asdict(each.marks) for each in samples],
    }


def _where(state: Mapping[str, Any]) -> str:
    return f"round_{state['round']}"


def _phase(state: Mapping[str, Any], stop: Stop) -> str:
    """Return where a check stopped: at a seat of its round."""
    return f"{_where(state)}:{(stop.phase or '').partition(':')[0]}"


def _is_same(before: Mapping[str, Any], check: Mapping[str, Any]) -> bool:
    return all(before[key] == check[key] for key in ("round", "number"))


def _completed(seats: Sequence[Seat], samples: int) -> list[int]:
    """Return the numbers of the samples in which every seat is filled."""
    lacking = {sample_of(seat.name)[1] for seat in seats if seat.accepted is None}
    return [number for number in range(1, samples + 1) if number not in lacking]


def _told(plain: Mapping[str, Any], reply: Reply, speaker: Role) -> Body:
    """Return what a seat of a sample gave: a contribution, what it broke, or why there is none."""
    said = said_by(speaker, plain)
    if isinstance(reply, Accepted):
        return {**said, **accepted_as(reply)}
    if isinstance(reply, Refusal):
        more = {key: value for key in ("check", "because") if (value := getattr(reply, key))}
        return {**said, "rule": reply.reason, "raw": reply.raw, **more}
    return {**said, "reason": reply.reason, **({"cause": plain["cause"]} if plain.get("cause") else {})}
