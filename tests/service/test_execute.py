"""`POST /v1/execute`: what is run, in whose words, and what is refused before anything is stored."""

import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.team.team import PATTERN_NAMES
from tests.service.callers import GO, Meeting, accord, meeting, problem_of

pytestmark = pytest.mark.slow

MARKER = "Zq7-marker-of-a-private-fact"
TEAM = """
name: {name}
title: T
goal: Launch?
sequence: [judge_one, judge_two]
policy: majority
private: [patient]
facts: {{report_date: "2026-01-01", region: EU}}
roles:
  judge_one: {{title: One, mandate: m, {limit}otherwise: {{stance: go, summary: Fine., actions: [Go.]}}}}
  judge_two: {{title: Two, mandate: m, otherwise: {{stance: go, summary: Fine., actions: [Go.]}}}}
"""
FIRST, SECOND, LEAD = "first", "second", "orchestrator"
LED = {name: LEAD for name in ("orchestrator", "hierarchy", "manager")}


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    home = tmp_path_factory.mktemp("execute")
    (home / "clinic.yaml").write_text(TEAM.format(name="clinic", limit=""))
    (home / "limited.yaml").write_text(TEAM.format(name="limited", limit="tenants: [acme], "))
    (home / "accord.toml").write_text('[teams]\nclinic = "clinic.yaml"\nlimited = "limited.yaml"\n')
    with meeting(home) as met:
        for name, preset in ((FIRST, "researcher"), (SECOND, "writer"), (LEAD, "orchestrator"), ("judge", "reviewer")):
            made = met.acme.post("/v1/agents", json={"name": name, "preset": preset, "otherwise": GO})
            assert made.status_code == 201
        yield met


def execute(client: httpx.Client, **asked: Any) -> httpx.Response:
    return client.post("/v1/execute", json={"wait": True, **asked})


def who_answered(record: dict[str, Any]) -> list[str]:
    return [*dict.fromkeys(each["agent"] for each in record["trace"] if "agent" in each)]


def threads_of(met: Meeting) -> set[str]:
    return {each["thread_id"] for each in json.loads(accord(met.home, "list", "--json", "--limit", "1000").stdout)}


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_agents_work_in_each_pattern(met: Meeting, pattern: str) -> None:
    lead = {**LED, "debate": "judge", "vote": FIRST}.get(pattern)
    agents = [FIRST, SECOND, *([] if pattern == "debate" or lead is None else [LEAD])]
    answer = execute(met.acme, goal="G?", pattern=pattern, agents=agents, **({"lead": lead} if lead else {}))
    assert answer.status_code == 200, answer.text
    record = answer.json()
    assert (record["status"], record.get("pattern", "rounds"), record["team"]) == ("ok", pattern, "agents")
    assert who_answered(record)[-1 if pattern == "debate" else 0] == (lead or FIRST)
    assert {FIRST, SECOND} <= {*who_answered(record)}


WORDS = {
    **{"coordinator": "orchestrator", "Sequential": "pipeline", "hierarchical": "hierarchy"},
    **{"collaborative": "workspace", "conversational": "conversation", "manager-worker": "manager"},
    **{"Group Chat": "conversation", "concurrent": "parallel", "voting": "vote", "PIPELINE": "pipeline"},
}


@pytest.mark.parametrize(("word", "pattern"), WORDS.items())
@pytest.mark.parametrize("key", ["coordinator", "strategy", "pattern"])
def test_the_guides_words_mean_a_pattern(met: Meeting, key: str, word: str, pattern: str) -> None:
    record = execute(met.acme, task="G?", agents=[FIRST, SECOND, LEAD], **{key: word}).json()
    assert record["pattern"] == pattern


def test_without_agents_all_that_are_defined_work_as_the_planner_says(met: Meeting) -> None:
    record = execute(met.acme, task="G?").json()
    assert record["pattern"] == "orchestrator"
    assert who_answered(record) == [LEAD, FIRST, SECOND, "judge"]


def test_teams_of_agents_answer_to_a_leader(met: Meeting) -> None:
    teams = {"readers": [FIRST], "writers": [SECOND, "judge"]}
    record = execute(met.acme, task="G?", strategy="hierarchical", agents=[LEAD], teams=teams).json()
    inner = {each["agent"]: each["inner"] for each in record["outputs"] if each["inner"]}
    assert {name: [out["agent"] for out in each["outputs"]] for name, each in inner.items()} == teams


def test_a_team_is_run_as_on_the_command_line(met: Meeting, tmp_path: Path) -> None:
    facts = {"report_date": "2026-03-02", "region": "US", "risk": {"alerts": 0}}
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    asked = ["--goal", "Ship?", "--facts", str(tmp_path / "facts.json"), "--set", "budget.max_rounds=2"]
    ours = json.loads(accord(tmp_path, "run", "checkout_launch", *asked, "--json").stdout)
    theirs = execute(met.acme, team="checkout_launch", goal="Ship?", facts=facts, budget={"max_rounds": 2}).json()
    same = ("status", "stop_reason", "hashes", "history", "outcome", "team")
    assert {key: theirs.get(key) for key in same} == {key: ours.get(key) for key in same}
    kinds = [[each["kind"] for each in record["sources"]] for record in (ours, theirs)]
    assert kinds[0] == kinds[1]


def test_an_accepted_run_is_there_and_ends(met: Meeting) -> None:
    answer = execute(met.acme, team="checkout_launch", wait=False)
    accepted = answer.json()
    thread = accepted["thread_id"]
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/runs/{thread}")
    assert accepted["links"]["events"] == f"/v1/runs/{thread}/events"
    assert thread in threads_of(met)


def test_a_thread_of_ones_own_is_begun_once(met: Meeting) -> None:
    thread = str(uuid.uuid4())
    assert execute(met.acme, team="checkout_launch", thread=thread).json()["thread_id"] == thread
    assert problem_of(execute(met.acme, team="checkout_launch", thread=thread))["status"] == 409
    assert problem_of(execute(met.globex, team="checkout_launch", thread=thread))["status"] == 404
    for wrong in ("last", "x", thread.upper(), f"{thread}\n", "../x", 7):
        assert problem_of(execute(met.acme, team="checkout_launch", thread=wrong))["errors"][0]["field"] == "thread"


def test_private_facts_are_withheld_before_anything_is_stored(met: Meeting) -> None:
    facts = {"region": "EU", "patient": {"name": MARKER}}
    record = execute(met.acme, team="clinic", facts=facts).json()
    assert record["status"] == "ok"
    stored = b"".join(path.read_bytes() for path in met.home.glob("accord.sqlite*") if path.is_file())
    assert record["thread_id"].encode() in stored
    assert MARKER.encode() not in stored
    assert MARKER not in (met.home / "serve.log").read_text()


def test_a_team_that_is_limited_to_tenants_is_refused_to_others_and_leaves_nothing(met: Meeting) -> None:
    assert execute(met.acme, team="limited").status_code == 200
    before = threads_of(met)
    thread = str(uuid.uuid4())
    told = problem_of(execute(met.globex, team="limited", thread=thread))["detail"]
    assert "judge_one" in told
    assert "limited" not in problem_of(execute(met.globex, team="no_such_team"))["detail"]
    assert "limited" in problem_of(execute(met.acme, team="no_such_team"))["detail"]
    assert threads_of(met) == before


def test_an_unknown_pattern_is_told_with_those_there_are(met: Meeting) -> None:
    for given in ({"team": "checkout_launch"}, {"agents": [FIRST]}, {}):
        problem = problem_of(execute(met.acme, goal="G?", pattern="pipelin", **given))
        assert problem["status"] == 400
        assert "did you mean `pipeline`?" in problem["detail"]
        assert all(name in problem["detail"] for name in PATTERN_NAMES)


@pytest.mark.parametrize("team", ["/etc/passwd", "../accord", "clinic.yaml", "file:///etc/passwd", "a" * 80, "é", ""])
def test_a_team_is_never_a_path(met: Meeting, team: str) -> None:
    before = threads_of(met)
    problem = problem_of(execute(met.acme, team=team))
    assert (problem["status"], "there is no team" in problem["detail"]) == (422, True)
    assert not [word for word in ("root:", "judge_one", "teams.clinic") if word in json.dumps(problem)]
    assert threads_of(met) == before


def test_a_file_of_a_team_that_is_there_is_no_team(met: Meeting) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lure = Path(folder, "lure.yaml")
        lure.write_text(TEAM.format(name="lure", limit=""))
        assert len(str(lure)) <= 80
        for asked in ({"team": str(lure)}, {"team": str(lure.with_suffix(""))}, {"team": f"file://{lure}"}):
            problem = problem_of(execute(met.acme, **asked))
            assert (problem["status"], "there is no team" in problem["detail"]) == (422, True)
        assert problem_of(execute(met.acme, goal="G?", agents=[str(lure)]))["status"] == 422
        assert problem_of(execute(met.acme, goal="G?", agents=[FIRST, SECOND], policy=str(lure)))["status"] == 422


REFUSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("there is no such agent", {"goal": "G?", "agents": ["stranger"]}),
    ("there is no such agent", {"goal": "G?", "agents": ["a\u202eb"]}),
    ("there is no such agent", {"goal": "G?", "agents": [FIRST, SECOND], "lead": "stranger"}),
    ("there is no such agent", {"goal": "G?", "pattern": "hierarchy", "teams": {"a": ["stranger"]}}),
    ("`goal` is missing", {"agents": [FIRST]}),
    ("is 'first' again", {"goal": "G?", "pattern": "rounds", "agents": [FIRST, FIRST]}),
    ("takes two or more", {"goal": "G?", "pattern": "debate", "agents": [FIRST, "judge"]}),
    ("`go` can never be reached", {"goal": "G?", "pattern": "rounds", "agents": [FIRST]}),
    ("together with `team`", {"team": "clinic", "agents": [FIRST]}),
    (
        "`teams` is read by hierarchy",
        {"goal": "G?", "pattern": "parallel", "agents": [FIRST], "teams": {"a": [SECOND]}},
    ),
    ("`budget.max_rounds` is 0", {"team": "clinic", "budget": {"max_rounds": 0}}),
    ("`budget.max_round`", {"team": "clinic", "budget": {"max_round": 3}}),
    ("`budget.max_rounds` is 0", {"goal": "G?", "agents": [FIRST, SECOND], "budget": {"max_rounds": 0}}),
    ("is 'magic'; allowed: classic", {"goal": "G?", "pattern": "vote", "policy": "magic"}),
    ("the code of a language", {"goal": "G?", "agents": [FIRST, SECOND], "language": "Klingon"}),
    ("OPENAI_API_KEY is not set", {"team": "clinic", "voice": "model"}),
    ("`goal`", {"goal": "", "agents": [FIRST, SECOND]}),
    ("`goal`", {"goal": "x" * 4_001, "agents": [FIRST, SECOND]}),
    ("`facts.n`", {"team": "clinic", "facts": {"n": 2**60}}),
    ("`facts`", {"team": "clinic", "facts": [1]}),
    ("`task` is an unknown key", {"goal": "G?", "task": "G?"}),
    ("`wait`", {"team": "clinic", "wait": "yes"}),
    ("`agents`", {"goal": "G?", "agents": []}),
    ("`agents`", {"goal": "G?", "agents": ["x"] * 51}),
)


@pytest.mark.parametrize(("told", "asked"), REFUSED, ids=lambda part: str(part)[:60])
def test_what_cannot_run_is_refused_in_a_sentence_and_leaves_nothing(
    met: Meeting, told: str, asked: dict[str, Any]
) -> None:
    thread = str(uuid.uuid4())
    problem = problem_of(execute(met.acme, thread=thread, **asked))
    assert problem["status"] == 422
    assert told in json.dumps(problem, ensure_ascii=False)
    assert execute(met.acme, team="clinic", thread=thread).status_code == 200  # nothing has that id


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        (["budget.max_rounds"], {"budget": {"max_rounds": "3"}}),
        (["budget.max_rounds", "budget.zzz"], {"budget": {"max_rounds": -1, "zzz": 3}}),
        (["budget.max_seconds"], {"budget": {"max_seconds": None}}),
        (["goal"], {"goal": " "}),
    ],
)
def test_each_field_over_a_teams_own_that_is_at_fault_is_named(
    met: Meeting, fields: list[str], asked: dict[str, Any]
) -> None:
    problem = problem_of(execute(met.acme, team="clinic", **asked))
    assert (problem["status"], [each["field"] for each in problem["errors"]]) == (422, fields)
    assert all(each["detail"].startswith(f"`{each['field']}` ") for each in problem["errors"])
    assert problem["detail"].startswith(problem["errors"][0]["detail"])


def test_agents_without_rules_and_without_a_key_are_told_apart_before_they_run(met: Meeting) -> None:
    assert met.globex.post("/v1/agents", json={"name": "mute", "preset": "writer"}).status_code == 201
    problem = problem_of(execute(met.globex, goal="G?", pattern="pipeline", agents=["mute"]))
    assert "the role `mute` has no checks" in problem["detail"]
    assert met.globex.get("/v1/agents/mute/state").json()["status"] == "idle"


def test_a_run_keeps_an_agent_that_is_forgotten(met: Meeting) -> None:
    made = {"name": "leaving", "title": "Leaving", "mandate": "m", "otherwise": GO}
    assert met.acme.post("/v1/agents", json=made).status_code == 201
    thread = execute(met.acme, goal="G?", pattern="pipeline", agents=["leaving"]).json()["thread_id"]
    state = met.acme.get("/v1/agents/leaving/state").json()
    assert (state["status"], state["results"], state["last_run"]["thread_id"]) == ("completed", 1, thread)
    assert met.acme.delete("/v1/agents/leaving").status_code == 204
    assert "leaving" in accord(met.home, "show", thread, "--json").stdout
    assert met.acme.post("/v1/agents", json=made).status_code == 201
    assert met.acme.get("/v1/agents/leaving/state").json()["status"] == "idle"
    assert met.acme.delete("/v1/agents/leaving").status_code == 204


def test_each_answer_is_counted_once_also_of_an_agent_that_is_a_team_of_its_own(met: Meeting) -> None:
    for name in ("counted_one", "counted_two"):
        assert met.acme.post("/v1/agents", json={"name": name, "preset": "coder", "otherwise": GO}).status_code == 201
    agents = [LEAD, "counted_one", "counted_two"]
    for number, pattern in enumerate(("hierarchy", "manager", "parallel"), 1):
        record = execute(met.acme, goal="G?", pattern=pattern, agents=agents).json()
        for name in agents[1:]:
            state = met.acme.get(f"/v1/agents/{name}/state").json()
            assert (state["results"], state["last_run"]["thread_id"]) == (number, record["thread_id"])
    for name in agents[1:]:
        assert met.acme.delete(f"/v1/agents/{name}").status_code == 204


def test_a_refusal_speaks_the_language_of_the_team(met: Meeting) -> None:
    told = problem_of(execute(met.acme, team="checkout_launch_fr", voice="model"))["detail"]
    assert "n'est pas" in told or "n’est pas" in told


def test_a_run_of_agents_speaks_its_language(met: Meeting) -> None:
    answer = execute(met.acme, goal="Go ?", pattern="rounds", agents=[FIRST, SECOND], language="French")
    assert answer.json()["answer"].startswith("Décision")
