"""Decision tables: what a policy may say, which row holds, and what a policy tells of itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from policies.conditions.condition import Fault
from policies.decision.table import MAX_ROWS, Policy, first_row, row_holds
from policies.decision.variables import Variables
from policies.decision.vote import Vote
from tests.policy_files import raw_policy, table

ROW = {"when": "block >= 2", "then": "no_go"}


def refused(**changes: Any) -> str:
    """What is said of a policy with these changes."""
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate({"name": "made_up", "rules": [ROW], **changes})
    return "\n".join(error["msg"] for error in caught.value.errors())


# --- what a policy may say --------------------------------------------------------------------------------------------


def test_what_a_policy_does_not_say_is_the_most_careful() -> None:
    policy = Policy.model_validate({"name": "made_up", "rules": [ROW]})

    assert (policy.otherwise, policy.when_rounds_end, policy.on_absent) == (None, "stop", "stop")
    assert (policy.trust_confidence, policy.accept, policy.require, policy.title) == (False, (), (), None)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("votes > 1", "the condition cannot be read: `votes` is unknown here, at character "),
        ("facts.rate > 0.5", "the condition cannot be read: `facts` is unknown here, at character "),
        ("go + 1", "the condition gives a number; allowed: a comparison, which gives true or false"),
        ("go > 'one'", "the condition cannot be read: `>` cannot compare"),
        ("go > 1.5", "the condition mixes `go`, a whole number, with a decimal one at character 4; write double(go)"),
        ("stances > 1", "the condition cannot be read: `>` cannot compare"),
        ("", "the condition cannot be read: it is empty; allowed: a comparison"),
    ],
)
def test_a_row_reads_only_the_vote_and_is_a_comparison(when: str, said: str) -> None:
    assert said in refused(rules=[{"when": when, "then": "go"}])


@pytest.mark.parametrize("mark", ["open_questions", "ungrounded", "moved"])
@pytest.mark.parametrize("when", ["{} * 2 > 3", "{} > round", "block > 1 && {} < go", "{} == team"])
def test_a_row_compares_a_mark_with_numbers_alone_since_every_class_of_them_is_proved(mark: str, when: str) -> None:
    said = refused(rules=[ROW, {"when": when.format(mark), "then": "no_go"}])

    assert f"the condition uses `{mark}` in a way that no proof covers; allowed: `{mark}` compared" in said


@pytest.mark.parametrize("when", ["open_questions >= 4", "0 == open_questions || open_questions in [2, 3]"])
def test_a_row_may_compare_open_questions_with_any_number(when: str) -> None:
    assert table((when, "no_go")).variables == {"open_questions"}


@pytest.mark.parametrize("then", ["go", "go_with_caution", "no_go", "escalate"])
def test_a_role_is_convened_only_beside_one_more_round(then: str) -> None:
    said = refused(rules=[{"when": "true", "then": then, "convene": "legal"}])

    assert f"`convene` goes with `then: next_round` alone, not with `then: {then}`" in said


@pytest.mark.parametrize("then", ["go", "go_with_caution", "no_go", "escalate"])
def test_a_role_is_released_only_beside_one_more_round(then: str) -> None:
    said = refused(rules=[{"when": "true", "then": then, "release": "legal"}])

    assert f"`release` goes with `then: next_round` alone, not with `then: {then}`" in said


def test_a_row_may_convene_one_role_and_release_another_but_not_the_same() -> None:
    row = {"when": "round == 1", "then": "next_round", "convene": "legal"}
    policy = Policy.model_validate({"name": "x", "rules": [{**row, "release": "risk"}]})

    assert (policy.joining, policy.leaving) == (("legal",), ("risk",))
    assert "it convenes and releases `legal`; allowed: one of the two, or another role" in refused(
        rules=[{**row, "release": "legal"}]
    )


@pytest.mark.parametrize(
    "when",
    [
        'stances.risk == "block"',
        'round == 2 && stances["risk"] != "go"',
        '"risk" in stances',
        "has(stances.risk)",
        "size(stances) > 2",
        'stances.all(role, stances[role] == "go")',
        'stances.exists(each, each != "risk" && stances[each] == "block")',
        'stances == {"risk": "go"}',
        '(round == 1 ? stances : {"risk": "go"})["risk"] == "go"',
        '[stances].exists(each, each.risk == "go")',
        "round == 2 && (true || size(stances) > 0)",
    ],
)
def test_no_role_is_released_because_of_its_stance(when: str) -> None:
    row = {"when": when, "then": "next_round"}
    said = refused(rules=[{**row, "release": "risk"}])

    assert "it releases `risk` on a condition that reads `stances`; allowed: other variables, since no role" in said
    assert Policy.model_validate({"name": "x", "rules": [{**row, "convene": "legal"}]}).variables >= {"stances"}


@pytest.mark.parametrize(
    "when", ['"high_divergence" in conflicts', "block == 0", "team > 3 && round == 2", "moved > 0"]
)
def test_a_role_may_be_released_for_what_the_round_as_a_whole_says(when: str) -> None:
    row = {"when": when.replace("moved", "vetoes"), "then": "next_round", "release": "legal"}

    assert Policy.model_validate({"name": "x", "rules": [row]}).leaving == ("legal",)


@pytest.mark.parametrize("name", ["mean_confidence", "min_confidence"])
def test_a_confidence_is_read_only_where_the_policy_says_that_it_trusts_it(name: str) -> None:
    rules = [ROW, {"when": f"go > 1 && {name} > 0.5", "then": "go"}]

    assert "rules.1.when reads a confidence; allowed: with `trust_confidence: true`" in refused(rules=rules)
    trusting = Policy.model_validate({"name": "made_up", "rules": rules, "trust_confidence": True})
    assert name in trusting.variables


def test_a_confidence_in_quotes_is_no_confidence() -> None:
    assert table(('stances["mean_confidence"] == "go"', "go")).variables == {"stances"}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Made up"},
        {"rules": [ROW] * (MAX_ROWS + 1)},
        {"rules": [{"when": "true", "then": "stop"}]},
        {"rules": [{"when": "true", "then": "go", "else": "no_go"}]},
        {"rules": [{"when": True, "then": "go"}]},
        {"rules": [{"when": "true", "then": "next_round", "convene": "Legal"}]},
        {"rules": [{"when": "true", "then": "next_round", "release": "Legal"}]},
        {"rules": [{"when": "true", "then": "go", "because": " "}]},
        {"otherwise": "stop"},
        {"when_rounds_end": "go"},
        {"on_absent": "fill"},
        {"trust_confidence": 1},
        {"accept": [{"property": "monotone"}]},
        {"accept": [{"property": "pretty", "because": "It is."}]},
        {"require": ["beauty"]},
        {"weights": {}},
    ],
)
def test_what_a_policy_may_not_say_is_refused(changes: dict[str, Any]) -> None:
    assert refused(**changes)


def test_a_policy_may_have_fifty_rows_and_none_at_all() -> None:
    assert len(Policy.model_validate({"name": "made_up", "rules": [ROW] * MAX_ROWS}).rules) == MAX_ROWS == 50
    assert table(otherwise="no_go").rules == ()


def test_a_waiver_names_the_property_and_why() -> None:
    waiver = {"property": "resolves", "because": "The board meets every day."}
    policy = Policy.model_validate({**raw_policy(), "name": "mine", "accept": [waiver], "require": ["asymmetry"]})

    assert [(each.property, each.because) for each in policy.accept] == [("resolves", "The board meets every day.")]
    assert policy.require == ("asymmetry",)


# --- which row holds --------------------------------------------------------------------------------------------------


def test_rows_are_read_from_the_top_to_the_first_that_holds() -> None:
    policy = table(("block >= 2", "no_go"), ("go >= 1", "go"), ("true", "next_round"))

    assert first_row(policy, Vote({"a": "block", "b": "block"})) == 0
    assert first_row(policy, Vote({"a": "block", "b": "go"})) == 1
    assert first_row(policy, Vote({"a": "block", "b": "caution"})) == 2
    assert first_row(table(("go > 5", "go")), Vote({"a": "go"})) is None
    assert first_row(table(), Vote({"a": "go"})) is None


def test_a_row_without_an_answer_is_a_fault_that_names_it() -> None:
    policy = table(("go > 5", "go"), ("go / block > 1", "go"))

    fault = first_row(policy, Vote({"a": "go"}))

    assert isinstance(fault, Fault)
    assert fault.message.startswith("rules.1 `go / block > 1`: ")
    assert first_row(policy, Vote({"a": "block"})) is None


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ('stances.risk == "block"', True),
        ('stances["risk"] != "block"', False),
        ('stances.exists(role, stances[role] == "absent")', True),
        ('"high_divergence" in conflicts', False),
        ("size(conflicts) == 1", True),
        ("true", True),
        ("absent == 1 && block * 2 == team - 2", False),
    ],
)
def test_a_row_holds_or_does_not_for_these_stances(when: str, expected: bool) -> None:
    vote = Vote({"risk": "block", "legal": "absent", "demand": "go"})

    assert row_holds(table((when, "go")).rules[0], Variables(vote)) is expected


def test_a_row_that_reads_names_is_answered_for_each_vote_anew() -> None:
    row = table(('stances.risk == "block"', "no_go")).rules[0]

    assert row_holds(row, Variables(Vote({"risk": "block", "legal": "go"}))) is True
    assert row_holds(row, Variables(Vote({"risk": "go", "legal": "block"}))) is False


def test_a_mean_confidence_is_a_number_also_where_nobody_spoke() -> None:
    policy = table(("mean_confidence < 0.5", "escalate"), otherwise="go", trust_confidence=True)

    assert first_row(policy, Vote({"risk": "go"}, confidences=(0.9,))) is None
    assert first_row(policy, Vote({"risk": "go"}, confidences=(0.25, 0.5))) == 0
    assert first_row(policy, Vote({"risk": "absent"})) == 0


# --- what a policy tells of itself ------------------------------------------------------------------------------------


def test_a_policy_tells_which_variables_its_rows_read() -> None:
    policy = table(("block >= 2", "no_go"), ("go >= min_go_votes && caution == 0", "go"))

    assert policy.variables == {"block", "go", "min_go_votes", "caution"}
    assert table().variables == frozenset()


def test_a_policy_tells_which_roles_its_rows_name_unless_it_reads_them_in_another_way() -> None:
    assert table(("go > 1", "go")).named_roles == frozenset()
    named = table(('stances.risk == "block"', "no_go"), ('stances["legal"] == "go"', "go"), ("go > 1", "go"))
    assert named.named_roles == frozenset({"risk", "legal"})
    assert table(('stances.risk == "go"', "go"), ("size(stances) > 2", "go")).named_roles is None


def test_a_policy_tells_whom_it_convenes_once_each_in_order() -> None:
    rows = [
        {"when": "block == 1", "then": "next_round", "convene": "support_lead"},
        {"when": "caution == 1", "then": "next_round"},
        {"when": "caution == 2", "then": "next_round", "convene": "legal_analyst"},
        {"when": "caution == 3", "then": "next_round", "convene": "support_lead"},
    ]

    assert Policy.model_validate({"name": "x", "rules": rows}).joining == ("support_lead", "legal_analyst")
    assert table(("true", "go")).joining == ()


def test_a_policy_tells_whom_it_releases_once_each_in_order() -> None:
    rows = [
        {"when": f"round == {number}", "then": "next_round", "release": role}
        for number, role in enumerate(("support_lead", "legal_analyst", "support_lead"), 1)
    ]

    assert Policy.model_validate({"name": "x", "rules": rows}).leaving == ("support_lead", "legal_analyst")
    assert table(("true", "go")).leaving == ()
