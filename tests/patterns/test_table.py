"""A pattern is its own file and a row each in a few tables; no other file asks which one a team works by."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, get_args

import policies.patterns
from graph.documents import read_yaml
from graph.report.patterns.drawing import DRAWN
from policies.contracts.table import CONTRACTS
from policies.patterns.course import PATTERNS
from policies.patterns.pattern import Pattern
from policies.team.options import Options, Rounds, Show
from policies.team.team import PatternName

ROOT = Path(__file__).parents[2]
NAMES = get_args(PatternName)
TABLES = {"policies/patterns/course.py", "policies/team/team.py", "graph/report/patterns/drawing.py"}
"""Where each pattern has a row: its value, its name, how it is drawn."""
ASKS = re.compile(rf"""\bpattern\b.*["'](?:{"|".join(NAMES)})["']|["'](?:{"|".join(NAMES)})["'].*\bpattern\b""")


def read(name: str) -> Any:
    return read_yaml((ROOT / name).read_bytes(), name).value


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def places() -> Iterator[tuple[str, Iterable[str]]]:
    """Yield each place that has something of every pattern, with the patterns that it has."""
    modules = [import_module(f"policies.patterns.{each.name}") for each in iter_modules(policies.patterns.__path__)]
    yield "a value PATTERN in a file of its own", [each.__name__.rpartition(".")[2] for each in modules if is_one(each)]
    yield "a name in policies/team/team.py", NAMES
    yield "a line in the table of policies/patterns/course.py", PATTERNS
    yield "what accord init writes in graph/teams/new/patterns.yaml", ["rounds", *read("graph/teams/new/patterns.yaml")]
    yield "a row in graph/report/patterns/drawing.py", DRAWN
    yield "a graph in langgraph.json", json.loads(text_of("langgraph.json"))["graphs"]
    teams = [read(f"graph/teams/{path.name}") for path in (ROOT / "graph" / "teams").glob("*.yaml")]
    yield "an example in graph/teams/", [team.get("pattern", "rounds") for team in teams]
    yield "a section of docs/patterns.md", re.findall(r"^### ([a-z]+)$", text_of("docs/patterns.md"), re.MULTILINE)
    rows = re.findall(r"^\| `([a-z]+)` \| .* \| `[a-z_]+` \|$", text_of("README.md"), re.MULTILINE)
    yield "a row in the table of README.md", ["rounds", *rows]


def is_one(module: object) -> bool:
    return isinstance(getattr(module, "PATTERN", None), Pattern)


def test_each_pattern_is_at_each_place() -> None:
    found = {place: set(names) for place, names in places()}
    assert not [fault for name in sorted(set().union(*found.values())) for fault in faults(name, found)]


def faults(name: str, found: Mapping[str, set[str]]) -> list[str]:
    has = [place for place, names in found.items() if name in names]
    lacks = [place for place in found if place not in has]
    return [f"{name} has {', '.join(has)}, but lacks {', '.join(lacks)}"] if lacks else []


def test_what_a_pattern_names_is_there() -> None:
    prompts = {path.stem for path in (ROOT / "nodes" / "prompts").glob("*.md")}
    asked = {CONTRACTS[name].instructions or name for name in CONTRACTS}
    written = {pattern.writes for pattern in PATTERNS.values() if pattern.writes}
    shown = {show for show in get_args(Show) if Rounds(show=show).is_shared}
    assert asked | written | shown | {"derived", "messages", "language", "mend"} == prompts
    assert {name for pattern in PATTERNS.values() for name in pattern.contracts} == set(CONTRACTS)
    assert {option for pattern in PATTERNS.values() for option in pattern.options} == set(Options.model_fields)


def test_no_other_file_asks_which_pattern_it_is() -> None:
    folders = (ROOT / name for name in ("policies", "nodes", "graph"))
    files = {path.relative_to(ROOT).as_posix(): path for folder in folders for path in folder.rglob("*.py")}
    found = [
        f"{name}: {line.strip()}"
        for name, path in files.items()
        if name not in TABLES
        for line in path.read_text(encoding="utf-8").splitlines()
        if ASKS.search(line) and ">>>" not in line
    ]
    assert not found
