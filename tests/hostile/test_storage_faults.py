"""A database that cannot be opened, written or trusted gets a sentence; once the fault is gone, its threads go on."""

import ctypes
import gc
import json
import os
import random
import shutil
import socket
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.problems import neutral
from tests.hostile.command import Captured, accord, process, without_progress
from tests.hostile.test_team_files import GOOD

PAGE = 4_096
NAME = "accord.sqlite"
FAILED = "the database failed: "
SEALED = "cannot be written; allow writing to the file and its folder, or name another database with --db"


@pytest.fixture
def database(accord_home: Path) -> Path:
    """The path of the default database, beside a team file."""
    Path("team.yaml").write_text(GOOD)
    return accord_home / NAME


def finished(capture: Captured, thread: str = "t") -> dict[str, Any]:
    """Return the record of a thread run to its end."""
    done = accord(capture, "run", "team.yaml", "--thread", thread, "--json")
    assert done.code == 0, done
    record: dict[str, Any] = json.loads(done.out)
    return record


def assert_fails(capture: Captured, where: str, *arguments: str) -> str:
    """The command must end with one sentence that names the database; the sentence is returned."""
    done = without_progress(accord(capture, *arguments))
    assert (done.code, done.out) == (2, ""), done
    (said,) = done.sentences
    assert said.startswith(f"{where}: "), said
    return said.removeprefix(f"{where}: ")


# --- a place where no database can be --------------------------------------------------------------------------------

PLACES = {
    "below a file": ("file/x.sqlite", "file/x.sqlite"),
    "far below a file": ("file/a/b/x.sqlite", "file/a/b/x.sqlite"),
    "a folder": ("folder", "folder"),
    "below the null device": ("/dev/null/x.sqlite", "/dev/null/x.sqlite"),
    "text": ("file", "file"),
    "no name": ("sqlite://", "sqlite://"),
    "a folder by URL": ("sqlite:///folder", "sqlite:///folder"),
    "a name too long": ("x" * 300, "x" * 300),
}


@pytest.mark.parametrize(
    "command", [["run", "team.yaml"], ["show", "t"], ["list"], ["resume", "t"], ["batch", "cases.jsonl"]]
)
@pytest.mark.parametrize("name", PLACES)
def test_a_place_where_no_database_can_be_is_named(
    name: str, command: list[str], database: Path, capsys: Captured
) -> None:
    place, shown = PLACES[name]
    Path("file").write_text("This is text, not a database. " * 100)
    Path("folder").mkdir()
    Path("cases.jsonl").write_text('{"id": "a"}\n')

    said = assert_fails(capsys, shown, *command, "--db", place)

    assert said.startswith(FAILED)
    assert Path("file").read_text().startswith("This is text")
    assert not database.exists()


@pytest.mark.parametrize("command", [["run", "team.yaml"], ["show", "t"], ["audit", "verify"]])
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "device"])
def test_what_is_no_file_is_named_and_nothing_is_made_beside_it(
    kind: str, command: list[str], database: Path, capsys: Captured
) -> None:
    place = Path("place", "x")
    place.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        with closing(socket.socket(socket.AF_UNIX)) as bound:
            bound.bind(str(place))
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/null")

    said = assert_fails(capsys, str(place), *command, "--db", str(place))

    assert said == f"{FAILED}it is not a regular file"
    assert [*place.parent.iterdir()] == [place]
    assert not [*Path("/dev").glob("null?*")]


@pytest.mark.parametrize("prefix", ["", "sqlite:///"])
@pytest.mark.parametrize("name", ["~nobody-knows/x.sqlite", "circle/x.sqlite", "a\0b"])
def test_a_path_that_leads_nowhere_is_named(name: str, prefix: str, database: Path, capsys: Captured) -> None:
    Path("circle").symlink_to("circle")

    said = assert_fails(capsys, neutral(name), "list", "--db", f"{prefix}{name}")

    assert said.startswith("names no file: ")


def test_a_data_folder_that_is_a_file_is_named(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").write_text("text")
    monkeypatch.setenv("ACCORD_HOME", "file")

    assert assert_fails(capsys, str(Path("file") / NAME), "list").startswith(FAILED)


def test_the_doctor_finds_a_database_that_cannot_be_written(database: Path, capsys: Captured) -> None:
    Path("file").write_text("text " * 1_000)

    done = accord(capsys, "doctor", "--db", "file")

    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("BAD")] == [
        f"BAD  database: file: {FAILED}file is not a database"
    ]


# --- a database that may be read only --------------------------------------------------------------------------------


def set_write_version(path: Path, version: int) -> None:
    """Above 2, SQLite holds the file to be read-only for everybody, the superuser too."""
    data = bytearray(path.read_bytes())
    data[18] = version
    path.write_bytes(data)


def test_a_read_only_database_is_read_and_once_writable_the_thread_goes_on(database: Path, capsys: Captured) -> None:
    stopping = GOOD.replace("rate: 0.5", "rate: 5.0").replace("votes: 1", "votes: 1, max_rounds: 1")
    Path("two.yaml").write_text(f"{stopping}policy: classic\n")
    before = accord(capsys, "run", "two.yaml", "--thread", "t", "--json")
    set_write_version(database, 3)

    assert accord(capsys, "show", "t", "--json").out == before.out
    for command in (["resume", "t", "--budget", "max_rounds=2"], ["run", "two.yaml", "--thread", "new"]):
        assert assert_fails(capsys, str(database), *command) == SEALED
    assert accord(capsys, "show", "t", "--json").out == before.out

    set_write_version(database, 2)
    resumed = accord(capsys, "resume", "t", "--budget", "max_rounds=2", "--json")
    assert json.loads(before.out)["stop_reason"] == "max_rounds_reached"
    assert (resumed.code, len(json.loads(resumed.out)["history"])) == (3, 2)
    assert accord(capsys, "show", "new").code == 2


def bound_by_modes() -> None:
    """Make the superuser heed the modes of files, as everybody else does (Linux: drop CAP_DAC_OVERRIDE)."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.system
def test_a_read_only_folder_is_named_and_once_writable_all_is_well(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)

    done = process(tmp_path, "run", before=bound_by_modes)
    listed = process(tmp_path, "list", before=bound_by_modes)
    home.chmod(0o700)
    again = process(tmp_path, "run", "--thread", "t")

    assert without_progress(done).sentences == [f"{home / NAME}: {SEALED}"]
    assert (done.code, done.out, again.code) == (2, "", 0)
    assert (listed.code, listed.out) == (0, "No threads yet; `accord run` starts one.\n")


# --- a database that is damaged, or another program's ----------------------------------------------------------------


def damaged(data: bytes, seed: int) -> bytes:
    """Return the database with some pages blank or random, its first one left alone."""
    rng, kept = random.Random(seed), bytearray(data)
    for _ in range(rng.choice([1, 2, 5])):
        at = PAGE * rng.randrange(1, len(kept) // PAGE)
        kept[at : at + PAGE] = rng.choice([bytes(PAGE), rng.randbytes(PAGE)])
    return bytes(kept)


DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "random": lambda data: random.Random(1).randbytes(len(data)),
    "text": lambda data: b"not a database " * 1_000,
    "cut in half": lambda data: data[: len(data) // 2],
    "a header alone": lambda data: data[:100],
    "a header and noise": lambda data: data[:100] + random.Random(2).randbytes(len(data) - 100),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_database_that_is_none_any_more_is_named_and_left_alone(name: str, database: Path, capsys: Captured) -> None:
    record = finished(capsys)
    whole = database.read_bytes()
    broken = DAMAGES[name](whole)
    database.write_bytes(broken)

    for command in (["show", "t"], ["run", "team.yaml", "--thread", "t"], ["list"], ["resume", "t"]):
        assert assert_fails(capsys, str(database), *command).startswith(FAILED)

    assert database.read_bytes() == broken
    database.write_bytes(whole)
    assert json.loads(accord(capsys, "show", "t", "--json").out) == record


@pytest.mark.slow
def test_damaged_pages_never_break_a_command(database: Path, capsys: Captured) -> None:
    records = {thread: finished(capsys, thread) for thread in ("a", "b", "c")}
    whole = database.read_bytes()
    ends: list[int] = []

    for seed in range(40):
        database.write_bytes(damaged(whole, seed))
        for command in (["show", "a"], ["list"], ["resume", "b"], ["run", "team.yaml", "--thread", "new"]):
            done = without_progress(accord(capsys, *command))
            assert done.code in (0, 2), (seed, command, done)
            assert done.code == 0 or len(done.sentences) == 1
            ends.append(done.code)

    gc.collect()  # All commands ran in this process: a statement that failed keeps its connection open until then.
    for suffix in ("-wal", "-shm"):
        database.with_name(NAME + suffix).unlink(missing_ok=True)
    database.write_bytes(whole)
    assert {thread: json.loads(accord(capsys, "show", thread, "--json").out) for thread in records} == records
    assert 40 <= ends.count(2) < len(ends)


SCHEMAS = {
    "checkpoints of another form": "CREATE TABLE checkpoints (a)",
    "writes of another form": "CREATE TABLE writes (a)",
    "a store of another form": "CREATE TABLE store (a)",
    "migrations of another form": "CREATE TABLE store_migrations (a)",
    "a view for a table": "CREATE VIEW checkpoints AS SELECT 1",
    "a newer version": "CREATE TABLE store_migrations (v INTEGER); INSERT INTO store_migrations VALUES (999)",
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_database_of_another_program_is_named(name: str, database: Path, capsys: Captured) -> None:
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(SCHEMAS[name])

    for command in (["run", "team.yaml", "--thread", "t"], ["resume", "t"]):
        assert assert_fails(capsys, str(database), *command).startswith((FAILED, "is damaged: the table `"))


def test_a_database_beside_other_tables_keeps_them(database: Path, capsys: Captured) -> None:
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("CREATE TABLE orders (a); INSERT INTO orders VALUES (7)")

    finished(capsys)

    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT a FROM orders").fetchall() == [(7,)]


def test_a_folder_of_locks_that_is_a_file_is_named(database: Path, capsys: Captured) -> None:
    record = finished(capsys)
    locks = database.with_name(f"{NAME}.locks")
    shutil.rmtree(locks, ignore_errors=True)
    locks.write_text("")

    assert assert_fails(capsys, str(database), "resume", "t").startswith(FAILED)

    locks.unlink()
    assert json.loads(accord(capsys, "resume", "t", "--json").out) == record
