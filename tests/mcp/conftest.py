"""What the tests of the tools share: a desk with teams, and a server on it over HTTP."""

from collections.abc import Iterator

import pytest

from tests.durability.processes import Desk
from tests.mcp.clients import Way, tools_at
from tests.service.conftest import desk
from tests.service.process import Served

__all__ = ["desk"]


@pytest.fixture(scope="module")
def served(desk: Desk) -> Iterator[Served]:
    """A server over HTTP on the desk."""
    with tools_at(desk.folder / "home") as running:
        yield running


@pytest.fixture(params=["stdio", "http"])
def way(request: pytest.FixtureRequest, desk: Desk) -> Way:
    """Each way to the tools on the desk."""
    url = request.getfixturevalue("served").url if request.param == "http" else None
    return Way(desk.folder / "home", url)
