"""Tokens, from the command line to the service: printed once, kept hashed, refused at once where they end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.service.entrances import accord, ids, new_token
from tests.service.process import Served, serving

pytestmark = pytest.mark.slow

ASKED = "/v1/openapi.json"


def status(served: Served, token: str | None) -> int:
    with served.client(token) as client:
        return client.get(ASKED).status_code


def expire(home: Path, person: str, at: str) -> None:
    """Let a token have expired at a time; no duration is short enough to wait for."""
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=30)) as connection:
        changed = connection.execute(
            "UPDATE store SET value = CAST(json_set(CAST(value AS TEXT), '$.expires_at', ?) AS BLOB) "
            "WHERE prefix = 'tokens' AND json_extract(CAST(value AS TEXT), '$.person') = ?",
            (at, person),
        )
        assert changed.rowcount == 1
        connection.commit()


def test_a_token_ends_at_once_in_every_process(tmp_path: Path) -> None:
    with serving(tmp_path) as one, serving(tmp_path) as other:
        assert [status(each, None) for each in (one, other)] == [200, 200]
        ada, bob, eve = (new_token(tmp_path, "read", person=person) for person in ("ada", "bob", "eve"))
        for each in (one, other):
            assert [status(each, token) for token in (ada, bob, eve, None)] == [200, 200, 200, 401]
        assert accord(tmp_path, "token", "revoke", ids(tmp_path)["ada"]).returncode == 0
        expire(tmp_path, "bob", "2026-01-01T00:00:00.000+00:00")
        for each in (one, other):
            assert [status(each, token) for token in (ada, bob, eve, None)] == [401, 401, 200, 401]
        accord(tmp_path, "token", "revoke", ids(tmp_path)["eve"])
        assert [status(each, None) for each in (one, other)] == [401, 401], "the last token is revoked"
    with serving(tmp_path) as again:
        assert [status(again, token) for token in (ada, bob, eve, None)] == [401] * 4


def test_no_byte_of_a_token_is_kept_or_logged(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        tokens = [new_token(tmp_path, "admin", person=person) for person in ("ada", "bob")]
        assert [status(served, token) for token in tokens] == [200, 200]
        accord(tmp_path, "token", "revoke", ids(tmp_path)["bob"])
        assert status(served, tokens[1]) == 401
        with served.client(tokens[0]) as client:
            client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})
            client.post("/v1/execute", json={"team": tokens[0][:40]})
        listed = accord(tmp_path, "token", "list").stdout + accord(tmp_path, "token", "list", "--json").stdout
        kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    names = {path.name for path in kept}
    assert {"accord.sqlite", "accord.sqlite-wal", "serve.log"} <= names
    for token in tokens:
        secret = token.removeprefix("accord_").encode()
        assert len(secret) == 43
        for path, data in kept.items():
            assert secret not in data, path
        assert secret.decode() not in listed


def test_a_token_is_printed_alone_and_what_is_said_of_it_beside(tmp_path: Path) -> None:
    made = accord(
        tmp_path, *("token", "create", "--tenant", "acme", "--person", "ada@acme.example"), *("--expires", "90d")
    )
    assert made.stdout.startswith("accord_")
    assert (len(made.stdout), made.stdout.count("\n")) == (51, 1)
    assert "of ada@acme.example, tenant acme, for read, until " in made.stderr
    assert made.stdout.strip() not in made.stderr
    options = ("--tenant", "acme", "--person", "bob", "--scope", "decide", "--scope", "read", "--scope", "read")
    told = json.loads(accord(tmp_path, "token", "create", *options, "--json").stdout)
    assert (told["scopes"], told["expires_at"], told["revoked_at"]) == (["read", "decide"], None, None)
    listed = json.loads(accord(tmp_path, "token", "list", "--json").stdout)
    assert [each["person"] for each in listed] == ["ada@acme.example", "bob"]
    assert listed[1] == {name: value for name, value in told.items() if name != "token"}
    assert set(listed[0]) == {"id", "tenant", "person", "scopes", "created_at", "expires_at", "revoked_at"}
    lines = accord(tmp_path, "token", "list").stdout.splitlines()
    assert [line.split("  ")[1:4] for line in lines] == [
        ["acme", "ada@acme.example", "read"],
        ["acme", "bob", "read, decide"],
    ]
    revoked = accord(tmp_path, "token", "revoke", told["id"])
    assert "is refused" in revoked.stdout
    first = json.loads(accord(tmp_path, "token", "list", "--json").stdout)[1]["revoked_at"]
    assert json.loads(accord(tmp_path, "token", "revoke", told["id"], "--json").stdout)["revoked_at"] == first
    expire(tmp_path, "ada@acme.example", "2026-01-01T00:00:00.000+00:00")
    ends = [line.rsplit("  ", 1)[1] for line in accord(tmp_path, "token", "list").stdout.splitlines()]
    assert ends == ["expired at 2026-01-01T00:00:00.000+00:00", f"revoked at {first}"]


def test_what_no_token_may_be_is_refused_in_sentences_all_at_once(tmp_path: Path) -> None:
    options = ("--tenant", "Acme", "--person", "", "--scope", "write", "--scope", "Read", "--expires", "soon")
    refused = accord(tmp_path, "token", "create", *options)
    assert (refused.returncode, refused.stdout) == (2, "")
    for told in (
        "--tenant: 'Acme' is not allowed; allowed: 1 to 64 of a-z 0-9 _ . @ -",
        "--person: ",
        "--scope: 'write' is not a scope; allowed: read, run, decide, admin",
        "--scope: 'Read' is not a scope",
        "--expires: 'soon': allowed: a number of minutes, hours or days",
    ):
        assert told in refused.stderr, refused.stderr
    assert not (tmp_path / "accord.sqlite").exists()
    assert accord(tmp_path, "token", "list").stdout.startswith("There are no tokens: ")
    unknown = accord(tmp_path, "token", "revoke", "7")
    assert (unknown.returncode, "there is no token `7`" in unknown.stderr) == (2, True)
    missing = accord(tmp_path, "token", "list", "--db", str(tmp_path / "gone.sqlite"))
    assert (missing.returncode, "there is no database" in missing.stderr) == (2, True)
