"""Limits: every value of a fact or a limit that would have changed a decision is claimed once, and no other value."""

import math
import random
from itertools import combinations, product
from typing import Any

import pytest

from policies.assurance import limits
from policies.assurance.limits import LimitFlip, distance_of, flip_limits
from policies.assurance.ranges import find_ranges
from policies.decision.guards import Guard, examine
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Outcome, Policy
from policies.decision.vote import Vote
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.judged_flips import Rule, Tried, judge_joint, judge_single, random_case

ALWAYS_GO = policy(otherwise="go")
VOTE = Vote({"risk": "go", "legal": "go"})
UP, DOWN = math.inf, -math.inf


def always(outcome: str) -> Policy:
    return policy(otherwise=outcome)


def guard(fact: str = "x", cap: str = "no_go", name: str = "g", **comparison: Any) -> Guard:
    return Guard.model_validate({"name": name, "fact": fact, "cap": cap, **comparison})


def flips(guards: list[Guard], facts: dict[str, Any], rules: Policy = ALWAYS_GO) -> list[tuple[Any, ...]]:
    """Each flip as (facts, limits, outcome, stays_at)."""
    found = flip_limits(rules, VOTE, guards, facts)
    return [(dict(flip.facts), dict(flip.limits), flip.outcome, flip.stays_at) for flip in found]


# --- each comparison -------------------------------------------------------------------------------------------------

SIDES = [
    ("at_least", 4, {"at_least": 7}, (), {"at_most": 4}, ()),
    ("at_least", 7, {"below": 7}, (7,), {"above": 7}, (7,)),
    ("at_least", 9, {"below": 7}, (7,), {"above": 9}, (9,)),
    ("above", 4, {"above": 7}, (7,), {"below": 4}, (4,)),
    ("above", 7, {"above": 7}, (7,), {"below": 7}, (7,)),
    ("above", 9, {"at_most": 7}, (), {"at_least": 9}, ()),
    ("at_most", 9, {"at_most": 7}, (), {"at_least": 9}, ()),
    ("at_most", 4, {"above": 7}, (7,), {"below": 4}, (4,)),
    ("below", 9, {"below": 7}, (7,), {"above": 9}, (9,)),
    ("below", 4, {"at_least": 7}, (), {"at_most": 4}, ()),
]
"""Comparison, fact, with the limit 7; the facts and the limits that turn the guard's answer, and where it stays."""


@pytest.mark.parametrize(("comparison", "value", "fact", "fact_stays", "other", "other_stays"), SIDES)
@pytest.mark.parametrize("scale", [1, 0.1, 1e22, 5e-324])
def test_a_flip_is_every_value_on_the_other_side_of_the_border(
    comparison: str, value: int, fact: Any, fact_stays: Any, other: Any, other_stays: Any, scale: float
) -> None:
    def scaled(values: Any) -> Any:
        return (
            {k: v * scale for k, v in values.items()} if isinstance(values, dict) else tuple(v * scale for v in values)
        )

    literal = guard("a.x", **dict[str, Any]({comparison: 7 * scale}))
    by_path = guard("a.x", **{comparison: "a.y"})
    facts = {"a": {"x": value * scale, "y": 7 * scale}}
    is_tripped = examine([literal], facts)[0].tripped
    outcome = "go" if is_tripped else "no_go"
    on_fact = (scaled(fact), outcome, scaled(fact_stays))

    assert flips([literal], facts) == [
        ({"a.x": on_fact[0]}, {}, *on_fact[1:]),
        ({}, {"g": scaled(other)}, outcome, scaled(other_stays)),
    ]
    assert flips([by_path], facts) == [
        ({"a.x": on_fact[0]}, {}, *on_fact[1:]),
        ({"a.y": scaled(other)}, {}, outcome, scaled(other_stays)),
    ]


@pytest.mark.parametrize(("value", "limit"), [("draft", "final"), (False, True), (3, 5), (0.5, 1)])
def test_a_fact_flips_by_becoming_equal_and_the_limit_by_becoming_the_fact(value: Any, limit: Any) -> None:
    assert flips([guard("a.x", equals=limit)], {"a": {"x": value}}) == [
        ({"a.x": {"equals": limit}}, {}, "no_go", ()),
        ({}, {"g": {"equals": value}}, "no_go", ()),
    ]


@pytest.mark.parametrize("value", ["draft", 0.5, 7, "", "other"])
def test_a_fact_that_is_equal_flips_with_any_other_value_and_so_does_the_limit(value: Any) -> None:
    assert flips([guard("a.x", equals=value)], {"a": {"x": value}}) == [
        ({"a.x": {"other_than": [value]}}, {}, "go", ()),
        ({}, {"g": {"other_than": [value]}}, "go", ()),
    ]


def test_a_boolean_that_trips_a_guard_flips_by_being_the_other_one() -> None:
    assert flips([guard(equals=True)], {"x": True}) == [
        ({"x": {"equals": False}}, {}, "go", ()),
        ({}, {"g": {"equals": False}}, "go", ()),
    ]


def test_an_equality_between_two_facts_flips_by_either() -> None:
    by_path = guard("a.x", equals="a.y")

    assert flips([by_path], {"a": {"x": "draft", "y": "final"}}) == [
        ({"a.x": {"equals": "final"}}, {}, "no_go", ()),
        ({"a.y": {"equals": "draft"}}, {}, "no_go", ()),
    ]
    assert flips([by_path], {"a": {"x": "draft", "y": "draft"}}) == [
        ({"a.x": {"other_than": ["draft"]}}, {}, "go", ()),
        ({"a.y": {"other_than": ["draft"]}}, {}, "go", ()),
    ]


@pytest.mark.parametrize("facts", [{}, {"x": None}, {"x": "much"}, {"x": True}, {"x": [1]}, {"x": {"y": 1}}])
def test_a_guard_whose_fact_cannot_be_read_flips_with_a_value_on_its_clear_side(facts: dict[str, Any]) -> None:
    assert flips([guard(at_least=0.03)], facts) == [({"x": {"below": 0.03}}, {}, "go", (0.03,))]
    assert flips([guard(equals="draft")], {**facts, "x": [1]}) == [({"x": {"other_than": ["draft"]}}, {}, "go", ())]
    assert [distance_of(finding) for finding in examine([guard(at_least=1)], facts)] == [None]


def test_a_fact_that_is_missing_with_all_around_it_flips_as_well() -> None:
    assert flips([guard("a.b.c", above=3)], {"a": 5}) == [({"a.b.c": {"at_most": 3}}, {}, "go", ())]


def test_a_limit_that_cannot_be_read_flips_with_a_value_on_the_clear_side_of_the_fact() -> None:
    assert flips([guard(at_least="limits.x")], {"x": 5}) == [({"limits.x": {"above": 5}}, {}, "go", (5,))]
    assert flips([guard(at_least="limits.x")], {}) == []


# --- several guards --------------------------------------------------------------------------------------------------


def test_two_tripped_guards_must_both_give_way() -> None:
    one, two = guard("x", name="one", at_least=5), guard("y.z", name="two", below=3)

    assert flips([one, two], {"x": 9, "y": {"z": 0}}) == [
        ({"x": {"below": 5}, "y.z": {"at_least": 3}}, {}, "go", ()),
        ({"x": {"below": 5}}, {"two": {"at_most": 0}}, "go", ()),
        ({"y.z": {"at_least": 3}}, {"one": {"above": 9}}, "go", ()),
        ({}, {"one": {"above": 9}, "two": {"at_most": 0}}, "go", ()),
    ]


def test_each_outcome_is_given_by_the_fewest_changes_that_give_it() -> None:
    mild = guard("x", "go_with_caution", "mild", at_least=5)
    hard = guard("y", "no_go", "hard", at_least=5)
    found = flips([mild, hard], {"x": 9, "y": 9})

    assert found[:2] == [
        ({"y": {"below": 5}}, {}, "go_with_caution", (5,)),
        ({}, {"hard": {"above": 9}}, "go_with_caution", (9,)),
    ]
    assert {(outcome, len(facts) + len(literals)) for facts, literals, outcome, _ in found[2:]} == {("go", 2)}


def test_a_fact_that_two_guards_read_flips_once_for_each_outcome() -> None:
    near = guard("x", "go_with_caution", "near", at_least=3)
    far = guard("x", "no_go", "far", at_least=5)

    assert [each for each in flips([near, far], {"x": 1}) if each[0]] == [
        ({"x": {"at_least": 3, "below": 5}}, {}, "go_with_caution", ()),
        ({"x": {"at_least": 5}}, {}, "no_go", ()),
    ]
    assert [each for each in flips([near, far], {"x": 9}) if each[0]] == [
        ({"x": {"below": 3}}, {}, "go", ()),
        ({"x": {"at_least": 3, "below": 5}}, {}, "go_with_caution", (5,)),
    ]


def test_a_fact_inside_two_limits_flips_on_both_sides() -> None:
    found = flips([guard("x", name="low", below=3), guard("x", name="high", above=5)], {"x": 4})

    assert [each for each in found if each[0]] == [
        ({"x": {"below": 3}}, {}, "no_go", (3,)),
        ({"x": {"above": 5}}, {}, "no_go", (5,)),
    ]


def test_a_limit_that_two_guards_share_moves_both() -> None:
    first, second = guard("x", name="first", above="limit"), guard("y", name="second", above="limit")

    assert flips([first, second], {"x": 7, "y": 9, "limit": 5}) == [({"limit": {"at_least": 9}}, {}, "go", ())]


def test_no_single_value_is_claimed_where_two_changes_move_the_same_guard() -> None:
    first, second = guard("x", name="first", at_least="y"), guard("y", name="second", at_least=3)

    assert flips([first, second], {"x": 9, "y": 5}) == [
        ({"x": {"below": 5}}, {"second": {"above": 5}}, "go", ()),
    ]


def test_a_fact_compared_with_another_below_it_takes_that_one_away() -> None:
    inner, outer = guard("a.b", "no_go", "inner", above=5), guard("a", "go_with_caution", "outer", above=5)
    found = flips([inner, outer], {"a": {"b": 1}})

    assert found[0] == ({"a.b": {"above": 5}}, {}, "no_go", (5,))
    assert ({"a": {"any": "a number"}}, {}, "no_go", ()) in found


def test_one_of_several_lifted_guards_may_have_to_keep_a_milder_cap() -> None:
    guards = [
        *(guard("x", "no_go", "x hard", at_least=5), guard("x", "go_with_caution", "x mild", at_least=3)),
        guard("y", "no_go", "y hard", at_least=5),
    ]
    found = [each for each in flips(guards, {"x": 9, "y": 9}) if not each[1]]

    assert found == [
        ({"x": {"below": 3}, "y": {"below": 5}}, {}, "go", ()),
        ({"x": {"at_least": 3, "below": 5}, "y": {"below": 5}}, {}, "go_with_caution", ()),
    ]


def test_many_guards_that_cannot_flip_anything_are_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def counted(*args: Any) -> Ruling:
        nonlocal tries
        tries += 1
        assert tries <= 10_000, "the search does not end"
        return decide(*args)

    monkeypatch.setattr(limits, "decide", counted)
    guards = [guard(f"x{at}", name=f"g{at}", at_least=5) for at in range(50)]
    facts = {f"x{at}": 9 for at in range(50)}
    refused, rules = Vote({"risk": "block"}), policy(("block > 0", "no_go"), otherwise="go")

    assert flip_limits(rules, refused, guards, facts) == []
    found = flip_limits(rules, VOTE, guards, facts)
    assert [(len(flip.facts), len(flip.limits), flip.outcome) for flip in found] == [(50, 0, "go"), (0, 50, "go")]


# --- votes needed ----------------------------------------------------------------------------------------------------


def needed(number: int, outcome: Outcome) -> LimitFlip:
    return LimitFlip({}, {"min_go_votes": {"equals": number}}, outcome)


def test_the_votes_needed_flip_at_the_nearest_number_below_and_above() -> None:
    rules = policy(("go >= min_go_votes", "go"), otherwise="next_round")
    five = {"a": "go", "b": "go", "c": "go", "d": "block", "e": "block"}

    assert flip_limits(rules, Vote(five, 2), [], {}) == [needed(4, "next_round")]  # type: ignore[arg-type]
    assert flip_limits(rules, Vote(five, 5), [], {}) == [needed(3, "go")]  # type: ignore[arg-type]
    assert flip_limits(policy(otherwise="go"), Vote(five, 2), [], {}) == []  # type: ignore[arg-type]
    assert flip_limits(rules, Vote({"a": "go", "b": "go"}, 2), [], {}) == []


def test_the_votes_needed_may_flip_in_both_directions() -> None:
    rules = policy(("go == min_go_votes", "go"), ("go > min_go_votes", "no_go"), otherwise="next_round")
    found = flip_limits(rules, Vote({"a": "go", "b": "go", "c": "caution"}, 2), [], {})

    assert found == [needed(1, "no_go"), needed(3, "next_round")]


# --- distances -------------------------------------------------------------------------------------------------------

DISTANCES = [
    *(("at_least", 3, 5, "2"), ("at_least", 6, 5, "-1"), ("above", 5, 5, "0"), ("above", 7.5, 5, "-2.5")),
    *(("at_most", 7, 5, "2"), ("at_most", 5, 5, "0"), ("below", 5.5, 5, "0.5"), ("below", 1, 5, "-4")),
    *(("at_least", 0.034, 0.03, "-0.004"), ("at_least", 0.026, 0.03, "0.004"), ("above", 0.1, 0.3, "0.2")),
    *(("above", 0.1 + 0.2, 0.3, "-4e-17"), ("below", 1.1, 1, "0.1"), ("below", 3, 2.9, "0.1")),
    *(("at_least", 5e-324, 1e22, "1e+22"), ("above", 5e-324, 0, "-5e-324"), ("above", -0.0, 0.0, "0.0")),
    *(("at_most", -0.0, 0, "0.0"), ("above", 0, -0.0, "0.0"), ("at_least", 2**53 - 1, 1 - 2**53, str(2 - 2**54))),
    *(("above", -1.7e308, 1.7e308, "None"), ("equals", 5, 5, "None"), ("above", 123456.789, 123456.79, "0.001")),
]


@pytest.mark.parametrize(("comparison", "value", "limit", "distance"), DISTANCES)
def test_the_distance_is_the_room_left_to_the_limit_in_decimal(
    comparison: str, value: float, limit: float, distance: str
) -> None:
    (finding,) = examine([guard(**dict[str, Any]({comparison: limit}))], {"x": value})

    assert repr(distance_of(finding)) == distance


# --- random ----------------------------------------------------------------------------------------------------------


def claimed(tried: Tried) -> list[tuple[Any, ...]]:
    return flips([Guard.model_validate(rule.raw) for rule in tried.rules], dict(tried.facts), always(tried.vote))


@pytest.mark.parametrize("hundreds", [0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 12))])
def test_a_judge_of_its_own_finds_every_claim_true_and_none_missed(hundreds: int) -> None:
    single = joint = 0
    for seed in range(hundreds * 100, hundreds * 100 + 100):
        rng = random.Random(f"limits {seed}")
        tried = random_case(rng)
        found = claimed(tried)
        alone, together = judge_single(tried, found), judge_joint(tried, found, rng)
        single, joint = single + alone.claims, joint + together.claims
        assert not alone.wrong + together.wrong, f"{tried}: {(alone.wrong + together.wrong)[:3]}"
    assert (single > 50, joint > 5) == (True, True)


@pytest.mark.parametrize("seed", range(40))
def test_an_outcome_that_needs_two_guards_lifted_is_claimed(seed: int) -> None:
    """Guards that share nothing, so that each of the two changes lifts one of them."""
    rng = random.Random(f"pairs {seed}")
    names = ["a", "b", "c"][: rng.randint(2, 3)]
    facts = {name: rng.randint(0, 9) for name in names}
    orders, caps = ["at_least", "above", "at_most", "below", "equals"], ["no_go", "no_go", "go_with_caution"]
    rules = [Rule(f"guard {name}", name, rng.choice(orders), rng.choice(caps), rng.randint(3, 6)) for name in names]
    tried = Tried("go", rules, facts)
    values = (-1, 3, 4, 4.5, 5, 6, 99)
    pairs = [
        {one: first, two: second} for one, two in combinations(names, 2) for first, second in product(values, repeat=2)
    ]
    lifting = [each for each in pairs if {*tried.tripped(each)} < {*tried.tripped({})}]
    given = {outcome for *_, outcome, _ in claimed(tried)}

    assert {tried.final({name: value}) for name in names for value in values} - {tried.final()} <= given
    assert {tried.final(each) for each in lifting} - {tried.final()} <= given


def test_values_that_nothing_should_tell_apart_and_that_differ_are_in_no_range() -> None:
    found = find_ranges([5], lambda value: "odd" if value == 4 else "even")

    assert [each.values for each in found] == [{"at_least": 5}]
    assert [each.values for each in find_ranges(["a"], lambda value: value)] == [{"equals": "a"}, {"other_than": ["a"]}]
    assert find_ranges([None, [1], {}], bool) == []
