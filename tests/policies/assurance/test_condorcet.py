"""Condorcet: the exact chance that the shipped majority says go equals the closed form."""

from itertools import product
from math import comb, isclose, prod

import pytest

from graph.teams.policies import load_policy
from policies.assurance.ballots import Ballots, chance_of
from policies.assurance.electorate import Electorate, Place
from policies.decision.outcome import decide
from policies.decision.table import OUTCOMES
from policies.decision.vote import Cast
from tests.policies.assurance.enumeration import CASTS, policy, vote_of


def chances(ballots: Ballots, odds: dict[Cast, float]) -> dict[str, float]:
    """The chance of each outcome in the first round, every kind of vote weighed by its own."""
    found: dict[str, float] = {outcome: 0.0 for outcome in OUTCOMES}
    for ballot in ballots.kinds():
        found[decide(ballots.policy, ballots.vote(ballot, Place(1))).final] += chance_of(ballot, odds)
    return found


def team_of(size: int) -> Electorate:
    return Electorate(tuple(f"r{number}" for number in range(size)))


@pytest.mark.parametrize("p", [0.6, 0.7, 0.8])
@pytest.mark.parametrize("n", [3, 5, 7, 9])
def test_a_majority_is_right_with_the_chance_of_the_closed_form(n: int, p: float) -> None:
    closed = sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1) if k > n / 2)
    found = chances(Ballots(load_policy("majority"), team_of(n)), {"go": p, "block": 1 - p})

    assert isclose(found["go"], closed, rel_tol=0, abs_tol=1e-9)
    assert isclose(found["no_go"], 1 - closed, rel_tol=0, abs_tol=1e-9)
    assert found["go"] > p


def test_the_chance_grows_with_every_two_voters_and_the_known_value_is_met() -> None:
    grown = [chances(Ballots(load_policy("majority"), team_of(n)), {"go": 0.6, "block": 0.4})["go"] for n in (3, 5, 7)]

    assert grown == sorted(grown)
    assert isclose(grown[0], 0.648, abs_tol=1e-12)


def test_the_chances_of_all_kinds_are_those_of_all_votes_one_by_one() -> None:
    odds: dict[Cast, float] = {"go": 0.4, "caution": 0.3, "block": 0.2, "absent": 0.1}
    rules = policy(('stances.r1 == "block"', "no_go"), ("2 * weighted_go > team", "go"), on_absent="count")
    team = Electorate(("r0", "r1", "r2", "r3"), weights={"r0": 2})
    one_by_one = dict.fromkeys(OUTCOMES, 0.0)
    for casts in product(CASTS, repeat=4):
        one_by_one[decide(rules, vote_of(team, casts)).final] += prod(odds[cast] for cast in casts)

    found = chances(Ballots(rules, team), odds)
    assert all(isclose(found[outcome], one_by_one[outcome], abs_tol=1e-12) for outcome in OUTCOMES)
    assert isclose(sum(found.values()), 1.0, abs_tol=1e-12)
