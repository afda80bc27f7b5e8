"""What a team says of its policy, guards and private facts, and what the three must keep between them."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from graph.teams.policies import shipped_policies
from policies.decision.guards import Guard
from policies.decision.table import Policy, Row, Waiver
from policies.team.rules import Path, Problem, parse_policy, parse_team, warnings_of
from policies.team.team import Team
from tests.policy_files import raw_policy

ROLE = {"title": "Planner", "mandate": "Judge the plan."}
CHECK = {"when": "facts.staff < 4", "stance": "block", "summary": "Too few.", "actions": ["Call in."]}
CHECKED = {**ROLE, "checks": [CHECK], "otherwise": {key: CHECK[key] for key in ("stance", "summary", "actions")}}
RAW: dict[str, Any] = {
    "name": "night_shift",
    "title": "Night shift",
    "goal": "Open the second line tonight?",
    "sequence": ["planner", "safety_officer"],
    "roles": {"planner": CHECKED, "safety_officer": ROLE, "auditor": ROLE, "doctor": {**ROLE, "enabled": False}},
    "policy": raw_policy(),
}
GUARD = {"name": "staff", "fact": "staff", "below": 4, "cap": "no_go"}


def parsed(**changes: Any) -> Team | list[Problem]:
    return parse_team({**RAW, **changes})


def problems_of(**changes: Any) -> list[Problem]:
    found = parsed(**changes)
    assert isinstance(found, list)
    return found


def team_of(**changes: Any) -> Team:
    team = parsed(**changes)
    assert isinstance(team, Team), team
    return team


def policy_of(*rows: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "made_up", "rules": list(rows), "otherwise": "next_round", **more}


def row(when: str, then: str = "go", **more: Any) -> dict[str, Any]:
    return {"when": when, "then": then, **more}


# --- the policy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_policies())
def test_every_shipped_policy_can_be_a_team_s_own(name: str) -> None:
    team = team_of(policy=raw_policy(name))

    assert (team.policy.name, warnings_of(team)) == (name, [])


WRONG: list[tuple[dict[str, Any], Path, str]] = [
    (
        policy_of(row("go > nope")),
        ("rules", 0, "when"),
        "is 'go > nope': the condition cannot be read: `nope` is unknown here, at character ",
    ),
    (policy_of(row("go > 1", "maybe")), ("rules", 0, "then"), "is 'maybe'; allowed: 'go', 'go_with_caution', 'no_go'"),
    (policy_of(otherwise="stop"), ("otherwise",), "is 'stop'; allowed: 'go', 'go_with_caution', 'no_go'"),
    (policy_of(when_rounds_end="go"), ("when_rounds_end",), "is 'go'; allowed: 'escalate', 'no_go' or 'stop'"),
    (policy_of(on_absent="fill"), ("on_absent",), "is 'fill'; allowed: 'stop' or 'count'"),
    ({"name": "made_up"}, ("rules",), "is missing"),
    (policy_of(name="Made up"), ("name",), "is 'Made up'; allowed: "),
    (
        policy_of(row("true", "go", convene="auditor")),
        ("rules", 0),
        "is {'when': 'true', 'then': 'go', 'convene': 'auditor'}: `convene` goes with `then: next_round` alone",
    ),
]


@pytest.mark.parametrize(("policy", "path", "message"), WRONG)
def test_a_wrong_policy_is_named_with_its_path_and_what_is_allowed(
    policy: dict[str, Any], path: Path, message: str
) -> None:
    (in_team,) = problems_of(policy=policy)
    found = parse_policy(policy)
    assert isinstance(found, list)
    (alone,) = found

    assert (in_team.path, alone.path) == (("policy", *path), path)
    assert in_team.message == alone.message
    assert alone.message.startswith(message)


@pytest.mark.parametrize(
    ("policy", "path", "model"),
    [
        (policy_of(mood=1), (), Policy),
        (policy_of(row("true", mood=1)), ("rules", 0), Row),
        (policy_of(accept=[{"property": "total", "because": "x", "mood": 1}]), ("accept", 0), Waiver),
    ],
)
def test_an_unknown_key_of_a_policy_comes_with_those_that_are_allowed_there(
    policy: dict[str, Any], path: Path, model: type[BaseModel]
) -> None:
    allowed = tuple(model.model_fields)

    assert problems_of(policy=policy) == [Problem(("policy", *path, "mood"), "is an unknown key", allowed)]
    assert parse_policy(policy) == [Problem((*path, "mood"), "is an unknown key", allowed)]


@pytest.mark.parametrize(("raw", "kind"), [(None, "empty"), ("launch", "text"), ([], "a list"), (1, "a number")])
def test_what_is_no_mapping_is_no_policy(raw: object, kind: str) -> None:
    assert parse_policy(raw) == [Problem((), f"is {kind}; allowed: a mapping of the policy's fields")]


def test_a_policy_that_keeps_the_rules_is_a_value() -> None:
    assert parse_policy(raw_policy()) == team_of().policy


def test_a_policy_is_no_name_here_since_names_are_resolved_where_files_are_read() -> None:
    for value in ("launch", None, ["launch"]):
        (problem,) = problems_of(policy=value)
        assert problem.path == ("policy",)
        assert "allowed: a mapping" in problem.message


# --- min_go_votes -----------------------------------------------------------------------------------------------------

MANY = "is 3, but the sequence has 2 roles: `go` can never be reached"
THREE = {"min_go_votes": 3}


def test_more_go_votes_than_roles_is_a_warning_under_classic() -> None:
    team = team_of(policy=raw_policy("classic"), budget=THREE)

    assert warnings_of(team) == [f"budget.min_go_votes {MANY}"]


@pytest.mark.parametrize("policy", [raw_policy(), {**raw_policy("classic"), "name": "mine"}], ids=["launch", "mine"])
def test_more_go_votes_than_roles_is_a_problem_under_every_other_policy(policy: dict[str, Any]) -> None:
    assert problems_of(policy=policy, budget=THREE) == [Problem(("budget", "min_go_votes"), MANY)]


def test_one_role_is_one_role() -> None:
    (problem,) = problems_of(sequence=["planner"])

    assert problem.message == "is 2, but the sequence has 1 role: `go` can never be reached"


@pytest.mark.parametrize("name", ["majority", "median", "quorum", "unanimous", "veto", "weighted"])
def test_a_policy_that_does_not_ask_for_go_votes_is_not_warned_of_too_many(name: str) -> None:
    team = team_of(policy=raw_policy(name), sequence=["planner"])

    assert (team.budget.min_go_votes, warnings_of(team)) == (2, [])


@pytest.mark.parametrize("min_go_votes", [1, 2])
@pytest.mark.parametrize("name", ["classic", "launch"])
def test_go_votes_up_to_the_number_of_roles_are_no_warning(min_go_votes: int, name: str) -> None:
    team = team_of(policy=raw_policy(name), budget={"min_go_votes": min_go_votes})

    assert warnings_of(team) == []


# --- roles that the policy names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ['stances.auditor == "go"', "stances['doctor'] == 'go'", "stances.pilot == 'go'"])
def test_a_row_names_only_roles_that_speak(condition: str) -> None:
    (problem,) = problems_of(policy=policy_of(row("true"), row(condition)))

    assert problem.path == ("policy", "rules", 1, "when")
    assert problem.message.startswith("names the role '")
    assert problem.message.endswith("'; allowed: planner, safety_officer")


def test_a_row_may_name_a_role_that_it_or_another_row_convenes() -> None:
    convening = row("block == 1", "next_round", convene="auditor")
    team = team_of(policy=policy_of(row("has(stances.auditor) && stances.auditor == 'go'"), convening))

    assert team.joining == ("auditor",)
    assert team_of(policy=policy_of(row("size(stances) > 2"))).joining == ()


@pytest.mark.parametrize("name", ["doctor", "pilot", "planner"])
def test_a_role_that_is_not_enabled_not_known_or_there_already_never_joins(name: str) -> None:
    assert team_of(policy=policy_of(row("true", "next_round", convene=name))).joining == ()


# --- weights and vetoes -----------------------------------------------------------------------------------------------


def test_a_role_weighs_one_and_has_no_veto_unless_the_file_says_so() -> None:
    roles = {**RAW["roles"], "planner": {**CHECKED, "weight": 3}, "safety_officer": {**ROLE, "veto": True}}
    plain, team = team_of(), team_of(roles=roles)

    assert (set(plain.weights.values()), plain.vetoers) == ({1}, frozenset())
    assert team.weights == {"planner": 3, "safety_officer": 1, "auditor": 1, "doctor": 1}
    assert team.vetoers == {"safety_officer"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("weight", 0, "is 0; allowed: at least 1"),
        ("weight", 1_001, "is 1001; allowed: at most 1000"),
        ("weight", 1.5, "is 1.5; allowed: a whole number"),
        ("weight", True, "is True; allowed: a whole number"),
        ("veto", "yes", "is 'yes'; allowed: true or false without quotes; `yes` is text"),
    ],
)
def test_a_weight_is_a_whole_number_and_a_veto_is_there_or_not(key: str, value: Any, message: str) -> None:
    found = problems_of(roles={**RAW["roles"], "planner": {**CHECKED, key: value}})

    assert found == [Problem(("roles", "planner", key), message)]


# --- guards and private facts -----------------------------------------------------------------------------------------


def test_guards_and_private_paths_are_kept_in_order() -> None:
    team = team_of(guards=[GUARD, {**GUARD, "name": "more"}], private=["customer", "staff_names.first"])

    assert [guard.name for guard in team.guards] == ["staff", "more"]
    assert team.private == ("customer", "staff_names.first")
    assert (team_of().guards, team_of().private) == ((), ())


@pytest.mark.parametrize(
    ("guard", "path", "message"),
    [
        ({**GUARD, "cap": "go"}, ("cap",), "is 'go'; allowed: 'go_with_caution' or 'no_go'"),
        ({**GUARD, "fact": "a b"}, ("fact",), "is 'a b'; allowed: "),
        ({"name": "x", "fact": "x", "cap": "no_go"}, (), "it has no comparison; allowed: exactly one of"),
        ({**GUARD, "above": 9}, (), "it has above, below; allowed: exactly one of"),
    ],
)
def test_a_wrong_guard_is_named_with_its_path(guard: dict[str, Any], path: Path, message: str) -> None:
    (problem,) = problems_of(guards=[GUARD, guard])

    assert problem.path == ("guards", 1, *path)
    assert message in problem.message


@pytest.mark.parametrize("limit", ["a b", True, [1], {"path": "x"}])
def test_a_limit_that_is_neither_a_path_nor_a_number_is_one_problem_at_its_field(limit: Any) -> None:
    assert [problem.path for problem in problems_of(guards=[{**GUARD, "below": limit}])] == [("guards", 0, "below")]


@pytest.mark.parametrize("name", ["staff", "max_rounds", "min_go_votes"])
def test_a_guard_has_a_name_of_its_own(name: str) -> None:
    said = f"is '{name}', which names something else already; allowed: a name of its own"
    found = problems_of(guards=[GUARD, {**GUARD, "name": name}])

    assert found == [Problem(("guards", 1, "name"), said)]


def test_an_unknown_key_of_a_guard_comes_with_those_that_are_allowed() -> None:
    (problem,) = problems_of(guards=[{**GUARD, "unless": 1}])

    assert problem == Problem(("guards", 0, "unless"), "is an unknown key", tuple(Guard.model_fields))


@pytest.mark.parametrize(
    ("guard", "private"),
    [
        ({**GUARD, "fact": "customer.age"}, "customer.age"),
        ({**GUARD, "fact": "customer.age"}, "customer"),
        ({**GUARD, "fact": "customer"}, "customer.age"),
        ({**GUARD, "below": "limits.staff"}, "limits"),
        ({"name": "x", "fact": "staff", "equals": "customer.age", "cap": "no_go"}, "customer"),
    ],
)
def test_a_guard_may_not_read_a_private_fact(guard: dict[str, Any], private: str) -> None:
    said = "reads a private fact, which is withheld; allowed: other facts"

    other = {**GUARD, "name": "another"}

    assert problems_of(guards=[other, guard], private=["x", private]) == [Problem(("guards", 1), said)]
    assert team_of(guards=[other, guard], private=["customers"])


def test_a_check_may_not_read_a_private_fact() -> None:
    said = "reads a private fact, which is withheld; allowed: other facts"
    where = ("roles", "planner", "checks", 0, "when")

    assert problems_of(private=["staff"]) == [Problem(where, said)]
    assert problems_of(private=["staff.names"]) == [Problem(where, said)]
    assert team_of(private=["staffing"])


def test_all_that_is_wrong_between_the_parts_comes_at_once() -> None:
    found = problems_of(
        policy=policy_of(row("go >= min_go_votes && stances.pilot == 'go'")),
        budget=THREE,
        guards=[GUARD],
        private=["staff"],
    )

    assert [problem.path for problem in found] == [
        ("budget", "min_go_votes"),
        ("policy", "rules", 0, "when"),
        ("guards", 0),
        ("roles", "planner", "checks", 0, "when"),
    ]
