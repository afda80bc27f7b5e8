"""Facts in a file of their own, which a team file names, or which is given with the run."""

from pathlib import Path
from typing import Any

from graph.documents import MAX_BYTES, read_document, read_yaml
from graph.facts.source import FactSource
from graph.inputs import read_stdin
from graph.problems import UsageError
from policies.language import phrase, say
from policies.plain import find_unplain

EXAMPLE = '{"supply": {"suppliers": 2}}'
_KINDS = {
    type(None): phrase("is empty; allowed: an object of facts, for example {example}"),
    list: phrase("is a list; allowed: an object of facts, for example {example}"),
    str: phrase("is text; allowed: an object of facts, for example {example}"),
}
_OTHER = phrase("is not a mapping; allowed: an object of facts, for example {example}")


def load_facts_file(named: str) -> dict[str, Any]:
    """Return the JSON or YAML object in a file of facts.

    Raises:
        UsageError: the file cannot be read, is not an object, or holds what may not enter the state.
    """
    path = Path(named)
    return _checked(read_document(path, is_json=path.suffix.lower() == ".json").value, str(path))


def facts_from_stdin() -> dict[str, Any]:
    """Return the JSON or YAML object on stdin.

    Raises:
        UsageError: it cannot be read, is not an object, or holds what may not enter the state.
    """
    return _checked(read_yaml(read_stdin(MAX_BYTES), "stdin").value, "stdin")


def _checked(facts: Any, name: str) -> dict[str, Any]:
    if not isinstance(facts, dict):
        raise UsageError(f"{name}: {say(_KINDS.get(type(facts), _OTHER), example=EXAMPLE)}")
    fault = find_unplain(facts)
    if fault:
        raise UsageError(f"{name}: {fault}")
    return facts


def _placed(named: str, folder: Path) -> str:
    try:
        return str((folder / named).resolve())
    except ValueError:  # a NUL or a lone surrogate, which the team's own types refuse
        return named


SOURCE = FactSource(
    field="facts_file", holds=str, load=load_facts_file, called=lambda named: Path(named).name, placed=_placed
)
