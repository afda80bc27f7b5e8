"""Failing: what the facts lack since a source failed, by what was brought from outside alone."""

import pytest

from policies.team.failing import find_lost
from policies.team.provenance import Gathered

SOURCE = {"source": "a", "kind": "http"}


@pytest.mark.parametrize(
    ("brought", "data", "paths", "lost"),
    [
        (None, {}, ("rate",), ("rate",)),
        (None, {}, (), ()),
        ("given", {"rate": 2}, ("rate",), None),
        ("given", {"rate": 2}, (), None),
        ("given", {"rate": 2}, ("rate", "limit"), ("limit",)),
        ("supplied", {"rate": 2}, ("rate",), None),
        ("supplied", {"rate": 2}, (), ()),
        ("supplied", {"rate": None}, ("rate",), ("rate",)),
    ],
)
def test_only_what_was_brought_makes_up_for_a_source(
    brought: str | None, data: dict[str, object], paths: tuple[str, ...], lost: tuple[str, ...] | None
) -> None:
    gathered = Gathered().plus(SOURCE, {"rate": 1, "limit": 3})
    if brought is not None:
        gathered = gathered.plus({"source": brought, "kind": brought}, data)
    assert find_lost(paths, gathered) == lost
