"""What a trace never holds: private facts, and of a team that has some, any text; keys; paths of the machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.settings import load_settings
from nodes.voices.voice import Question
from tests.harness import resume, run, scripted, settings_at, team_of
from tests.hostile.command import process
from tests.scripted_server import says, serve, status, text
from tests.tracing.endpoint import LangSmithEndpoint, langsmith, metadata_of
from tests.tracing.stage import KEY, ROLES, script, trace, tracing_at

pytestmark = pytest.mark.slow

SECRET = "CANARY-private-Ada"
OPEN_FACT = "CANARY-fact-gold"
SAID = "CANARY-said"
GOAL = "CANARY-goal"
PRIVATE = "private=[customer.name]"
FACTS: dict[str, Any] = {"report_date": "2026-03-02", "region": OPEN_FACT, "customer": {"name": SECRET, "n": 31337.25}}
CANARIES = ("CANARY", "31337.25")


def assert_masked(endpoint: LangSmithEndpoint) -> None:
    assert endpoint.runs
    everything = endpoint.bytes.decode()
    assert [each for each in CANARIES if each in everything] == []
    assert "(masked)" in everything


def whole_facts(home: Path) -> dict[str, Any]:
    """The facts of the team, with ours."""
    return {**(team_of(settings_at(home)).own_facts or {}), **FACTS}


def said(**changes: Any) -> Any:
    return says("go", SAID, actions=(SAID,), evidence=(SAID,), **changes)


def test_a_run_with_private_facts_shows_names_stances_rounds_and_outcome_alone(tmp_path: Path) -> None:
    answers = {role: [said()] for role in ROLES} | {"brief": [text(SAID)]}
    with langsmith() as endpoint, serve(script(answers)) as model:
        record = trace(tmp_path, endpoint, PRIVATE, url=model.base_url, facts=FACTS, goal=GOAL)

    assert record["status"] == "ok"
    assert SAID in record["answer"]
    assert_masked(endpoint)
    (asked,) = endpoint.named("risk_analyst")
    answer = asked["outputs"]["replies"]["risk_analyst"]["answer"]
    assert (answer["stance"], answer["confidence"], answer["summary"]) == ("go", 0.9, "(masked)")
    assert asked["inputs"]["facts"] == "(masked)"
    assert {"role": "risk_analyst", "outcome": "go", "row": 3, "round": 1}.items() <= metadata_of(asked).items()
    (call,) = endpoint.children(asked)
    assert [each["content"] for each in call["inputs"]["messages"]] == ["(masked)"] * 2
    assert call["outputs"]["usage_metadata"]["input_tokens"] == 100
    assert endpoint.root["outputs"]["final_decision"] == "go"
    assert endpoint.root["outputs"]["answer"] == "(masked)"
    assert "private" in endpoint.root["tags"]


def test_a_team_without_private_facts_is_not_masked(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        trace(tmp_path, endpoint, facts=FACTS | {"customer": {"name": "Bob"}}, goal=GOAL)
    assert OPEN_FACT.encode() in endpoint.bytes
    assert b"(masked)" not in endpoint.bytes


@pytest.mark.parametrize(
    "answer",
    [
        says("go", SAID, confidence=SAID),
        says(SAID),
        text(SAID),
        says("go", SAID, agent=SAID),
        status(400, {"error": {"message": SAID, "type": SAID, "code": SAID}}),
    ],
    ids=["refused", "another stance", "no JSON", "another agent", "failed"],
)
def test_a_refused_or_failed_answer_is_masked(tmp_path: Path, answer: Any) -> None:
    with langsmith() as endpoint, serve(script({"risk_analyst": [answer] * 4})) as model:
        record = trace(tmp_path, endpoint, PRIVATE, url=model.base_url, facts=FACTS)

    assert record["status"] == "stopped"
    assert_masked(endpoint)
    kind = record["stop_reason"].partition(":")[0]
    assert metadata_of(endpoint.root)["stop_reason"].partition(":")[0] == kind


def test_an_error_in_a_node_is_masked(tmp_path: Path) -> None:
    def speech(question: Question) -> Any:
        raise RuntimeError(SAID)

    with langsmith() as endpoint, pytest.raises(RuntimeError):
        trace(tmp_path, endpoint, PRIVATE, facts=whole_facts(tmp_path), voices=scripted(speech))
    assert_masked(endpoint)
    assert endpoint.root["error"].startswith("RuntimeError")


def test_an_error_shows_one_line_and_no_path_of_the_machine(tmp_path: Path) -> None:
    def speech(question: Question) -> Any:
        raise RuntimeError("it broke")

    with langsmith() as endpoint, pytest.raises(RuntimeError):
        trace(tmp_path, endpoint, voices=scripted(speech))
    assert "it broke" in endpoint.root["error"]
    assert str(Path(__file__).parents[2]).encode() not in endpoint.bytes
    assert b".py" not in endpoint.bytes


def test_facts_given_on_resume_are_masked(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        record = trace(tmp_path, endpoint, PRIVATE, facts={"report_date": "2026-03-02"})
        assert record["stop_reason"].startswith("needs_input")
        record = resume(tracing_at(tmp_path, endpoint), facts=whole_facts(tmp_path), accept_changes=True)
    assert record["status"] == "ok"
    assert len(endpoint.roots) == 2
    assert_masked(endpoint)


def test_private_facts_of_a_team_within_mask_the_whole_trace(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        team = team_of(settings_at(tmp_path), "market_entry", "roles.market_team.team.private=[customer.name]")
        facts = {**(team.own_facts or {}), "customer": {"name": SECRET}, "region": OPEN_FACT}
        run(team.model_copy(update={"facts": facts}), tracing_at(tmp_path, endpoint))
    assert_masked(endpoint)


def test_the_command_line_masks_facts_of_a_file_and_posts_no_key_and_no_path(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(json.dumps(whole_facts(tmp_path)))
    (tmp_path / ".env").write_text(f"LANGSMITH_API_KEY={KEY}\nLANGSMITH_PROJECT=launches\n")
    with langsmith() as endpoint:
        env = {
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_ENDPOINT": endpoint.url,
            "LANGSMITH_CANARY": SECRET,
            "ACCORD_HOME": str(tmp_path / "home"),
        }
        done = process(tmp_path, "run", "--set", PRIVATE, "--facts", "facts.json", "--goal", GOAL, "--json", env=env)

    assert done.code == 0, done.err
    assert_masked(endpoint)
    assert {request.headers["x-api-key"] for request in endpoint.posted} == {KEY}
    bodies = b"".join(request.body for request in endpoint.posted)
    for hidden in (KEY, str(tmp_path), str(Path(__file__).parents[2]), "LANGSMITH_"):
        assert hidden.encode() not in bodies
    assert endpoint.root["session_name"] == "launches"


@pytest.mark.parametrize(
    "env",
    [
        {"LANGSMITH_API_KEY": KEY},
        {"LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": KEY},
        {"LANGSMITH_TRACING": "false", "LANGSMITH_TRACING_V2": "true", "LANGSMITH_API_KEY": KEY},
    ],
    ids=["a key alone", "an old name", "another name"],
)
def test_nothing_but_langsmith_tracing_switches_it_on(tmp_path: Path, env: dict[str, str]) -> None:
    with langsmith() as endpoint:
        home = {"ACCORD_HOME": str(tmp_path / "home"), "LANGSMITH_ENDPOINT": endpoint.url}
        done = process(tmp_path, "run", "--json", env={"LANGSMITH_TRACING": "", **home, **env})
    assert done.code == 0, done.err
    assert endpoint.arrived == []


def test_the_settings_of_langsmith_come_from_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGSMITH_TRACING")
    (tmp_path / "env").write_text(f"LANGSMITH_TRACING=true\nLANGSMITH_API_KEY={KEY}\nLANGSMITH_PROJECT=p\n")
    found = load_settings(str(tmp_path / "env"))
    assert (found.langsmith_tracing, found.langsmith_project) == (True, "p")
    assert KEY not in repr(found)
