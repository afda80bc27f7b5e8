"""Questions to people: what is asked of whom, until when, and what has been answered so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from policies.decision.guards import Cap
from policies.decision.table import DECISIONS

QuestionKind = Literal["decide", "contribute", "supply", "sign_off"]
"""A decision that the team may not take alone; a role's answer; a fact that the team lacks; a name to a decision."""

Word = Literal["go", "go_with_caution", "no_go", "again", "stop"]
"""What may be answered to a decision: the decision, another round, or that the run ends without one."""

WORDS: tuple[Word, ...] = get_args(Word)
AGAIN, STOP = "again", "stop"


@dataclass(frozen=True, slots=True)
class Taken:
    """An answer that was taken: whose place it fills, who gave it, and when (ISO 8601, UTC).

    `by` is what the person says to be. `identity` is who a server knows them to be, `signature` an armoured SSH
    signature by their declared key.
    """

    seat: str
    by: str
    answer: Any
    because: str
    at: str
    signature: str | None = None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is open, or was.

    `asked` are approvers, or nobody in particular: then anybody may answer who says a name. `bound` is what it was
    asked about: {policy, facts, round, stances}. `seat` is that of a contribution, `path` that of a fact; `wave` is the
    wave in which a seat was asked, `problem` why the last answer was not taken.
    """

    id: str
    kind: QuestionKind
    asked: tuple[str, ...]
    question: str
    options: tuple[Word, ...]
    since: str
    expires_at: str | None = None
    round: int = 0
    stances: tuple[Mapping[str, Any], ...] = ()
    conflicts: tuple[str, ...] = ()
    guards: tuple[Mapping[str, Any], ...] = ()
    bound: Mapping[str, Any] = field(default_factory=dict)
    seat: str | None = None
    path: str | None = None
    wave: int = 0
    answers: tuple[Taken, ...] = ()
    is_closed: bool = False
    problem: str | None = None

    @property
    def answered(self) -> tuple[str, ...]:
        """Those whose places are filled, in the order in which they answered."""
        return tuple(taken.seat for taken in self.answers)


def is_expired(question: Question, now: str) -> bool:
    """Return whether a question waits no longer; times are compared as text, all being ISO 8601 in UTC.

    >>> asked = Question("q", "decide", (), "?", ("go",), "2026-03-02T10:00:00+00:00", "2026-03-04T10:00:00+00:00")
    >>> is_expired(asked, "2026-03-04T09:59:59+00:00"), is_expired(asked, "2026-03-04T10:00:00+00:00")
    (False, True)
    """
    return question.expires_at is not None and now >= question.expires_at


def options_within(cap: Cap | None, may_go_on: bool) -> tuple[Word, ...]:
    """Return what may be answered to a decision: those within the cap of the guards, another round, or a stop.

    >>> options_within("go_with_caution", may_go_on=False)
    ('go_with_caution', 'no_go', 'stop')
    """
    most = {None: 0, "go_with_caution": 1, "no_go": 2}[cap]
    return (*DECISIONS[most:], *((AGAIN,) if may_go_on else ()), STOP)


def open_of(questions: Sequence[Question]) -> list[Question]:
    """Return the questions that still wait."""
    return [question for question in questions if not question.is_closed]
