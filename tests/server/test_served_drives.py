"""What `langgraph dev` has accepted under `/v1` survives its kill, on the server's own database."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.scripted_server import serve
from tests.server.development import PATIENCE_SECONDS, Server, complaints, serve_graph
from tests.service.ledger import Ledger, find_losses
from tests.service.load import answering

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(400)]

RUNS = 12


def _execute(server: Server, key: str, **body: Any) -> httpx.Response:
    asked = {"team": "checkout_launch", **body}
    address = f"{server.url}/v1/execute"
    return httpx.post(address, json=asked, headers={"idempotency-key": key}, timeout=PATIENCE_SECONDS)


def _ends(leave: Callable[[Server], None], folder: Path) -> None:
    with serve(answering(0.2)) as model:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with serve_graph(folder, **env) as server:
            answers = [_execute(server, f"key {number}") for number in range(RUNS)]
            assert {answer.status_code for answer in answers} == {202}
            leave(server)
        ledger = Ledger(str(folder / "home" / "accord.sqlite"))
        window = ledger.under_way()
        assert "cancelled" not in ledger.ends().values()
        with serve_graph(folder, **env) as server:
            again = [_execute(server, f"key {number}") for number in range(RUNS)]
            assert [answer.json() for answer in again] == [answer.json() for answer in answers]
            until = time.monotonic() + 100
            while ledger.promises():
                assert time.monotonic() < until
                time.sleep(0.2)
            assert complaints(server.log) == []
        promised = {str(answer.json()["thread_id"]) for answer in answers}
        assert find_losses(ledger, promised, model, window) == []


def test_what_the_server_accepted_survives_its_kill(tmp_path: Path) -> None:
    _ends(Server.kill, tmp_path)


def test_what_the_server_accepted_is_finished_by_the_next_one(tmp_path: Path) -> None:
    _ends(lambda _: None, tmp_path)
