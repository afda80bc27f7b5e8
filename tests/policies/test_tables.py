"""What people are told has words for everything that can be said."""

from typing import get_args

from policies.decision.guards import COMPARISONS, Comparison
from policies.run.stop_table import STOP_TABLE, StopKind


def test_each_comparison_of_a_guard_and_each_stop_has_its_words() -> None:
    assert set(COMPARISONS) == set(get_args(Comparison))
    assert set(STOP_TABLE) == set(get_args(StopKind))
