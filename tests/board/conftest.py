"""What the tests of the board share: services of both kinds, the tokens of some people, and a source that moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.board import watching
from tests.board.visitor import Visitor, visitor
from tests.board.watching import Source, open_source
from tests.service.conftest import client, desk, served
from tests.service.entrances import KINDS, Entrance, entrance, new_token
from tests.service.stories import lay

__all__ = ["client", "desk", "served"]

PEOPLE = {
    "ada": ("acme", ("read", "run", "decide", "admin")),
    "rob": ("acme", ("read",)),
    "ron": ("acme", ("run",)),
    "cfo": ("acme", ("read", "decide")),
    "gus": ("globex", ("admin",)),
}


@dataclass(frozen=True)
class House:
    """A service, and the token of each person."""

    served: Entrance
    tokens: dict[str, str]

    def thread_of(self, person: str, team: str = "checkout_launch") -> str:
        """Return a thread that this person began."""
        answer = self.served.ask("POST", "/v1/execute", self.tokens[person], json={"team": team, "wait": True})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["thread_id"])


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service of either kind with the teams of the stories, for two tenants."""
    folder = tmp_path_factory.mktemp(request.param)
    lay(folder)
    tokens = {
        person: new_token(folder / "home", *scopes, tenant=tenant, person=person)
        for person, (tenant, scopes) in PEOPLE.items()
    }
    with entrance(request.param, folder) as served:
        yield House(served, tokens)


@pytest.fixture
def somebody(house: House) -> Iterator[Visitor]:
    """A visitor who has no cookie yet."""
    with visitor(house.served.url) as one:
        yield one


@pytest.fixture
def other(house: House) -> Iterator[Visitor]:
    """Another one, in another browser."""
    with visitor(house.served.url) as one:
        yield one


@pytest.fixture
def source() -> Iterator[Source]:
    """A source of facts whose values a test moves."""
    with open_source() as one:
        yield one


@pytest.fixture
def home(tmp_path: Path, source: Source) -> Path:
    """A data directory with a team that asks the source."""
    watching.lay(tmp_path / "home", source, {"small": watching.team("small", source.facts)})
    return tmp_path / "home"
