"""Waves: which seats are asked at once, and what the answers make of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from policies.contracts.answers import Accepted, Refusal
from policies.run.budgets import Spent, grant, grant_longer, refuse_message
from policies.run.seats import Failure, Reply, Seat, is_exhausted, phase_at, repair_of
from policies.run.stop import Stop
from policies.run.usage import Reservation
from policies.team.access import Access, find_denial
from policies.team.team import Budget


@dataclass(frozen=True, slots=True)
class Ask:
    """What is granted: `attempt` counts from 1 in the seat; `repair` names the check that failed before.

    `messages` is 1, or what a team that answers for the role may use; an answer that is cut may be asked for again,
    twice as long, where it `grows`.
    """

    role: str
    attempt: int
    repair: str | None = None
    label: str | None = None
    messages: int = 1
    grows: bool = True

    @property
    def name(self) -> str:
        """The seat that is asked."""
        return self.label or self.role


@dataclass(frozen=True, slots=True)
class Wave:
    """Whom convene asks at once, why the next one is not asked (if so), and what counts as spent after it."""

    asks: tuple[Ask, ...]
    blocked: Stop | None
    spent: Spent


@dataclass(frozen=True, slots=True)
class Settlement:
    """The seats after a wave, and the stop, if any.

    `raw` is the proposal that broke the contract, `cause` what is known of the stop beyond its reason.
    """

    seats: tuple[Seat, ...]
    stop: Stop | None
    raw: object = None
    cause: str | None = None


def first_asked(seats: Sequence[Seat], people: Collection[str]) -> list[Seat]:
    """Return the seats that are asked first: those of the roles that `people` answer for wait for all others.

    >>> [seat.role for seat in first_asked([Seat("legal"), Seat("risk")], {"legal"})]
    ['risk']
    """
    others = [seat for seat in seats if seat.role not in people]
    return [*seats] if all(seat.is_settled for seat in others) else others


def plan_wave(
    seats: Sequence[Seat],
    where: int | str,
    access: Access,
    budget: Budget,
    spent: Spent,
    max_repairs: int,
    reservations: Mapping[str, Reservation],
) -> Wave:
    """Return whom to ask now: every empty seat in sequence order while one more message fits.

    Nothing is asked at or after the first role that is denied or that the budget forbids, nor at or after the second
    whose reservation is a guess: the first shows how the endpoint counts. A seat without repairs left is not asked
    again.
    """
    asks: list[Ask] = []
    has_guess = False
    for seat in seats:
        if seat.is_settled:
            continue
        reservation = reservations.get(seat.name, Reservation())
        reason = find_denial(seat.role, access) or (
            None if is_exhausted(seat, max_repairs) else refuse_message(budget, spent, reservation)
        )
        if reason:
            return Wave(_growing(asks, reservations, budget, spent), Stop(reason, phase_at(where, seat)), spent)
        if not is_exhausted(seat, max_repairs):
            if has_guess and reservation.is_guess:
                break
            has_guess = has_guess or reservation.is_guess
            asks.append(Ask(seat.role, seat.refusals + 1, repair_of(seat), seat.label, reservation.messages))
            spent = grant(spent, reservation)
    return Wave(_growing(asks, reservations, budget, spent), None, spent)


def _growing(
    asks: Sequence[Ask], reservations: Mapping[str, Reservation], budget: Budget, spent: Spent
) -> tuple[Ask, ...]:
    """Return the asks, each with whether it may grow along with all others that do, in sequence order."""
    decided: list[Ask] = []
    for ask in asks:
        more = grant_longer(budget, spent, reservations.get(ask.name, Reservation()))
        decided.append(replace(ask, grows=more is not None))
        spent = more or spent
    return tuple(decided)


def settle(
    seats: Sequence[Seat],
    replies: Mapping[str, Reply],
    wave: Wave,
    where: int | str,
    max_repairs: int,
    counts_absent: bool = False,
) -> Settlement:
    """Return what the replies make of the seats, taken in sequence order, so that timing cannot matter.

    The first seat that fails for good gives the stop. After a stop for good nothing more is accepted; after a
    resumable one the other answers are kept, so that they are never asked for again. A reservation that did not fit
    on top of those of the seats asked counts only in a wave that asks nobody: theirs are settled by then. With
    `counts_absent` a seat whose failure allows it is absent, and ends nothing.
    """
    blocked = None if wave.asks and _may_fit_later(wave) else wave.blocked
    after: list[Seat] = []
    stop: Stop | None = None
    raw: object = None
    cause: str | None = None
    for seat in seats:
        reply, phase = replies.get(seat.name), phase_at(where, seat)
        closed = stop is not None and not Stop.parse(stop.reason).rule.is_resumable
        now = seat if closed else _filled(seat, reply)
        failure = _failure_of(now, reply, blocked, phase, max_repairs)
        if failure and counts_absent and (Stop.parse(failure.reason).may_be_absent or failure.is_own):
            now = replace(now, absent=failure.reason)
        elif failure and stop is None:
            stop, raw, cause = Stop(failure.reason, phase), failure.raw, failure.cause
        after.append(now)
    return Settlement(tuple(after), stop, raw, cause)


def _may_fit_later(wave: Wave) -> bool:
    """Return whether a seat that was not asked may fit once what the others may use is settled."""
    reason = wave.blocked.reason if wave.blocked else None
    is_shared = reason == "max_messages" and any(ask.messages > 1 for ask in wave.asks)
    return is_shared or reason in ("max_tokens", "max_cost")


def _filled(seat: Seat, reply: Reply | None) -> Seat:
    if seat.accepted is None and isinstance(reply, Accepted):
        return replace(seat, accepted=reply, refusal=None)
    if seat.accepted is None and isinstance(reply, Refusal):
        return replace(seat, refusals=seat.refusals + 1, refusal=reply)
    return seat


def _failure_of(seat: Seat, reply: Reply | None, blocked: Stop | None, phase: str, max_repairs: int) -> Failure | None:
    """Return why an empty seat ends the run, with the proposal that broke the contract, if one did."""
    if seat.is_settled:
        return None
    if seat.refusal is not None and is_exhausted(seat, max_repairs):
        return Failure(seat.refusal.reason, seat.refusal.raw, cause=seat.refusal.because)
    if isinstance(reply, Failure):
        return reply
    return Failure(blocked.reason) if blocked is not None and blocked.phase == phase else None
