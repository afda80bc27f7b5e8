"""The real `langgraph dev` and the command line know each other's threads, also after the server was killed."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.durability.processes import Desk
from tests.harness import CHECKOUT_ROLES
from tests.scripted_server import Script, forever, says, serve, text
from tests.server.development import PATIENCE_SECONDS, Server, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

LISTED = {"graph_id": "rounds", "team": "cold_storage", "tenant": "local"}
"""What the server's list says of a thread of the command line."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a key."""
    with serve_graph(tmp_path_factory.mktemp("server")) as running:
        yield running


def begun_by_command(server: Server, *more: str) -> str:
    """Return a thread of another team than the graph's own, begun on the command line while the server is up."""
    thread = str(uuid.uuid4())
    done = Desk(server.folder).accord("run", "cold_storage", "--thread", thread, "--json", *more)
    assert done.record["thread_id"] == thread
    return thread


def test_a_thread_of_the_command_line_is_in_the_servers_list_with_its_graph_its_team_and_its_state(
    server: Server,
) -> None:
    thread = begun_by_command(server)
    found = [each for each in server.client.threads.search(limit=100) if each["thread_id"] == thread]
    assert [each["metadata"] for each in found] == [LISTED]
    state: Any = server.client.threads.get_state(thread)
    assert (state["next"], state["values"]["final_decision"]) == ([], "go_with_caution")
    assert server.client.threads.search(metadata={"team": "cold_storage"}, limit=100)
    assert server.client.threads.count() >= 1


def test_a_stopped_thread_of_the_command_line_is_resumed_at_the_server_by_its_own_team(server: Server) -> None:
    thread = begun_by_command(server, "--set", "budget.max_messages=2")
    assert server.client.threads.get(thread)["metadata"] == LISTED
    answer = server.run({"budget": {"max_messages": 12}}, thread)
    assert answer["final_decision"] == "go_with_caution"
    shown = Desk(server.folder).accord("show", thread, "--json").record
    assert (shown["team"], shown["final_decision"]) == ("cold_storage", "go_with_caution")


def test_a_thread_of_the_server_is_in_the_list_of_the_command_line(server: Server) -> None:
    thread = server.new_thread()
    server.run({}, thread, context={"team": "cold_storage"})
    listed = json.loads(Desk(server.folder).accord("list", "--json").out)
    (entry,) = [each for each in listed if each["thread_id"] == thread]
    assert (entry["team"], entry["status"], entry["final_decision"]) == ("cold_storage", "ok", "go_with_caution")


def test_what_a_model_said_is_read_at_a_server_that_has_no_key_and_is_not_resumed_there(server: Server) -> None:
    thread = str(uuid.uuid4())
    roles: Script = {role: forever(says("go")) for role in CHECKOUT_ROLES}
    with serve({**roles, "brief": forever(text("Ship it."))}) as model:
        Desk(server.folder, model.base_url).accord("run", "--thread", thread, "--set", "budget.max_messages=2")
    state: Any = server.client.threads.get_state(thread)["values"]
    run = {"assistant_id": "rounds", "input": {"budget": {"max_messages": 12}}}
    refused = server.refusal(f"/threads/{thread}/runs", run)
    assert (state["stop_reason"], len(server.client.threads.get_history(thread, limit=20)) > 1) == (
        "max_messages",
        True,
    )
    assert (refused[0], "OPENAI_API_KEY is not set, but a model is to answer for " in refused[1]) == (422, True)


def test_a_thread_whose_id_is_a_name_is_left_out_of_the_servers_list(server: Server) -> None:
    Desk(server.folder).accord("run", "--thread", "by-name")
    assert "by-name" not in {each["thread_id"] for each in server.client.threads.search(limit=100)}


def test_a_thread_that_was_deleted_does_not_come_back(server: Server) -> None:
    thread = begun_by_command(server)
    assert server.client.threads.get(thread)
    server.client.threads.delete(thread)
    server.client.threads.search(limit=100)
    assert server.refusal(f"/threads/{thread}", None, "GET")[0] == 404


@pytest.mark.system
@pytest.mark.timeout(4 * PATIENCE_SECONDS)
def test_after_a_kill_the_server_knows_its_threads_and_their_teams_by_itself(tmp_path: Any) -> None:
    with serve_graph(tmp_path) as server:
        thread, cut = server.new_thread(), server.new_thread()
        server.run({}, thread, context={"team": "cold_storage"})
        server.run({"budget": {"max_messages": 2}}, cut, context={"team": "cold_storage"})
        server.kill()
    with serve_graph(tmp_path) as server:
        assert (server.client.threads.get(thread)["metadata"] or {})["team"] == "cold_storage"
        assert server.run({}, thread)["final_decision"] == "go_with_caution"
        assert server.run({"budget": {"max_messages": 12}}, cut)["final_decision"] == "go_with_caution"
