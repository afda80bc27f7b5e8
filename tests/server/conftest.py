"""What the tests of several tenants share: a server with two of them, and what the first one has."""

from collections.abc import Iterator

import pytest

from tests.server.tenants import Pair, things_of, two_tenants


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A server with two tenants."""
    with two_tenants(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def theirs(pair: Pair) -> dict[str, str]:
    """What the first tenant has."""
    return things_of(pair)
