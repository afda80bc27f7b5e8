"""Facts in a file of their own, which a team file names, or which is given with the run."""

from pathlib import Path
from typing import Any

from graph.documents import read_document
from graph.facts.source import FactSource
from graph.problems import UsageError
from policies.plain import find_unplain

ALLOWED = 'an object of facts, for example {"supply": {"suppliers": 2}}'
_KINDS = {type(None): "is empty", list: "is a list", str: "is text"}


def load_facts_file(named: str) -> dict[str, Any]:
    """Return the JSON or YAML object in a file of facts.

    Raises:
        UsageError: the file cannot be read, is not an object, or holds what may not enter the state.
    """
    path = Path(named)
    facts = read_document(path, is_json=path.suffix.lower() == ".json").value
    if not isinstance(facts, dict):
        raise UsageError(f"{path}: {_KINDS.get(type(facts), 'is not a mapping')}; allowed: {ALLOWED}")
    fault = find_unplain(facts)
    if fault:
        raise UsageError(f"{path}: {fault}")
    return facts


def _placed(named: str, folder: Path) -> str:
    try:
        return str((folder / named).resolve())
    except ValueError:  # a NUL or a lone surrogate, which the team's own types refuse
        return named


SOURCE = FactSource(
    field="facts_file", holds=str, load=load_facts_file, called=lambda named: Path(named).name, placed=_placed
)
