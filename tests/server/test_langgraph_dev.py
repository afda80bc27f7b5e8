"""The real `langgraph dev` runs the rounds: what a client and Studio see, and what the command line sees of it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.teams.loader import load_team
from tests.harness import CHECKOUT_ROLES, run, settings_at, show, team_of
from tests.scripted_server import Script, forever, says, serve, text
from tests.server.development import REPOSITORY, Server, complaints, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

COLD_STORAGE_ROLES = ["stability_chemist", "logistics_lead", "quality_officer", "clinic_liaison"]
PATTERN_KEYS = ("stop_reason", "answer", "final_decision", "trace", "history")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a key; the repository is left as it was."""
    before = sorted(path.name for path in REPOSITORY.iterdir())
    with serve_graph(tmp_path_factory.mktemp("server")) as running:
        yield running
    assert (running.folder / ".langgraph_api").is_dir()
    assert ".langgraph_api" not in {path.name for path in REPOSITORY.iterdir()} - set(before)


def _pattern(record: dict[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in PATTERN_KEYS}


def test_the_reference_case_runs_with_an_empty_input_and_comes_to_the_record_of_the_command_line(
    server: Server, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    answer = server.run({})
    assert answer["final_decision"] == "go"
    assert [line.get("agent") for line in answer["trace"]] == [*CHECKOUT_ROLES, None]
    assert _pattern(answer) == _pattern(run(team_of(settings), settings))


def test_goal_and_facts_of_the_input_are_those_of_the_run(server: Server) -> None:
    facts = load_team("checkout_launch").own_facts or {}
    risky = {**facts, "risk_signals": {**facts["risk_signals"], "critical_incidents": 1}}
    thread = server.new_thread()
    answer = server.run({"goal": "Shall we?", "facts": risky}, thread)
    assert answer["stop_reason"] == "max_rounds_reached"
    assert [entry["conflicts"] for entry in answer["history"]] == [["blocking_vs_non_block"]] * 3
    record = show(settings_at(server.folder / "home"), thread)
    assert record["hashes"] == server.client.threads.get_state(thread)["values"]["case"]["hashes"]  # type: ignore[call-overload]


def test_the_graph_is_drawn_with_every_role_between_convene_and_align(server: Server) -> None:
    drawn: Any = server.client.assistants.get_graph(server.assistant("rounds"))
    edges = {(edge["source"], edge["target"]) for edge in drawn["edges"]}
    assert {(role, "align") for role in CHECKOUT_ROLES} <= edges
    assert {("convene", role) for role in CHECKOUT_ROLES} <= edges
    assert {("align", step) for step in ("convene", "finalize", "stop")} <= edges
    titles = {node["id"]: node.get("metadata", {}).get("title") for node in drawn["nodes"]}
    assert titles["risk_analyst"] == "Risk analyst"
    assert "legal_analyst" not in titles


def test_what_happens_is_streamed_as_custom_events(server: Server) -> None:
    parts = list(server.client.runs.stream(server.new_thread(), "rounds", input={}, stream_mode="custom"))
    events: list[Any] = [part.data for part in parts if part.event == "custom"]
    asked, answered = ([each["role"] for each in events if each["event"] == kind] for kind in ("asked", "answered"))
    assert sorted(asked) == sorted([*CHECKOUT_ROLES, "brief"])
    assert sorted(answered) == sorted(CHECKOUT_ROLES)
    assert [each["event"] for each in events][-3:] == ["round", "asked", "decided"]


def test_the_team_is_named_by_the_configuration_of_a_run_or_of_an_assistant(server: Server) -> None:
    config: Any = {"configurable": {"team": "cold_storage"}}
    by_run = server.run({}, config=config)
    assistant = server.client.assistants.create("rounds", config=config)["assistant_id"]
    by_assistant: Any = server.client.runs.wait(server.new_thread(), assistant, input={})
    assert [line["agent"] for line in by_run["trace"] if "agent" in line] == COLD_STORAGE_ROLES
    assert _pattern(by_assistant) == _pattern(by_run)
    drawn: Any = server.client.assistants.get_graph(assistant)
    assert set(COLD_STORAGE_ROLES) <= {node["id"] for node in drawn["nodes"]}


def test_a_stopped_thread_goes_on_with_a_raised_budget(server: Server) -> None:
    thread = server.new_thread()
    stopped = server.run({"budget": {"max_messages": 2}}, thread)
    assert (stopped["stop_reason"], stopped["phase"]) == ("max_messages", "round_1:risk_analyst")
    assert len(stopped["trace"]) == 2
    done = server.run({"budget": {"max_messages": 9}}, thread)
    assert (done["stop_reason"], done["final_decision"]) == ("success", "go")
    assert [line.get("agent") for line in done["trace"]] == [*CHECKOUT_ROLES, None]


def test_a_finished_thread_gives_its_result_again_but_refuses_another_question(server: Server) -> None:
    thread = server.new_thread()
    first = server.run({}, thread)
    assert _pattern(server.run({}, thread)) == _pattern(first)
    kept = server.client.threads.get_state(thread)
    others: dict[str, dict[str, Any]] = {
        "goal": {"input": {"goal": "Something else?"}},
        "facts": {"input": {"facts": {"region": "EU"}}},
        "team": {"input": {}, "context": {"team": "cold_storage"}},
    }
    for field, other in others.items():
        status, said = server.refusal(f"/threads/{thread}/runs", {"assistant_id": "rounds", **other})
        assert (status, said.partition(": ")[0]) == (422, f"stale_thread:{field}")
    assert server.client.threads.get_state(thread) == kept
    assert _pattern(server.run({}, thread)) == _pattern(first)


def test_a_thread_of_the_server_is_one_for_the_command_line_and_its_calls_are_journaled(server: Server) -> None:
    thread, settings = server.new_thread(), settings_at(server.folder / "home")
    answer = server.run({}, thread)
    record = show(settings, thread)
    assert _pattern(record) == _pattern(answer)
    assert (record["status"], record["thread_id"], record["team"]) == ("ok", thread, "checkout_launch")
    with closing(sqlite3.connect(server.folder / "home" / "accord.sqlite", timeout=30)) as connection:
        kept = connection.execute("SELECT count(*) FROM store WHERE prefix = ?", (f"calls.{thread}",)).fetchone()
    assert kept == (4,)


def test_runs_of_several_threads_at_once_come_to_the_same(server: Server) -> None:
    runs = [server.client.runs.create(server.new_thread(), "rounds", input={}) for _ in range(6)]
    answers: list[Any] = [server.client.runs.join(each["thread_id"], each["run_id"]) for each in runs]
    assert [_pattern(answer) for answer in answers] == [_pattern(answers[0])] * 6
    assert answers[0]["final_decision"] == "go"


def test_the_log_has_no_warning_or_error_of_ours_but_the_refusals(server: Server) -> None:
    """The last test of this server: what all the others left in its log."""
    server.run({})
    assert "Background run succeeded" in {record.get("event") for record in server.log}
    refusals = ("InputRefusedError", "StaleThreadError")
    assert [each for each in complaints(server.log) if not any(word in str(each) for word in refusals)] == []
    assert not any("BlockingError" in str(record) for record in server.log)


def test_with_a_key_the_model_answers_for_the_roles(tmp_path: Path) -> None:
    roles: Script = {role: forever(says("go", "By the model.")) for role in CHECKOUT_ROLES}
    with serve({**roles, "brief": forever(text("Ship it."))}) as model:
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with serve_graph(tmp_path, **environment) as server:
            answers = [server.run({}) for _ in range(2)]
            assert complaints(server.log) == []
    assert [answer["answer"] for answer in answers] == ["Decision: go\n\nShip it."] * 2
    assert [said["summary"] for said in answers[0]["history"][0]["contributions"]] == ["By the model."] * 3
    assert len(model.calls) == 8


OFFLINE = """
import socket, sys
def refuse(*_): raise OSError("the network is closed")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import graph.studio, graph.store.served
assert callable(graph.studio.rounds)
loaded = [name for name in ("langchain_openai", "openai", "psycopg") if name in sys.modules]
assert not loaded, loaded
"""


@pytest.mark.system
def test_what_langgraph_json_names_is_imported_without_a_key_and_without_a_network(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OFFLINE],
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
