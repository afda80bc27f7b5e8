"""A kind of fact source is its own file, a row in the table and a field of a team; nothing else asks which it is."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import graph.facts
from graph.facts.table import FACT_SOURCES, placed, source_of
from policies.team.team import FACTS_FIELDS, Team

ROOT = Path(__file__).parents[2]
OWN = {"policies/team/team.py", *(f"graph/facts/{name}.py" for name in ("file", "inline"))}
NAMED = re.compile(r"\bfacts_file\b")


def test_each_kind_has_a_file_a_row_and_a_field_of_a_team() -> None:
    modules = [import_module(f"graph.facts.{each.name}") for each in iter_modules(graph.facts.__path__)]
    kinds = [module.SOURCE for module in modules if hasattr(module, "SOURCE")]
    assert sorted(FACT_SOURCES, key=id) == sorted(kinds, key=id)
    assert tuple(each.field for each in FACT_SOURCES) == FACTS_FIELDS
    assert set(FACTS_FIELDS) <= set(Team.model_fields)


def test_no_other_file_asks_which_kind_it_is() -> None:
    folders = (ROOT / name for name in ("policies", "nodes", "graph"))
    files = {path.relative_to(ROOT).as_posix(): path for folder in folders for path in folder.rglob("*.py")}
    assert {name for name, path in files.items() if NAMED.search(path.read_text(encoding="utf-8"))} <= OWN


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, None),
        ({"facts": None, "facts_file": None}, None),
        ({"facts": {}}, "facts"),
        ({"facts_file": "late.json"}, "facts_file"),
        ({"facts": 5, "facts_file": "late.json"}, "facts"),  # refused by the rules of a team, and looked at no further
    ],
)
def test_the_first_source_that_a_team_names_is_asked(fields: dict[str, object], field: str | None) -> None:
    found = source_of(fields)
    assert (found and (found[0].field, found[1])) == (field and (field, fields[field]))


def test_a_file_is_looked_for_beside_the_team_file(tmp_path: Path) -> None:
    assert placed({"name": "launch", "facts_file": "late.json"}, tmp_path) == {
        "name": "launch",
        "facts_file": str(tmp_path.resolve() / "late.json"),
    }
    for kept in ({"facts": {"rate": 0.5}}, {"facts_file": 5}, {"facts_file": None}, {"facts_file": "a\0b"}):
        assert placed(kept, tmp_path) == kept
