"""A decision table as it counts ballots: what passes needs more that approve than reject."""

from itertools import product
from typing import Any, get_args

import pytest

from graph.teams.policies import load_policy, shipped_policies
from policies.decision.outcome import decide
from policies.decision.table import Policy, Row, for_ballots
from policies.decision.vote import Cast, Vote
from policies.team.rules import parse_team
from tests.policies.patterns.courses import policy_of, raw_team

CASTS: tuple[Cast, ...] = get_args(Cast)
VOTES = [dict(zip("abcd", casts, strict=True)) for casts in product(CASTS, repeat=4)]
PASSING = ("go", "go_with_caution")


def _ruled(policy: Policy, casts: dict[str, Cast], weights: dict[str, int] | None = None) -> str:
    return decide(policy, Vote(casts, 2, 1, 1, weights=weights or {})).final


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_table_lets_pass_what_it_let_pass_before_where_more_approve_than_reject(name: str) -> None:
    policy = load_policy(name)
    counted = for_ballots(policy)

    for casts in VOTES:
        said = [*casts.values()]
        is_carried = said.count("go") > said.count("block")
        before, after = _ruled(policy, casts), _ruled(counted, casts)
        assert after not in PASSING or is_carried
        assert not is_carried or before == after
        assert before != "no_go" or after == "no_go"


def test_where_the_table_reads_weights_ballots_are_weighed() -> None:
    policy = for_ballots(load_policy("weighted"))

    assert _ruled(policy, {"a": "go", "b": "block", "c": "block"}, {"a": 5}) in PASSING
    assert _ruled(policy, {"a": "block", "b": "go", "c": "go"}, {"a": 5}) not in PASSING


@pytest.mark.parametrize("otherwise", PASSING)
def test_what_otherwise_lets_pass_needs_as_much(otherwise: Any) -> None:
    policy = for_ballots(Policy(name="x", rules=(Row(when="block >= 2", then="no_go"),), otherwise=otherwise))

    assert _ruled(policy, {"a": "go", "b": "caution"}) == otherwise
    assert _ruled(policy, {"a": "caution", "b": "caution"}) == "next_round"
    assert _ruled(policy, {"a": "block", "b": "block"}) == "no_go"


@pytest.mark.parametrize("when", ["block == 0 // nobody is against it", "block == 0 && '//' != ''"])
def test_a_comment_in_a_row_hides_nothing_of_what_a_vote_adds(when: str) -> None:
    policy = for_ballots(Policy(name="x", rules=(Row(when=when, then="go"),), otherwise="no_go"))

    assert _ruled(policy, {"a": "go", "b": "caution"}) == "go"
    assert _ruled(policy, {"a": "caution", "b": "caution"}) == "no_go"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("block == 0" + " " * 990, "the whole has 1016 characters; allowed: at most 1000"),
        ("(" * 32 + "block == 0" + ")" * 32, "the whole is nested deeper than 32 levels"),
    ],
    ids=["too long", "too deep"],
)
def test_a_row_that_leaves_no_room_for_what_a_vote_adds_is_refused_in_a_vote_alone(when: str, said: str) -> None:
    policy = policy_of([{"when": "block > 1", "then": "no_go"}, {"when": when, "then": "go"}], otherwise="no_go")
    found = parse_team(raw_team("vote", policy=policy))

    assert isinstance(found, list)
    (problem,) = found
    assert problem.path == ("policy", "rules", 1, "when")
    assert said in problem.message
    assert not isinstance(parse_team(raw_team("rounds", policy=policy)), list)
