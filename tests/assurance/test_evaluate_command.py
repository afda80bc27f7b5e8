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
    assert found["best_voter"] == {
        "voter": max(VOTERS, key=lambda voter: right[voter]),
        "accuracy": max(right.values()) / 200,
    }


def test_it_is_printed_beside_the_best_voter(capsys: Captured) -> None:
    written([["1", "x", "x", "x", "x", "y", "y"], ["2", "y", "x", "y", "x", "x", "x"]])

    done = accord(capsys, "policy", "evaluate", "votes.csv")

    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert done.code == 0
    assert "majority 0.500 1.000 0.500" in lines
    assert "best voter: bob 1.000" in lines
    assert "2 items, 2 decided, 1 of them rightly" in lines


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


def test_marks_quotes_spaces_and_blank_lines_of_a_spreadsheet_are_read(capsys: Captured) -> None:
    text = '\ufeffitem , truth,"ann, a",bob\r\n\r\n"a ""b""", x ,x,"x"\r\n,,,\r\n2,x,\u00e4,x\r\n'
    Path("votes.csv").write_bytes(text.encode())

    found = json.loads(accord(capsys, "policy", "evaluate", "votes.csv", "--json").out)

    assert (found["items"], found["voters"]) == (2, {"ann, a": 1, "bob": 2})


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "votes.csv:1: the columns are none; allowed: item, truth, then one for each voter"),
    "no item": (b"item,truth,a\n\n", "votes.csv: has no item"),
    "no voter": (b"item,truth\n1,x\n", "votes.csv:1: the columns are item, truth; allowed"),
    "other columns": (b"id,answer,a\n1,x,x\n", "votes.csv:1: the columns are id, answer, a; allowed"),
    "a voter twice": (b"item,truth,a,a\n1,x,x,x\n", "votes.csv:1: the columns are item, truth, a, a; allowed"),
    "a voter without a name": (b"item,truth,a,\n1,x,x,x\n", "votes.csv:1: the columns are"),
    "a cell too few": (b"item,truth,a,b\n1,x,x\n", "votes.csv:2: has 3 cells; allowed: 4, one a column"),
    "a cell too many": (b"item,truth,a\n1,x,x\n2,x,x,x\n", "votes.csv:3: has 4 cells; allowed: 3, one a column"),
    "an item twice": (b"item,truth,a\n1,x,x\n1,x,y\n", "votes.csv:3: the item is '1' and the truth 'x'; allowed"),
    "no truth": (b"item,truth,a\n1,,x\n", "votes.csv:2: the item is '1' and the truth ''; allowed"),
    "no name of an item": (b"item,truth,a\n,x,x\n", "votes.csv:2: the item is '' and the truth 'x'; allowed"),
    "not UTF-8": (b"item,truth,a\n1,x,\xff\n", "votes.csv: cannot be read: is not UTF-8"),
    "UTF-16": ("item,truth,a\n1,x,x\n".encode("utf-16"), "votes.csv: cannot be read: is not UTF-8"),
    "an open quote": (b'item,truth,a\n1,x,"x\n', "votes.csv: is no CSV: "),
    "a huge cell": (b"item,truth,a\n1,x," + b"x" * 200_000 + b"\n", "votes.csv: is no CSV: field larger than"),
    "hostile columns": (b"item,truth,\x1b[2J,\x1b[2J\n1,x,x,x\n", "votes.csv:1: the columns are"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_table_of_votes_is_refused_with_its_line(what: str, capsys: Captured) -> None:
    data, expected = BAD[what]
    Path("votes.csv").write_bytes(data)

    (sentence,) = refused(capsys, "policy", "evaluate", "votes.csv")

    assert sentence.startswith(expected)
    assert "\x1b" not in sentence


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(name: str, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "policy", "evaluate", name)

    assert "cannot be read: " in sentence


@pytest.mark.parametrize("number", ["0", "1001", "two"])
def test_a_number_of_votes_that_is_none_is_refused(number: str, capsys: Captured) -> None:
    written(recorded(0, 3))

    assert "--min-go-votes" in refused(capsys, "policy", "evaluate", "votes.csv", "--min-go-votes", number)[0]
