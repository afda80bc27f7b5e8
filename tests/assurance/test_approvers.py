"""Approvers on the command line: their table is proved below the team's, and refused where it fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

TWO_OF_THREE = """
      name: two_of_three
      rules:
        - {when: go >= 2, then: go, because: two of three say go}
        - {when: go + caution >= 2, then: go_with_caution}
      otherwise: no_go
"""
REFUSES_ALONE = """
      name: refuses_alone
      rules: [{when: vetoes >= 1, then: no_go}, {when: go >= min_go_votes, then: go}]
      otherwise: no_go
"""
BROKEN = {
    "absence_never_helps": (
        "silence_helps",
        "rules: [{when: block > 0, then: no_go}, {when: absent > 0, then: go}, {when: go == team, then: "
        "go_with_caution}]\n      otherwise: no_go",
    ),
    "veto_honoured": ("overrules", "rules: [{when: go >= 2, then: go}]\n      otherwise: no_go"),
    "monotone": ("strange", "rules: [{when: caution >= 2, then: go}]\n      otherwise: no_go"),
    "total": ("partial", "rules: [{when: go >= 2, then: go}]"),
    "resolves": ("open", "rules: [{when: go == 3, then: go}]\n      otherwise: next_round"),
}
"""Tables that no run starts under, by the property that they lack."""


def team_file(table: str, more: str = "", path: str = "team.yaml") -> str:
    """Write the file of a team with three approvers, of whom one has a deputy."""
    said = "{stance: go, summary: Fine., actions: [Go on.]}"
    Path(path).write_text(
        f"""name: small
title: Small
goal: Decide.
facts: {{rate: 1}}
sequence: [risk, legal]
policy: launch
guards: [{{name: fraud, fact: rate, above: 3, cap: no_go}}]
approvers:
  cfo: {{title: CFO, deputy: vice}}
  cto: {{title: CTO}}
  coo: {{title: COO}}
  vice: {{title: Deputy of the CFO}}
escalate:
  decide:
    by: [cfo, cto, coo]
    rule:
     {more}
     policy: {table}
roles:
  risk: {{title: Risk, mandate: Judge., otherwise: {said}}}
  legal: {{title: Legal, mandate: Judge., otherwise: {said}}}
"""
    )
    return path


def proved(capture: Captured, path: str, code: int = 0) -> dict[str, Any]:
    """Return the proof of the approvers' table, as a program gets it."""
    done = accord(capture, "policy", "verify", path, "--json")
    assert done.code == code, done
    whole = json.loads(done.out)
    assert (whole["voters"], whole["team_of"]) == ("roles", "")
    (people,) = whole["within"]
    return dict(people)


def test_two_of_three_are_proved_below_the_team_and_a_deputy_adds_no_vote(capsys: Captured) -> None:
    people = proved(capsys, team_file(TWO_OF_THREE))

    assert (people["policy"], people["team_of"], people["voters"]) == ("two_of_three", "approvers", "approvers")
    assert (people["roles"], people["votes"], people["asked_once"]) == (["cfo", "cto", "coo"], 4**3, True)
    assert people["holds"] is True
    assert {each["property"]: each["holds"] for each in people["properties"]} == dict.fromkeys(
        ("total", "monotone", "absence_never_helps", "guards_bind", "veto_honoured", "resolves"), True
    )
    told = accord(capsys, "policy", "verify", "team.yaml").out
    assert "two_of_three on the approvers of team.yaml: 3 approvers cast 64 votes" in told
    assert "The approvers are asked once, and nobody after them; one whose answer is missing is absent" in told
    assert told.count("Proved\n") == 2


def test_one_who_may_refuse_alone_is_proved_to(capsys: Captured) -> None:
    people = proved(capsys, team_file(REFUSES_ALONE, "veto: [coo]"))
    assert people["holds"] is True

    (check,) = [each for each in people["properties"] if each["property"] == "veto_honoured"]
    assert check["holds"] is True
    one = ("policy", "decide", "team.yaml", "--within", "approvers")
    done = accord(capsys, *one, "cfo=go", "cto=go", "coo=block", "--json")
    assert (json.loads(done.out)["final"], json.loads(done.out)["row"]) == ("no_go", 1)


def test_one_vote_of_the_approvers_is_decided_and_said_to_be_theirs(capsys: Captured) -> None:
    one = ("policy", "decide", team_file(TWO_OF_THREE), "--within", "approvers")
    told = accord(capsys, *one, "cfo=go", "cto=go", "coo=absent")
    plain = json.loads(accord(capsys, *one, "cfo=go", "cto=absent", "coo=absent", "--json").out)

    assert told.out.startswith("two_of_three on the approvers of team.yaml: round 1; max_rounds 1\n")
    assert "Outcome: go\nRow 1 decides: two of three say go" in told.out
    assert (plain["voters"], plain["final"], plain["row"], plain["stops"]) == ("approvers", "no_go", "otherwise", None)
    assert refused(capsys, *one, "cfo=go", "cto=go", "vice=go", "coo=go") == [
        "`vice` does not vote here; allowed: cfo, cto, coo"
    ]
    assert refused(capsys, *one, "cfo=go", "cto=go", "coo=go", "--max-rounds", "2") == [
        "--max-rounds 2: the approvers are asked once; allowed: 1"
    ]
    capped = accord(capsys, *one, "cfo=go", "cto=go", "coo=go", "--tripped", "fraud", "--json")
    assert json.loads(capped.out)["final"] == "no_go"


def test_what_a_table_of_approvers_leaves_open_ends_the_run(capsys: Captured) -> None:
    path = team_file(f"\n      name: open\n      {BROKEN['resolves'][1]}")
    done = accord(capsys, "policy", "decide", path, "--within", "approvers", "cfo=go", "cto=go", "coo=block")

    assert "The run stops with human_stopped" in done.out


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_of_approvers_is_refused_by_name_and_shown_by_verify(name: str, capsys: Captured) -> None:
    table, text = BROKEN[name]
    path = team_file(f"\n      name: {table}\n      {text}", "veto: [coo]" if name == "veto_honoured" else "")

    sentences = refused(capsys, "run", path, "--thread", "t")
    fails = "does not resolve" if name == "resolves" else f"is not {name}"
    assert any(each.startswith(f"the approvers' policy `{table}` {fails}: ") for each in sentences), sentences
    assert accord(capsys, "list").out == "No threads yet; `accord run` starts one.\n"
    people = proved(capsys, path, code=1)
    assert [each["holds"] for each in people["properties"] if each["property"] == name] == [False]
    for line in next(each for each in people["properties"] if each["property"] == name)["counterexample"]["lines"]:
        assert line.startswith("accord policy decide team.yaml --within approvers --round 1")


def test_a_team_within_which_there_are_no_approvers_says_so(capsys: Captured) -> None:
    assert refused(capsys, "policy", "decide", "checkout_launch", "--within", "approvers", "cfo=go")[0].startswith(
        "--within: `checkout_launch` has no team within it for 'approvers'"
    )
