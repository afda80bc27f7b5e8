"""The orchestrator in whole runs: a plan, its steps, what each of them sees, and what a failed one means."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import without_times
from tests.patterns.stage import (
    FACTS,
    GOAL,
    MODEL,
    Plain,
    answer,
    go_on,
    output,
    outputs,
    plan,
    play,
    refused,
    seat,
    steps,
    stopped,
    success,
    team_of,
    usage,
)
from tests.scripted_server import delayed, forever, text

pytestmark = pytest.mark.slow

WRITER, CODER, ANALYST = "writer", "coder", "analyst"
"""Against the order of the alphabet, so that who sorts by name is found out."""

AGENTS = {
    "writer": "The writer: Do what a writer does.",
    "coder": "The coder: Do what a coder does.",
    "analyst": "The analyst: Do what a analyst does.",
}
PLAN = (("writer", "Draft."), ("coder", "Code."), ("writer", "Join.", 2, 1))
LINES: Plain = {
    "planner": plan(*PLAN),
    "writer": outputs("A draft.", "Joined."),
    "coder": output("Some code."),
    "brief": text("Ship it on Monday."),
}


def orchestrator(**changes: Any) -> Any:
    return team_of("orchestrator", WRITER, CODER, ANALYST, **changes)


def test_a_plan_is_worked_off_and_a_synthesis_ends_it(tmp_path: Path) -> None:
    played = play(tmp_path, orchestrator(), LINES)
    outputs_told = [
        seat(1, "plan", "plan", {"steps": steps(*PLAN)}, agent="planner", contract="plan"),
        seat(2, "steps", "step_1", {"text": "A draft."}, agent="writer"),
        seat(2, "steps", "step_2", {"text": "Some code."}, agent="coder"),
        seat(3, "steps", "step_3", {"text": "Joined."}, agent="writer"),
    ]
    details = {"plans": [{"steps": steps(*PLAN), "critical_path": [1, 3], "failed": []}]}
    expected = success(played.team, "Ship it on Monday.", outputs_told, usage(5), details=details)
    assert without_times(played.record) == expected
    assert played.asked == {"planner": 1, "writer: Draft.": 1, "coder: Code.": 1, "writer: Join.": 1, "brief": 1}


def test_each_step_sees_its_own_task_and_the_results_it_depends_on_and_no_other(tmp_path: Path) -> None:
    played = play(tmp_path, orchestrator(), LINES)
    assert played.tasks("planner") == [{"agents": AGENTS, "max_steps": 20, "choices": [WRITER, CODER, ANALYST]}]
    assert played.tasks("writer: Draft.") == [{"step": 1, "subtask": "Draft.", "dependencies": []}]
    assert played.tasks("coder: Code.") == [{"step": 2, "subtask": "Code.", "dependencies": []}]
    code = {"step": 2, "agent": "coder", "task": "Code.", "text": "Some code."}
    draft = {"step": 1, "agent": "writer", "task": "Draft.", "text": "A draft."}
    assert played.tasks("writer: Join.") == [{"step": 3, "subtask": "Join.", "dependencies": [code, draft]}]
    users = [call.user for call in played.server.calls if call.role != "brief"]
    assert all((user["goal"], user["shared_context"]) == (GOAL, FACTS) for user in users)
    assert all({*user} == {"goal", "role", "round", "shared_context", "task"} for user in users)


def test_the_synthesis_reads_goal_and_results_alone_and_has_a_model_of_its_own(tmp_path: Path) -> None:
    team = orchestrator(roles={"planner": {"model": "large-1"}}, brief={"model": "fine-1", "language": "French"})
    played = play(tmp_path, team, LINES)
    models = {call.role: call.body["model"] for call in played.server.calls}
    assert models == {"planner": "large-1", "writer": MODEL, "coder": MODEL, "brief": "fine-1"}
    [synthesis] = played.calls("brief")
    texts = zip(PLAN, ("A draft.", "Some code.", "Joined."), strict=True)
    results = [
        {"step": number, "agent": step[0], "task": step[1], "text": told}
        for number, (step, told) in enumerate(texts, 1)
    ]
    assert synthesis.user == {"goal": GOAL, "results": results}
    system = synthesis.body["messages"][0]["content"]
    assert "You are the The planner." in system
    assert "Do what a planner does." in system
    assert "in French" in system
    assert "response_format" not in synthesis.body


@pytest.mark.slow
def test_ready_steps_are_in_flight_together_and_taken_in_step_order_however_they_come_in(tmp_path: Path) -> None:
    late = {"Draft.": 0.9, "Code.": 0.6, "Test.": 0.3}  # the first step is the last to answer
    lines = {
        "planner": plan(("writer", "Draft."), ("coder", "Code."), ("writer", "Test."), ("coder", "Join.", 1, 2, 3)),
        "writer": lambda call: _late(call, late),
        "coder": lambda call: _late(call, late),
        "brief": text("All."),
    }
    played = play(tmp_path, orchestrator(), lines)
    wave = {"writer: Draft.", "coder: Code.", "writer: Test."}
    assert played.most_at_once == 3
    assert {*played.order[1:4]} == wave
    assert {*played.floor.arrivals[3].beside} == wave - {played.order[3]}
    [join] = played.arrivals("coder: Join.")
    assert join.beside == ()
    assert {*join.after} == {"planner", *wave}
    assert [entry["seat"] for entry in played.record["trace"] if "seat" in entry][1:4] == ["step_1", "step_2", "step_3"]
    [synthesis] = played.calls("brief")
    assert [result["text"] for result in synthesis.user["results"]] == ["Draft!", "Code!", "Test!", "Join!"]


def _late(call: Any, seconds: Plain) -> Any:
    subtask = call.user["task"]["subtask"]
    return delayed(output(subtask.replace(".", "!")), seconds.get(subtask, 0.0))


GOOD = {"agent": "writer", "task": "Draft.", "dependencies": []}
BAD_PLANS: dict[str, tuple[Any, str]] = {
    "no steps at all": ([], "empty"),
    "steps that are no list": ("Draft.", "empty"),
    "too many": ([{**GOOD, "task": f"Draft {n}."} for n in range(4)], "too_many_steps"),
    "a step that is no object": ([GOOD, "Code."], "step_2:not_object"),
    "an unknown agent": ([GOOD, {**GOOD, "agent": "lawyer"}], "step_2:unknown_agent:lawyer"),
    "the planner itself": ([{**GOOD, "agent": "planner"}], "step_1:unknown_agent:planner"),
    "no agent": ([{"task": "Draft."}], "step_1:unknown_agent:"),
    "a blank task": ([{**GOOD, "task": " \n"}], "step_1:task"),
    "no task": ([{"agent": "writer"}], "step_1:task"),
    "dependencies that are no list": ([GOOD, {**GOOD, "dependencies": "1"}], "step_2:dependencies"),
    "a dependency that is no number": ([GOOD, {**GOOD, "dependencies": ["1"]}], "step_2:dependencies"),
    "a dependency that is true": ([GOOD, {**GOOD, "dependencies": [True]}], "step_2:dependencies"),
    "a dependency out of range": ([{**GOOD, "dependencies": [2]}], "step_1:dependency_out_of_range"),
    "a dependency counted from zero": ([GOOD, {**GOOD, "dependencies": [0]}], "step_2:dependency_out_of_range"),
    "a step that depends on itself": ([{**GOOD, "dependencies": [1]}], "step_1:depends_on_itself"),
    "the same dependency twice": ([GOOD, {**GOOD, "dependencies": [1, 1]}], "step_2:dependency_twice"),
    "the same step twice": ([GOOD, {**GOOD, "agent": " writer "}], "step_2:same_as_step_1"),
    "a cycle": ([{**GOOD, "dependencies": [2]}, {**GOOD, "task": "B.", "dependencies": [1]}], "step_1:cycle"),
}


@pytest.mark.parametrize(("offered", "check"), BAD_PLANS.values(), ids=BAD_PLANS.keys())
def test_a_plan_that_cannot_run_is_refused_before_anything_of_it_runs(tmp_path: Path, offered: Any, check: str) -> None:
    team = orchestrator(max_repairs=0, options={"max_steps": 3})
    played = play(tmp_path, team, {"planner": answer(steps=offered)})
    reason = f"invalid_plan:{check}"
    raw = {"raw_contribution": {"steps": offered}}
    expected = stopped(played.team, reason, "plan:planner", [], usage(1), resumable=True, **raw)
    assert without_times(played.record) == expected
    assert played.asked == {"planner": 1}
    again = go_on(tmp_path, {"planner": answer(steps=offered)})
    assert (again.record["stop_reason"], again.asked) == (reason, {"planner": 1})


@pytest.mark.parametrize(
    ("said", "check", "raw"),
    [
        ("First draft, then code.", "empty", "First draft, then code."),
        ("[1", "empty", "[1"),
        ('["writer"]', "not_object", ["writer"]),
    ],
)
def test_a_plan_that_is_no_object_is_refused_and_kept_as_it_was_said(
    tmp_path: Path, said: str, check: str, raw: Any
) -> None:
    played = play(tmp_path, orchestrator(max_repairs=0), {"planner": text(said)})
    assert (played.record["stop_reason"], played.record["raw_contribution"]) == (f"invalid_plan:{check}", raw)


def test_a_planner_is_told_what_was_wrong_and_plans_again_at_the_price_of_a_message(tmp_path: Path) -> None:
    bad = plan(("writer", "Draft."), ("lawyer", "Check.", 1))
    played = play(tmp_path, orchestrator(budget={"max_messages": 5}), LINES | {"planner": [bad, plan(*PLAN)]})
    assert [call.user.get("repair") for call in played.calls("planner")] == [
        None,
        {"failed_check": "invalid_plan:step_2:unknown_agent:lawyer"},
    ]
    assert (played.record["status"], played.record["rounds_used"]) == ("ok", 3)
    again = play(tmp_path, orchestrator(), {"planner": forever(bad)}, thread="again")
    assert (again.record["stop_reason"], again.asked) == ("invalid_plan:step_2:unknown_agent:lawyer", {"planner": 2})


BROKEN = (("writer", "Draft."), ("coder", "Code."), ("writer", "Join.", 1), ("analyst", "Count.", 2))


def test_a_failed_step_fails_only_what_depends_on_it_and_a_resume_asks_these_alone(tmp_path: Path) -> None:
    lines = {"planner": plan(*BROKEN), "writer": refused(503), "coder": output("C"), "analyst": output("N")}
    played = play(tmp_path, orchestrator(options={"max_replans": 0}), lines)
    record = played.record
    assert (record["stop_reason"], record["phase"], record["resumable"]) == ("step_failed:1", "step_1:writer", True)
    assert played.asked == {"planner": 1, "writer: Draft.": 3, "coder: Code.": 1, "analyst: Count.": 1}
    assert played.said == {"plan": None, "step_1": "llm_error:503", "step_2": "C", "step_4": "N"}
    assert record["absent"] == [{"round": 2, "role": "writer", "seat": "step_1", "reason": "llm_error:503"}]
    assert record["usage"] == usage(3, calls=6)
    later = go_on(tmp_path, {"writer": outputs("D", "J"), "brief": text("All.")})
    assert (later.record["status"], later.record["answer"]) == ("ok", "All.")
    assert later.order == ["writer: Draft.", "writer: Join.", "brief"]
    [synthesis] = later.calls("brief")
    assert [(each["step"], each["text"]) for each in synthesis.user["results"]] == [
        (1, "D"), (2, "C"), (3, "J"), (4, "N"),
    ]  # fmt: skip
    assert later.record["usage"] == usage(6, calls=9)


def test_of_several_failed_steps_the_first_is_named_and_a_resume_asks_all_of_them(tmp_path: Path) -> None:
    lines = {"planner": plan(*BROKEN), "writer": refused(503), "coder": refused(429)}
    played = play(tmp_path, orchestrator(options={"max_replans": 0}), lines)
    assert (played.record["stop_reason"], played.record["phase"]) == ("step_failed:1", "step_1:writer")
    assert played.said == {"plan": None, "step_1": "llm_error:503", "step_2": "llm_rate_limited"}
    rest = {"writer": outputs("D", "J"), "coder": output("C"), "analyst": output("N"), "brief": text("All.")}
    later = go_on(tmp_path, rest)
    asked = ["analyst: Count.", "brief", "coder: Code.", "writer: Draft.", "writer: Join."]
    assert (later.record["status"], sorted(later.order)) == ("ok", asked)


def test_a_step_that_fails_again_on_resume_stops_again(tmp_path: Path) -> None:
    lines = {"planner": plan(("writer", "Draft.")), "writer": refused(503)}
    play(tmp_path, orchestrator(options={"max_replans": 0}), lines)
    again = go_on(tmp_path, {"writer": refused(429)})
    assert (again.record["stop_reason"], again.asked) == ("step_failed:1", {"writer: Draft.": 3})
    last = go_on(tmp_path, {"writer": output("D"), "brief": text("All.")})
    assert (last.record["status"], last.order) == ("ok", ["writer: Draft.", "brief"])


def test_after_a_failed_step_the_planner_plans_what_is_still_needed(tmp_path: Path) -> None:
    second = (("analyst", "Draft instead."), ("analyst", "Join instead.", 1))
    lines = {
        "planner": [plan(*BROKEN), plan(*second)],
        "writer": text("no object"),
        "coder": output("C"),
        "analyst": outputs("N", "D2", "J2"),
        "brief": text("All."),
    }
    played = play(tmp_path, orchestrator(max_repairs=0), lines)
    completed = [
        {"step": 2, "agent": "coder", "task": "Code.", "text": "C"},
        {"step": 4, "agent": "analyst", "task": "Count.", "text": "N"},
    ]
    failed = [{"step": 1, "reason": "invalid_output:writer", **steps(*BROKEN)[0]}]
    [_, again] = played.tasks("planner")
    told = {"agents": AGENTS, "max_steps": 20, "choices": [WRITER, CODER, ANALYST]}
    assert again == {**told, "completed": completed, "failed": failed}
    assert played.tasks("analyst: Draft instead.") == [
        {"step": 1, "subtask": "Draft instead.", "dependencies": [], "completed": completed}
    ]
    draft = {"step": 1, "agent": "analyst", "task": "Draft instead.", "text": "D2"}
    assert played.tasks("analyst: Join instead.") == [
        {"step": 2, "subtask": "Join instead.", "dependencies": [draft], "completed": completed}
    ]
    [synthesis] = played.calls("brief")
    assert [each["text"] for each in synthesis.user["results"]] == ["C", "N", "D2", "J2"]
    assert played.record["details"]["plans"] == [
        {"steps": steps(*BROKEN), "critical_path": [1, 3], "failed": failed},
        {"steps": steps(*second), "critical_path": [1, 2], "failed": []},
    ]
    assert (played.record["status"], played.record["rounds_used"]) == ("ok", 6)


def test_replanning_ends_where_the_team_file_says_so_with_the_step_of_the_last_plan(tmp_path: Path) -> None:
    plans = [plan(("writer", "Draft.")), plan(("coder", "Code."), ("writer", "Try again."))]
    lines = {"planner": plans, "writer": refused(503), "coder": output("C")}
    played = play(tmp_path, orchestrator(options={"max_replans": 1}), lines)
    assert (played.record["stop_reason"], played.record["phase"]) == ("step_failed:2", "step_2:writer")
    later = go_on(tmp_path, {"writer": output("D"), "brief": text("All.")})
    assert (later.record["status"], later.order) == ("ok", ["writer: Try again.", "brief"])
