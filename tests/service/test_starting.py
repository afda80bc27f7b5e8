"""How the service starts and ends: what it says, what it refuses, and what signals do."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from graph.opening import open_runner
from graph.store.queue import Promise, Queue
from graph.teams.loader import load_team
from tests.harness import settings_at
from tests.hostile.command import Done, process
from tests.service.load import ROLES, silent, wait_until
from tests.service.process import Served, serving, start

pytestmark = pytest.mark.system

ALONE = "there is no token yet, so only this machine is served; `accord token create` makes one"


def command(home: Path, *arguments: str) -> Done:
    return process(home, *arguments, env={"ACCORD_HOME": str(home)})


def said(served: Served, home: Path) -> list[str]:
    """End a service; return what it said on stdout after its address."""
    served.process.send_signal(signal.SIGTERM)
    assert served.process.stdout is not None
    text = served.process.stdout.read().decode()
    assert served.stop() == 0
    return text.replace(str(home), "HOME").splitlines()


def test_it_says_where_it_listens_on_which_database_and_whom_it_serves(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", served.url)
        assert said(served, tmp_path) == ["database HOME/accord.sqlite", ALONE]


def test_with_a_token_it_says_that_one_is_needed(tmp_path: Path) -> None:
    assert command(tmp_path, "token", "create", "--tenant", "shop", "--person", "ada").code == 0
    with serving(tmp_path) as served:
        assert said(served, tmp_path)[1] == "only requests with a token are served"


@pytest.mark.needs("ipv6")
def test_an_address_of_ipv6_is_listened_on(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "::1") as served:
        assert re.fullmatch(r"http://\[::1\]:\d+", served.url)
        assert httpx.get(f"{served.url}/health").status_code == 200


def test_a_name_of_this_machine_is_listened_on(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "localhost") as served:
        assert httpx.get(f"{served.url}/health").json()["status"] == "ok"


def test_a_port_that_is_taken_is_refused_before_the_database_is_opened(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = command(tmp_path, "serve", "--port", port)
    assert (done.code, done.out) == (2, "")
    assert done.sentences == [f"--port {port} is taken on 127.0.0.1; choose another, or 0 for any that is free"]
    assert not [*tmp_path.glob("accord.sqlite*")]


@pytest.mark.needs("postgres")
def test_a_server_of_databases_that_refuses_is_asked_once_and_not_waited_for(tmp_path: Path) -> None:
    calls: list[object] = []

    def refuse(calling: socket.socket) -> None:
        with suppress(OSError):
            while True:
                called, _ = calling.accept()
                calls.append(called)
                called.close()

    with socket.create_server(("127.0.0.1", 0)) as calling:
        threading.Thread(target=refuse, args=(calling,), daemon=True).start()
        url = f"postgresql://127.0.0.1:{calling.getsockname()[1]}/x"
        done = command(tmp_path, "serve", "--port", "0", "--db", f"{url}?sslmode=disable&gssencmode=disable")
        calling.shutdown(socket.SHUT_RDWR)
    assert (done.code, done.out, len(calls)) == (2, "", 1)
    (sentence,) = done.sentences
    assert sentence.startswith(f"{url}: the database failed: ")


QUOTES = "''"


@pytest.mark.parametrize("host", ["192.0.2.7", "no.such.host.invalid", "a" * 300, "a..b", "::1::", ""])
def test_what_is_no_address_of_this_machine_is_refused(host: str, tmp_path: Path) -> None:
    done = command(tmp_path, "serve", "--port", "0", "--host", host)
    assert (done.code, done.out) == (2, "")
    (sentence,) = done.sentences
    assert sentence.startswith(f"--host {host[:80] or QUOTES} is not an address of this machine: ")
    assert sentence.endswith("; allowed: 127.0.0.1, ::1, 0.0.0.0, a name of it")


def test_a_mistake_in_accord_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text("[serve]\nat_onec = 4\n")
    done = command(tmp_path, "serve", "--port", "0")
    assert (done.code, done.out) == (2, "")
    (sentence,) = done.sentences
    assert "accord.toml:2: `serve.at_onec` is an unknown key; did you mean `at_once`?" in sentence


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, only a long enough text. " * 200)
    done = command(tmp_path, "serve", "--port", "0", "--db", str(tmp_path / "notes.txt"))
    assert (done.code, done.out) == (2, "")
    assert len(done.sentences) == 1


@pytest.mark.parametrize("library", ["fastapi", "uvicorn", "limits", "prometheus_client", "structlog"])
def test_without_its_libraries_it_says_how_to_install_them(library: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; from graph.cli.main import run; sys.exit(run(['serve']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "accord: the service needs its libraries; install them: pip install 'accord[serve]'\n"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_no_trace(signum: signal.Signals, tmp_path: Path) -> None:
    served = start(tmp_path)
    with served.client() as client:
        assert client.post("/v1/execute", json={"team": "checkout_launch"}).status_code == 202
        served.process.send_signal(signum)
        assert served.process.wait(30) == 0
    served.process.communicate()
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with silent() as model:
        served = start(tmp_path, env={"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url})
        with served.client() as client:
            client.post("/v1/execute", json={"team": "checkout_launch"})
        wait_until(lambda: len(model.calls) == len(ROLES))
        served.process.send_signal(signal.SIGINT)  # the calls have some time to end from now on
        time.sleep(0.2)
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(30) == -signal.SIGINT
    served.process.communicate()
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


async def promise(home: Path, thread: str) -> None:
    """Promise a run, as a service does that is killed before it begins."""
    async with open_runner(settings_at(home)) as runner:
        await Queue(runner.database.store).put(Promise(thread, runner.now()))
        await runner.admit(thread, load_team("checkout_launch"))


def test_what_was_promised_is_taken_up_and_said(tmp_path: Path) -> None:
    asyncio.run(promise(tmp_path, "left-over"))
    with serving(tmp_path) as served:
        assert said(served, tmp_path)[-1] == "1 run is taken up"
    with serving(tmp_path) as served, served.client() as client:
        client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})
    shown = command(tmp_path, "show", "left-over", "--json")
    assert json.loads(shown.out)["status"] == "ok"
