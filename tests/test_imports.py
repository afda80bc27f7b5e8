"""Who may import what; the layers and the floors of `graph` are import-linter's, in pyproject.toml."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("policies", "nodes", "graph")
ORACLE = sorted((ROOT / "tests" / "oracle").glob("*.py"))

# What policies may stand on beside the standard library; pydantic_core is pydantic's own.
POLICY_PACKAGES = {"policies", "pydantic", "pydantic_core", "cel_expr_python", "google"}
# A policy that reads a clock, chance, the machine or the network cannot be replayed.
IMPURE = {
    *("random", "secrets", "uuid", "time", "os", "sys", "pathlib", "io", "shutil", "tempfile", "platform"),
    *("socket", "ssl", "http", "urllib", "subprocess", "threading", "multiprocessing", "asyncio", "sqlite3", "logging"),
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
CLOCKS = {"now", "utcnow", "today"}
"""What asks for the time; the policies reckon with times that they are given."""
PERSISTENCE = tuple(
    f"langgraph.{kind}.{engine}" for kind in ("checkpoint", "store") for engine in ("sqlite", "postgres")
)
WEB_SERVER = ("fastapi", "limits", "prometheus_client", "starlette", "structlog", "uvicorn")
MODELS = ("langchain", "langchain_core", "langchain_openai", "openai")
HEAVY = ("langgraph", "langchain", "openai", "langsmith", "apprise", "requests", "sqlalchemy")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def modules() -> Mapping[str, ast.Module]:
    files = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): parse(path) for path in files}


@cache
def imported() -> Mapping[str, frozenset[str]]:
    return {path: frozenset(imports(tree)) for path, tree in modules().items()}


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
    return [path for path, found in imported().items() if any(f"{name}.".startswith(inside) for name in found)]


def dotted(tree: ast.AST) -> set[str]:
    """Each `a.b` in the code, as far as it is a name of a name."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def users(*names: str) -> list[str]:
    """The files that import one of the names or write it out."""
    return [path for path, tree in modules().items() if {*names} & (imported()[path] | dotted(tree))]


def called(tree: ast.AST) -> set[str]:
    """The plain names that are called, and the clocks."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    clocks = {each.attr for each in calls if isinstance(each, ast.Attribute)} & CLOCKS
    return clocks | {each.id for each in calls if isinstance(each, ast.Name)}


def test_the_model_client_is_imported_in_one_file_of_nodes() -> None:
    assert [path.split("/")[0] for path in importers("langchain_openai")] == ["nodes"]


def test_the_state_of_a_thread_is_read_by_its_keys_in_one_file_of_graph() -> None:
    reads = re.compile(r"""\bstate(?:\.get\(|\[)["']""")
    files = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "graph").rglob("*.py")}
    assert [name for name, path in files.items() if reads.search(path.read_text(encoding="utf-8"))] == ["graph/past.py"]


def test_langsmith_is_imported_in_at_most_one_file_of_graph() -> None:
    assert [path.split("/")[0] for path in importers("langsmith")] in ([], ["graph"])


def test_sqlalchemy_is_imported_where_a_database_is_asked_alone() -> None:
    assert importers("sqlalchemy") == ["graph/facts/databases/engines.py"]


def test_apprise_is_imported_where_notices_are_sent_alone() -> None:
    child = "graph/notices/child.py"  # it is run as a file, so it can import nothing of ours
    assert importers("apprise") == [child]
    assert not [name for name in imported()[child] if name.startswith(PACKAGES)]


def test_a_web_server_is_imported_by_the_http_service_its_commands_and_the_tools_over_http_alone() -> None:
    outside = [path for path in importers(*WEB_SERVER) if not path.startswith("graph/web/")]
    assert outside == ["graph/mcp/http.py"]
    assert "graph.web" in (ROOT / "graph/cli/serve_command.py").read_text(encoding="utf-8")


def test_the_library_of_the_tools_is_imported_in_one_package() -> None:
    assert {path.rpartition("/")[0] for path in importers("mcp", "mcp_types")} == {"graph/mcp"}


def test_the_client_of_the_langgraph_server_is_imported_by_what_that_server_loads_alone() -> None:
    outside = [path for path in importers("langgraph_sdk") if not path.startswith("graph/web/mounted/")]
    assert outside == ["graph/studio.py"]


def test_the_http_service_imports_no_model_and_no_tracing() -> None:
    assert not [path for path in importers(*MODELS, "langsmith") if path.startswith("graph/web/")]


def test_the_environment_is_read_in_one_file_of_graph() -> None:
    assert [
        path.split("/")[0] for path in users("os.environ", "os.environb", "os.getenv", "pydantic_settings.BaseSettings")
    ] == ["graph"]


def test_savers_and_stores_are_opened_in_one_file_of_graph() -> None:
    assert [path.split("/")[0] for path in importers(*PERSISTENCE)] == ["graph"]


def test_the_tree_of_a_condition_is_read_in_one_file_of_policies() -> None:
    assert importers("google") == ["policies/conditions/messages.py"]


def test_the_oracle_of_the_tests_shares_nothing_with_what_it_judges() -> None:
    files = [path for path in ORACLE if not path.name.startswith("test_")]
    assert files
    for path in files:
        names = {*imports(parse(path))}
        assert {name.split(".")[0] for name in names} <= {"tests", *sys.stdlib_module_names}, path.name
        ours = {name for name in names if name.startswith("tests")}
        ours -= {"tests.audit.canonical.canonical"}  # canonical JSON from its RFC alone
        assert all(name.startswith("tests.oracle.") and ".test_" not in name for name in ours), path.name


def test_policies_stay_pure() -> None:
    allowed = (POLICY_PACKAGES | sys.stdlib_module_names) - IMPURE
    policies = [path for path in modules() if path.startswith("policies/")]
    assert policies
    assert not {
        path: impure
        for path in policies
        if (
            impure := ({name.split(".")[0] for name in imported()[path]} - allowed)
            | (called(modules()[path]) & (IMPURE_CALLS | CLOCKS))
        )
    }


def test_imports_are_absolute() -> None:
    assert not [
        path
        for path, tree in modules().items()
        if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    ]


def test_typed_dicts_come_from_typing_extensions() -> None:
    assert users("typing_extensions.TypedDict")
    assert not users("typing.TypedDict")


def test_annotations_are_real() -> None:
    """LangGraph reads annotations of nodes and state at run time."""
    assert not [path for path in importers("__future__.annotations") if not path.startswith("policies/")]


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
