"""Strict YAML and JSON: values with the line of each, and every problem of the file at once."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from graph.inputs import read_input
from graph.problems import UsageError
from policies.plain import shown
from policies.team.rules import Path

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40


@dataclass(slots=True)
class Document:
    """The values of a file, and the line of each path."""

    name: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    constructor: SafeConstructor = field(default_factory=lambda: SafeConstructor(loader=_yaml()))

    def at(self, path: Path) -> str:
        """Return `file:line` of the path, or of the nearest part of it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_document(path: FilePath, is_json: bool = False) -> Document:
    """Return the values of a file.

    Raises:
        UsageError: the file cannot be read, or is not strict YAML (or JSON).
    """
    return _parsed(read_input(path, MAX_BYTES), str(path), is_json)


@lru_cache(maxsize=32)
def _parsed(data: bytes, name: str, is_json: bool) -> Document:
    """Return the document, parsed once for all the cases of a batch; nobody changes it."""
    return read_json(data, name) if is_json else read_yaml(data, name)


def read_yaml(data: bytes, name: str) -> Document:
    """Return the values of a YAML 1.2 text, which JSON hardly ever is not.

    Raises:
        UsageError: it is too large, not UTF-8, no YAML, or uses anchors, aliases, tags or a key twice.
    """
    text, document = _text(data, name), Document(name)
    try:
        _refuse_events(text, document)
        node = None if document.problems else _yaml().compose(text)
        document.value = _value(node, (), document) if node else None
    except MarkedYAMLError as error:
        raise UsageError(_syntax(error, name)) from None
    except (YAMLError, RecursionError, AssertionError) as error:
        raise UsageError(f"{name}: cannot be read as YAML: {str(error).partition(chr(10))[0]}") from None
    if document.problems:
        raise UsageError(*document.problems)
    return document


def read_json(data: bytes, name: str) -> Document:
    """Return the values of a JSON text, without their lines.

    Raises:
        UsageError: it is too large, not UTF-8, no JSON (which has no NaN), or uses a key twice.
    """
    text, document = _text(data, name), Document(name)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counted = Counter(key for key, _ in pairs)
        document.problems.extend(f"{name}: the key `{key}` stands twice" for key in counted if counted[key] > 1)
        return dict(pairs)

    def refuse(word: str) -> None:
        document.problems.append(f"{name}: `{word}` is no JSON; allowed: finite numbers")

    try:
        document.value = json.loads(text, object_pairs_hook=mapping, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}:{error.lineno}: cannot be read as JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{name}: has a number too long or is nested too deep to be read as JSON") from None
    if document.problems:
        raise UsageError(*document.problems)
    return document


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name}: has more than {MAX_BYTES} bytes; allowed: at most so many")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8 at byte {error.start}") from None


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _syntax(error: MarkedYAMLError, name: str) -> str:
    line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
    return f"{name}{line}: cannot be read as YAML: {error.problem or error.context}"


def _refuse_events(text: str, document: Document) -> None:
    depth = 0
    for event in _yaml().parse(text):
        line = event.start_mark.line + 1
        depth += {"MappingStartEvent": 1, "SequenceStartEvent": 1}.get(type(event).__name__, 0)
        depth -= {"MappingEndEvent": 1, "SequenceEndEvent": 1}.get(type(event).__name__, 0)
        if depth > MAX_DEPTH:
            document.problems.append(f"{document.name}:{line}: is nested deeper than {MAX_DEPTH} levels")
            return
        document.problems.extend(f"{document.name}:{line}: {what}" for what in _refused(event))


def _refused(event: Any) -> Iterator[str]:
    if getattr(event, "version", None) not in (None, (1, 2)):
        yield "the directive `%YAML` is not allowed; this is read as YAML 1.2"
    if isinstance(event, AliasEvent):
        yield f"the alias `*{event.anchor}` is not allowed; write the value out"
    elif isinstance(event, NodeEvent):
        if event.anchor:
            yield f"the anchor `&{event.anchor}` is not allowed; write the value out"
        tag = getattr(event, "tag", None)
        if tag:
            yield f"the tag `{tag}` is not allowed; write a plain value"


def _value(node: Node, path: Path, document: Document) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, SequenceNode):
        return [_value(part, (*path, index), document) for index, part in enumerate(node.value)]
    return _scalar(node, document)


def _mapping(node: MappingNode, path: Path, document: Document) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode) or not isinstance(key := _scalar(key_node, document), str):
            document.problems.append(f"{document.name}:{line}: a key is not text; put it in quotes")
            continue
        if key in found:
            document.problems.append(f"{document.name}:{line}: the key `{key}` stands twice")
        document.lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), document)
    return found


def _scalar(node: Node, document: Document) -> Any:
    """Return a scalar as JSON has it: what YAML reads as a date is text, and a surrogate pair is one character."""
    if node.tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:str"):
        return node.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    try:
        return document.constructor.construct_object(node)
    except (ValueError, LookupError):
        line = node.start_mark.line + 1
        document.problems.append(
            f"{document.name}:{line}: {shown(node.value)} is no number that can be read; quote text"
        )
        return None
