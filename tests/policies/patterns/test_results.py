"""Results: what the patterns share in how they gather what was said."""

import pytest

from policies.patterns.results import people, side_by_side, tolerance_of
from tests.policies.patterns.courses import ANN, BOB, team_of


def test_results_stand_one_below_the_other_each_under_its_agent() -> None:
    results: list[dict[str, object]] = [
        {"agent": ANN, "text": "One.\nTwo.", "margin": 7.5},
        {"agent": BOB, "text": "Three."},
    ]
    assert side_by_side(results) == "ann: One.\nTwo.\n\nbob: Three."
    assert side_by_side([]) == ""


@pytest.mark.parametrize(("absent", "tolerance"), [("stop", "none"), ("count", "some")])
def test_roles_that_are_asked_the_same_may_fail_where_the_policy_counts_absences(absent: str, tolerance: str) -> None:
    assert tolerance_of(team_of("parallel", absent=absent)) == tolerance


def test_a_lead_reads_of_each_role_its_title_and_mandate_in_the_order_given() -> None:
    told = people(team_of("parallel"), [BOB, ANN])
    assert [*told.items()] == [(BOB, "Bob: Speak for bob."), (ANN, "Ann: Speak for ann.")]
