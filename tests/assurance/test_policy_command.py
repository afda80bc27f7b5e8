"""`accord policy verify`, `table`, `diff` and `test`: what they print, to people and to programs, and how they exit."""

import json
from itertools import product
from math import factorial
from pathlib import Path
from typing import Any

import pytest

from graph.teams.policies import shipped_policies
from policies.team.fields import STANCES
from tests.assurance.stage import BLOCK, CAUTION, GO, classic, policy_file, team_file
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.usefixtures("accord_home")
ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parents[1] / "policies" / "shipped"


def told(capture: Captured, *arguments: object) -> tuple[int, Any]:
    done = accord(capture, "policy", *arguments, "--json")
    assert done.err == ""
    return done.code, json.loads(done.out)


def failing(proof: Any) -> list[str]:
    return [each["property"] for each in proof["properties"] if not each["holds"]]


# --- verify ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_policies())
def test_every_shipped_policy_is_proved_but_classic_whose_open_ends_are_named(name: str, capsys: Captured) -> None:
    code, proof = told(capsys, "verify", name)
    done = accord(capsys, "policy", "verify", name)

    assert (code, done.code, proof["holds"]) == ((1, 1, False) if name == "classic" else (0, 0, True))
    assert failing(proof) == (["resolves"] if name == "classic" else [])
    assert ("NOT proved: resolves" if name == "classic" else "Proved") in done.out


def test_verify_without_a_name_proves_the_reference_team_and_says_why_it_fails(capsys: Captured) -> None:
    done = accord(capsys, "policy", "verify")

    assert done.code == 1
    assert "classic on the team checkout_launch: 3 roles cast 27 votes" in done.out
    assert "gives next_round (repeated in 3 rounds)" in " ".join(done.out.split())
    assert accord(capsys, "policy", "verify", "--set", "policy=launch").code == 0


def test_resolves_also_needs_messages_for_every_round(capsys: Captured) -> None:
    code, proof = told(capsys, "verify", "checkout_launch", "--set", "policy=launch", "--set", "budget.max_messages=8")

    assert (code, failing(proof)) == (1, ["resolves"])


@pytest.mark.parametrize("roles", [1, 2, 5, 9])
def test_every_vote_is_counted_once_and_shared_out_among_the_outcomes(roles: int, capsys: Captured) -> None:
    _, proof = told(capsys, "verify", "classic", "--roles", roles)
    needed = min(2, roles)
    expected = [classic(vote, needed) for vote in product(STANCES, repeat=roles)] if roles <= 5 else []

    assert (len(proof["roles"]), proof["votes"]) == (roles, 3**roles)
    assert [sum(share["outcomes"].values()) for share in proof["shares"].values()] == [3**roles] * 2
    assert [share["votes"] for share in proof["shares"].values()] == [3**roles] * 2
    if expected:
        assert proof["shares"]["first"]["outcomes"] == {outcome: expected.count(outcome) for outcome in set(expected)}


def test_a_failure_is_accepted_only_with_a_reason_that_is_told(capsys: Captured) -> None:
    rules = "rules: [{when: caution >= 2, then: go}, {when: block >= 1, then: no_go}]\notherwise: go_with_caution"
    broken = policy_file(rules)
    waived = policy_file(f"{rules}\naccept: [{{property: monotone, because: Legal asked for it.}}]", path="w.yaml")

    assert (accord(capsys, "policy", "verify", broken).code, accord(capsys, "policy", "verify", waived).code) == (1, 0)
    assert "accepted: Legal asked for it." in accord(capsys, "policy", "verify", waived).out


@pytest.mark.parametrize(
    ("report", "rules"),
    [
        ("asymmetry", '{when: stances.risk == "block", then: no_go}'),
        ("overlaps", "{when: block >= 1, then: no_go}, {when: block >= 2, then: next_round}"),
        ("idle_rows", "{when: block >= 0, then: no_go}, {when: block >= 2, then: next_round}"),
    ],
)
def test_what_is_only_reported_fails_where_the_policy_requires_it(report: str, rules: str, capsys: Captured) -> None:
    text = f"rules: [{rules}]\notherwise: go\nwhen_rounds_end: escalate"
    noted, required = policy_file(text), policy_file(f"{text}\nrequire: [{report}]", path="r.yaml")

    codes = [accord(capsys, "policy", "verify", path, "--roles", 2).code for path in (noted, required)]
    _, proof = told(capsys, "verify", noted, "--roles", 2)

    assert codes == [0, 1]
    assert report in [each["property"] for each in proof["reports"] if not each["holds"]]


def test_a_policy_that_trusts_confidence_is_told_so_in_the_first_line(capsys: Captured) -> None:
    text = (
        "rules: [{when: block >= 1, then: no_go}, {when: mean_confidence > 0.9, then: go}]\notherwise: go_with_caution"
    )

    done = accord(capsys, "policy", "verify", policy_file(f"{text}\ntrust_confidence: true"))

    assert "confidence" in done.out.splitlines()[0]
    assert told(capsys, "verify", "mine.yaml")[1]["caveat"]


# --- what was walked, and what was not shown --------------------------------------------------------------------------

JOINS = (
    "rules: [{when: block == 1, then: next_round, convene: legal}, {when: open_questions >= 4, then: escalate}]\n"
    "otherwise: go\nwhen_rounds_end: no_go"
)


def test_verify_says_which_places_teams_limits_and_questions_it_walked(capsys: Captured) -> None:
    done = accord(capsys, "policy", "verify", policy_file(JOINS), "--roles", 2)
    _, proof = told(capsys, "verify", "mine.yaml", "--roles", 2)

    assert done.out.splitlines()[:5] == [
        "mine on 2 roles: 2 roles cast 9 votes, 6 kinds of them by counts",
        "Walked every run from round 1, and decided each vote: 3 places that rows can tell apart, "
        "and 1 more after a resume",
        "max_rounds is 3; where a resume raises it, no row can tell the places apart from these",
        "Teams that may sit: role_1, role_2; role_1, role_2, legal",
        "open_questions is 0, 4, 5, which stand for every number",
    ]
    assert proof["walked"] == {
        "places": 4,
        "resumed": 1,
        "teams": [["role_1", "role_2"], ["role_1", "role_2", "legal"]],
        "max_rounds": 3,
        "raised_to": 3,
        "calculated": [],
        "marks": {"open_questions": [0, 4, 5]},
    }


def test_verify_says_how_far_it_followed_rows_that_calculate_with_rounds(capsys: Captured) -> None:
    text = "rules: [{when: round % 2 == 0, then: go}, {when: block_streak * 2 > 3, then: no_go}]\notherwise: next_round"
    lines = accord(capsys, "policy", "verify", policy_file(text)).out.splitlines()

    assert lines[2] == (
        "max_rounds is 3, or raised by a resume: up to 6 only, because rows calculate with round and block_streak"
    )


def test_verify_of_a_vote_says_when_people_are_asked(capsys: Captured) -> None:
    done = accord(capsys, "policy", "verify", "change_freeze")

    assert done.code == 0
    assert "one that decides nothing ends with no_quorum, and no human is asked but by a row" in done.out
    assert "last round" in done.out


def test_the_last_line_of_verify_names_the_page_on_what_the_proof_does_not_show(capsys: Captured) -> None:
    page, _, heading = accord(capsys, "policy", "verify").out.splitlines()[-1].rpartition(" ")[2].partition("#")
    titles = [line.lstrip("# ") for line in (ROOT / page).read_text().splitlines() if line.startswith("#")]

    assert heading in [title.lower().replace(" ", "-") for title in titles]
    assert told(capsys, "verify")[1]["not_shown"] == f"{page}#{heading}"


def test_a_round_that_no_run_reaches_has_no_share_of_votes(capsys: Captured) -> None:
    _, proof = told(capsys, "verify", "median")
    _, late = told(capsys, "verify", policy_file(JOINS), "--roles", 2)

    assert [*proof["shares"]] == ["first"]
    assert (late["shares"]["last"]["place"]["joined"], late["shares"]["last"]["votes"]) == (["legal"], 27)
    assert "last round (after 1 round with a block, legal has joined)" not in accord(capsys, "policy", "verify").out


def test_a_history_that_stays_open_is_printed_round_by_round(capsys: Captured) -> None:
    out = " ".join(accord(capsys, "policy", "verify", "classic").out.split())
    _, proof = told(capsys, "verify", "classic")
    (check,) = [each for each in proof["reports"] if each["property"] == "resolves_always"]

    assert "round 2: go: role_1; caution: role_2, role_3 gives next_round round 3: go: role_1, role_2; block" in out
    assert [each["place"]["round"] for each in check["counterexample"]["history"]] == [1, 2]
    assert all(classic([*each["votes"].values()]) == "next_round" for each in check["counterexample"]["history"])


# --- table -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("roles", [1, 3, 5])
def test_the_truth_table_of_classic_is_the_rule_as_it_is_specified(roles: int, capsys: Captured) -> None:
    code, cells = told(capsys, "table", "classic", "--roles", roles)

    assert code == 0
    assert len(cells) == (roles + 1) * (roles + 2) // 2
    for cell in cells:
        counts = [cell[stance] for stance in (GO, CAUTION, BLOCK)]
        stances = [stance for stance, count in zip((GO, CAUTION, BLOCK), counts, strict=True) for _ in range(count)]
        orders = factorial(roles) // (factorial(counts[0]) * factorial(counts[1]) * factorial(counts[2]))
        assert (cell["votes"], cell["outcomes"]) == (orders, [classic(stances, min(2, roles))])


def test_the_truth_table_for_people_has_a_line_for_each_cell_with_its_reason(capsys: Captured) -> None:
    done = accord(capsys, "policy", "table")

    lines = [line.split() for line in done.out.splitlines() if line.strip()[:1].isdigit()]
    assert (done.code, len(lines)) == (0, 10)
    assert " ".join(lines[0]) == "3 0 0 1 3 go enough go votes and no caution"


# --- diff ------------------------------------------------------------------------------------------------------------


def test_the_difference_of_classic_and_launch_is_the_sixteen_votes_that_stay_open(capsys: Captured) -> None:
    code, found = told(capsys, "diff", "classic", "launch")
    still_open = sum(classic(vote) == "next_round" for vote in product(STANCES, repeat=3))

    assert code == 1
    lone_blocks = sum(classic(vote) == "next_round" and "block" in vote for vote in product(STANCES, repeat=3))
    assert {(each["from"], each["to"]): each["votes"] for each in found["counts"]} == {
        ("next_round", "escalate"): lone_blocks,
        ("stop (max_rounds_reached)", "escalate"): still_open,
    }
    assert (lone_blocks, still_open) == (12, 16)
    for case in found["cases"]:
        assert classic(list(case["casts"].values())) == "next_round"
        assert case["round"] == case["max_rounds"] or case["rounds_blocked"] >= 1


def test_a_policy_equals_itself_and_a_copy_under_another_name(capsys: Captured) -> None:
    text = shipped_policies()["launch"].read_text().replace("name: launch", "name: mine")
    Path("copy.yaml").write_text(text)

    for pair in (("launch", "launch"), ("launch", "copy.yaml"), ("copy.yaml", "launch")):
        code, found = told(capsys, "diff", *pair)
        assert (code, found) == (
            0,
            {
                "equivalent": True,
                "on": "3 equal roles",
                "guards_differ": [],
                "limits_differ": [],
                "unsettled": None,
                "counts": [],
                "cases": [],
                "within": [],
            },
        )
    assert "are equivalent" in accord(capsys, "policy", "diff", "launch", "copy.yaml").out


def test_two_teams_are_compared_under_their_own_limits(capsys: Captured) -> None:
    strict = team_file("classic", more="budget: {min_go_votes: 2}", roles=("a", "b", "c"))
    loose = team_file("classic", "loose.yaml", more="budget: {min_go_votes: 1}", roles=("c", "a", "b"))

    code, found = told(capsys, "diff", strict, loose)

    assert code == 1
    votes = {(classic(vote, 2), classic(vote, 1)) for vote in product(STANCES, repeat=3)}
    stopped = {("stop (max_rounds_reached)" if one == "next_round" else one, two) for one, two in votes}
    told_pairs = {(each["from"], each["to"]) for each in found["counts"]}
    assert told_pairs == {pair for pair in votes | stopped if pair[0] != pair[1] and pair[1] != "next_round"}


def test_who_joins_is_compared_on_a_team_that_knows_the_role_and_under_another_policy(capsys: Captured) -> None:
    calls = "rules: [{when: block > 0, then: next_round, convene: legal}]\notherwise: go"
    nobody = policy_file(calls.replace(", convene: legal", ""), path="nobody.yaml")
    knows, sits = (team_file(calls, f"{name}.yaml", roles=("risk", "sales", *more)) for name, more in LEGAL.items())
    Path(knows).write_text(Path(knows).read_text().replace("roles:", f"roles:\n  legal: {SEAT}", 1))

    for one, two, joins in ((knows, nobody, True), (nobody, knows, True), (sits, nobody, False)):
        code, found = told(capsys, "diff", one, two)
        assert (code, found["equivalent"]) == ((1, False) if joins else (0, True)), (one, two)
        words = {word for each in found["counts"] for word in (each["from"], each["to"])}
        assert ("next_round, legal joins" in words) is joins
    assert "go: risk; block: sales: from next_round, legal joins to next_round" in " ".join(
        accord(capsys, "policy", "diff", knows, nobody).out.split()
    )


def test_who_leaves_is_compared_and_said(capsys: Captured) -> None:
    lets_go = "rules: [{when: block > 0 && round == 1, then: next_round, release: sales}]\notherwise: go"
    one = team_file(lets_go, "one.yaml", roles=("risk", "sales"))
    two = team_file(lets_go.replace("sales", "risk"), "two.yaml", roles=("risk", "sales"))
    none = team_file(lets_go.replace(", release: sales", ""), "none.yaml", roles=("risk", "sales"))

    for other, words in ((two, "next_round, risk leaves"), (none, "next_round")):
        code, found = told(capsys, "diff", one, other)
        assert (code, found["equivalent"]) == (1, False)
        assert {(each["from"], each["to"]) for each in found["counts"]} == {("next_round, sales leaves", words)}
    assert told(capsys, "diff", one, one)[0] == 0


def test_a_role_that_a_policy_releases_sits_from_the_start(capsys: Captured) -> None:
    rules = policy_file("rules: [{when: block > 0, then: next_round, release: legal}]\notherwise: go")
    _, proof = told(capsys, "verify", rules)

    assert proof["roles"] == ["legal", "role_1", "role_2"]
    assert ["role_1", "role_2"] in proof["walked"]["teams"]


LEGAL = {"knows": (), "sits": ("legal",)}
SEAT = "{title: Legal, mandate: Judge., otherwise: {stance: go, summary: Fine., actions: [Act.]}}"


def test_a_role_that_one_policy_names_and_another_calls_sits_from_the_start(capsys: Captured) -> None:
    names = policy_file('rules: [{when: stances.legal == "block", then: no_go}]\notherwise: go', path="names.yaml")
    calls = policy_file(
        "rules: [{when: block > 0, then: next_round, convene: legal}]\notherwise: go", path="calls.yaml"
    )
    _, found = told(capsys, "diff", names, calls, "--roles", 2)

    assert found["on"] == "2 equal roles"
    assert {*found["cases"][0]["casts"]} == {"legal", "role_1"}
    assert ("no_go", "next_round") in {(each["from"], each["to"]) for each in found["counts"]}


def test_roles_that_are_made_up_have_names_that_no_row_has(capsys: Captured) -> None:
    text = (
        'rules: [{when: stances.role_1 == "block", then: no_go}, {when: block > 1, then: next_round, convene: role_2}]'
    )
    _, proof = told(capsys, "verify", policy_file(f"{text}\notherwise: go"))

    assert proof["roles"] == ["role_1", "role_3", "role_4"]
    assert proof["walked"]["teams"] == [proof["roles"], [*proof["roles"], "role_2"]]


# --- test ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_policies())
def test_the_cases_of_every_shipped_policy_pass_and_reach_every_row(name: str, capsys: Captured) -> None:
    code, found = told(capsys, "test", CASES / name, "--threshold", 100)

    assert (code, found["passed"], found["coverage"], found["uncovered"]) == (0, True, 100.0, [])
    assert found["cases"]
    assert all(case["passed"] for case in found["cases"])


def case_of(outcome: str, name: str, text: str) -> None:
    path = Path("cases") / outcome / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_case_with_another_outcome_is_named_with_what_it_got(capsys: Captured) -> None:
    case_of("go", "everybody agrees.yaml", "{go: 3}")
    case_of("go", "one blocks.json", '{"votes": {"risk": "block", "legal": "go"}}')

    done = accord(capsys, "policy", "test", "cases", "--policy", "classic")
    code, found = told(capsys, "test", "cases", "--policy", "classic")

    assert (done.code, code, found["passed"]) == (1, 1, False)
    assert "FAILED go/one blocks.json: expected go, got next_round by row 2" in done.out
    assert "classic: 1 of 2 cases passed" in done.out


def test_the_threshold_fails_below_the_rows_that_are_reached(capsys: Captured) -> None:
    case_of("go", "everybody agrees.yaml", "{go: 3}")

    codes = [
        accord(capsys, "policy", "test", "cases", "--policy", "classic", "--threshold", percent).code
        for percent in (0, 20, 20.1, 100)
    ]
    done = accord(capsys, "policy", "test", "cases", "--policy", "classic", "--threshold", 100)

    assert codes == [0, 0, 1, 1]
    assert "1 of 5 rows decided a case (20 %); none reached: 1, 2, 4, otherwise" in done.out


def test_a_case_with_facts_is_held_against_the_guards_of_a_team(capsys: Captured) -> None:
    team = team_file("launch", more="guards: [{name: rate, fact: rate, above: 5, cap: no_go}]")
    case_of("no_go", "the rate is too high.yaml", "{go: 2, facts: {rate: 6}}")
    case_of("no_go", "the rate is not known.yaml", "{go: 2, facts: {}}")
    case_of("go", "the rate is low.yaml", "{go: 2, facts: {rate: 5}}")
    case_of("go", "no facts, no guards.yaml", "{go: 2}")

    code, found = told(capsys, "test", "cases", "--policy", team)

    assert (code, [case["case"] for case in found["cases"] if not case["passed"]]) == (0, [])


def test_verify_warns_of_a_role_that_no_row_can_convene(capsys: Captured) -> None:
    rows = "[{when: block >= 1, then: next_round, convene: legl}, {when: go >= 1, then: go}]"
    done = accord(capsys, "policy", "verify", team_file(f"rules: {rows}\notherwise: no_go"))
    assert "accord: warning: the policy convenes `legl`, which this team does not know" in done.err


def test_verify_warns_of_a_role_that_no_row_can_release(capsys: Captured) -> None:
    rows = "[{when: block >= 1, then: next_round, release: legl}, {when: go >= 1, then: go}]"
    done = accord(capsys, "policy", "verify", team_file(f"rules: {rows}\notherwise: no_go"))
    assert "warning: the policy releases `legl`, which never sits in this team, so that no role leaves" in done.err
