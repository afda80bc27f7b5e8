"""What LangGraph counts in the metadata of a checkpoint; what is of another form stops whatever would follow on it."""

from collections.abc import Mapping
from typing import Any

COUNTERS = "counters_since_delta_snapshot"
"""Under this key LangGraph counts the steps since a growing list was last kept in full."""


STEP = "step"
"""Under this key LangGraph counts the steps of a thread."""


def find_uncounted(metadata: Mapping[str, Any]) -> str | None:
    """Return the key in a checkpoint's metadata whose numbers are not of the form that LangGraph writes, or None.

    >>> find_uncounted({"step": -1}), find_uncounted({}), find_uncounted({"step": 1, COUNTERS: [1]})
    (None, 'step', 'counters_since_delta_snapshot')
    """
    if type(metadata.get(STEP)) is not int:
        return STEP
    counters = metadata.get(COUNTERS) or {}
    is_right = isinstance(counters, dict) and all(map(_are_two_numbers, counters.values()))
    return None if is_right else COUNTERS


def _are_two_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and [type(each) for each in value] == [int, int]
