"""Votes: the variables that a row may read, each against a count made by hand."""

from itertools import product
from typing import Any, get_args

import pytest

from policies.conditions.condition import holds_for_vote
from policies.decision.marks import Marks
from policies.decision.outcome import decide
from policies.decision.table import Policy
from policies.decision.variables import VARIABLES, Variables
from policies.decision.vote import Cast, Vote, rounds_blocked
from policies.team.fields import Stance

CASTS: dict[str, Cast] = {"demand": "go", "finance": "caution", "risk": "block", "legal": "absent", "support": "go"}
VOTE = Vote(
    CASTS,
    min_go_votes=3,
    round=2,
    max_rounds=5,
    rounds_blocked=1,
    marks=Marks(4, 2, 1),
    weights={"demand": 5, "risk": 2, "legal": 7},
    vetoers=frozenset({"risk", "finance", "legal"}),
    confidences=(0.5, 1.0, 0.6, 0.7),
)
VALUES: dict[str, Any] = {
    "go": 2,
    "caution": 1,
    "block": 1,
    "absent": 1,
    "team": 5,
    "vetoes": 1,
    "round": 2,
    "rounds_left": 3,
    "block_streak": 2,
    "open_questions": 4,
    "ungrounded": 2,
    "moved": 1,
    "min_go_votes": 3,
    "weighted_go": 6,
    "weighted_caution": 1,
    "weighted_block": 2,
    "stances": CASTS,
    "conflicts": ["blocking_vs_non_block", "high_divergence"],
    "mean_confidence": 0.7,
    "min_confidence": 0.5,
}


def take(vote: Vote, *names: str) -> list[Any]:
    return [Variables(vote).take((name,))[name] for name in names]


def test_every_variable_of_a_vote_has_its_value() -> None:
    assert Variables(VOTE).take(tuple(VARIABLES)) == VALUES
    assert list(VALUES) == list(Variables(VOTE).take(tuple(VARIABLES)))


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_can_be_read_by_a_row(name: str) -> None:
    empty: dict[str, str] = {"stances": "{}", "conflicts": "[]", "mean_confidence": "-1.0", "min_confidence": "-1.0"}
    condition = f"{name} != {empty.get(name, '-1')}"

    assert holds_for_vote(condition, Variables(VOTE).take((name,))) is True


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_tells_roles_apart_by_their_weight_says_so(name: str) -> None:
    """A proof puts roles of other weights together where no row reads a variable that says so."""
    casts: list[dict[str, Cast]] = [{"risk": one, "legal": other} for one, other in product(get_args(Cast), repeat=2)]
    heavy: tuple[dict[str, int], ...] = ({}, {"risk": 7}, {"legal": 5})
    seen = [[take(Vote(each, weights=weights), name) for weights in heavy] for each in casts]

    assert any(first != another for first, *others in seen for another in others) == VARIABLES[name].is_weighed


def test_a_variable_asked_for_again_or_beside_others_is_the_same() -> None:
    variables = Variables(VOTE)

    for names in (("stances",), ("go", "stances"), ("conflicts", "stances", "go"), ("stances",)):
        assert variables.take(names) == {name: VALUES[name] for name in names}
    assert variables.take(()) == {}


def test_what_one_vote_gives_is_never_taken_for_another_s() -> None:
    others: dict[str, Cast] = {"demand": "caution", "finance": "go", "risk": "go", "legal": "block"}

    assert Variables(VOTE).take(("stances", "go"))["stances"] == CASTS
    assert Variables(Vote(others)).take(("stances", "go")) == {"stances": others, "go": 2}


def test_the_counts_of_every_vote_add_up_to_the_team() -> None:
    kinds: tuple[Cast, ...] = ("go", "caution", "block", "absent")
    for casts in product(kinds, repeat=4):
        vote = Vote({str(number): cast for number, cast in enumerate(casts)})
        go, caution, block, absent, team = take(vote, "go", "caution", "block", "absent", "team")
        assert go + caution + block + absent == team == 4
        assert take(vote, "weighted_go", "weighted_caution", "weighted_block") == [go, caution, block]


@pytest.mark.parametrize(
    ("at", "of", "left", "is_last"), [(1, 3, 2, False), (2, 3, 1, False), (3, 3, 0, True), (4, 3, 0, True)]
)
def test_the_last_round_is_the_one_after_which_none_is_left(at: int, of: int, left: int, is_last: bool) -> None:
    vote = Vote({"risk": "go"}, round=at, max_rounds=of)

    assert (take(vote, "rounds_left"), vote.is_last) == ([left], is_last)


@pytest.mark.parametrize(
    ("cast", "before", "streak"), [("block", 0, 1), ("block", 2, 3), ("go", 2, 0), ("absent", 2, 0)]
)
def test_a_streak_of_blocks_counts_this_round_and_ends_without_one(cast: Cast, before: int, streak: int) -> None:
    assert take(Vote({"risk": cast}, rounds_blocked=before), "block_streak") == [streak]


@pytest.mark.parametrize(
    ("earlier", "count"),
    [
        ([], 0),
        ([["block"]], 1),
        ([["go"]], 0),
        ([["block"], ["go"]], 0),
        ([["go"], ["block", "go"]], 1),
        ([["block"], ["block"], ["caution", "block"]], 3),
        ([["block"], [], ["block"]], 1),
    ],
)
def test_rounds_with_a_block_are_counted_back_from_the_last_without_a_break(
    earlier: list[list[Stance]], count: int
) -> None:
    assert rounds_blocked(earlier) == count


def test_absent_seats_have_no_stance_and_a_veto_needs_a_block() -> None:
    vote = Vote({"risk": "absent", "legal": "caution"}, vetoers=frozenset({"risk", "legal"}))

    assert vote.stances == {"legal": "caution"}
    assert take(vote, "vetoes", "conflicts") == [0, []]


def test_a_team_that_is_all_absent_has_a_vote_without_contributions() -> None:
    vote = Vote({"risk": "absent", "legal": "absent"})

    assert take(vote, "team", "absent", "conflicts") == [2, 2, ["no_contributions"]]
    assert take(vote, "mean_confidence", "min_confidence") == [0.0, 0.0]


@pytest.mark.parametrize("confidences", [(0.7, 0.7, 0.7), (0.5, 0.7, 0.9), (0.9, 0.7, 0.5), (0.6, 0.7, 0.8)])
def test_the_mean_of_confidences_is_that_of_the_decimal_numbers_as_they_are_written(
    confidences: tuple[float, ...],
) -> None:
    said: dict[str, Cast] = {"ada": "go", "bert": "go", "cleo": "go"}
    vote = Vote(said, confidences=confidences)
    assert Variables(vote).take(("mean_confidence",)) == {"mean_confidence": 0.7}
    table = {
        "name": "sure", "trust_confidence": True, "otherwise": "no_go",
        "rules": [{"when": "mean_confidence >= 0.7 && mean_confidence <= 0.7", "then": "go"}],
    }  # fmt: skip
    assert decide(Policy.model_validate(table), vote).final == "go"
