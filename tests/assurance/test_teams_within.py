"""What `accord policy` says of teams whose decisions fall within another team, or that never come to a vote."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.assurance.stage import policy_file, team_file
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")
TEAMS = Path(__file__).parents[2] / "graph" / "teams"
CLASSIC_WITHIN = "roles.decision_board.team.policy=classic"


def told(capture: Captured, *arguments: object) -> tuple[int, Any]:
    done = accord(capture, "policy", *arguments, "--json")
    assert done.err == ""
    return done.code, json.loads(done.out)


def test_verify_proves_the_team_within_that_decides_and_not_the_one_that_does_not(capsys: Captured) -> None:
    code, proof = told(capsys, "verify", "vendor_review")

    assert (code, proof["team_of"], proof["policy"]) == (0, "decision_board", "launch")
    assert proof["roles"] == ["finance_owner", "security_owner", "payroll_owner"]


def test_a_policy_within_that_fails_fails_the_whole_and_its_line_shows_it_again(capsys: Captured) -> None:
    code, proof = told(capsys, "verify", "vendor_review", "--set", CLASSIC_WITHIN)

    (failing,) = [each for each in proof["properties"] if not each["holds"]]
    assert (code, proof["holds"], failing["property"]) == (1, False, "resolves")
    (line,) = failing["counterexample"]["lines"]
    assert "--within decision_board" in line
    again = accord(capsys, *line.removeprefix("accord ").split())
    assert (again.code, "next_round" in again.out) == (0, True)


@pytest.mark.parametrize("command", ["decide", "table"])
def test_a_vote_of_a_team_that_does_not_decide_is_asked_of_the_one_within(command: str, capsys: Captured) -> None:
    assert refused(capsys, "policy", command, "vendor_review") == [
        "no policy decides `vendor_review` itself: its pattern is pipeline; name a team within it that decides: "
        "`--within decision_board`"
    ]
    assert refused(capsys, "policy", command, "vendor_review", "--within", "nobody") == [
        "--within: `vendor_review` has no team within it for 'nobody'; allowed: decision_board"
    ]


def test_a_team_in_which_nobody_votes_has_nothing_to_prove(capsys: Captured) -> None:
    assert refused(capsys, "policy", "verify", "market_scan") == [
        "no policy decides `market_scan`: its pattern is parallel, and no team within it votes"
    ]


def test_a_team_whose_every_run_is_denied_is_not_proved(capsys: Captured) -> None:
    sets = ("--set", "policy=launch", "--set", "sequence+=legal_analyst")

    (sentence,) = refused(capsys, "policy", "verify", "checkout_launch", *sets)

    assert sentence.startswith("every run of the team `checkout_launch` stops with `agent_denied:legal_analyst`")


# --- diff ------------------------------------------------------------------------------------------------------------

NEXT = "{when: block >= 1, then: next_round}"


def test_a_team_within_another_is_compared_too(capsys: Captured) -> None:
    text = (TEAMS / "vendor_review.yaml").read_text()
    assert text.count("    policy: launch\n") == 1
    Path("changed.yaml").write_text(text.replace("    policy: launch\n", "    policy: classic\n"))

    code, found = told(capsys, "diff", "vendor_review", "changed.yaml")

    assert (code, found["equivalent"], found["on"].endswith(" within decision_board")) == (1, False, True)
    assert found["cases"]


def test_rows_that_calculate_with_rounds_are_not_called_equivalent(capsys: Captured) -> None:
    """In the seventh round, to which a resume can raise the limit, only one of the two decides."""
    plain = policy_file(f"rules: [{NEXT}]\notherwise: go", "plain", "plain.yaml")
    rows = f"rules: [{{when: round % 50 == 0, then: no_go}}, {NEXT}]\notherwise: go"

    code, found = told(capsys, "diff", plain, policy_file(rows, "seventh", "seventh.yaml"))

    assert (code, found["equivalent"], found["cases"]) == (1, False, [])
    assert found["unsettled"] == "rows calculate with round, and raised limits were compared only so far"


def test_rows_that_read_confidences_are_not_called_equivalent(capsys: Captured) -> None:
    row = "{when: block >= 1, then: no_go}"
    between = "{when: mean_confidence > 0.1 && mean_confidence < 0.3, then: no_go}"
    plain = policy_file(f"rules: [{row}]\notherwise: go", "plain", "plain.yaml")
    trusting = f"trust_confidence: true\nrules: [{between}, {row}]\notherwise: go"

    code, found = told(capsys, "diff", plain, policy_file(trusting, "trusting", "trusting.yaml"))
    done = accord(capsys, "policy", "diff", "plain.yaml", "trusting.yaml")

    assert (code, found["equivalent"], found["cases"]) == (1, False, [])
    assert found["unsettled"].startswith("rows read confidences")
    assert "which settles nothing: rows read confidences" in " ".join(done.out.split())


def test_teams_with_other_limits_on_messages_are_not_called_equivalent(capsys: Captured) -> None:
    more = team_file("launch", "more.yaml", "budget: {max_messages: 50}")
    fewer = team_file("launch", "fewer.yaml", "budget: {max_messages: 2}")

    code, found = told(capsys, "diff", more, fewer)
    done = accord(capsys, "policy", "diff", more, fewer)

    assert (code, found["limits_differ"], found["cases"]) == (1, ["max_messages"], [])
    assert "Their limits differ: max_messages" in done.out
    assert "no run can tell them apart" not in " ".join(done.out.split())


def test_a_policy_without_room_for_what_a_vote_adds_is_refused(capsys: Captured) -> None:
    row = "go >= 1 && " * 88 + "go >= 1 && block < team"
    long = policy_file(f"rules: [{{when: {row!r}, then: go}}]\notherwise: no_go", "long", "long.yaml")

    (sentence,) = refused(capsys, "policy", "diff", "change_freeze", long)

    assert sentence.startswith("the policy `long`: a condition leaves no room for what a vote adds to it")
