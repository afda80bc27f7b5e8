"""What a dossier says of each pattern: plans, results, positions, notes, turns, ballots, and teams within teams."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.past import Past
from graph.report.dossier.cost import cost_of
from graph.report.patterns.layout import graph_of
from graph.report.patterns.plan import waves_of
from graph.report.words import said_reason, said_repair, said_rule
from policies.contracts.table import faults_of, said_check
from policies.patterns.plan import critical_path
from policies.run.stop_table import StopKind
from tests.report.conftest import Telling
from tests.report.works import EVERY, WORKS, raw_team, work

pytestmark = pytest.mark.slow

Plain = dict[str, Any]

PLACE = re.compile(r"\{\w+\}")

VOTES = ("vote", "hostile_vote", "vote_once", "no_quorum", "change_freeze")
UNDECIDED = [name for name in WORKS if name not in VOTES]


def sections_of(name: str, story: Telling) -> dict[str, Plain]:
    return {section["title"]: section for section in story(name).dossier["work"]}


def section_of(name: str, title: str, story: Telling) -> Plain:
    return sections_of(name, story)[title]


@pytest.mark.parametrize(
    ("name", "label", "tone"),
    [
        ("plan", "5 steps done", "done"),
        ("messages", "2 stages done", "done"),
        ("debate", "The optimist wins", "done"),
        ("parallel", "2 of 3 roles answered", "done"),
        ("hierarchy", "2 subtasks answered", "done"),
        ("workspace", "6 notes in 3 iterations", "done"),
        ("conversation", "Completed in 3 turns", "done"),
        *((name, "Stopped", "stopped") for name in ("plan_failed", "debate_refused", "conversation_endless")),
        ("pipeline", "Go", "go"),
        ("vote", "Go with caution", "caution"),
        ("no_quorum", "Waiting", "human"),
    ],
)
def test_a_decision_is_named_an_answer_is_one_and_a_stop_is_a_stop(
    name: str, label: str, tone: str, story: Telling
) -> None:
    verdict = story(name).dossier["verdict"]
    assert (verdict["label"], verdict["tone"]) == (label, tone)


@pytest.mark.parametrize(
    ("name", "sentences"),
    [
        ("plan", ["5 of 5 steps done, in 3 waves."]),
        ("pipeline", ["3 stages in order."]),
        ("parallel", ["3 roles at once, 1 without an answer."]),
        ("debate", ["2 debaters, 3 rounds of positions.", "The judge gave the verdict.", "Ended early: nobody moved."]),
        ("hierarchy", []),
        ("workspace", ["Ended early: nobody added anything."]),
        ("conversation", ["3 turns by 2 roles."]),
        ("vote", ["3 ballots: 2 approve, 1 abstain."]),
        (
            "plan_failed",
            [
                "Step 2 of the plan failed, and the planner may not be asked again.",
                "So far: Planned 2 times. The last plan: 2 of 5 steps done, in 3 waves, 1 failed, 2 not run.",
            ],
        ),
        (
            "plan_refused",
            [
                "The plan broke its contract, and no repair was left: "
                "step 1 names an agent that the team does not have: nobody.",
                "No stage was finished.",
            ],
        ),
        (
            "pipeline_refused",
            ["What The analyst returned broke its contract, and no repair was left.", "So far: 1 stage in order."],
        ),
        ("parallel_stopped", ["The model gave no answer in time.", "So far: 1 role at once."]),
        (
            "debate_refused",
            [
                "The verdict broke its contract, and no repair was left: there is no usable list of reasons.",
                "So far: 2 debaters, 3 rounds of positions.",
            ],
        ),
        (
            "manager_refused",
            [
                "The assignment broke its contract, and no repair was left: "
                "assignment 2 names somebody the team does not have: nobody.",
                "No stage was finished.",
            ],
        ),
        (
            "conversation_endless",
            [
                "Every turn was used, and nobody said the phrase that ends it.",
                "So far: 2 turns by 2 roles.",
            ],
        ),
        (
            "no_quorum",
            [
                "It waits for a decision of anybody who says a name.",
                "So far: 3 ballots: 1 approve, 1 reject, 1 absent.",
            ],
        ),
    ],
)
def test_what_was_done_and_why_it_stopped_is_said_in_sentences(name: str, sentences: list[str], story: Telling) -> None:
    assert story(name).dossier["verdict"]["sentences"] == sentences


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_only_a_vote_has_is_left_out(name: str, story: Telling) -> None:
    dossier = story(name).dossier
    left_out = {key: dossier[key] for key in ("why", "matrix", "conflicts", "flags", "guards", "flips", "powers")}
    assert not any(left_out.values())
    assert dossier["team"]["policy"] is None
    assert dossier["speeches"]["dissent"] + dossier["speeches"]["others"] == []


def test_a_vote_is_explained_like_a_round(story: Telling) -> None:
    dossier = story("vote").dossier
    assert [row["cells"][0]["word"] for row in dossier["matrix"][0]["rows"]] == ["go", "go", "caution"]
    assert (dossier["why"]["row"], dossier["why"]["final"], dossier["why"]["place"]) == (
        "Row 5",
        "Go with caution",
        None,
    )
    assert {flip["outcome"] for flip in dossier["flips"]["stances"]} == {"Go", "No go", "A human decides"}
    assert [power["role"] for power in dossier["powers"]] == ["writer", "analyst", "coder"]


def test_a_vote_is_explained_as_the_only_round_it_was_decided_in(story: Telling) -> None:
    why = story("vote_once").dossier["why"]
    assert (why["row"], why["final"]) == ("Row 1", "Go")
    assert {each["name"]: each["value"] for each in why["readings"]}["round"] == "1"


def test_the_steps_of_a_plan_stand_by_wave_each_with_what_it_waits_for(story: Telling) -> None:
    plan = section_of("plan", "Plan", story)
    told = [[(step["number"], step["agent"], step["needs"]) for step in wave] for wave in plan["waves"]]
    assert told == [
        [(1, "researcher", []), (2, "analyst", [])],
        [(3, "writer", [1, 2]), (5, "analyst", [1])],
        [(4, "reviewer", [3])],
    ]
    assert (plan["planner"], plan["critical"]) == ("planner", "1 → 3 → 4")
    assert plan["waves"][1][0]["text"] == "Done: Write the report."


def test_a_failed_step_blocks_only_what_waits_for_it(story: Telling) -> None:
    first, second = sections_of("plan_failed", story).values()
    for plan in (first, second):
        states = {step["number"]: step["state"] for wave in plan["waves"] for step in wave}
        assert states == {1: "done", 2: "failed", 3: "blocked", 4: "blocked", 5: "done"}
    assert first["title"] == "Plan 1 of 2"
    assert first["waves"][0][1]["fault"] == "The model gave no answer in time"


def test_a_step_that_was_asked_again_stands_as_it_ended(story: Telling) -> None:
    told = story("plan_resumed")
    assert [output["absent"] for output in told.record["outputs"] if output["seat"] == "step_2"] == [
        "llm_timeout",
        None,
    ]
    states = [(step["state"], step["fault"]) for wave in told.dossier["work"][0]["waves"] for step in wave]
    assert states == [("done", None)] * 5
    assert told.dossier["verdict"]["sentences"] == ["5 of 5 steps done, in 3 waves."]


def test_a_long_critical_path_is_told_by_its_ends(story: Telling) -> None:
    plan = section_of("plan_long", "Plan", story)
    assert plan["critical"].startswith("1 → 101 → 102 → ")
    assert plan["critical"].endswith(" → 200 (101 steps)")
    assert plan["is_long"]


def test_the_results_of_a_pipeline_stand_in_order_with_their_fields(story: Telling) -> None:
    items = section_of("pipeline", "Stages", story)["items"]
    assert [(item["number"], item["agent"], item["title"]) for item in items] == [
        (1, "writer", "The writer"),
        (2, "analyst", "The analyst"),
        (3, "team", "The team"),
    ]
    assert items[1]["fields"] == [{"name": "margin_pct", "value": "12.5"}, {"name": "is_ready", "value": "true"}]


def test_who_gave_no_result_says_why(story: Telling) -> None:
    *_, coder = section_of("parallel", "Results", story)["items"]
    assert (coder["agent"], coder["word"], coder["fault"]) == ("coder", "absent", "The model gave no answer in time")


def test_what_was_answered_in_a_stage_that_was_not_finished_is_shown(story: Telling) -> None:
    assert story("parallel_stopped").record["outputs"] == []
    (item,) = section_of("parallel_stopped", "Results", story)["items"]
    assert (item["agent"], item["text"]) == ("writer", "Only this.")


def test_a_debater_that_changed_its_position_is_marked_once(story: Telling) -> None:
    (block,) = section_of("debate", "Positions", story)["blocks"]
    assert block["labels"] == ["opening", "reply 1", "reply 2"]
    moved = {row["agent"]: [cell["has_moved"] for cell in row["cells"]] for row in block["rows"]}
    assert moved == {"optimist": [False, False, False], "sceptic": [False, True, False]}
    verdict = section_of("debate", "Verdict", story)
    assert (verdict["winner"], verdict["decision"], verdict["confidence"]) == ("optimist", "Ship on Monday.", "0.80")


def test_assignments_tell_subtask_result_and_who_is_missing(story: Telling) -> None:
    section = section_of("hierarchy", "Assignments", story)
    assert [(item["agent"], item["task"], item["text"]) for item in section["items"]] == [
        ("north", "Count.", "All of it, in one text."),
        ("south", "Ask.", "All of it, in one text."),
    ]
    assert section["missing"] == [{"agent": "west", "title": "The west", "why": "it was given no subtask"}]
    workers = section_of("manager", "Assignments", story)
    assert [item["agent"] for item in workers["items"]] == ["coder", "writer", "coder"]
    assert workers["missing"] == []


def test_notes_stand_by_iteration_with_what_each_adds(story: Telling) -> None:
    first, second, third = section_of("workspace", "Notes", story)["iterations"]
    assert [note["adds"] for each in (first, second, third) for note in each["notes"]] == [
        *("point 1", "point 1"),
        *("point 2", "point 2"),
        *(None, None),
    ]
    assert first["notes"][0]["artifacts"] == [{"name": "sketch", "content": "+---+\n| a |\n+---+"}]
    assert (first["kind"], third["kind"]) == ("Ideas", "Refinements")


def test_a_conversation_is_a_script(story: Telling) -> None:
    turns = section_of("conversation", "Turns", story)["turns"]
    assert [(turn["number"], turn["agent"], turn["text"]) for turn in turns] == [
        (1, "writer", "Turn 1."),
        (2, "analyst", "Turn 2."),
        (3, "writer", "Agreed.\nTASK_COMPLETE"),
    ]


def test_ballots_are_counted_and_each_has_its_reason(story: Telling) -> None:
    ballots = section_of("no_quorum", "Ballots", story)
    assert (ballots["proposer"], ballots["proposal"]) == ("chair", "Freeze changes in December.")
    assert {each["vote"]: each["count"] for each in ballots["tally"]} == {
        "approve": 1,
        "reject": 1,
        "abstain": 0,
        "absent": 1,
    }
    assert [(each["agent"], each["tone"], each["reason"]) for each in ballots["ballots"]] == [
        ("writer", "go", "writer has a reason."),
        ("analyst", "block", "analyst has a reason."),
        ("coder", "absent", "The model gave no answer in time"),
    ]


def test_a_team_within_is_told_by_its_own_pattern(story: Telling) -> None:
    north, south = section_of("hierarchy", "Assignments", story)["items"]
    assert (north["inner"]["pattern"], north["inner"]["decision"]) == ("rounds", "Go")
    (rounds,) = north["inner"]["sections"]
    assert [row["cells"] for row in rounds["rows"]] == [[{"word": "go", "tone": "go"}]] * 2
    assert [section["kind"] for section in south["inner"]["sections"]] == ["results"]


def test_a_team_within_a_team_within_a_team_is_told(story: Telling) -> None:
    _, crew = section_of("nested", "Stages", story)["items"]
    (assignments,) = crew["inner"]["sections"]
    (north,) = assignments["items"]
    assert [section["kind"] for section in north["inner"]["sections"]] == ["positions", "verdict"]
    assert north["inner"]["sections"][0]["blocks"][0]["rows"][0]["title"] == "The optimist"


def test_messages_are_told_and_a_question_without_an_answer_is_marked(story: Telling) -> None:
    section = section_of("messages", "Messages", story)
    assert section["summary"] == "2 messages between roles, 1 question without an answer."
    told = [(each["from"], each["to"], each["beside"], each["is_open"]) for each in section["messages"]]
    assert told == [
        ("writer", ["analyst"], "question, high", True),
        ("analyst", ["writer"], "note, high", False),
    ]


@pytest.mark.parametrize("name", EVERY)
def test_messages_have_a_section_where_there_are_any(name: str, story: Telling) -> None:
    assert ("Messages" in sections_of(name, story)) == bool(story(name).state.get("messages"))


@pytest.mark.parametrize("name", WORKS)
def test_the_groups_of_the_timeline_are_the_stages(name: str, story: Telling) -> None:
    titles = [group["title"] for group in story(name).dossier["timeline"]]
    last = "Stage 2: ballots" if name == "no_quorum" else "The end"  # it waits for people
    assert (titles[0], titles[-1]) == ("The case", last)
    between = [title for title in titles[1:-1] if title not in ("The end", "Resumed")]
    assert all(re.match(r"Stage \d+", title) for title in between)


def test_an_answer_that_was_refused_names_its_fault(story: Telling) -> None:
    lines = [line for group in story("pipeline_refused").dossier["timeline"] for line in group["lines"]]
    assert [line["rule"] for line in lines if line["what"] == "Refused"] == [
        "there is no usable text [invalid_output:analyst]"
    ] * 2
    assert [line["rule"] for line in lines if line["what"] == "Asked again"] == ["to repair: there is no usable text"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("debate", "Rounds of replies"),
        ("workspace", "Iterations"),
        ("conversation", "Turns"),
        ("crowd", "Rounds"),
    ],
)
def test_the_cost_counts_what_the_pattern_counts(name: str, what: str, story: Telling) -> None:
    assert story(name).dossier["cost"]["rows"][0]["what"] == what


def test_what_is_under_way_is_counted_when_it_ends(story: Telling) -> None:
    for name, said in {"go": "Counted when the round ends.", "conversation": "Counted when the stage ends."}.items():
        told = story(name)
        for status, wanted in {"running": said, "stopped": "No model was called."}.items():
            asked = {**told.record, "usage": {}, "status": status}
            assert cost_of(asked, Past.of(told.state))["calls"] == wanted, name


@pytest.mark.parametrize("kind", ["invalid_plan", "invalid_assignment", "invalid_verdict"])
def test_a_fault_of_a_plan_an_assignment_or_a_verdict_is_said_with_the_end_and_alone(kind: StopKind) -> None:
    for form in faults_of(kind):
        check = PLACE.sub("2", form)
        said = said_check(kind, check)
        noun = kind.removeprefix("invalid_")
        assert said_reason(f"{kind}:{check}", {}) == f"The {noun} broke its contract, and no repair was left: {said}."
        assert said_rule(f"{kind}:{check}") == said_repair(f"{kind}:{check}") == said


@pytest.mark.parametrize("form", faults_of("invalid_output"))
def test_a_fault_of_an_output_is_said_behind_its_role(form: str) -> None:
    check = PLACE.sub("margin_pct", form)
    said = said_repair(f"invalid_output:writer:{check}")
    assert said == said_rule("invalid_output:writer", check) == said_check("invalid_output", check)


@st.composite
def plans(draw: st.DrawFn) -> list[Plain]:
    """Plans without a cycle, of up to sixty steps."""
    count = draw(st.integers(1, 60))
    needs = [draw(st.sets(st.integers(1, max(number - 1, 1)), max_size=4)) for number in range(1, count + 1)]
    return [{"dependencies": sorted(each) if number > 1 else []} for number, each in enumerate(needs, 1)]


@given(plans())
@settings(max_examples=60, deadline=None)
def test_every_plan_is_drawn_low_with_room_between_its_steps(steps: list[Plain]) -> None:
    waves, critical = waves_of(steps), critical_path(steps)
    told = [
        {"number": number, "wave": waves[number], "needs": step["dependencies"], "agent": "writer", "task": "Write.",
         "tone": "none", "state": "open", "word": "not run", "is_critical": number in critical}
        for number, step in enumerate(steps, 1)
    ]  # fmt: skip
    graph = graph_of(told, critical)
    width, height = graph["node"]["width"], graph["node"]["height"]
    places = {node["number"]: (node["x"], node["y"]) for node in graph["nodes"]}
    assert graph["height"] <= 640
    assert all(0 <= x <= graph["width"] - width and 0 <= y <= graph["height"] - height for x, y in places.values())
    for (x, y), (other_x, other_y) in combinations(places.values(), 2):
        assert abs(x - other_x) >= width or abs(y - other_y) >= height
    for number, step in enumerate(steps, 1):
        assert all(places[need][0] + width < places[number][0] for need in step["dependencies"])
    edges = graph["edges"].count("M") + graph["critical_edges"].count("M")
    assert edges == sum(len(step["dependencies"]) for step in steps)


def test_a_role_titled_like_the_brief_is_not_taken_for_it(tmp_path: Path) -> None:
    team = raw_team("pipeline", "writer", roles={"writer": {"title": "brief"}})
    dossier = work(tmp_path, team, lambda _: {"text": "Written."}).dossier
    lines = [line for group in dossier["timeline"] for line in group["lines"]]
    assert [(line["what"], line["role"]) for line in lines if line["what"].startswith("Asked")] == [
        ("Asked", "brief"),
    ]
