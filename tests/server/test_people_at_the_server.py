"""People at the real `langgraph dev`: a run waits, is answered through `langgraph_sdk`, and no wrong answer ends it."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import Desk
from tests.server.development import PATIENCE_SECONDS, Server, complaints, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

ROLE = {"title": "Role", "mandate": "Judge."}
BLOCKS = {"stance": "block", "summary": "Not yet.", "actions": ["Wait."]}
GOES = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
TEAM = {
    "name": "board",
    "title": "A team that two people decide for",
    "goal": "Launch?",
    "facts": {"rate": 0.02},
    "guards": [{"name": "fraud", "fact": "rate", "above": 0.01, "cap": "go_with_caution"}],
    "sequence": ["demand", "risk"],
    "roles": {"demand": {**ROLE, "otherwise": GOES}, "risk": {**ROLE, "otherwise": BLOCKS}},
    "approvers": {"cfo": {"title": "CFO"}, "cto": {"title": "CTO"}},
    "escalate": {"decide": {"by": ["cfo", "cto"], "rule": {"policy": "unanimous"}}},
}


def lay(folder: Path) -> Path:
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "board.json").write_text(json.dumps(TEAM))
    (folder / "home" / "accord.toml").write_text('[teams]\nboard = "board.json"\n')
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that offers a team for which people decide."""
    with serve_graph(lay(tmp_path_factory.mktemp("server"))) as running:
        yield running


def waits(server: Server) -> tuple[str, dict[str, Any]]:
    """Return a thread that waits, and what it is shown to ask."""
    thread = server.new_thread()
    server.run({}, thread, context={"team": "board"})
    return thread, asked(server, thread)


def asked(server: Server, thread: str) -> dict[str, Any]:
    """Return the one interrupt of a thread that the server calls interrupted, as clients read it."""
    assert server.client.threads.get(thread)["status"] == "interrupted"
    return kept(server, thread)


def kept(server: Server, thread: str) -> dict[str, Any]:
    """Return the one interrupt that the state of a thread keeps."""
    state: Any = server.client.threads.get_state(thread)
    (found,) = [each for task in state["tasks"] for each in task["interrupts"]]
    return dict(found)


def answer(server: Server, thread: str, said: Any) -> Any:
    return server.client.runs.wait(thread, "rounds", command={"resume": said})


def by(name: str, word: str = "go_with_caution", **more: Any) -> dict[str, Any]:
    return {"by": name, "answer": word, "because": "As agreed.", **more}


def events(server: Server, thread: str) -> list[dict[str, Any]]:
    state: Any = server.client.threads.get_state(thread)
    return list(state["values"]["events"])


def test_an_interrupt_carries_the_question_and_the_form_of_its_answer(server: Server) -> None:
    _, found = waits(server)
    value = found["value"]

    assert value["options"] == ["go_with_caution", "no_go", "again", "stop"]
    assert (value["kind"], value["asked"], value["answered"]) == ("decide", ["cfo", "cto"], [])
    assert value["stances"] == [{"agent": "demand", "stance": "go"}, {"agent": "risk", "stance": "block"}]
    assert (value["conflicts"], value["guards"][0]["tripped"]) == (["blocking_vs_non_block"], True)
    assert {"question", "expires_at", "since", "id"} <= value.keys()
    assert found["response_schema"]["properties"]["answer"]["enum"] == value["options"]


def test_answers_through_the_sdk_decide_and_are_on_the_record(server: Server) -> None:
    thread, found = waits(server)
    answer(server, thread, {found["id"]: by("cfo")})
    again = asked(server, thread)
    assert (again["value"]["id"], again["value"]["answered"]) == (found["value"]["id"], ["cfo"])
    end = answer(server, thread, by("cto"))

    assert end["final_decision"] == "go_with_caution"
    shown = Desk(server.folder).accord("show", thread, "--json").record
    assert (shown["status"], shown["final_decision"]) == ("ok", "go_with_caution")
    given = [(each["by"], each["identity"]) for each in events(server, thread) if each["event"] == "answered"]
    assert given == [("cfo", None), ("cto", None)]  # the server asks nobody who they are, so it knows nobody
    assert [each["proof"] for each in shown["people"][0]["answers"]] == ["none", "none"]
    assert Desk(server.folder).accord("audit", "verify", thread).code == 0


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (by("cfo", "go"), "allowed: go_with_caution, no_go, again, stop, within the limit that fraud sets"),
        (by("coo"), "coo is not asked"),
        ("go", "allowed: an object with question, by, answer, because, signature"),
        ({"by": "cfo", "answer": "no_go"}, "the reason is missing"),
        ({**by("cfo"), "more": 1}, "the answer has 'more'"),
        ({**by("cfo"), "question": "none"}, "the question `none` does not wait for an answer"),
        ([], "the answer is []"),
    ],
)
def test_a_wrong_answer_is_an_event_and_the_same_question_is_asked_again(
    server: Server, said: Any, problem: str
) -> None:
    thread, found = waits(server)
    answer(server, thread, said)
    again = asked(server, thread)

    assert (again["value"]["id"], again["value"]["answered"]) == (found["value"]["id"], [])
    assert problem in again["value"]["problem"]
    declined = [each for each in events(server, thread) if each["event"] == "declined"]
    assert [problem in each["because"] for each in declined] == [True]


def test_a_stale_interrupt_is_refused_and_changes_nothing(server: Server) -> None:
    thread, found = waits(server)
    answer(server, thread, {found["id"]: by("cfo")})
    before = events(server, thread)
    run = {"assistant_id": "rounds", "command": {"resume": {found["id"]: by("cto")}}}
    status, sentence = server.refusal(f"/threads/{thread}/runs/wait", run)

    assert (status, f"the interrupt `{found['id']}` is stale" in sentence) == (422, True)
    assert events(server, thread) == before


def test_what_the_server_asks_the_command_line_answers_and_the_other_way_round(server: Server) -> None:
    thread, _ = waits(server)
    desk = Desk(server.folder)
    (entry,) = [each for each in json.loads(desk.accord("inbox", "--json").out) if each["thread_id"] == thread]
    assert (entry["kind"], entry["may_answer"]) == ("decide", ["cfo", "cto"])
    half = desk.accord("decide", thread, "go_with_caution", "--by", "cfo", "--because", "Yes.", "--json")
    assert (half.code, half.record["status"]) == (4, "waiting")
    assert answer(server, thread, by("cto", "no_go"))["final_decision"] == "no_go"


def over_v1(server: Server, path: str, body: Any) -> dict[str, Any]:
    """Return what the HTTP service of the same server answers."""
    kind = {"content-type": "application/json"}
    asked = urllib.request.Request(f"{server.url}/v1/{path}", json.dumps(body).encode(), kind)
    with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as answer:
        return dict(json.loads(answer.read()))


def test_what_is_answered_over_v1_is_still_asked_at_the_server_of_whoever_is_left(server: Server) -> None:
    thread, found = waits(server)
    over_v1(server, f"runs/{thread}/decide", {"by": "cfo", "decision": "go_with_caution", "because": "So."})
    again = asked(server, thread)

    assert (again["value"]["id"], again["value"]["answered"]) == (found["value"]["id"], ["cfo"])
    assert answer(server, thread, {again["id"]: by("cto")})["final_decision"] == "go_with_caution"


def test_the_servers_list_says_which_threads_of_v1_wait_for_people(server: Server) -> None:
    thread = str(over_v1(server, "execute", {"team": "board", "wait": True})["thread_id"])

    def is_listed(status: str) -> bool:
        rows = server.client.threads.search(status=status, limit=100)  # type: ignore[arg-type]
        return thread in [each["thread_id"] for each in rows]

    assert (is_listed("interrupted"), is_listed("idle")) == (True, False)
    assert asked(server, thread)["id"] in str(server.client.threads.get(thread)["interrupts"])
    over_v1(server, f"runs/{thread}/decide", {"by": "cfo", "decision": "no_go", "because": "So.", "wait": True})
    assert (is_listed("interrupted"), is_listed("idle")) == (False, True)


def test_a_run_with_an_empty_input_leaves_it_waiting(server: Server) -> None:
    thread, found = waits(server)
    server.run({}, thread)

    assert asked(server, thread)["value"]["id"] == found["value"]["id"]


def test_nothing_of_ours_is_logged_as_a_warning(server: Server) -> None:
    waits(server)
    assert complaints(server.log) == []


@pytest.mark.system
@pytest.mark.timeout(6 * PATIENCE_SECONDS)
def test_a_kill_between_two_answers_loses_neither_the_first_nor_the_question(tmp_path: Path) -> None:
    with serve_graph(lay(tmp_path)) as server:
        thread, found = waits(server)
        answer(server, thread, by("cfo"))
        server.kill()
    with serve_graph(tmp_path) as server:
        server.client.threads.get(thread)  # the server kept its status in memory, and the question is in the database
        again = kept(server, thread)
        assert (again["value"]["id"], again["value"]["answered"]) == (found["value"]["id"], ["cfo"])
        end = answer(server, thread, by("cto"))
        assert end["final_decision"] == "go_with_caution"
        assert [each["event"] for each in events(server, thread)].count("answered") == 2
