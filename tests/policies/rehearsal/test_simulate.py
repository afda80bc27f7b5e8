"""Estimates are counted on a rehearsed course: how many calls, how many at once, how many one after another."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from policies.contracts.answers import Refusal
from policies.contracts.table import judge
from policies.rehearsal.scene import CourseName
from policies.rehearsal.simulate import at_most, ends_of, rounds_needed, simulate
from policies.rehearsal.timeline import Rehearsal
from policies.team.options import Options
from policies.team.team import PatternName, Team

LEADS = {"orchestrator": "lead", "debate": "lead", "hierarchy": "lead", "manager": "lead", "vote": "lead"}
TABLE = {
    "name": "votes",
    "rules": [
        {"when": "block >= 2", "then": "no_go"},
        {"when": "block == 1", "then": "next_round"},
        {"when": "go >= 2 && caution == 0", "then": "go"},
    ],
    "otherwise": "next_round",
    "when_rounds_end": "stop",
}
COURSES: tuple[CourseName, ...] = ("shortest", "longest", "fullest", "failing")


def role(**changes: Any) -> dict[str, Any]:
    return {"title": "A role", "mandate": "Do it.", **changes}


def team_of(pattern: str, *sequence: str, roles: Mapping[str, Any] | None = None, **changes: Any) -> Team:
    lead = {"lead": LEADS[pattern]} if pattern in LEADS else {}
    known = {name: role() for name in (*sequence, *lead.values())}
    raw = {"name": "a_team", "title": "A team", "goal": "Do it.", "pattern": pattern, "policy": TABLE}
    return Team.model_validate({**raw, "sequence": [*sequence], **lead, "roles": {**known, **(roles or {})}, **changes})


def within(pattern: str, *sequence: str, **changes: Any) -> dict[str, Any]:
    return role(team=team_of(pattern, *sequence, **changes).model_dump(mode="json"))


def waves(team: Team, course: CourseName = "shortest") -> list[int]:
    return [*simulate(team, {}, course).waves]


@pytest.mark.parametrize(
    ("pattern", "shortest", "longest", "most"),
    [
        ("rounds", [3, 1], [3, 3, 3, 1], 19),
        ("orchestrator", [1, 3, 1], [1, 1, 1, 1, 1], 85),
        ("pipeline", [1, 1, 1], [1, 1, 1], 6),
        ("parallel", [3, 1], [3, 1], 7),
        ("debate", [3, 3, 1], [3, 3, 3, 3, 1], 26),
        ("manager", [1, 3, 1], [1, 3, 1], 43),
        ("workspace", [3, 3, 1], [3, 3, 3, 1], 19),
        ("conversation", [1, 1], [1] * 11, 21),
        ("vote", [1, 3], [1, 3], 8),
    ],
)
def test_each_pattern_takes_its_calls(pattern: str, shortest: list[int], longest: list[int], most: int) -> None:
    team = team_of(pattern, "a", "b", "c")

    assert (waves(team), waves(team, "longest"), at_most(team, {})) == (shortest, longest, most)


@pytest.mark.parametrize("pattern", ["rounds", *PatternName.__args__[1:]])  # type: ignore[attr-defined]
@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("length", [0, 60_000])
def test_made_up_answers_pass_their_contracts(pattern: str, course: CourseName, length: int) -> None:
    inner = {"roles": {"a": within("parallel", "x"), "b": within("vote", "x", "y")}} if pattern == "hierarchy" else {}
    fields = {"a": role(fields={"one": "text", "two": "number", "three": "boolean", "four": "list"})}
    team = team_of(pattern, "a", "b", **{"roles": fields, **inner})

    for stage in simulate(team, {}, course, length).stages:
        for each in stage.asked:
            said = None if each.answer is None else dict(each.answer)
            held = judge(said, each.task, team)
            assert isinstance(held, Refusal) is (said is None), (each.task, held)


@pytest.mark.parametrize(
    ("pattern", "changes", "reason"),
    [
        ("rounds", {}, "max_rounds_reached"),
        ("rounds", {"policy": {**TABLE, "when_rounds_end": "escalate"}}, "escalated"),
        ("rounds", {"policy": {"name": "always", "rules": [], "otherwise": "go"}}, None),
        ("orchestrator", {}, "step_failed:1"),
        ("parallel", {}, None),
        ("conversation", {}, "max_turns_reached"),
        ("vote", {}, "no_quorum"),
    ],
)
def test_what_comes_to_nothing_ends_with_its_reason(pattern: str, changes: Any, reason: str | None) -> None:
    assert ends_of(team_of(pattern, "a", "b", **changes), {}) == reason


@pytest.mark.parametrize(
    ("pattern", "sees"),
    [
        ("rounds", {"a": ["b", "c"], "b": ["a", "c"], "c": ["a", "b"], "brief": ["a", "b", "c"]}),
        ("orchestrator", {"lead": [], "a": ["lead"], "b": ["lead", "a"], "c": ["lead", "b"]}),
        ("pipeline", {"a": [], "b": ["a"], "c": ["b"]}),
        ("parallel", {"a": [], "b": [], "c": [], "brief": ["a", "b", "c"]}),
        ("debate", {"a": ["b", "c"], "b": ["a", "c"], "c": ["a", "b"], "lead": ["a", "b", "c"]}),
        ("manager", {"lead": [], "a": ["lead"], "b": ["lead"], "c": ["lead"], "brief": ["lead", "a", "b", "c"]}),
        ("vote", {"lead": [], "a": ["lead"], "b": ["lead"], "c": ["lead"]}),
    ],
)
def test_who_sees_whom_is_what_stands_in_the_questions(pattern: str, sees: dict[str, list[str]]) -> None:
    found = simulate(team_of(pattern, "a", "b", "c"), {}, "longest").sees

    assert {reader: found[reader] for reader in sees} == sees


def test_a_conversation_shows_the_turns_before() -> None:
    team = team_of("conversation", "a", "b", "c", "d", "e")

    assert simulate(team, {}, "longest").sees["e"] == ["b", "c", "d"]


def test_a_planners_own_plan_is_the_one_that_is_rehearsed() -> None:
    steps = [{"agent": "a", "task": f"Step {each}.", "dependencies": [1] if each > 1 else []} for each in (1, 2, 3)]
    otherwise = {"stance": "go", "summary": "Plan.", "actions": ["Plan."], "reply": {"steps": steps}}
    planned = team_of("orchestrator", "a", "b", roles={"lead": role(otherwise=otherwise)})
    broken = team_of("orchestrator", "b", "c", roles={"lead": role(otherwise=otherwise)})
    silent = team_of("orchestrator", "b", "c", roles={"lead": role(otherwise={**otherwise, "reply": None})})

    assert waves(planned) == waves(planned, "longest") == [1, 1, 2, 1]
    assert waves(broken) == waves(silent) == [1, 2, 1]


def test_no_more_steps_and_assignments_are_made_up_than_allowed() -> None:
    two = {"options": Options(max_steps=2).model_dump()}

    assert [waves(team_of(pattern, "a", "b", "c", **two)) for pattern in ("orchestrator", "manager")] == [[1, 2, 1]] * 2
    assert waves(team_of("manager", "a", "b", "c", **two), "fullest") == [1, 2, 1]


def test_a_team_within_works_inside_the_stage_of_its_seat() -> None:
    debate = within("debate", "x", "y", budget={"max_rounds": 1})
    team = team_of("parallel", "a", "d", roles={"d": debate}, budget={"max_messages": 100})
    course = simulate(team, {})

    assert [[*stage.waves] for stage in course.stages] == [[3, 2, 1]]
    assert (course.calls, course.messages, course.latency, course.at_once) == (7, 6, 4, 3)
    assert course.sees == {"a": [], "d": [], "brief": ["a", "d"]}
    assert at_most(team, {}) == 2 + 2 * 5 + 1


def test_teams_wait_where_their_shares_do_not_fit_beside_each_other() -> None:
    roles = {"d": within("parallel", "x"), "e": within("parallel", "y")}
    fits, waits, fails = (
        team_of("parallel", "d", "e", roles=roles, budget={"max_messages": most}) for most in (24, 12, 1)
    )

    assert [waves(team) for team in (fits, waits, fails)] == [[2, 2, 1], [1, 1, 1, 1, 1], [2, 2, 1]]
    assert [len(simulate(team, {}).stages[0].groups) for team in (fits, waits, fails)] == [1, 2, 1]


def test_a_plain_seat_beside_the_last_team_is_asked_with_it() -> None:
    roles = {"d": within("parallel", "x"), "e": within("parallel", "y")}
    team = team_of("parallel", "d", "e", "a", roles=roles, budget={"max_messages": 14})

    assert [[each.task.role for each in group] for group in simulate(team, {}).stages[0].groups] == [["d"], ["e", "a"]]


def test_the_costliest_team_is_what_a_full_plan_asks() -> None:
    team = team_of("orchestrator", "a", "d", roles={"d": within("parallel", "x", "y")}, options={"max_steps": 2})

    assert at_most(team, {}) == 2 * (2 + 2 * 5) + 1
    assert at_most(team_of("hierarchy", "d", roles={"d": within("parallel", "x", "y")}), {}) == 2 + 5 + 1


@pytest.mark.parametrize(
    ("pattern", "phrase", "stages", "reason"),
    [("pipeline", "``` done", 1, "max_turns_reached"), ("orchestrator", "``` done", 4, "step_failed:1")],
)
def test_a_team_within_that_can_never_end_ends_the_run_where_a_run_would(
    pattern: str, phrase: str, stages: int, reason: str
) -> None:
    endless = within("conversation", "x", "y", options={"phrase": phrase})
    course = simulate(team_of(pattern, "d", "a", roles={"d": endless}), {})

    assert (len(course.stages), getattr(course.end, "reason", None), course.brief) == (stages, reason, None)


def test_a_team_that_reaches_no_decision_is_missing_or_stops_the_run() -> None:
    undecided = {"name": "ask", "rules": [], "otherwise": "escalate"}
    lost = within("rounds", "x", "y", policy=undecided)
    team = team_of("parallel", "d", "a", roles={"d": lost}, policy={**TABLE, "on_absent": "count"})
    endless = within("conversation", "x", "y", options={"phrase": "~~~"})

    assert getattr(simulate(team, {}).end, "reason", None) == "escalated"
    assert simulate(team.model_copy(update={"roles": {**team.roles, "d": endless_of(endless)}}), {}).calls == 12


def endless_of(raw: dict[str, Any]) -> Any:
    return team_of("parallel", "d", roles={"d": raw}).roles["d"]


def test_a_team_within_hands_on_its_decision() -> None:
    team = team_of("pipeline", "d", "a", roles={"d": within("rounds", "x", "y")})

    assert [(each.answer or {}).get("decision") for each in asked(simulate(team, {}))] == ["go", None]


def asked(course: Rehearsal) -> Sequence[Any]:
    return [each for stage in course.stages for each in stage.asked]


def test_a_team_within_works_on_its_own_facts_where_it_has_some() -> None:
    guard = {"name": "fraud", "fact": "rate", "at_least": 0.5, "cap": "no_go"}
    own, given = (within("rounds", "x", "y", guards=[guard], **facts) for facts in ({"facts": {"rate": 0.9}}, {}))
    decisions = [
        asked(simulate(team_of("pipeline", "d", roles={"d": inner}), {"rate": 0.1}))[0].answer["decision"]
        for inner in (own, given)
    ]

    assert decisions == ["no_go", "go"]


@pytest.mark.parametrize(
    ("pattern", "changes", "needed"),
    [
        ("workspace", {"budget": {"max_rounds": 1}}, 2),
        ("workspace", {}, None),
        ("debate", {"budget": {"max_rounds": 1}}, None),
        ("rounds", {"budget": {"max_rounds": 1}}, None),
        pytest.param(
            "rounds",
            {"budget": {"max_rounds": 2, "min_go_votes": 9}, "policy": {**TABLE, "rules": []}},
            None,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_rounds_that_even_the_shortest_course_takes_are_told(pattern: str, changes: Any, needed: int | None) -> None:
    assert rounds_needed(team_of(pattern, "a", "b", **changes), {}) == needed


# --- the rounds ------------------------------------------------------------------------------------------------------


def test_a_policy_that_always_decides_takes_one_round() -> None:
    assert waves(team_of("rounds", "a", "b", policy={"name": "x", "rules": [], "otherwise": "go"}), "longest") == [2, 1]


def test_a_role_that_the_policy_convenes_joins_from_the_next_round() -> None:
    joins = {**TABLE, "rules": [{"when": "block == 1", "then": "next_round", "convene": "c"}, *TABLE["rules"][2:]]}
    team = team_of("rounds", "a", "b", roles={"c": role()}, policy=joins)

    assert [waves(team, course) for course in ("longest", "fullest")] == [[2, 3, 3, 1]] * 2


def test_guards_that_lowered_the_decision_are_told_to_the_writer() -> None:
    guard = {"name": "fraud", "fact": "rate", "at_least": 0.5, "cap": "go_with_caution"}
    team = team_of("rounds", "a", "b", guards=[guard])
    ends = [simulate(team, {"rate": rate}, course).end for rate in (0.9, 0.1) for course in ("shortest", "fullest")]

    assert [(end.decision, end.details["guards"]) for end in ends] == [  # type: ignore[union-attr]
        ("go_with_caution", ["fraud"]),
        ("go_with_caution", ["fraud"]),
        ("go", []),
        ("go", []),
    ]


def test_the_fullest_course_of_a_policy_that_never_decides_is_counted_to_its_end() -> None:
    team = team_of("rounds", "a", "b", policy={"name": "ask", "rules": [], "otherwise": "escalate"})

    assert waves(team) == [2]
    assert waves(team, "fullest") == [2, 2, 2, 1]


def test_a_brief_whose_numbers_are_grounded_may_be_asked_for_twice_unless_rules_write_it() -> None:
    at_mosts = [
        at_most(team_of("rounds", "a", "b", ground=ground, brief={"voice": voice}, budget={"max_messages": 40}), {})
        for ground, voice in ((False, "model"), (True, "model"), (True, "own:writer"), (True, "rules"))
    ]
    first = at_mosts[0]
    assert at_mosts == [first, first + 1, first + 1, first]


CHECK = {"samples": 5, "max_flip_rate": 0.2, "max_messages": 15}


def test_a_check_is_asked_all_at_once_before_the_brief_and_has_messages_of_its_own() -> None:
    team = team_of("rounds", "a", "b", "c", stability=CHECK)
    assert (waves(team), waves(team, "longest")) == ([3, 15, 1], [3, 3, 3, 15, 1])
    course = simulate(team, {})
    assert (course.calls, course.messages) == (19, 3)
    assert [stage.label for stage in course.opened] == ["round 1", "asked again"]


def test_a_check_asks_nobody_twice_whom_people_answer_for() -> None:
    roles = {"b": role(voice="human")}
    assert waves(team_of("rounds", "a", "b", "c", roles=roles, stability=CHECK)) == [3, 10, 1]


@pytest.mark.parametrize(("otherwise", "most"), [("escalate", 19 + 3 * 15), ("stop", 19 + 15)])
def test_each_round_may_be_checked_where_people_let_the_team_talk_on(otherwise: str, most: int) -> None:
    assert at_most(team_of("rounds", "a", "b", "c", stability={**CHECK, "otherwise": otherwise}), {}) == most


def test_a_course_without_a_decision_checks_nothing() -> None:
    stops = {**TABLE, "rules": []}
    course = simulate(team_of("rounds", "a", "b", "c", stability=CHECK, policy=stops), {})
    assert (course.check, course.calls) == (None, 9)
