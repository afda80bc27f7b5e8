"""What the source tells people: the texts with words that do not go through `say`, and sentences that are glued."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SAID_BY = ("say", "phrase", "say_count")
WORDS = re.compile(r"[A-Za-z]{2,} |[ ][A-Za-z]{2,}")
PATTERN = re.compile(r"\\|\(\.\*|\?:|\w \| None|\[a-z|^bold |^ UTC$|^(accord|pip) [a-z]|^ ?--[a-z]")
"""Regular expressions, types, styles and commands."""


def called(call: ast.AST) -> str | None:
    """The name of what is called."""
    function = call.func if isinstance(call, ast.Call) else None
    return getattr(function, "attr", getattr(function, "id", None))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def plain_texts(path: Path) -> Iterator[str]:
    """Yield the texts with words in a file that are neither said nor docstrings, help, types or patterns."""
    tree = tree_of(path)
    apart = {id(part) for node in ast.walk(tree) for each in _apart(node) for part in ast.walk(each)}
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) and id(node) not in apart else None
        if isinstance(value, str) and WORDS.search(value) and not PATTERN.search(value):
            yield value


def _apart(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that are said, or that nobody is told."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):  # the help of a command, read before a team is known
        return [*node.decorator_list]
    if isinstance(node, ast.keyword) and node.arg in (
        "help",
        "description",
    ):  # of a command, or of the OpenAPI document
        return [node.value]
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("HELP"):
        return [node.value]
    if isinstance(node, ast.Dict):  # what is told is under the keys
        pairs = [*zip(node.keys, node.values, strict=True)]
        described = [told for key, told in pairs if isinstance(key, ast.Constant) and key.value == "description"]
        return [*described, *(key for key, told in pairs if key and _is_said(told))]
    return [*node.args[:2]] if isinstance(node, ast.Call) and called(node) in SAID_BY else []


def _is_said(node: ast.AST) -> bool:
    return any(called(part) in SAID_BY for part in ast.walk(node))


def glued(path: Path) -> Iterator[str]:
    """Yield where a file puts values into what is said without `say`, or sentences together."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and called(node) in ("replace", "format", "format_map") and _on_said(node):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and called(node) == "say" and re.match(r"str\(\w+\)$", ast.unparse(node.args[0])):
            yield ast.unparse(node)
        if isinstance(node, ast.JoinedStr) and any(getattr(part, "value", "") == "; " for part in node.values):
            yield ast.unparse(node)


def _on_said(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and called(node.func.value) in SAID_BY
