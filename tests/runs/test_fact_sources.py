"""A kind of fact source is its own file and a row in the table; nothing else asks which it is."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import graph.facts
from graph.facts.source import SourceKind
from graph.facts.table import KINDS, anchored, names_of
from policies.team.sources import SOURCES, FileSource, InlineSource

ROOT = Path(__file__).parents[2]
OWN = {"policies/team/sources.py", "graph/facts/table.py", *(f"graph/facts/{each.key}.py" for each in SOURCES)}
NAMED = re.compile(rf"\b({'|'.join(each.__name__ for each in SOURCES)})\b")


def test_each_kind_has_a_file_and_a_row() -> None:
    modules = [import_module(f"graph.facts.{each.name}") for each in iter_modules(graph.facts.__path__)]
    kinds = [module.KIND for module in modules if isinstance(getattr(module, "KIND", None), SourceKind)]
    assert {kind.spec for kind in kinds} <= {*SOURCES}
    assert {*KINDS} == {*SOURCES}
    assert all(KINDS[kind.spec] is kind for kind in kinds)


def test_no_other_file_asks_which_kind_it_is() -> None:
    folders = (ROOT / name for name in ("policies", "nodes", "graph"))
    files = {path.relative_to(ROOT).as_posix(): path for folder in folders for path in folder.rglob("*.py")}
    assert {name for name, path in files.items() if NAMED.search(path.read_text(encoding="utf-8"))} <= OWN


def test_sources_have_names_of_their_own() -> None:
    sources = [
        InlineSource(inline={}),
        FileSource(file="/a/x.json"),
        FileSource(file="b/x.json"),
        InlineSource(inline={}),
    ]
    assert names_of(sources) == ["team", "x.json", "x.json (2)", "team (2)"]
    assert names_of([FileSource(file="x.json", name="today")]) == ["today"]


def test_a_file_is_looked_for_beside_the_team_file(tmp_path: Path) -> None:
    assert anchored({"name": "launch", "facts": [{"file": "late.json"}]}, tmp_path) == {
        "name": "launch",
        "facts": [{"file": str(tmp_path.resolve() / "late.json")}],
    }
    for kept in (
        {"facts": {"rate": 0.5}},
        {"facts": [{"file": 5}, "x"]},
        {"facts": None},
        {"facts": [{"file": "a\0b"}]},
    ):
        assert anchored(kept, tmp_path) == kept
