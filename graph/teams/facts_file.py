"""The file of facts that a team file names, or that is given with the run."""

from pathlib import Path
from typing import Any

from graph.documents import read_document
from graph.problems import UsageError
from policies.plain import find_unplain


def load_facts_file(path: Path) -> dict[str, Any]:
    """Return the JSON or YAML object in a file of facts.

    Raises:
        UsageError: the file cannot be read, is no object, or holds what may not enter the state.
    """
    facts = read_document(path, is_json=path.suffix.lower() == ".json").value
    if not isinstance(facts, dict):
        raise UsageError(f"{path}: is no object; allowed: a mapping of facts")
    fault = find_unplain(facts)
    if fault:
        raise UsageError(f"{path}: {fault}")
    return facts
