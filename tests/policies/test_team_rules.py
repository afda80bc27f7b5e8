"""Team rules: each kind of wrong team, with the path and the sentence it gets, and all of them at once."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from pydantic import BaseModel

from policies.plain import shown
from policies.team.fields import Position
from policies.team.rules import Path, Problem, parse_team
from policies.team.team import Brief, Budget, Check, Price, Role, Team
from tests.policy_files import raw_policy

POSITION = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
RAW: dict[str, Any] = {
    "name": "night_shift",
    "title": "Night shift",
    "goal": "Open the second line tonight?",
    "sequence": ["planner", "safety_officer"],
    "roles": {
        "planner": {
            "title": "Planner",
            "mandate": "Judge the plan.",
            "checks": [{"when": "facts.staff < 4", "stance": "block", "summary": "Too few.", "actions": ["Call in."]}],
            "otherwise": POSITION,
        },
        "safety_officer": {"title": "Safety officer", "mandate": "Judge the risk."},
    },
    "policy": raw_policy(),
    "budget": {"min_go_votes": 2},
    "facts": {"staff": 5},
}
MISSING = ...


def changed(path: Path, value: Any, raw: Any = RAW) -> Any:
    """The raw team with the value at the path; without the path where the value is MISSING."""
    raw = deepcopy(raw)
    inner = raw
    for key in path[:-1]:
        if isinstance(inner, dict):
            inner.setdefault(key, {})
        inner = inner[key]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return raw


def problems_of(raw: object) -> list[Problem]:
    found = parse_team(raw)
    assert isinstance(found, list)
    return found


PLANNER: Path = ("roles", "planner")
CHECK: Path = (*PLANNER, "checks", 0)
LONG = "x" * 4_001

# (where the file is wrong, the value there, the sentence; the problem's path where it is another)
NAME_FORM = (
    "allowed: a lower-case letter, then lower-case letters, digits and `_`, at most 40 characters; "
    "other letters go into `title`"
)
TYPES: list[tuple[Path, Any, str]] = [
    (("name",), MISSING, "is missing"),
    (("goal",), MISSING, "is missing"),
    (("roles",), MISSING, "is missing"),
    (("sequence",), MISSING, "is missing"),
    ((*PLANNER, "mandate"), MISSING, "is missing"),
    ((*CHECK, "when"), MISSING, "is missing"),
    ((*PLANNER, "otherwise", "actions"), MISSING, "is missing"),
    (("mood",), "good", "is an unknown key"),
    ((*PLANNER, "mood"), "good", "is an unknown key"),
    ((*CHECK, "unless"), "true", "is an unknown key"),
    (("budget", "hurry"), 1, "is an unknown key"),
    (
        ("name",),
        "Night Shift",
        f"is 'Night Shift'; {NAME_FORM}",
    ),
    (
        ("name",),
        "x" * 41,
        f"is '{'x' * 41}'; {NAME_FORM}",
    ),
    (
        ("name",),
        "night_shift\n",
        f"is 'night_shift\\n'; {NAME_FORM}",
    ),
    (("title",), " ", "is ' '; allowed: at least 1 character"),
    (("title",), 7, "is 7; allowed: text"),
    (("goal",), LONG, f"is '{'x' * 76}...; allowed: at most 4000 characters"),
    (("goal",), "Open\x00?", "is 'Open\\x00?': it has a NUL character or a lone surrogate"),
    (("facts",), {"rate": float("nan")}, "cannot be used: `rate` is nan; allowed: finite numbers"),
    (("facts",), 1, "is 1; allowed: a mapping"),
    (("facts",), [], "is []; allowed: at least 1 item"),
    (("requires",), ["a b"], "is 'a b'; allowed: keys with dots between them, as in `supply.suppliers`"),
    (("sequence",), [], "is []; allowed: at least 1 item"),
    (("sequence",), "planner", "is 'planner'; allowed: a list"),
    (("roles",), ["planner"], "is ['planner']; allowed: a mapping"),
    ((*PLANNER, "enabled"), "no", "is 'no'; allowed: true or false without quotes; `no` is text"),
    ((*PLANNER, "voice"), "oracle", "is 'oracle'; allowed: 'model', 'rules', 'human' or 'own:NAME'"),
    ((*PLANNER, "voice"), "own:Oracle", "is 'own:Oracle'; allowed: 'model', 'rules', 'human' or 'own:NAME'"),
    ((*PLANNER, "voice"), "own:oracle\n", "is 'own:oracle\\n'; allowed: 'model', 'rules', 'human' or 'own:NAME'"),
    ((*PLANNER, "voice"), 7, "is 7; allowed: text"),
    ((*PLANNER, "temperature"), 2.5, "is 2.5; allowed: at most 2"),
    ((*PLANNER, "temperature"), True, "is True; allowed: a number"),
    ((*PLANNER, "temperature"), "0.5", "is '0.5'; allowed: a number without quotes"),
    ((*PLANNER, "otherwise", "stance"), "maybe", "is 'maybe'; allowed: 'go', 'caution' or 'block'"),
    ((*PLANNER, "otherwise", "actions"), [], "is []; allowed: at least 1 item"),
    (
        (*CHECK, "actions"),
        ["a"] * 4,
        "is ['a', 'a', 'a', 'a']; allowed: at most 3 items",
    ),
    ((*CHECK, "summary"), "", "is ''; allowed: at least 1 character"),
    (("policy",), MISSING, "is missing"),
    (("policy",), "majority", "is 'majority'; allowed: a mapping"),
    (("budget", "max_rounds"), 0, "is 0; allowed: at least 1"),
    (("budget", "max_rounds"), "3", "is '3'; allowed: a whole number without quotes"),
    (("budget", "max_rounds"), 16**5_000, "is an int too large to be written; allowed: at most 1000"),
    (("budget", "max_messages"), 2.5, "is 2.5; allowed: a whole number"),
    (("budget", "max_seconds"), 0, "is 0; allowed: more than 0"),
    (("budget", "max_seconds"), True, "is True; allowed: a number"),
    (("budget", "max_tokens"), 2**53, "is 9007199254740992; allowed: at most 9007199254740991"),
    (("budget", "min_go_votes"), 0, "is 0; allowed: at least 1"),
    (("budget", "min_go_votes"), 10**30, f"is {10**30}; allowed: at most 1000"),
    (
        ("prices", "small"),
        {"prompt": float("inf"), "completion": 1},
        "is inf; allowed: at most 1000000000",
    ),
    (("prices", "small"), {"prompt": -1, "completion": 1}, "is -1; allowed: at least 0"),
    (("max_repairs",), -1, "is -1; allowed: at least 0"),
    (("max_output_tokens",), 0, "is 0; allowed: at least 1"),
    (("brief",), {"tone": "dry"}, "is an unknown key"),
]


@pytest.mark.parametrize(("path", "value", "message"), TYPES, ids=shown)
def test_a_wrong_value_is_named_with_its_path_and_what_is_allowed(path: Path, value: Any, message: str) -> None:
    (problem,) = [each for each in problems_of(changed(path, value)) if each.message == message]

    assert problem.path[: len(path)] == path


CONDITIONS = [
    ("facts.staff", "the condition gives a value of any kind; allowed: a comparison, which gives true or false"),
    ("staff < 4", "the condition cannot be read: `staff` is unknown here, at character "),
    ("'many' < 4", "the condition cannot be read: `<` cannot compare text with a number, at character 8"),
    ("facts.staff <", "the condition cannot be read: a value is expected at character 14, where the condition ends"),
    ("x" * 1_001, "the condition has 1001 characters; allowed: at most 1000"),
]


@pytest.mark.parametrize(("condition", "message"), CONDITIONS, ids=shown)
def test_a_condition_that_does_not_type_check_is_refused(condition: str, message: str) -> None:
    (problem,) = problems_of(changed((*CHECK, "when"), condition))

    assert problem.path == (*CHECK, "when")
    assert problem.message.startswith(f"is {shown(condition)}: {message}")


KNOWN = "allowed: planner, safety_officer"
RULES: list[tuple[Path, Any, Path, str]] = [
    (("sequence",), ["planner", "pilot"], ("sequence", 1), f"is 'pilot', which is not a role of this team; {KNOWN}"),
    (("sequence",), ["planner", "planner"], ("sequence", 1), "is 'planner' again; a role speaks once a round"),
    ((*PLANNER, "otherwise"), MISSING, PLANNER, "has checks but no `otherwise`: its position when no check holds"),
    ((*PLANNER, "otherwise"), None, PLANNER, "has checks but no `otherwise`: its position when no check holds"),
    (
        ("budget", "max_cost_usd"),
        1.5,
        ("budget", "max_cost_usd"),
        "is 1.5, but `prices` names no model; add the prices it needs",
    ),
]


@pytest.mark.parametrize(("path", "value", "where", "message"), RULES)
def test_a_broken_rule_is_named_with_its_path(path: Path, value: Any, where: Path, message: str) -> None:
    assert problems_of(changed(path, value)) == [Problem(where, message)]


def test_a_role_of_a_reserved_name_is_told_all_of_them() -> None:
    (problem,) = problems_of(changed(("roles", "stop"), RAW["roles"]["safety_officer"]))

    assert problem.path == ("roles", "stop")
    assert problem.message.startswith(
        "is a reserved name; reserved: accept_changes, ai, align, all, answer, approvers, "
    )


def test_a_role_name_that_is_no_name_is_a_problem_of_that_role() -> None:
    (problem,) = problems_of(changed(("roles", "Chief Pilot"), RAW["roles"]["safety_officer"]))

    assert problem == Problem(
        ("roles", "Chief Pilot"),
        f"is 'Chief Pilot'; {NAME_FORM}",
    )


@pytest.mark.parametrize(
    ("raw", "kind"),
    [(None, "empty"), ("team", "text"), (["team"], "a list"), (7, "a number"), (True, "a boolean"), (1.5, "a number")],
)
def test_what_is_no_mapping_is_no_team(raw: object, kind: str) -> None:
    assert parse_team(raw) == [Problem((), f"is {kind}; allowed: a mapping of the team's fields")]


def test_all_problems_come_at_once_types_first() -> None:
    raw = changed(("mood",), "good", changed(("sequence",), ["pilot", "planner", "planner"]))
    raw = changed((*CHECK, "when"), "nope > 1", changed((*PLANNER, "otherwise"), MISSING, raw))
    raw = changed(("budget", "max_cost_usd"), 1, changed(("facts",), [{"file": "facts.json", "age": "5m"}], raw))
    raw = changed(("roles", "align"), {"title": "Align", "mandate": "Align."}, changed(("goal",), MISSING, raw))

    assert [problem.path for problem in problems_of(raw)] == [
        ("goal",),
        ("facts", 0, "age"),
        (*CHECK, "when"),
        ("mood",),
        ("roles", "align"),
        PLANNER,
        ("sequence", 0),
        ("sequence", 2),
        ("budget", "max_cost_usd"),
    ]


def test_more_roles_or_places_than_allowed_are_one_problem_and_not_one_each() -> None:
    crowd = {f"role_{number}": RAW["roles"]["safety_officer"] for number in range(51)}

    assert problems_of(changed(("sequence",), ["pilot"] * 51)) == [
        Problem(("sequence",), f"is {shown(['pilot'] * 51)}; allowed: at most 50 items")
    ]
    (problem,) = problems_of(changed(("sequence",), ["role_1"], changed(("roles",), crowd)))
    assert problem.path == ("roles",)
    assert "allowed: at most 50 items" in problem.message


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ((), Team),
        (("budget",), Budget),
        (("brief",), Brief),
        (PLANNER, Role),
        ((*PLANNER, "otherwise"), Position),
        (CHECK, Check),
        (("prices", "small"), Price),
        (("roles", "[key]"), Role),
    ],
)
def test_an_unknown_key_comes_with_the_keys_that_are_allowed_beside_it(path: Path, model: type[BaseModel]) -> None:
    found = problems_of(changed((*path, "mood"), "good"))

    assert [each.allowed for each in found if each.path == (*path, "mood")] == [tuple(model.model_fields)]


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"roles": None, "sequence": None, "budget": None, "prices": None},
        {"roles": {"planner": None}, "sequence": [None, ["planner"], 3, {}]},
        {"roles": {"planner": {"checks": "all"}}, "sequence": {"planner": 1}, "budget": [1]},
        {"roles": {7: {}}, 7: 7, None: None},
        {"budget": {"max_cost_usd": 10**5_000}},
        {"sequence": ["x" * 100_000]},
    ],
    ids=shown,
)
def test_a_file_of_any_shape_gets_problems_with_short_sentences(raw: Mapping[Any, Any]) -> None:
    found = problems_of(raw)

    assert found
    assert all(len(problem.message) < 400 for problem in found)


def test_the_unchanged_team_has_no_problem() -> None:
    assert isinstance(parse_team(RAW), Team)
