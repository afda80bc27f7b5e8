"""Ties of a thread: the decision that it reopens, and who holds its record."""

from collections.abc import Mapping
from typing import Any

from graph.report.dossier.people import moment
from policies.language import say


def held_of(record: Mapping[str, Any]) -> str | None:
    """Return who holds the record of a thread, since when and why, so that no purge takes it; None where nobody does.

    >>> held_of({"held": {"by": "ada", "at": "2026-03-02T10:15:30.123+00:00", "because": "A claim is open."}})
    'by ada since 2026-03-02 10:15:30 UTC: A claim is open.'
    """
    held = record.get("held")
    return held and say(
        "by {name} since {time}: {because}", name=held["by"], time=moment(held["at"]), because=held["because"]
    )
