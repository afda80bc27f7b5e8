"""People for people at a terminal: who decided how and why, what waits of whom, and the command that answers it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from graph.people import place_of
from graph.report.dossier.people import command_for
from graph.report.terminal.visible import STYLES, styled, visible
from graph.report.words import label_of
from policies.language import say

Plain = Mapping[str, Any]


def decision_shown(decision: str, dossier: Plain) -> Text:
    """Return a decision in its headline, and who took it or signed it off, where people did."""
    label = Text(label_of(decision), f"bold {STYLES.get(decision, '')}")
    found = dossier["verdict"]["people"]
    if not found:
        return styled(say("Decision: {decision}"), decision=label)
    people = visible(f"{found[0][:1].lower()}{found[0][1:].removesuffix('.')}")
    return styled(say("Decision: {decision}, {people}"), decision=label, people=people)


def closed_shown(dossier: Plain) -> Iterator[Text]:
    """Yield what people were asked that is settled: how it ended, and each answer with its reason."""
    for question in dossier["people"]:
        if question["status"] == "open":
            continue
        if question["id"] != dossier["verdict"]["question"]:  # what decided is in the headline
            yield visible(f"{question['heading']}. {question['ended']}", "bold")
        yield from _answers(question["answers"])
        if question["table"]:
            table = question["table"]
            casts = ", ".join(say("{name}: {value}", name=each["who"], value=each["cast"]) for each in table["casts"])
            row = f"{table['row']} ({casts})"
            yield visible(f"  {say('{name}: {value}', name=table['policy'], value=row)}")
        yield from _declined(question["declined"])


def open_shown(dossier: Plain) -> Iterator[Text]:
    """Yield what waits: what is asked, of whom, until when; who has answered, not what."""
    for question in dossier["people"]:
        if question["status"] != "open":
            continue
        yield styled(say("Waiting: {what}"), what=visible(question["heading"], "bold magenta"))
        yield visible(question["question"])
        asked = say("Asked of {names} on {time}.", names=", ".join(question["asked"]), time=question["since"])
        yield visible(f"{asked} {question['ended']}")
        yield from _answers(question["answers"])
        yield from _declined(question["declined"])


def _answers(answers: Sequence[Plain]) -> Iterator[Text]:
    for each in answers:
        because = f" – {each['because']}" if each["because"] else ""
        yield Text.assemble(
            "  ",
            _answer(each),
            visible(because),
            visible(f" ({each['proof']}, {each['at']})", "red" if each["is_forged"] else ""),
        )


def _answer(answer: Plain) -> Text:
    """Return who gave an answer, and which, once it may be known."""
    who, tone = visible(answer["who"]), STYLES.get(answer["tone"], "")
    if not answer["said"]:
        return styled(say("{who} has answered"), who=who)
    return styled(say("{name}: {value}"), name=who, value=visible(answer["said"], tone))


def _declined(refused: Sequence[Plain]) -> Iterator[Text]:
    for each in refused:
        yield visible(f"  {say('not taken of {who}: {because} ({at})', **each)}", "yellow")


def commands_of(record: Plain, database: str, board: str | None = None) -> Iterator[str]:
    """Yield the command that answers each question that waits, and its form, where the address of a board is known."""
    for each in record.get("waiting", ()):
        command = f"{command_for({**each, 'thread_id': record['thread_id']})}{database}"
        yield say("Answer it with: {command}", command=command)
        if board:
            yield say("Or on the board: {link}", link=place_of(board, record["thread_id"], each["id"]))
