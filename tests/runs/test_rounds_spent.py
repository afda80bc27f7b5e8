"""Rounds that are spent stay spent, whatever became of them."""

from typing import Any

import pytest

from nodes.stages import Stages
from policies.team.team import Budget, Team
from tests.policies.patterns.courses import SEQUENCE, policy_of, team_of

NEVER = policy_of([], otherwise="next_round")


def a_state(most: int, spent: int, **kept: Any) -> Any:
    limits = Budget(max_rounds=most).model_dump(mode="json")
    return {"case": {"facts": {}}, "limits": limits, "spent": {"messages": 0, "rounds": spent}, "events": [], **kept}


def opened(team: Team, state: Any) -> tuple[int, str]:
    """Let a team that never decides open round after round; return how many it opened, and why no more."""
    stages, history = Stages(team), list(state.get("history", []))
    for count in range(50):
        now: Any = {**state, "history": [*history]}
        update = stages.opens(now)
        if update.get("pending"):
            return count, update["pending"]["reason"]
        assert [seat["role"] for seat in update["seats"]] == [*SEQUENCE]
        state = {**state, **update, "outcome": "next_round"}
        history.append({"round": state["round"], "contributions": [], "conflicts": [], "decision": None})
    raise AssertionError("the rounds never end")


@pytest.mark.parametrize(("most", "left_behind", "expected"), [(2, 0, 2), (2, 1, 1), (3, 1, 2), (3, 3, 0), (1, 5, 0)])
def test_a_round_that_another_pattern_took_over_from_is_not_granted_again(
    most: int, left_behind: int, expected: int
) -> None:
    state = a_state(most, left_behind, round=left_behind + 4, outcome="next_stage", seats=[])
    assert opened(team_of("rounds", policy=NEVER), state) == (expected, "max_rounds_reached")


def test_an_open_round_goes_on_although_the_limit_was_lowered_and_none_follows() -> None:
    team = team_of("rounds", policy=NEVER)
    entry = {"round": 1, "contributions": [], "conflicts": [], "decision": None}
    state = a_state(1, 2, round=2, outcome=None, seats=[], history=[entry])

    assert [seat["role"] for seat in Stages(team).opens(state)["seats"]] == [*SEQUENCE]
    state |= {"outcome": "next_round", "history": [entry, {**entry, "round": 2}]}
    assert opened(team, state) == (0, "max_rounds_reached")
