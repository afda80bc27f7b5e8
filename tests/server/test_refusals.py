"""What a client of the real `langgraph dev` may not do to a thread; and what a finished one keeps whatever it does."""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.durability.rows import all_rows
from tests.server.development import Server, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

CANARY = "Ada-Lovelace-4711"
TEAM = """
name: loan
title: Loan
goal: Shall we lend?
private: [customer.name]
facts: {customer: {name: CANARY, income: 5}, region: EU}
sequence: [risk, sales]
roles:
  risk: {title: Risk, mandate: You look at risk., otherwise: {stance: go, summary: Fine., actions: [Go on.]}}
  sales: {title: Sales, mandate: You look at sales., otherwise: {stance: go, summary: Fine., actions: [Go on.]}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that offers a team of its own, whose facts are private in part."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "home").mkdir()
    (folder / "home" / "loan.yaml").write_text(TEAM.replace("CANARY", CANARY))
    sourced = TEAM.replace("name: loan", "name: sourced").replace(
        "facts: {customer: {name: CANARY, income: 5}, region: EU}", "facts: [{file: gone.json}]"
    )
    (folder / "home" / "sourced.yaml").write_text(sourced)
    (folder / "home" / "gone.json").write_text('{"region": "EU", "income": 5}')
    (folder / "home" / "accord.toml").write_text('[teams]\nloan = "loan.yaml"\nsourced = "sourced.yaml"\n')
    with serve_graph(folder) as running:
        yield running


@pytest.fixture(scope="module")
def finished(server: Server) -> str:
    """A thread that has come to its decision."""
    thread = server.new_thread()
    assert server.run({}, thread)["final_decision"] == "go"
    return thread


RUN = {"assistant_id": "rounds", "input": {}}
FORGED = [{"values": {"final_decision": "no_go", "answer": "FORGED"}, "as_node": "finalize"}]
TWO_WAYS = "the path has a part that is empty, dotted, or encoded where it need not be"
WRITES_PAST = "it writes past every node; "
REFUSED: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "write state": ("POST", "/threads/{}/state", {"values": {"goal": "?"}}, 403, f"is refused: {WRITES_PAST}"),
    "write state as a node": ("POST", "/threads/{}/state/", {"values": {}, "as_node": "align"}, 400, TWO_WAYS),
    "go to a node": (
        "POST",
        "/threads/{}/runs",
        {**RUN, "command": {"goto": "stop"}},
        403,
        "`command.goto` is refused",
    ),
    "update by a command": (
        *("POST", "/threads/{}/runs", {**RUN, "command": {"update": {"goal": "?"}}}, 403),
        "`command.update` is refused",
    ),
    "update and stream": (
        *("POST", "/threads/{}/runs/stream", {**RUN, "command": {"update": {"goal": "?"}}}, 403),
        "`command.update` is refused",
    ),
    "roll back": (
        *("POST", "/threads/{}/runs", {**RUN, "multitask_strategy": "rollback"}, 403),
        "use enqueue, reject or interrupt",
    ),
    "call a webhook": ("POST", "/threads/{}/runs", {**RUN, "webhook": "https://127.0.0.1/hook"}, 422, ""),
    "set LangGraph's own": (
        *("POST", "/threads/{}/runs", {**RUN, "config": {"configurable": {"__pregel_resuming": True}}}, 403),
        "`configurable.__pregel_resuming` is refused",
    ),
    "run a part": (
        *("POST", "/threads/{}/runs", {**RUN, "checkpoint": {"checkpoint_ns": "risk_analyst"}}, 403),
        "`configurable.checkpoint_ns` is refused",
    ),
    "run without a thread": (
        "POST",
        "/runs/wait",
        RUN,
        403,
        "a run without a thread leaves no record; create a thread",
    ),
    "run a batch": ("POST", "/runs/batch", [RUN], 403, "a run without a thread leaves no record"),  # type: ignore[dict-item]
    "schedule": (
        "POST",
        "/runs/crons",
        {**RUN, "schedule": "* * * * *"},
        403,
        "a schedule runs without a person",
    ),
    "schedule a thread": (
        *("POST", "/threads/{}/runs/crons", {**RUN, "schedule": "* * * * *"}, 403),
        "a schedule runs without a person",
    ),
    "write state with a new thread": (
        *("POST", "/threads", {"if_exists": "do_nothing", "thread_id": "{}", "supersteps": [{"updates": FORGED}]}, 400),
        "the state of a thread is written by its nodes alone",
    ),
    "ask LangSmith for addresses": (
        "POST",
        "/threads/{}/runs",
        {**RUN, "feedback_keys": ["x"]},
        403,
        "accord feedback",
    ),
    "answer with nothing": (
        *("POST", "/threads/{}/runs", {"assistant_id": "rounds", "command": {"resume": None}}, 422),
        "`command.resume` is null",
    ),
    "write state by a path with an end": ("POST", "/threads/{}/state%0A", {"values": {"goal": "?"}}, 400, TWO_WAYS),
    "delete threads with an assistant": (
        *("DELETE", "/assistants/rounds?delete_threads=true", {}, 403),
        "a thread is a record; delete it itself",
    ),
    "an assistant without checkpoints": (
        *("POST", "/assistants", {"graph_id": "rounds", "config": {"configurable": {"__pregel_checkpointer": False}}}),
        *(403, "`configurable.__pregel_checkpointer` is refused"),
    ),
    "an assistant of one checkpoint": (
        *("POST", "/assistants", {"graph_id": "rounds", "config": {"configurable": {"checkpoint_id": "1"}}}),
        *(403, "`configurable.checkpoint_id` is refused"),
    ),
    "a map that is none": (
        *("POST", "/threads/{}/runs", {**RUN, "config": {"configurable": {"checkpoint_map": "x"}}}, 403),
        "`configurable.checkpoint_map` is refused",
    ),
    "prune": ("POST", "/threads/prune", {"thread_ids": []}, 403, "rests on all of its checkpoints; delete a thread"),
    "copy": ("POST", "/threads/{}/copy", {}, 403, "a copy would not verify; begin a new thread"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_would_leave_no_record_or_write_past_the_nodes_is_refused_and_changes_nothing(
    what: str, server: Server, finished: str
) -> None:
    method, path, body, status, said = REFUSED[what]
    database = str(server.folder / "home" / "accord.sqlite")
    before = all_rows(database, finished)

    found = server.refusal(path.format(finished), json.loads(json.dumps(body).replace('"{}"', f'"{finished}"')), method)

    assert (found[0], said in found[1]) == (status, True), found
    assert all_rows(database, finished) == before


def test_a_finished_thread_is_read_whatever_accord_toml_says_now(tmp_path: Path) -> None:
    with serve_graph(tmp_path) as server:
        thread = server.new_thread()
        server.run({}, thread)
        (tmp_path / "home" / "accord.toml").write_text("[teams\n")
        state: Any = server.client.threads.get_state(thread)["values"]
        again = server.run({}, thread)
        status, said = server.refusal(f"/threads/{server.new_thread()}/runs", RUN)
    assert (state["final_decision"], again["final_decision"]) == ("go", "go")
    assert (status, "accord.toml:1: cannot be read as TOML" in said) == (422, True)


def test_an_answer_to_a_thread_that_has_not_begun_is_refused(server: Server) -> None:
    run = {"assistant_id": "rounds", "command": {"resume": "go"}}
    status, said = server.refusal(f"/threads/{server.new_thread()}/runs", run)
    assert (status, "this one has not: send a run with an input" in said) == (422, True)


def test_a_page_that_is_not_studios_calls_nothing(server: Server) -> None:
    headers = {"Origin": "https://evil.example", "content-type": "text/plain"}
    asked = urllib.request.Request(f"{server.url}/threads", b"{}", headers, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(asked, timeout=60):
        pass
    with refused.value as answer:
        assert (answer.code, b"pages of https://evil.example may not call this service" in answer.read()) == (
            403,
            True,
        )


def test_the_stores_and_other_protocols_of_the_server_are_closed(server: Server) -> None:
    for method, path in (
        ("PUT", "/store/items"),
        ("POST", "/store/items/search"),
        ("POST", "/mcp"),
        ("POST", "/a2a/x"),
    ):
        assert server.refusal(path, {}, method)[0] == 404, path


def earlier_places(server: Server, thread: str) -> list[Any]:
    """Return ways to name each checkpoint of a thread but the newest."""
    history: Any = server.client.threads.get_history(thread, limit=50)
    found = [each["checkpoint"]["checkpoint_id"] for each in history[1:]]
    assert len(found) >= 4
    maps = [{"checkpoint": {"checkpoint_map": {"": place}}} for place in found]
    return [*({"checkpoint_id": place} for place in found), *maps]


def refuses_to_go_back(server: Server, thread: str) -> bool:
    for place in earlier_places(server, thread):
        with pytest.raises(
            Exception, match="what a thread has recorded never changes: it continues from its newest state"
        ):
            server.run(None, thread, **place)
    return True


def test_a_finished_thread_is_not_run_again_from_before_and_its_record_stays(server: Server, finished: str) -> None:
    kept = server.client.threads.get_state(finished)
    assert refuses_to_go_back(server, finished)
    now = server.client.threads.get_state(finished)
    assert (now["values"], now["checkpoint"]) == (kept["values"], kept["checkpoint"])


def test_a_thread_under_way_continues_from_its_newest_state_and_keeps_one_whole_record(server: Server) -> None:
    thread = server.new_thread()
    server.client.runs.wait(thread, "rounds", input={}, interrupt_before=["finalize"])
    assert refuses_to_go_back(server, thread)
    newest: Any = server.client.threads.get_state(thread)["checkpoint"]

    again = server.run(None, thread, checkpoint=newest)

    values: Any = server.client.threads.get_state(thread)["values"]
    events = values["events"]
    assert again["final_decision"] == "go"
    assert [each["event"] for each in events].count("admitted") == 1
    assert [each["seq"] for each in events] == list(range(len(events)))


@pytest.mark.parametrize("given", [{}, None, {"accept_changes": True, "budget": {"max_rounds": 9}}])
def test_a_finished_thread_gives_its_result_whatever_is_sent(given: Any, server: Server, finished: str) -> None:
    head: Any = server.client.threads.get_state(finished)
    kept: Any = head["values"]
    at_head = {"input": given, "checkpoint": head["checkpoint"]}
    ways: list[dict[str, Any]] = [{"input": given}, {"command": {"resume": "go"}}, at_head]
    for sent in ways:
        run = server.client.runs.create(finished, "rounds", **sent)
        server.client.runs.join(finished, run["run_id"])
        assert server.client.threads.get_state(finished)["values"] == kept


# --- private facts ---------------------------------------------------------------------------------------------------


def kept_bytes(server: Server) -> bytes:
    """Return all that the database and the server's own files hold."""
    with closing(sqlite3.connect(server.folder / "home" / "accord.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [*(server.folder / ".langgraph_api").rglob("*"), server.folder / "home" / "accord.sqlite"]
    return b"".join(path.read_bytes() for path in files if path.is_file())


def test_private_facts_are_withheld_before_anything_is_kept_or_shown(server: Server) -> None:
    thread, given = server.new_thread(), {"facts": {"customer": {"name": f"{CANARY} again"}}}
    own, assistant = server.new_thread(), server.assistant("loan")
    answers: list[Any] = [
        server.client.runs.wait(thread, assistant, input=given),
        server.client.runs.wait(own, assistant, input={}),
    ]
    shown = [
        answers,
        *(server.client.runs.list(each) for each in (thread, own)),
        *(server.client.threads.get_history(each, limit=50) for each in (thread, own)),
        server.client.threads.search(limit=100),
        server.client.assistants.get_schemas(assistant),
    ]
    assert [answer["final_decision"] for answer in answers] == ["go", "go"]
    assert CANARY not in json.dumps(shown)
    assert "(withheld)" in json.dumps(shown)
    assert CANARY.encode() not in kept_bytes(server)
    assert CANARY not in (server.folder / "log").read_text()


def test_a_registered_team_runs_by_its_name(server: Server) -> None:
    assert server.run({}, context={"team": "loan"})["final_decision"] == "go"


def test_facts_are_not_merged_over_a_source_that_is_gone(server: Server) -> None:
    thread, assistant = server.new_thread(), server.assistant("sourced")
    partial: Any = {"facts": {"region": "US"}}
    run = {"assistant_id": assistant, "input": partial}
    server.client.runs.wait(thread, assistant, input=partial)
    state: Any = server.client.threads.get_state(thread)["values"]
    (server.folder / "home" / "gone.json").unlink()
    status, said = server.refusal(f"/threads/{server.new_thread()}/runs", run)
    assert state["case"]["facts"] == {"region": "US", "income": 5}
    assert (status, "the facts of the team `sourced` cannot be read: " in said) == (422, True)


def test_a_registered_team_whose_file_has_problems_has_no_assistant_and_the_log_says_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "bad.yaml").write_text("name: bad\n")
    (home / "accord.toml").write_text('[teams]\nbad = "bad.yaml"\n')
    with serve_graph(tmp_path) as server:
        server.assistant("cold_storage")
        names = {each["name"] for each in server.client.assistants.search(limit=100)}
        run = {"assistant_id": "rounds", "input": {}, "context": {"team": "bad"}}
        status, sentence = server.refusal(f"/threads/{server.new_thread()}/runs", run)
        log = (tmp_path / "log").read_text()
    assert "bad" not in names
    assert "no assistant for bad: " in log
    assert "bad.yaml:1: " in log
    assert (status, "the team `bad` cannot be used" in sentence, "bad.yaml" in sentence) == (422, True, False), sentence
