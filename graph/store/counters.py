"""What LangGraph counts in the metadata of a checkpoint; what is of another form stops whatever would follow on it."""

from collections.abc import Mapping
from typing import Any

COUNTERS = "counters_since_delta_snapshot"
"""Under this key LangGraph counts the steps since a growing list was last kept in full."""


def can_be_counted_on(metadata: Mapping[str, Any]) -> bool:
    """Return whether LangGraph's counters in a checkpoint's metadata are of the form that it writes."""
    counters = metadata.get(COUNTERS) or {}
    return isinstance(counters, dict) and all(map(_are_two_numbers, counters.values()))


def _are_two_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and [type(each) for each in value] == [int, int]
