"""Manager and hierarchy in whole runs: who is assigned what, who is missing, and who writes the result."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import (
    FACTS,
    GOAL,
    MODEL,
    Lines,
    Plain,
    answer,
    answering,
    assignments,
    by_goal,
    go_on,
    output,
    play,
    refused,
    seat,
    stopped,
    success,
    team_of,
    usage,
)
from tests.scripted_server import delayed, forever, says, status, text

pytestmark = pytest.mark.slow

GIVEN = (("writer", "Draft."), ("coder", "Code."), ("writer", "Polish."))
LINES: Plain = {
    "boss": assignments(*GIVEN),
    "writer": lambda call: output({"Draft.": "A draft.", "Polish.": "Polished."}[call.user["task"]["subtask"]]),
    "coder": output("Some code."),
    "brief": text("Ship it on Monday."),
}
RESULTS = [
    {"agent": "writer", "subtask": "Draft.", "text": "A draft."},
    {"agent": "coder", "subtask": "Code.", "text": "Some code."},
    {"agent": "writer", "subtask": "Polish.", "text": "Polished."},
]
KNOWN, SOUND = "What is known?", "Is it sound?"
TEAMS = (("build", "Judge the code."), ("research", "Find it out."))
TEAM_LINES: Plain = {
    "boss": assignments(*TEAMS),
    "reader": output("It was read."),
    "asker": output("It was asked."),
    "coder": says("go"),
    "tester": says("go"),
    "brief": by_goal({KNOWN: text("Known."), SOUND: text("Sound."), GOAL: text("Ship it.")}),
}


def manager(**changes: Any) -> Team:
    return team_of("manager", "writer", "coder", "analyst", **changes)


def hierarchy(pattern: str = "parallel", **changes: Any) -> Team:
    roles = {
        "research": answering(pattern, "reader", "asker", goal=KNOWN),
        "build": answering("rounds", "coder", "tester", goal=SOUND),
    }
    changes.setdefault("budget", {"max_messages": 40})
    return team_of("hierarchy", "research", "build", roles=roles | changes.pop("roles", {}), **changes)


def told(given: tuple[tuple[str, str], ...]) -> Plain:
    return {"assignments": [{"to": to, "subtask": subtask} for to, subtask in given]}


def test_a_manager_splits_the_task_and_writes_the_result_in_the_order_of_the_assignments(tmp_path: Path) -> None:
    played = play(tmp_path, manager(), LINES)
    outputs_told = [
        seat(1, "assignments", "assignments", told(GIVEN), agent="boss", contract="assignments"),
        seat(2, "workers", "assignment_1", {"text": "A draft."}, agent="writer"),
        seat(2, "workers", "assignment_2", {"text": "Some code."}, agent="coder"),
        seat(2, "workers", "assignment_3", {"text": "Polished."}, agent="writer"),
    ]
    details = {**told(GIVEN), "missing": []}
    expected = success(played.team, "Ship it on Monday.", outputs_told, usage(5), details=details)
    assert without_times(played.record) == expected
    assert played.asked == {"boss": 1, "writer: Draft.": 1, "coder: Code.": 1, "writer: Polish.": 1, "brief": 1}


def test_a_manager_sees_whom_it_may_use_and_a_worker_its_subtask_alone(tmp_path: Path) -> None:
    played = play(tmp_path, manager(options={"max_steps": 7}), LINES)
    agents = {name: f"The {name}: Do what a {name} does." for name in ("writer", "coder", "analyst")}
    asks = {"agents": agents, "once": False, "max_assignments": 7, "choices": ["writer", "coder", "analyst"]}
    assert played.tasks("boss") == [asks]
    for role, subtask in GIVEN:
        [call] = played.calls(f"{role}: {subtask}")
        assert call.user == {
            "goal": GOAL, "role": role, "round": 2, "shared_context": FACTS, "task": {"subtask": subtask},
        }  # fmt: skip
    [synthesis] = played.calls("brief")
    assert synthesis.user == {"goal": GOAL, "results": RESULTS, "missing": []}


MODELS: dict[str, tuple[Plain, str]] = {
    "the lead's own": ({"roles": {"boss": {"model": "large-1"}}}, "large-1"),
    "the brief's, if it has one": ({"roles": {"boss": {"model": "large-1"}}, "brief": {"model": "fine-1"}}, "fine-1"),
    "else the default": ({}, MODEL),
}


@pytest.mark.parametrize(("changes", "model"), MODELS.values(), ids=MODELS.keys())
def test_the_lead_writes_the_result_under_its_own_mandate_with_its_own_model(
    tmp_path: Path, changes: Plain, model: str
) -> None:
    for team, lines in ((manager(**changes), LINES), (hierarchy(**changes), TEAM_LINES)):
        played = play(tmp_path, team, lines, thread=team.name)
        [synthesis] = [call for call in played.calls("brief") if call.user["goal"] == GOAL]
        assert synthesis.body["model"] == model
        assert "You are the The boss.\n\nDo what a boss does." in synthesis.body["messages"][0]["content"]
        others = {call.body["model"] for call in played.server.calls if call.role not in ("boss", "brief")}
        assert others == {MODEL}


@pytest.mark.slow
def test_assignments_are_worked_on_together_and_told_in_their_order_however_they_come_in(tmp_path: Path) -> None:
    late = {"Draft.": 0.9, "Polish.": 0.3}
    writing = {"Draft.": "A draft.", "Polish.": "Polished."}
    lines = LINES | {
        "writer": lambda call: delayed(output(writing[_subtask(call)]), late[_subtask(call)]),
        "coder": delayed(output("Some code."), 0.6),
    }
    played = play(tmp_path, manager(), lines)
    assert played.most_at_once == 3
    assert sorted(len(each.beside) for each in played.floor.arrivals) == [0, 0, 0, 1, 2]
    assert played.calls("brief")[0].user["results"] == RESULTS


def _subtask(call: Any) -> str:
    return str(call.user["task"]["subtask"])


ONE = {"to": "writer", "subtask": "Draft."}
BAD: dict[str, tuple[Any, str]] = {
    "none at all": ([], "empty"),
    "no list": ("writer", "empty"),
    "too many": ([{**ONE, "subtask": f"Draft {n}."} for n in range(4)], "too_many"),
    "one that is no object": ([ONE, "coder"], "assignment_2:not_object"),
    "an unknown worker": ([ONE, {"to": "lawyer", "subtask": "Check."}], "assignment_2:unknown:lawyer"),
    "the manager itself": ([{"to": "boss", "subtask": "Rest."}], "assignment_1:unknown:boss"),
    "nobody": ([{"subtask": "Draft."}], "assignment_1:unknown:"),
    "a blank subtask": ([{"to": "writer", "subtask": " "}], "assignment_1:subtask"),
    "no subtask": ([ONE, {"to": "coder"}], "assignment_2:subtask"),
}


@pytest.mark.parametrize(("offered", "check"), BAD.values(), ids=BAD.keys())
def test_assignments_that_break_their_contract_stop_the_run_before_anybody_works(
    tmp_path: Path, offered: Any, check: str
) -> None:
    played = play(tmp_path, manager(max_repairs=0, options={"max_steps": 3}), {"boss": answer(assignments=offered)})
    reason, raw = f"invalid_assignment:{check}", {"raw_contribution": {"assignments": offered}}
    expected = stopped(played.team, reason, "assignments:boss", [], usage(1), resumable=True, **raw)
    assert without_times(played.record) == expected
    assert played.asked == {"boss": 1}
    again = go_on(tmp_path, {"boss": answer(assignments=offered)})
    assert (again.record["stop_reason"], again.asked) == (reason, {"boss": 1})


def test_a_manager_is_told_what_was_wrong_and_assigns_again(tmp_path: Path) -> None:
    boss = [assignments(("lawyer", "Check.")), assignments(*GIVEN)]
    played = play(tmp_path, manager(), LINES | {"boss": boss})
    assert [call.user.get("repair") for call in played.calls("boss")] == [
        None,
        {"failed_check": "invalid_assignment:assignment_1:unknown:lawyer"},
    ]
    assert (played.record["status"], played.record["usage"]) == ("ok", usage(6))


def test_a_worker_that_fails_stops_the_run_and_is_the_only_one_asked_on_resume(tmp_path: Path) -> None:
    played = play(tmp_path, manager(policy="quorum"), LINES | {"coder": refused(503)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_error:503", "assignment_2:coder")
    later = go_on(tmp_path, {"coder": output("Some code."), "brief": text("Done.")})
    assert (later.record["answer"], later.order) == ("Done.", ["coder: Code.", "brief"])
    assert later.calls("brief")[0].user["results"] == RESULTS


def test_a_worker_that_breaks_its_contract_stops_the_run_with_its_own_name(tmp_path: Path) -> None:
    played = play(tmp_path, manager(), LINES | {"coder": forever(text("Some code."))})
    record = played.record
    assert (record["stop_reason"], record["phase"]) == ("invalid_output:coder", "assignment_2:coder")
    assert (record["raw_contribution"], played.asked["coder: Code."]) == ("Some code.", 2)


def test_a_leader_assigns_to_teams_and_each_team_s_run_is_kept(tmp_path: Path) -> None:
    played = play(tmp_path, hierarchy(), TEAM_LINES)
    record = played.record
    assert (record["status"], record["answer"], record["rounds_used"]) == ("ok", "Ship it.", 2)
    assert "final_decision" not in record
    [_, build, research] = record["outputs"]
    assert (build["answer"], research["answer"]) == ({"text": "Sound.", "decision": "go"}, {"text": "Known."})
    assert [build["inner"][key] for key in ("pattern", "team", "decision")] == ["rounds", "a_rounds", "go"]
    assert [said["agent"] for said in build["inner"]["history"][0]["contributions"]] == ["coder", "tester"]
    assert (build["inner"]["outputs"], research["inner"]["decision"]) == ([], None)
    assert research["inner"]["outputs"] == [
        seat(1, "answers", "reader", {"text": "It was read."}),
        seat(1, "answers", "asker", {"text": "It was asked."}),
    ]
    assert record["details"] == {**told(TEAMS), "missing": []}
    assert record["usage"] == usage(8)
    results = [
        {"agent": "build", "subtask": "Judge the code.", "text": "Sound.", "decision": "go"},
        {"agent": "research", "subtask": "Find it out.", "text": "Known."},
    ]
    [synthesis] = [call for call in played.calls("brief") if call.user["goal"] == GOAL]
    assert synthesis.user == {"goal": GOAL, "results": results, "missing": []}


def test_those_within_a_team_see_its_own_goal_the_run_s_facts_and_what_the_team_is_asked(tmp_path: Path) -> None:
    played = play(tmp_path, hierarchy(), TEAM_LINES)
    task = {"part_of": GOAL, "subtask": "Judge the code."}
    user = played.calls("coder: Judge the code.")[0].user
    assert (user["goal"], user["shared_context"], user["task"]) == (SOUND, FACTS, task)
    [call] = played.calls("reader")
    part = {"part_of": GOAL, "subtask": "Find it out."}
    assert call.user == {
        "goal": KNOWN, "role": "reader", "round": 1, "shared_context": FACTS, "part_of": part, "task": {},
    }  # fmt: skip


def test_a_team_that_was_given_nothing_is_reported_missing_in_the_order_of_the_sequence(tmp_path: Path) -> None:
    played = play(tmp_path, hierarchy(), TEAM_LINES | {"boss": assignments(TEAMS[0])})
    missing = [{"agent": "research", "reason": "not_assigned"}]
    assert played.record["details"] == {**told(TEAMS[:1]), "missing": missing}
    [synthesis] = [call for call in played.calls("brief") if call.user["goal"] == GOAL]
    assert synthesis.user["missing"] == missing
    assert "reader" not in played.asked


def test_a_leader_gives_a_team_at_most_one_assignment(tmp_path: Path) -> None:
    twice = assignments(("build", "Judge the code."), ("build", "Judge it again."))
    played = play(tmp_path, hierarchy(max_repairs=0), {"boss": twice})
    assert played.record["stop_reason"] == "invalid_assignment:assignment_2:again:build"
    [asks] = played.tasks("boss")
    assert (asks["once"], played.asked) == (True, {"boss": 1})


MISSING: dict[str, tuple[Lines, str]] = {
    "a contract that is broken within": ({"coder": forever(says("perhaps"))}, "invalid_contribution:stance"),
    "no decision within its rounds": ({"coder": forever(says("caution")), "tester": forever(says("caution"))}, ""),
    "a provider that fails": ({"coder": refused(503)}, "llm_error:503"),
}


@pytest.mark.parametrize(("lines", "reason"), MISSING.values(), ids=MISSING.keys())
def test_a_team_without_an_answer_is_reported_missing_with_the_reason(
    tmp_path: Path, lines: Lines, reason: str
) -> None:
    played = play(tmp_path, hierarchy(roles=_classic()), {**TEAM_LINES, **lines})
    expected = reason or "max_rounds_reached"
    assert played.record["details"]["missing"] == [{"agent": "build", "reason": expected}]
    assert (played.record["status"], played.record["outputs"][1]["absent"]) == ("ok", expected)


def _classic() -> Plain:
    return {"build": answering("rounds", "coder", "tester", goal=SOUND, policy="classic")}


def test_where_no_team_answers_the_run_stops_and_a_resume_asks_them_again(tmp_path: Path) -> None:
    down = {"coder": refused(503), "reader": refused(429)}
    played = play(tmp_path, hierarchy(), TEAM_LINES | down)
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_error:503", "assignment_1:build")
    assert played.record["details"] == {}
    later = go_on(tmp_path, {key: TEAM_LINES[key] for key in ("coder", "reader", "brief")})
    assert (later.record["status"], later.record["details"]["missing"]) == ("ok", [])
    assert {**later.asked, "brief": 0} == {"coder: Judge the code.": 1, "reader": 1, "brief": 0}


def test_what_holds_for_every_team_stops_a_hierarchy_at_once(tmp_path: Path) -> None:
    played = play(tmp_path, hierarchy(), TEAM_LINES | {"coder": status(401)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_auth", "assignment_1:build")
    assert played.record["resumable"] is True
    later = go_on(tmp_path, {"coder": says("go"), "brief": TEAM_LINES["brief"]})
    assert later.record["status"] == "ok"
    assert {**later.asked, "brief": 0} == {"coder: Judge the code.": 1, "brief": 0}
    assert later.record["usage"] == usage(8, calls=9)
