"""What only reads also works where nothing can be written, and says the same there."""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.opening import open_runner
from graph.store.files import locks_of
from tests.durability.reading import READING, bound_by_modes, ended
from tests.harness import settings_at, team_of

pytestmark = pytest.mark.slow

NAME = "t.sqlite"
STATES: dict[str, Sequence[str]] = {
    "closed": ("",),
    "killed": ("", "-wal", "-shm"),
    "killed, its index lost": ("", "-wal"),
}
"""What lies there of a database, by how its last process ended."""


@pytest.fixture
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a database of two threads; one ended, one was killed before it could be noted that it had."""
    suffixes = STATES[request.param]
    settings = settings_at(tmp_path / "home", accord_database_url=str(tmp_path / "home" / NAME))
    folder = tmp_path / "shelf"
    folder.mkdir()

    async def main() -> None:
        async with open_runner(settings) as runner:
            for thread in ("t", "u"):
                await runner.run(team_of(settings), thread)
            async with runner.database.fences.hold("u"):
                await runner.threads.go_on("u")
            if len(suffixes) > 1:
                keep()

    def keep() -> None:
        for suffix in suffixes:
            shutil.copy(tmp_path / "home" / f"{NAME}{suffix}", folder)

    asyncio.run(main())
    if len(suffixes) == 1:
        keep()
    return folder


def by_modes(shelf: Path) -> list[Any]:
    for path in shelf.iterdir():
        path.chmod(0o400)
    shelf.chmod(0o500)
    try:
        return ended(shelf / NAME, before=bound_by_modes)
    finally:
        shelf.chmod(0o700)


def by_file(shelf: Path) -> list[Any]:
    (shelf / NAME).chmod(0o400)
    return ended(shelf / NAME, before=bound_by_modes)


def by_mount(shelf: Path) -> list[Any]:
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    return ended(shelf / NAME, under=("unshare", "--mount", "--map-root-user", "sh", "-c", script, str(shelf)))


def contents(folder: Path) -> dict[str, bytes]:
    """What lies there; not the index of the WAL, in which readers note that they read."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".sqlite-shm"}


WAYS = (by_modes, by_file, by_mount)
EVERY_DAY = {("closed", by_modes), ("killed", by_mount), ("killed, its index lost", by_file)}
"""Each state and each way once; the other pairs are left to `make test-system`."""


def _pair(state: str, reads: Callable[[Path], list[Any]]) -> Any:
    marks = [pytest.mark.system] if (state, reads) not in EVERY_DAY else []
    marks += [pytest.mark.needs("mounts")] if reads is by_mount else []
    return pytest.param(state, reads, id=f"{state}-{reads.__name__}", marks=marks)


@pytest.mark.parametrize(
    ("shelf", "reads"), [_pair(state, reads) for state in STATES for reads in WAYS], indirect=["shelf"]
)
def test_every_reading_command_says_the_same_and_writes_nothing(
    reads: Callable[[Path], list[Any]], shelf: Path, tmp_path: Path
) -> None:
    shutil.copytree(shelf, tmp_path / "writable" / "shelf")
    before = contents(shelf)

    found = reads(shelf)

    assert contents(shelf) == before
    assert found == ended(tmp_path / "writable" / "shelf" / NAME)
    assert [(command, code) for command, (code, _, _) in zip(READING, found, strict=True) if code] == []


@pytest.mark.system
@pytest.mark.needs("postgres")
def test_a_role_of_postgresql_that_may_only_read_reads_the_same(tmp_path: Path, postgres_database: str) -> None:
    settings = settings_at(tmp_path / "home", accord_database_url=postgres_database)

    async def main() -> None:
        async with open_runner(settings) as runner:
            for thread in ("t", "u"):
                await runner.run(team_of(settings), thread)
            async with runner.database.fences.hold("w"):
                await runner.threads.index.admit("w", team_of(settings), {})

    asyncio.run(main())
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        reader = postgres_database.replace("postgres:@", "reader:@")
        assert reader != postgres_database

        found, wanted = ended(reader), ended(postgres_database)
        writing = ended(reader, [["resume", "w"], ["doctor"]])
        connection.execute("DROP OWNED BY reader")
        connection.execute("DROP ROLE reader")

    assert found == wanted
    assert [code for code, _, _ in found] == [0] * len(READING)
    assert [code for code, _, _ in writing] == [2, 1]
    assert "permission denied" in writing[0][2]


def test_a_thread_at_work_is_seen_by_who_may_only_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = settings_at(home, accord_database_url=str(home / NAME))
    seen: list[list[Any]] = []

    async def main() -> None:
        async with open_runner(settings) as runner:
            await runner.run(team_of(settings), "t")
            async with runner.database.fences.hold("w"):
                await runner.threads.index.admit("w", team_of(settings), {})
                home.chmod(0o500)
                seen.extend(await asyncio.to_thread(ended, home / NAME, [["show", "w"]], bound_by_modes))
            seen.extend(await asyncio.to_thread(ended, home / NAME, [["show", "w"]], bound_by_modes))
            home.chmod(0o700)

    asyncio.run(main())
    assert [code for code, _, _ in seen] == [5, 3]
    assert not os.path.lexists(locks_of(home / NAME) / "w")


def test_a_database_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    database = tmp_path / NAME
    database.touch(0o000)

    found = ended(database, [["list"], ["show", "t"]], bound_by_modes)

    assert found == [[2, "", f"accord: {database}: the database failed: Permission denied\n"]] * 2
