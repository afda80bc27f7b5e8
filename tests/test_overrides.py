"""What `--set` and a batch's overrides change in a team."""

from typing import Any

import pytest

from graph.problems import UsageError
from graph.teams.overrides import Place, apply_settings, is_changed_by, merge

RAW: dict[str, Any] = {"sequence": ["a"], "budget": {"max_rounds": 3}}


@pytest.mark.parametrize(
    ("setting", "changed"),
    [
        ("sequence+=b", {"sequence": ["a", "b"]}),
        ("sequence+=[b, c]", {"sequence": ["a", "b", "c"]}),
        ("budget.max_rounds=5", {"budget": {"max_rounds": 5}}),
        ("roles.x.voice=rules", {"roles": {"x": {"voice": "rules"}}}),
        ('prices."gpt-4.1-mini".prompt=0.4', {"prices": {"gpt-4.1-mini": {"prompt": 0.4}}}),
        ("goal=a=b", {"goal": "a=b"}),
    ],
)
def test_a_setting_changes_one_place(setting: str, changed: dict[str, Any]) -> None:
    assert apply_settings(RAW, [setting]) == {**RAW, **changed}


@pytest.mark.parametrize("setting", ["", "sequence", "=1", "a..b=1", '"a.b=1', "budget.max_rounds.x=1", "budget+=1"])
def test_a_setting_that_leads_nowhere_is_named(setting: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        apply_settings(RAW, [setting])


def test_overrides_merge_key_by_key_and_leave_the_team_alone() -> None:
    merged = merge(RAW, {"budget": {"max_messages": 2}, "sequence": ["b"]})

    assert merged == {"sequence": ["b"], "budget": {"max_rounds": 3, "max_messages": 2}}
    assert RAW == {"sequence": ["a"], "budget": {"max_rounds": 3}}


def test_a_dotted_key_of_overrides_sets_one_place_as_a_setting_does() -> None:
    raw = {**RAW, "facts": {"campaign": {"budget": 100, "region": "north"}}}

    merged = merge(raw, {"facts.campaign.budget": 5, "budget.max_rounds": 2, "budget": {"max_messages": 9}})

    assert merged["facts"] == {"campaign": {"budget": 5, "region": "north"}}
    assert merged["budget"] == {"max_rounds": 2, "max_messages": 9}
    assert merge(raw, {"facts.campaign": {"budget": 1}})["facts"] == {"campaign": {"budget": 1}}
    with pytest.raises(UsageError, match=r"^`overrides`: sequence\.0: `sequence` is \['a'\], which has no fields$"):
        merge(raw, {"sequence.0": "b"})


def test_the_places_that_overrides_change_are_known() -> None:
    overrides = {"facts.campaign.budget": 5, "budget": {"max_rounds": 2}}

    changed: list[Place] = [
        ("facts", "campaign", "budget"),
        ("budget", "max_rounds"),
        ("budget", "max_rounds", "x"),
    ]
    same: list[Place] = [("facts", "campaign", "region"), ("budget", "max_messages"), ("goal",)]
    assert [is_changed_by(place, overrides) for place in (*changed, *same)] == [True] * 3 + [False] * 3


def test_a_role_that_is_not_in_the_team_cannot_be_set() -> None:
    raw = {"roles": {"risk": {"title": "Risk"}}}

    assert apply_settings(raw, ["roles.risk.weight=2"])["roles"]["risk"] == {"title": "Risk", "weight": 2}
    with pytest.raises(UsageError, match="`rsik` is not a role of this team; did you mean `risk`"):
        apply_settings(raw, ["roles.rsik.weight=2"])


def test_a_fact_of_nearly_the_name_of_another_is_taken_for_a_slip() -> None:
    raw = {"facts": {"supply": {"suppliers": 2}, "rate_2024": 1}}

    for setting in ("facts.supply.supliers=1", "facts.suply.suppliers=1"):
        with pytest.raises(UsageError, match="is not in the facts; did you mean"):
            apply_settings(raw, [setting])
    for setting in ("facts.extra=1", "facts.rate_2025=1", "facts.supply.lead_weeks=3"):
        assert apply_settings(raw, [setting]) != raw
    with pytest.raises(UsageError, match="`suppliers` is 2, which has no fields"):
        apply_settings(raw, ["facts.supply.suppliers.x=1"])
