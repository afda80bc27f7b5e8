"""The tenants of the real `langgraph dev`: to each, what another has is as if it were not there, on every route."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.durability.rows import all_rows
from tests.server.tenants import CANARY, Pair, client, filled, new_thread, none_of, routes, run, seen, two_tenants

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(600)]

RUN: dict[str, Any] = {"assistant_id": "rounds", "input": {}}
BODIES: dict[str, Any] = {
    "/threads/{thread_id}/runs": RUN,
    "/threads/{thread_id}/runs/wait": RUN,
    "/threads/{thread_id}/runs/stream": RUN,
    "/threads/{thread_id}/state/checkpoint": {"checkpoint": {"checkpoint_id": "{checkpoint_id}"}},
    "/threads/{thread_id}/stream/events": {"channels": ["values"]},
    "/threads/{thread_id}/commands": {"id": 1, "method": "agent.getTree", "params": {}},
    "/threads/{thread_id}": {"metadata": {"note": "mine"}},
    "/assistants/{assistant_id}": {"name": "mine"},
    "/assistants/{assistant_id}/latest": {"version": 1},
    "/assistants": {"graph_id": "rounds", "assistant_id": "{assistant_id}"},
    "/threads": {"thread_id": "{thread_id}"},
    "/threads/search": {"ids": ["{thread_id}"]},
    "/v1/execute": {"team": "checkout_launch"},
    "/v1/agents": {"name": "agent_of_globex", "title": "Mine", "mandate": "Judge."},
    "/v1/messages": {"thread": "{thread}", "from": "grace", "to": "all", "content": "?"},
    "/v1/runs/{thread}/decide": {"answer": "go", "because": "?"},
    "/v1/halt": {"because": "?", "tenant": "acme"},
}
"""What is sent to a route; of the others, an empty object."""
QUERIES = {"/v1/messages/history": "?thread={thread}", "/v1/halt": "?tenant=acme"}
MAKES = {("POST", "/v1/agents"), ("POST", "/threads"), ("POST", "/assistants"), ("POST", "/v1/execute")}
"""Routes that make what they name, so that they succeed for an id that nobody has."""
VARY = {"/metrics", "/v1/metrics", "/health", "/v1/runs", "/v1/inbox", "/v1/agents", "/board/login"}
VARY |= {"/board", "/board/inbox", "/board/teams", "/board/watch"}
"""Of the process, or of the second tenant's own runs, so that no two answers are the same."""
OPEN = {"/health", "/ready", "/ok", "/board/login"}
ABOUT = re.compile(r"\{(thread_id|thread|name|run_id|assistant_id|checkpoint_id|team)\}")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """The routes of the running server, ours and its own."""
    found = routes(tmp_path_factory.mktemp("routes"))
    assert ("POST", "/v1/execute") in found
    assert ("POST", "/internal/truncate") in found
    assert len(found) > 70
    return found


def ask(asking: httpx.Client, method: str, template: str, ids: dict[str, str]) -> httpx.Response:
    body = filled(BODIES.get(template, {}), ids) if method in ("POST", "PATCH", "PUT") else None
    path = filled(template + QUERIES.get(template, ""), ids)
    if template.startswith("/board"):  # as a page of the board sends it
        origin = {"origin": str(asking.base_url).rstrip("/")}
        return asking.request(method, path, data={"x": "y"} if body is not None else None, headers=origin)
    return asking.request(method, path, json=body)


def test_on_every_route_what_another_tenant_has_is_as_if_it_were_not_there(
    pair: Pair, theirs: dict[str, str], table: list[tuple[str, str]]
) -> None:
    database, threads = str(pair.server.folder / "home" / "accord.sqlite"), [theirs["thread_id"], theirs["waiting"]]
    before = [all_rows(database, each) for each in threads], shown(pair, theirs)
    wrong, own = {}, [each for name, each in theirs.items() if name != "team"]  # that is also the name of a policy
    for method, template in table:
        if method in ("WEBSOCKET", "*"):
            continue
        none = none_of(theirs)
        found = ask(pair.globex, method, template, theirs)
        if CANARY in found.text or (template in VARY and any(each in found.text for each in own)):
            wrong[method, template] = "leaks"
        if (method, template) in MAKES or template in VARY:
            continue
        known, unknown = seen(found, theirs), seen(ask(pair.globex, method, template, none), none)
        if known != unknown:
            wrong[method, template] = f"{known} is not {unknown}"
        if ABOUT.search(template) and known[0] not in (403, 404):
            wrong[method, template] = f"status {known[0]}"
    assert wrong == {}, "\n".join(f"{place}: {why[:700]}" for place, why in wrong.items())
    assert ([all_rows(database, each) for each in threads], shown(pair, theirs)) == before


def shown(pair: Pair, theirs: dict[str, str]) -> list[Any]:
    """Return what the first tenant sees of what it has."""
    paths = [
        "/threads/{thread_id}",
        "/threads/{thread_id}/runs",
        "/threads/{waiting}/state",
        "/assistants/{assistant_id}",
    ]
    return [pair.acme.get(filled(path, theirs)).json() for path in paths]


def test_each_of_these_ids_is_one_that_its_tenant_can_use(pair: Pair, theirs: dict[str, str]) -> None:
    """The matrix would pass if no id were good for anything."""
    for path in (
        "/threads/{thread_id}/state/{checkpoint_id}",
        "/threads/{thread_id}/runs/{run_id}",
        "/threads/{executed}/state",
        "/threads/{waiting}/history",
        "/assistants/{assistant_id}/schemas",
        "/v1/agents/{name}",
        "/v1/runs/{executed}/why",
        "/v1/policies/{team}/proof",
        "/v1/messages/history?thread={thread}",
    ):
        assert pair.acme.get(filled(path, theirs)).status_code == 200, path
    assert CANARY in json.dumps(shown(pair, theirs))


@pytest.mark.parametrize(
    ("path", "about"),
    [("/threads", "thread_id"), ("/threads", "waiting"), ("/threads", "executed"), ("/assistants", "assistant_id")],
)
@pytest.mark.parametrize("if_exists", ["raise", "do_nothing"])
def test_nobody_makes_what_another_tenant_has(
    path: str, about: str, if_exists: str, pair: Pair, theirs: dict[str, str]
) -> None:
    body = {"graph_id": "rounds", "if_exists": if_exists, f"{path[1:-1]}_id": theirs[about]}
    answer = pair.globex.post(path, json=body)
    assert (answer.status_code, answer.json()["detail"]) == (404, f"there is no {path[1:-1]} `{theirs[about]}`")


def test_a_run_does_not_make_a_thread_that_another_tenant_has(pair: Pair, theirs: dict[str, str]) -> None:
    for name in ("thread_id", "waiting", "executed"):
        for way in ("runs", "runs/wait", "runs/stream"):
            answer = pair.globex.post(f"/threads/{theirs[name]}/{way}", json={**RUN, "if_not_exists": "create"})
            assert answer.status_code == 404
        command = {"id": 1, "method": "run.start", "params": RUN}
        assert pair.globex.post(f"/threads/{theirs[name]}/commands", json=command).status_code == 404


# --- bodies that point at another tenant's ---------------------------------------------------------------------------

POINTING: dict[str, tuple[str, dict[str, Any]]] = {
    "an assistant": ("/threads/{own}/runs/wait", {**RUN, "assistant_id": "{assistant_id}"}),
    "an assistant by a command": (
        "/threads/{own}/commands",
        {"id": 1, "method": "run.start", "params": {**RUN, "assistant_id": "{assistant_id}"}},
    ),
    "a checkpoint": ("/threads/{own}/runs/wait", {**RUN, "checkpoint_id": "{checkpoint_id}"}),
    "a checkpoint of a thread": (
        "/threads/{own}/runs/wait",
        {**RUN, "checkpoint": {"thread_id": "{thread_id}", "checkpoint_id": "{checkpoint_id}"}},
    ),
    "a thread to run": ("/threads/{own}/runs/wait", {**RUN, "config": {"configurable": {"thread_id": "{thread_id}"}}}),
    "a state": (
        "/threads/{own}/state/checkpoint",
        {"checkpoint": {"thread_id": "{thread_id}", "checkpoint_id": "{checkpoint_id}"}},
    ),
    "a history": ("/threads/{own}/history", {"limit": 50, "checkpoint": {"thread_id": "{thread_id}"}}),
    "a history before": ("/threads/{own}/history", {"before": {"configurable": {"thread_id": "{thread_id}"}}}),
    "a question": ("/threads/{own}/runs/wait", {"assistant_id": "rounds", "command": {"resume": {"{question}": "go"}}}),
    "threads by id": ("/threads/search", {"ids": ["{thread_id}", "{waiting}", "{executed}"]}),
    "threads by tenant": ("/threads/search", {"metadata": {"tenant": "acme"}}),
    "threads by note": ("/threads/search", {"metadata": {"note": CANARY}}),
    "a count by note": ("/threads/count", {"metadata": {"note": CANARY}}),
    "a count by tenant": ("/threads/count", {"metadata": {"tenant": "acme"}}),
    "assistants by name": ("/assistants/search", {"name": "quorum"}),
    "assistants by tenant": ("/assistants/search", {"metadata": {"tenant": "acme"}}),
    "a count of assistants": ("/assistants/count", {"metadata": {"tenant": "acme"}}),
}


@pytest.mark.parametrize("what", POINTING)
def test_a_body_that_points_at_what_another_tenant_has_tells_nothing_of_it(
    what: str, pair: Pair, theirs: dict[str, str]
) -> None:
    path, body = POINTING[what]
    answers = []
    for ids in (theirs, none_of(theirs)):
        named = {**ids, "own": new_thread(pair.globex)}
        answer = pair.globex.post(filled(path, named), json=filled(body, named))
        assert CANARY not in answer.text.replace(json.dumps(CANARY), "")
        answers.append((answer.status_code, seen(answer, named)[1] if not answer.is_success else sizes(answer)))
    assert answers[0] == answers[1]


def sizes(answer: httpx.Response) -> Any:
    """Return of a list how long it is, of a count what it counts, and of what a run came to its decision."""
    found = answer.json()
    if isinstance(found, dict):
        return {name: found.get(name) for name in ("stop_reason", "final_decision", "error", "type")}
    return len(found) if isinstance(found, list) else found


def test_what_nobody_may_find_is_not_counted(pair: Pair, theirs: dict[str, str]) -> None:
    for what, none in (
        ("threads by id", []),
        ("a count by note", 0),
        ("assistants by name", []),
        ("a count of assistants", 0),
    ):
        path, body = POINTING[what]
        assert pair.globex.post(path, json=filled(body, theirs)).json() == none, what
    assert pair.acme.post("/threads/count", json={"metadata": {"note": CANARY}}).json() == 1


# --- who calls -------------------------------------------------------------------------------------------------------


def test_nobody_without_a_token_gets_anything_of_any_route(
    pair: Pair, theirs: dict[str, str], table: list[tuple[str, str]]
) -> None:
    with client(pair.server, None, **{"x-auth-scheme": "langsmith"}) as nobody:
        for method, template in table:
            if method in ("WEBSOCKET", "*") or template in OPEN:
                continue
            answer = ask(nobody, method, template, theirs)
            if method == "GET" and template.startswith("/board") and answer.status_code == 303:
                assert answer.headers["location"].startswith("/board/login?next="), template
                assert not answer.content
                continue
            assert answer.status_code in (401, 404, 405), (method, template, answer.text)
    assert pair.acme.get(f"/threads/{theirs['thread_id']}").status_code == 200


@pytest.mark.parametrize("path", ["/ui/rounds", "/ui", "/internal/truncate", "/deploy", "/mcp"])
def test_what_the_server_leaves_open_is_closed(path: str, pair: Pair) -> None:
    for method in ("GET", "POST"):
        assert pair.acme.request(method, path).status_code == 404


def test_the_server_keeps_no_token(pair: Pair, theirs: dict[str, str]) -> None:
    held = pair.acme.headers["authorization"].removeprefix("Bearer ")
    folder = pair.server.folder
    files = [*(folder / "home").rglob("*"), *(folder / ".langgraph_api").rglob("*"), folder / "log"]
    assert not [path for path in files if path.is_file() and held.encode() in path.read_bytes()]


@pytest.mark.parametrize("before", [[], ["convene"]], ids=["ended", "input only"])
def test_after_a_crash_that_took_the_servers_own_tables_a_thread_is_still_its_tenants(
    before: list[str], tmp_path: Path
) -> None:
    """Hole A2: a thread that the database alone knows was claimed by whoever named it."""
    with two_tenants(tmp_path) as pair:
        thread = new_thread(pair.acme)
        run(pair.acme, thread, input={"goal": f"Ship for {CANARY}?"}, interrupt_before=before)
        pair.server.kill()
    for path in (tmp_path / ".langgraph_api").glob("*"):
        path.unlink()
    with two_tenants(tmp_path) as pair:
        claimed = pair.globex.post("/threads", json={"thread_id": thread, "if_exists": "do_nothing"})
        made = pair.globex.post(f"/threads/{thread}/runs/wait", json={**RUN, "if_not_exists": "create"})
        assert [answer.status_code for answer in (claimed, made)] == [404, 404]
        assert CANARY not in claimed.text + made.text
        assert pair.globex.get(f"/threads/{thread}/state").status_code == 404
        assert pair.globex.delete(f"/threads/{thread}").status_code == 404
        assert pair.globex.post("/threads/search", json={}).json() == []
        assert pair.acme.post("/threads", json={"thread_id": thread, "if_exists": "do_nothing"}).status_code == 200
        assert pair.acme.get(f"/threads/{thread}").json()["metadata"]["tenant"] == "acme"
