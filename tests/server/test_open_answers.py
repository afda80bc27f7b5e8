"""What one person answered is kept from the others, on every route of the real `langgraph dev`, while a question waits.

Which routes there are is the gate's table; what each shows is read for the reason that was given.
"""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from graph.web.gate.rights import LANGGRAPHS
from tests.server.development import PATIENCE_SECONDS, serve_graph
from tests.server.tenants import client, new_thread, run, token, told, wait_for
from tests.service.stories import begun, lay, until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(600)]

REASON = "Ada-Lovelace-4711"
YES = {"answer": "go_with_caution", "because": REASON}
RUN = {"assistant_id": "rounds", "input": {}}
MODES = ["values", "updates", "tasks", "checkpoints", "custom"]
RESUME = {"assistant_id": "rounds", "command": {"resume": YES}, "stream_mode": MODES}
FOUND: dict[str, Any] = {"values": "values", "because": "values.events[-1].because"}
BODIES: dict[str, list[Any]] = {
    "POST /threads": [{"thread_id": "{thread_id}", "if_exists": "do_nothing"}],
    "POST /threads/search": [
        {"limit": 100},
        {"ids": ["{thread_id}"], "extract": FOUND},
        {"ids": ["{thread_id}"], "select": ["values"]},
        {"ids": ["{thread_id}"], "select": ["status"], "extract": FOUND},
    ],
    "PATCH /threads/{thread_id}": [{"metadata": {"note": "mine"}}],
    "POST /threads/{thread_id}/state/checkpoint": [{"checkpoint": {"checkpoint_id": "{checkpoint_id}"}}],
    "POST /threads/{thread_id}/stream/events": [{"channels": ["values"]}],
    "POST /threads/{thread_id}/commands": [
        {"id": 1, "method": "agent.getTree", "params": {}},
        {"id": 1, "method": "run.start", "params": RUN},
    ],
    **{
        f"POST /threads/{{thread_id}}/runs{way}": [
            {**RUN, "stream_mode": MODES},
            {**RUN, "input": None, "command": {"resume": {"answer": "none of these"}}},
        ]
        for way in ("", "/wait", "/stream")
    },
}
HOLDERS = {
    "cfo": ("read", "decide"),
    "cto": ("read", "decide"),
    "reader": ("read",),
    "runner": ("read", "run"),
    "root": ("admin",),
}
House = dict[str, httpx.Client]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Clients of a server, each with the token of somebody; `home` is where it is."""
    folder = tmp_path_factory.mktemp("server")
    lay(folder)
    held = {name: token(folder, "acme", name, *scopes) for name, scopes in HOLDERS.items()}
    with serve_graph(folder) as server:
        clients = {name: client(server, each) for name, each in held.items()}
        yield clients
        for each in clients.values():
            each.close()


def half_answered(house: House) -> dict[str, str]:
    """Return the ids of a thread for which one of two people has answered, through the server."""
    thread = new_thread(house["runner"])
    run(house["runner"], thread, wait_for(house["runner"], "board"))
    told(house["cfo"].post(f"/threads/{thread}/runs/wait", json=RESUME))
    run_id = told(house["root"].get(f"/threads/{thread}/runs"))[0]["run_id"]
    state = told(house["root"].get(f"/threads/{thread}/state"))
    checkpoint = state["checkpoint"]["checkpoint_id"]
    return {"thread_id": thread, "run_id": run_id, "checkpoint_id": checkpoint}


def filled(template: Any, ids: dict[str, str]) -> Any:
    text = json.dumps(template)
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(text)


def asks() -> list[tuple[str, Any]]:
    """Return every route that is about threads, with what it is sent."""
    routes = [line for line in LANGGRAPHS if "/threads" in line and not line.startswith("DELETE")]
    return [(line, body) for line in routes for body in BODIES.get(line, [{}])]


def ask(asking: httpx.Client, line: str, body: Any, ids: dict[str, str]) -> httpx.Response:
    method, _, path = filled(line, ids).partition(" ")
    return asking.request(method, path, json=filled(body, ids) if method in ("POST", "PATCH") else None, timeout=20)


@pytest.mark.parametrize("name", ["cto", "reader", "runner"])
def test_no_route_of_the_server_shows_an_answer_to_an_open_question(name: str, house: House) -> None:
    ids = half_answered(house)
    leaks, served = [], []
    for line, body in asks():
        answer = ask(house[name], line, body, ids)
        leaks += [(line, body)] if REASON in answer.text else []
        served += [line] if answer.is_success else []
        assert answer.status_code < 500, (line, answer.text)
    assert leaks == []
    assert {"GET /threads/{thread_id}", "POST /threads/search", "GET /threads/{thread_id}/runs"} <= {*served}


def test_it_is_shown_to_who_has_answered_and_to_admins_and_to_all_once_it_is_settled(house: House) -> None:
    ids = half_answered(house)
    paths = ["/threads/{thread_id}/state", "/threads/{thread_id}/history", "/v1/runs/{thread_id}/audit"]

    def shown(name: str) -> list[bool]:
        return [REASON in house[name].get(filled(path, ids)).text for path in paths]

    assert {name: shown(name) for name in ("cfo", "root", "cto", "runner")} == {
        **dict.fromkeys(("cfo", "root"), [True] * 3),
        **dict.fromkeys(("cto", "runner"), [False] * 3),
    }
    refused = house["cto"].get(filled(paths[0], ids))
    assert (refused.status_code, "holds answers to a question that is open" in refused.json()["detail"]) == (403, True)
    said = {"decision": "no_go", "because": "No.", "wait": True}
    assert house["cto"].post(f"/v1/runs/{ids['thread_id']}/decide", json=said).is_success
    assert shown("runner") == [True] * 3


def test_threads_are_not_found_by_what_they_hold(house: House) -> None:
    for path in ("/threads/search", "/threads/count"):
        for name in ("cto", "root"):  # answers could be guessed by it, and the server itself fails at it
            answer = house[name].post(path, json={"values": {"round": 1}})
            assert answer.status_code == 422
            assert REASON not in answer.text


def test_a_stream_that_was_open_before_the_answer_ends_at_it(house: House) -> None:
    thread = new_thread(house["runner"])
    parts: list[str] = []
    is_open = threading.Event()

    def follow() -> None:
        with house["reader"].stream("GET", f"/threads/{thread}/stream", timeout=PATIENCE_SECONDS) as answer:
            is_open.set()
            parts.extend(answer.iter_text())

    following = threading.Thread(target=follow)
    following.start()
    assert is_open.wait(PATIENCE_SECONDS)
    run(house["runner"], thread, wait_for(house["runner"], "board"))
    until(lambda: "__interrupt__" in "".join(parts) or "interrupt" in "".join(parts), "the question is streamed")
    assert REASON in house["cfo"].post(f"/threads/{thread}/runs/stream", json=RESUME).text
    following.join(PATIENCE_SECONDS)
    assert not following.is_alive()
    assert REASON not in "".join(parts)
    assert house["reader"].get(f"/threads/{thread}/stream").status_code == 403
    assert begun(house["runner"], "agrees")  # nothing is left hanging
