"""The sentences that describe the keys of a team file: the docstrings of the fields, as their source has them."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise

from policies.team.fields import Value


def sentences_of(part: type[Value]) -> dict[str, str]:
    """Return what each key of a part of a team file means, by key; those of its parents are included."""
    parents = [each for each in reversed(part.__mro__) if issubclass(each, Value) and each is not Value]
    return {name: text for each in parents for name, text in _documented(each)}


def parts_of_a_team_file() -> dict[str, type[Value]]:
    """Return every part that a team file may have, by the name it has in the schema."""
    return {part.__name__: part for part in _below(Value)}


def _below(part: type[Value]) -> Iterator[type[Value]]:
    for each in part.__subclasses__():
        yield each
        yield from _below(each)


def _documented(part: type[Value]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a class with the text that follows each in the source."""
    (tree,) = ast.parse(inspect.getsource(part)).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for field, text in pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                yield name, " ".join(said.split())
