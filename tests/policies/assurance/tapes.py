"""Past runs written by hand: exchanges, ends of rounds and stops, in the order in which they happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from policies.access import Access
from policies.assurance.past import PastRun
from policies.assurance.tape import Exchange, Pause, RoundEnd, Start, Step, Tape
from policies.contract import Contribution, Refusal
from policies.guards import Guard, examine
from policies.outcome import decide
from policies.seats import Failure, Reply
from policies.table import DECISIONS, Policy
from policies.team import Budget
from policies.vote import Cast, Vote, rounds_blocked

SEATS = ("risk", "legal", "sales")
GUEST = "people"
ENABLED = frozenset((*SEATS, GUEST))

LATE, DOWN, KEY = Failure("llm_timeout"), Failure("llm_error:503"), Failure("llm_auth")
BROKEN = Refusal("invalid_contribution:stance", None)
CUT = None
"""No answer, since the work was cut off."""

Given = Reply | str | None
"""A stance, or any other answer."""


def said(role: str, given: Given) -> Reply | None:
    """What a role gives."""
    return Contribution(role, given, "", 0.9, ()) if isinstance(given, str) else given  # type: ignore[arg-type]


def asks(number: int, limits: Budget | None = None, offering: Sequence[str] = (), **given: Given) -> Exchange:
    """An exchange of a round."""
    return asks_all(number, given, limits, offering)


def asks_all(
    number: int, given: Mapping[str, Given], limits: Budget | None = None, offering: Sequence[str] = ()
) -> Exchange:
    """An exchange of a round, its answers by role."""
    replies = {role: said(role, answer) for role, answer in given.items()}
    return Exchange(number, replies, limits or Budget(), frozenset(offering))


def ends(number: int, final: str, *casts: str, questions: int = 0, seats: Sequence[str] = (*SEATS, GUEST)) -> RoundEnd:
    """The end of a round with these casts, in the order of the roles."""
    return RoundEnd(number, dict(zip(seats, casts, strict=False)), final, questions)  # type: ignore[arg-type]


def stops(reason: str | None, phase: str | None = None, resumed: Mapping[str, Any] | None = None) -> Pause:
    """A stop, and the limits that whoever resumed the run changed."""
    return Pause(reason, phase, resumed)


def run(ended: str, *steps: Step, start: Start | None = None, **options: Any) -> PastRun:
    """A past run of three roles, to whom a fourth may be convened."""
    sequence = options.pop("sequence", SEATS)
    enabled = options.pop("enabled", ENABLED)
    return PastRun("t1", ended, Tape(start or Start(), tuple(steps)), sequence, Access(enabled, enabled), **options)


def talked(
    rules: Policy,
    rounds: Sequence[Sequence[Cast]],
    stopped: str = "",
    guards: tuple[Guard, ...] = (),
    max_rounds: int = 3,
    rate: float = 1,
) -> PastRun:
    """The run in which these votes were cast under a policy; a fourth cast is that of who was convened.

    Where a human was asked, somebody resumed the run if another round follows. `stopped` is why the first role failed
    in one more round.
    """
    limits, steps, earlier, final = Budget(max_rounds=max_rounds), list[Step](), list[list[Any]](), "next_round"
    for number, casts in enumerate(rounds, 1):
        seats: dict[str, Cast] = dict(zip((*SEATS, GUEST), casts, strict=False))
        vote = Vote(seats, limits.min_go_votes, number, max_rounds, rounds_blocked(earlier))
        earlier.append([cast for cast in casts if cast != "absent"])
        final = decide(rules, vote, examine(guards, {"rate": rate})).final
        answers: dict[str, Given] = {role: LATE if cast == "absent" else cast for role, cast in seats.items()}
        steps += [asks_all(number, answers, limits), RoundEnd(number, seats, final)]
        goes_on = number < len(rounds) or bool(stopped)
        if final == "escalate":
            steps.append(stops("escalated", "human", {} if goes_on else None))
    if stopped:
        number = len(rounds) + 1
        said_last: dict[str, Given] = {**dict.fromkeys(SEATS, "go"), "risk": Failure(stopped)}
        steps += [asks_all(number, said_last, limits), stops(stopped, f"round_{number}:risk")]
    elif final == "next_round":
        steps.append(stops("max_rounds_reached"))
    undecided = "escalated" if final == "escalate" else "max_rounds_reached"
    ended = stopped or (final if final in DECISIONS else undecided)
    return run(ended, *steps, start=Start(limits), guards=guards, facts={"rate": rate})
