"""What docstrings show is true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVED = {"graph.studio"}
"""Compiles a graph of every pattern when it is imported."""


def modules(package: str) -> list[str]:
    paths = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if name not in SERVED and not name.endswith(".__main__")]


@pytest.mark.parametrize(("package", "least"), [("policies", 150), ("nodes", 5), ("graph", 15)])
def test_every_example_of_a_docstring_holds(package: str, least: int) -> None:
    results = {name: doctest.testmod(import_module(name)) for name in modules(package)}
    failed = {name: f"{result.failed} of {result.attempted}" for name, result in results.items() if result.failed}
    assert not failed, f"failed examples, see the output above: {failed}"
    assert sum(result.attempted for result in results.values()) >= least
