"""The table of fact sources, and what is known of the sources of a team."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from graph.facts.file import KIND as FILE
from graph.facts.http import KIND as HTTP
from graph.facts.inline import KIND as INLINE
from graph.facts.source import SourceKind
from graph.facts.sql import KIND as SQL
from policies.team.sources import AnySource, Source

_ROWS = (
    INLINE,
    FILE,
    HTTP,
    SQL,
)
KINDS: Mapping[type[Source], SourceKind[Any]] = {kind.spec: kind for kind in _ROWS}
"""Every kind of source, by what specifies one in a team file."""

_SOURCE: TypeAdapter[AnySource] = TypeAdapter(AnySource)


def kind_of(source: Source) -> SourceKind[Any]:
    """Return the kind of a source."""
    return KINDS[type(source)]


def are_local(sources: Iterable[Source]) -> bool:
    """Return whether all sources can be read when the team file is loaded."""
    return all(kind_of(each).is_local for each in sources)


def names_of(sources: Sequence[Source]) -> list[str]:
    """Return what each source is called; the second one of a name has a number behind it."""
    names = [each.name or kind_of(each).called(each) for each in sources]
    earlier: Counter[str] = Counter()
    numbered = []
    for name in names:
        earlier[name] += 1
        numbered.append(name if earlier[name] == 1 else f"{name} ({earlier[name]})")
    return numbered


def sources_in(raw: object) -> list[Source] | None:
    """Return the sources that the raw values of a team list; None where they list none, or one that is refused."""
    if not raw or not isinstance(raw, list):
        return None
    found = [_source_in(each) for each in raw]
    return [each for each in found if each is not None] if None not in found else None


def anchored(fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a team whose file is in this folder, its sources named from anywhere."""
    facts = fields.get("facts")
    return {**fields, "facts": [_anchored(each, folder) for each in facts]} if isinstance(facts, list) else {**fields}


def _anchored(raw: Any, folder: Path) -> Any:
    source = _source_in(raw)
    return raw if source is None else kind_of(source).anchored(source, folder).model_dump(exclude_unset=True)


def _source_in(raw: object) -> Source | None:
    try:
        return _SOURCE.validate_python(raw)
    except ValidationError:  # the rules of a team say why
        return None
