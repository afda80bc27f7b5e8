"""People in Markdown: what they were asked, and their answers as a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.markdown.markup import code, escaped, mark, quoted, table
from policies.language import phrase, say

Plain = Mapping[str, Any]
HEADS = (phrase("Who"), phrase("Answer"), phrase("Reason"), phrase("Proof"), phrase("Time"))


def people_of(dossier: Plain) -> Iterator[str]:
    """Yield the section on people; nothing where nobody was asked."""
    if dossier["people"]:
        yield f"## {say('People')}"
    for question in dossier["people"]:
        yield from ("", f"### {mark(question['tone'])}{escaped(question['heading'])}", "")
        yield from (*quoted(question["question"]), "", f"**{escaped(question['ended'])}**", "")
        yield from table(("", ""), _facts(question))
        if question["answers"]:
            yield from ("", *table([*map(say, HEADS)], map(_answer, question["answers"])))
        yield from _table(question)
        yield from _declined(question)


def _facts(question: Plain) -> Iterator[list[str]]:
    yield [say("Asked"), ", ".join(map(escaped, question["asked"]))]
    yield [say("Since"), escaped(question["since"])]
    if question["until"]:
        yield [say("Until"), escaped(question["until"])]
    if question["options"]:
        yield [say("Allowed"), ", ".join(map(escaped, question["options"]))]


def _answer(each: Plain) -> list[str]:
    said = f"{mark(each['tone'])}{escaped(each['said'])}" if each["said"] else say("has answered")
    proof = f"{mark('block') if each['is_forged'] else ''}{escaped(each['proof'])}"
    return [escaped(each["who"]), said, escaped(each["because"] or ""), proof, escaped(each["at"])]


def _table(question: Plain) -> Iterator[str]:
    found = question["table"]
    if found:
        casts = ", ".join(
            say("{who} counts as {cast}", who=escaped(each["who"]), cast=each["cast"]) for each in found["casts"]
        )
        told = say("{policy}: {row}. {casts}.", policy=code(found["policy"]), row=escaped(found["row"]), casts=casts)
        yield from ("", told)


def _declined(question: Plain) -> Iterator[str]:
    for each in question["declined"]:
        values = {"who": escaped(each["who"]), "at": each["at"], "because": escaped(each["because"])}
        yield from ("", f"{mark('refused')}{say('Not taken of {who}, {at}: {because}.', **values)}")
