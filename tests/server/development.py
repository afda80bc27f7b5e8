"""A real `langgraph dev` in a folder of its own, driven through `langgraph_sdk`, and ended in the end."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk.client import SyncLangGraphClient, get_sync_client

from tests.forked import Command

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
OUR_CODE = re.compile(r"(?<!/langgraph)/(graph|nodes|policies)/")


@dataclass(frozen=True)
class Server:
    """A server at work, its client, and what it wrote."""

    client: SyncLangGraphClient
    folder: Path
    process: subprocess.Popen[bytes]
    url: str

    def kill(self) -> None:
        """Kill -9, the server and whatever it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL

    @property
    def log(self) -> list[dict[str, Any]]:
        """The records of the log; the greeting is none."""
        records: list[dict[str, Any]] = []
        for line in (self.folder / "log").read_text().splitlines():
            with suppress(ValueError):
                value = json.loads(line)
                records += [value] if isinstance(value, dict) else []
        return records

    def new_thread(self) -> str:
        return str(self.client.threads.create()["thread_id"])

    def assistant(self, name: str) -> str:
        """Return the id of an assistant by its name, which is its team's; `rounds` is the graph's own."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:  # they are made once the server has started
            for each in self.client.assistants.search(limit=100):
                if each["name"] == name:
                    return str(each["assistant_id"])
            time.sleep(0.1)
        raise AssertionError(f"there is no assistant `{name}`")

    def refusal(self, path: str, body: Any, method: str = "POST") -> tuple[int, str]:
        """Return the status and the sentence of a request that is refused, past the SDK, which drops some sentences."""
        kind = {"content-type": "application/json"}
        asked = urllib.request.Request(f"{self.url}{path}", json.dumps(body).encode(), kind, method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS)
        with refused.value as answer:
            return refused.value.code, str(json.loads(answer.read())["detail"])

    def run(
        self, given: dict[str, Any] | None, thread: str | None = None, graph: str = "rounds", **options: Any
    ) -> dict[str, Any]:
        """Run a graph on a thread, a new one unless named, and return what it came to."""
        answer: Any = self.client.runs.wait(thread or self.new_thread(), graph, input=given, **options)
        assert isinstance(answer, dict)
        return answer


def lay_out(folder: Path) -> None:
    """The server reads paths from its working directory and keeps its own state there, so not in the repository."""
    for name in ("langgraph.json", "graph"):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(REPOSITORY / name)


@contextmanager
def serve_graph(folder: Path, **environment: str) -> Iterator[Server]:
    """Serve the graphs of this repository."""
    lay_out(folder)
    with serve_folder(folder, **environment) as server:
        yield server


@contextmanager
def serve_folder(folder: Path, **environment: str) -> Iterator[Server]:
    """Start `langgraph dev` and wait until it is ready; in a folder of before, where it goes on with what is there."""
    port = _free_port()
    arguments = ["dev", "--no-browser", "--no-reload", "--port", str(port), "--n-jobs-per-worker", "10"]
    own = {"ACCORD_HOME": str(folder / "home"), "LANGGRAPH_CLI_NO_ANALYTICS": "1", "LOG_JSON": "true", **environment}
    with (folder / "log").open("wb") as log:
        process = Command(
            arguments,
            module="langgraph_cli",
            cwd=folder,
            env={**os.environ, **own},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, url, folder / "log")
        with get_sync_client(url=url, timeout=PATIENCE_SECONDS) as client:
            yield Server(client, folder, process, url)
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < limit:
        assert process.poll() is None, log.read_text()[-3_000:]
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{url}/ok", timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(f"the server was not ready in time: {log.read_text()[-3_000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE_SECONDS)
    finally:
        with suppress(ProcessLookupError):  # nobody of its group is left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def complaints(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The warnings and errors that come from code of ours, by the file they name."""
    loud = [record for record in log if record.get("level") in ("warning", "error", "critical")]
    return [record for record in loud if OUR_CODE.search(json.dumps(record))]
