"""A thread has one owner at the real `langgraph dev` from the moment it is made, however and how often at once."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.durability.processes import Desk
from tests.durability.rows import all_rows
from tests.server.tenants import CANARY, Pair, new_thread, told, two_tenants

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

RUN: dict[str, Any] = {"assistant_id": "rounds", "context": {"team": "checkout_launch"}}
GOAL = {"input": {"goal": f"Ship for {CANARY}?", "facts": {"customer": CANARY}}}
ROUNDS = 12
"""How often two tenants make one thread at once; before threads were claimed, both had every second one."""

Asks = Callable[[httpx.Client, str], httpx.Response]


def execute(asking: httpx.Client, thread: str) -> httpx.Response:
    return asking.post("/v1/execute", json={"team": "checkout_launch", "thread": thread, "wait": True})


def make(asking: httpx.Client, thread: str) -> httpx.Response:
    return asking.post("/threads", json={"thread_id": thread, "if_exists": "do_nothing"})


def run(asking: httpx.Client, thread: str) -> httpx.Response:
    return asking.post(f"/threads/{thread}/runs/wait", json={**RUN, "input": {}, "if_not_exists": "create"})


def start(asking: httpx.Client, thread: str) -> httpx.Response:
    command = {"id": 1, "method": "run.start", "params": {**RUN, "input": {}}}
    return asking.post(f"/threads/{thread}/commands", json=command)


def sees_nothing_of(asking: httpx.Client, thread: str) -> bool:
    """Return whether a tenant is told of a thread no more than of one that nobody has."""
    paths = [f"/threads/{thread}{part}" for part in ("", "/state", "/runs", "/history")]
    answers = [*map(asking.get, (*paths, f"/v1/runs/{thread}"))]
    return {answer.status_code for answer in answers} == {404} and CANARY not in "".join(each.text for each in answers)


def waiting_thread(pair: Pair) -> str:
    """Return a thread of the first tenant with a run that has not begun."""
    thread = new_thread(pair.acme, metadata={"note": CANARY})
    told(pair.acme.post(f"/threads/{thread}/runs", json={**RUN, **GOAL, "after_seconds": 3}))
    return thread


@pytest.mark.parametrize("has_run", [False, True])
def test_a_thread_that_has_not_begun_is_executed_by_no_other_tenant(has_run: bool, pair: Pair) -> None:
    thread = waiting_thread(pair) if has_run else new_thread(pair.acme, metadata={"note": CANARY})
    refused = execute(pair.globex, thread)
    assert (refused.status_code, refused.json()["detail"]) == (404, f"there is no thread `{thread}`")
    assert [each(pair.globex, thread).status_code for each in (make, run, start)] == [404] * 3
    assert sees_nothing_of(pair.globex, thread)
    if has_run:
        [begun] = told(pair.acme.get(f"/threads/{thread}/runs"))
        told(pair.acme.get(f"/threads/{thread}/runs/{begun['run_id']}/join"))
        assert CANARY in pair.acme.get(f"/threads/{thread}/state").text
    assert sees_nothing_of(pair.globex, thread)
    assert pair.acme.get(f"/threads/{thread}").json()["metadata"]["note"] == CANARY


def test_who_made_a_thread_executes_it_once(pair: Pair) -> None:
    thread = new_thread(pair.acme)
    assert pair.acme.get(f"/v1/runs/{thread}").status_code == 404
    answers = [execute(pair.acme, thread) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert told(pair.acme.get(f"/threads/{thread}"))["metadata"]["tenant"] == "acme"


@pytest.mark.parametrize("ways", [(make, make), (run, run), (make, execute), (run, execute), (start, execute)])
def test_of_two_tenants_who_make_one_thread_at_once_one_has_it(ways: tuple[Asks, Asks], pair: Pair) -> None:
    had = []
    for number in range(ROUNDS):
        thread, begins = str(uuid.uuid4()), Barrier(2)
        turns = [(pair.acme, ways[number % 2]), (pair.globex, ways[(number + 1) % 2])]

        def ask(asking: httpx.Client, way: Asks, thread: str = thread, begins: Barrier = begins) -> bool:
            begins.wait()
            answer = way(asking, thread)
            return answer.is_success and answer.json().get("type") != "error"  # so a command is refused

        with ThreadPoolExecutor(2) as pool:
            answers = [*pool.map(ask, *zip(*turns, strict=True))]
        reads = [asking.get(f"/threads/{thread}").status_code for asking in (pair.acme, pair.globex)]
        had.append((sorted(answers), sorted(reads)))
        loser = (pair.acme, pair.globex)[reads.index(404)] if 404 in reads else None
        assert loser is None or sees_nothing_of(loser, thread)
    assert had == [([False, True], [200, 404])] * ROUNDS


def test_the_command_line_leaves_a_thread_its_maker(pair: Pair) -> None:
    thread, desk = new_thread(pair.acme), Desk(pair.server.folder)
    refused = desk.accord("run", "--tenant", "globex", "--thread", thread, "--voice", "rules")
    assert (refused.code, "is not one of the tenant `globex`" in refused.err) == (2, True)
    desk.accord("run", "--thread", thread, "--voice", "rules")
    assert pair.acme.get(f"/v1/runs/{thread}").status_code == 200
    assert sees_nothing_of(pair.globex, thread)


def test_a_thread_that_was_deleted_is_free(pair: Pair) -> None:
    thread = new_thread(pair.acme)
    database = str(pair.server.folder / "home" / "accord.sqlite")
    assert "claims" in json.dumps(all_rows(database, thread), default=str)
    assert pair.acme.delete(f"/threads/{thread}").status_code == 204
    assert "claims" not in json.dumps(all_rows(database, thread), default=str)
    assert make(pair.globex, thread).status_code == 200
    assert pair.acme.get(f"/threads/{thread}").status_code == 404


@pytest.mark.system
def test_a_claim_outlives_the_servers_own_list_and_the_list_a_lost_database(tmp_path: Path) -> None:
    with two_tenants(tmp_path) as pair:
        thread = new_thread(pair.acme, metadata={"note": CANARY})
        pair.server.kill()
    for path in (tmp_path / ".langgraph_api").glob("*"):
        path.unlink()
    with two_tenants(tmp_path) as pair:
        assert [each(pair.globex, thread).status_code for each in (execute, make, run)] == [404] * 3
        told(make(pair.acme, thread))
    for name in ("accord.sqlite", "accord.sqlite-wal", "accord.sqlite-shm"):
        (tmp_path / "home" / name).unlink(missing_ok=True)
    with two_tenants(tmp_path) as pair:
        assert [each(pair.globex, thread).status_code for each in (execute, make, run)] == [404] * 3
        assert told(pair.acme.get(f"/threads/{thread}"))["metadata"]["tenant"] == "acme"
