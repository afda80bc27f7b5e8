"""What is said of a mistake in `accord.toml`: its line, its place, and what is allowed; never the value.

A value may be a key that was put in the wrong place.
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from graph.config.entries import TOP, DatabaseEntry, EndpointEntry, FactTables, File, HostEntry, ServeTable, keys_of
from policies.nearest import allowed_names
from policies.team.team import Price
from policies.wording import allowed_by

NAMES = "a lower-case letter, then letters, digits, `-` and `_`, 40 in all"
VARIABLE = "the name of a variable in capitals, not the key itself"
PATTERNS = {
    "key_env": VARIABLE,
    "token_env": VARIABLE,
    "url_env": VARIABLE,
    "headers": "letters, digits and `-` in a name, printable ASCII in a value",
    "headers_env": f"letters, digits and `-` in a name, and {VARIABLE}",
}
"""What is allowed where a text has to match a pattern."""

QUOTES = '; a host is written in quotes: [facts.http."HOST"]'


def _depth(place: list[str]) -> int:
    """Return how many parts of a place name its table."""
    return {"teams": 1, "serve": 1, "facts": 3}.get(place[0], 2)


def _table(place: list[str]) -> type[BaseModel]:
    """Return the table in which a key is unknown."""
    if place[0] == "facts" and len(place) > 1:
        entry: dict[str, type[BaseModel]] = {"http": HostEntry, "sql": DatabaseEntry}
        return FactTables if len(place) == 2 else entry[place[1]]
    if place[0] == "serve" and len(place) > 1:
        return ServeTable
    tables: dict[int, type[BaseModel]] = {1: File, 3: EndpointEntry, 5: Price}
    return tables[len(place)]


def syntax(path: Path, message: str) -> str:
    """Return what TOML's reader says as a sentence that begins with the line."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message)
    if found is None:
        told = message.replace(" (at end of document)", ", where the file ends")
        return f"{path}: cannot be read as TOML: {told[:1].lower()}{told[1:]}"
    hint = "; text is written in quotes" if found[1] == "Invalid value" else ""
    said = found[1][:1].lower() + found[1][1:]
    return f"{path}:{found[2]}: cannot be read as TOML: {said} at character {found[3]}{hint}"


def _line_of(text: str, place: list[str]) -> str:
    """Return `:line` of a place, as far as it is written in the plain form: a table's head, then a key and `=`."""
    lines, depth = text.splitlines(), _depth(place)
    if place[0] in TOP:
        return next((f":{number}" for number, line in enumerate(lines, 1) if re.match(rf"\s*{place[0]}\s*=", line)), "")
    *above, last = place[:depth]
    ends = ("]", ".") if len(place) < depth else ("]",)
    heads = tuple(f"[{'.'.join([*above, name])}{end}" for name in (last, f'"{last}"') for end in ends)
    head = next((number for number, line in enumerate(lines) if line.strip().startswith(heads)), None)
    if head is None:
        return ""
    key = re.compile(rf"\s*{re.escape(place[depth])}\s*=") if len(place) > depth else re.compile("")
    within = takewhile(lambda line: not line.lstrip().startswith("["), lines[head + 1 :])
    below = next((number for number, line in enumerate(within, head + 1) if key.match(line)), head)
    return f":{(below if len(place) > depth else head) + 1}"


def problems_of(path: Path, text: str, error: ValidationError) -> Iterator[str]:
    """Yield a sentence a problem."""
    for each in error.errors(include_url=False, include_input=False):
        place = [str(part) for part in each["loc"]]
        place = place[:-1] if place[-1] == "[key]" and len(place) > 2 else place
        yield f"{path}{_line_of(text, place)}: {_named(place)} {_said(each, place)}"


def _named(place: list[str]) -> str:
    if place[-1].isdecimal() and place[0] in ("notify", "serve"):
        return f"`{'.'.join(place[:-1])}`, entry {int(place[-1]) + 1},"
    return f"`{'.'.join(place)}`"


def _said(error: ErrorDetails, place: list[str]) -> str:
    if error["type"] == "extra_forbidden":
        hint = QUOTES if place[:2] == ["facts", "http"] and len(place) == 4 and "." not in place[2] else ""
        return f"is an unknown key{allowed_names(place[-1], keys_of(_table(place)))}{hint}"
    if error["type"] in ("model_type", "dict_type"):
        return "is not a table"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "string_pattern_mismatch":
        allowed = PATTERNS.get(place[_depth(place)], "") if len(place) > _depth(place) else NAMES
        return f"has a character that is not allowed there, or is too long; allowed: {allowed}"
    words = allowed_by(error)
    if words is None:
        return error["msg"].removeprefix("Value error, ")
    return f"must {'have' if error['type'].startswith('string_too') else 'be'} {words}"
