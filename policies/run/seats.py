"""Seats of a round or stage: what each holds, and what it may still do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from policies.contracts.answers import Accepted, Refusal
from policies.decision.vote import Cast
from policies.run.budgets import Charge

NOTHING = Charge()


@dataclass(frozen=True, slots=True)
class Seat:
    """One role's place in a round or stage: filled once it holds an answer; `refusals` counts what it broke before.

    `absent` is the reason why it stays without one, where absences count. `label` names the seat where a role may have
    several at once; `inbox` holds the ids of the messages delivered to it; `charged` is what a team that answers for
    the role was charged for already. Of its refusals those that were `forgiven` count no more against its repairs.
    """

    role: str
    accepted: Accepted | None = None
    refusals: int = 0
    refusal: Refusal | None = None
    absent: str | None = None
    label: str | None = None
    inbox: tuple[str, ...] = ()
    charged: Charge = NOTHING
    forgiven: int = 0

    @property
    def name(self) -> str:
        """What the seat is called in its round or stage."""
        return self.label or self.role

    @property
    def is_settled(self) -> bool:
        """Whether the seat is not asked any more in its round: it is filled or absent."""
        return self.accepted is not None or self.absent is not None


@dataclass(frozen=True, slots=True)
class Failure:
    """A role that gave no proposal: the stop reason says why.

    `raw` is the proposal that broke the contract of a team that answers for the role, where one did. `is_own` says that
    the team reached a limit of its own, while the run had more to give. `cause` says more than the reason does.
    """

    reason: str
    raw: object = None
    is_own: bool = False
    cause: str | None = None


Reply = Accepted | Refusal | Failure


@dataclass(frozen=True, slots=True)
class Reseating:
    """Whom the row of a round brings to the table from the next round on, and whom it lets go."""

    convene: str | None = None
    release: str | None = None


def reseat(table: Sequence[str], change: Reseating, joining: Sequence[str]) -> tuple[str, ...]:
    """Return who sits after a change: whoever is convened and may join comes, then whoever is released goes.

    Nobody comes who sits already, and the last one at the table stays.

    >>> reseat(["risk"], Reseating("legal", "risk"), joining=["legal"]), reseat(["risk"], Reseating(None, "risk"), [])
    (('legal',), ('risk',))
    """
    comes = change.convene in joining and change.convene not in table
    seated = (*table, change.convene) if comes and change.convene else (*table,)
    return tuple(role for role in seated if role != change.release) or seated


def effect_of(change: Reseating, table: Sequence[str], joining: Sequence[str]) -> Reseating:
    """Return whom a change brings in that did not sit, and whom it lets go that did.

    >>> effect_of(Reseating("legal", "finance"), ["risk", "legal"], joining=["legal"])
    Reseating(convene=None, release=None)
    """
    after = reseat(table, change, joining)
    comes = next((role for role in after if role not in table), None)
    return Reseating(comes, next((role for role in table if role not in after), None))


def open_seats(
    sequence: Sequence[str], changes: Iterable[Reseating] = (), joining: Sequence[str] = ()
) -> tuple[Seat, ...]:
    """Return the empty seats of a new round: of the sequence, as the rounds before changed it.

    >>> changes = [Reseating("legal"), Reseating("stranger"), Reseating(release="risk")]
    >>> [seat.role for seat in open_seats(["risk", "finance"], changes, ["legal"])]
    ['finance', 'legal']
    """
    return tuple(Seat(role) for role in reduce(lambda table, each: reseat(table, each, joining), changes, (*sequence,)))


def is_full(seats: Sequence[Seat]) -> bool:
    """Return whether every seat is filled or absent.

    >>> is_full(open_seats(["risk"]))
    False
    """
    return all(seat.is_settled for seat in seats)


def casts_of(seats: Sequence[Seat]) -> dict[str, Cast]:
    """Return what each seat casts: its stance, or `absent`.

    >>> casts_of([Seat("risk", absent="llm_timeout")])
    {'risk': 'absent'}
    """
    return {seat.role: _cast(seat) for seat in seats}


def _cast(seat: Seat) -> Cast:
    is_stance = seat.accepted is not None and seat.accepted.contract == "contribution"
    return seat.accepted.answer["stance"] if seat.accepted and is_stance else "absent"


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
    return phase_of(seat.label or where, seat.role)


def repair_of(seat: Seat) -> str | None:
    """Return the check that the seat has to mend, as it is reported.

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
    """Return whether the seat broke the contract more often than repairs allow, since somebody last resumed the run.

    >>> is_exhausted(Seat("risk", refusals=2), max_repairs=1), is_exhausted(Seat("risk", refusals=2, forgiven=2), 0)
    (True, False)
    """
    return seat.refusals - seat.forgiven > max_repairs


def forgive(seats: Iterable[Seat]) -> tuple[Seat, ...]:
    """Return the seats of a run that is resumed after a stop: an empty one has all its repairs again.

    >>> [seat.forgiven for seat in forgive([Seat("risk", refusals=2), Seat("legal")])]
    [2, 0]
    """
    return tuple(seat if seat.is_settled else replace(seat, forgiven=seat.refusals) for seat in seats)
