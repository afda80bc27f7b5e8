"""The databases whose decisions are watched, and a folder of one's own."""

from pathlib import Path

import pytest

from graph.settings import Settings
from tests.harness import settings_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings on a fresh database of each kind in turn, which commands take from the environment."""
    location = str(tmp_path / "accord.sqlite")
    if request.param == "postgres":
        location = str(request.getfixturevalue("postgres_database"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCORD_HOME", str(tmp_path))
    monkeypatch.setenv("ACCORD_DATABASE_URL", location)
    return settings_at(tmp_path, accord_database_url=location)
