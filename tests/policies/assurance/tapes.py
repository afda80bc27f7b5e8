"""Past runs written by hand: exchanges, ends of rounds and stops, in the order in which they happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policies.assurance.past import PastRun
from policies.assurance.tape import Asked, Checked, Exchange, Pause, RoundEnd, Ruled, Start, Tape, TapeStep
from policies.contracts.answers import Accepted, Refusal
from policies.decision.guards import Guard, examine
from policies.decision.marks import Marks
from policies.decision.outcome import decide
from policies.decision.table import DECISIONS, Policy
from policies.decision.vote import Cast, Vote, rounds_blocked
from policies.people.question import Word
from policies.run.budgets import change_budget
from policies.run.seats import Failure, Reply
from policies.team.access import Access
from policies.team.team import Budget

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
    return Accepted(role, "contribution", {"stance": given, "confidence": 0.9}) if isinstance(given, str) else given


def asks(number: int, offering: Sequence[str] = (), **given: Given) -> Exchange:
    """An exchange of a round."""
    return asks_all(number, given, offering)


def asks_all(number: int, given: Mapping[str, Given], offering: Sequence[str] = ()) -> Exchange:
    """An exchange of a round, its answers by role."""
    replies = {role: said(role, answer) for role, answer in given.items()}
    return Exchange(number, replies, offering=frozenset(offering))


def ends(number: int, final: str, *casts: str, questions: int = 0, seats: Sequence[str] = (*SEATS, GUEST)) -> RoundEnd:
    """The end of a round with these casts, in the order of the roles."""
    return RoundEnd(number, dict(zip(seats, casts, strict=False)), final, Marks(questions))  # type: ignore[arg-type]


def gave(word: Word, number: int = 1, kind: Asked = "decide") -> Ruled:
    """What people gave who were asked after a round, or in it."""
    return Ruled(kind, word, number)


@dataclass(frozen=True)
class stops:
    """A stop, and the limits that whoever resumed the run changed; None: nobody did."""

    reason: str | None
    phase: str | None = None
    changes: Mapping[str, Any] | None = None
    max_repairs: int = 1


Happened = TapeStep | stops


def run(ended: str, *steps: Happened, start: Start | None = None, **options: Any) -> PastRun:
    """A past run of three roles, to whom a fourth may be convened."""
    sequence = options.pop("sequence", SEATS)
    enabled = options.pop("enabled", ENABLED)
    tape = Tape(start or Start(), tuple(_steps(steps, (start or Start()).limits)))
    return PastRun("t1", ended, tape, sequence, Access(enabled, enabled), **options)


def _steps(steps: Sequence[Happened], limits: Budget) -> Iterator[TapeStep]:
    """The steps of a tape, each stop and exchange with the limits that were in force."""
    for step in steps:
        if isinstance(step, stops):
            resumed = None if step.changes is None else change_budget(limits, step.changes)
            yield Pause(step.reason, step.phase, limits, resumed, step.max_repairs)
            limits = resumed or limits
        else:
            yield replace(step, limits=limits) if isinstance(step, Exchange | Ruled | Checked) else step


def talked(
    rules: Policy,
    rounds: Sequence[Sequence[Cast]],
    stopped: str = "",
    guards: tuple[Guard, ...] = (),
    max_rounds: int = 3,
    rate: float = 1,
) -> PastRun:
    """The run in which these votes were cast under a policy; a fourth cast is that of who was convened.

    A human who was asked let the team talk again if another round follows, else ended the run. `stopped` is why the
    first role failed in one more round.
    """
    limits, earlier, final = Budget(max_rounds=max_rounds), list[list[Any]](), "next_round"
    steps: list[Happened] = []
    for number, casts in enumerate(rounds, 1):
        seats: dict[str, Cast] = dict(zip((*SEATS, GUEST), casts, strict=False))
        vote = Vote(seats, limits.min_go_votes, number, max_rounds, rounds_blocked(earlier))
        earlier.append([cast for cast in casts if cast != "absent"])
        final = decide(rules, vote, examine(guards, {"rate": rate})).final
        answers: dict[str, Given] = {role: LATE if cast == "absent" else cast for role, cast in seats.items()}
        steps += [asks_all(number, answers), RoundEnd(number, seats, final)]
        goes_on = number < len(rounds) or bool(stopped)
        if final == "escalate":
            steps.append(gave("again" if goes_on else "stop", number))
            steps += [] if goes_on else [stops("human_stopped", "human")]
    if stopped:
        number = len(rounds) + 1
        said_last: dict[str, Given] = {**dict.fromkeys(SEATS, "go"), "risk": Failure(stopped)}
        steps += [asks_all(number, said_last), stops(stopped, f"round_{number}:risk")]
    elif final == "next_round":
        steps.append(stops("max_rounds_reached"))
    undecided = "human_stopped" if final == "escalate" else "max_rounds_reached"
    ended = stopped or (final if final in DECISIONS else undecided)
    return run(ended, *steps, start=Start(limits), guards=guards, facts={"rate": rate})
