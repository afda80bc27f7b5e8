"""A pattern is its own file and a row each in a few tables; no other file asks which one a team works by."""

import json
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import get_args

import policies.patterns
from graph.report.patterns.drawing import DRAWN
from graph.teams.examples import examples
from policies.contracts.table import CONTRACTS
from policies.patterns.course import PATTERNS
from policies.team.team import Options, PatternName

ROOT = Path(__file__).parents[2]
NAMES = get_args(PatternName)
TABLES = {"policies/patterns/course.py", "policies/team/team.py", "graph/report/patterns/drawing.py"}
"""Where each pattern has a row: its value, its name, how it is drawn."""
ASKS = re.compile(rf"""\bpattern\b.*["'](?:{"|".join(NAMES)})["']|["'](?:{"|".join(NAMES)})["'].*\bpattern\b""")


def test_each_name_has_a_value_of_a_file_of_its_own_a_drawing_an_example_and_a_graph() -> None:
    modules = [import_module(f"policies.patterns.{each.name}") for each in iter_modules(policies.patterns.__path__)]
    values = {module.__name__.rpartition(".")[2]: module.PATTERN for module in modules if hasattr(module, "PATTERN")}
    assert dict(PATTERNS) == values
    graphs = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
    told = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
    for table in (PATTERNS, DRAWN, examples(), graphs):
        assert sorted(table) == sorted(NAMES)
    assert not [name for name in NAMES if f"`{name}`" not in told]


def test_what_a_pattern_names_is_there() -> None:
    prompts = {path.stem for path in (ROOT / "nodes" / "prompts").glob("*.md")}
    asked = {CONTRACTS[name].instructions or name for name in CONTRACTS}
    used = {name for pattern in PATTERNS.values() for name in pattern.instructions}
    assert used == prompts - {"messages"}
    assert asked <= used
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
