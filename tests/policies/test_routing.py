"""Routing: where the graph goes, for every combination of what it looks at."""

from itertools import product
from typing import Any

import pytest

from policies.run.routing import next_after_people, next_nodes, next_step

STOP = {"reason": "cancelled", "phase": None, "raw": None}
OUTCOMES: dict[Any, str] = {
    "go": "finalize",
    "go_with_caution": "finalize",
    "no_go": "finalize",
    "next_round": "convene",
    None: "convene",
    "approve": "stop",
    "": "stop",
    0: "stop",
    ("go",): "stop",
}


@pytest.mark.parametrize(("outcome", "expected"), OUTCOMES.items())
def test_a_decision_is_finalized_the_next_round_convened_and_all_else_stops(outcome: Any, expected: str) -> None:
    assert next_step(outcome, None) == expected


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("pending", [STOP, {}, "", 0, False, "busy"])
def test_a_pending_stop_wins_over_every_outcome(outcome: Any, pending: Any) -> None:
    assert next_step(outcome, pending) == "stop"


def expected_nodes(asks: list[str], outcome: Any, pending: Any, stop_reason: Any) -> list[str]:
    """The rule in words: a finished thread ends, a pending stop stops, the asked roles answer, a decision finalizes."""
    if stop_reason is not None:
        return ["end"]
    if pending is not None:
        return ["stop"]
    if asks:
        return asks
    return ["finalize"] if outcome in ("go", "go_with_caution", "no_go") else ["align"]


def test_convene_leads_where_the_rule_says_in_every_combination() -> None:
    asked = [[], ["risk_analyst"], ["risk_analyst", "demand_analyst"]]
    for asks, outcome, pending, reason in product(asked, OUTCOMES, (None, STOP), (None, "success", "cancelled")):
        assert next_nodes(asks, outcome, pending, reason) == expected_nodes(asks, outcome, pending, reason)


def test_the_asked_roles_come_back_in_sequence_order_as_a_list_of_its_own() -> None:
    asks = ["risk_analyst", "demand_analyst"]
    nodes = next_nodes(asks, None, None, None)

    assert nodes == asks
    assert nodes is not asks


def test_convene_always_leads_somewhere() -> None:
    assert all(next_nodes([], outcome, None, None) for outcome in OUTCOMES)


def test_convene_leads_to_people_who_are_asked_and_to_the_seats_of_no_role_then() -> None:
    for asks, outcome in product([[], ["legal"]], OUTCOMES):
        assert next_nodes(asks, outcome, None, None, waits=True) == ["human"]
        assert next_nodes(asks, outcome, STOP, None, waits=True) == ["stop"]
        assert next_nodes(asks, outcome, None, "human_stopped", waits=True) == ["end"]


def test_an_answer_leads_where_the_rule_says_in_every_combination() -> None:
    """A thread that ended ends, a pending stop stops, who has not answered is asked, filled seats are aligned."""
    for waits, fills, outcome in product((True, False), (True, False), OUTCOMES):
        assert next_after_people(waits, fills, outcome, None, "success") == "end"
        assert next_after_people(waits, fills, outcome, STOP, None) == "stop"
        expected = "human" if waits else "align" if fills else next_step(outcome, None)
        assert next_after_people(waits, fills, outcome, None, None) == expected


def test_a_decision_that_is_still_to_be_checked_is_asked_for_and_aligned_and_never_finalized() -> None:
    for asks, outcome in product([[], ["legal"]], OUTCOMES):
        step = next_step(outcome, None, is_unchecked=True)
        assert step == ("convene" if OUTCOMES[outcome] == "finalize" else OUTCOMES[outcome])
        assert next_nodes(asks, outcome, None, None, is_unchecked=True) == (asks or ["align"])
        assert next_step(outcome, STOP, is_unchecked=True) == "stop"
        assert next_nodes(asks, outcome, STOP, None, is_unchecked=True) == ["stop"]
