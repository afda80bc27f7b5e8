"""Composition in whole runs: a team answers for a role, as a subgraph with checkpoints of its own."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.build import build_graph
from graph.store.database import open_database
from nodes.services import Services
from policies.team.team import Team
from tests.harness import load_facts, settings_at
from tests.patterns.stage import (
    FACTS,
    GOAL,
    Plain,
    Played,
    answering,
    assignments,
    by_goal,
    go_on,
    output,
    outputs,
    plan,
    play,
    raw_team,
    refused,
    team_of,
    usage,
    with_budget,
)
from tests.scripted_server import delayed, forever, hangs, says, status, text

pytestmark = pytest.mark.slow

SOUND, KNOWN, DEEP = "Is it sound?", "What is known?", "What lies below?"
LINES: Plain = {
    "writer": output("A draft."),
    "tester": says("go"),
    "legal": says("go"),
    "brief": text("It is sound."),
}


def council(**changes: Any) -> Plain:
    """A role that two others answer for, in rounds."""
    return answering("rounds", "tester", "legal", goal=SOUND, **changes)


def pipeline(**changes: Any) -> Team:
    """A pipeline that ends in a decision by rounds."""
    roles = {"council": council(**changes.pop("inner", {}))}
    return team_of("pipeline", "writer", "council", roles=roles, **changes)


def namespaces(home: Path, thread: str = "t") -> list[str]:
    """The checkpoint namespaces of a thread, sorted; its own is the empty one."""

    async def main() -> set[str]:
        async with open_database(settings_at(home).database) as database:
            found = database.saver.alist({"configurable": {"thread_id": thread}})
            return {each.config["configurable"]["checkpoint_ns"] async for each in found}

    return sorted(asyncio.run(main()))


def test_a_pipeline_may_end_in_a_decision_by_rounds(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(), LINES)
    record = played.record
    assert (record["status"], record["answer"]) == ("ok", "Decision: go\n\nIt is sound.")
    assert (record["final_decision"], record["rounds_used"], record["history"]) == ("go", 2, [])
    [writer, council] = record["outputs"]
    assert (writer["inner"], council["answer"]) == (None, {"text": "It is sound.", "decision": "go"})
    inner = council["inner"]
    assert [inner[key] for key in ("pattern", "team", "decision", "outputs")] == ["rounds", "a_rounds", "go", []]
    assert [said["agent"] for said in inner["history"][0]["contributions"]] == ["tester", "legal"]
    assert record["usage"] == usage(4)
    assert played.asked == {"writer": 1, "tester": 1, "legal": 1, "brief": 1}


def test_those_within_are_given_the_task_above_their_own_goal_and_the_run_s_facts(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(), LINES)
    given = {"part_of": GOAL, "previous": {"agent": "writer", "text": "A draft."}}
    for role in ("tester", "legal"):
        [call] = played.calls(role)
        assert (call.user["goal"], call.user["shared_context"], call.user["task"]) == (SOUND, FACTS, given)
    own = play(tmp_path, pipeline(inner={"facts": {"own": True}}), LINES, thread="own")
    assert [call.user["shared_context"] for call in own.calls("legal")] == [{"own": True}]


def test_a_team_within_has_a_namespace_of_its_seat_for_its_checkpoints(tmp_path: Path) -> None:
    play(tmp_path, pipeline(), LINES)
    assert namespaces(tmp_path) == ["", "council:0.2.council"]


def test_a_team_within_is_visible_as_a_subgraph() -> None:
    drawn = build_graph(nested(), Services({}, load_facts)).compile().get_graph(xray=True)
    within = {node for node in drawn.nodes if node.startswith("group:")}
    assert within >= {"group:scout", "group:deep:digger", "group:deep:align", "group:finalize"}
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    assert ("group:deep:digger", "group:deep:align") in edges


def nested(**changes: Any) -> Team:
    """A team in a team in a team."""
    deep = answering("rounds", "digger", "weigher", goal=DEEP)
    group = answering("parallel", "scout", "deep", goal=KNOWN, roles={"deep": deep})
    return team_of("pipeline", "writer", "group", roles={"group": group}, **changes)


NESTED: Plain = {
    "writer": output("A draft."),
    "scout": output("Scouted."),
    "digger": says("go"),
    "weigher": says("go"),
    "brief": by_goal({DEEP: text("Deep enough."), KNOWN: text("All is known.")}),
}


def test_a_team_may_stand_in_a_team_in_a_team(tmp_path: Path) -> None:
    played = play(tmp_path, nested(), NESTED)
    assert (played.record["answer"], played.record["usage"]) == ("All is known.", usage(6))
    assert namespaces(tmp_path) == ["", "group:0.2.group", "group:0.2.group|deep:0.1.deep"]
    inner = played.record["outputs"][1]["inner"]
    assert [each["answer"]["text"] for each in inner["outputs"]] == ["Scouted.", "Deep enough."]
    assert inner["outputs"][1]["inner"]["decision"] == "go"
    part = {"part_of": GOAL, "previous": {"agent": "writer", "text": "A draft."}}
    assert played.calls("scout")[0].user["part_of"] == part
    assert played.calls("digger")[0].user["task"] == {"part_of": KNOWN}


@pytest.mark.parametrize("code", [503, 429])
def test_a_team_that_stopped_goes_on_inside_however_deep_and_is_counted_once(tmp_path: Path, code: int) -> None:
    played = play(tmp_path, nested(), NESTED | {"weigher": refused(code)})
    reason = {503: "llm_error:503", 429: "llm_rate_limited"}[code]
    assert (played.record["stop_reason"], played.record["phase"]) == (reason, "group")
    assert (played.record["resumable"], played.record["usage"]) == (True, usage(3, calls=6))
    later = go_on(tmp_path, {"weigher": says("go"), "brief": NESTED["brief"]})
    assert later.order == ["weigher", "brief", "brief"]
    assert (later.record["answer"], later.record["usage"]) == ("All is known.", usage(6, calls=9))
    assert namespaces(tmp_path) == ["", "group:0.2.group", "group:0.2.group|deep:0.1.deep"]


def test_a_call_within_that_hangs_stops_the_run_and_is_the_only_one_made_on_resume(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(), LINES | {"legal": forever(hangs(9))}, timeout_seconds=1.0)
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_timeout", "council")
    assert played.record["usage"] == usage(2, calls=5)
    later = go_on(tmp_path, {"legal": says("go"), "brief": LINES["brief"]})
    assert (later.record["final_decision"], later.order) == ("go", ["legal", "brief"])
    assert later.record["usage"] == usage(4, calls=7)


def test_a_synthesis_within_that_fails_is_the_only_call_made_on_resume(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(), LINES | {"brief": status(401)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_auth", "council")
    later = go_on(tmp_path, {"brief": LINES["brief"]})
    assert (later.record["final_decision"], later.order) == ("go", ["brief"])


def test_a_contract_that_is_broken_within_stops_a_pipeline_until_that_seat_alone_is_asked_again(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(), LINES | {"legal": forever(says("perhaps"))})
    record = played.record
    assert (record["stop_reason"], record["phase"]) == ("invalid_contribution:stance", "council")
    assert (record["raw_contribution"]["stance"], record["raw_contribution"]["agent"]) == ("perhaps", "legal")
    assert (record["resumable"], record["usage"]) == (True, usage(4))
    assert [call.user.get("repair") for call in played.calls("legal")] == [
        None,
        {"failed_check": "invalid_contribution:stance"},
    ]
    later = go_on(tmp_path, {"legal": says("go"), "brief": LINES["brief"]})
    assert (later.record["final_decision"], later.order) == ("go", ["legal", "brief"])


STOPS: dict[str, tuple[Plain, Plain, str]] = {
    "no decision in its rounds": ({"policy": "classic", "budget": {"max_rounds": 1}}, {}, "max_rounds_reached"),
    "a role that may not speak": ({"roles": {"legal": {"enabled": False}}}, {}, "agent_denied:legal"),
}


@pytest.mark.parametrize(("inner", "lines", "reason"), STOPS.values(), ids=STOPS.keys())
def test_what_stops_a_team_within_stops_a_pipeline_with_its_reason(
    tmp_path: Path, inner: Plain, lines: Plain, reason: str
) -> None:
    played = play(tmp_path, pipeline(inner=inner), LINES | {"tester": says("caution"), "legal": says("caution")})
    assert (played.record["stop_reason"], played.record["phase"]) == (reason, "council")


def test_raising_the_run_s_rounds_lets_a_team_within_talk_on(tmp_path: Path) -> None:
    lines = LINES | {"tester": says("caution"), "legal": says("caution")}
    play(tmp_path, pipeline(inner={"policy": "classic", "budget": {"max_rounds": 1}}), lines)
    later = go_on(tmp_path, LINES, budget={"max_rounds": 4})
    assert (later.record["final_decision"], sorted(later.order)) == ("go", ["brief", "legal", "tester"])
    assert {call.user["round"] for call in later.calls("legal")} == {2}


def test_a_team_within_is_granted_no_more_messages_than_the_run_has_left(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(budget={"max_messages": 2}), LINES)
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_messages", "council")
    assert played.asked == {"writer": 1, "tester": 1}
    later = go_on(tmp_path, LINES, budget={"max_messages": 3})
    assert (later.record["status"], later.order) == ("ok", ["legal", "brief"])
    assert later.record["usage"] == usage(4)


def test_a_team_within_that_used_its_own_messages_goes_on_when_the_run_s_are_raised(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(inner={"budget": {"max_messages": 1}}), LINES)
    assert (played.record["stop_reason"], played.asked) == ("max_messages", {"writer": 1, "tester": 1})
    later = go_on(tmp_path, LINES, budget={"max_messages": 13})
    assert (later.record["status"], later.order) == ("ok", ["legal", "brief"])


def test_what_a_team_within_does_not_use_is_free_for_those_after_it(tmp_path: Path) -> None:
    team = team_of("pipeline", "council", "writer", roles={"council": council()}, budget={"max_messages": 3})
    played = play(tmp_path, team, LINES)
    assert (played.record["status"], played.record["answer"]) == ("ok", "A draft.")
    tight = play(tmp_path, team_of("pipeline", "council", "writer", roles={"council": council()}, budget={
        "max_messages": 2
    }), LINES, thread="tight")  # fmt: skip
    assert (tight.record["stop_reason"], tight.record["phase"]) == ("max_messages", "writer")
    assert go_on(tmp_path, LINES, "tight", budget={"max_messages": 3}).order == ["writer"]


def test_a_team_within_is_cut_at_the_run_s_deadline_and_goes_on_with_more_time(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(budget={"max_seconds": 1.0}), LINES | {"legal": hangs(9)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_seconds", "council")
    assert 1.0 <= played.record["elapsed_seconds"] < 5.0
    assert go_on(tmp_path).record["stop_reason"] == "max_seconds"
    later = go_on(tmp_path, LINES, budget={"max_seconds": 60})
    assert (later.record["status"], later.order) == ("ok", ["legal", "brief"])


PRICES: Plain = {"gpt-4.1-mini": {"prompt": 3.0, "completion": 5.0}}
SHARES: dict[str, tuple[Plain, Plain, Plain]] = {
    "max_tokens": ({"max_tokens": 2600}, {"max_tokens": 50_000}, {"max_tokens": 90_000}),
    "max_cost": ({"max_cost_usd": 0.01}, {"max_cost_usd": 1.0}, {"max_cost_usd": 2.0}),
}


@pytest.mark.parametrize(("reason", "limits"), SHARES.items(), ids=SHARES.keys())
def test_tokens_and_cost_of_a_team_within_are_cut_to_what_the_run_has_left(
    tmp_path: Path, reason: str, limits: tuple[Plain, Plain, Plain]
) -> None:
    run, own, raised = limits
    team = pipeline(budget=run, prices=PRICES, inner={"budget": own, "prices": PRICES})
    played = play(tmp_path, team, LINES | {"tester": _dear(says("go")), "legal": _dear(says("go"))})
    assert (played.record["stop_reason"], played.record["phase"]) == (reason, "council")
    later = go_on(tmp_path, LINES, budget=raised)
    assert later.record["status"] == "ok"
    assert sorted([*played.order, *later.order]) == ["brief", "legal", "tester", "writer"]


def _dear(answer: Any) -> Any:
    return type(answer)(**{**vars(answer), "usage": (1500, 500)})


PLAN = (("council", "Judge the code."), ("council", "Judge the text."), ("writer", "Join.", 1, 2))


def orchestrator(**changes: Any) -> Team:
    return team_of("orchestrator", "writer", "council", roles={"council": council()}, **changes)


def test_one_team_may_work_on_two_steps_of_one_wave_at_once_each_by_itself(tmp_path: Path) -> None:
    lines = LINES | {
        "planner": plan(*PLAN),
        "tester": forever(delayed(says("go"), 0.6)),
        "legal": forever(delayed(says("go"), 0.6)),
        "brief": forever(text("It is sound.")),
    }
    played = play(tmp_path, orchestrator(budget={"max_messages": 40}), lines)
    assert (played.record["status"], played.record["usage"]) == ("ok", usage(9))
    within = [f"{role}: {step[1]}" for step in PLAN[:2] for role in ("legal", "tester")]
    assert sorted(played.order[1:5]) == sorted(within)
    assert played.most_at_once == 4
    assert namespaces(tmp_path) == ["", "council:0.2.step_1", "council:0.2.step_2"]
    told = {"agent": "council", "text": "It is sound.", "decision": "go"}
    joined = [{"step": number, "task": step[1], **told} for number, step in enumerate(PLAN[:2], 1)]
    assert played.tasks("writer: Join.") == [{"step": 3, "subtask": "Join.", "dependencies": joined}]


def _failing_once(subtask: str) -> Any:
    return lambda call: status(401) if call.user["task"]["subtask"] == subtask else says("go")


def test_of_two_runs_of_one_team_in_a_wave_only_the_one_that_stopped_goes_on(tmp_path: Path) -> None:
    briefs = forever(text("It is sound."))
    lines = LINES | {"planner": plan(*PLAN), "tester": forever(says("go")), "brief": briefs}
    lines |= {"legal": _failing_once("Judge the text.")}
    played = play(tmp_path, orchestrator(budget={"max_messages": 40}), lines)
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_auth", "step_2:council")
    assert played.record["usage"] == usage(5, calls=6)
    later = go_on(tmp_path, {"legal": says("go"), "brief": briefs, "writer": output("Joined.")})
    assert later.order == ["legal: Judge the text.", "brief", "writer: Join.", "brief"]
    assert (later.record["status"], later.record["usage"]) == ("ok", usage(9, calls=10))


def test_a_team_that_fails_its_step_fails_what_depends_on_it_and_the_step_is_asked_again(tmp_path: Path) -> None:
    lines = LINES | {"planner": plan(*PLAN[1:2], ("writer", "Join.", 1)), "legal": refused(503)}
    played = play(tmp_path, orchestrator(options={"max_replans": 0}), lines)
    assert (played.record["stop_reason"], played.record["phase"]) == ("step_failed:1", "step_1:council")
    assert played.said["step_1"] == "llm_error:503"
    again = LINES | {"writer": output("Joined."), "brief": by_goal({SOUND: text("Sound."), GOAL: text("All.")})}
    later = go_on(tmp_path, again)
    assert (later.record["status"], later.record["answer"]) == ("ok", "All.")
    assert later.asked["writer: Join."] == 1
    assert later.record["usage"]["calls"] == len(played.order) + len(later.order)


@pytest.mark.parametrize("pattern", ["manager", "parallel"])
def test_a_team_and_a_role_are_asked_together_and_share_what_messages_are_left(tmp_path: Path, pattern: str) -> None:
    lines = LINES | {"boss": assignments(("council", "Judge."), ("writer", "Draft."))}
    lines |= {"brief": by_goal({SOUND: text("It is sound."), GOAL: text("All.")})}
    lead = pattern == "manager"
    team = team_of(pattern, "writer", "council", roles={"council": council()}, budget={"max_messages": 3 + lead})
    played = play(tmp_path, team, lines)
    assert (played.record["status"], played.record["usage"]) == ("ok", usage(5 + lead))
    told = {each["agent"]: each["answer"] for each in played.record["outputs"][lead:]}
    assert told == {"writer": {"text": "A draft."}, "council": {"text": "It is sound.", "decision": "go"}}
    assert len({each["round"] for each in played.record["outputs"]}) == 1 + lead
    tight = play(tmp_path, with_budget(team, max_messages=2 + lead), lines, thread="tight")
    assert (tight.record["stop_reason"], tight.asked["tester" + ": Judge." * lead]) == ("max_messages", 1)


@pytest.mark.parametrize("pattern", ["pipeline", "parallel", "conversation", "workspace"])
def test_any_pattern_may_answer_for_a_role(tmp_path: Path, pattern: str) -> None:
    changes: Plain = {} if pattern == "pipeline" else {"options": {"synthesis": False}}
    changes |= {"budget": {"max_rounds": 1}} if pattern == "workspace" else {}
    inner = {"team": raw_team(pattern, "tester", "legal", goal=SOUND, **changes)}
    lines = {"writer": output("A draft.")} | {role: outputs_of(pattern) for role in ("tester", "legal")}
    played: Played = play(tmp_path, team_of("pipeline", "writer", "group", roles={"group": inner}), lines)
    assert (played.record["status"], played.record["outputs"][1]["inner"]["pattern"]) == ("ok", pattern)
    assert "Said." in played.record["answer"]


def outputs_of(pattern: str) -> Any:
    said = {"conversation": "Said.\nTASK_COMPLETE"}.get(pattern, "Said.")
    return text('{"content": "Said.", "adds": ""}') if pattern == "workspace" else outputs(said)
