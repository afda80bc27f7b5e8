"""Counterexamples in words."""

from collections.abc import Iterator, Mapping

from policies.assurance.ballots import CASTS
from policies.assurance.electorate import Place
from policies.assurance.places import Counterexample
from policies.decision.marks import Marks
from policies.decision.vote import Cast

MANY = 12
"""Rounds of a history that are listed one by one; of a longer one, the first and the last."""


def shown_example(example: Counterexample) -> str:
    """Return a counterexample as one sentence."""
    pairs = zip(example.votes, example.outcomes, strict=True)
    said = "; ".join(f"{shown_casts(casts)} gives {outcome}" for casts, outcome in pairs)
    if not said:
        return example.note or ""
    return f"{shown_place(example.place)}: {said}{f' ({example.note})' if example.note else ''}"


def shown_place(place: Place) -> str:
    """Return a place of a run in words.

    >>> shown_place(Place(3, 2, ("legal",), marks=Marks(4), released=("risk",)))
    'round 3, after 2 rounds with a block, legal has joined, risk has left, 4 questions open'
    """
    blocked = place.rounds_blocked
    changed = ((place.joined, "joined"), (place.released, "left"))
    parts = [
        f"round {place.round}",
        *([f"after {blocked} round{'s' if blocked > 1 else ''} with a block"] if blocked else []),
        *(f"{' and '.join(roles)} {'have' if len(roles) > 1 else 'has'} {verb}" for roles, verb in changed if roles),
        *_shown_marks(place.marks),
        *([] if place.confidence is None else [f"every confidence {place.confidence:g}"]),
    ]
    return ", ".join(parts)


def _shown_marks(marks: Marks) -> Iterator[str]:
    questions, ungrounded, moved = marks.open_questions, marks.ungrounded, marks.moved
    yield from [f"{questions} question{'s' if questions > 1 else ''} open"] if questions else []
    yield from [f"{ungrounded} role{'s' if ungrounded > 1 else ''} ungrounded"] if ungrounded else []
    yield from [f"{moved} role{'s' if moved > 1 else ''} moved without a reason"] if moved else []


def shown_casts(casts: Mapping[str, Cast]) -> str:
    """Return who casts what; the roles of one stance together.

    >>> shown_casts({"risk": "block", "legal": "go", "finance": "go"})
    'go: legal, finance; block: risk'
    """
    spoken = {name: [role for role, cast in casts.items() if cast == name] for name in CASTS}
    return "; ".join(f"{name}: {', '.join(roles)}" for name, roles in spoken.items() if roles)


def shown_history(example: Counterexample) -> Iterator[str]:
    """Yield a line for the votes of each round before, in order; each led to another round."""
    history = example.history
    for number, (place, casts) in enumerate(history):
        if len(history) <= MANY or number < MANY // 2 or number >= len(history) - MANY // 2:
            yield f"{shown_place(place)}: {shown_casts(casts)} gives next_round"
        elif number == MANY // 2:
            yield "…"
