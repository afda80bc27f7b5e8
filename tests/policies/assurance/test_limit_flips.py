"""Limits: every fact or limit that is claimed to flip a decision flips it, and is the nearest that does."""

import math
import random
from collections.abc import Mapping
from typing import Any

import pytest

from policies.assurance import flips
from policies.assurance.flips import LimitFlip, distance_of, flip_limits
from policies.guards import COMPARISONS, Guard, examine, value_at
from policies.outcome import Ruling, decide
from policies.table import Policy
from policies.vote import Vote
from tests.policies.assurance.enumeration import policy, random_policy, random_team, vote_of

pytestmark = pytest.mark.slow

ALWAYS_GO = policy(otherwise="go")
VOTE = Vote({"risk": "go", "legal": "go"})
UP, DOWN = math.inf, -math.inf


def changed(facts: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The facts with another value at a path."""
    head, _, rest = path.partition(".")
    return {**facts, head: changed(facts[head], rest, value) if rest else value}


def again(
    rules: Policy, vote: Vote, guards: list[Guard], facts: dict[str, Any], given: Mapping[str, Any]
) -> tuple[str, list[bool]]:
    """The outcome and the guards' answers after some facts (by path), literal limits (by name) or votes are changed."""
    limits = dict(given)
    votes = limits.pop("min_go_votes", vote.min_go_votes)
    edited = [
        Guard.model_validate({**guard.model_dump(), guard.comparison: limits.pop(guard.name)})
        if guard.name in limits
        else guard
        for guard in guards
    ]
    for path, value in limits.items():
        facts = changed(facts, path, value)
    findings = examine(edited, facts)
    seats = Vote(vote.casts, votes, vote.round, vote.max_rounds, vote.rounds_blocked, 0, vote.weights, vote.vetoers)
    return decide(rules, seats, findings).final, [finding.tripped for finding in findings]


def value_now(vote: Vote, guards: list[Guard], facts: dict[str, Any], key: str) -> Any:
    by_name = {guard.name: guard.limit for guard in guards}
    if key == "min_go_votes":
        return vote.min_go_votes
    return by_name[key] if key in by_name else value_at(key, facts)


def one_step_back(value: Any, now: Any, whole: bool) -> Any:
    if whole:
        return value + (1 if now > value else -1)
    return math.nextafter(value, UP if now > value else DOWN)


# --- each comparison -------------------------------------------------------------------------------------------------

WHOLE = [
    ("at_least", 4, 7, 7, 4),
    ("at_least", 7, 7, 6, 8),
    ("at_least", 9, 7, 6, 10),
    ("above", 4, 7, 8, 3),
    ("above", 7, 7, 8, 6),
    ("above", 9, 7, 7, 9),
    ("at_most", 9, 7, 7, 9),
    ("at_most", 7, 7, 8, 6),
    ("at_most", 4, 7, 8, 3),
    ("below", 9, 7, 6, 10),
    ("below", 7, 7, 6, 8),
    ("below", 4, 7, 7, 4),
]
"""Comparison, fact, limit; the nearest fact and the nearest limit that turn the guard's answer."""


@pytest.mark.parametrize(("comparison", "value", "limit", "fact", "other"), WHOLE)
def test_a_counted_fact_and_its_limit_flip_at_the_nearest_whole_number(
    comparison: str, value: int, limit: int, fact: int, other: int
) -> None:
    literal = Guard.model_validate({"name": "g", "fact": "a.x", comparison: limit, "cap": "no_go"})
    by_path = Guard.model_validate({"name": "g", "fact": "a.x", comparison: "a.y", "cap": "no_go"})
    facts = {"a": {"x": value, "y": limit}}
    outcome = "no_go" if decide(ALWAYS_GO, VOTE, examine([literal], facts)).final == "go" else "go"

    assert flip_limits(ALWAYS_GO, VOTE, [literal], facts) == [
        LimitFlip({"a.x": fact}, {}, outcome),  # type: ignore[arg-type]
        LimitFlip({}, {"g": other}, outcome),  # type: ignore[arg-type]
    ]
    assert flip_limits(ALWAYS_GO, VOTE, [by_path], facts) == [
        LimitFlip({"a.x": fact}, {}, outcome),  # type: ignore[arg-type]
        LimitFlip({"a.y": other}, {}, outcome),  # type: ignore[arg-type]
    ]


FLOATS = [
    ("at_least", 0.25, 0.5, 0.5, 0.25),
    ("at_least", 0.75, 0.5, math.nextafter(0.5, DOWN), math.nextafter(0.75, UP)),
    ("above", 0.25, 0.5, math.nextafter(0.5, UP), math.nextafter(0.25, DOWN)),
    ("above", 0.75, 0.5, 0.5, 0.75),
    ("at_most", 0.25, 0.5, math.nextafter(0.5, UP), math.nextafter(0.25, DOWN)),
    ("at_most", 0.75, 0.5, 0.5, 0.75),
    ("below", 0.25, 0.5, 0.5, 0.25),
    ("below", 0.75, 0.5, math.nextafter(0.5, DOWN), math.nextafter(0.75, UP)),
    ("at_least", 3, 2.5, math.nextafter(2.5, DOWN), math.nextafter(3, UP)),
]


@pytest.mark.parametrize(("comparison", "value", "limit", "fact", "other"), FLOATS)
def test_a_measured_fact_and_its_limit_flip_at_the_nearest_number_there_is(
    comparison: str, value: float, limit: float, fact: float, other: float
) -> None:
    guard = Guard.model_validate({"name": "g", "fact": "x", comparison: limit, "cap": "go_with_caution"})
    found = flip_limits(ALWAYS_GO, VOTE, [guard], {"x": value})

    assert [(dict(flip.facts), dict(flip.limits)) for flip in found] == [({"x": fact}, {}), ({}, {"g": other})]


@pytest.mark.parametrize(("value", "limit"), [("draft", "final"), (False, True), (3, 5), (0.5, 1)])
def test_a_fact_flips_by_becoming_equal_and_the_limit_by_becoming_the_fact(value: Any, limit: Any) -> None:
    guard = Guard(name="g", fact="a.x", equals=limit, cap="no_go")

    assert flip_limits(ALWAYS_GO, VOTE, [guard], {"a": {"x": value}}) == [
        LimitFlip({"a.x": limit}, {}, "no_go"),
        LimitFlip({}, {"g": value}, "no_go"),
    ]


def test_an_equality_between_two_facts_flips_by_either() -> None:
    guard = Guard(name="g", fact="a.x", equals="a.y", cap="no_go")

    assert flip_limits(ALWAYS_GO, VOTE, [guard], {"a": {"x": "draft", "y": "final"}}) == [
        LimitFlip({"a.x": "final"}, {}, "no_go"),
        LimitFlip({"a.y": "draft"}, {}, "no_go"),
    ]


def test_no_text_is_nearest_to_the_one_that_is_equal() -> None:
    guard = Guard(name="g", fact="x", equals="draft", cap="no_go")

    assert flip_limits(ALWAYS_GO, VOTE, [guard], {"x": "draft"}) == []


def test_a_boolean_that_holds_a_guard_flips_by_being_the_other_one() -> None:
    guard = Guard(name="sanctions", fact="x", equals=True, cap="no_go")
    found = flip_limits(ALWAYS_GO, VOTE, [guard], {"x": True})

    assert LimitFlip({"x": False}, {}, "go") in found


@pytest.mark.parametrize("facts", [{}, {"x": None}, {"x": "much"}, {"x": True}])
def test_a_guard_without_an_answer_has_no_nearest_fact_and_no_distance(facts: dict[str, Any]) -> None:
    guard = Guard(name="g", fact="x", at_least=1, cap="no_go")

    assert flip_limits(ALWAYS_GO, VOTE, [guard], facts) == []
    assert [distance_of(finding) for finding in examine([guard], facts)] == [None]


DISTANCES = (
    *(("at_least", 3, 2), ("at_least", 6, -1), ("above", 5, 0), ("above", 7.5, -2.5), ("equals", 5, None)),
    *(("at_most", 7, 2), ("at_most", 5, 0), ("below", 5.5, 0.5), ("below", 1, -4)),
)


@pytest.mark.parametrize(("comparison", "value", "distance"), DISTANCES)
def test_the_distance_is_the_room_left_to_the_limit(comparison: str, value: float, distance: float | None) -> None:
    guard = Guard.model_validate({"name": "g", "fact": "x", comparison: 5, "cap": "no_go"})

    assert [distance_of(finding) for finding in examine([guard], {"x": value})] == [distance]


# --- several guards --------------------------------------------------------------------------------------------------


def test_two_guards_that_hold_must_both_give_way() -> None:
    one = Guard(name="one", fact="x", at_least=5, cap="no_go")
    two = Guard(name="two", fact="y.z", below=3, cap="no_go")
    found = flip_limits(ALWAYS_GO, VOTE, [one, two], {"x": 9, "y": {"z": 0}})

    assert [(dict(flip.facts), dict(flip.limits), flip.outcome) for flip in found] == [
        ({"x": 4, "y.z": 3}, {}, "go"),
        ({"x": 4}, {"two": 0}, "go"),
        ({"y.z": 3}, {"one": 10}, "go"),
        ({}, {"one": 10, "two": 0}, "go"),
    ]


def test_the_fewest_guards_are_turned() -> None:
    mild = Guard(name="mild", fact="x", at_least=5, cap="go_with_caution")
    hard = Guard(name="hard", fact="y", at_least=5, cap="no_go")
    found = flip_limits(ALWAYS_GO, VOTE, [mild, hard], {"x": 9, "y": 9})

    assert [(dict(flip.facts), dict(flip.limits), flip.outcome) for flip in found] == [
        ({"y": 4}, {}, "go_with_caution"),
        ({}, {"hard": 10}, "go_with_caution"),
    ]


def test_of_two_guards_on_one_fact_only_the_nearer_limit_is_claimed() -> None:
    near = Guard(name="near", fact="x", at_least=3, cap="no_go")
    far = Guard(name="far", fact="x", at_least=5, cap="no_go")
    found = flip_limits(ALWAYS_GO, VOTE, [near, far], {"x": 1})

    assert [dict(flip.facts) for flip in found if flip.facts] == [{"x": 3}]


def test_many_guards_that_cannot_flip_anything_are_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def counted(*args: Any) -> Ruling:
        nonlocal tries
        tries += 1
        assert tries <= 10_000, "the search does not end"
        return decide(*args)

    monkeypatch.setattr(flips, "decide", counted)
    guards = [Guard(name=f"g{at}", fact=f"x{at}", at_least=5, cap="no_go") for at in range(50)]
    refused = Vote({"risk": "block"})
    rules = policy(("block > 0", "no_go"), otherwise="go")

    assert flip_limits(rules, refused, guards, {f"x{at}": 1 for at in range(50)}) == []


# --- votes needed ----------------------------------------------------------------------------------------------------


def test_the_votes_needed_flip_at_the_nearest_number_below_and_above() -> None:
    rules = policy(("go >= min_go_votes", "go"), otherwise="next_round")
    five = {"a": "go", "b": "go", "c": "go", "d": "block", "e": "block"}

    assert flip_limits(rules, Vote(five, 2), [], {}) == [LimitFlip({}, {"min_go_votes": 4}, "next_round")]  # type: ignore[arg-type]
    assert flip_limits(rules, Vote(five, 5), [], {}) == [LimitFlip({}, {"min_go_votes": 3}, "go")]  # type: ignore[arg-type]
    assert flip_limits(policy(otherwise="go"), Vote(five, 2), [], {}) == []  # type: ignore[arg-type]


def test_the_votes_needed_may_flip_in_both_directions() -> None:
    rules = policy(("go == min_go_votes", "go"), ("go > min_go_votes", "no_go"), otherwise="next_round")

    assert flip_limits(rules, Vote({"a": "go", "b": "go", "c": "caution"}, 2), [], {}) == [
        LimitFlip({}, {"min_go_votes": 1}, "no_go"),
        LimitFlip({}, {"min_go_votes": 3}, "next_round"),
    ]


def test_no_more_votes_are_asked_for_than_there_are_roles() -> None:
    rules = policy(("go >= min_go_votes", "go"), otherwise="next_round")

    assert flip_limits(rules, Vote({"a": "go", "b": "go"}, 2), [], {}) == []


# --- random ----------------------------------------------------------------------------------------------------------


def random_guards(rng: random.Random) -> tuple[list[Guard], dict[str, Any]]:
    """Guards, each on a fact and a limit of its own."""
    guards, facts = [], {"a": {}, "b": {}}  # type: ignore[var-annotated]
    for at in range(rng.randint(1, 3)):
        number = (lambda: rng.randint(-3, 3)) if rng.random() < 0.5 else (lambda: rng.randint(-8, 8) / 4)
        limit: Any = rng.choice([number(), f"b.y{at}"])
        facts["a"][f"x{at}"], facts["b"][f"y{at}"] = number(), number()
        cap = rng.choice(["no_go", "go_with_caution"])
        raw = {"name": f"guard {at}", "fact": f"a.x{at}", rng.choice(COMPARISONS): limit, "cap": cap}
        guards.append(Guard.model_validate(raw))
    return guards, facts


def check_flip(rules: Policy, vote: Vote, guards: list[Guard], facts: dict[str, Any], flip: LimitFlip) -> None:
    """Deciding again gives what is claimed; with any one of its values a step nearer it does not."""
    given = {**flip.facts, **flip.limits}
    assert again(rules, vote, guards, facts, given)[0] == flip.outcome
    assert flip.outcome != again(rules, vote, guards, facts, {})[0]
    for key, value in given.items():
        now = value_now(vote, guards, facts, key)
        assert value != now
        back = one_step_back(value, now, isinstance(value, int) and isinstance(now, int))
        assert again(rules, vote, guards, facts, {**given, key: back})[0] != flip.outcome


@pytest.mark.parametrize("dozens", range(25))
def test_every_claimed_limit_flips_the_decision_and_one_step_less_does_not(dozens: int) -> None:
    claimed = 0
    for seed in range(dozens * 12, dozens * 12 + 12):
        rng = random.Random(f"limits {seed}")
        team = random_team(rng, most=4)
        rules = ALWAYS_GO if rng.random() < 0.5 else random_policy(rng, team.roles)
        vote = vote_of(team, rng.choices(["go", "caution", "block"], [4, 1, 1], k=len(team.roles)))
        guards, facts = random_guards(rng)
        for flip in flip_limits(rules, vote, guards, facts):
            check_flip(rules, vote, guards, facts, flip)
            claimed += 1
    assert claimed > 12
