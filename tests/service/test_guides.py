"""The calls of the guides' service, in their words, as a client of theirs makes them: plain HTTP, nothing of ours."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_server import Answer, ScriptedServer, forever, held, serve, text
from tests.service.process import PATIENCE_SECONDS, Served, start

pytestmark = pytest.mark.slow

TASK = "Write a short note on heat pumps for home owners."
PLAN = {
    "steps": [
        {"agent": "researcher", "task": "Collect what is known.", "dependencies": []},
        {"agent": "writer", "task": "Write the note.", "dependencies": [1]},
    ]
}


class GuideClient:
    """What a user of the guides has: an address and the standard library."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def create_agent(self, **agent: Any) -> tuple[int, Any]:
        return self.call("POST", "/v1/agents", agent)

    def execute(self, task: str, coordinator: str = "orchestrator", **more: Any) -> tuple[int, Any]:
        return self.call("POST", "/v1/execute", {"task": task, "coordinator": coordinator, **more})

    def state(self, agent: str) -> Any:
        return self.call("GET", f"/v1/agents/{agent}/state")[1]

    def history(self, thread: str, **wanted: str) -> Any:
        asked = "".join(f"&{key}={value}" for key, value in wanted.items())
        return self.call("GET", f"/v1/messages/history?thread={thread}{asked}")[1]


def _eventually(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    until = time.monotonic() + PATIENCE_SECONDS
    while not wanted(found := look()):
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return found


class Stage:
    """A model whose researcher answers only when it is let go."""

    def __init__(self) -> None:
        self.is_let_go = False

    @property
    def script(self) -> dict[Any, Any]:
        found = text(json.dumps({"text": "Heat pumps save two thirds of the energy."}))
        written: list[Answer] = [text(json.dumps({"text": "Buy one before winter."}))]
        return {
            "orchestrator": [text(json.dumps(PLAN))],
            "researcher": forever(held(found, lambda: self.is_let_go)),  # a kill cuts off a call, which is made again
            "writer": written,
            "brief": [text("Heat pumps pay off; buy one before winter.")],
        }


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def model(stage: Stage) -> Iterator[ScriptedServer]:
    with serve(stage.script) as server:
        yield server


class Restarting:
    """A service that can be killed and started again on the same data."""

    def __init__(self, home: Path, model: ScriptedServer) -> None:
        self.home, self.env = home, {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        self.served: Served = start(home, env=self.env)

    def end(self) -> None:
        self.served.kill()
        assert self.served.process.stdout is not None
        self.served.process.stdout.close()

    def again(self) -> GuideClient:
        self.end()
        self.served = start(self.home, env=self.env)
        return GuideClient(self.served.url)


@pytest.fixture
def service(tmp_path: Path, model: ScriptedServer) -> Iterator[Restarting]:
    service = Restarting(tmp_path, model)
    yield service
    service.end()


def _with_agents(client: GuideClient) -> None:
    researcher = {"name": "researcher", "role": "researcher", "model": "gpt-4.1-mini", "temperature": 0.2}
    assert client.create_agent(**researcher)[0] == 201
    writer = {"name": "writer", "role": "Note writer", "system_prompt": "You write notes that home owners understand."}
    assert client.create_agent(**writer)[0] == 201


def test_the_guides_calls_do_what_they_say(service: Restarting, stage: Stage, model: ScriptedServer) -> None:
    client = GuideClient(service.served.url)
    _with_agents(client)
    assert client.state("researcher") == {
        **{"name": "researcher", "status": "idle", "task": None, "results": 0, "last_run": None}
    }
    status, accepted = client.execute(TASK)
    assert status == 202
    thread = accepted["thread_id"]
    state = _eventually(lambda: client.state("researcher"), lambda state: bool(model.calls_of("researcher")))
    assert _eventually(lambda: client.state("researcher"), lambda each: each["status"] == "working")["task"] == TASK
    sent = {"thread": thread, "sender": "dana", "recipient": "writer", "message_type": "question", "priority": "high"}
    status, said = client.call("POST", "/v1/messages", {**sent, "content": "Is it quiet at night?"})
    assert (status, said["message"]["from"], said["message"]["to"]) == (201, "dana", ["writer"])
    assert [each["content"] for each in client.history(thread)["undelivered"]] == ["Is it quiet at night?"]
    stage.is_let_go = True
    state = _eventually(lambda: client.state("writer"), lambda each: each["status"] == "completed")
    assert (state["results"], state["last_run"]["thread_id"], state["task"]) == (1, thread, None)
    (asked,) = model.calls_of("writer")
    assert "Is it quiet at night?" in json.dumps(asked.user)
    (message,) = client.history(thread, agent="writer", kind="question")["items"]
    assert (message["content"], message["priority"], message["outside"]) == ("Is it quiet at night?", "high", True)
    assert client.history(thread, agent="researcher")["items"] == []
    assert client.call("GET", "/health")[0] == 200
    assert not model.unscripted


def test_agents_and_messages_survive_a_kill_and_the_run_goes_on(
    service: Restarting, stage: Stage, model: ScriptedServer
) -> None:
    client = GuideClient(service.served.url)
    _with_agents(client)
    client = service.again()
    assert [each["name"] for each in client.call("GET", "/v1/agents")[1]["items"]] == ["researcher", "writer"]
    thread = client.execute(TASK)[1]["thread_id"]
    _eventually(lambda: model.calls_of("researcher"), bool)
    said = {"thread": thread, "sender": "dana", "recipient": "writer", "content": "Keep it short."}
    assert client.call("POST", "/v1/messages", said)[0] == 201
    stage.is_let_go = True
    client = service.again()
    state = _eventually(lambda: client.state("writer"), lambda each: each["status"] == "completed")
    assert state["last_run"]["stop_reason"] == "success"
    assert [each["content"] for each in client.history(thread)["items"]] == ["Keep it short."]


def test_with_wait_the_answer_is_the_result(service: Restarting, stage: Stage) -> None:
    client, stage.is_let_go = GuideClient(service.served.url), True
    _with_agents(client)
    status, record = client.execute(TASK, wait=True)
    assert (status, record["status"], record["answer"]) == (200, "ok", "Heat pumps pay off; buy one before winter.")
    assert [each["agent"] for each in record["outputs"]] == ["orchestrator", "researcher", "writer"]


def test_an_unknown_coordinator_is_named_with_those_there_are(service: Restarting) -> None:
    client = GuideClient(service.served.url)
    _with_agents(client)
    status, problem = client.execute(TASK, coordinator="orchestratr")
    assert status == 400
    assert "did you mean `orchestrator`?" in problem["detail"]
    assert all(name in problem["detail"] for name in ("pipeline", "debate", "vote"))
