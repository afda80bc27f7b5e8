"""Reopening: a decision taken again in a thread of its own, once, whoever is killed on the way."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.runner import Runner

Plain = dict[str, Any]


class Reopening:
    """Takes decisions of one database again."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def of(self, entry: Mapping[str, Any], facts: Plain, sources: Sequence[Plain]) -> Plain:
        """Return what of a finding is other once its decision was taken again: {reopened_as, cause}."""
        raise NotImplementedError
