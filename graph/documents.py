"""Strict YAML and JSON: values with the line of each, and every problem of the file at once."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from graph.inputs import read_input
from graph.problems import UsageError
from policies.language import phrase, say
from policies.plain import shown
from policies.team.rules import Path

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40


@dataclass
class Document:
    """The values of a file, and the line of each path."""

    name: str
    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @cached_property
    def constructor(self) -> SafeConstructor:
        """What makes values of YAML. It looks for plug-ins in files, so JSON, which event loops read, has none."""
        return SafeConstructor(loader=_yaml())

    def at(self, path: Path) -> str:
        """Return `file:line` of the path, or of the nearest part of it that the file has."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines.get(path, 1)}"


def read_document(path: FilePath, is_json: bool = False, name: str | None = None) -> Document:
    """Return the values of a file, which its problems call by `name` where one is given.

    Raises:
        UsageError: the file cannot be read, or is not strict YAML (or JSON).
    """
    return _parsed(read_input(path, MAX_BYTES, name), name or str(path), is_json)


@lru_cache(maxsize=32)
def _parsed(data: bytes, name: str, is_json: bool) -> Document:
    """Return the document, parsed once for all the cases of a batch; nobody changes it."""
    return read_json(data, name) if is_json else read_yaml(data, name)


def read_yaml(data: bytes, name: str) -> Document:
    """Return the values of a YAML 1.2 text, which JSON hardly ever is not.

    Raises:
        UsageError: it is too large, not UTF-8, no YAML, or uses anchors, aliases, tags or a key twice.
    """
    text, document = text_of(data, name), Document(name)
    try:
        _refuse_events(text, document)
        node = None if document.problems else _yaml().compose(text)
        document.value = _value(node, (), document) if node else None
    except MarkedYAMLError as error:
        raise UsageError(_syntax(error, name)) from None
    except (YAMLError, RecursionError, AssertionError) as error:
        told = say("cannot be read as YAML: {why}", why=str(error).partition("\n")[0])
        raise UsageError(f"{name}: {told}") from None
    if document.problems:
        raise UsageError(*document.problems)
    return document


def read_json(data: bytes, name: str, most: int = MAX_BYTES) -> Document:
    """Return the values of a JSON text of at most so many bytes, without their lines.

    Raises:
        UsageError: it is too large, not UTF-8, no JSON (which has no NaN), or uses a key twice.
    """
    text, document = text_of(data, name, most), Document(name)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(key for key, _ in pairs)
            document.problems.extend(f"{name}: {_twice(key)}" for key in counted if counted[key] > 1)
        return found

    def refuse(word: str) -> None:
        document.problems.append(f"{name}: {say('`{word}` is not JSON; allowed: finite numbers', word=word)}")

    try:
        document.value = json.loads(text, object_pairs_hook=mapping, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{name}:{error.lineno}: {say('cannot be read as JSON: {why}', why=json_fault(error))}"
        ) from None
    except (ValueError, RecursionError):
        told = say("has a number too long or is nested too deep to be read as JSON")
        raise UsageError(f"{name}: {told}") from None
    if document.problems:
        raise UsageError(*document.problems)
    return document


def text_of(data: bytes, name: str, most: int = MAX_BYTES) -> str:
    """Return the text in the bytes of a file, or of stdin.

    Raises:
        UsageError: it is too long, or is not UTF-8.
    """
    if len(data) > most:
        raise UsageError(f"{name}: {say('has more than {most} bytes; allowed: at most {most}', most=most)}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = say("is not UTF-8 at byte {number}; write the text as UTF-8", number=error.start)
        raise UsageError(f"{name}: {told}") from None


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _syntax(error: MarkedYAMLError, name: str) -> str:
    said = error.problem or error.context or phrase("it is broken")
    told, is_at_start = next((told for begin, told in _YAML_FAULTS.items() if said.startswith(begin)), (said, False))
    mark = error.context_mark if is_at_start and error.context_mark else error.problem_mark
    return f"{name}{f':{mark.line + 1}' if mark else ''}: {say('cannot be read as YAML: {why}', why=say(told))}"


_YAML_FAULTS: Mapping[str, tuple[str, bool]] = {
    "found character '\\t'": (phrase("the line is indented with a tab; allowed: spaces"), False),
    "found character '%'": (phrase("a value may not begin with `%`; put it in quotes"), False),
    "found character '@'": (phrase("a value may not begin with `@`; put it in quotes"), False),
    "found character '`'": (phrase("a value may not begin with a backquote; put it in quotes"), False),
    "expected <block end>, but found '<block mapping start>'": (
        phrase("the line is indented differently from the keys that it belongs to; indent them alike"),
        False,
    ),
    "expected <block end>": (
        phrase("the line does not fit what is above it; check its indentation and its quotes"),
        False,
    ),
    "could not find expected ':'": (phrase("the line has no `:` after its key; allowed: `key: value`"), True),
    "mapping values are not allowed": (
        phrase("the line has a second `:`, or is indented too deep; put text with a `:` in quotes"),
        False,
    ),
    "sequence entries are not allowed": (
        phrase("a list entry begins with `- ` in a line of its own, below its key"),
        False,
    ),
    "found unknown escape": (phrase("a backslash begins an escape in double quotes; use single quotes"), False),
    "found unexpected end of stream": (phrase("the text that begins in this line has no closing quote"), True),
    "expected ',' or": (phrase("a bracket that opens in this line is not closed, or a comma is missing"), True),
    "expected the node content": (
        phrase("a value is missing, or a bracket that opens in this line is not closed"),
        True,
    ),
    "while scanning a block scalar": (phrase("the text block after `|` or `>` is not indented"), True),
    "did not find expected": (phrase("the line does not fit what is above it; check its indentation"), False),
}
"""How the messages of the YAML reader begin, what each means, and whether the mistake is where the value begins."""

_JSON_FAULTS: Mapping[str, str] = {
    "Expecting property name": phrase("a key in double quotes is expected"),
    "Illegal trailing comma": phrase("a comma is not allowed after the last value"),
    "Expecting ',' delimiter": phrase("a comma or a closing bracket is expected"),
    "Expecting ':' delimiter": phrase("a `:` is expected after a key"),
    "Extra data": phrase("nothing more is expected"),
    "Unterminated string": phrase("a text has no closing quote"),
    "Invalid control character": phrase("a line break or another control character is not allowed in a text"),
    "Invalid \\": phrase("a backslash is not followed by what JSON allows; write `\\\\` for one"),
}


def json_fault(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a JSON text, and at which character of its line."""
    if not error.doc.strip():
        return say("it is empty")
    wanted = phrase("a value is expected")
    told = next((told for begin, told in _JSON_FAULTS.items() if error.msg.startswith(begin)), wanted)
    found, at = error.doc[error.pos : error.pos + 1], {"fault": say(told), "number": error.colno}
    if not told.endswith("expected"):
        return say("{fault} at character {number}", **at)
    if not found:
        return say("{fault} at character {number}, where the text ends", **at)
    return say("{fault} at character {number}, not `{found}`", **at, found=found)


def _refuse_events(text: str, document: Document) -> None:
    depth = 0
    for event in _yaml().parse(text):
        line = event.start_mark.line + 1
        depth += {"MappingStartEvent": 1, "SequenceStartEvent": 1}.get(type(event).__name__, 0)
        depth -= {"MappingEndEvent": 1, "SequenceEndEvent": 1}.get(type(event).__name__, 0)
        if depth > MAX_DEPTH:
            told = say("is nested deeper than {most} levels", most=MAX_DEPTH)
            document.problems.append(f"{document.name}:{line}: {told}")
            return
        document.problems.extend(f"{document.name}:{line}: {what}" for what in _refused(event))


def _refused(event: Any) -> Iterator[str]:
    if getattr(event, "version", None) not in (None, (1, 2)):
        yield say("the directive `%YAML` is not allowed; this is read as YAML 1.2")
    if isinstance(event, AliasEvent):
        yield say("the alias `*{name}` is not allowed; write the value out", name=event.anchor)
    elif isinstance(event, NodeEvent):
        if event.anchor:
            yield say("the anchor `&{name}` is not allowed; write the value out", name=event.anchor)
        tag = getattr(event, "tag", None)
        if tag:
            yield say("the tag `{tag}` is not allowed; write a plain value", tag=tag)


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
            document.problems.append(f"{document.name}:{line}: {say('a key is not text; put it in quotes')}")
            continue
        if key in found:
            document.problems.append(f"{document.name}:{line}: {_twice(key)}")
        document.lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), document)
    return found


def _twice(key: str) -> str:
    return say("the key `{key}` is there twice; keep one", key=key)


def _scalar(node: Node, document: Document) -> Any:
    """Return a scalar as JSON has it: what YAML reads as a date is text, and a surrogate pair is one character."""
    if node.tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:str"):
        return node.value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    try:
        return document.constructor.construct_object(node)
    except (ValueError, LookupError):
        line = node.start_mark.line + 1
        told = say("{value} is not a number that can be read; put text in quotes", value=shown(node.value))
        document.problems.append(f"{document.name}:{line}: {told}")
        return None
