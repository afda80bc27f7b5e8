"""The house rules on size, names and docstrings."""

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

from policies.team.team import PATTERN_NAMES

ROOT = Path(__file__).parent.parent
PACKAGES = ("policies", "nodes", "graph")
FILES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
POLICIES = [path for path in FILES if path.is_relative_to(ROOT / "policies")]

Function = ast.FunctionDef | ast.AsyncFunctionDef
VAGUE = {"utils", "util", "helpers", "common", "manager", "base", "misc"}

TOP_LEVEL = {
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "langgraph.json", "pyproject.toml"),
    *("requirements.lock", "requirements-dev.lock", ".ci", ".env.example", ".gitattributes", ".github", ".gitignore"),
    *(".pre-commit-config.yaml", "benchmarks", "docs", "graph", "nodes", "policies", "tests"),
}

# Absolute paths of a machine. A test that needs one says so on its line: "# example path".
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|tmp|home|Users)/")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def body_lines(function: Function, lines: list[str]) -> int:
    """Lines of the body that are not blank, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    return sum(bool(line.strip()) for line in lines[body[0].lineno - 1 : function.end_lineno])


def function_sizes() -> dict[str, int]:
    return {
        f"{relative(path)}:{node.lineno} {node.name}": body_lines(node, lines)
        for path in FILES
        for lines in [path.read_text(encoding="utf-8").splitlines()]
        for node in ast.walk(parse(path))
        if isinstance(node, Function)
    }


def public_parts(tree: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, Function)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_parts(node)


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_top_level_holds_what_belongs_there() -> None:
    """What a test or a tool leaves there by mistake is not kept."""
    assert {path.relative_to(ROOT).parts[0] for path in tracked_files()} == TOP_LEVEL


def test_functions_are_short() -> None:
    sizes = function_sizes()
    assert not {name: size for name, size in sizes.items() if size > 40}
    assert statistics.median(sizes.values()) <= 6
    assert sum(size <= 20 for size in sizes.values()) / len(sizes) >= 0.9


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES + TESTS}
    assert not {relative(path): lines for path, lines in lengths.items() if lines > (400 if path in TESTS else 300)}


def test_no_file_has_a_vague_name() -> None:
    paths = [path.relative_to(ROOT) for path in FILES + TESTS]
    patterns = {Path("policies/patterns") / f"{name}.py" for name in PATTERN_NAMES}  # the words of the field
    assert not [str(path) for path in paths if VAGUE & {*path.parts[:-1], path.stem} and path not in patterns]


def test_every_public_part_of_policies_has_a_docstring() -> None:
    trees = {relative(path): parse(path) for path in POLICIES}
    assert trees
    assert not [path for path, tree in trees.items() if not ast.get_docstring(tree)]
    assert not [
        f"{path}: {node.name}"
        for path, tree in trees.items()
        for node in public_parts(tree)
        if not ast.get_docstring(node)
    ]


def test_no_file_names_a_place_on_a_machine() -> None:
    assert not [
        f"{relative(path)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if MACHINE_PATH.search(line) and "# example path" not in line
    ]
