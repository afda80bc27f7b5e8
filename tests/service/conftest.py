"""What the tests of a service share: a desk with the teams of the stories, and a client of a service on it."""

from collections.abc import Iterator

import httpx
import pytest

from tests.durability.processes import Desk
from tests.service.process import serving
from tests.service.stories import lay


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A folder with the teams of the stories."""
    folder = tmp_path_factory.mktemp("desk")
    lay(folder)
    return Desk(folder)


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[httpx.Client]:
    """A client of a service on the desk."""
    with serving(desk.folder / "home") as running, running.client() as one:
        yield one
