"""Whom a policy or a team names must be among the voters of a recorded set; who is not is named with those who are."""

import json
from pathlib import Path

import pytest

from tests.assurance.stage import policy_file, team_file
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

VOTES = "item,truth,anna,ben\n1,a,a,a\n2,b,b,a\n3,a,a,b\n"
WRONG: dict[str, tuple[str, str, str]] = {
    "a dot": ('{when: stances.ana == "go", then: go}', "row 1", "ana"),
    "brackets": ('{when: \'stances["ana"] == "go"\', then: go}', "row 1", "ana"),
    "capitals": ('{when: \'stances["Anna"] == "go"\', then: go}', "row 1", "Anna"),
    "the second row": ('{when: go > 5, then: go}, {when: go > 1 && stances.bem != "block", then: go}', "row 2", "bem"),
    "whether there is one": ("{when: has(stances.ana), then: go}", "row 1", "ana"),
    "whom it convenes": ("{when: block > 0, then: next_round, convene: zoe}", "row 1", "zoe"),
    "whom it releases": ("{when: block > 0, then: next_round, release: zoe}", "row 1", "zoe"),
}


def rules(rows: str) -> str:
    return policy_file(f"rules: [{rows}]\notherwise: no_go", path="p.yaml")


@pytest.mark.parametrize("how", WRONG)
def test_a_voter_that_a_row_names_and_there_is_not_is_refused(how: str, capsys: Captured) -> None:
    rows, row, name = WRONG[how]
    Path("v.csv").write_text(VOTES)

    (sentence,) = refused(capsys, "policy", "evaluate", "v.csv", "--policy", rules(rows))

    assert sentence.startswith(f"p.yaml: {row} names `{name}`, who is not among the voters of v.csv; voters: anna, ben")
    assert sentence.endswith(
        {"ana": "; did you mean `anna`?", "Anna": "; did you mean `anna`?"}.get(name, sentence[-1])
    )


def test_every_wrong_name_of_every_row_is_named(capsys: Captured) -> None:
    Path("v.csv").write_text(VOTES)
    rows = '{when: stances.ana == "go" && stances.bem == "go", then: go}, {when: stances.ana == "block", then: no_go}'

    sentences = refused(capsys, "policy", "evaluate", "v.csv", "--policy", rules(rows))

    assert [said.split(",")[0] for said in sentences] == [
        "p.yaml: row 1 names `ana`",
        "p.yaml: row 1 names `bem`",
        "p.yaml: row 2 names `ana`",
    ]


def test_a_voter_left_out_of_the_columns_is_unknown(capsys: Captured) -> None:
    Path("v.csv").write_text(VOTES)
    named = rules('{when: stances.anna == "go", then: go}')

    assert accord(capsys, "policy", "evaluate", "v.csv", "--policy", named).code == 0
    (sentence,) = refused(capsys, "policy", "evaluate", "v.csv", "--policy", named, "--voters", "ben")
    assert "row 1 names `anna`, who is not among the voters of v.csv; voters: ben" in sentence


@pytest.mark.parametrize("reading", ["stances['an' + 'a'] == 'go'", "6 / absent > 2"])
def test_a_row_that_has_no_answer_is_refused_with_the_item(reading: str, capsys: Captured) -> None:
    Path("v.csv").write_text(VOTES)

    (sentence,) = refused(capsys, "policy", "evaluate", "v.csv", "--policy", rules(f'{{when: "{reading}", then: go}}'))

    assert sentence.startswith(f"p.yaml: a row has no answer for `1` of v.csv: rules.0 `{reading}`: ")
    assert sentence.endswith("; voters: anna, ben")


def test_voters_that_are_no_roles_are_counted(capsys: Captured) -> None:
    Path("v.csv").write_text("item,truth,GPT 4.1,\u00c4nne,x-1\n1,a,a,a,b\n", encoding="utf-8")

    found = json.loads(accord(capsys, "policy", "evaluate", "v.csv", "--json").out)

    assert (found["right"], found["voters"]) == (1, {"GPT 4.1": 1, "\u00c4nne": 1, "x-1": 0})


def test_a_computed_name_is_no_reason_to_refuse(capsys: Captured) -> None:
    Path("v.csv").write_text(VOTES)
    rows = "{when: \"stances.exists(each, each == 'ana')\", then: no_go}, {when: go > 0, then: go}"

    assert json.loads(accord(capsys, "policy", "evaluate", "v.csv", "--json", "--policy", rules(rows)).out)["ties"] == 2


TEAM = "rules: [{when: go > block, then: go}]\notherwise: no_go"


def test_a_team_is_refused_where_its_roles_are_not_the_voters(capsys: Captured) -> None:
    Path("v.csv").write_text("item,truth,risk,leagl,source\n1,a,a,a,web\n")

    sentences = refused(capsys, "policy", "evaluate", "v.csv", "--policy", team_file(TEAM))

    assert sentences == [
        "team.yaml: the team has the role `legal`, who is not among the voters of v.csv; voters: risk, leagl, source; "
        "did you mean `leagl`?",
        "v.csv: no role of team.yaml is called leagl, source; roles: risk, legal; `--voters` leaves columns out",
    ]


def test_columns_besides_the_roles_of_a_team_are_left_out_by_naming_the_voters(capsys: Captured) -> None:
    Path("v.csv").write_text("item,truth,risk,legal,source\n1,a,a,a,web\n")
    team = team_file(TEAM)

    (sentence,) = refused(capsys, "policy", "evaluate", "v.csv", "--policy", team)
    (stranger,) = refused(capsys, "policy", "evaluate", "v.csv", "--policy", team, "--voters", "risk,legal,source")
    (missing,) = refused(capsys, "policy", "evaluate", "v.csv", "--policy", team, "--voters", "risk")
    found = json.loads(
        accord(capsys, "policy", "evaluate", "v.csv", "--policy", team, "--json", "--voters", "risk,legal").out
    )

    assert sentence == "v.csv: no role of team.yaml is called source; roles: risk, legal; `--voters` leaves columns out"
    assert stranger == "v.csv: no role of team.yaml is called source; roles: risk, legal"
    assert missing.startswith("team.yaml: the team has the role `legal`, who is not among the voters")
    assert (found["right"], found["columns"]["ignored"], found["min_go_votes"]) == (1, ["source"], 2)


def test_a_role_that_a_team_convenes_may_vote_and_need_not(capsys: Captured) -> None:
    rows = "rules: [{when: go > block, then: go}, {when: block > 0, then: next_round, convene: ops}]\notherwise: no_go"
    team = team_file(rows, roles=("risk", "legal", "ops"))
    text = Path(team).read_text().replace("sequence: [risk, legal, ops]", "sequence: [risk, legal]")
    Path(team).write_text(text)

    for votes in ("item,truth,risk,legal\n1,a,a,a\n", "item,truth,risk,legal,ops\n1,a,a,a,b\n"):
        Path("v.csv").write_text(votes)
        assert json.loads(accord(capsys, "policy", "evaluate", "v.csv", "--policy", team, "--json").out)["right"] == 1


def test_a_shipped_team_by_its_name_decides_with_its_own_votes(capsys: Captured) -> None:
    Path("v.csv").write_text("item,truth,demand_analyst,finance_analyst,risk_analyst\n1,a,a,a,a\n2,a,a,,\n")

    found = json.loads(accord(capsys, "policy", "evaluate", "v.csv", "--policy", "checkout_launch", "--json").out)

    assert (found["right"], found["undecided"]) == (1, 1)


def test_names_that_a_terminal_would_obey_are_shown(capsys: Captured) -> None:
    Path("v.csv").write_text("item,truth,a\u200fb,c\u202e\u200b\n1,a,a,a\n", encoding="utf-8")
    named = rules('{when: stances.ana == "go", then: go}')

    shown = (
        accord(capsys, "policy", "evaluate", "v.csv").out
        + refused(capsys, "policy", "evaluate", "v.csv", "--policy", named)[0]
    )

    assert not {"\u200f", "\u202e", "\u200b"} & {*shown}
    assert "a\N{REPLACEMENT CHARACTER}b" in shown
