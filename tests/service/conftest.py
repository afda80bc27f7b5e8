"""What the tests of a service share: a desk with the teams of the stories, a service on it, and a client."""

from collections.abc import Iterator

import httpx
import pytest

from tests.durability.processes import Desk
from tests.service.process import Served, serving
from tests.service.stories import lay


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder with the teams of the stories."""
    folder = tmp_path_factory.mktemp("desk")
    lay(folder)
    return Desk(folder)


@pytest.fixture(scope="module")
def served(desk: Desk) -> Iterator[Served]:
    """A service on the desk."""
    with serving(desk.folder / "home") as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A client of the service on the desk."""
    with served.client() as one:
        yield one
