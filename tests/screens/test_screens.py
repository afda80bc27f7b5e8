"""What a person sees at a terminal of 80, 60 and 40 columns, and what a pipe gets."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.screens.kept import COMMANDS, REWRITE, WIDTHS, file_of, screens
from tests.screens.terminal import ROOT, on_screen


@pytest.mark.system
@pytest.mark.parametrize("columns", WIDTHS)
def test_each_command_shows_what_is_kept_of_its_screen(columns: int, tmp_path: Path) -> None:
    for name, shown in screens(columns, tmp_path).items():
        assert shown == file_of(name, columns).read_text(encoding="utf-8"), f"{name}; after a look: {REWRITE}"


def test_every_kept_screen_is_of_a_command() -> None:
    kept = {path.name for path in file_of("run", 80).parent.iterdir()}
    assert kept == {file_of(name, columns).name for name in COMMANDS for columns in WIDTHS}


@pytest.mark.slow
def test_without_colours_the_screen_says_the_same(tmp_path: Path) -> None:
    env = {"ACCORD_HOME": str(tmp_path), "OPENAI_API_KEY": ""}
    coloured = on_screen(80, "run", "cold_storage", "--thread", "a", env={**env, "NO_COLOR": ""})
    plain = on_screen(80, "show", "a", env={**env, "NO_COLOR": "1"})
    assert coloured.colours
    assert not plain.colours
    assert plain.lines[0] == "Decision: Go with caution"


@pytest.mark.slow
def test_a_pipe_gets_a_line_for_each_event_and_nothing_that_moves_a_cursor(tmp_path: Path) -> None:
    env = {**os.environ, "ACCORD_HOME": str(tmp_path), "OPENAI_API_KEY": "", "PYTHONPATH": str(ROOT)}
    env["FORCE_COLOR"] = "1"  # as some build servers set it
    command = [sys.executable, "-m", "graph", "run", "cold_storage", "--thread", "a"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    assert "\x1b" not in done.stdout + done.stderr
    first, second, *said, ended, brief, used = done.stderr.splitlines()
    assert first == "Release of a vaccine batch after a temperature excursion   policy launch"
    assert second == "thread a"
    assert {re.sub(r" – .*", "", line) for line in said} == {
        "round 1  stability_chemist: go",
        "round 1  logistics_lead: go",
        "round 1  quality_officer: caution",
        "round 1  clinic_liaison: go",
    }
    assert ended.startswith("round 1 → go with caution: ")
    assert re.fullmatch(r"round 1  brief: written   \d+\.\d s", brief)
    assert used == "calls 4/20"


@pytest.mark.slow
def test_a_terminal_that_cannot_move_its_cursor_gets_lines(tmp_path: Path) -> None:
    env = {"ACCORD_HOME": str(tmp_path), "OPENAI_API_KEY": "", "TERM": "dumb"}
    shown = on_screen(120, "run", "cold_storage", "--thread", "a", env=env)
    assert "\x1b" not in shown.written
    assert "thread a" in shown.lines
    assert any(line.startswith("round 1  clinic_liaison: go – Stock ends") for line in shown.lines)
