"""Ballots: every vote of a team once, counted where nothing tells roles apart, at every place that matters."""

import random
import re
from collections import Counter

import pytest

from policies.assurance import ballots as ballots_module
from policies.assurance.ballots import (
    Ballots,
    Counts,
    TooManyVotesError,
    chance_of,
    counts_of,
    departures,
    moved,
    size_of,
    spelled,
    totals,
)
from policies.assurance.electorate import Electorate, Place, Seating, electorate_of
from policies.decision.marks import Marks
from policies.run.seats import Reseating
from policies.team.rules import parse_team
from policies.team.team import Budget, Team
from tests.policies.assurance.enumeration import everything, policy, random_policy, random_team

ABC = Electorate(("a", "b", "c"))


@pytest.mark.parametrize(
    ("rule", "weights", "vetoers", "classes"),
    [
        ("go > 0", {"a": 5}, (), [("a", "b", "c")]),
        ("weighted_go > 0", {"a": 5}, (), [("a",), ("b", "c")]),
        ("weighted_block > 0", {"b": 5, "c": 1}, (), [("a", "c"), ("b",)]),
        ("go > 0", {}, ("b",), [("a", "c"), ("b",)]),
        ("vetoes > 0", {}, ("a", "c"), [("a", "c"), ("b",)]),
        ('stances.b == "go"', {}, (), [("a", "c"), ("b",)]),
        ('stances["c"] == "go"', {}, ("a",), [("a",), ("b",), ("c",)]),
        ("stances.exists(r, stances[r] == 'go')", {}, (), [("a",), ("b",), ("c",)]),
        ("size(conflicts) == 0", {"a": 9}, (), [("a", "b", "c")]),
    ],
)
def test_roles_are_counted_together_unless_something_tells_them_apart(
    rule: str, weights: dict[str, int], vetoers: tuple[str, ...], classes: list[tuple[str, ...]]
) -> None:
    team = Electorate(ABC.roles, weights=weights, vetoers=frozenset(vetoers))

    assert list(Ballots(policy((rule, "go"), otherwise="no_go"), team).classes) == classes


@pytest.mark.parametrize("seed", range(60))
def test_the_kinds_of_votes_stand_for_every_vote_once(seed: int) -> None:
    rng = random.Random(f"ballots {seed}")
    team = random_team(rng, most=5)
    rules = random_policy(rng, team.roles)
    ballots = Ballots(rules, team)
    kinds = ballots.kinds()
    every = list(everything(rules, team))

    assert ballots.votes() == len(every) == sum(map(size_of, kinds))
    assert len({*kinds}) == len(kinds)
    sizes = Counter(
        tuple(
            tuple(sum(casts[team.roles.index(role)] == cast for role in roles) for cast in ballots_module.CASTS)
            for roles in ballots.classes
        )
        for casts in every
    )
    assert sizes == {ballot: size_of(ballot) for ballot in kinds}


def test_absence_is_cast_only_where_it_counts() -> None:
    stops, counts = policy(otherwise="go"), policy(otherwise="go", on_absent="count")

    assert (Ballots(stops, ABC).casts, Ballots(stops, ABC).votes(), len(Ballots(stops, ABC).kinds())) == (3, 27, 10)
    assert (Ballots(counts, ABC).casts, Ballots(counts, ABC).votes(), len(Ballots(counts, ABC).kinds())) == (4, 64, 20)
    assert list(counts_of(1, 4)) == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]


def test_fifteen_roles_are_counted_and_not_spelled_out() -> None:
    team = Electorate(tuple(f"r{number}" for number in range(15)))

    assert len(Ballots(policy(("go > 7", "go"), otherwise="no_go"), team).kinds()) == 136


def test_too_many_kinds_of_votes_are_refused() -> None:
    team = Electorate(tuple(f"r{number}" for number in range(12)))
    rule = "stances.all(r, stances[r] == 'go')"

    with pytest.raises(TooManyVotesError, match="12 roles in 12 classes cast 531441 kinds of votes"):
        Ballots(policy((rule, "go"), otherwise="no_go"), team).kinds()
    assert issubclass(TooManyVotesError, ValueError)
    assert len(Ballots(policy((rule, "go"), otherwise="no_go"), Electorate(team.roles[:8])).kinds()) == 3**8


def test_a_vote_is_spelled_out_in_the_order_of_the_team_with_its_limits() -> None:
    team = Electorate(("a", "b", "c", "d"), 3, 5, weights={"b": 2}, vetoers=frozenset({"d"}))
    rules = policy(("weighted_go > 0", "go"), on_absent="count")
    ballots = Ballots(rules, team)
    assert ballots.classes == (("a", "c"), ("b",), ("d",))

    vote = ballots.vote(((1, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1)), Place(2, 1, (), 5, Marks(3), 0.5))
    assert list(vote.casts.items()) == [("a", "go"), ("b", "caution"), ("c", "block"), ("d", "absent")]
    assert (vote.min_go_votes, vote.round, vote.max_rounds, vote.rounds_blocked, vote.marks) == (3, 2, 5, 1, Marks(3))
    assert (vote.weights, vote.vetoers, vote.confidences) == ({"b": 2}, frozenset({"d"}), (0.5, 0.5, 0.5))
    assert ballots.vote(((2, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0)), Place(1)).confidences == ()


def test_those_who_joined_sit_behind_the_sequence_in_one_order_and_cast_ballots_too() -> None:
    team = Electorate(("a", "b"), joining=("y", "x"))
    ballots = Ballots(policy(('stances.x == "go"', "go"), otherwise="no_go"), team)

    assert ballots.classes == (("a", "b", "y"), ("x",))
    seatings = [Seating(joined) for joined in ((), ("x",), ("y",), ("y", "x"))]
    assert [len(ballots.kinds(each)) for each in seatings] == [6, 18, 10, 30]
    assert [ballots.votes(each) for each in seatings] == [9, 27, 27, 81]
    spelled_out = ballots.spell(((1, 1, 1, 0), (0, 0, 1, 0)), Seating(("x", "y")))
    assert list(spelled_out.items()) == [("a", "go"), ("b", "caution"), ("y", "block"), ("x", "block")]
    assert ballots.of(spelled_out) == ((1, 1, 1, 0), (0, 0, 1, 0))


def test_those_who_left_cast_no_ballots_and_are_told_apart_from_the_others() -> None:
    row = {"when": "block > 0", "then": "next_round", "release": "b"}
    team = Electorate(("a", "b", "c"), joining=("x",))
    ballots, left = Ballots(policy(row, otherwise="go"), team), Seating(("x",), ("b",))

    assert ballots.classes == (("a", "c", "x"), ("b",))
    assert (team.seated(left), ballots.votes(left), len(ballots.kinds(left))) == (("a", "c", "x"), 27, 10)
    assert ballots.of({"a": "go", "c": "absent", "x": "go"}) == ((2, 0, 0, 1), (0, 0, 0, 0))


def test_a_team_sits_after_a_change_as_the_next_round_does() -> None:
    team = Electorate(("a", "b"), joining=("x", "y"))

    assert team.after(Seating(), Reseating("y", "a")) == Seating(("y",), ("a",))
    assert team.after(Seating(("y",), ("a",)), Reseating("x", "y")) == Seating(("x",), ("a",))
    assert team.after(Seating((), ("a",)), Reseating("a", "b")) == Seating((), ("a",))


def test_the_team_of_a_vote_has_one_round_and_nobody_joins_it() -> None:
    seat = {"title": "T", "mandate": "M."}
    rules = {"name": "mine", "rules": [{"when": "block > 0", "then": "next_round", "convene": "legal"}]}
    raw = {"name": "x", "title": "X", "goal": "g", "sequence": ["risk"], "policy": {**rules, "otherwise": "go"}}
    raw |= {"roles": dict.fromkeys(("risk", "legal", "chair"), seat), "budget": {"min_go_votes": 1}}
    rounds, vote = parse_team(raw), parse_team({**raw, "pattern": "vote", "lead": "chair"})
    assert isinstance(rounds, Team)
    assert isinstance(vote, Team)

    found = [electorate_of(team) for team in (rounds, vote)]
    assert [(each.max_rounds, each.joining, each.is_vote) for each in found] == [(3, ("legal",), False), (1, (), True)]


def test_a_team_that_says_nothing_has_the_limits_of_a_team_file_that_says_nothing() -> None:
    limits = Budget()

    assert (ABC.min_go_votes, ABC.max_rounds, ABC.max_messages) == (
        limits.min_go_votes,
        limits.max_rounds,
        limits.max_messages,
    )


def test_a_move_changes_one_role_of_each_class_that_has_one_to_move() -> None:
    ballot: tuple[Counts, ...] = ((2, 0, 0, 0), (0, 1, 0, 0), (1, 0, 1, 0))

    assert list(moved(ballot, 0, 2)) == [
        (0, ((1, 0, 1, 0), (0, 1, 0, 0), (1, 0, 1, 0))),
        (2, ((2, 0, 0, 0), (0, 1, 0, 0), (0, 0, 2, 0))),
    ]
    assert list(moved(ballot, 1, 3)) == [(1, ((2, 0, 0, 0), (0, 0, 0, 1), (1, 0, 1, 0)))]
    assert list(moved(ballot, 3, 0)) == []


def test_the_numbers_of_a_ballot() -> None:
    ballot: tuple[Counts, ...] = ((2, 0, 1, 0), (0, 1, 0, 1))

    assert totals(ballot) == (2, 1, 1, 1)
    assert departures(ballot) == (3, 2, 1)
    assert size_of(ballot) == 3 * 2
    assert list(spelled((1, 2, 0, 1))) == ["go", "caution", "caution", "absent"]
    assert chance_of(ballot, {"go": 0.5, "caution": 0.25, "block": 0.25, "absent": 0.5}) == 6 * 0.5**2 * 0.25**2 * 0.5
    assert chance_of(ballot, {"go": 0.5, "block": 0.5}) == 0.0


def test_a_ballot_of_another_team_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("zip()")):
        Ballots(policy(otherwise="go"), ABC).vote(((3, 0, 0, 0), (1, 0, 0, 0)), Place(1))
