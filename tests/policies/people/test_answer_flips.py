"""Flips of answers, judged by trying every set of answers that there is."""

from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

import pytest

from policies.people.flips import MAX_KEPT, AnswerFlips, Give, flip_answers
from policies.people.panel import panel_of, rule_panel
from policies.people.question import WORDS, Word
from policies.people.sign_off import rule_sign_off
from policies.team.people import Deciders

TABLES: tuple[dict[str, Any], ...] = (
    {"rules": ({"when": "go >= min_go_votes", "then": "go"},), "otherwise": "no_go"},
    {"rules": ({"when": "block >= 1", "then": "no_go"}, {"when": "go >= 2", "then": "go"}), "otherwise": "no_go"},
    {"rules": ({"when": "caution >= 1", "then": "go_with_caution"},), "otherwise": "no_go"},
)
SEATS = ("cfo", "cto", "coo")
Sets = dict[Word, set[frozenset[tuple[str, Word]]]]
"""Changes of answers by the outcome that they give."""


def judged(give: Give, seats: Sequence[str], options: Sequence[Word], said: Mapping[str, Word]) -> Sets:
    """Return the smallest changes for each other outcome, found by looking at every set of answers."""
    now, found = give(said), Sets()
    ways: list[list[Word | None]] = [[said.get(seat), *(w for w in options if w != said.get(seat))] for seat in seats]
    for words in product(*ways):
        after = {seat: word for seat, word in zip(seats, words, strict=True) if word is not None}
        changes = frozenset((seat, word) for seat, word in after.items() if said.get(seat) != word)
        outcome = give(after)
        if outcome is not None and outcome != now:
            found.setdefault(outcome, set()).add(changes)
    return {
        outcome: {each for each in sets if len(each) == min(map(len, sets))} for outcome, sets in sorted(found.items())
    }


def found_by(flips: AnswerFlips) -> Sets:
    sets: Sets = {}
    for flip in flips.flips:
        sets.setdefault(flip.outcome, set()).add(frozenset(flip.answers.items()))
    return dict(sorted(sets.items()))


@pytest.mark.parametrize("seed", range(60))
def test_the_smallest_changes_are_those_that_looking_at_all_answers_finds(seed: int) -> None:
    draw = Random(seed)
    table = {"name": "x", "on_absent": "count", **draw.choice(TABLES)}
    panel = panel_of(Deciders.model_validate({"by": SEATS, "rule": {"policy": table}}))
    options: tuple[Word, ...] = tuple(w for w in WORDS if w in ("no_go", "stop") or draw.random() < 0.7)
    seats = SEATS[: draw.randint(1, 3)] if draw.random() < 0.5 else SEATS
    said: Mapping[str, Word] = {seat: draw.choice(options) for seat in seats} if draw.random() < 0.7 else {}

    def give(answers: Mapping[str, Word]) -> Word | None:
        ruled = rule_panel(panel, answers, options)
        return ruled.outcome if ruled else None

    flips = flip_answers(seats, options, give, said)
    assert flips.searched == len(seats)
    expected = judged(give, seats, options, said)
    found = found_by(flips)
    assert found.keys() == expected.keys()
    for outcome, sets in expected.items():
        assert found[outcome] <= sets
        assert len(found[outcome]) == min(len(sets), MAX_KEPT)


def test_the_smallest_come_first_and_each_gives_what_it_says() -> None:
    said: Mapping[str, Word] = dict.fromkeys(SEATS, "go")
    flips = flip_answers(SEATS, ("go", "again", "stop"), lambda answers: rule_sign_off(SEATS, answers), said)
    assert [len(flip.answers) for flip in flips.flips] == sorted(len(flip.answers) for flip in flips.flips)
    assert all(rule_sign_off(SEATS, {**said, **flip.answers}) == flip.outcome for flip in flips.flips)


def test_the_search_says_how_far_it_came() -> None:
    seats = tuple(f"seat_{number}" for number in range(7))
    flips = flip_answers(seats, WORDS, lambda answers: "go" if len(answers) < 3 else "no_go", {})
    assert (flips.searched, flips.flips) == (2, ())


def test_no_more_sets_are_kept_than_are_read() -> None:
    seats = tuple(f"seat_{number}" for number in range(6))
    flips = flip_answers(seats, WORDS, lambda answers: "stop" if len(answers) == 1 else None, {})
    assert len(flips.flips) == MAX_KEPT


def test_an_outcome_that_is_there_is_no_flip() -> None:
    assert flip_answers(("cfo",), ("go", "stop"), lambda answers: "go", {"cfo": "go"}).flips == ()
