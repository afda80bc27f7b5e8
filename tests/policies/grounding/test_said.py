"""Said: whose numbers are flagged; and what a record counts and a team derives."""

from typing import Any

import pytest

from policies.conditions.condition import Fault, value_of
from policies.contracts.contribution import Contribution
from policies.decision.vote import Cast
from policies.grounding.counts import Progress, counts_of
from policies.grounding.derivations import derived
from policies.grounding.grounds import grounds_in
from policies.grounding.said import Ungrounded, find_in_brief, find_ungrounded, flags_of
from policies.team.facts import find_unusable
from policies.team.rules import parse_team
from policies.team.team import Budget, PatternName, Team
from tests.policies.grounding.cases import deriving
from tests.policies.patterns.courses import ANN, BOB, person, raw_team

FACTS: dict[str, Any] = {"revenue": 684_000, "cost": 94_000.0, "orders": 0, "region": "US", "list": [1, 2]}


def said(agent: str, summary: str, *actions: str) -> Contribution:
    return Contribution(agent, "go", summary, 0.8, actions)


def raw(pattern: PatternName = "rounds", **more: Any) -> dict[str, Any]:
    return raw_team(pattern, (ANN, BOB), roles={ANN: person(ANN), BOB: person(BOB)}, facts=FACTS, **more)


def problems(**more: Any) -> dict[str, str]:
    found = parse_team(raw(**more))
    return {} if isinstance(found, Team) else {".".join(map(str, each.path)): each.message for each in found}


def test_summary_and_actions_are_read_and_each_number_is_named_once_where_it_is_said() -> None:
    grounds = grounds_in(FACTS)
    spoken = [said(ANN, "84 % and 84 % of $684k.", "1. Cap at 5 %.", "2. Cap at 5 %."), said(BOB, "Fine.", "Go.")]
    found = find_ungrounded(deriving({}), spoken, grounds)

    assert found == (Ungrounded(ANN, "summary", "84 %"), Ungrounded(ANN, "actions", "5 %"))
    assert flags_of(found) == (f"ungrounded:{ANN}",)
    assert flags_of(()) == ()


def test_a_confidence_is_no_ground_for_a_number() -> None:
    assert find_ungrounded(deriving({}), [said(ANN, "I am 80 % sure.", "Go.")], grounds_in(FACTS)) == (
        Ungrounded(ANN, "summary", "80 %"),
    )


def test_people_are_not_asked_what_their_numbers_rest_on() -> None:
    team = parse_team(
        raw(approvers={"cfo": {"title": "CFO"}}, ground=True)
        | {"roles": {ANN: person(ANN), BOB: person(BOB, voice="human")}}
    )
    assert isinstance(team, Team)
    spoken = [said(agent, "42 % failed.", "Cap at 5 %.") for agent in (ANN, BOB)]

    assert [(each.role, each.number) for each in find_ungrounded(team, spoken, grounds_in(FACTS))] == [
        (ANN, "42 %"),
        (ANN, "5 %"),
    ]


def test_numbers_of_the_brief_are_flagged_as_those_of_the_brief() -> None:
    found = find_in_brief("Revenue is $684k.\n1. Spend 7,000.\n2. Watch.", grounds_in(FACTS))
    assert found == (Ungrounded("brief", "brief", "7,000"),)
    assert flags_of(found) == ("ungrounded:brief",)


@pytest.mark.parametrize(
    ("casts", "more", "expected"),
    [
        ([], {}, {0, 2, 3, 12}),
        ([["go", "go", "go", "go", "block"]], {}, {0, 1, 2, 3, 4, 5, 12}),
        ([["go"], ["caution", "absent"]], {"messages": 7, "posted": 9, "questions": 8}, {0, 1, 2, 3, 7, 8, 9, 12}),
        ([["go"]] * 5, {}, {0, 1, 2, 3, 4, 5, 12}),
    ],
)
def test_what_the_record_counts(casts: list[list[Cast]], more: dict[str, int], expected: set[int]) -> None:
    assert counts_of(Progress(Budget(), casts, **more)) == expected


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("facts.revenue - facts.cost", 590_000),
        ("facts.revenue / 4", 171_000),
        ("facts.cost * 1.5", 141_000),
        ("facts.list[0] + facts.list[1]", 3),
        ("facts.cost > 1.0 ? 0.25 : 1.0", 0.25),
        ("facts.revenue / facts.orders", None),
        ("facts.revenue % facts.orders", None),
        ("facts.lost - 1", None),
        ("facts.region", None),
        ("facts.region - 1", None),
        ("facts.list", None),
        ("facts.cost * 1e300 * 1e300", None),
    ],
)
def test_a_derivation_is_a_number_or_left_out(expression: str, value: float | None) -> None:
    team = deriving({"it": expression})
    assert derived(team, FACTS) == ({} if value is None else {"it": value})
    assert isinstance(value_of(expression, FACTS), Fault) is (value is None)


def test_whole_numbers_are_derived_without_decimals_and_too_large_ones_as_they_are() -> None:
    team = deriving({"a": "facts.n * 1.0", "b": "facts.n * 1e6"})
    assert [*map(repr, derived(team, {"n": 9007199254740991}).values())] == [
        "9007199254740991",
        "9.007199254740991e+21",
    ]
    assert isinstance(value_of("facts.n * 2.0", {"n": 2**60}), Fault)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("facts.revenue >", "the derivation cannot be read:"),
        ("revenue - 1", "`revenue` is unknown here, at character 1"),
        ("facts.revenue > 1", "gives a boolean; allowed: arithmetic on facts, which gives a number"),
        ("'x'", "gives text; allowed: arithmetic on facts, which gives a number"),
        ("size(facts.list) * facts.cost", "mixes `size(…)`, a whole number, with a decimal one"),
    ],
)
def test_a_derivation_is_checked_as_the_file_is_read(expression: str, told: str) -> None:
    assert told in problems(derive={"margin": expression})["derive.margin"]


def test_a_derivation_may_not_read_what_is_private_and_its_name_is_a_name() -> None:
    derive = {"margin": "facts.revenue - facts.cost", "rest": "facts.revenue * 2"}
    told = "reads a private fact, which is withheld; allowed: other facts"
    assert problems(derive=derive, private=["cost"]) == {"derive.margin": told}
    assert [*problems(derive={"Margin USD": "facts.cost * 2"})] == ["derive.Margin USD"]


def test_only_rounds_ground_numbers_and_any_team_may_derive_some() -> None:
    derive = {"margin": "facts.revenue - facts.cost"}
    assert problems(ground=True, derive=derive) == {}
    assert problems(derive=derive) == {}
    told = "is read by rounds, and not by `vote`, which has no contributions"
    assert problems(ground=True, pattern="vote")["ground"] == told
    assert "derive" not in problems(derive=derive, pattern="vote")


def test_a_derivation_that_the_facts_of_the_file_cannot_give_is_a_problem_of_the_file() -> None:
    derive = {"ok": "facts.cost * 2", "no": "facts.revenu - 1", "zero": "facts.cost / facts.orders", "odd": ">"}
    found = [each.problem for each in find_unusable({"derive": {**derive, "text": "facts.region"}}, FACTS)]
    assert {".".join(map(str, each.path)): each.message for each in found} == {
        "derive.no": "cannot be used: `revenu` is not in the facts; the nearest path is `revenue`, a number; "
        "correct the path, or add the fact",
        "derive.zero": "cannot be used: it cannot be evaluated: division by zero; it reads `cost`, a number and "
        "`orders`, a number; correct the path, or the value",
        "derive.text": "cannot be used: it cannot be evaluated: it gives 'US', not a number; it reads `region`, text; "
        "correct the path, or the value",
    }
