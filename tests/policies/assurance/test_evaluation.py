"""Evaluation: plurality and unanimity over recorded votes agree with ten lines that know nothing of policies."""

import random
from collections import Counter
from statistics import multimode

import pytest

from graph.teams.policies import load_policy
from policies.assurance.evaluation import Evaluation, Item, Result, evaluate, leading, strangers
from tests.policies.assurance.enumeration import policy

PLURALITY = policy(("go >= 1", "go"), otherwise="no_go")
ANSWERS = ("yes", "no", "maybe")
VOTERS = ("ada", "ben", "cyd", "dan", "eve")


def random_items(rng: random.Random) -> list[Item]:
    voters = VOTERS[: rng.randint(1, 5)]
    return [
        Item(rng.choice(ANSWERS), {voter: rng.choice((*ANSWERS, "yes", None)) for voter in voters})
        for _ in range(rng.randint(1, 30))
    ]


def ten_lines(items: list[Item]) -> dict[str, tuple[int, int]]:
    """How many items each rule decided, and how many of them rightly."""
    counted = {"plurality": [0, 0], "unanimity": [0, 0]}
    for item in items:
        given = [answer for answer in item.answers.values() if answer is not None]
        modes = multimode(given)
        for rule, decides in (("plurality", len(modes) == 1), ("unanimity", len(set(given)) == 1)):
            counted[rule][0] += decides
            counted[rule][1] += decides and modes[0] == item.truth
    return {rule: (decided, right) for rule, (decided, right) in counted.items()}


@pytest.mark.parametrize("seed", range(100))
def test_plurality_and_unanimity_agree_with_ten_independent_lines(seed: int) -> None:
    items = random_items(random.Random(seed))
    wanted = ten_lines(items)

    for rules, rule in ((PLURALITY, "plurality"), (load_policy("unanimous"), "unanimity")):
        found = evaluate(rules, items)
        assert (found.decided, found.right) == wanted[rule]
        decided, right = wanted[rule]
        assert found.items == len(items)
        assert found.coverage == decided / len(items)
        assert found.accuracy == right / len(items)
        assert found.precision == (right / decided if decided else None)


@pytest.mark.parametrize("seed", range(50))
def test_the_best_single_voter_is_the_one_most_often_right_and_of_several_the_first_by_name(seed: int) -> None:
    items = random_items(random.Random(seed))
    found = evaluate(PLURALITY, items)
    right = {voter: sum(item.answers[voter] == item.truth for item in items) for voter in items[0].answers}

    assert dict(found.voters) == right
    assert found.best_voter is not None
    name, accuracy = found.best_voter
    assert accuracy == max(right.values()) / len(items)
    assert name == sorted(voter for voter, count in right.items() if count == max(right.values()))[0]


def test_a_tie_is_decided_by_nobody_not_even_by_the_order_of_the_voters() -> None:
    tied = {"ada": "yes", "ben": "no"}

    assert evaluate(policy(otherwise="go"), [Item("yes", tied), Item("no", tied)]).decided == 0
    assert evaluate(policy(otherwise="go"), [Item("yes", tied)]).results == {"tie": 1}
    assert leading(["yes", "no", "maybe", "no", "yes"]) == ["yes", "no"]
    assert leading(["yes", "no", "no"]) == leading(["no", "yes", "no"]) == ["no"]


def test_a_voter_without_an_answer_is_absent_and_never_counted_for_or_against() -> None:
    items = [Item("yes", {"ada": "yes", "ben": None, "cyd": None})]

    assert evaluate(policy(("absent == 2 && block == 0", "go"), otherwise="no_go"), items).right == 1
    assert evaluate(load_policy("majority"), items).decided == 0
    assert evaluate(load_policy("quorum"), items).decided == 0
    assert leading([None, None]) == []
    assert evaluate(policy(otherwise="go"), [Item("yes", {"ada": None})]).results == {"unanswered": 1}


def test_whoever_disagrees_with_the_plurality_blocks() -> None:
    item = Item("yes", {"ada": "no", "ben": "no", "cyd": "yes", "dan": "maybe"})

    assert evaluate(policy(("go == 2 && block == 2 && team == 4", "go"), otherwise="no_go"), [item]).decided == 1
    assert evaluate(policy(("block > 0", "no_go"), otherwise="go"), [item]).decided == 0
    assert evaluate(PLURALITY, [item]) == Evaluation(
        Counter[Result](["wrong"]), {"ada": 0, "ben": 0, "cyd": 1, "dan": 0}
    )


@pytest.mark.parametrize("outcome", ["go", "go_with_caution", "no_go", "next_round", "escalate"])
def test_only_a_go_decides_with_or_without_caution(outcome: str) -> None:
    found = evaluate(policy(otherwise=outcome), [Item("yes", {"ada": "yes"})])

    assert found.decided == found.right == (outcome in ("go", "go_with_caution"))


def test_an_item_is_decided_in_its_only_round_by_the_votes_needed() -> None:
    rules = policy(("go >= min_go_votes && round == 1 && rounds_left == 0", "go"), otherwise="no_go")
    items = [Item("yes", {"ada": "yes", "ben": "yes", "cyd": "no"})]

    assert [evaluate(rules, items, votes).decided for votes in (1, 2, 3)] == [1, 1, 0]
    assert evaluate(rules, items).decided == 1


def test_nothing_at_all_has_no_best_voter_and_no_precision() -> None:
    nothing = evaluate(PLURALITY, [])
    nobody = evaluate(PLURALITY, [Item("yes", {})])

    assert (nothing.accuracy, nothing.coverage, nothing.precision, nothing.best_voter) == (0.0, 0.0, None, None)
    assert (nobody.items, nobody.decided, nobody.best_voter) == (1, 0, None)
    assert Evaluation(voters={"ada": 0}).best_voter is None


def test_a_voter_who_joins_late_is_measured_over_all_items() -> None:
    items = [Item("yes", {"ada": "yes"}), Item("no", {"ada": "yes", "ben": "no"})]
    found = evaluate(PLURALITY, items)

    assert dict(found.voters) == {"ada": 1, "ben": 1}
    assert found.best_voter == ("ada", 0.5)


def test_the_random_votes_have_ties_blanks_and_every_answer() -> None:
    items = [item for seed in range(100) for item in random_items(random.Random(seed))]
    given = Counter(answer for item in items for answer in item.answers.values())

    assert {*given} == {*ANSWERS, None}
    assert any(len(multimode(item.answers.values())) > 1 for item in items)


@pytest.mark.parametrize("seed", range(50))
def test_every_item_is_decided_or_left_for_one_reason(seed: int) -> None:
    items = random_items(random.Random(seed))
    modes = [multimode(each for each in item.answers.values() if each) for item in items]
    found = evaluate(load_policy("unanimous"), items)

    assert found.results["tie"] == sum(len(each) > 1 for each in modes)
    assert found.results["unanswered"] == sum(not each for each in modes)
    assert found.decided == found.results["right"] + found.results["wrong"]
    assert sum(found.results.values()) == found.items == len(items)


def test_weights_and_vetoes_count_where_they_are_given() -> None:
    weighed = policy(("weighted_go > weighted_block", "go"), otherwise="no_go")
    vetoed = policy(("vetoes > 0", "no_go"), otherwise="go")
    item = Item("yes", {"ada": "yes", "ben": "yes", "cyd": "no"})

    assert [evaluate(weighed, [item], weights=each).decided for each in (None, {"cyd": 2}, {"cyd": 1})] == [1, 0, 1]
    assert [evaluate(vetoed, [item], vetoers=frozenset(each)).decided for each in ((), ("ada",), ("cyd",))] == [1, 1, 0]


def test_a_row_without_an_answer_is_named_with_the_first_item_it_errs_on() -> None:
    computed = policy(("stances.exists(each, each == 'ada') && stances['eve' + ''] == 'go'", "go"), otherwise="no_go")
    items = [
        Item("yes", {"ada": None}),
        Item("yes", {"ben": "yes"}),
        Item("yes", {"ada": "yes"}),
        Item("no", {"ada": "no"}),
    ]
    found = evaluate(computed, items)

    assert found.fault is not None
    assert (found.fault[0], "eve" in found.fault[1]) == (2, True)
    assert found.results == {"unanswered": 1, "undecided": 3}


def test_a_vote_that_no_row_covers_is_left_undecided_and_no_fault() -> None:
    found = evaluate(policy(("go > 5", "go")), [Item("yes", {"ada": "yes"})])

    assert (found.results, found.fault) == ({"undecided": 1}, None)


def test_strangers_are_the_roles_that_rows_read_or_convene_and_that_do_not_vote() -> None:
    rules = policy(
        ("go > 1", "go"),
        ('stances.ada == "go" && stances["eve"] != "go" && stances.eve != "block"', "go"),
        {"when": "stances.zoe == 'go'", "then": "next_round", "convene": "fay"},
        ("stances.exists(each, each == 'gus')", "go"),
    )

    assert strangers(rules, VOTERS) == [(2, "zoe"), (2, "fay")]
    assert strangers(rules, ("ada",)) == [(1, "eve"), (2, "zoe"), (2, "fay")]
    assert strangers(rules, (*VOTERS, "zoe", "fay")) == []
