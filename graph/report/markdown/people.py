"""People in Markdown: what they were asked, and their answers as a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.markdown.markup import code, escaped, mark, quoted, table

Plain = Mapping[str, Any]
HEADS = ("Who", "Answer", "Reason", "Proof", "Time")


def people_of(dossier: Plain) -> Iterator[str]:
    """Yield the section on people; nothing where nobody was asked."""
    if dossier["people"]:
        yield "## People"
    for question in dossier["people"]:
        yield from ("", f"### {mark(question['tone'])}{escaped(question['heading'])}", "")
        yield from (*quoted(question["question"]), "", f"**{escaped(question['ended'])}**", "")
        yield from table(("", ""), _facts(question))
        if question["answers"]:
            yield from ("", *table(HEADS, map(_answer, question["answers"])))
        yield from _table(question)
        yield from _declined(question)


def _facts(question: Plain) -> Iterator[list[str]]:
    yield ["Asked", ", ".join(map(escaped, question["asked"]))]
    yield ["Since", escaped(question["since"])]
    if question["until"]:
        yield ["Until", escaped(question["until"])]
    if question["options"]:
        yield ["Allowed", ", ".join(map(escaped, question["options"]))]


def _answer(each: Plain) -> list[str]:
    said = f"{mark(each['tone'])}{escaped(each['said'])}" if each["said"] else "has answered"
    proof = f"{mark('block') if each['is_forged'] else ''}{escaped(each['proof'])}"
    return [escaped(each["who"]), said, escaped(each["because"] or ""), proof, escaped(each["at"])]


def _table(question: Plain) -> Iterator[str]:
    found = question["table"]
    if found:
        casts = ", ".join(f"{escaped(each['who'])} counts as {each['cast']}" for each in found["casts"])
        yield from ("", f"{code(found['policy'])}: {escaped(found['row'])}. {casts}.")


def _declined(question: Plain) -> Iterator[str]:
    for each in question["declined"]:
        yield from (
            "",
            f"{mark('refused')}Not taken of {escaped(each['who'])}, {each['at']}: {escaped(each['because'])}.",
        )
