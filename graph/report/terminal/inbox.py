"""The inbox on a terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from graph.people import place_of
from graph.report.dossier.people import command_for, moment, proof_in_words, said_in_words, who_answered
from graph.report.terminal.visible import console_on, visible
from graph.report.words import KINDS_ASKED
from policies.language import say


def print_inbox(entries: Sequence[Mapping[str, Any]], name: str | None = None, board: str | None = None) -> None:
    """Print what waits, for one person or for all: what is asked, of whom, until when, and how it is answered.

    That is a command, and a page of the board where its address is known. It says so where nothing waits.
    """
    console = console_on(sys.stdout)
    if not entries:
        console.print(
            visible(say("Nothing waits for {name}.", name=name) if name else say("Nothing waits for anybody."))
        )
    for number, entry in enumerate(entries):
        if number:
            console.print()
        console.print(visible(f"{entry['thread_id']}  {entry['team']}  {say(KINDS_ASKED[entry['kind']])}", "bold"))
        console.print(visible(entry["question"]))
        for line in _lines(entry, board):
            console.print(visible(line))


def _lines(entry: Mapping[str, Any], board: str | None) -> list[str]:
    lines = [_asked(entry), _times(entry)]
    if "answers" in entry:
        return lines + [_said(each) for each in entry["answers"]]
    lines.append(say("answer it: {command}", command=command_for(entry)))
    if board:
        lines.append(say("or on the board: {link}", link=place_of(board, entry["thread_id"], entry["id"])))
    return lines


def _asked(entry: Mapping[str, Any]) -> str:
    asked = ", ".join(entry["asked"]) or say("anybody who says a name")
    if not entry["answered"]:
        return say("asked: {names}", names=asked)
    return say("asked: {names}; answered: {answered}", names=asked, answered=", ".join(entry["answered"]))


def _times(entry: Mapping[str, Any]) -> str:
    since = moment(entry["since"])
    if not entry["expires_at"]:
        return say("since {since}", since=since)
    return say("since {since}, until {until}", since=since, until=moment(entry["expires_at"]))


def _said(answer: Mapping[str, Any]) -> str:
    told = say("{who} answered {what}", who=who_answered(answer, {}), what=said_in_words(answer["answer"]))
    told = say("{name}: {value}", name=told, value=answer["because"]) if answer["because"] else told
    return f"{told} ({say('{said}; {hint}', said=moment(answer['at']), hint=proof_in_words(answer))})"
