"""Outputs and stages in the policies that the rounds know too: conditions, messages, routes, facts, teams."""

from typing import Any

import pytest

from policies.conditions.condition import ConditionError, Fault, compile_condition, holds
from policies.contracts.reading import MAX_OFFER, offered_messages
from policies.patterns.course import decides_by_policy
from policies.run.routing import is_over, next_nodes, next_step
from policies.team.checks import find_needed
from policies.team.team import PATTERN_NAMES, PatternName
from tests.policies.patterns.courses import ANN, BOB, LEA, SEQUENCE, person, policy_of, team_of

OUTPUT: dict[str, Any] = {"text": "Done.", "margin": 7.5, "ready": True, "risks": ["Rain."]}


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("output.margin > 5.0", True),
        ("output.margin > 7.5", False),
        ("output.ready && output.risks.exists(risk, risk == 'Rain.')", True),
        ("has(output.margin)", True),
        ("has(output.nope)", False),
    ],
)
def test_a_condition_over_an_output_is_answered(condition: str, answer: bool) -> None:
    assert holds(condition, OUTPUT, "output") is answer


@pytest.mark.parametrize("condition", ["output.nope > 5.0", "output.text > 5.0", "output.risks[3] == ''"])
def test_a_condition_without_an_answer_is_a_fault(condition: str) -> None:
    assert isinstance(holds(condition, OUTPUT, "output"), Fault)


@pytest.mark.parametrize("condition", ["output.text", "facts.rate > 0.1", "go > 1", "output.", "1"])
def test_what_does_not_compile_over_an_output_is_refused(condition: str) -> None:
    with pytest.raises(ConditionError):
        compile_condition(condition, "output")
    with pytest.raises(ConditionError):
        compile_condition("output.ready", "facts")


MESSAGE = {"to": ["bob"], "content": "Why?"}


@pytest.mark.parametrize(
    ("proposal", "offered"),
    [
        ({"messages": [MESSAGE]}, [MESSAGE]),
        ('{"messages": [{"to": ["bob"], "content": "Why?"}]}', [MESSAGE]),
        ({"messages": "Why?"}, "Why?"),
        ({"messages": None}, None),
        ({"text": "Done."}, None),
        ("Done.", None),
        ("[1]", None),
        ([MESSAGE], None),
        (None, None),
        ({"messages": [MESSAGE] * 21}, [MESSAGE] * 21),
        ({"messages": ["x" * (MAX_OFFER - 2)] * 20}, ["x" * (MAX_OFFER - 2)] * 20),
        # What cannot be kept leaves its beginning.
        ({"messages": [MESSAGE] * 5_000}, [MESSAGE] * 21),
        ({"messages": ["x" * (MAX_OFFER - 1), MESSAGE]}, ["x" * 200, MESSAGE]),
        ({"messages": [{"content": "x" * MAX_OFFER}]}, ["{'content': '" + "x" * 187]),
        ({"messages": "x" * MAX_OFFER}, "x" * 200),
        ({"messages": {"content": "x" * MAX_OFFER}}, "{'content': '" + "x" * 187),
        ({"messages": float("nan")}, "nan"),
        ('{"messages": [NaN]}', ["nan"]),
        ({"messages": ["\ud800", MESSAGE]}, ["\ufffd", MESSAGE]),
        ({"messages": [10**5000]}, ["an int too large to be written"]),
    ],
)
def test_offered_messages_are_kept_as_they_are_where_they_can_be(proposal: object, offered: object) -> None:
    assert offered_messages(proposal) == offered


@pytest.mark.parametrize(
    ("outcome", "over", "step"),
    [
        ("go", True, "finalize"),
        ("go_with_caution", True, "finalize"),
        ("no_go", True, "finalize"),
        ("done", True, "finalize"),
        ("next_stage", False, "convene"),
        ("next_round", False, "convene"),
        (None, False, "convene"),
        ("escalate", False, "human"),
        ("finished", False, "stop"),
        (True, False, "stop"),
    ],
)
def test_a_team_is_over_once_it_decided_or_its_stages_ended(outcome: object, over: bool, step: str) -> None:
    assert is_over(outcome) is over
    assert next_step(outcome, None) == step
    assert next_step(outcome, {"reason": "no_quorum", "phase": "ballots"}) == "stop"
    assert next_nodes([], outcome, None, None) == (["finalize"] if over else ["align"])
    assert next_nodes([ANN], outcome, None, None) == [ANN]


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_the_table_decides_in_the_rounds_and_in_a_vote_alone(pattern: PatternName) -> None:
    team = team_of(pattern)
    assert decides_by_policy(team) == (pattern in ("rounds", "vote"))
    assert team.speaking == (*SEQUENCE, *([LEA] if team.lead else []))


def test_who_is_convened_speaks_before_the_lead() -> None:
    table = policy_of([{"when": "block > 0", "then": "next_round", "convene": "dan"}])
    team = team_of("vote", policy=table, roles={name: person(name) for name in (*SEQUENCE, LEA, "dan")})
    assert team.speaking == (*SEQUENCE, "dan", LEA)


RULED = {
    "voice": "rules",
    "checks": [{"when": "facts.rate > 0.1", "stance": "block", "summary": "Too high.", "actions": ["Stop."]}],
    "otherwise": {"stance": "go", "summary": "Fine.", "actions": ["Go."]},
}


def test_a_lead_by_rules_needs_its_facts_too() -> None:
    roles = {**{name: person(name) for name in SEQUENCE}, LEA: person(LEA, **RULED)}
    team = team_of("debate", roles=roles)
    needed = find_needed(team, {})
    assert needed is not None
    assert (needed.path, needed.cause.partition(" (")[0]) == ("rate", f"role `{LEA}`, check 1")
    assert find_needed(team, {"rate": 0.2}) is None


def test_a_role_that_a_team_answers_for_is_asked_for_no_facts_by_its_own_rules() -> None:
    inner = team_of("parallel", (ANN, BOB)).model_dump(mode="json")
    roles = {name: person(name) for name in SEQUENCE} | {BOB: person(BOB, team=inner, **RULED)}
    ruled = {**roles, BOB: person(BOB, **RULED)}
    assert find_needed(team_of("parallel", roles=roles), {}) is None
    assert find_needed(team_of("parallel", roles=ruled), {}) is not None
