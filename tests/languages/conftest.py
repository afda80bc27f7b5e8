"""What the walks share: teams that ask for a language get the one that marks what is said."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from policies.language import speaking
from tests.languages.pseudo import PSEUDO


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever language a team asks for, it gets the one that marks."""
    monkeypatch.setattr("graph.languages.catalogue._language", lambda asked: PSEUDO)


@pytest.fixture
def pseudo_typed(pseudo: None, monkeypatch: pytest.MonkeyPatch, accord_home: Path) -> None:
    """The same for commands, which are typed in a folder of the test's."""
    monkeypatch.chdir(accord_home.parent)


@pytest.fixture
def pseudo_spoken(pseudo: None) -> Iterator[None]:
    """The same, and it is spoken from the start."""
    with speaking(PSEUDO):
        yield
