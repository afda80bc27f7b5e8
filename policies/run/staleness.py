"""Staleness: what a thread was started with, against what it is asked to go on with."""

from collections.abc import Mapping

FIELDS = ("team", "policy", "facts", "goal")
"""What a thread keeps a hash of, in the order in which a move is named."""


def find_moved(kept: Mapping[str, str | None], given: Mapping[str, str | None]) -> str | None:
    """Return the first field whose hash moved, or None; a field without a hash on either side cannot have moved.

    >>> find_moved({"team": "a", "goal": "b"}, {"team": "a", "goal": "c"})
    'goal'
    >>> find_moved({"facts": None}, {"facts": "a"}) is None
    True
    """
    return next((field for field in FIELDS if _moved(kept.get(field), given.get(field))), None)


def _moved(kept: str | None, given: str | None) -> bool:
    return kept is not None and given is not None and kept != given
