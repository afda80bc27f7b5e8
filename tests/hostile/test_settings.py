"""A malformed address, key, timeout or model in the environment, in `.env` or in a flag gets a sentence, at once."""

import json
import os
import re
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from graph import inputs
from graph.settings import load_settings
from graph.store import pools
from tests.hostile.command import Captured, accord, process, refused
from tests.scripted_server import forever, serve, status

CANARY = "sk-canary-3f9c1d7e"
NO_ENDPOINT = "OPENAI_BASE_URL is not the address of an endpoint; allowed: http(s)://HOST[:PORT]/PATH, without a user"
NO_KEY = "OPENAI_API_KEY is blank, or has a character that no key has; allowed: printable ASCII without spaces"
NO_POSTGRES = "is not the address of a database; allowed: postgresql://USER:PASSWORD@HOST:PORT/NAME, special "
NO_DATABASE = "is not a kind of database; allowed: a file, sqlite:///FILE, postgresql://..."

ADDRESSES = [
    *(
        "nowhere",
        "http://",
        "http://[",
        "http://[::1",
        "http://h:port/v1",
        "http://h:99999/v1",
        "http://h:-1",
        "http://h:0",
    ),
    *(
        "ftp://h/v1",
        "http:/h/v1",
        "//h/v1",
        "http://h/a b",
        "http://a b/v1",
        "http://\x1b[31m/v1",
        "http://h/\n",
        "http://%/v1",
    ),
    *(
        "http://.../v1",
        "http://?x",
        "http:///v1",
        f"http://user:{CANARY}@127.0.0.1:1/v1",
        "http://h\\v1",
        "https://h/\u00e9",
    ),
]


@pytest.fixture(autouse=True)
def _home(accord_home: Path) -> None:
    """Every test here has its own data folder and working directory."""


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_that_is_none_is_refused(url: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", url)

    assert refused(capsys, "run") == [NO_ENDPOINT]


KEYS = [
    "sk canary",
    f"{CANARY}\nx",
    f"{CANARY}\r\nHost: h",
    f"{CANARY}\u00e9",
    f"\u2028{CANARY}x\u2028y",
    " ",
    "\t",
    "\x7f",
    "\udcff",
]


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_a_key_that_no_header_takes_is_refused_and_never_shown(
    key: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)

    assert refused(capsys, "run") == [NO_KEY]


VALUES: list[tuple[str, str, str]] = [
    ("OPENAI_TIMEOUT_SECONDS", "abc", "OPENAI_TIMEOUT_SECONDS: must be a number"),
    ("OPENAI_TIMEOUT_SECONDS", "0", "OPENAI_TIMEOUT_SECONDS: must be more than 0"),
    ("OPENAI_TIMEOUT_SECONDS", "-1", "OPENAI_TIMEOUT_SECONDS: must be more than 0"),
    ("OPENAI_TIMEOUT_SECONDS", "nan", "OPENAI_TIMEOUT_SECONDS: must be "),
    ("OPENAI_TIMEOUT_SECONDS", "inf", "OPENAI_TIMEOUT_SECONDS: must be at most 3600"),
    ("OPENAI_TIMEOUT_SECONDS", "1e9", "OPENAI_TIMEOUT_SECONDS: must be at most 3600"),
    ("OPENAI_MODEL", " ", "OPENAI_MODEL: must have at least 1 character"),
    ("OPENAI_MODEL", "m" * 201, "OPENAI_MODEL: must have at most 200 characters"),
    ("OPENAI_MODEL", "\udcff", "OPENAI_MODEL: must be text"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), VALUES)
def test_a_wrong_value_of_a_variable_is_refused(
    name: str, value: str, sentence: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv(name, value)

    (said,) = refused(capsys, "run")

    assert said.startswith(sentence)


def test_all_wrong_variables_are_told_at_once(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"OPENAI_API_KEY": " ", "OPENAI_BASE_URL": "nowhere", "OPENAI_TIMEOUT_SECONDS": "0"}
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)

    assert [said.split(" ")[0].strip(":") for said in refused(capsys, "run")] == list(wrong)


DOTENV: list[tuple[bytes, str]] = [
    (b"OPENAI_API_KEY='sk canary'", NO_KEY),
    (b"OPENAI_BASE_URL=nowhere", NO_ENDPOINT),
    (b"OPENAI_TIMEOUT_SECONDS=0", "OPENAI_TIMEOUT_SECONDS: must be more than 0"),
    (b"OPENAI_API_KEY=sk-canary-\xff", ".env: is not UTF-8 at byte 25"),
    (b"A=" + b"canary" * 200_000, ".env: has more than 1048576 bytes"),
]


@pytest.mark.parametrize(("text", "sentence"), DOTENV)
def test_a_dot_env_is_held_to_the_same_rules(text: bytes, sentence: str, capsys: Captured) -> None:
    Path(".env").write_bytes(text)

    (said,) = refused(capsys, "run")

    assert said.startswith(sentence)
    assert "canary" not in said


def test_a_dot_env_that_is_a_pipe_is_read_like_a_file_and_not_waited_for(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "PATIENCE_SECONDS", 0.3)
    os.mkfifo(".env")
    (said,) = refused(capsys, "run")
    assert said.startswith(".env: is not a regular file, and nothing was written to it")

    writer = threading.Thread(target=lambda: Path(".env").write_text("OPENAI_BASE_URL=nowhere"))
    writer.start()
    (said,) = refused(capsys, "run")
    writer.join()
    assert said.startswith(NO_ENDPOINT)


def test_the_environment_goes_before_a_dot_env_and_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("OPENAI_MODEL=small\nopenai_timeout_seconds=7\nOPENAI_BASE_URL=\n_ENV_FILE=x\n")
    assert (load_settings().openai_model, load_settings().openai_timeout_seconds) == ("small", 7.0)
    monkeypatch.setenv("OPENAI_MODEL", "large")
    monkeypatch.setenv("OPENAI_TIMEOUT_SECONDS", "")
    assert (load_settings().openai_model, load_settings().openai_timeout_seconds) == ("large", 7.0)
    assert load_settings().openai_base_url is None


@pytest.mark.slow
def test_a_dot_env_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Its owner may not read it; the superuser may read everything but a process's own memory at nothing."""
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={CANARY}")
    (tmp_path / ".env").chmod(0)
    if os.geteuid() == 0:
        (tmp_path / ".env").unlink()
        (tmp_path / ".env").symlink_to("/proc/self/mem")

    done = process(tmp_path, "run")

    assert (done.code, done.out, len(done.sentences)) == (2, "", 1)
    assert done.sentences[0].startswith(".env: cannot be read: ")


# The address, how it is shown, and what is said of it.
DATABASES: list[tuple[str, str, str]] = [
    ("mysql://h/x", "mysql://h/x", f"`mysql` {NO_DATABASE}"),
    (f"mysql://u:{CANARY}@h/x", "mysql://h/x", f"`mysql` {NO_DATABASE}"),
    ("mysql://[", "mysql://[", f"`mysql` {NO_DATABASE}"),
    ("http://h", "http://h", f"`http` {NO_DATABASE}"),
    ("://", "://", f"`` {NO_DATABASE}"),
    ("postgresql://[h", "postgresql://[h", NO_POSTGRES),
    ("postgresql://127.0.0.1:port/x", "postgresql://127.0.0.1:port/x", NO_POSTGRES),
    (f"postgresql://127.0.0.1:1/x?mood={CANARY}", "postgresql://127.0.0.1:1/x", NO_POSTGRES),
    (f"postgresql://u:%ZZ{CANARY}@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x", NO_POSTGRES),
    (f"postgresql://u:x/{CANARY}@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x", NO_POSTGRES),
    (f"postgresql://u:x?{CANARY}@127.0.0.1:1/x", "postgresql://...", "the database failed: "),
    (f"postgresql://u:{CANARY}@u:{CANARY}@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x", NO_POSTGRES),
    (f"postgresql://u:{CANARY}@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x", "the database failed: "),
    (f"postgresql://127.0.0.1:1/x?password={CANARY}", "postgresql://127.0.0.1:1/x", "the database failed: "),
    (f"postgresql://u:{CANARY}@h.invalid/x", "postgresql://h.invalid/x", "the database failed: "),
    ("postgresql:///x?host=/nowhere", "postgresql:///x", "the database failed: "),
]


@pytest.mark.parametrize(("url", "shown", "sentence"), DATABASES)
@pytest.mark.parametrize("is_flag", [True, False])
def test_a_database_that_is_none_or_out_of_reach_is_refused_without_its_password(
    url: str, shown: str, sentence: str, is_flag: bool, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_flag:
        monkeypatch.setenv("ACCORD_DATABASE_URL", url)

    done = accord(capsys, "run", *(["--db", url] if is_flag else []))

    said = done.err.splitlines()[-1]
    assert (done.code, done.out) == (2, "")
    assert said.startswith(f"accord: {shown}: {sentence}")
    assert CANARY not in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_a_postgresql_that_never_answers_is_given_up(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pools.PATIENCE["connect_timeout"] <= 10
    monkeypatch.setattr(pools, "PATIENCE", {**pools.PATIENCE, "connect_timeout": 2})

    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        done = accord(capsys, "list", "--db", f"postgresql://u:{CANARY}@127.0.0.1:{silent.getsockname()[1]}/x")

    assert time.monotonic() - started < 10
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"accord: postgresql://127\.0\.0\.1:\d+/x: the database failed: .*timeout.*\n", done.err)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["http://127.0.0.1:1/v1", "http://nowhere.invalid/v1"])
def test_an_endpoint_out_of_reach_is_a_timeout_that_can_be_resumed(
    address: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", address)

    done = accord(capsys, "run", "--json")

    record = json.loads(done.out)
    assert (done.code, record["stop_reason"], record["resumable"]) == (3, "llm_timeout", True)
    assert CANARY not in done.out + done.err


@pytest.mark.slow
@pytest.mark.parametrize(("code", "key"), [(403, f" {CANARY}\n"), pytest.param(401, CANARY, marks=pytest.mark.system)])
def test_a_wrong_key_stops_with_llm_auth_and_is_never_shown(code: int, key: str, tmp_path: Path) -> None:
    roles = ("demand_analyst", "finance_analyst", "risk_analyst")
    body = {"error": {"message": f"Incorrect API key provided: {CANARY}", "code": "invalid_api_key"}}

    with serve({role: forever(status(code, body)) for role in roles}) as server:
        done = process(tmp_path, "run", "--json", env={"OPENAI_API_KEY": key, "OPENAI_BASE_URL": server.base_url})

    record = json.loads(done.out)
    assert (done.code, record["stop_reason"], record["resumable"]) == (3, "llm_auth", True)
    assert record["phase"] == "round_1:demand_analyst"
    assert [call.headers["authorization"] for call in server.calls] == [f"Bearer {CANARY}"] * 3
    assert CANARY not in done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("lacking", ["psycopg", "psycopg_pool"])
def test_without_its_driver_postgresql_is_refused_and_a_file_is_used(
    lacking: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)

    (sentence,) = refused(capsys, "list", "--db", f"postgresql://user:{CANARY}@127.0.0.1:1/x")

    assert sentence.endswith("127.0.0.1:1/x: PostgreSQL needs its driver; install it: pip install 'accord[postgres]'")
    assert CANARY not in sentence
    assert accord(capsys, "run").code == 0
