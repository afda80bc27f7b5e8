"""People for people at a terminal: who decided how and why, what waits of whom, and the command that answers it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from graph.report.dossier.people import command_for
from graph.report.terminal.visible import STYLES, visible

Plain = Mapping[str, Any]

ANSWER = "Answer it with: "


def headline_of_people(dossier: Plain) -> str:
    """Return what follows a decision in its headline: who took it or signed it off, where people did."""
    found = dossier["verdict"]["people"]
    if not found:
        return ""
    return f", {found[0][:1].lower()}{found[0][1:].removesuffix('.')}"


def closed_shown(dossier: Plain) -> Iterator[Text]:
    """Yield what people were asked that is settled: how it ended, and each answer with its reason."""
    for question in dossier["people"]:
        if question["status"] == "open":
            continue
        if question["id"] != dossier["verdict"]["question"]:  # what decided is in the headline
            yield visible(f"{question['heading']}. {question['ended']}", "bold")
        yield from _answers(question["answers"])
        if question["table"]:
            casts = ", ".join(f"{each['who']}: {each['cast']}" for each in question["table"]["casts"])
            yield visible(f"  {question['table']['policy']}: {question['table']['row']} ({casts})")
        yield from _declined(question["declined"])


def open_shown(dossier: Plain) -> Iterator[Text]:
    """Yield what waits: what is asked, of whom, until when; who has answered, not what."""
    for question in dossier["people"]:
        if question["status"] != "open":
            continue
        yield Text.assemble("Waiting: ", visible(question["heading"], "bold magenta"))
        yield visible(question["question"])
        yield visible(f"Asked of {', '.join(question['asked'])} on {question['since']}. {question['ended']}")
        yield from _answers(question["answers"])
        yield from _declined(question["declined"])


def _answers(answers: Sequence[Plain]) -> Iterator[Text]:
    for each in answers:
        said = Text(f": {each['said']}" if each["said"] else " has answered")
        because = f" – {each['because']}" if each["because"] else ""
        yield Text.assemble(
            "  ",
            visible(each["who"]),
            visible(said.plain, _style(each)),
            visible(because),
            visible(f" ({each['proof']}, {each['at']})", "red" if each["is_forged"] else ""),
        )


def _style(answer: Plain) -> str:
    return STYLES.get(answer["tone"], "")


def _declined(refused: Sequence[Plain]) -> Iterator[Text]:
    for each in refused:
        yield visible(f"  not taken of {each['who']}: {each['because']} ({each['at']})", "yellow")


def commands_of(record: Plain, database: str) -> Iterator[str]:
    """Yield the command that answers each question that waits."""
    for each in record.get("waiting", ()):
        yield f"{ANSWER}{command_for({**each, 'thread_id': record['thread_id']})}{database}"
