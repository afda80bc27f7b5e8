"""What `--set` and a batch's overrides change in a team."""

from typing import Any

import pytest

from graph.problems import UsageError
from graph.teams.overrides import apply_settings, merge

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
