"""Paths of facts: what is in the way of a new one."""

from typing import Any

import pytest

from policies.paths import find_above


@pytest.mark.parametrize(
    ("facts", "above"),
    [
        ({"risk": 3}, ("risk",)),
        ({"risk": {"rate": 3}}, None),
        ({"risk": {"card": {"rate": 1}}}, None),
        ({"risk": {"card": "x"}}, ("risk", "card")),
        ({"risk": None}, None),
        ({"risk": {}}, None),
        ({}, None),
    ],
)
def test_what_a_new_fact_would_replace_is_found_on_the_way_to_it(facts: dict[str, Any], above: object) -> None:
    assert find_above(facts, ("risk", "card", "rate")) == above
