"""What a server tells of a French team is said in French: its form, its drawing and its refusals."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graph.build import build_graph
from graph.past import Past
from graph.problems import UsageError
from graph.serving import Thread, _of_pattern, compiled_to_read
from graph.teams.approval import approved
from graph.teams.forms import configuration_of, input_of
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import check_voices
from graph.web.gate.rights import OPEN, RIGHTS
from graph.web.mounted.requests import (
    admitted_input,
    check_command,
    refuse_configurable,
    refuse_run,
)
from nodes.services import InputRefusedError, Services
from policies.assurance.approval import find_unapproved
from policies.assurance.counterexamples import shown_example
from policies.language import ENGLISH, say, speaking
from tests.harness import load_facts
from tests.languages.pseudo import unsaid

pytestmark = pytest.mark.slow

TEAM = load_team("checkout_launch_fr")
ASKED = "POST GET threads state copy prune ID DELETE"


@pytest.fixture(autouse=True)
def _pseudo(pseudo_spoken: None) -> None:
    """Before all other fixtures."""


def texts_in(schema: Any) -> Iterator[str]:
    """The titles and descriptions of a form, and of all its fields."""
    if isinstance(schema, Mapping):
        yield from (schema[key] for key in ("title", "description") if isinstance(schema.get(key), str))
        for part in schema.values():
            yield from texts_in(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from texts_in(part)


def test_the_form_of_a_team() -> None:
    names = ["checkout_launch_fr", "Input", "Configuration"]
    for form in (input_of(TEAM, {"a": 1}), configuration_of(["checkout_launch_fr"], "checkout_launch_fr")):
        for text in texts_in(form.model_json_schema()):
            assert unsaid(text, names) == []


@pytest.mark.parametrize("name", ["checkout_launch_fr", "market_entry", "vendor_review", "checkout_launch_escalates"])
def test_the_drawing_of_a_team(name: str) -> None:
    team = load_team(name, Changes(settings=["language=fr"]))
    drawing = build_graph(team, Services({}, load_facts)).compile().get_graph()
    roles = [[name, role.title, role.mandate, role.team and role.team.name] for name, role in team.roles.items()]
    for node in drawing.nodes.values():
        told = [value for key, value in (node.metadata or {}).items() if key in ("title", "description")]
        assert unsaid(" ".join(told), roles) == []
    assert unsaid(" ".join(str(edge.data or "") for edge in drawing.edges), roles) == []


def told_by(work: Callable[[], Any]) -> str:
    """What a client is told of a request that is refused."""
    with pytest.raises((UsageError, InputRefusedError)) as refused:
        work()
    return str(refused.value)


def run_of(**kwargs: Any) -> dict[str, Any]:
    return {"thread_id": "t", "kwargs": kwargs}


RUNS = [
    run_of(command={"goto": "x"}),
    {**run_of(), "multitask_strategy": "rollback"},
    run_of(config={"configurable": {"__pregel_x": 1}}),
    run_of(feedback_keys=["x"]),
    run_of(webhook="http://x"),
]
KEPT = "LangSmith LangGraph accord feedback multitask_strategy webhook command goto resume configurable __pregel_x"


@pytest.mark.parametrize("run", RUNS, ids=range(len(RUNS)))
def test_a_run_that_is_refused(run: dict[str, Any]) -> None:
    assert unsaid(refuse_run(run) or "", KEPT, "enqueue reject interrupt", ASKED) == []


SHUT = [right for right in RIGHTS.values() if isinstance(right, str) and right != OPEN]


@pytest.mark.parametrize("why", SHUT)
def test_a_route_that_is_refused(why: str) -> None:
    assert unsaid(say(why, asked="POST /threads/ID"), ASKED) == []


def test_what_langgraph_sets_itself() -> None:
    assert unsaid(refuse_configurable({"checkpoint_ns": "x"}) or "", KEPT, "checkpoint_ns") == []


BEGUN = Past({}, case={"team": TEAM.model_dump(mode="json"), "goal": "-", "facts": {}})
REQUESTS: list[Callable[[], Any]] = [
    lambda: check_command({"resume": 1}, Past(), []),
    lambda: check_command({"resume": None}, BEGUN, []),
    lambda: check_command({"resume": {"0" * 32: 1}}, BEGUN, []),
    lambda: admitted_input(1, TEAM, None, Past()),
    lambda: Thread(BEGUN, "1").refuse_rewriting({"checkpoint_id": "2"}),
    lambda: _of_pattern(TEAM, "vote"),
]


@pytest.mark.parametrize("work", REQUESTS, ids=range(len(REQUESTS)))
def test_a_request_that_is_refused(work: Callable[[], Any]) -> None:
    kept = "command resume goal facts budget accept_changes rounds vote checkout_launch_fr"
    assert unsaid(told_by(work), kept) == []


TEAMS: list[tuple[list[str], str]] = [
    (["roles.risk_analyst.checks=[]", "roles.risk_analyst.otherwise=null"], "risk_analyst rules checks otherwise"),
    (["roles.risk_analyst.voice=own:x", "brief.voice=own:y"], "risk_analyst Python own x y"),
]


@pytest.mark.parametrize(("settings", "data"), TEAMS)
def test_a_team_that_cannot_speak(settings: list[str], data: str) -> None:
    team = load_team("checkout_launch_fr", Changes(settings=[*settings]))
    voiced = {name: role.model_copy(update={"voice": role.voice or "rules"}) for name, role in team.roles.items()}
    team = team.model_copy(update={"roles": voiced})
    for has_key in (True, False):
        assert unsaid(told_by(lambda has_key=has_key: check_voices(team, has_key=has_key)), data) == []  # type: ignore[misc]
    models = {name: role.model_copy(update={"voice": "model"}) for name, role in TEAM.roles.items()}
    asked = TEAM.model_copy(update={"roles": models})
    assert unsaid(told_by(lambda: check_voices(asked, has_key=False)), "OPENAI_API_KEY", list(TEAM.roles)) == []


BACKWARDS = "{name: p, rules: [{when: go > 1, then: no_go}, {when: block > 0, then: go}], otherwise: next_round}"


def test_a_policy_that_is_not_monotone() -> None:
    team = load_team("checkout_launch_fr", Changes(settings=[f"policy={BACKWARDS}"]))
    found = find_unapproved(team, team.budget, None)
    assert found is not None
    examples = [shown_example(each.counterexample, found.titles) for each in found.failing if each.counterexample]
    assert unsaid(told_by(lambda: approved(team)), "p", examples) == []


def test_a_graph_that_is_served_has_the_form_of_its_teams_language(accord_home: Path) -> None:
    with speaking(ENGLISH):
        served = asyncio.run(compiled_to_read(TEAM, {"a": 1}))
    texts = list(texts_in(served.get_input_jsonschema()))
    assert [unsaid(text, "Input", TEAM.name) for text in texts] == [[] for _ in texts]
