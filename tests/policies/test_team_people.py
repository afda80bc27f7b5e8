"""The people of a team file: each way to name them wrongly, with the path and the sentence it gets."""

from typing import Any

import pytest

from policies.team.rules import Path, parse_team
from policies.team.team import Team
from tests.policies.test_team_rules import POSITION, RAW, changed, problems_of

POLICY = {"name": "two", "rules": [{"when": "go >= 2", "then": "go"}], "otherwise": "no_go"}
RULE = {"policy": POLICY, "min_go_votes": 2, "veto": ["cto"], "weights": {"cfo": 2}}
PEOPLE = {
    **RAW,
    "private": ["salary"],
    "approvers": {
        "cfo": {"title": "CFO", "deputy": "vice"},
        "cto": {"title": "CTO"},
        "vice": {"title": "Deputy"},
    },
    "sign_off": ["cfo"],
    "escalate": {
        "expires_after": "48h",
        "on_timeout": "stop",
        "supply": {"staff": ["cto"]},
        "decide": {"by": ["cfo", "cto"], "rule": RULE},
    },
}
RULE_AT: Path = ("escalate", "decide", "rule")
TABLE_AT: Path = (*RULE_AT, "policy")
UNKNOWN = "is 'cpo', which is not an approver; did you mean `cto`? Allowed: cfo, cto, vice"
ABOVE = "is 'escalate'; nobody is asked after the approvers"
TOGETHER = "is missing; `expires_after` and `on_timeout` go together"
HUMAN_ONLY = "is read where the voice is `human`; add `voice: human`, or remove it"

WRONG: list[tuple[Path, Any, Path, str]] = [
    (("sign_off",), ["cpo"], ("sign_off", 0), UNKNOWN),
    (("sign_off",), ["cfo", "cfo"], ("sign_off", 1), "is 'cfo' again; name each person once"),
    (("escalate", "decide", "by"), ["cfo", "cto", "cpo"], ("escalate", "decide", "by", 2), UNKNOWN),
    (("escalate", "supply"), {"staff": ["cpo"]}, ("escalate", "supply", "staff", 0), UNKNOWN),
    (("roles", "planner", "people"), ["cfo"], ("roles", "planner", "people"), HUMAN_ONLY),
    (("approvers", "cfo", "deputy"), "cpo", ("approvers", "cfo", "deputy"), UNKNOWN),
    (
        ("approvers", "cfo", "deputy"),
        "cfo",
        ("approvers", "cfo", "deputy"),
        "is 'cfo', which is the approver; name somebody else",
    ),
    (
        ("approvers", "vice", "deputy"),
        "cto",
        ("approvers", "cfo", "deputy"),
        "is 'vice', who has a deputy too; allowed: an approver without one",
    ),
    (("escalate", "on_timeout"), None, ("escalate", "on_timeout"), TOGETHER),
    (("escalate", "expires_after"), None, ("escalate", "expires_after"), TOGETHER),
    (
        ("escalate", "supply"),
        {"salary": ["cto"]},
        ("escalate", "supply", "salary"),
        "is a private fact, which is withheld; allowed: other facts",
    ),
    ((*RULE_AT, "veto"), ["vice"], (*RULE_AT, "veto"), "names 'vice'; allowed: cfo, cto"),
    ((*RULE_AT, "weights"), {"vice": 2}, (*RULE_AT, "weights"), "names 'vice'; allowed: cfo, cto"),
    (
        (*RULE_AT, "min_go_votes"),
        3,
        (*RULE_AT, "min_go_votes"),
        "is 3, and 2 are asked: `go` can never be reached",
    ),
    (RULE_AT, None, RULE_AT, "is missing; several people need a table, for example {policy: majority}"),
    ((*TABLE_AT, "rules", 0, "then"), "escalate", (*TABLE_AT, "rules", 0, "then"), ABOVE),
    ((*TABLE_AT, "otherwise"), "escalate", (*TABLE_AT, "otherwise"), ABOVE),
    (
        (*TABLE_AT, "rules", 0),
        {"when": "go == 0", "then": "next_round", "convene": "cfo"},
        (*TABLE_AT, "rules", 0, "convene"),
        "is not possible among approvers, who are asked once",
    ),
    (
        (*TABLE_AT, "rules", 0, "when"),
        'stances.vice == "go"',
        (*TABLE_AT, "rules", 0, "when"),
        "names 'vice'; allowed: cfo, cto",
    ),
    *(
        (
            (*TABLE_AT, "rules", 0, "when"),
            f"{mark} > 0",
            (*TABLE_AT, "rules", 0, "when"),
            f"reads `{mark}`, which answers of approvers do not have; count their stances",
        )
        for mark in ("open_questions", "ungrounded", "moved")
    ),
]


def test_people_who_are_named_rightly_are_read() -> None:
    assert isinstance(parse_team(PEOPLE), Team)
    assert isinstance(parse_team(changed(("escalate", "decide"), {"by": ["cfo"]}, PEOPLE)), Team)
    named = changed((*TABLE_AT, "rules", 0, "when"), 'stances.cto == "go"', PEOPLE)
    assert isinstance(parse_team(named), Team)
    seat = changed(("roles", "planner"), {"title": "P", "mandate": "M.", "voice": "human", "people": ["cto"]}, PEOPLE)
    assert isinstance(parse_team(seat), Team)


@pytest.mark.parametrize(("at", "value", "path", "message"), WRONG)
def test_each_wrong_name_gets_its_sentence(at: Path, value: Any, path: Path, message: str) -> None:
    found = [(problem.path, problem.message) for problem in problems_of(changed(at, value, PEOPLE))]

    assert found == [(path, message)]


def test_a_duration_is_a_number_of_minutes_hours_or_days() -> None:
    for wrong in ("48", "0h", "two days", "1w", "100000m"):
        (problem,) = problems_of(changed(("escalate", "expires_after"), wrong, PEOPLE))
        assert problem.message.endswith("allowed: a number of minutes, hours or days, for example 30m, 48h or 7d")


def test_a_team_within_names_no_people() -> None:
    inner = {key: PEOPLE[key] for key in ("name", "title", "goal", "sequence", "roles", "policy", "budget")}
    whole = {
        **RAW,
        "pattern": "parallel",
        "policy": {"name": "own", "rules": [], "otherwise": "no_go"},
        "roles": {**RAW["roles"], "planner": {"title": "P", "mandate": "M.", "team": inner}},
    }
    assert isinstance(parse_team(whole), Team)
    human = {"title": "One", "mandate": "Judge.", "voice": "human", "otherwise": POSITION}
    people = {key: PEOPLE[key] for key in ("approvers", "sign_off", "escalate")} | {"watch": {"owner": "Ada"}}
    within = inner | people | {"roles": {**RAW["roles"], "planner": human}}
    found = problems_of(changed(("roles", "planner", "team"), within, whole))

    at: Path = ("roles", "planner", "team")
    told = "is read in the team of a run alone, not in a team that answers for a role; name people there"
    assert [(each.path, each.message) for each in found] == [
        *(((*at, name), told) for name in ("approvers", "sign_off", "escalate", "watch")),
        ((*at, "roles", "planner", "voice"), "is 'human', which only a role of the run's own team may have"),
    ]


def test_a_deputy_of_somebody_with_a_key_needs_one_too() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
    found = problems_of(changed(("approvers", "cfo", "key"), key, PEOPLE))

    assert [(each.path, each.message) for each in found] == [
        (
            ("approvers", "cfo", "deputy"),
            "is 'vice', who has no key and could answer for cfo without a signature; declare one",
        )
    ]
