"""What Accord writes is its user's alone, whatever the umask; what is another's stays as it is."""

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.opening import open_runner
from tests.harness import settings_at, team_of
from tests.hostile.command import Captured, accord


def modes_under(folder: Path) -> dict[str, str]:
    """The mode of each file and folder below, by its path."""
    return {str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(folder.rglob("*"))}


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_database_folders_and_pages_are_the_users_alone(umask: int, accord_home: Path, capsys: Captured) -> None:
    pages = Path("pages")
    pages.mkdir(mode=0o755)
    folder = oct(stat.S_IMODE(pages.stat().st_mode))
    database = accord_home / "far" / "below" / "t.sqlite"
    at = ("--db", database)

    assert accord(capsys, "run", "--thread", "t", *at).code == 0
    assert accord(capsys, "show", "t", "--html", "pages/t.html", "--markdown", "pages/t.md", *at).code == 0
    assert accord(capsys, "audit", "export", "t", "--out", "pages/t.jsonl", *at).code == 0

    assert modes_under(accord_home.parent / "home") == {
        "far": "0o700",
        "far/below": "0o700",
        "far/below/t.sqlite": "0o600",
        "far/below/t.sqlite.locks": "0o700",
    }
    assert stat.S_IMODE(accord_home.stat().st_mode) == 0o700
    assert modes_under(pages) == dict.fromkeys(("t.html", "t.jsonl", "t.md"), "0o600")
    assert oct(stat.S_IMODE(pages.stat().st_mode)) == folder


def test_what_lies_beside_an_open_database_is_the_users_alone(umask: int, tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")

    async def main() -> dict[str, str]:
        async with open_runner(settings) as runner:
            await runner.run(team_of(settings), "t")
            return modes_under(tmp_path / "home")

    assert asyncio.run(main()) == {
        "accord.sqlite": "0o600",
        "accord.sqlite-shm": "0o600",
        "accord.sqlite-wal": "0o600",
        "accord.sqlite.locks": "0o700",
    }


def test_a_folder_and_a_page_that_are_there_keep_their_modes_or_become_private(
    accord_home: Path, capsys: Captured
) -> None:
    """The folder is somebody else's affair; the page is replaced by one of ours."""
    accord_home.mkdir(mode=0o750)
    page = Path("t.html")
    page.touch(0o644)

    accord(capsys, "run", "--thread", "t")
    accord(capsys, "show", "t", "--html", page)

    assert stat.S_IMODE(accord_home.stat().st_mode) == 0o750
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
