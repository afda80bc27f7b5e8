"""`accord policy decide` where a role has left the table, and where the row that decides lets one go."""

import pytest

from tests.assurance.stage import policy_file
from tests.assurance.test_decide_command import calling_team, decided
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

LEAVING = (
    "rules:\n  - {when: round == 1 && block == 1, then: next_round, convene: audit, release: risk}\n"
    "  - {when: round == 2 && team == 2, then: next_round, release: audit}\notherwise: go"
)


def test_it_says_who_leaves_and_decides_where_a_role_has_left(capsys: Captured) -> None:
    team, at = calling_team(policy=LEAVING), ("--round", 2, "--streak", 1, "--released", "risk", "--joined", "audit")
    first = accord(capsys, "policy", "decide", team, "risk=block", "legal=go").out
    shown = decided(capsys, team, "legal=go", "audit=go", *at)
    alone = decided(capsys, team, "legal=block", "--round", 3, "--released", "risk")

    assert "Audit joins from the next round on\nrisk leaves after this round\n" in first
    assert (shown["joined"], shown["released"], shown["way"]) == (["audit"], ["risk"], None)
    assert (shown["joins"], shown["leaves"], shown["casts"]) == (None, "audit", {"legal": "go", "audit": "go"})
    assert (alone["leaves"], alone["way"]) == (None, None)


def test_a_policy_alone_is_asked_where_a_role_has_left(capsys: Captured) -> None:
    rows = "rules: [{when: block == 1, then: next_round, release: risk}, {when: stances.risk == 'go', then: go}]"
    rules = policy_file(f"{rows}\notherwise: go")

    assert decided(capsys, rules, "ops=go", "--round", 2, "--streak", 1, "--released", "risk")["casts"] == {"ops": "go"}


LEFT: dict[str, tuple[list[object], str]] = {
    "a role that nobody lets go": (
        ["risk=go", "legal=go", "--released", "legal", "--round", 2],
        "--released legal: no row of this policy lets it go; allowed: risk",
    ),
    "a role that may join, released": (
        ["risk=go", "legal=go", "--released", "audit", "--round", 2],
        "--released audit: it sits only where --joined names it; leave it out here",
    ),
    "a stance of one who has left": (
        ["risk=go", "legal=go", "--round", 2, "--released", "risk"],
        "`risk` does not vote here, since it has left; leave out its stance, or --released risk",
    ),
    "before the first round": (
        ["legal=go", "--released", "risk"],
        "--released risk: one may leave after each round, and 0 came before round 1; allowed: 0",
    ),
    "a misspelt role": (
        ["risk=go", "legal=go", "--round", 2, "--released", "rsk"],
        "--released rsk: no row of this policy lets it go; did you mean `risk`? Allowed: risk",
    ),
}


@pytest.mark.parametrize("what", LEFT)
def test_who_has_left_is_checked_as_well(what: str, capsys: Captured) -> None:
    arguments, sentence = LEFT[what]

    assert any(
        sentence in each for each in refused(capsys, "policy", "decide", calling_team(policy=LEAVING), *arguments)
    )
