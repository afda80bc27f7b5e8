"""Flips of people: the smallest sets of answers that would have given something else, each ruled again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from policies.people.question import Word

MAX_TRIES = 2_000
"""Sets of answers tried before the search ends, and says how far it came; each may look at all that is missing."""

MAX_KEPT = 20
"""Sets of one size kept for each outcome."""

Give = Callable[[Mapping[str, Word]], Word | None]
"""What answers by seat give; None while more are needed."""


@dataclass(frozen=True, slots=True)
class AnswerFlip:
    """Answers by seat that would have given an outcome; no smaller set gives it."""

    answers: Mapping[str, Word]
    outcome: Word


@dataclass(frozen=True, slots=True)
class AnswerFlips:
    """The smallest sets for each other outcome, smallest first, and up to which size every set was tried."""

    flips: tuple[AnswerFlip, ...]
    searched: int


def flip_answers(seats: Sequence[str], options: Sequence[Word], give: Give, said: Mapping[str, Word]) -> AnswerFlips:
    """Return, for each outcome that the answers did not give, the smallest sets of other answers that give it.

    `seats` are those whose answers are changed. Where nothing is said, these are the ways to each outcome.

    >>> def both(said):
    ...     return "go" if [*said.values()] == ["go", "go"] else "no_go" if len(said) == 2 else None
    >>> flip_answers(("cfo", "cto"), ("go", "no_go"), both, {"cfo": "go", "cto": "go"}).flips[0]
    AnswerFlip(answers={'cfo': 'no_go'}, outcome='no_go')
    """
    now = give(said)
    found: list[AnswerFlip] = []
    tries = 0
    for size in range(1, len(seats) + 1):
        sets = [*_changes(seats, options, said, size)]
        tries += len(sets)
        if tries > MAX_TRIES:
            return AnswerFlips(tuple(found), size - 1)
        found += _flips_of(sets, give, said, [now, *(flip.outcome for flip in found)])
    return AnswerFlips(tuple(found), len(seats))


def _flips_of(
    sets: Sequence[Mapping[str, Word]], give: Give, said: Mapping[str, Word], known: Sequence[Word | None]
) -> list[AnswerFlip]:
    """Return the sets of one size that give an outcome that is not known, the first of them for each."""
    found: dict[Word, list[AnswerFlip]] = {}
    for answers in sets:
        outcome = give({**said, **answers})
        if outcome is not None and outcome not in known and len(found.get(outcome, ())) < MAX_KEPT:
            found.setdefault(outcome, []).append(AnswerFlip(answers, outcome))
    return [flip for flips in found.values() for flip in flips]


def _changes(
    seats: Sequence[str], options: Sequence[Word], said: Mapping[str, Word], size: int
) -> Iterator[Mapping[str, Word]]:
    """Yield every choice of other answers for that many seats, in the order of the seats."""
    for chosen in combinations(seats, size):
        others = [[word for word in options if word != said.get(seat)] for seat in chosen]
        for words in product(*others):
            yield dict(zip(chosen, words, strict=True))
