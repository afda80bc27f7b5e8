"""Flips of marks: the nearest value of each that would have given another outcome, if the round could have it."""

import random
from dataclasses import replace

from policies.assurance.flips import flip_marks
from policies.decision.marks import Marks
from policies.decision.outcome import decide
from policies.decision.table import OUTCOMES, Policy
from policies.decision.vote import Vote
from policies.team.fields import STANCES
from tests.policies.assurance.enumeration import ROLES, policy

MARK_ROWS = (
    *(
        "moved >= 2",
        "moved == 1 && block == 0",
        "ungrounded > 0",
        "open_questions >= 3",
        "moved < 1 && ungrounded == 2",
    ),
    *("block >= 2", "go >= 2"),
)


def nearest_marks(rules: Policy, vote: Vote, grounds: bool) -> dict[tuple[str, str], int]:
    """For each mark and each other outcome the nearest value that gives it, out of all that the round can have."""
    most = {"open_questions": 20, "ungrounded": len(vote.casts) * grounds, "moved": len(vote.casts) * (vote.round > 1)}
    found: dict[tuple[str, str], int] = {}
    now = decide(rules, vote).final
    for mark, highest in most.items():
        was = getattr(vote.marks, mark)
        for value in sorted(range(highest + 1), key=lambda value: (abs(value - was), value)):
            outcome = decide(rules, replace(vote, marks=replace(vote.marks, **{mark: value}))).final
            if outcome != now:
                found.setdefault((mark, outcome), value)
    return found


def test_the_nearest_mark_that_gives_another_outcome_is_named_and_none_that_cannot_be() -> None:
    rng, named = random.Random("marks"), 0
    for _ in range(300):
        rows = [(when, rng.choice(OUTCOMES)) for when in rng.sample(MARK_ROWS, 4)]
        rules, number, grounds = policy(*rows, otherwise="next_round"), rng.randint(1, 2), rng.random() < 0.5
        flags = rng.randint(0, 3 * grounds), rng.randint(0, 3 * (number > 1))
        casts = {role: rng.choice(STANCES) for role in ROLES[:3]}
        vote = Vote(casts, 2, number, 3, marks=Marks(rng.randint(0, 5), *flags))
        found = {
            (mark, flip.outcome): value
            for flip in flip_marks(rules, vote, (), grounds)
            for mark, value in flip.marks.items()
        }
        assert found == nearest_marks(rules, vote, grounds), (rows, vote)
        named += len(found)

    assert named > 100
