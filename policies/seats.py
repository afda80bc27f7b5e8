"""Seats of a round: who is asked next, and what the answers make of the round."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from policies.access import Access, find_denial
from policies.budgets import Charge, Reservation, Spent, grant, grant_longer, refuse_message
from policies.contract import Contribution, Output, Refusal
from policies.stop import Stop, is_resumable
from policies.team import Budget
from policies.vote import Cast

NOTHING = Charge()


@dataclass(frozen=True, slots=True)
class Seat:
    """One role's place in a round or stage: filled once it holds an answer; `refusals` counts what it broke before.

    `absent` is the reason why it stays without one, where absences count. `task` names the seat where a role may have
    several at once; `inbox` holds the ids of the messages delivered to it; `charged` is what a team that answers for
    the role was charged for already. Of its refusals those that were `forgiven` count no more against its repairs.
    """

    role: str
    contribution: Contribution | Output | None = None
    refusals: int = 0
    refusal: Refusal | None = None
    absent: str | None = None
    task: str | None = None
    inbox: tuple[str, ...] = ()
    charged: Charge = NOTHING
    forgiven: int = 0

    @property
    def name(self) -> str:
        """What the seat is called in its round or stage."""
        return self.task or self.role

    @property
    def is_settled(self) -> bool:
        """Whether the seat is not asked any more in its round: it is filled or absent."""
        return self.contribution is not None or self.absent is not None


@dataclass(frozen=True, slots=True)
class Ask:
    """What is granted: `attempt` counts from 1 in the seat; `repair` names the check that failed before.

    `messages` is 1, or what a team that answers for the role may use; an answer that is cut may be asked for again,
    twice as long, where it `grows`.
    """

    role: str
    attempt: int
    repair: str | None = None
    task: str | None = None
    messages: int = 1
    grows: bool = True

    @property
    def name(self) -> str:
        """The seat that is asked."""
        return self.task or self.role


@dataclass(frozen=True, slots=True)
class Wave:
    """Whom convene asks at once, why the next one is not asked (if so), and what counts as spent after it."""

    asks: tuple[Ask, ...]
    blocked: Stop | None
    spent: Spent


@dataclass(frozen=True, slots=True)
class Failure:
    """A role that gave no proposal: the stop reason says why.

    `raw` is the proposal that broke the contract of a team that answers for the role, where one did. `is_own` says that
    the team came to a limit of its own, while the run had more to give. `cause` says more than the reason does.
    """

    reason: str
    raw: object = None
    is_own: bool = False
    cause: str | None = None


Reply = Contribution | Output | Refusal | Failure


@dataclass(frozen=True, slots=True)
class Settlement:
    """The seats after a wave, the contributions newly accepted in sequence order, and the stop, if any.

    `raw` is the proposal that broke the contract, `cause` what is known of the stop beyond its reason.
    """

    seats: tuple[Seat, ...]
    accepted: tuple[Contribution | Output, ...]
    stop: Stop | None
    raw: object = None
    cause: str | None = None


def open_seats(
    sequence: Sequence[str], called: Iterable[str | None] = (), joining: Sequence[str] = ()
) -> tuple[Seat, ...]:
    """Return the empty seats of a new round: the sequence, then the roles that were called and may join, each once.

    >>> [seat.role for seat in open_seats(["risk"], ["legal", None, "stranger", "legal"], ["legal"])]
    ['risk', 'legal']
    """
    joined = [role for role in dict.fromkeys(called) if role in joining]
    return tuple(Seat(role) for role in (*sequence, *joined) if role is not None)


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
    return {
        seat.role: seat.contribution.stance if isinstance(seat.contribution, Contribution) else "absent"
        for seat in seats
    }


def phase_of(where: int | str, role: str) -> str:
    """Return the phase of a role in a round, given by its number, or in a stage, given by its label.

    >>> phase_of(2, "risk"), phase_of("turn_4", "risk"), phase_of("risk", "risk")
    ('round_2:risk', 'turn_4:risk', 'risk')
    """
    if where == role:
        return role
    return f"{where if isinstance(where, str) else f'round_{where}'}:{role}"


def phase_at(where: int | str, seat: Seat) -> str:
    """Return the phase of a seat: by its own name where it has one."""
    return phase_of(seat.task or where, seat.role)


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
            asks.append(Ask(seat.role, seat.refusals + 1, repair_of(seat), seat.task, reservation.messages))
            spent = grant(spent, reservation)
    return Wave(_growing(asks, reservations, budget, spent), None, spent)


def _growing(
    asks: Sequence[Ask], reservations: Mapping[str, Reservation], budget: Budget, spent: Spent
) -> tuple[Ask, ...]:
    """Return the asks, each with whether it may grow beside all others that do, in sequence order."""
    decided: list[Ask] = []
    for ask in asks:
        more = grant_longer(budget, spent, reservations.get(ask.name, Reservation()))
        decided.append(replace(ask, grows=more is not None))
        spent = more or spent
    return tuple(decided)


def repair_of(seat: Seat) -> str | None:
    """Return the check that the seat has to mend, as it is told.

    >>> repair_of(Seat("writer", refusal=Refusal("invalid_output:writer", {}, "text")))
    'invalid_output:writer:text'
    >>> repair_of(Seat("risk", refusal=Refusal("invalid_contribution:missing_keys", {}, because="missing: stance")))
    'invalid_contribution:missing_keys (missing: stance)'
    """
    if seat.refusal is None:
        return None
    check = f"{seat.refusal.reason}:{seat.refusal.check}" if seat.refusal.check else seat.refusal.reason
    return f"{check} ({seat.refusal.because})" if seat.refusal.because else check


def is_exhausted(seat: Seat, max_repairs: int) -> bool:
    """Tell whether the seat broke the contract more often than repairs allow, since somebody last resumed the run.

    >>> is_exhausted(Seat("risk", refusals=2), max_repairs=1), is_exhausted(Seat("risk", refusals=2, forgiven=2), 0)
    (True, False)
    """
    return seat.refusals - seat.forgiven > max_repairs


def forgive(seats: Iterable[Seat]) -> tuple[Seat, ...]:
    """Return the seats of a run that goes on after a stop: an empty one has all its repairs again.

    >>> [seat.forgiven for seat in forgive([Seat("risk", refusals=2), Seat("legal")])]
    [2, 0]
    """
    return tuple(seat if seat.is_settled else replace(seat, forgiven=seat.refusals) for seat in seats)


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
    beside those of the seats asked counts only in a wave that asks nobody: theirs are settled by then. With
    `counts_absent` a seat whose failure allows it is absent, and ends nothing.
    """
    blocked = None if wave.asks and _may_fit_later(wave) else wave.blocked
    after: list[Seat] = []
    accepted: list[Contribution | Output] = []
    stop: Stop | None = None
    raw: object = None
    cause: str | None = None
    for seat in seats:
        reply, phase = replies.get(seat.name), phase_at(where, seat)
        closed = stop is not None and not is_resumable(stop.reason)
        now = seat if closed else _filled(seat, reply)
        if now.contribution is not None and seat.contribution is None:
            accepted.append(now.contribution)
        failure = _failure_of(now, reply, blocked, phase, max_repairs)
        if failure and counts_absent and (may_be_absent(failure.reason) or failure.is_own):
            now = replace(now, absent=failure.reason)
        elif failure and stop is None:
            stop, raw, cause = Stop(failure.reason, phase), failure.raw, failure.cause
        after.append(now)
    return Settlement(tuple(after), tuple(accepted), stop, raw, cause)


def _may_fit_later(wave: Wave) -> bool:
    """Tell whether a seat that was not asked may fit once what the others may use is settled."""
    reason = wave.blocked.reason if wave.blocked else None
    is_shared = reason == "max_messages" and any(ask.messages > 1 for ask in wave.asks)
    return is_shared or reason in ("max_tokens", "max_cost")


def may_be_absent(reason: str) -> bool:
    """Tell whether a seat that failed so may count as absent: a denial, a budget and `llm_auth` always stop.

    The reasons of a team that answers for a role are among them, where it came to nothing by itself.

    >>> may_be_absent("llm_error:503"), may_be_absent("llm_error:400"), may_be_absent("llm_error:protocol")
    (True, False, True)
    """
    kind, _, detail = reason.partition(":")
    if kind == "llm_error":
        return detail in ("protocol", "too_large") or (detail.startswith("5") and len(detail) == 3)
    return kind.startswith("invalid_") or kind in _ABSENCES


_ABSENCES = (
    *("llm_timeout", "llm_rate_limited", "llm_truncated", "llm_refused", "llm_empty"),
    *("max_rounds_reached", "max_turns_reached", "no_quorum", "step_failed"),
)


def _filled(seat: Seat, reply: Reply | None) -> Seat:
    if seat.contribution is None and isinstance(reply, Contribution | Output):
        return replace(seat, contribution=reply, refusal=None)
    if seat.contribution is None and isinstance(reply, Refusal):
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
