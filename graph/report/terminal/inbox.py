"""The inbox on a terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from graph.report.terminal.visible import console_on, visible
from graph.report.words import KINDS_ASKED


def print_inbox(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print what waits: what is asked, of whom, since when and until when, and the command that answers it."""
    console = console_on(sys.stdout)
    if not entries:
        console.print("Nothing waits for anybody.")
    for number, entry in enumerate(entries):
        if number:
            console.print()
        console.print(visible(f"{entry['thread_id']}  {entry['team']}  {KINDS_ASKED[entry['kind']]}", "bold"))
        console.print(visible(entry["question"]))
        for line in _lines(entry):
            console.print(visible(line))


def _lines(entry: Mapping[str, Any]) -> list[str]:
    asked = ", ".join(entry["asked"]) or "anybody, under a name"
    answered = f"; answered: {', '.join(entry['answered'])}" if entry["answered"] else ""
    until = f", until {entry['expires_at']}" if entry["expires_at"] else ""
    return [f"asked: {asked}{answered}", f"since {entry['since']}{until}", f"answer it: {command_for(entry)}"]


def command_for(entry: Mapping[str, Any]) -> str:
    """Return the command that answers a question."""
    by = (entry.get("may_answer") or entry["asked"] or ["NAME"])[0]
    where = f"{entry['thread_id']} --id {entry['id']}" if "thread_id" in entry else "THREAD"
    if entry["options"]:
        return f"accord decide {where} {'|'.join(entry['options'])} --by {by} --because TEXT"
    return f"accord answer {where} --file FILE --by {by}"
