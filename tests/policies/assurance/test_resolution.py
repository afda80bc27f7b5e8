"""Resolution: whether votes that stay and votes that change end in a decision or at a human, and with what messages."""

from dataclasses import replace

from policies.assurance.electorate import Electorate, Place
from policies.assurance.places import Counterexample
from policies.assurance.proof import Proof, PropertyCheck, prove
from policies.decision.table import Property, Report
from policies.decision.vote import Cast
from tests.policies.assurance.enumeration import policy

TEAM = Electorate(("risk", "legal", "sales"))
ALL_GO: dict[str, Cast] = {"risk": "go", "legal": "go", "sales": "go"}


def check_of(proof: Proof, name: Property | Report) -> PropertyCheck:
    return next(each for each in (*proof.checks, *proof.reports) if each.property == name)


def failing(proof: Proof) -> dict[str, Counterexample | None]:
    return {check.property: check.counterexample for check in proof.checks if not check.holds}


def test_a_vote_that_is_talked_over_for_ever_breaks_resolves() -> None:
    broken = policy(("block == 1", "next_round"), ("block > 1", "no_go"), otherwise="go")
    example = Counterexample(({**ALL_GO, "sales": "block"},), ("next_round",), Place(3, 2), "repeated in 3 rounds")

    assert failing(prove(broken, TEAM)) == {"resolves": example}
    for end in ("escalate", "no_go"):
        assert failing(prove(broken.model_copy(update={"when_rounds_end": end}), TEAM)) == {}


def test_the_blocked_rounds_of_a_repeated_vote_are_its_own() -> None:
    stands = policy(("block_streak >= 3", "no_go"), ("block >= 1", "next_round"), otherwise="go")
    never = policy(("block_streak >= 4", "no_go"), ("block >= 1", "next_round"), otherwise="go")

    assert failing(prove(stands, TEAM)) == {}
    example = failing(prove(never, TEAM))["resolves"]
    assert example is not None
    assert (example.votes, example.place.round, example.place.rounds_blocked) == (({**ALL_GO, "sales": "block"},), 3, 2)


def test_a_question_that_stays_open_breaks_resolves() -> None:
    broken = policy(("open_questions > 0", "next_round"), otherwise="no_go")

    assert "resolves" in failing(prove(broken, TEAM))


def test_more_rounds_than_messages_allow_break_resolves() -> None:
    team = Electorate(TEAM.roles, max_rounds=3, max_messages=8)
    note = "3 roles in 3 rounds need 9 messages, allowed are 8"

    assert failing(prove(policy(otherwise="go"), team)) == {"resolves": Counterexample((), (), Place(3), note)}
    assert prove(policy(otherwise="go"), Electorate(TEAM.roles, max_rounds=3, max_messages=9)).holds


def test_messages_that_do_not_suffice_count_those_who_join_and_the_proposal_of_a_vote() -> None:
    calls = {"when": "round == 1 && block > 0", "then": "next_round", "convene": "legal"}
    rules = policy(calls, otherwise="next_round", when_rounds_end="escalate")
    team = Electorate(("risk", "sales"), max_messages=7, joining=("legal",), max_repairs=2)
    ballot = Electorate(("risk",), max_rounds=1, max_messages=1, max_repairs=0, is_vote=True)

    assert failing(prove(rules, team))["resolves"] == Counterexample(
        (), (), Place(3), "2 roles in 3 rounds, and legal once joined, need 8 messages, allowed are 7"
    )
    assert "resolves" not in failing(prove(rules, replace(team, max_messages=8)))
    assert check_of(prove(rules, replace(team, max_messages=23)), "repairs_fit").counterexample == Counterexample(
        (),
        (),
        Place(3),
        "2 roles in 3 rounds, and legal once joined, need 24 messages where each is asked again 2 times, "
        "allowed are 23",
    )
    assert check_of(prove(rules, replace(team, max_messages=24)), "repairs_fit").holds
    for messages, holds in ((1, False), (2, True)):
        check = check_of(prove(policy(otherwise="go"), replace(ballot, max_messages=messages)), "resolves")
        assert check.holds == holds
        told = check.counterexample.note if check.counterexample else None
        assert told == (None if holds else "1 role in 1 round and a proposal need 2 messages, allowed are 1")


def test_messages_that_do_not_suffice_count_those_who_leave_until_they_do() -> None:
    lets_go = {"when": "round == 1", "then": "next_round", "release": "sales"}
    rules = policy(lets_go, otherwise="next_round", when_rounds_end="escalate")
    team = Electorate(("risk", "sales"), max_messages=3)

    assert failing(prove(rules, team))["resolves"] == Counterexample(
        (), (), Place(3), "2 roles in 3 rounds, sales until released, need 4 messages, allowed are 3"
    )
    assert "resolves" not in failing(prove(rules, replace(team, max_messages=4)))


def test_a_streak_ends_with_the_release_of_the_last_one_who_blocks() -> None:
    """Whoever blocks in round 1 is let go, so that round 2 follows on a block and round 3 on none."""
    rules = policy(
        {"when": "round == 1 && block == 1", "then": "next_round", "release": "sales"},
        ("round == 2 && block == 0", "next_round"),
        ("round == 3 && block_streak == 0 && go == 1", "next_round"),
        otherwise="no_go",
    )
    example = failing(prove(rules, Electorate(("risk", "sales"))))["resolves"]

    assert example is not None
    assert (example.votes, example.place) == (({"risk": "go"},), Place(3, released=("sales",)))


def test_a_role_that_is_convened_again_keeps_its_stance() -> None:
    turns = (
        {"when": "round == 1", "then": "next_round", "convene": "legal"},
        {"when": "round == 2", "then": "next_round", "release": "legal"},
        {"when": "round == 3", "then": "next_round", "convene": "legal"},
    )
    team = Electorate(("risk",), max_rounds=4, joining=("legal",))
    last = 'round == 4 && "legal" in stances && stances.legal == "{}"'
    open_on_both = policy(*turns, (last.format("block"), "next_round"), otherwise="go")
    no_legal = policy(
        *turns[:1],
        {"when": 'round == 2 && "legal" in stances && stances.legal == "block"', "then": "no_go"},
        *turns[1:],
        (last.format("block"), "next_round"),
        otherwise="go",
    )

    example = failing(prove(open_on_both, team))["resolves"]
    assert example is not None
    assert example.votes == ({"risk": "go", "legal": "block"},)
    assert "resolves" not in failing(prove(no_legal, team))


def test_votes_that_change_may_stay_open_where_no_vote_that_stays_does() -> None:
    """One role that says caution, block, caution: any of its stances, repeated, would have ended the run."""
    rules = policy(
        ("block_streak >= 2", "escalate"),
        ("block == 1 || caution == 1 && round != 2", "next_round"),
        ("caution == 1", "go_with_caution"),
        otherwise="go",
    )
    proof = prove(rules, Electorate(("risk",)))
    check = check_of(proof, "resolves_always")

    assert check_of(proof, "resolves").holds
    assert proof.holds
    assert check.counterexample is not None
    assert check.counterexample.history == (
        (Place(1), {"risk": "caution"}),
        (Place(2), {"risk": "block"}),
    )
    assert (check.counterexample.votes, check.counterexample.place) == (({"risk": "caution"},), Place(3, 1))
    assert not prove(rules.model_copy(update={"require": ("resolves_always",)}), Electorate(("risk",))).holds


def test_a_role_that_joins_keeps_its_stance_too_and_its_streak_begins_when_it_joins() -> None:
    rules = policy(
        ("block_streak >= 4", "escalate"),
        ("block > 0", "next_round"),
        {"when": "round == 1 && caution > 0", "then": "next_round", "convene": "legal"},
        ("caution == 0", "go"),
        otherwise="go_with_caution",
    )
    team = Electorate(("finance", "risk"), 1, 4, 20, joining=("legal",))
    example = failing(prove(rules, team))["resolves"]

    assert example is not None
    assert example.place == Place(4, 2, ("legal",), 4)
    assert example.votes == ({"finance": "go", "risk": "caution", "legal": "block"},)
    assert {*failing(prove(rules, replace(team, max_rounds=5, max_messages=30)))} == set()
