"""Counterexamples in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from policies.assurance.ballots import CASTS
from policies.assurance.electorate import Place
from policies.assurance.places import Counterexample
from policies.decision.marks import Marks
from policies.decision.vote import Cast
from policies.language import in_figures, say, say_count

Titles = Mapping[str, str]
"""What people call each role; one that is not among them is called by its name."""

NO_TITLES: Titles = {}

MANY = 12
"""Rounds of a history that are listed one by one; of a longer one, the first and the last."""


def shown_example(example: Counterexample, titles: Titles = NO_TITLES) -> str:
    """Return a counterexample as one sentence."""
    pairs = zip(example.votes, example.outcomes, strict=True)
    said = say("; ").join(
        say("{casts} gives {outcome}", casts=shown_casts(casts, titles), outcome=outcome) for casts, outcome in pairs
    )
    if not said:
        return example.note or ""
    note = f" ({example.note})" if example.note else ""
    return say("{place}: {said}{note}", place=shown_place(example.place, titles), said=said, note=note)


def shown_place(place: Place, titles: Titles = NO_TITLES) -> str:
    """Return a place of a run in words.

    >>> shown_place(Place(3, 2, ("legal",), marks=Marks(4), released=("risk",)))
    'round 3, after 2 rounds with a block, legal has joined, risk has left, 4 questions open'
    """
    blocked = place.rounds_blocked
    confidence = in_figures(f"{place.confidence or 0:g}")
    parts = [
        say("round {number}", number=place.round),
        *([_after(blocked)] if blocked else []),
        *([_joined(_titled(place.joined, titles))] if place.joined else []),
        *([_left(_titled(place.released, titles))] if place.released else []),
        *_shown_marks(place.marks),
        *([] if place.confidence is None else [say("every confidence {confidence}", confidence=confidence)]),
    ]
    return ", ".join(parts)


def _titled(roles: Iterable[str], titles: Titles) -> list[str]:
    return [titles.get(role, role) for role in roles]


def _after(blocked: int) -> str:
    return say_count("after {number} round with a block", "after {number} rounds with a block", blocked)


def _joined(roles: Sequence[str]) -> str:
    named = say(" and ").join(roles)
    return say("{roles} have joined", roles=named) if len(roles) > 1 else say("{role} has joined", role=named)


def _left(roles: Sequence[str]) -> str:
    named = say(" and ").join(roles)
    return say("{roles} have left", roles=named) if len(roles) > 1 else say("{role} has left", role=named)


def _shown_marks(marks: Marks) -> Iterator[str]:
    questions, ungrounded, moved = marks.open_questions, marks.ungrounded, marks.moved
    if questions:
        yield say_count("{number} question open", "{number} questions open", questions)
    if ungrounded:
        yield say_count("{number} role ungrounded", "{number} roles ungrounded", ungrounded)
    if moved:
        yield say_count("{number} role moved without a reason", "{number} roles moved without a reason", moved)


def shown_casts(casts: Mapping[str, Cast], titles: Titles = NO_TITLES) -> str:
    """Return who casts what; the roles of one stance together.

    >>> shown_casts({"risk": "block", "legal": "go", "finance": "go"})
    'go: legal, finance; block: risk'
    >>> shown_casts({"risk": "block"}, {"risk": "Risk analyst"})
    'block: Risk analyst'
    """
    spoken = {name: [role for role, cast in casts.items() if cast == name] for name in CASTS}
    return say("; ").join(
        say("{cast}: {roles}", cast=name, roles=", ".join(_titled(roles, titles)))
        for name, roles in spoken.items()
        if roles
    )


def shown_history(example: Counterexample, titles: Titles = NO_TITLES) -> Iterator[str]:
    """Yield a line for the votes of each round before, in order; each led to another round."""
    history = example.history
    for number, (place, casts) in enumerate(history):
        if len(history) <= MANY or number < MANY // 2 or number >= len(history) - MANY // 2:
            yield say(
                "{place}: {casts} gives next_round", place=shown_place(place, titles), casts=shown_casts(casts, titles)
            )
        elif number == MANY // 2:
            yield "…"
