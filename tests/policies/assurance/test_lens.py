"""The lens: values that no row can tell apart are one class, and of each class one value is tried."""

import random

import pytest

from policies.assurance.electorate import Place
from policies.assurance.lens import LONGEST, Split, lens_of
from policies.decision.table import Policy
from policies.plain import MAX_INTEGER
from tests.policies.assurance.enumeration import policy


def table(when: str, **fields: object) -> Policy:
    return policy((when, "no_go"), **{"otherwise": "go", **fields})


@pytest.mark.parametrize("seed", range(40))
def test_two_values_are_of_one_class_where_every_comparison_with_a_constant_answers_the_same(seed: int) -> None:
    rng = random.Random(f"split {seed}")
    constants = tuple(sorted(rng.sample(range(12), rng.randint(0, 4))))
    split = Split(constants)
    answers = {value: [(value < each, value == each) for each in constants] for value in range(20)}

    for one in answers:
        for two in answers:
            assert (split.side(one) == split.side(two)) == (answers[one] == answers[two])
    lowest = rng.randint(0, 8)
    samples = split.samples(lowest, 19)
    wanted = {tuple(answers[value]): value for value in range(19, lowest - 1, -1)}
    assert list(samples) == sorted(wanted.values())


def test_values_that_grow_by_ones_are_told_apart_up_to_the_last_constant_and_one() -> None:
    assert [Split((1, 3)).level(value) for value in range(7)] == [0, 1, 2, 3, 4, 4, 4]
    assert [Split(None).level(value) for value in range(3)] == [0, 1, 2]
    assert (Split(()).top, Split((7,)).top, Split(None).top) == (0, 8, None)
    assert Split((2,)).also(4, 2) == Split((2, 4))
    assert Split(None).also(4) == Split(None)


@pytest.mark.parametrize(
    ("when", "questions"),
    [
        ("go > 0", (0,)),
        ("open_questions > 0", (0, 1)),
        ("open_questions >= 4", (0, 4, 5)),
        ("open_questions == 1 || open_questions > 100000", (0, 1, 2, 100000, 100001)),
        (f"open_questions < {2**53 - 1}", (0, 2**53 - 1)),
    ],
)
def test_open_questions_are_split_at_the_constants_that_rows_compare_them_with(
    when: str, questions: tuple[int, ...]
) -> None:
    assert lens_of([table(when)]).samples("open_questions", MAX_INTEGER) == questions


def test_of_two_tables_the_constants_of_both_count() -> None:
    both = lens_of([table("open_questions >= 4"), table("open_questions >= 2 && round == 2")])

    assert both.samples("open_questions", MAX_INTEGER) == (0, 2, 3, 4, 5)
    assert both.round == Split((2,))


def test_the_last_round_is_told_from_others_where_the_end_of_the_rounds_decides() -> None:
    last, other = Place(3, max_rounds=3), Place(3, max_rounds=4)
    for ends, is_told in (("stop", False), ("escalate", True), ("no_go", True)):
        lens = lens_of([table("block > 0", when_rounds_end=ends)])
        assert (lens.key(last) != lens.key(other)) == is_told
    assert lens_of([table("block > 0")], ends=True).key(last) != lens_of([table("block > 0")], ends=True).key(other)


def test_a_streak_is_one_more_than_the_rounds_blocked_before_and_none_where_nobody_blocks() -> None:
    lens = lens_of([table("block_streak >= 3 || block_streak == 0")])

    assert lens.blocked == Split((2,))


def test_a_streak_that_a_row_compares_beside_a_comment_is_told_apart_too() -> None:
    blocked = lens_of([table("block_streak >= 2 // go == 7")]).blocked

    assert blocked.side(0) != blocked.side(1)


def test_trusted_confidence_is_tried_on_a_grid() -> None:
    trusting = lens_of([table("mean_confidence < 0.5", trust_confidence=True)])

    assert trusting.confidences == (0.0, 0.5, 1.0)
    assert len(trusting.variants(Place(1), 2)) == 3
    assert lens_of([table("go > 0")]).confidences == (None,)


def test_rows_that_calculate_with_rounds_are_tried_a_few_rounds_further_and_others_as_far_as_there_are_any() -> None:
    calculating = lens_of([table("round % 2 == 0 && rounds_left == 7")])

    assert calculating.calculated == ("round",)
    assert (calculating.bound([3]), calculating.bound([20, 3]), calculating.bound([LONGEST])) == (11, 23, LONGEST)
    assert lens_of([table("round == 2")]).bound([3]) == LONGEST
