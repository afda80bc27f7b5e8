"""The inbox on a terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from graph.report.dossier.people import command_for, moment, proof_in_words, said_in_words, who_answered
from graph.report.terminal.visible import console_on, visible
from graph.report.words import KINDS_ASKED


def print_inbox(entries: Sequence[Mapping[str, Any]], name: str | None = None) -> None:
    """Print what waits, for one person or for all: what is asked, of whom, until when, and the command that answers it.

    It says so where nothing does.
    """
    console = console_on(sys.stdout)
    if not entries:
        console.print(visible(f"Nothing waits for {name or 'anybody'}."))
    for number, entry in enumerate(entries):
        if number:
            console.print()
        console.print(visible(f"{entry['thread_id']}  {entry['team']}  {KINDS_ASKED[entry['kind']]}", "bold"))
        console.print(visible(entry["question"]))
        for line in _lines(entry):
            console.print(visible(line))


def _lines(entry: Mapping[str, Any]) -> list[str]:
    asked = ", ".join(entry["asked"]) or "anybody who says a name"
    answered = f"; answered: {', '.join(entry['answered'])}" if entry["answered"] else ""
    until = f", until {moment(entry['expires_at'])}" if entry["expires_at"] else ""
    lines = [f"asked: {asked}{answered}", f"since {moment(entry['since'])}{until}"]
    if "answers" in entry:
        return lines + [_said(each) for each in entry["answers"]]
    return [*lines, f"answer it: {command_for(entry)}"]


def _said(answer: Mapping[str, Any]) -> str:
    because = f": {answer['because']}" if answer["because"] else ""
    who, said = who_answered(answer, {}), said_in_words(answer["answer"])
    return f"{who} answered {said}{because} ({moment(answer['at'])}; {proof_in_words(answer)})"
