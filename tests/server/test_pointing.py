"""Bodies of `/v1` that point at what another tenant has are answered as those that point at what nobody has."""

import uuid
from typing import Any

import httpx
import pytest

from tests.server.tenants import CANARY, Pair, filled, seen, told

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(600)]

ROLE: dict[str, Any] = {"mandate": "Judge.", "otherwise": {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}}
AGENTS: dict[str, Any] = {"goal": "Ship?", "pattern": "pipeline"}
SAYING = {"thread": "{own}", "from": "dana", "to": "all", "content": "Hello."}
POINTING: dict[str, tuple[str, dict[str, Any]]] = {
    "agents": ("/v1/execute", {**AGENTS, "agents": ["reader", "{agent}"]}),
    "a lead": ("/v1/execute", {"goal": "Ship?", "agents": ["boss", "reader"], "lead": "{agent}"}),
    "teams": (
        "/v1/execute",
        {"goal": "Ship?", "pattern": "hierarchy", "lead": "boss", "teams": {"first": ["reader"], "other": ["{agent}"]}},
    ),
    "a thread to speak to": ("/v1/messages", {**SAYING, "thread": "{thread}"}),
    "an agent to speak to": ("/v1/messages", {**SAYING, "to": ["{agent}"]}),
    "a message to answer": ("/v1/messages", {**SAYING, "in_reply_to": "{message}"}),
    "a conversation to join": ("/v1/messages", {**SAYING, "conversation": "{conversation}"}),
    "a question": ("/v1/runs/{own}/decide", {"question": "{question}", "answer": {"text": "Go on."}}),
}


AGENT = "reader_of_acme"


def waiting(asking: httpx.Client, goal: str, *names: str) -> str:
    """Define agents, and return a thread of theirs that waits for the first, who is a person."""
    for name in names:
        voice = "human" if name.startswith("boss") else "rules"
        told(asking.post("/v1/agents", json={**ROLE, "name": name, "title": name.title(), "voice": voice}))
    record = told(asking.post("/v1/execute", json={**AGENTS, "goal": goal, "agents": names, "wait": True}))
    assert record["status"] == "waiting"
    return str(record["thread_id"])


def things_of(acme: httpx.Client) -> dict[str, str]:
    """Make what the first tenant has, and return each id of it."""
    thread = waiting(acme, f"Ship for {CANARY}?", "boss_of_acme", AGENT, "boss", "reader")
    said = {**SAYING, "thread": thread, "content": CANARY, "id": "acmes-note", "conversation": "acmes-deal"}
    told(acme.post("/v1/messages", json={**said, "opens": True}))
    asked = next(each for each in told(acme.get("/v1/inbox"))["items"] if each["thread_id"] == thread)
    kept = {"message": "acmes-note", "conversation": "acmes-deal", "question": asked["id"]}
    return {**kept, "thread": thread, "agent": AGENT}


@pytest.fixture(scope="module")
def named(pair: Pair) -> dict[str, str]:
    """What the first tenant has, and a thread of the second one's own."""
    return {**things_of(pair.acme), "own": waiting(pair.globex, "Ship?", "boss", "reader")}


def nobodys(named: dict[str, str]) -> dict[str, str]:
    """Return ids of the same kinds that nobody has."""
    none = {"agent": f"agent_{uuid.uuid4().hex[:10]}", "thread": str(uuid.uuid4()), "question": uuid.uuid4().hex[:12]}
    return {**named, **none, "message": f"note-{uuid.uuid4().hex[:8]}", "conversation": f"deal-{uuid.uuid4().hex[:8]}"}


@pytest.mark.parametrize("what", POINTING)
def test_a_body_of_ours_that_points_at_what_another_tenant_has_tells_nothing_of_it(
    what: str, pair: Pair, named: dict[str, str]
) -> None:
    path, body = POINTING[what]
    before = shown(pair, named)
    answers = []
    for ids in (named, nobodys(named)):
        answer = pair.globex.post(filled(path, ids), json=filled(body, ids))
        assert answer.status_code in (404, 409, 422), answer.text
        answers.append(seen(answer, ids))
    assert answers[0] == answers[1]
    assert CANARY not in answers[0][1]
    assert shown(pair, named) == before


def shown(pair: Pair, named: dict[str, str]) -> Any:
    """Return what the first tenant sees of its thread."""
    return told(pair.acme.get(f"/v1/runs/{named['thread']}")), told(
        pair.acme.get("/v1/messages/history", params={"thread": named["thread"]})
    )


def test_a_thread_of_anothers_is_not_begun_again(pair: Pair, named: dict[str, str]) -> None:
    before = shown(pair, named)
    for asked in ({**AGENTS, "agents": ["reader"]}, {"team": "checkout_launch"}):
        answer = pair.globex.post("/v1/execute", json={**asked, "thread": named["thread"]})
        assert (answer.status_code, CANARY in answer.text) == (404, False), answer.text
    assert shown(pair, named) == before


def test_a_team_of_another_tenants_is_refused_and_nothing_is_begun(pair: Pair) -> None:
    """The team file names its tenants, and whoever runs the service has named the team: that much is told."""
    before = told(pair.globex.get("/v1/runs"))["items"]
    answer = pair.globex.post("/v1/execute", json={"team": "quorum"})
    lacks = "the role `risk` of the team `quorum` is limited to tenants other than `globex`; run another team"
    assert (answer.status_code, answer.json()["detail"]) == (422, lacks)
    assert told(pair.globex.get("/v1/runs"))["items"] == before


@pytest.mark.parametrize("what", POINTING)
def test_each_of_these_bodies_is_one_that_its_tenant_can_send(what: str, pair: Pair) -> None:
    """The others would pass if no id were good for anything."""
    path, body = POINTING[what]
    own = things_of(pair.acme)
    ids = {**own, "own": own["thread"]}
    answer = pair.acme.post(filled(path, ids), json=filled(body, ids))
    assert answer.is_success, answer.text
