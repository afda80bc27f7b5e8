"""Who may import what; the layers themselves are import-linter's, in pyproject.toml."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("policies", "nodes", "graph")
FILES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
MODULES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
ORACLE = sorted((ROOT / "tests" / "oracle").glob("*.py"))

# What policies may stand on beside the standard library; pydantic_core is pydantic's own.
POLICY_PACKAGES = {"policies", "pydantic", "pydantic_core", "cel_expr_python", "google"}
# A policy that reads a clock, chance, the machine or the network cannot be replayed.
IMPURE = {
    *("random", "secrets", "uuid", "time", "datetime", "os", "sys", "pathlib", "io", "shutil", "tempfile", "platform"),
    *("socket", "ssl", "http", "urllib", "subprocess", "threading", "multiprocessing", "asyncio", "sqlite3", "logging"),
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
PERSISTENCE = tuple(
    f"langgraph.{kind}.{engine}" for kind in ("checkpoint", "store") for engine in ("sqlite", "postgres")
)
HEAVY = ("langgraph", "langchain", "openai", "langsmith")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every dotted name that is imported, also late and under TYPE_CHECKING; `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*names: str) -> list[str]:
    """The files that import one of the names or something inside it."""
    inside = tuple(f"{name}." for name in names)
    return [path for path, tree in MODULES.items() if any(f"{found}.".startswith(inside) for found in imports(tree))]


def readers_of_the_environment() -> list[str]:
    names = {"os.environ", "os.environb", "os.getenv", "pydantic_settings.BaseSettings"}
    return [
        path
        for path, tree in MODULES.items()
        if names & {*imports(tree), *(ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))}
    ]


def test_the_model_client_is_imported_in_one_file_of_nodes() -> None:
    assert [path.split("/")[0] for path in importers("langchain_openai")] == ["nodes"]


def test_langsmith_is_imported_in_at_most_one_file_of_graph() -> None:
    assert [path.split("/")[0] for path in importers("langsmith")] in ([], ["graph"])


def test_the_environment_is_read_in_one_file_of_graph() -> None:
    assert [path.split("/")[0] for path in readers_of_the_environment()] == ["graph"]


def test_savers_and_stores_are_opened_in_one_file_of_graph() -> None:
    assert [path.split("/")[0] for path in importers(*PERSISTENCE)] == ["graph"]


def test_the_tree_of_a_condition_is_read_in_one_file_of_policies() -> None:
    assert importers("google") == ["policies/conditions/messages.py"]


@pytest.mark.parametrize(
    "path", [path for path in ORACLE if not path.name.startswith("test_")], ids=lambda path: path.stem
)
def test_the_oracle_of_the_tests_shares_nothing_with_what_it_judges(path: Path) -> None:
    names = {*imports(ast.parse(path.read_text(encoding="utf-8")))}
    assert {name.split(".")[0] for name in names} <= {"tests", *sys.stdlib_module_names}
    ours = {name for name in names if name.startswith("tests")}
    assert all(name.startswith("tests.oracle.") and ".test_" not in name for name in ours)


@pytest.mark.parametrize("path", [path for path in MODULES if path.startswith("policies/")])
def test_policies_stay_pure(path: str) -> None:
    tops = {name.split(".")[0] for name in imports(MODULES[path])}
    assert not tops - POLICY_PACKAGES - sys.stdlib_module_names
    assert not tops & IMPURE
    calls = {
        node.func.id
        for node in ast.walk(MODULES[path])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & IMPURE_CALLS


@pytest.mark.parametrize("path", MODULES)
def test_imports_are_absolute(path: str) -> None:
    assert not [node for node in ast.walk(MODULES[path]) if isinstance(node, ast.ImportFrom) and node.level]


@pytest.mark.parametrize("path", MODULES)
def test_typed_dicts_come_from_typing_extensions(path: str) -> None:
    named = {ast.unparse(node) for node in ast.walk(MODULES[path]) if isinstance(node, ast.Attribute)}
    assert "typing.TypedDict" not in {*imports(MODULES[path]), *named}


@pytest.mark.parametrize("path", [path for path in MODULES if not path.startswith("policies/")])
def test_annotations_are_real(path: str) -> None:
    """LangGraph reads annotations of nodes and state at run time."""
    assert "__future__.annotations" not in set(imports(MODULES[path]))


def test_help_imports_no_framework() -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('LOADED', *sys.modules))\n"
        "from graph.cli.main import main\n"
        "sys.argv = ['accord', '--help']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    shown, loaded = done.stdout.split("LOADED ")
    assert "Usage: accord" in shown
    assert not [name for name in loaded.split() if name.startswith(HEAVY)]
