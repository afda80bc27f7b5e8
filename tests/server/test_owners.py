"""Whose something is at the real `langgraph dev`: its maker's, whatever callers say of it, in lists and in records."""

import json
import uuid
from typing import Any

import httpx
import pytest

from tests.server.tenants import CANARY, Pair, new_thread, run, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

RUN: dict[str, Any] = {"assistant_id": "rounds", "input": {}}


def test_what_one_tenant_has_the_other_neither_reads_nor_claims_nor_runs(pair: Pair, theirs: dict[str, str]) -> None:
    """Hole A2, in short; `test_tenants` asks every route."""
    for name in ("thread_id", "waiting", "executed"):
        path = f"/threads/{theirs[name]}"
        answers = [
            *(pair.globex.get(f"{path}{part}") for part in ("", "/state", "/history", "/runs", "/stream")),
            pair.globex.post("/threads", json={"thread_id": theirs[name], "if_exists": "do_nothing"}),
            pair.globex.post(f"{path}/runs/wait", json={**RUN, "if_not_exists": "create"}),
            pair.globex.post(f"{path}/commands", json={"id": 1, "method": "run.start", "params": RUN}),
            pair.globex.patch(path, json={"metadata": {"tenant": "globex"}}),
            pair.globex.delete(path),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert pair.acme.get(path).status_code == 200
    path = f"/assistants/{theirs['assistant_id']}"
    own = new_thread(pair.globex)
    answers = [
        *(pair.globex.get(f"{path}{part}") for part in ("", "/graph", "/schemas")),
        pair.globex.patch(path, json={"name": "mine"}),
        pair.globex.delete(path),
        pair.globex.post("/assistants", json={"graph_id": "rounds", "assistant_id": theirs["assistant_id"]}),
        pair.globex.post(f"/threads/{own}/runs/wait", json={**RUN, "assistant_id": theirs["assistant_id"]}),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert CANARY not in "".join(answer.text for answer in answers)


# --- forged ownership ------------------------------------------------------------------------------------------------

FORGED = {"tenant": "acme", "created_by": "system", "offered_by": "accord", "offered_to": ["*"], "team": CANARY}


def test_metadata_of_a_caller_gives_nothing_to_another_tenant(pair: Pair, theirs: dict[str, str]) -> None:
    thread = new_thread(pair.globex, metadata={**FORGED, "graph_id": "rounds"})
    forging = {**RUN, "metadata": FORGED, "config": {"metadata": FORGED, "configurable": {"user_id": "acme/ada"}}}
    assert pair.globex.post(f"/threads/{thread}/runs/wait", json=forging).status_code == 200
    pair.globex.patch(f"/threads/{thread}", json={"metadata": FORGED})
    kept = pair.globex.get(f"/threads/{thread}").json()["metadata"]
    assert (kept["tenant"], kept["team"]) == ("globex", "checkout_launch")
    assert not {"created_by", "offered_by", "offered_to"} & kept.keys()
    made = str(uuid.uuid4())
    run(pair.globex, made, if_not_exists="create", metadata=FORGED)
    assert pair.globex.get(f"/threads/{made}").json()["metadata"]["tenant"] == "globex"
    for each in (thread, made):
        assert pair.acme.get(f"/threads/{each}").status_code == 404
        told = json.dumps([pair.globex.get(f"/threads/{each}/{part}").json() for part in ("runs", "history")])
        assert '"tenant": "globex"' in told
        assert '"tenant": "acme"' not in told
        assert "acme/ada" not in told


def test_an_assistant_is_its_makers_whatever_it_says_of_itself(pair: Pair) -> None:
    made = pair.globex.post("/assistants", json={"graph_id": "rounds", "name": "forged", "metadata": FORGED}).json()
    path = f"/assistants/{made['assistant_id']}"
    assert pair.globex.patch(path, json={"metadata": FORGED}).status_code == 200
    assert pair.globex.get(path).json()["metadata"] == {"tenant": "globex"}
    assert pair.acme.get(path).status_code == 404
    assert pair.acme.post("/assistants/search", json={"name": "forged"}).json() == []


def test_the_assistants_of_all_are_changed_by_no_tenant(pair: Pair) -> None:
    for name in ("cold_storage", "rounds"):
        found = [
            each for each in pair.globex.post("/assistants/search", json={"name": name}).json() if each["name"] == name
        ]
        path = f"/assistants/{found[0]['assistant_id']}"
        for answer in (
            pair.globex.patch(path, json={"name": "mine"}),
            pair.globex.delete(path),
            pair.globex.post(f"{path}/latest", json={"version": 1}),
        ):
            assert (answer.status_code, "is everybody's" in answer.text) == (403, True), (name, answer.text)
        assert pair.acme.get(path).json() == found[0]


def test_a_team_that_is_limited_to_a_tenant_is_run_by_no_other_and_shown_to_none(pair: Pair) -> None:
    thread = new_thread(pair.globex)
    answer = pair.globex.post(f"/threads/{thread}/runs", json={**RUN, "context": {"team": "quorum"}})
    assert (answer.status_code, "is limited to tenants other than `globex`" in answer.text) == (422, True)
    made = pair.globex.post("/assistants", json={"graph_id": "rounds", "context": {"team": "quorum"}})
    assert (made.status_code, CANARY in made.text) == (422, False)


def test_no_list_of_teams_names_one_to_a_tenant_that_cannot_run_it(pair: Pair) -> None:
    def told_to(asking: httpx.Client) -> dict[str, str]:
        thread = new_thread(asking)
        context = {"team": "none"}
        return {
            "proof": asking.get("/v1/policies/none/proof").text,
            "execute": asking.post("/v1/execute", json={"team": "none"}).text,
            "run": asking.post(f"/threads/{thread}/runs", json={**RUN, "context": context}).text,
            "assistant": asking.post("/assistants", json={"graph_id": "rounds", "context": context}).text,
            "panel": asking.get(f"/assistants/{wait_for(asking, 'rounds')}/schemas").text,
        }

    known, foreign = told_to(pair.acme), told_to(pair.globex)
    assert all("checkout_launch" in text for text in (*known.values(), *foreign.values()))
    assert [name for name, text in foreign.items() if "quorum" in text] == []
    assert [name for name, text in known.items() if "quorum" not in text] == ["panel"]  # one for all tenants
    own = pair.acme.get(f"/assistants/{wait_for(pair.acme, 'quorum')}/schemas").text
    assert '"quorum"' in own


def test_an_answer_is_proved_by_the_token_that_gives_it(pair: Pair, theirs: dict[str, str]) -> None:
    path = f"/threads/{theirs['waiting']}/runs/wait"
    resume = {"answer": "go_with_caution", "because": "As agreed."}
    forged = pair.acme.post(path, json={"assistant_id": "rounds", "command": {"resume": {**resume, "by": "bob"}}})
    assert (forged.status_code, "the token is of ada" in forged.text) == (403, True)
    ended = pair.acme.post(path, json={"assistant_id": "rounds", "command": {"resume": resume}}).json()
    events = pair.acme.get(f"/threads/{theirs['waiting']}/state").json()["values"]["events"]
    assert ended["final_decision"] == "go_with_caution"
    assert [(each["by"], each["identity"]) for each in events if each["event"] == "answered"] == [("ada", "ada")]


def test_threads_of_v1_are_in_the_lists_of_their_tenant_alone(pair: Pair, theirs: dict[str, str]) -> None:
    found = {each["thread_id"]: each for each in pair.acme.post("/threads/search", json={"limit": 100}).json()}
    assert found[theirs["executed"]]["metadata"] == {"graph_id": "rounds", "team": "checkout_launch", "tenant": "acme"}
    assert not found.keys() & {each["thread_id"] for each in pair.globex.post("/threads/search", json={}).json()}
    for name in ("executed", "thread_id"):
        newest = pair.acme.get(f"/threads/{theirs[name]}/state").json()
        assert newest["metadata"]["tenant"] == "acme"
        assert newest["values"]["final_decision"] == "go"
