"""Stability: the exact interval of a rate of flips, what a check leads to, and which teams may have one."""

import random
from fractions import Fraction
from math import comb
from typing import Any

import pytest

from policies.decision.guards import Finding, Guard
from policies.decision.marks import Marks
from policies.decision.outcome import decide
from policies.decision.stability import Sample, decide_samples, in_percent, interval, said_flips, weigh
from policies.decision.table import Policy
from policies.decision.vote import Vote
from policies.language import ENGLISH, speaking
from policies.team.rules import parse_team
from policies.team.stability import MAX_SAMPLES, Stability
from policies.team.team import Team

TAIL = Fraction(1, 40)
STEP = Fraction(1, 10**6)
CHECK = Stability(samples=5, max_flip_rate=0.2, max_messages=15)


def at_least(flips: int, samples: int, rate: Fraction) -> Fraction:
    """How likely at least so many flips are: exactly, by whole numbers."""
    chances = (comb(samples, each) * rate**each * (1 - rate) ** (samples - each) for each in range(flips, samples + 1))
    return sum(chances, Fraction(0))


def at_most(flips: int, samples: int, rate: Fraction) -> Fraction:
    """How likely at most so many flips are."""
    return at_least(samples - flips, samples, 1 - rate)


@pytest.mark.parametrize("samples", [1, 2, 3, 5, 8, 13, 21, 34, MAX_SAMPLES])
def test_each_end_of_the_interval_leaves_out_a_fortieth_by_exact_sums(samples: int) -> None:
    """By fractions alone: a millionth further in a tail is above a fortieth, a millionth further out below."""
    for flips in range(samples + 1):
        low, high = map(Fraction, map(str, interval(flips, samples)))
        if flips == 0:
            assert low == 0
        else:
            assert at_least(flips, samples, low - STEP) < TAIL < at_least(flips, samples, low + STEP)
        if flips == samples:
            assert high == 1
        else:
            assert at_most(flips, samples, high + STEP) < TAIL < at_most(flips, samples, high - STEP)
        assert low <= Fraction(flips, samples) <= high


def test_the_interval_is_that_of_the_other_outcome_turned_around() -> None:
    for samples in (1, 4, 7, 20):
        for flips in range(samples + 1):
            (low, high), (lower, higher) = interval(flips, samples), interval(samples - flips, samples)
            assert (low, high) == pytest.approx((1 - higher, 1 - lower), abs=2e-6)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("samples", [5, 20])
def test_the_interval_covers_the_true_rate_in_93_of_100_checks(rate: float, samples: int) -> None:
    rng = random.Random(f"coverage {rate} {samples}")
    covered = 0
    for _ in range(1_000):
        low, high = interval(sum(rng.random() < rate for _ in range(samples)), samples)
        covered += low <= rate <= high
    assert covered >= 930


@pytest.mark.parametrize(
    ("outcomes", "limit", "flips", "rate", "steady"),
    [
        (["go"] * 5, 0.0, 0, 0.0, True),
        (["go", "go", "go", "go", "no_go"], 0.2, 1, 0.2, True),
        (["go", "go", "go", "escalate", "no_go"], 0.2, 2, 0.4, False),
        (["go", "go", "next_round"], 0.3, 1, 1 / 3, False),
        (["go"] * 7 + ["no_go"] * 3, 0.3, 3, 0.3, True),
        (["no_go"] * 5, 1.0, 5, 1.0, True),
        ([], 1.0, 0, None, False),
    ],
)
@pytest.mark.parametrize("otherwise", ["escalate", "stop"])
def test_a_rate_up_to_the_limit_announces_and_any_other_does_what_the_team_says(
    outcomes: list[Any], limit: float, flips: int, rate: float | None, steady: bool, otherwise: Any
) -> None:
    stability = Stability(samples=10, max_flip_rate=limit, max_messages=30, otherwise=otherwise)
    found = weigh("go", outcomes, stability)

    assert (found.flips, found.rate, found.outcomes) == (flips, rate, tuple(outcomes))
    assert found.acts == ("announce" if steady else otherwise)
    assert (found.low, found.high) == interval(flips, len(outcomes))


POLICY = Policy.model_validate(
    {
        "name": "marked",
        "rules": [
            {"when": "moved > 0", "then": "no_go"},
            {"when": "open_questions > 2", "then": "escalate"},
            {"when": "block > 0 && round < 3", "then": "next_round"},
            {"when": "block > 0", "then": "no_go"},
        ],
        "otherwise": "go",
    }
)


def test_each_sample_is_decided_as_a_vote_at_that_place_is() -> None:
    guard = Finding(Guard(name="rate", fact="rate", above=1, cap="go_with_caution"), tripped=True)
    vote = Vote({"a": "go", "b": "go"}, round=3, max_rounds=4, marks=Marks(open_questions=1))
    samples = [
        Sample({"a": "go", "b": "go"}, marks=Marks(open_questions=1)),
        Sample({"a": "go", "b": "block"}, marks=Marks(open_questions=1)),
        Sample({"a": "go", "b": "go"}, marks=Marks(open_questions=1, moved=1)),
        Sample({"a": "go", "b": "go"}, marks=Marks(open_questions=3)),
    ]
    assert decide_samples(POLICY, vote, [guard], samples) == ("go_with_caution", "no_go", "no_go", "escalate")
    for each, outcome in zip(samples, decide_samples(POLICY, vote, [], samples), strict=True):
        alone = Vote(each.casts, round=3, max_rounds=4, marks=each.marks, confidences=each.confidences)
        assert outcome == decide(POLICY, alone).final


def test_confidences_of_a_sample_count_where_the_policy_trusts_them() -> None:
    policy = Policy.model_validate(
        {
            "name": "x",
            "trust_confidence": True,
            "rules": [{"when": "min_confidence < 0.5", "then": "no_go"}],
            "otherwise": "go",
        }
    )
    samples = [Sample({"a": "go"}, (0.9,)), Sample({"a": "go"}, (0.1,))]
    assert decide_samples(policy, Vote({"a": "go"}, confidences=(0.9,)), (), samples) == ("go", "no_go")


def test_flips_are_said_in_words() -> None:
    with speaking(ENGLISH):
        assert said_flips(1, 3, 5, 0.25).startswith("asked again 5 times, the last round had another outcome in 1 of 3")
        assert said_flips(1, 3, 5, 0.25).endswith("(33.3%; allowed: 25%)")
        assert in_percent(0.005) == "0.5%"
        assert said_flips(0, 0, 5, 0.25) == "asked again 5 times, the last round had no sample with all its answers"


def team(**changes: Any) -> Any:
    """What a file of a team makes: the team, or its problems."""
    roles = {name: {"title": name, "mandate": "Judge."} for name in ("a", "b", "c")}
    raw = {
        "name": "x",
        "title": "X",
        "goal": "g",
        "sequence": ["a", "b"],
        "roles": roles,
        "budget": {"min_go_votes": 1},
    }
    policy = {"name": "p", "rules": [], "otherwise": "go"}
    return parse_team({**raw, "policy": policy, **changes})


def problems(**changes: Any) -> list[tuple[Any, str]]:
    """Where the problems of a team are, and what they say."""
    found = team(**changes)
    assert isinstance(found, list), found
    return [(each.path, each.message) for each in found]


def test_a_team_may_check_its_decisions_where_all_samples_fit() -> None:
    found = team(stability={"samples": 5, "max_flip_rate": 0, "max_messages": 10})
    assert isinstance(found, Team)
    assert found.stability == Stability(samples=5, max_flip_rate=0.0, max_messages=10, otherwise="escalate")
    assert team().stability is None


def test_the_samples_of_whoever_may_sit_must_fit() -> None:
    joins = {"name": "p", "rules": [{"when": "block > 0", "then": "next_round", "convene": "c"}], "otherwise": "go"}
    check = {"samples": 5, "max_flip_rate": 0.2, "max_messages": 14}
    where = ("stability", "max_messages")
    told = "is 14, but 5 samples of 3 roles need 15; allowed: 15 or more"
    assert problems(policy=joins, stability=check) == [(where, told)]
    assert isinstance(team(policy=joins, stability={**check, "max_messages": 15}), Team)
    told = "is 4, but 5 samples of 1 role need 5; allowed: 5 or more"
    assert problems(sequence=["a"], stability={**check, "max_messages": 4}) == [(where, told)]


def test_people_are_not_asked_twice_so_a_team_of_people_has_no_check() -> None:
    check = {"samples": 2, "max_flip_rate": 0.2, "max_messages": 2}
    human = {"title": "A", "mandate": "Judge.", "voice": "human"}
    other = {"title": "B", "mandate": "Judge."}
    assert isinstance(team(roles={"a": human, "b": other}, stability=check), Team)
    assert team(roles={"a": human, "b": other}, stability=check).asked_again == ("b",)
    found = problems(roles={"a": human, "b": human}, stability=check)
    assert found == [(("stability",), "has nobody to ask again: people answer for every role")]


def test_only_rounds_are_asked_again() -> None:
    check = {"samples": 1, "max_flip_rate": 0.2, "max_messages": 2}
    found = problems(pattern="parallel", stability=check)
    assert found == [(("stability",), "is read by rounds, and not by `parallel`")]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("samples", 0), ("samples", 51), ("samples", 2.5), ("max_flip_rate", -0.1), ("max_flip_rate", 1.1),
        ("max_messages", 0), ("max_messages", 100_001), ("otherwise", "announce"), ("rate", 1),
    ],
)  # fmt: skip
def test_what_is_beyond_its_bounds_is_refused_where_it_is(key: str, value: Any) -> None:
    check = {"samples": 5, "max_flip_rate": 0.2, "max_messages": 10}
    assert [path for path, _ in problems(stability={**check, key: value})] == [("stability", key)]
