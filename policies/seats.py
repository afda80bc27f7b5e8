"""Seats of a round: who is asked next, and what the answers make of the round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from policies.access import Access, find_denial
from policies.budgets import Reservation, Spent, grant, refuse_message
from policies.contract import Contribution, Refusal
from policies.stop import Stop, is_resumable
from policies.team import Budget
from policies.vote import Cast


@dataclass(frozen=True, slots=True)
class Seat:
    """One role's place in a round: filled once it holds a contribution; `refusals` counts what it broke before.

    `absent` is the reason why it stays without one in this round, where the policy counts absences.
    """

    role: str
    contribution: Contribution | None = None
    refusals: int = 0
    refusal: Refusal | None = None
    absent: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the seat is not asked any more in its round: it is filled or absent."""
        return self.contribution is not None or self.absent is not None


@dataclass(frozen=True, slots=True)
class Ask:
    """One message granted: `attempt` counts from 1 in the seat; `repair` names the check that failed before."""

    role: str
    attempt: int
    repair: str | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """Whom convene asks at once, why the next one is not asked (if so), and what counts as spent after it."""

    asks: tuple[Ask, ...]
    blocked: Stop | None
    spent: Spent


@dataclass(frozen=True, slots=True)
class Failure:
    """A role that gave no proposal: the stop reason says why."""

    reason: str


Reply = Contribution | Refusal | Failure


@dataclass(frozen=True, slots=True)
class Settlement:
    """The seats after a wave, the contributions newly accepted in sequence order, and the stop, if any."""

    seats: tuple[Seat, ...]
    accepted: tuple[Contribution, ...]
    stop: Stop | None
    raw: object = None


def open_seats(sequence: Sequence[str]) -> tuple[Seat, ...]:
    """Return the empty seats of a new round, one for each role of the sequence."""
    return tuple(Seat(role) for role in sequence)


def is_full(seats: Sequence[Seat]) -> bool:
    """Tell whether every seat is filled or absent.

    >>> is_full(open_seats(["risk"]))
    False
    """
    return all(seat.is_settled for seat in seats)


def casts_of(seats: Sequence[Seat]) -> dict[str, Cast]:
    """Return what each seat casts: its stance, or `absent`.

    >>> casts_of([Seat("risk", absent="llm_timeout")])
    {'risk': 'absent'}
    """
    return {seat.role: seat.contribution.stance if seat.contribution else "absent" for seat in seats}


def phase_of(round_number: int, role: str) -> str:
    """Return the phase of a role in a round.

    >>> phase_of(2, "risk")
    'round_2:risk'
    """
    return f"round_{round_number}:{role}"


def plan_wave(
    seats: Sequence[Seat],
    round_number: int,
    access: Access,
    budget: Budget,
    spent: Spent,
    max_repairs: int,
    reservations: Mapping[str, Reservation],
) -> Wave:
    """Return whom to ask now: every empty seat in sequence order while one more message fits.

    Nothing is asked at or after the first role that is denied or that the budget forbids. A seat without repairs left
    is not asked again.
    """
    asks: list[Ask] = []
    for seat in seats:
        if seat.is_settled:
            continue
        reservation = reservations.get(seat.role, Reservation())
        reason = find_denial(seat.role, access) or (
            None if is_exhausted(seat, max_repairs) else refuse_message(budget, spent, reservation)
        )
        if reason:
            return Wave(tuple(asks), Stop(reason, phase_of(round_number, seat.role)), spent)
        if not is_exhausted(seat, max_repairs):
            asks.append(Ask(seat.role, seat.refusals + 1, seat.refusal.reason if seat.refusal else None))
            spent = grant(spent, reservation)
    return Wave(tuple(asks), None, spent)


def is_exhausted(seat: Seat, max_repairs: int) -> bool:
    """Tell whether the seat broke the contract more often than repairs allow.

    >>> is_exhausted(Seat("risk", refusals=1), max_repairs=1)
    False
    """
    return seat.refusals > max_repairs


def settle(
    seats: Sequence[Seat],
    replies: Mapping[str, Reply],
    wave: Wave,
    round_number: int,
    max_repairs: int,
    counts_absent: bool = False,
) -> Settlement:
    """Return what the replies make of the seats, taken in sequence order, so that timing cannot matter.

    The first seat that fails for good gives the stop. After a contract stop nothing more is accepted; after a
    resumable stop the other answers are kept, so that they are never asked for again. A reservation that did not fit
    beside those of the seats asked counts only in a wave that asks nobody: theirs are settled by then. With
    `counts_absent` a seat whose failure allows it is absent, and ends nothing.
    """
    is_reservation = wave.blocked is not None and wave.blocked.reason in ("max_tokens", "max_cost")
    blocked = None if wave.asks and is_reservation else wave.blocked
    after: list[Seat] = []
    accepted: list[Contribution] = []
    stop: Stop | None = None
    raw: object = None
    for seat in seats:
        reply, phase = replies.get(seat.role), phase_of(round_number, seat.role)
        closed = stop is not None and not is_resumable(stop.reason)
        now = seat if closed else _filled(seat, reply)
        if now.contribution is not None and seat.contribution is None:
            accepted.append(now.contribution)
        failure = _failure_of(now, reply, blocked, phase, max_repairs)
        if failure and counts_absent and may_be_absent(failure[0]):
            now = replace(now, absent=failure[0])
        elif failure and stop is None:
            reason, raw = failure
            stop = Stop(reason, phase)
        after.append(now)
    return Settlement(tuple(after), tuple(accepted), stop, raw)


def may_be_absent(reason: str) -> bool:
    """Tell whether a seat that failed so may count as absent: a denial, a budget and `llm_auth` always stop.

    >>> may_be_absent("llm_error:503"), may_be_absent("llm_error:400"), may_be_absent("invalid_contribution:stance")
    (True, False, True)
    """
    kind, _, detail = reason.partition(":")
    if kind == "llm_error":
        return detail.startswith("5") and len(detail) == 3
    return kind in ("invalid_contribution", "llm_timeout", "llm_rate_limited", "llm_empty")


def _filled(seat: Seat, reply: Reply | None) -> Seat:
    if seat.contribution is None and isinstance(reply, Contribution):
        return replace(seat, contribution=reply, refusal=None)
    if seat.contribution is None and isinstance(reply, Refusal):
        return replace(seat, refusals=seat.refusals + 1, refusal=reply)
    return seat


def _failure_of(
    seat: Seat, reply: Reply | None, blocked: Stop | None, phase: str, max_repairs: int
) -> tuple[str, object] | None:
    """Return why an empty seat ends the run, and the proposal that broke the contract, if one did."""
    if seat.is_settled:
        return None
    if seat.refusal is not None and is_exhausted(seat, max_repairs):
        return seat.refusal.reason, seat.refusal.raw
    if isinstance(reply, Failure):
        return reply.reason, None
    return (blocked.reason, None) if blocked is not None and blocked.phase == phase else None
