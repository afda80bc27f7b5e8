"""How many stances moved, and who did so without a new fact: on the page, in the Markdown and at a terminal."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph.languages.catalogue import language_of
from graph.report.dossier.matrix import said_moves
from graph.report.terminal.roles import words_shown
from nodes.voices.voice import Question
from policies.language import speaking
from tests.harness import proposal
from tests.report.stage import DEMAND, Told, tell

TALK = "policy={name: talk, rules: [{when: round < 3, then: next_round}], otherwise: go}"


def wavering(question: Question) -> Any:
    """One role turns twice, the second time for a fact that it has not named before."""
    stance = "caution" if question.name == DEMAND and question.round == 2 else "go"
    evidence = ["facts.region"] if question.round == 3 else []
    return proposal(question.name, stance, evidence=evidence)


def shown(dossier: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    for part in words_shown(dossier, console, is_full=False):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def all_of(told: Told) -> tuple[str, str, str]:
    return told.page, told.markdown, shown(told.dossier)


def test_every_report_says_how_many_moved_and_who_without_a_new_fact(tmp_path: Path) -> None:
    for text in all_of(tell(tmp_path, wavering, TALK, modelled=True)):
        assert "2 stances moved, 1 of them without a new fact (50%)." in text
        assert "moved without naming a fact that it had not named before" in text


def test_a_run_in_which_nobody_moved_says_nothing_of_it(tmp_path: Path) -> None:
    for text in all_of(tell(tmp_path)):
        assert "moved" not in text.partition("<body")[2] if "<body" in text else "moved" not in text


@pytest.mark.parametrize(
    ("moved", "without", "english", "french"),
    [
        (0, 0, None, None),
        (1, 0, "One stance moved, for a new fact.", "Une position a changé, à cause d'un fait nouveau."),
        (1, 1, "One stance moved, without a new fact.", "Une position a changé, sans fait nouveau."),
        (
            3,
            2,
            "3 stances moved, 2 of them without a new fact (67%).",
            "3 positions ont changé, dont 2 sans fait nouveau (67\N{NO-BREAK SPACE}%).",
        ),
    ],
)
def test_the_sentence_is_said_for_none_one_and_many(
    moved: int, without: int, english: str | None, french: str | None
) -> None:
    moves = {"moved": moved, "without_reason": without, "share": without / moved if moved else None}

    assert said_moves(moves) == english
    with speaking(language_of("fr")):
        assert said_moves(moves) == french
    assert said_moves(None) is None
