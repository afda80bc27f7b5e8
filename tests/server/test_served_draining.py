"""Hole A6: `langgraph dev` that is ended while runs of `/v1` work: none is cut, and the next process finishes all."""

import signal
import time
from pathlib import Path

import httpx
import pytest

from tests.durability.processes import Desk
from tests.scripted_server import serve
from tests.server.development import PATIENCE_SECONDS, complaints, serve_graph
from tests.service.load import answering
from tests.service.process import ended

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(400)]

RUNS = 12


def statuses(desk: Desk, threads: list[str]) -> set[tuple[str, str | None]]:
    """Return how the threads ended, as the command line says."""
    records = [desk.accord("show", each, "--json").record for each in threads]
    return {(each["status"], each["stop_reason"]) for each in records}


def test_runs_that_were_accepted_are_finished_by_the_next_process(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with serve(answering(0.5)) as model:
        own = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with (
            serve_graph(tmp_path, **own) as server,
            httpx.Client(base_url=server.url, timeout=PATIENCE_SECONDS) as asking,
        ):
            asked = [asking.post("/v1/execute", json={"team": "checkout_launch"}) for _ in range(RUNS)]
            assert {answer.status_code for answer in asked} == {202}
            threads = [answer.json()["thread_id"] for answer in asked]
            assert ended(server.process) != -signal.SIGKILL
            assert complaints(server.log) == []
        left = statuses(desk, threads)
        assert not {reason for _, reason in left if reason not in (None, "success")}
        assert None in {reason for _, reason in left}
        with serve_graph(tmp_path, **own):
            limit = time.monotonic() + PATIENCE_SECONDS
            while statuses(desk, threads) != {("ok", "success")} and time.monotonic() < limit:
                time.sleep(1)
        assert statuses(desk, threads) == {("ok", "success")}
    assert model.unscripted == []
