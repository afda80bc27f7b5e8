"""What the real `langgraph dev` refuses of its own routes is refused with a sentence, and a refusal changes nothing."""

from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.server.tenants import Pair, client, new_thread, token, told

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

RUN: dict[str, Any] = {"assistant_id": "rounds", "input": {}, "context": {"team": "checkout_launch"}}


def execute(asking: httpx.Client) -> str:
    return str(told(asking.post("/v1/execute", json={"team": "checkout_launch", "wait": True}))["thread_id"])


def test_a_thread_that_the_server_does_not_list_yet_is_deleted_by_its_tenant(pair: Pair) -> None:
    """First of all, while the list is empty."""
    thread = execute(pair.acme)
    assert pair.globex.delete(f"/threads/{thread}").status_code == 404
    assert pair.acme.delete(f"/threads/{thread}").status_code == 204
    for path in (f"/v1/runs/{thread}", f"/threads/{thread}", f"/threads/{thread}/state"):
        assert pair.acme.get(path).status_code == 404
    assert pair.acme.delete(f"/threads/{thread}").status_code == 404


@pytest.mark.parametrize("path", ["/threads/search", "/threads/count"])
def test_a_search_by_values_is_refused_with_what_to_search_by(path: str, pair: Pair) -> None:
    new_thread(pair.acme)
    for values in ({"goal": "Ship?"}, {"a": None}):
        answer = pair.acme.post(path, json={"values": values})
        assert (answer.status_code, "search by `metadata`" in answer.json()["detail"]) == (422, True)
    assert pair.acme.post(path, json={"values": {}}).is_success


@pytest.mark.parametrize("before", [{}, {"checkpoint_id": "1f0"}, {"configurable": None}, {"configurable": "1f0"}])
def test_a_history_before_what_is_no_checkpoint_is_refused_with_how_to_name_one(
    before: dict[str, Any], pair: Pair
) -> None:
    thread = execute(pair.acme)
    path = f"/threads/{thread}/history"
    answer = pair.acme.post(path, json={"before": before})
    assert (answer.status_code, "`before`" in str(answer.json())) == (422, True)
    newest = told(pair.acme.post(path, json={"limit": 1}))[0]["checkpoint"]
    named = {"configurable": {"checkpoint_id": newest["checkpoint_id"]}}
    assert told(pair.acme.post(path, json={"limit": 1, "before": named}))[0]["checkpoint"] != newest


def test_a_list_that_is_longer_than_any_is_refused_with_how_long_it_may_be(pair: Pair) -> None:
    thread = execute(pair.acme)
    for limit in (2**63, 10**30):
        answer = pair.acme.get(f"/threads/{thread}/history", params={"limit": limit})
        assert (answer.status_code, "9 digits" in answer.text) == (422, True)
    assert len(told(pair.acme.get(f"/threads/{thread}/history", params={"limit": 999_999_999}))) > 1


@pytest.mark.parametrize("wait", ["0", "1"])
def test_a_cancel_that_would_delete_a_record_is_refused_and_the_run_goes_on(wait: str, pair: Pair) -> None:
    thread = new_thread(pair.acme)
    path = f"/threads/{thread}/runs/"
    path += told(pair.acme.post(path[:-1], json={**RUN, "after_seconds": 4}))["run_id"]
    before = told(pair.acme.get(path)), told(pair.acme.get(f"/threads/{thread}"))
    answer = pair.acme.post(f"{path}/cancel", params={"action": "rollback", "wait": wait})
    assert (answer.status_code, "use interrupt" in answer.text) == (403, True)
    many = {"thread_id": thread, "run_ids": [before[0]["run_id"]]}
    assert pair.acme.post("/runs/cancel", json=many, params={"action": "rollback"}).status_code == 404
    assert pair.acme.post("/runs/cancel", json={"status": "all"}).status_code == 404
    assert (told(pair.acme.get(path)), told(pair.acme.get(f"/threads/{thread}"))) == before
    told(pair.acme.get(f"{path}/join"))
    assert told(pair.acme.get(path))["status"] == "success"


def test_a_run_is_not_cancelled_by_who_may_only_read_and_hangs_up(pair: Pair) -> None:
    """The server cancels a run for whoever follows it and asks for that, and its route needs `read` alone."""
    thread = new_thread(pair.acme)
    path = f"/threads/{thread}/runs/"
    path += told(pair.acme.post(path[:-1], json={**RUN, "after_seconds": 3}))["run_id"]
    with (
        client(pair.server, token(pair.server.folder, "acme", "rita", "read")) as reader,
        suppress(httpx.ReadTimeout),
        reader.stream("GET", f"{path}/stream", params={"cancel_on_disconnect": "true"}, timeout=1) as following,
    ):
        assert following.status_code == 200
    told(pair.acme.get(f"{path}/join"))
    assert told(pair.acme.get(path))["status"] == "success"
    answer = pair.acme.post(f"{path}/cancel", headers=reader.headers)
    lacks = "this needs the scope run; the token of rita has read"
    assert (answer.status_code, answer.json()["detail"]) == (403, lacks)


def test_the_numbers_of_all_tenants_are_for_those_who_run_the_server(pair: Pair) -> None:
    with client(pair.server, token(pair.server.folder, "local", "ops")) as ops:
        for path in ("/metrics", "/v1/metrics"):
            assert ops.get(path).status_code == 200
            answer = pair.acme.get(path)
            assert (answer.status_code, "of the tenant `local`" in answer.json()["detail"]) == (403, True)
