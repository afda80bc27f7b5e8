"""The real `langgraph dev` serves every pattern, each as a graph of its own."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.teams.examples import examples
from policies.team.team import PATTERN_NAMES
from tests.harness import run, settings_at, show, team_of
from tests.server.development import REPOSITORY, Server, complaints, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

TOLD = ("stop_reason", "answer", "trace", "history")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a key."""
    with serve_graph(tmp_path_factory.mktemp("server")) as running:
        yield running


def test_there_is_one_graph_for_each_pattern_and_no_other(server: Server) -> None:
    listed = json.loads((REPOSITORY / "langgraph.json").read_text())["graphs"]
    served = {assistant["graph_id"] for assistant in server.client.assistants.search(limit=100)}

    assert set(listed) == set(PATTERN_NAMES) == served
    assert all(each["description"] for each in listed.values())


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_a_pattern_without_a_named_team_runs_its_example_to_the_record_of_the_command_line(
    pattern: Any, server: Server, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    thread = server.new_thread()

    answer = server.run({}, thread, graph=pattern)

    record = run(team_of(settings, examples()[pattern]), settings)
    assert {key: answer[key] for key in TOLD if answer.get(key)} == {key: record[key] for key in TOLD if record[key]}
    assert answer["final_decision"] == record.get("final_decision")
    shown = show(settings_at(server.folder / "home"), thread)
    assert (shown["status"], shown["outputs"]) == ("ok", record["outputs"])


@pytest.mark.parametrize("pattern", ["pipeline", "hierarchy"])
def test_a_team_that_answers_for_a_role_is_drawn_as_a_subgraph(pattern: Any, server: Server) -> None:
    team = team_of(settings_at(server.folder / "nowhere"), examples()[pattern])
    inner = {name: role.team for name, role in team.roles.items() if role.team}

    drawn: Any = server.client.assistants.get_graph(server.assistant(pattern), xray=True)

    nodes = {node["id"] for node in drawn["nodes"]}
    assert inner
    for name, within in inner.items():
        assert {f"{name}:{role}" for role in within.access.enabled} <= nodes


def test_a_team_of_another_pattern_is_refused_with_the_graph_it_runs_on(server: Server) -> None:
    run = {"assistant_id": "rounds", "input": {}, "context": {"team": examples()["debate"]}}

    status, said = server.refusal(f"/threads/{server.new_thread()}/runs", run)

    assert (status, said) == (422, "the team `build_or_buy` works by `debate`; run it on the graph `debate`")


def test_nothing_of_ours_complained(server: Server) -> None:
    assert [each for each in complaints(server.log) if "InputRefusedError" not in json.dumps(each)] == []
