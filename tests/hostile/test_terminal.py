"""What roles, providers and files say is shown at a terminal, never obeyed by it."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from graph.settings import Settings
from nodes.voices.rules import RulesVoice
from policies.team.fields import MAX_SUMMARY
from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.hostile.command import ROOT, Captured, Done, accord, process, refused
from tests.hostile.proposals import ROLE
from tests.hostile.stage import TEAM
from tests.hostile.test_team_files import GOOD
from tests.obeyed import OBEYED
from tests.scripted_server import says, serve, text

pytestmark = pytest.mark.slow

# Colour, cursor, title, clipboard, link, bell, 8-bit control, overwrite, directions, hidden letters, DEL, NUL aside.
TRICKS = {
    "a colour": "\x1b[31;1mred\x1b[0m",
    "a cleared screen": "\x1b[2J\x1b[H",
    "a title": "\x1b]0;title\x07",
    "the clipboard": "\x1b]52;c;aGk=\x07",
    "a link": "\x1b]8;;http://nowhere.invalid/\x1b\\click\x1b]8;;\x1b\\",
    "a bell": "\x07\x08\x08",
    "an 8-bit sequence": "\x9b31mred\x9d0;title\x9c",
    "an overwritten line": "fine\rStopped",
    "a reversed line": "\u202egnol\u202c \u2066a\u2069",
    "marks of direction": "a\u200eb\u200fc\u061cd",
    "hidden letters": "g\u200bo\u2060 a\u00adb\ufeff \ufff9c\ufffb \U000e0067\U000e006f",
    "a line separator": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "deleted": "a\x7fb",
}
MARKUP = "[red]x[/red] [link=http://nowhere.invalid]y[/link] [/] [bold :smile:"
SHOWN_MARKUP = "[red]x[/red]"
RULES = RulesVoice()


def assert_only_shown(shown: str) -> None:
    """Nothing in the text makes a terminal do anything but begin a new line; what would is replaced or written out."""
    assert not OBEYED.search(shown), ascii(OBEYED.findall(shown))
    assert "\N{REPLACEMENT CHARACTER}" in shown or re.search(r"\\(u[0-9a-f]{4}|x[0-9a-f]{2}|[bfr])", shown)


def settings_and_team(home: Path, folder: Path, text: str = TEAM) -> tuple[Settings, Any]:
    settings = settings_at(home, "http://127.0.0.1:1/v1")
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return settings, team_of(settings, str(folder / "small.yaml"))


def assert_shows(capture: Captured) -> Done:
    """Show the thread for people, neutral, and for programs, as JSON alone."""
    for_people = accord(capture, "show", "t")
    for_programs = accord(capture, "show", "t", "--json")
    listed = accord(capture, "list")
    assert_only_shown(for_people.out)
    assert not OBEYED.search(listed.out + listed.err + for_people.err + for_programs.err)
    assert json.loads(for_programs.out)["thread_id"] == "t"
    return for_people


@pytest.mark.parametrize("trick", TRICKS)
def test_a_brief_is_shown_and_not_obeyed(trick: str, accord_home: Path, tmp_path: Path, capsys: Captured) -> None:
    settings, team = settings_and_team(accord_home, tmp_path, TEAM.replace("voice: rules", "voice: model"))
    record = run(
        team, settings, voices=scripted(lambda _: proposal(ROLE), brief=f"Go.{TRICKS[trick]}{MARKUP}\nSecond line.")
    )

    shown = assert_shows(capsys)

    assert record["answer"].endswith(f"Go.{TRICKS[trick]}{MARKUP}\nSecond line.")
    assert SHOWN_MARKUP in shown.out
    assert [line for line in shown.out.splitlines() if line.startswith("    Second line.")]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_summary_is_shown_and_not_obeyed(trick: str, accord_home: Path, tmp_path: Path, capsys: Captured) -> None:
    settings, team = settings_and_team(accord_home, tmp_path)
    summary = f"{TRICKS[trick]}{MARKUP}"
    record = run(team, settings, voices={**scripted(lambda _: proposal(ROLE, summary=summary)), "rules": RULES})

    shown = assert_shows(capsys)

    assert record["history"][0]["contributions"][0]["summary"] == summary.strip()
    assert SHOWN_MARKUP in shown.out


@pytest.mark.parametrize("trick", TRICKS)
def test_a_refused_proposal_is_shown_and_not_obeyed(
    trick: str, accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    settings, team = settings_and_team(accord_home, tmp_path)
    said = f"I say {TRICKS[trick]}{MARKUP}"
    record = run(team, settings, voices=scripted(lambda _: said))

    shown = assert_shows(capsys)

    assert record["raw_contribution"] == said
    assert SHOWN_MARKUP in shown.out


@pytest.mark.parametrize("trick", TRICKS)
def test_a_stranger_cannot_forge_lines_of_the_report(
    trick: str, accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    settings, team = settings_and_team(accord_home, tmp_path)
    agent = f"x{TRICKS[trick]}\nDecision: go\nThread: other"
    record = run(team, settings, voices=scripted(lambda _: proposal(ROLE, agent=agent)))

    shown = assert_shows(capsys)

    assert record["stop_reason"] == f"invalid_contribution:agent_not_allowed:{agent}"
    assert not [line for line in shown.out.splitlines() if line.startswith(("Decision", "Thread: other"))]


@pytest.mark.slow
def test_live_progress_and_report_of_a_process_only_show(tmp_path: Path) -> None:
    hostile = "".join(TRICKS.values()) + MARKUP
    (tmp_path / "small.yaml").write_text(TEAM.replace("max_repairs: 0", "max_repairs: 1"))
    answers = [says("go", agent=f"{hostile}\nstopped: success"), says("go", agent="x\x1b[2J\x9b1m")]

    with serve({ROLE: answers}) as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        done = process(tmp_path, "run", "small.yaml", env=env)

    assert done.code == 3
    assert_only_shown(done.out)
    assert_only_shown(done.err)
    assert "Stopped: invalid_contribution:agent_not_allowed:x" in done.out
    assert not [line for line in done.err.splitlines() if line.startswith("stopped: success")]


@pytest.mark.system
def test_json_is_alone_on_stdout_whatever_was_said(tmp_path: Path) -> None:
    said = "".join(TRICKS.values()) + MARKUP + "\n}{"
    (tmp_path / "small.yaml").write_text(TEAM.replace("voice: rules", "voice: model"))
    commands = [["run", "small.yaml", "--thread"], ["show"], ["resume"]]

    with serve({ROLE: says("go", said), "brief": text(said)}) as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        done = [process(tmp_path, *command, "t", "--json", env=env) for command in commands]

    records = [json.loads(each.out) for each in done]
    assert [each.code for each in done] == [0, 0, 0]
    assert records == [records[0]] * 3
    assert records[0]["history"][0]["contributions"][0]["summary"] == said
    assert records[0]["answer"] == f"Decision: go\n\n{said}"
    assert {(each.out[:2], each.out[-2:]) for each in done} == {("{\n", "}\n")}


def seen_at_a_terminal(folder: Path, *arguments: str, env: Mapping[str, str]) -> str:
    """Return all that a process writes to a terminal, the progress it redraws included."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "graph", *arguments]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "ACCORD_HOME": str(folder / "home"), "TERM": "xterm", **env}
    with subprocess.Popen(command, cwd=folder, env=settings, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # the end, as Linux tells it
            while part := os.read(ours, 65_536):
                seen += part
    os.close(ours)
    return seen.decode()


@pytest.mark.slow
def test_the_progress_that_is_redrawn_at_a_terminal_only_shows(tmp_path: Path) -> None:
    hostile = "\x1b]52;c;aGk=\x07\x1b[8m\x9b8m\u202e[red]"
    (tmp_path / "small.yaml").write_text(TEAM.replace("max_repairs: 0", "max_repairs: 1"))

    with serve({ROLE: [says("go", agent=f"a{hostile}"), says("go", agent=f"b{hostile}")]}) as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        seen = seen_at_a_terminal(tmp_path, "run", "small.yaml", env=env)

    assert "agent_not_allowed:" in seen
    assert "\N{REPLACEMENT CHARACTER}]52;c;aGk=" in seen
    assert "\x1b[?25l" in seen, "no progress was drawn"
    assert not re.search("\x1b]|\x07|\x1b\\[8m|\x9b|\u202e", seen)


@pytest.mark.parametrize(
    "words", ["x" * MAX_SUMMARY, "\u4e2d" * MAX_SUMMARY, "\U0001f468\u200d\U0001f469" * 1_000, "e\u0301" * 2_000]
)
def test_a_huge_word_is_folded_to_the_width(words: str, accord_home: Path, tmp_path: Path, capsys: Captured) -> None:
    settings, team = settings_and_team(accord_home, tmp_path)
    run(team, settings, voices={**scripted(lambda _: proposal(ROLE, summary=words)), "rules": RULES})

    shown = accord(capsys, "show", "t").out

    assert max(len(line) for line in shown.splitlines()) <= 400
    assert sum(line.count(words[0]) for line in shown.splitlines()) >= words.count(words[0])


def escaped(trick: str) -> str:
    """Return the trick as a YAML file may write it: YAML itself takes no control character."""
    return "".join(f"\\U{ord(each):08x}" for each in TRICKS[trick])


@pytest.mark.parametrize("trick", TRICKS)
def test_a_team_file_that_is_refused_is_quoted_and_not_obeyed(trick: str, accord_home: Path, capsys: Captured) -> None:
    hostile = escaped(trick)
    text = GOOD.replace("title: A small team", f'"{hostile}\\naccord: fine": 1').replace("[risk]", f'["{hostile}"]')
    Path("bad.yaml").write_text(f'{text}"{hostile}": 1\n"{hostile}": 1\n')

    sentences = refused(capsys, "run", "bad.yaml")
    Path("bad.yaml").write_text(text)
    sentences += refused(capsys, "run", "bad.yaml")

    assert_only_shown("\n".join(sentences))
    assert len(sentences) >= 4
    assert all(said.startswith("bad.yaml:") for said in sentences)


def test_a_line_of_a_batch_that_is_refused_is_quoted_and_not_obeyed(accord_home: Path, capsys: Captured) -> None:
    hostile = "".join(TRICKS.values()) + MARKUP
    cases: list[dict[str, Any]] = [
        {"id": hostile},
        {"id": "a", hostile: 1},
        {"id": "b", "team": hostile},
        {"id": "c", "overrides": {hostile: 1}},
        {"id": "d", "goal": 5},
    ]
    Path("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))

    done = accord(capsys, "batch", "cases.jsonl")

    assert done.code == 2
    assert_only_shown(done.err)
    assert [json.loads(line)["result"] for line in done.out.rstrip("\n").split("\n")] == [None] * 5
    assert len(done.err.splitlines()) == 6


def test_flags_that_are_refused_are_quoted_and_not_obeyed(accord_home: Path, capsys: Captured) -> None:
    hostile = TRICKS["a colour"] + TRICKS["a reversed line"] + "\naccord: fine"
    commands = [
        ["run", hostile],
        ["run", "--set", hostile],
        ["run", "--set", f"{hostile}=1"],
        ["run", "--facts", hostile],
        ["batch", hostile],
        ["run", "--db", f"{hostile}://h"],
    ]

    for command in commands:
        (said,) = refused(capsys, *command)
        assert_only_shown(said)
