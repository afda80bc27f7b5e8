"""Streams of other encodings, and closed ones: no result is lost, nothing is printed into a file of ours."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from graph.cli.streams import in_its_place

ROOT = Path(__file__).parents[2]
TEAM = """
name: ship
title: Bonsoir, l'œuvre – 发货小组
goal: Décider – 决定周一是否发货
sequence: [planner]
budget: {max_rounds: 1, min_go_votes: 1}
facts: {late: 14}
roles:
  planner:
    title: Планировщик
    mandate: Décidez.
    otherwise: {stance: go, summary: "“Assez” – 产能足够…", actions: ["周一装车 🚚"]}
"""
COMMANDS = (
    ["run", "ship.yaml", "--thread", "t"],
    ["show", "t"],
    ["graph", "ship.yaml"],
    ["patterns"],
    ["show", "nobody"],
)
CODES = [0, 0, 0, 0, 2]


def commanded(
    folder: Path, arguments: Sequence[str], encoding: str = "utf-8", closed: Iterable[int] = ()
) -> tuple[int, bytes, bytes]:
    """Return the exit code of a process, and the bytes that it wrote."""

    def close() -> None:
        for number in closed:
            os.close(number)

    done = subprocess.run(
        [sys.executable, "-m", "graph", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ACCORD_HOME": str(folder / "home"), "PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=close,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ship.yaml").write_text(TEAM, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "encoding",
    [
        "ascii",
        pytest.param("latin-1", marks=pytest.mark.system),
        pytest.param("cp1252", marks=pytest.mark.system),
        pytest.param("cp437", marks=pytest.mark.system),
    ],
)
def test_every_command_writes_what_the_encoding_has(encoding: str, folder: Path) -> None:
    done = [commanded(folder, each, encoding) for each in COMMANDS]
    assert [code for code, _, _ in done] == CODES
    shown = done[1][1].decode(encoding)
    assert "Decision: Go" in shown
    assert '"Assez" - ' in shown.translate(str.maketrans("“”–", '""-'))
    assert "?" in shown
    assert "no thread `nobody`" in done[-1][2].decode(encoding)


@pytest.mark.slow
@pytest.mark.parametrize(
    "closed", [(1,), pytest.param((2,), marks=pytest.mark.system), pytest.param((0, 1, 2), marks=pytest.mark.system)]
)
def test_a_stream_that_is_closed_changes_no_result(closed: Sequence[int], folder: Path) -> None:
    done = [commanded(folder, each, closed=closed) for each in COMMANDS]
    assert [code for code, _, _ in done] == CODES
    assert not [err for _, _, err in done if b"Error" in err]
    assert commanded(folder, ["audit", "verify"])[1].startswith(b"t: ")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["run", "ship.yaml", "--thread", "gone"], ["batch", "cases.jsonl"]])
def test_a_reader_that_goes_changes_no_result(arguments: list[str], folder: Path) -> None:
    """The pipe's other end is closed before anything is written, as `head` closes it after a line."""
    (folder / "cases.jsonl").write_text("".join(f'{{"id": "c{n}", "team": "ship.yaml"}}\n' for n in range(3)))
    ours, theirs = os.pipe()
    os.close(ours)
    env = {**os.environ, "ACCORD_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "graph", *arguments],
        stdout=theirs,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=env,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, b"Error" in done.stderr) == (0, False)
    assert b" events, intact" in commanded(folder, ["audit", "verify"])[1]
    assert len(commanded(folder, ["list"])[1].splitlines()) == 1 + (1 if arguments[0] == "run" else 3)


def nearest_in(encoding: str, text: str) -> str:
    """Return a text as a stream of that encoding has it, by the handler alone."""
    written = ""
    for character in text:
        try:
            character.encode(encoding)
            written += character
        except UnicodeEncodeError as error:
            written += in_its_place(error)[0]
    return written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Déjà – l’œuvre", "Deja - l'oeuvre"),
        ("3 ≤ 5 → ✓", "3 <= 5 -> +"),
        ("ﬁn ½", "fin 1/2"),
        ("产能 🚚", "?? ?"),
        ("e\u0301", "e"),
    ],
)
def test_what_ascii_lacks_is_written_as_near_as_can_be(text: str, written: str) -> None:
    assert nearest_in("ascii", text) == written


def test_every_character_there_is_can_be_written() -> None:
    characters: Callable[[int], str] = chr
    for number in range(0x80, 0x11_0000, 97):
        assert nearest_in("ascii", characters(number)).isascii()
