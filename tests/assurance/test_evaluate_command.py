"""`accord policy evaluate`: recorded votes of voters, held against the truth; counted a second time here."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")
VOTERS = ("ann", "bob", "cleo", "dan", "eve")


def recorded(seed: int, items: int = 200) -> list[list[str]]:
    """Voters of differing skill who also stay silent."""
    rng = random.Random(seed)
    lines = []
    for number in range(items):
        truth = rng.choice("xyz")
        said = ["" if rng.random() < 0.1 else truth if rng.random() < 0.6 else rng.choice("xyz") for _ in VOTERS]
        lines.append([f"item {number}", truth, *said])
    return lines


def written(lines: list[list[str]], path: str = "votes.csv") -> str:
    text = "\n".join(",".join(line) for line in [["item", "truth", *VOTERS], *lines])
    Path(path).write_text(text + "\n", encoding="utf-8")
    return path


def counted(lines: list[list[str]], is_decided: Any) -> dict[str, float]:
    """The ten lines that say what plurality voting under a rule comes to."""
    decided = right = 0
    for _, truth, *said in lines:
        ranked = Counter(answer for answer in said if answer).most_common()
        if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            continue
        if is_decided(ranked[0][1], sum(1 for answer in said if answer), len(said)):
            decided += 1
            right += ranked[0][0] == truth
    return {"accuracy": right / len(lines), "coverage": decided / len(lines), "precision": right / decided}


RULES: dict[str, Any] = {
    "majority": lambda most, _, team: 2 * most > team,
    "unanimous": lambda most, said, team: most in (team, said),
    "quorum": lambda most, said, team: 2 * said > team and 2 * most > said,
    "plurality.yaml": lambda most, said, team: True,
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", RULES)
def test_a_policy_scores_as_an_independent_count_says(name: str, seed: int, capsys: Captured) -> None:
    Path("plurality.yaml").write_text("name: plurality\nrules: [{when: go >= 1, then: go}]\notherwise: no_go\n")
    lines = recorded(seed)

    done = accord(capsys, "policy", "evaluate", written(lines), "--policy", name, "--json")
    found = json.loads(done.out)

    expected = counted(lines, RULES[name])
    assert (done.code, found["items"]) == (0, len(lines))
    assert {key: found[key] for key in expected} == pytest.approx(expected)
    right = {voter: sum(line[2 + n] == line[1] for line in lines) for n, voter in enumerate(VOTERS)}
    assert found["voters"] == right
    best = max(VOTERS, key=lambda voter: right[voter])
    assert found["best_voter"] == {"voter": best, "right": right[best], "accuracy": right[best] / 200}


def test_it_is_printed_beside_the_best_voter(capsys: Captured) -> None:
    written([["1", "x", "x", "x", "x", "y", "y"], ["2", "y", "x", "y", "x", "x", "x"]])

    done = accord(capsys, "policy", "evaluate", "votes.csv")

    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.code == 0
    assert "majority 0.500 (1 of 2) 1.000 (2 of 2) 0.500 (1 of 2)" in lines
    assert "best voter: bob 1.000 (2 of 2)" in lines
    assert "2 items, 2 decided, 1 of them rightly" in lines
    assert "left undecided: 0 ties, 0 without an answer, 0 by the policy" in lines
    assert "columns: the id is `item`, the truth is `truth`; voters: ann, bob, cleo, dan, eve" in lines


def test_what_is_left_undecided_is_told_with_its_reason(capsys: Captured) -> None:
    tie, silence, minority = ["x", "x", "y", "y", "z"], [""] * 5, ["x", "x", "y", "z", ""]
    written([[str(n), "x", *said] for n, said in enumerate([tie, tie, silence, minority, ["x"] * 5])])

    shown = accord(capsys, "policy", "evaluate", "votes.csv").out
    found = json.loads(accord(capsys, "policy", "evaluate", "votes.csv", "--json").out)

    assert "left undecided: 2 ties, 1 without an answer, 1 by the policy" in shown
    assert [found[key] for key in ("items", "decided", "ties", "unanswered", "undecided")] == [5, 1, 2, 1, 1]


def test_nothing_decided_has_no_precision(capsys: Captured) -> None:
    written([["1", "x", "x", "y", "", "", ""], ["2", "x", "", "", "", "", ""]])

    found = json.loads(accord(capsys, "policy", "evaluate", "votes.csv", "--json").out)

    assert [found[key] for key in ("accuracy", "coverage", "precision", "decided")] == [0.0, 0.0, None, 0]


def test_the_votes_that_a_go_needs_can_be_set(capsys: Captured) -> None:
    written([["1", "x", "x", "x", "", "", ""]])

    decided = [
        json.loads(
            accord(capsys, "policy", "evaluate", "votes.csv", "--policy", "classic", "--min-go-votes", n, "--json").out
        )["decided"]
        for n in (1, 2, 3)
    ]

    assert decided == [1, 1, 0]


@pytest.mark.parametrize("number", ["0", "1001", "two"])
def test_a_number_of_votes_that_is_none_is_refused(number: str, capsys: Captured) -> None:
    written(recorded(0, 3))

    assert "--min-go-votes" in refused(capsys, "policy", "evaluate", "votes.csv", "--min-go-votes", number)[0]
