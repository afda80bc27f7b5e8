"""What Studio reads of the real `langgraph dev`: assistants, forms, the configuration panel, drawings, streams."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from policies.team.team import PATTERN_NAMES
from tests.server.development import PATIENCE_SECONDS, REPOSITORY, Server, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

FIELDS = {"goal", "facts", "budget", "accept_changes"}
STREAMS = ("values", "updates", "custom", "messages", "messages-tuple", "tasks", "checkpoints", "debug", "events")
LOUD = ("warning", "error", "critical")
BUSY_MACHINE = "Slow graph load"
"""What the server says of a graph that took 100 ms, as any does on a machine at work."""


def shipped() -> dict[str, dict[str, Any]]:
    """Return the shipped teams by name, as their files have them."""
    return {path.stem: YAML(typ="safe").load(path) for path in (REPOSITORY / "graph" / "teams").glob("*.yaml")}


def pattern_in(team: dict[str, Any]) -> str:
    return str(team.get("pattern", "rounds"))


TEAMS = shipped()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a key."""
    with serve_graph(tmp_path_factory.mktemp("server")) as running:
        running.assistant("vendor_review")
        yield running


def schemas_of(server: Server, name: str) -> Any:
    return server.client.assistants.get_schemas(server.assistant(name))


def form_of(server: Server, name: str) -> dict[str, Any]:
    """Return what a form sends that nobody changed."""
    properties = schemas_of(server, name)["input_schema"]["properties"]
    return {field: each["default"] for field, each in properties.items()}


def told(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: answer.get(key) for key in ("stop_reason", "final_decision", "answer", "trace")}


# --- it starts -------------------------------------------------------------------------------------------------------


def test_a_fresh_server_warns_of_nothing(server: Server) -> None:
    loud = [each for each in server.log if each.get("level") in LOUD]
    assert [each for each in loud if BUSY_MACHINE not in str(each.get("event"))] == []


def test_every_shipped_team_has_an_assistant_with_a_fixed_id_on_the_graph_of_its_pattern(
    server: Server, tmp_path: Path
) -> None:
    found = {each["name"]: each for each in server.client.assistants.search(limit=100)}
    for name, team in TEAMS.items():
        assert (found[name]["graph_id"], found[name]["description"]) == (pattern_in(team), team["goal"].strip())
    assert set(found) == {*TEAMS, *PATTERN_NAMES}
    with serve_graph(tmp_path) as another:
        assert another.assistant("cold_storage") == found["cold_storage"]["assistant_id"]


def preflight(server: Server, origin: str) -> tuple[int, dict[str, str]]:
    """Ask as a browser does before a page of this origin may send a request."""
    asked = {"method": "POST", "headers": "content-type,x-auth-scheme"}
    headers = {"Origin": origin, **{f"Access-Control-Request-{name}": value for name, value in asked.items()}}
    request = urllib.request.Request(f"{server.url}/threads", headers=headers, method="OPTIONS")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


def test_a_browser_lets_the_page_of_studio_send_requests_and_no_other_page(server: Server) -> None:
    for origin in ("https://smith.langchain.com", "https://eu.smith.langchain.com"):
        status, headers = preflight(server, origin)
        assert (status, headers["access-control-allow-origin"]) == (204, origin)
        assert "POST" in headers["access-control-allow-methods"]
    status, headers = preflight(server, "https://evil.example")
    assert (status, "access-control-allow-origin" in headers) == (403, False)


# --- forms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TEAMS, *PATTERN_NAMES])
def test_each_field_of_a_form_has_a_title_a_sentence_and_a_whole_example(name: str, server: Server) -> None:
    schemas = schemas_of(server, name)
    form, output = schemas["input_schema"], schemas["output_schema"]["properties"]
    assert set(form["properties"]) == FIELDS
    assert form["additionalProperties"] is False
    for field in form["properties"].values():
        assert field["title"]
        assert field["description"].endswith(".")
        assert field["examples"][0] not in (None, {})
    assert {"stop_reason", "final_decision", "answer", "trace", "history"} <= set(output)


@pytest.mark.parametrize("name", TEAMS)
def test_the_form_of_a_team_has_its_goal_and_its_facts(name: str, server: Server) -> None:
    form = form_of(server, name)
    assert form["goal"] == TEAMS[name]["goal"].strip()
    assert form["facts"] == TEAMS[name].get("facts")


def test_an_empty_input_nulls_and_the_unchanged_form_run_each_teams_own_case(server: Server) -> None:
    started = []
    for name in TEAMS:
        assistant, nulls = server.assistant(name), dict.fromkeys(FIELDS)
        forms: list[Any] = [{}, nulls, {**nulls, "goal": " \n ", "facts": {}, "budget": {}}, form_of(server, name)]
        for given in forms:
            thread = server.new_thread()
            started.append((name, thread, server.client.runs.create(thread, assistant, input=given)["run_id"]))
    answers: dict[str, list[Any]] = {name: [] for name in TEAMS}
    for name, thread, run in started:
        answer: Any = server.client.runs.join(thread, run)
        answers[name].append(told(answer))
    for name, found in answers.items():
        waits = name == "checkout_launch_escalates"  # for people, so that nothing has ended it
        assert found[0]["stop_reason"] == (None if waits else "success"), name
        assert found == [found[0]] * 4, name


def test_facts_that_are_given_are_merged_over_the_teams_own(server: Server) -> None:
    thread = server.new_thread()
    answer = server.run({"facts": {"risk_signals": {"critical_incidents": 1}}}, thread)
    state: Any = server.client.threads.get_state(thread)["values"]
    own = TEAMS["checkout_launch"]["facts"]
    assert answer["stop_reason"] == "max_rounds_reached"
    assert state["case"]["facts"] == {**own, "risk_signals": {**own["risk_signals"], "critical_incidents": 1}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fact": {}}, "`fact` is not part of the input; did you mean `facts`? Allowed: goal, facts, budget, "),
        ({"goal": ["?"]}, "`goal` must be text"),
        ({"facts": [1]}, "`facts` must be a mapping"),
        ({"facts": {"n": 2**60}}, "`facts`: "),
        ({"budget": 3}, "`budget` must be a mapping"),
        ({"budget": {"max_turns": 1}}, "budget.max_turns is not a limit; "),
        ({"budget": {"max_rounds": "x"}}, "budget.max_rounds"),
        ({"goal": "?" * 4_001}, "`goal` must be at most 4000 characters"),
        ([{}], "the input must be an object; allowed: goal, facts, budget, accept_changes"),
    ],
)
def test_an_input_that_cannot_be_taken_is_refused_in_a_sentence_before_a_run_begins(
    given: Any, said: str, server: Server
) -> None:
    thread = server.new_thread()
    status, sentence = server.refusal(f"/threads/{thread}/runs", {"assistant_id": "rounds", "input": given})
    assert status == 422
    assert said in sentence
    assert server.client.runs.list(thread) == []


# --- the configuration panel -----------------------------------------------------------------------------------------


def test_the_panel_offers_the_teams_of_a_graph_the_voices_and_the_limits(server: Server) -> None:
    for pattern in PATTERN_NAMES:
        schemas = schemas_of(server, pattern)
        for panel in (schemas["context_schema"], schemas["config_schema"]):
            team, voice, budget = (panel["properties"][name] for name in ("team", "voice", "budget"))
            teams = {name for name, each in TEAMS.items() if pattern_in(each) == pattern}
            offered = team["anyOf"][0]
            assert set(offered.get("enum", [offered.get("const")])) == teams
            assert voice["anyOf"][0]["enum"] == ["model", "rules"]
            assert {"max_rounds", "max_messages", "max_seconds"} <= set(budget["anyOf"][0]["properties"])


def test_a_run_is_configured_by_its_context(server: Server) -> None:
    def come_to(**context: Any) -> Any:
        return server.run({}, context=context)

    assert come_to(team="cold_storage")["final_decision"] == "go_with_caution"
    assert come_to(budget={"max_messages": 2})["stop_reason"] == "max_messages"
    assert come_to(voice="rules")["final_decision"] == "go"
    assert come_to(team="", voice="", budget={})["final_decision"] == "go"


def test_the_panel_counts_where_the_form_was_left_as_it_was(server: Server) -> None:
    thread, form = server.new_thread(), form_of(server, "rounds")
    other = server.run(form, thread, context={"team": "cold_storage"})
    values: Any = server.client.threads.get_state(thread)["values"]
    case = values["case"]
    assert (case["goal"], case["facts"]) == (TEAMS["cold_storage"]["goal"].strip(), TEAMS["cold_storage"]["facts"])
    assert other["final_decision"] == "go_with_caution"

    short = server.new_thread()
    assert server.run(form, short, context={"budget": {"max_messages": 2}})["stop_reason"] == "max_messages"
    assert server.run(form, short)["stop_reason"] == "max_messages"
    assert server.run({**form, "budget": {**form["budget"], "max_messages": 9}}, short)["final_decision"] == "go"


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"team": "nobody"}, "there is no team `nobody`; allowed: build_or_buy, change_freeze, "),
        ({"team": "cold_storag"}, "there is no team `cold_storag`; did you mean `cold_storage`? Allowed: "),
        ({"team": "/etc/passwd"}, "there is no team `/etc/passwd`; allowed: "),
        ({"team": str(REPOSITORY / "graph/teams/cold_storage.yaml")}, "; allowed: build_or_buy, "),
        ({"team": 3}, "`team` must be text; got 3"),
        ({"voice": "modle"}, "`voice` must be 'model' or 'rules'; got 'modle'"),
        ({"voice": "model"}, "OPENAI_API_KEY is not set, but a model is to answer for "),
        (
            {"budget": {"max_turns": 1}},
            "`context`: `budget.max_turns` is an unknown key; did you mean `max_tokens`? Allowed: max_rounds, ",
        ),
        ({"teams": "cold_storage"}, "`context.teams` is not known; did you mean `team`? Allowed: team, voice, budget"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_in_a_sentence(
    context: dict[str, Any], said: str, server: Server
) -> None:
    run = {"assistant_id": "rounds", "input": {}, "context": context}
    status, sentence = server.refusal(f"/threads/{server.new_thread()}/runs", run)
    assert (status, said in sentence) == (422, True), sentence


def test_an_assistant_of_a_path_is_not_made(server: Server) -> None:
    for field in ({"context": {"team": "/etc/passwd"}}, {"config": {"configurable": {"team": "/etc/passwd"}}}):
        status, sentence = server.refusal("/assistants", {"graph_id": "rounds", **field})
        assert (status, "there is no team `/etc/passwd`" in sentence) == (422, True)


# --- drawings and streams --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_every_node_has_a_title_and_a_sentence_and_every_choice_a_label(pattern: str, server: Server) -> None:
    drawn: Any = server.client.assistants.get_graph(server.assistant(pattern), xray=True)
    nodes = [each for each in drawn["nodes"] if "__" not in each["id"]]
    assert len(nodes) >= 6
    for node in nodes:
        assert node["metadata"]["title"], node
        assert node["metadata"]["description"].endswith((".", "?", "!")), node
    choices = [edge for edge in drawn["edges"] if edge.get("conditional")]
    assert len(choices) >= 8
    for edge in choices:
        assert edge["data"], edge


@pytest.mark.parametrize("mode", STREAMS)
def test_each_way_to_stream_a_run_ends_with_the_decision(mode: Any, server: Server) -> None:
    thread = server.new_thread()
    parts = list(server.client.runs.stream(thread, "rounds", input={}, stream_mode=mode, stream_subgraphs=True))
    state: Any = server.client.threads.get_state(thread)["values"]
    assert state["final_decision"] == "go"
    assert not [part for part in parts if part.event == "error"]
    wanted = {"messages-tuple": "messages"}.get(mode, mode)
    if wanted != "messages":  # the voice `rules` sends no messages
        assert any(part.event.partition("|")[0] == wanted for part in parts), json.dumps([part.event for part in parts])
