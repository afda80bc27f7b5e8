"""Counterexamples in words."""

import pytest

from policies.assurance.counterexamples import MANY, shown_casts, shown_example, shown_history, shown_place
from policies.assurance.electorate import Place
from policies.assurance.places import Counterexample
from policies.decision.marks import Marks
from policies.decision.vote import Cast

FIRST: dict[str, Cast] = {"risk": "block", "legal": "go", "sales": "go"}
SECOND: dict[str, Cast] = {"risk": "caution", "legal": "go", "sales": "absent"}

PLACES = {
    "round 2, risk has left": Place(2, released=("risk",)),
    "round 2, risk and ops have left": Place(2, released=("risk", "ops")),
    "round 1": Place(1),
    "round 2, after 1 round with a block": Place(2, 1),
    "round 3, after 2 rounds with a block": Place(3, 2),
    "round 2, legal has joined": Place(2, joined=("legal",)),
    "round 2, legal and audit have joined, 1 question open": Place(2, joined=("legal", "audit"), marks=Marks(1)),
    "round 1, 4 questions open, every confidence 0.5": Place(1, marks=Marks(4), confidence=0.5),
    "round 2, 1 role ungrounded, 2 roles moved without a reason": Place(2, marks=Marks(0, 1, 2)),
}


@pytest.mark.parametrize("words", PLACES)
def test_a_place_is_told_by_what_sets_it_apart(words: str) -> None:
    assert shown_place(PLACES[words]) == words


def test_roles_are_told_by_what_they_cast_in_the_order_of_the_stances() -> None:
    assert shown_casts(FIRST) == "go: legal, sales; block: risk"
    assert shown_casts(SECOND) == "go: legal; caution: risk; absent: sales"


def test_roles_are_called_by_their_titles_where_these_are_known() -> None:
    titles = {"risk": "Risk analyst", "legal": "Legal counsel"}
    place = Place(2, joined=("legal",), released=("risk", "ops"))
    history = list(shown_history(Counterexample((FIRST,), ("go",), place, history=((Place(1), FIRST),)), titles))

    assert shown_place(place, titles) == "round 2, Legal counsel has joined, Risk analyst and ops have left"
    assert shown_casts(FIRST, titles) == "go: Legal counsel, sales; block: Risk analyst"
    assert history == ["round 1: go: Legal counsel, sales; block: Risk analyst gives next_round"]
    assert "Risk analyst gives go" in shown_example(Counterexample((FIRST,), ("go",), place), titles)


def test_an_example_is_one_sentence() -> None:
    example = Counterexample((FIRST, SECOND), ("go", "no_go"), Place(1))
    told = "round 1: go: legal, sales; block: risk gives go; go: legal; caution: risk; absent: sales gives no_go"
    assert shown_example(example) == told
    assert shown_example(Counterexample((FIRST,), ("go",), Place(2), "it errs")).endswith(" gives go (it errs)")
    assert shown_example(Counterexample((), (), Place(1), "no row is ever reached")) == "no row is ever reached"
    assert shown_example(Counterexample((), (), Place(1))) == ""


@pytest.mark.parametrize("rounds", [0, 1, MANY, MANY + 1, 40])
def test_of_a_long_history_the_first_and_the_last_rounds_are_told(rounds: int) -> None:
    history = tuple((Place(number), FIRST) for number in range(1, rounds + 1))
    told = list(shown_history(Counterexample((FIRST,), ("go",), Place(rounds + 1), history=history)))
    lines = [f"round {number}: go: legal, sales; block: risk gives next_round" for number in range(1, rounds + 1)]
    assert told == (lines if rounds <= MANY else [*lines[: MANY // 2], "…", *lines[-MANY // 2 :]])
