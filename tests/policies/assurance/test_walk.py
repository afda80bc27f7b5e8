"""The walk: every place that a run reaches and no other, how it gets there, and how far a limit may be raised."""

import pytest

from policies.assurance.ballots import Ballots
from policies.assurance.electorate import Electorate, Place
from policies.assurance.lens import lens_of
from policies.assurance.proof import places_of, prove
from policies.assurance.rulings import Rulings
from policies.assurance.walk import Reached, find_way, walk
from policies.decision.table import Policy
from tests.policies.assurance.enumeration import policy
from tests.policies.assurance.random_runs import random_run
from tests.policies.assurance.simulation import Simulation

ONE = Electorate(("risk",))
TALKS = ("block > 0", "next_round")


def reached(rules: Policy, team: Electorate) -> dict[Place, str | None]:
    return {each.place: each.how for each in places_of(rules, team).reached}


def way(rules: Policy, team: Electorate, place: Place) -> Reached | None:
    return find_way(Rulings(rules, Ballots(rules, team), lens=lens_of([rules]).onto(place)), place)


def how(rules: Policy, team: Electorate, place: Place) -> str | None:
    found = way(rules, team, place)
    assert found is not None
    return found.how


def test_a_table_that_decides_at_once_is_at_one_place() -> None:
    assert reached(policy(otherwise="go"), ONE) == {Place(1): None}


def test_a_round_that_no_vote_leads_to_is_not_reached() -> None:
    rules = policy(("round == 1 && block > 0", "next_round"), ("round == 3", "no_go"), otherwise="go")

    assert reached(rules, ONE) == {Place(1): None, Place(2, 1): None}


def test_a_streak_is_as_long_as_the_votes_before_make_it() -> None:
    rules = policy(("block_streak >= 3", "no_go"), ("block_streak == 2", "go"), TALKS, otherwise="next_round")
    plain = {place for place, how in reached(rules, ONE).items() if how is None}

    assert plain == {Place(1), Place(2, 1)}


def test_teams_in_which_one_of_two_roles_has_joined_are_reached() -> None:
    calls = [
        {"when": "round == 1 && block > 0", "then": "next_round", "convene": "legal"},
        {"when": "round == 1 && caution > 0", "then": "next_round", "convene": "audit"},
        {"when": "round == 2 && block > 0", "then": "next_round", "convene": "audit"},
    ]
    team = Electorate(("risk",), joining=("legal", "audit"))
    joined = {place.joined for place in reached(policy(*calls, otherwise="go"), team)}

    assert joined == {(), ("legal",), ("audit",), ("legal", "audit")}


def test_a_human_who_was_asked_may_have_the_team_asked_again_where_a_round_is_left() -> None:
    rules = policy(("block > 0", "escalate"), ("round == 2", "no_go"), otherwise="go")
    team = Electorate(("risk",), max_rounds=2)

    assert reached(rules, team) == {
        Place(1, max_rounds=2): None,
        Place(2, 1, max_rounds=2): "after a human asked for another round",
        Place(3, 2, max_rounds=3): "after a human asked for another round and a resume raised max_rounds to 3",
    }


def test_a_resume_may_raise_the_limit_before_any_vote_and_once_the_rounds_are_used_up() -> None:
    rules = policy(("rounds_left == 2", "no_go"), TALKS, otherwise="go")

    assert reached(rules, Electorate(("risk",), max_rounds=1)) == {
        Place(1, max_rounds=1): None,
        Place(1, max_rounds=3): "after a resume raised max_rounds to 3",
        Place(1, max_rounds=4): "after a resume raised max_rounds to 4",
    }


def test_a_role_that_the_last_round_calls_joins_once_another_round_is_granted_unless_a_human_was_asked() -> None:
    call = {"when": "round == 1", "then": "next_round", "convene": "legal"}
    team = Electorate(("risk",), max_rounds=1, joining=("legal",))
    stops, asks = (policy(call, otherwise="go", when_rounds_end=ends) for ends in ("stop", "escalate"))
    late = Place(2, 0, ("legal",), 2)

    raised = "a resume raised max_rounds to 2"
    # Under `escalate` a limit that was raised before the first vote lets the role join all the same.
    assert [how(rules, team, late) for rules in (stops, asks)] == [f"after {raised}"] * 2
    assert how(asks, team, Place(2, 0, (), 2)) == f"after a human asked for another round and {raised}"
    assert way(stops, team, Place(2, 0, (), 2)) is None


def test_a_vote_has_one_place() -> None:
    rules = policy(TALKS, ("round == 2", "no_go"), otherwise="go", when_rounds_end="escalate")

    assert reached(rules, Electorate(("risk",), max_rounds=1, is_vote=True)) == {Place(1, max_rounds=1): None}


def test_the_highest_limit_that_is_looked_at_is_told_and_whether_rows_calculate() -> None:
    compares = policy(("rounds_left == 4", "no_go"), otherwise="next_round")
    calculates = policy(("rounds_left % 4 == 0", "no_go"), otherwise="next_round")

    assert (prove(compares, ONE).walked.raised_to, prove(compares, ONE).walked.calculated) == (6, ())
    assert (prove(calculates, ONE).walked.raised_to, prove(calculates, ONE).walked.calculated) == (6, ("rounds_left",))


@pytest.mark.parametrize("rounds", [999, 1_000])
def test_no_limit_is_raised_beyond_what_a_budget_may_allow(rounds: int) -> None:
    rules = policy(("rounds_left == 1", "go"), otherwise="next_round", when_rounds_end="escalate")
    places = [each.place for each in walk(places_of(rules, Electorate(("risk",), max_rounds=rounds)).rulings)]

    assert {place.max_rounds for place in places} == {rounds, 1_000}
    assert all(place.round <= place.max_rounds for place in places)


@pytest.mark.slow
def test_whether_a_run_gets_to_a_place_is_what_playing_every_run_says() -> None:
    """By votes alone, or by resumes, too; asked of every place, also of those that rows cannot tell from others."""
    for seed in range(8):
        rules, team = random_run(f"way {seed}")
        runs = Simulation(rules, team, range(8) if "open_questions" in rules.variables else (0,), highest=6, late=5)
        plain, resumed = runs.plain(), runs.resumed()
        teams = {seated for _, _, seated, _ in resumed} | {frozenset(team.roles + team.joining)}
        for limit in range(team.max_rounds, 6):
            for number in range(1, limit + 1):
                for blocked in range(number):
                    for seated in teams:
                        joined, released = team.seating(seated)
                        found = way(rules, team, Place(number, blocked, joined, limit, released=released))
                        state = (number, blocked, seated, limit)
                        assert (found is not None) == (state in resumed), (rules, team, state)
                        assert (found is not None and not found.is_resumed) == (state in plain), (rules, team, state)
