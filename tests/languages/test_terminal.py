"""A terminal and Markdown say everything but data in the language of their reader: every kind of run, marked."""

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from graph.past import Past
from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.explanation import explanation_of
from graph.report.markdown.report import markdown_of
from graph.report.terminal.answers import answers_shown
from graph.report.terminal.report import print_report
from graph.report.terminal.visible import visible
from graph.report.terminal.why import print_why
from policies.decision.variables import VARIABLES
from policies.language import speaking
from tests.languages.pseudo import PSEUDO, unsaid
from tests.languages.test_report import STORIES, flat, texts_of
from tests.report.works import EVERY

pytestmark = pytest.mark.slow

MACHINE = (
    *("go", "caution", "block", "absent", "approve", "reject", "abstain"),  # stances and votes
    *("rules", "model", "gpt", "mini", "classic"),  # voices and policies
    *("accord", "FILE", "NAME", "UTC", "SHA"),  # commands
    *("margin_pct", "is_ready"),  # fields of the output of a role
)

COMMAND = re.compile(r"accord (decide|answer|why|show|resume|watch) [^·\n`]*")
READING = re.compile("|".join(rf"\b{each}\b" if "_" in each else rf"\b{each}(?= = )" for each in VARIABLES))
CODE = re.compile(r"``` ?text.*?```|(`+).*?\1|\b[0-9a-f]{12}\b", re.DOTALL)  # what is typed, and short digests


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return lambda name: EVERY[name](tmp_path_factory.mktemp(name))


def _plain(shown: str, told: Any) -> list[str]:
    """The words that are neither said nor data."""
    read = flat(re.sub(r"[─│├└╭╮╰╯]|^>+", " ", READING.sub(" ", COMMAND.sub(" ", shown)), flags=re.MULTILINE))
    offered = json.dumps(told.record.get("raw_contribution"), ensure_ascii=False)[:500]
    for text in (flat(offered), *filter(None, texts_of(told))):
        read = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", " ", read)
    return unsaid(CODE.sub(" ", read), MACHINE)


@pytest.mark.parametrize("name", STORIES)
def test_markdown_has_no_word_that_is_not_said(name: str, story: Any) -> None:
    told = story(name)
    with speaking(PSEUDO):
        dossier = dossier_of("t", told.record, told.state, told.hindsight)
        hashed: dict[str, Any] = {"hashes": {}, "prompts": {}, "versions": {}}  # their names are keys
        shown = markdown_of({**dossier, "record": {**dossier["record"], **hashed}})
    assert _plain(shown.replace("\\", ""), told) == []


@pytest.mark.parametrize("name", STORIES)
def test_a_terminal_shows_no_word_that_is_not_said(name: str, story: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = story(name)
    console = Console(file=io.StringIO(), width=4_000)
    monkeypatch.setattr("graph.report.terminal.report.console_on", lambda _: console)
    with speaking(PSEUDO):
        print_report(told.record, told.state, is_full=True, is_verbose=True, hindsight=told.hindsight)
        found = explanation_of("t", told.state)
        if isinstance(found, dict):
            print_why(found, console)
        console.print(answers_shown(Past.of(told.state), console))
    assert _plain(console.file.getvalue(), told) == []  # type: ignore[attr-defined]  # a StringIO


@pytest.mark.parametrize("width", range(8, 30))
def test_no_line_of_a_terminal_begins_with_a_mark_that_belongs_to_the_word_before(width: int) -> None:
    shown = io.StringIO()
    Console(file=shown, width=width).print(
        visible("ligne un\N{NO-BREAK SPACE}: go\N{NO-BREAK SPACE}; deux\N{NO-BREAK SPACE}?")
    )
    assert not [line for line in shown.getvalue().splitlines() if line.lstrip()[:1] in (":", ";", "?")]
