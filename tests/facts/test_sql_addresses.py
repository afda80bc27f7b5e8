"""The way to a database: its settings, its server or its file, and that nothing of its address is shown."""

import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from graph.facts.settings import FactSettings
from tests.facts.kept import folder_bytes, is_unlocked
from tests.facts.queries import VARIABLE, facts, said


def test_a_database_that_is_not_listed_is_asked_for_with_the_lines_to_add() -> None:
    assert said("SELECT 1", FactSettings()) == (
        'is not listed in accord.toml; add [facts.sql.shop] and below it url_env = "SHOP_URL", and put its address '
        "into that variable"
    )


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert said("SELECT 1") == (
        "the variable SHOP_URL is not set; put its address into it, for example "
        "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH"
    )


ADDRESSES = {
    "canary": "its address is not one of a database; allowed: postgresql://",
    "mysql://canary:canary@127.0.0.1/canary": "facts cannot come from its kind of database; allowed: SQL",
    "sqlite://": "its address names no file",
    "sqlite:///:memory:": "its address names no file",
    "sqlite:///file:/canary?mode=rwc&uri=true": "its address names no file",
    "sqlite:////canary/none.sqlite": "its file does not exist, or is not a file",
    "sqlite:///~canary/none.sqlite": "its file does not exist, or is not a file",
    f"sqlite:////{'canary' * 50}.sqlite": "its file does not exist, or is not a file",
    "sqlite:////canary%00": "its file does not exist, or is not a file",
    "sqlite:////": "its file does not exist, or is not a file",
    "postgresql://canary:canary@127.0.0.1:1/canary": "the connection is refused",
    "postgresql://canary:canary@canary.invalid/canary": "the name of its host is unknown",
    "postgresql+asyncpg://canary:canary@127.0.0.1:1/canary": "the connection is refused",
    "postgresql://canary@/canary?host=/canary": "no connection can be made",
    "postgresql://canary@127.0.0.1:1/canary?canary=canary": "its address has an option that PostgreSQL does not know",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_leads_nowhere_is_not_shown(
    address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv(VARIABLE, address)
    told = said("SELECT 1")
    assert told.startswith(("cannot be read: " + ADDRESSES[address], ADDRESSES[address])), told
    assert "canary" not in told + caplog.text


@pytest.mark.needs("postgres")
def test_a_server_that_refuses_says_so_without_user_and_name(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(server)
    monkeypatch.setenv(VARIABLE, parts._replace(netloc="canary:canary@").geturl())
    refused = said("SELECT 1")
    monkeypatch.setenv(VARIABLE, parts._replace(path="/canary").geturl())
    unknown = said("SELECT 1")

    assert refused == "cannot be read: the server does not let the user in; its address is in SHOP_URL"
    assert unknown == "cannot be read: the server has no database of that name; its address is in SHOP_URL"


def _answers_with_a_refusal(listening: socket.socket) -> None:
    """Speak PostgreSQL so far as to ask for a password and to refuse it."""
    refusal = b'SFATAL\0C28P01\0Mpassword authentication failed for user "canary"\0\0'
    with suppress(OSError):
        while True:
            with listening.accept()[0] as connection:
                while connection.recv(8)[4:] != b"\0\3\0\0":  # it first asks for TLS, which there is none of
                    connection.sendall(b"N")
                connection.recv(4_096)
                connection.sendall(b"R\0\0\0\x08\0\0\0\x03")
                connection.recv(4_096)
                connection.sendall(b"E" + (len(refusal) + 4).to_bytes(4, "big") + refusal)


def test_a_password_that_is_refused_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_answers_with_a_refusal, args=[listening], daemon=True).start()
        monkeypatch.setenv(VARIABLE, f"postgresql://canary:canary@127.0.0.1:{listening.getsockname()[1]}/canary")
        told = said("SELECT 1")
        listening.shutdown(socket.SHUT_RDWR)
    assert told == "cannot be read: the server refuses the user or the password; its address is in SHOP_URL"


@pytest.mark.parametrize(("package", "extra"), [("sqlalchemy", "sql"), ("psycopg", "postgres")])
def test_a_package_that_is_missing_is_named_with_the_way_to_install_it(
    package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql://canary:canary@127.0.0.1:1/canary")
    monkeypatch.setitem(sys.modules, package, None)
    assert said("SELECT 1").endswith(f"; install it: pip install 'accord[{extra}]'")


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_never_answers_is_left_when_the_time_is_over(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"postgresql://canary:canary@127.0.0.1:{silent}/canary")
    begun = time.monotonic()
    assert said("SELECT 1", timeout=0.3).startswith("gave no answer within 0.3 s")
    assert time.monotonic() - begun < 3
    end = time.monotonic() + 10
    while any(each.name == "accord-sql" for each in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [each.name for each in threading.enumerate() if each.name.startswith("accord-sql")]


def test_a_file_that_is_locked_damaged_or_none_is_one_sentence(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert said("SELECT 1 FROM stock", timeout=0.3).startswith(("gave no answer", "the file is locked"))
    assert is_unlocked(file)
    before = file.read_bytes()
    file.write_bytes(before[:4096] + b"canary" * 1_000 + before[10_096:])
    assert said("SELECT * FROM stock ORDER BY amount", rows="all") == "the file is damaged"
    file.write_bytes(b"canary" * 1_000)
    kept = folder_bytes(file)
    assert said("SELECT 1") == "the file is not a SQLite database, or is encrypted"
    assert folder_bytes(file) == kept


def test_no_log_has_a_query_a_value_or_a_row(
    shop: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    assert facts("SELECT 'can' || 'ary' AS a, CAST(:b AS text) AS b", params={"b": "canary"}) == {
        "a": "canary",
        "b": "canary",
    }
    assert said("SELECT name FROM stock WHERE name = :b", params={"b": "canary"})
    assert "ary" not in caplog.text + "".join(capfd.readouterr())
