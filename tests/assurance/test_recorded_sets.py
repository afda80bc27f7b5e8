"""Recorded sets of every shape: columns by name, any of four separators, and what is broken named with its line."""

import csv
import io
import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from graph.assurance import columns, recorded
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

SEPARATORS = (",", ";", "\t", "|")


def read(capsys: Captured, data: bytes | str, *options: str) -> dict[str, Any]:
    """What the command makes of a file."""
    Path("votes.csv").write_bytes(data.encode() if isinstance(data, str) else data)
    done = accord(capsys, "policy", "evaluate", "votes.csv", "--json", *options)
    assert done.code == 0, done
    found: dict[str, Any] = json.loads(done.out)
    return found


def right(found: dict[str, Any]) -> tuple[int, dict[str, int]]:
    return found["items"], found["voters"]


SHAPES: dict[str, tuple[str, tuple[str, ...], tuple[int, dict[str, int]]]] = {
    "other names and a number for an item": (
        "task,truth,small,middle,large\n0,18,18,224,18\n1,3,3,3,250\n",
        ("--id", "task", "--voters", "small,middle,large"),
        (2, {"small": 2, "middle": 1, "large": 1}),
    ),
    "a column that is no voter": (
        "pair,source,truth,judge_a,judge_b\nx1,math,A>B,A>B,B>A\nx2,code,B>A,B>A,B>A\n",
        ("--id", "pair", "--voters", "judge_a,judge_b"),
        (2, {"judge_a": 2, "judge_b": 1}),
    ),
    "semicolons, decimal commas": ("task;truth;v1;v2\n0;1,5;1,5;1\n", ("--id", "task"), (1, {"v1": 1, "v2": 0})),
    "the truth at the end, the item in the middle": ("a,item,b,truth\nx,1,y,x\ny,2,y,x\n", (), (2, {"a": 1, "b": 0})),
    "an id that is named so": ("a,id,truth\nx,1,x\n", (), (1, {"a": 1})),
    "an id by its place": ("question,truth,a\nq1,x,x\n", (), (1, {"a": 1})),
    "an index without a name": (",truth,a\n0,x,x\n1,x,y\n", (), (2, {"a": 1})),
    "another truth": ("item,gold,a\n1,x,x\n", ("--truth", "gold"), (1, {"a": 1})),
    "a truth named as a voter elsewhere": ("item,a,truth\n1,x,y\n", ("--truth", "a"), (1, {"truth": 0})),
    "no id at all": ("truth,a,b\nx,x,y\nx,x,y\n", ("--voters", "a,b"), (2, {"a": 2, "b": 0})),
    "a name with a comma": (
        'item,truth,"ann, a",b\n1,x,x,y\n',
        ("--voters", '"ann, a", b'),
        (1, {"ann, a": 1, "b": 0}),
    ),
    "names of other alphabets": (
        "item,truth,\u00c4nne B.,\u674e\n1,x,x,y\n",
        (),
        (1, {"\u00c4nne B.": 1, "\u674e": 0}),
    ),
    "columns twice that nobody names": ("item,truth,a,note,note,\n1,x,x,,,\n", ("--voters", "a"), (1, {"a": 1})),
    "blank lines and spaces": ("\n ,\nitem , truth, a\n\n1, x , x\n,,\n  \n2,x, y\n\n", (), (2, {"a": 1})),
    "a spreadsheet's marks": (
        '\ufeffitem , truth,"ann, a",bob\r\n\r\n"a ""b""", x ,x,"x"\r\n,,,\r\n2,x,\u00e4,x\r\n',
        (),
        (2, {"ann, a": 1, "bob": 2}),
    ),
    "spaces before quotes": ('item, "truth", "ann, a"\n"1", "x", "x"\n', (), (1, {"ann, a": 1})),
    "lines of an old machine": ("item,truth,a\r1,x,x\r2,x,y\r", (), (2, {"a": 1})),
    "a cell of two lines": ('item,truth,a\n1,"x\ny","x\ny"\n2,x,x\n', (), (2, {"a": 2})),
    "a line separator in a cell": ("item,truth,a\n1,x\u2028y,x\u2028y\n", (), (1, {"a": 1})),
    "no end of the last line": ("item,truth,a\n1,x,x", (), (1, {"a": 1})),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_recorded_set_of_any_common_shape_is_read(shape: str, capsys: Captured) -> None:
    text, options, expected = SHAPES[shape]

    assert right(read(capsys, text, *options)) == expected


@pytest.mark.parametrize(("separator", "inside"), [*product(SEPARATORS, SEPARATORS)])
def test_the_separator_is_found_whatever_quoted_names_hold(separator: str, inside: str, capsys: Captured) -> None:
    many = inside.join("abcdefgh")
    for header in (["item", "truth", many], [f"it{inside}em", "truth", many], [many, "v", "truth"]):
        file = io.StringIO()
        writer = csv.writer(
            file, delimiter=separator, quoting=csv.QUOTE_ALL if inside == separator else csv.QUOTE_MINIMAL
        )
        writer.writerow(header)
        writer.writerow(["x"] * 3)

        assert right(read(capsys, file.getvalue())) == (1, {name: 1 for name in header[1:] if name != "truth"})


@pytest.mark.parametrize("separator", SEPARATORS)
def test_an_unquoted_header_with_other_separators_in_its_names_is_read(separator: str, capsys: Captured) -> None:
    others = "".join(each for each in SEPARATORS if each != separator)
    name = f"a{others * 3}b"

    found = read(capsys, f"item{separator}truth{separator}{name}\n1{separator}x{separator}x\n")

    assert found["voters"] == {" ".join(name.split(" ")): 1}


def test_the_columns_that_were_read_are_told(capsys: Captured) -> None:
    found = read(capsys, "q,note,truth,a,b\n1,,x,x,x\n", "--voters", "a,b")
    unnumbered = read(capsys, "truth,a\nx,x\n", "--voters", "a")

    assert found["columns"] == {"id": "q", "truth": "truth", "ignored": ["note"]}
    assert unnumbered["columns"] == {"id": None, "truth": "truth", "ignored": []}
    Path("votes.csv").write_text("truth,a\nx,x\n")
    assert "the id is missing" in accord(capsys, "policy", "evaluate", "votes.csv", "--voters", "a").out


BAD: dict[str, tuple[bytes, tuple[str, ...], str]] = {
    "empty": (b"", (), "votes.csv:1: there is no column `truth`; columns: none; `--truth` names"),
    "blank": (b"\n \n", (), "votes.csv:1: there is no column `truth`; columns: none"),
    "no item": (b"item,truth,a\n\n", (), "votes.csv: has no items"),
    "no voter": (b"item,truth\n1,x\n", (), "votes.csv:1: there are 0 voters; allowed: 1 to 1,000"),
    "no truth": (b"id,answer,a\n1,x,x\n", (), "votes.csv:1: there is no column `truth`; columns: id, answer, a; `--tr"),
    "a truth in capitals": (
        b"id;Truth;a\n1;x;x\n",
        (),
        "votes.csv:1: there is no column `truth`; columns: id, Truth, a",
    ),
    "an unknown id": (b"item,truth,a\n1,x,x\n", ("--id", "itm"), "votes.csv:1: there is no column `itm`, which `--id`"),
    "an unknown truth": (
        b"item,truth,a\n1,x,x\n",
        ("--truth", "gold"),
        "votes.csv:1: there is no column `gold`, which",
    ),
    "an unknown voter": (
        b"item,truth,small,large\n1,x,x,x\n",
        ("--voters", "smal,large"),
        "votes.csv:1: there is no column `smal`, which `--voters` names; columns: item, truth, small, large; did you",
    ),
    "a voter twice": (b"item,truth,a,a\n1,x,x,x\n", (), "votes.csv:1: the column `a` is there 2 times; rename one"),
    "a named voter twice": (
        b"item,truth,a,a\n1,x,x,x\n",
        ("--voters", "a"),
        "votes.csv:1: the column `a` is there 2 t",
    ),
    "a truth twice": (b"item,truth,a,truth\n1,x,x,x\n", (), "votes.csv:1: the column `truth` is there 2 times"),
    "an id twice": (b"item,truth,item,a\n1,x,x,x\n", (), "votes.csv:1: the column `item` is there 2 times"),
    "a voter without a name": (b"item,truth,a,\n1,x,x,x\n", (), "votes.csv:1: column 4 has no name; name it, or leave"),
    "a voter that is the truth": (
        b"item,truth,a\n1,x,x\n",
        ("--voters", "a,truth"),
        "votes.csv:1: the column `truth` is",
    ),
    "a voter that is the id": (
        b"k,truth,a\n1,x,x\n",
        ("--id", "k", "--voters", "k"),
        "votes.csv:1: the column `k` is n",
    ),
    "an id that is the truth": (
        b"k,truth,a\n1,x,x\n",
        ("--id", "truth"),
        "votes.csv:1: the column `truth` is named twi",
    ),
    "voters named twice": (
        b"item,truth,a\n1,x,x\n",
        ("--voters", "a, a"),
        "votes.csv:1: the column `a` is named twice",
    ),
    "a header below blank lines": (b"\n\nitem,gold,a\n1,x,x\n", (), "votes.csv:3: there is no column `truth`"),
    "a cell too few": (b"item,truth,a,b\n1,x,x\n", (), "votes.csv:2: has 3 cells; allowed: 4, separated by commas"),
    "a cell too many": (
        b"item\ttruth\ta\n1\tx\tx\n2\tx\tx\tx\n",
        (),
        "votes.csv:3: has 4 cells; allowed: 3, separated by tabs",
    ),
    "lines with another separator": (
        b"item;truth;a\n1,x,x\n",
        (),
        "votes.csv:2: has 1 cell; allowed: 3, separated by sem",
    ),
    "an item twice": (
        b"item,truth,a\n1,x,x\n\n 1 ,x,y\n",
        (),
        "votes.csv:4: the id '1' in the column `item` is also in line 2",
    ),
    "no truth of an item": (b"item,truth,a\n1, ,x\n", (), "votes.csv:2: the truth in the column `truth` is empty"),
    "no name of an item": (b"k,truth,a\n1,x,x\n,x,x\n", (), "votes.csv:3: the id in the column `k` is empty"),
    "not UTF-8": (b"item,truth,a\n1,x,\xff\n", (), "votes.csv:2: is not UTF-8; save the file as UTF-8"),
    "Latin-1 in the header": (b"item,truth,\xe4\n1,x,x\n", (), "votes.csv:1: is not UTF-8"),
    "UTF-16": ("item,truth,a\n1,x,x\n".encode("utf-16"), (), "votes.csv:1: is not UTF-8"),
    "UTF-16 without a mark": ("item,truth,a\n1,x,x\n".encode("utf-16-le"), (), "votes.csv:1: has a NUL character"),
    "a NUL": (b"item,truth,a\n1,x,x\r\n2,x,\0\n", (), "votes.csv:3: has a NUL character; save the file as UTF-8 text"),
    "an open quote": (
        b'item,truth,a\n1,x,"x\n2,x,x\n',
        (),
        "votes.csv:2: cannot be read as CSV: a quote is opened and ne",
    ),
    "an open quote in the header": (
        b'item,truth,"a\n1,x,x\n',
        (),
        "votes.csv:1: cannot be read as CSV: a quote is opened",
    ),
    "more behind a quote": (
        b'item,truth,a\n1,x,"x" y\n',
        (),
        "votes.csv:2: cannot be read as CSV: a quoted cell continues",
    ),
    "a huge cell": (
        b"item,truth,a\n1,x," + b"x" * 200_000 + b"\n",
        (),
        "votes.csv:2: cannot be read as CSV: a cell has more than 131,072",
    ),
    "hostile columns": (
        b"item,truth,\x1b[2J,\x1b[2J\n1,x,x,x\n",
        (),
        "votes.csv:1: the column `\ufffd[2J` is there 2 times",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_not_a_recorded_set_is_refused_with_its_line(what: str, capsys: Captured) -> None:
    data, options, expected = BAD[what]
    Path("votes.csv").write_bytes(data)

    (sentence,) = refused(capsys, "policy", "evaluate", "votes.csv", *options)

    assert sentence.startswith(expected)
    assert "\x1b" not in sentence


def test_every_column_that_is_missing_is_named_at_once(capsys: Captured) -> None:
    Path("votes.csv").write_text("item,truth,a\n1,x,x\n")

    sentences = refused(capsys, "policy", "evaluate", "votes.csv", "--id", "k", "--truth", "gold", "--voters", "a,b,c")

    assert [said.split("`")[1] for said in sentences] == ["gold", "k", "b", "c"]


@pytest.mark.parametrize("name", ["missing.csv", ".", "a\0b.csv", "missing/votes.csv"])
def test_a_file_that_cannot_be_read_is_refused(name: str, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "policy", "evaluate", name)

    assert "cannot be read: " in sentence


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--voters", ""], "--voters is '', in which a name is empty"),
        (["--voters", " "], "--voters is '', in which a name is empty"),
        (["--voters", "a,,b"], "--voters is 'a,,b', in which a name is empty"),
        (["--voters", '"a'], "--voters is '\"a'; allowed: names with commas between them"),
        (["--voters", "a", "--voters", "b"], "--voters is given 2 times; allowed: once"),
        (["--id", "a", "--id", "b"], "--id is given 2 times; allowed: once"),
        (["--truth", "a", "--truth", "a"], "--truth is given 2 times; allowed: once"),
    ],
)
def test_options_that_name_columns_badly_are_refused(options: list[str], expected: str, capsys: Captured) -> None:
    Path("votes.csv").write_text("item,truth,a,b\n1,x,x,x\n")

    (sentence,) = refused(capsys, "policy", "evaluate", "votes.csv", *options)

    assert expected in sentence


def test_a_set_of_more_than_a_machine_holds_is_refused(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "MAX_ITEMS", 2)
    monkeypatch.setattr(recorded, "MAX_BYTES", 60)
    monkeypatch.setattr(columns, "MAX_VOTERS", 2)

    for text, expected in {
        "item,truth,a\n1,x,x\n2,x,x\n3,x,x\n": "votes.csv: has more than 2 items",
        "item,truth,a,b,c\n1,x,x,x,x\n": "votes.csv:1: there are 3 voters; allowed: 1 to 2",
        "item,truth,a\n" + "\n" * 50: "votes.csv: has more than 60 bytes",
    }.items():
        Path("votes.csv").write_text(text)
        assert refused(capsys, "policy", "evaluate", "votes.csv")[0].startswith(expected)


def test_many_columns_are_named_in_part(capsys: Captured) -> None:
    Path("votes.csv").write_text(",".join(f"c{n}" for n in range(500)) + f",{'x' * 5_000}\n")

    (sentence,) = refused(capsys, "policy", "evaluate", "votes.csv")

    assert "c0, c1, " in sentence
    assert "c19, and 481 more" in sentence
    assert len(sentence) < 400
