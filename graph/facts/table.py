"""The table of fact sources, and which of them a team names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graph.facts import file, inline
from graph.facts.source import FactSource

FACT_SOURCES: tuple[FactSource[Any], ...] = (inline.SOURCE, file.SOURCE)
"""Every kind of source, in the order in which a team is asked for them."""


def source_of(fields: Mapping[str, Any]) -> tuple[FactSource[Any], Any] | None:
    """Return the source that the fields of a team name, and what they name; None where they name none."""
    named = ((source, fields.get(source.field)) for source in FACT_SOURCES)
    return next((pair for pair in named if pair[1] is not None), None)


def placed(fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a team whose file is in this folder, their sources named from anywhere."""
    usable = [each for each in FACT_SOURCES if isinstance(fields.get(each.field), each.holds)]
    return {**fields, **{each.field: each.placed(fields[each.field], folder) for each in usable}}
