"""What a caller may not make of the real `langgraph dev`: a run that a crash loses, another's id, or another's name."""

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.web.mounted.assistants import assistant_of
from tests.durability.rows import all_rows
from tests.server.tenants import ASKING, Pair, new_thread, told, two_tenants, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

RUN: dict[str, Any] = {"assistant_id": "rounds", "input": {}, "context": {"team": "checkout_launch"}}
EVE = "eve-of-nowhere-0815"
WAYS = ("runs", "runs/stream", "runs/wait")


# --- runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ({"durability": "exit"}, "allowed: sync, async"),
        ({"checkpoint_during": False}, "or say true"),
        ({"durability": "async", "checkpoint_during": False}, "or say true"),
        *(({"after_seconds": each}, "0 to 86400") for each in (1e12, 10**30, -1, -(10**12), 86_401)),
    ],
)
def test_a_run_that_a_crash_would_lose_or_that_begins_too_late_is_refused_with_what_is_allowed(
    way: str, said: dict[str, Any], allowed: str, pair: Pair
) -> None:
    thread = new_thread(pair.acme)
    answer = pair.acme.post(f"/threads/{thread}/{way}", json={**RUN, **said})
    assert (answer.status_code, allowed in answer.text) == (422, True), answer.text
    assert told(pair.acme.get(f"/threads/{thread}/runs")) == []


@pytest.mark.parametrize("said", [{"durability": "sync"}, {"durability": "async", "checkpoint_during": True}])
def test_a_run_that_is_kept_on_the_way_is_served(said: dict[str, Any], pair: Pair) -> None:
    thread = new_thread(pair.acme)
    told(pair.acme.post(f"/threads/{thread}/runs/wait", json={**RUN, **said}))
    assert told(pair.acme.get(f"/threads/{thread}"))["status"] == "idle"


REFUSED: list[dict[str, Any]] = [
    {"context": {"team": "nobodys"}},
    {"command": {"goto": "finalize"}},
    {"input": {"gaol": "Ship?"}},
    {"durability": "exit"},
    {"after_seconds": 1e12},
    {"webhook": "https://example.com"},
]


@pytest.mark.parametrize("said", REFUSED)
@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_is_refused_leaves_its_thread_to_anybody(way: str, said: dict[str, Any], pair: Pair) -> None:
    thread = str(uuid.uuid4())
    asked = {**RUN, "if_not_exists": "create", **said}
    answer = pair.acme.post(f"/threads/{thread}/{way}", json=asked)
    assert answer.status_code in (403, 422), answer.text
    database = str(pair.server.folder / "home" / "accord.sqlite")
    assert all_rows(database, thread) == all_rows(database, str(uuid.uuid4()))
    assert pair.acme.get(f"/threads/{thread}").status_code == 404
    made = pair.globex.post("/threads", json={"thread_id": thread})
    assert told(made)["metadata"]["tenant"] == "globex"


def test_a_command_that_is_refused_leaves_its_thread_to_anybody(pair: Pair) -> None:
    thread = str(uuid.uuid4())
    params = {"assistant_id": "rounds", "input": {"gaol": "Ship?"}}
    answer = pair.acme.post(f"/threads/{thread}/commands", json={"id": 1, "method": "run.start", "params": params})
    assert "gaol" in answer.text
    assert told(pair.globex.post("/threads", json={"thread_id": thread}))["metadata"]["tenant"] == "globex"


# --- assistants ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [assistant_of("of_tomorrow"), str(uuid.uuid5(uuid.NAMESPACE_DNS, "a")).upper()])
@pytest.mark.parametrize("more", [{}, {"if_exists": "do_nothing"}])
def test_the_id_of_a_team_that_is_not_offered_yet_is_nobodys(made: str, more: dict[str, str], pair: Pair) -> None:
    asked = {"assistant_id": made, "graph_id": "rounds", "context": {"team": "checkout_launch"}, **more}
    answer = pair.acme.post("/assistants", json=asked)
    assert (answer.status_code, "another version, such as 4" in answer.text) == (422, True)
    assert pair.acme.get(f"/assistants/{made}").status_code == 404
    told(pair.acme.post("/assistants", json={**asked, "assistant_id": str(uuid.uuid4())}))


def test_a_team_that_was_limited_since_is_drawn_for_no_other_tenant(tmp_path: Path) -> None:
    roles: Any = ASKING["roles"]
    open_to_all = {**ASKING, "roles": {name: {**role, "tenants": None} for name, role in roles.items()}}
    with two_tenants(tmp_path) as pair:
        home = tmp_path / "home" / "quorum.json"
        limited = home.read_text()
        home.write_text(json.dumps(open_to_all))
        asked = {"graph_id": "rounds", "context": {"team": "quorum"}}
        mine = [told(asking.post("/assistants", json=asked))["assistant_id"] for asking in (pair.acme, pair.globex)]
        offered = wait_for(pair.acme, "quorum")
        assert set(drawn(pair.globex, mine[1])) == {200}
        home.write_text(limited)
        assert set(drawn(pair.globex, mine[1])) == {404}
        assert set(drawn(pair.globex, offered)) == {404}
        assert set(drawn(pair.globex, mine[1].upper().replace("-", ""))) <= {404, 422}
        assert set(drawn(pair.acme, mine[0])) == {200}
        assert set(drawn(pair.globex, "rounds")[:1]) == {200}


def drawn(asking: httpx.Client, assistant: str) -> list[int]:
    """Return how each route answers that shows what an assistant is made of."""
    paths = ("graph", "graph?xray=true", "schemas", "subgraphs", "subgraphs?recurse=true", "subgraphs/convene")
    return [asking.get(f"/assistants/{assistant}/{path}").status_code for path in paths]


# --- names -----------------------------------------------------------------------------------------------------------

FORGED = {"person": EVE, "user_id": EVE, "tenant": EVE}


@pytest.mark.parametrize("made", [{"configurable": FORGED}, {"metadata": FORGED}, {"metadata": EVE}])
def test_no_checkpoint_and_no_row_says_who_somebody_is_as_a_caller_writes_it(made: dict[str, Any], pair: Pair) -> None:
    config = {"recursion_limit": 1, **made}
    asked = {"graph_id": "rounds", "name": "forged", "config": config, "metadata": FORGED}
    assistant = told(pair.acme.post("/assistants", json=asked))
    told(pair.acme.patch(f"/assistants/{assistant['assistant_id']}", json={"config": config, "metadata": FORGED}))
    assistant = told(pair.acme.get(f"/assistants/{assistant['assistant_id']}"))
    assert "recursion_limit" not in assistant["config"]
    thread = new_thread(pair.acme, metadata=FORGED)
    run = {"assistant_id": assistant["assistant_id"], "input": {}, "config": config, "metadata": FORGED}
    run["config"]["configurable"] = {"team": "checkout_launch", **made.get("configurable", {})}
    told(pair.acme.post(f"/threads/{thread}/runs/wait", json=run))
    paths = (f"/threads/{thread}{part}" for part in ("", "/runs", "/history"))
    assert EVE not in json.dumps([assistant, *(told(pair.acme.get(path)) for path in paths)])
    database = str(pair.server.folder / "home" / "accord.sqlite")
    assert EVE not in str(all_rows(database, thread))
