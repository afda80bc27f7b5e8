"""The databases that tests of retention run on."""

from pathlib import Path

import pytest

from graph.settings import Settings
from tests.harness import settings_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings on a fresh database, of each kind in turn."""
    home = tmp_path / "home"
    if request.param == "postgres":
        return settings_at(home, accord_database_url=str(request.getfixturevalue("postgres_database")))
    return settings_at(home)
