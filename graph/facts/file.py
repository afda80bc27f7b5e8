"""Facts in a file of their own, which a team file names, or which is given with the run."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graph.documents import MAX_BYTES, read_document, read_yaml
from graph.facts.csv_rows import read_csv
from graph.facts.source import Raw, SourceError, local_kind
from graph.inputs import read_input, read_stdin
from graph.problems import UsageError
from policies.language import phrase, say
from policies.plain import find_unplain
from policies.team.sources import FileSource, WhichRows

EXAMPLE = '{"supply": {"suppliers": 2}}'
_KINDS = {
    type(None): phrase("is empty; allowed: an object of facts, for example {example}"),
    list: phrase("is a list; allowed: an object of facts, for example {example}"),
    str: phrase("is text; allowed: an object of facts, for example {example}"),
}
_OTHER = phrase("is not a mapping; allowed: an object of facts, for example {example}")


def load_facts_file(named: str) -> dict[str, Any]:
    """Return the object in a JSON or YAML file of facts, or the only row of a CSV file.

    Raises:
        UsageError: the file cannot be read, is not an object, or holds what may not enter the state.
    """
    return _checked(_values_in(Path(named), "one"), named)


def facts_from_stdin() -> dict[str, Any]:
    """Return the JSON or YAML object on stdin.

    Raises:
        UsageError: it cannot be read, is not an object, or holds what may not enter the state.
    """
    return _checked(read_yaml(read_stdin(MAX_BYTES), "stdin").value, "stdin")


def _values_in(path: Path, rows: WhichRows, name: str | None = None) -> Any:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_csv(read_input(path, MAX_BYTES, name), rows, name or str(path))
    return read_document(path, is_json=suffix == ".json", name=name).value


def _checked(facts: Any, name: str) -> dict[str, Any]:
    if not isinstance(facts, dict):
        raise UsageError(f"{name}: {say(_KINDS.get(type(facts), _OTHER), example=EXAMPLE)}")
    fault = find_unplain(facts)
    if fault:
        raise UsageError(f"{name}: {fault}")
    return facts


def _read(spec: FileSource, name: str | None = None) -> Raw:
    """Return the values in the file, as old as the file is; `name` is what its problems call it, else where it is.

    Raises:
        SourceError: the file cannot be read.
    """
    path = Path(spec.file)
    found = _found(path)  # first: what replaces the file meanwhile is not older
    if found and not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        told = say("is not a regular file, and a source may be read more than once; name a file")
        raise SourceError(f"{name or path}: {told}")
    try:
        return Raw(_values_in(path, spec.rows, name), _written(found))
    except UsageError as error:
        raise SourceError(*error.problems) from None


def _found(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):  # reading it says why
        return None


def _written(found: os.stat_result | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(found.st_mtime, UTC) if found else None
    except (OSError, ValueError, OverflowError):  # out of range
        return None


def _anchored(spec: FileSource, folder: Path) -> FileSource:
    return spec.model_copy(update={"file": str((folder / spec.file).resolve())})


def _called(spec: FileSource) -> str:
    return Path(spec.file).name


KIND = local_kind(FileSource, "file", _read, _called, _anchored)
