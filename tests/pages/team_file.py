"""The page docs/team-file.md, made from the schema of a team file: `python -m tests.pages.team_file` writes it.

The schema has each key with its meaning, what is allowed and its default. The file beside this one has the order of the
parts, where each is, and an example of each key.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from graph.documents import read_document
from graph.teams.schema import team_schema

PAGE = Path(__file__).parent.parent.parent / "docs" / "team-file.md"
PARTS: Mapping[str, Any] = read_document(Path(__file__).with_suffix(".yaml")).value
MOST = 2**53 - 1
INTRODUCTION = """# The team file

A team is described by one YAML file. `accord init` writes one to start from, and `accord init --pattern P` writes one
of another [pattern](patterns.md). This page lists every key; the [glossary](glossary.md) explains the words. The page
is made from the schema that `accord teams --schema` prints. An editor can complete and check the file by that schema:
with a YAML language server, write `# yaml-language-server: $schema=PATH` in the first line.

Only the keys marked as required are needed. An unknown key, a key given twice, an anchor and a value of another kind
are refused when the file is loaded. The message names the line and what is allowed.
"""


def page() -> str:
    """Return the whole page."""
    schema = team_schema()
    parts = {"Team": schema, **schema["$defs"]}
    assert parts.keys() == PARTS.keys()
    sections = [_section(name, parts[name], **said) for name, said in PARTS.items()]
    return "\n".join([INTRODUCTION, *sections])


def _section(name: str, part: Mapping[str, Any], heading: str, where: str, examples: Mapping[str, Any]) -> str:
    assert part["properties"].keys() == examples.keys(), name
    head = "| key | meaning | allowed | default | example |\n|---|---|---|---|---|"
    rows = [_row(key, part, example) for key, example in examples.items()]
    text = fill(f"{part['description']} Place: {where}.", width=120)
    return "\n".join([f"## {heading}\n\n{text}\n", head, *rows, ""])


def _row(key: str, part: Mapping[str, Any], example: Any) -> str:
    value = part["properties"][key]
    cells = [f"`{key}`", value["description"], _allowed(value), _default(key, part), f"`{key}: {in_yaml(example)}`"]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def in_yaml(value: Any) -> str:
    """Return a value on one line of YAML.

    >>> in_yaml({"name": "open incidents", "above": 0, "kinds": ["a"], "why": "a: b"})
    '{name: open incidents, above: 0, kinds: [a], why: "a: b"}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {in_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(in_yaml, value))}]"
    is_plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z][\w ./?()-]*(?:[><=&]+[\w ./?()><=&-]*)?", value)
    return str(value) if is_plain else json.dumps(value)


def _default(key: str, part: Mapping[str, Any]) -> str:
    if key in part.get("required", ()):
        return "required"
    if any([key] != each["required"] and key in each["required"] for each in part.get("anyOf", ())):
        return "required without `preset`"
    value = part["properties"][key]
    default = value.get("default")
    if default in (None, [], {}) or "$ref" in value:
        return "its own defaults" if "$ref" in value else "none"
    return f"`{in_yaml(default)}`"


def _choice(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _allowed(value: Mapping[str, Any]) -> str:
    return ", or ".join(dict.fromkeys(filter(None, _kinds(value))))


def _kinds(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words each kind of value that is allowed."""
    ways = value.get("anyOf") or value.get("oneOf")
    if ways and "properties" not in value:
        for each in ways:
            yield from _kinds(each)
    elif "$ref" in value:
        yield _link(value["$ref"].rpartition("/")[2])
    elif "properties" in value:
        yield _link("Team")
    elif "enum" in value:
        yield _choice([f"`{each}`" for each in value["enum"]])
    elif isinstance(value["type"], list):
        yield _choice([KINDS[kind]({"type": kind}) for kind in value["type"]])
    else:
        yield KINDS[value["type"]](value)


def _link(part: str) -> str:
    heading = PARTS[part]["heading"]
    word = heading.lower()
    article = "" if word.endswith("s") else "an " if word[0] in "aeio" else "a "
    return f"{article}[{word}](#{word.replace(' ', '-')})"


def _text(value: Mapping[str, Any]) -> str:
    pattern, most = value.get("pattern", ""), value.get("maxLength")
    if pattern.startswith("^[a-z]"):
        return "a name"
    if pattern.startswith("^[1-9]"):
        return "a number with `m`, `h` or `d`, for minutes, hours or days"
    if pattern.startswith("^own:"):
        return "`own:` and a name"
    if pattern.startswith("^[A-Za-z_]"):
        return "a dotted path"
    return f"text, at most {most:,} characters" if most else "text"


def _number(value: Mapping[str, Any]) -> str:
    noun = "a whole number" if value["type"] == "integer" else "a number"
    least, most = value.get("minimum"), value.get("maximum", MOST)
    if "maximum" not in value:
        return noun
    start = f"from {least:,}" if least is not None else f"above {value['exclusiveMinimum']},"
    return f"{noun} {start}" if most == MOST else f"{noun} {start} {'to' if least is not None else 'at most'} {most:,}"


def _list(value: Mapping[str, Any]) -> str:
    least, most = value.get("minItems"), value["maxItems"]
    return f"a list of {f'{least} to' if least else 'at most'} {most}, each {_allowed(value['items'])}"


def _mapping(value: Mapping[str, Any]) -> str:
    each = next(iter(value.get("patternProperties", {}).values()), value["additionalProperties"])
    return "names with values" if each is True else f"names, each with {_allowed(each)}"


KINDS = {
    "null": lambda value: "",
    "boolean": lambda value: "`true` or `false`",
    "string": _text,
    "integer": _number,
    "number": _number,
    "array": _list,
    "object": _mapping,
}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
