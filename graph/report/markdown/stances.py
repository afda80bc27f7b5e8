"""Who took which stance and why, as Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.markdown.markup import escaped, mark, quoted, table
from policies.language import say

Plain = Mapping[str, Any]


def stances_of(dossier: Plain) -> Iterator[str]:
    """Yield the stances by role and round, every word of each round, the conflicts and the flags."""
    if not dossier["matrix"]:
        return
    yield f"## {say('Stances')}"
    for block in dossier["matrix"]:
        heads = [
            say("{round} (open)", round=each["head"]) if each["is_open"] else each["head"] for each in block["rounds"]
        ]
        rows = [[escaped(row["title"]), *map(_cell, row["cells"])] for row in block["rows"]]
        outcome = [f"**{say('Outcome')}**", *(f"**{_cell(each)}**" for each in block["outcomes"])]
        yield from ("", *table([say("Role"), *heads], [*rows, outcome]))
    if dossier["pattern"] is None:
        for each in dossier["rounds"]:
            yield from _round(each)
        yield from _notable(dossier)


def _cell(cell: Plain) -> str:
    notes = [
        say("vote: {vote}", vote=cell["vote"]) if cell.get("vote") else "",
        cell["note"] or "",
        "⚑" if cell.get("is_flagged") else "",
    ]
    said = ", ".join(filter(None, notes))
    return f"{mark(cell['tone'])}{escaped(cell['word'])}{f' ({escaped(said)})' if said else ''}"


def _round(each: Plain) -> Iterator[str]:
    yield from ("", f"### {escaped(each['title'])}")
    for said in each["speeches"]:
        yield from _speech(said)
    for missed in each["absent"]:
        yield from _absent(missed)


def _speech(said: Plain) -> Iterator[str]:
    confidence = f" ({said['confidence']})" if said["confidence"] else ""
    yield from ("", f"{mark(said['tone'])}**{said['stance']}**{confidence} {escaped(said['title'])}", "")
    yield from quoted(said["summary"])
    if said["actions"]:
        yield from (">", *(f"> - {escaped(action)}" for action in said["actions"]))


def _absent(each: Plain) -> Iterator[str]:
    absent = say("{role} was absent: {why}.", role=escaped(each["title"]), why=escaped(each["why"]))
    yield from ("", f"{mark('absent')}{absent}")


def _notable(dossier: Plain) -> Iterator[str]:
    yield from ("", f"### {say('Conflicts')}", "")
    for each in dossier["conflicts"]:
        names = say("; ").join(escaped(name["words"]) for name in each["names"])
        yield f"- {say('{name}: {value}', name=each['when'], value=names)}"
    yield from (*([] if dossier["conflicts"] else [say("None.")]), "", f"### {say('Flags')}", "")
    for flag in dossier["flags"]:
        values = {"when": flag["when"], "title": escaped(flag["title"]), "words": escaped(flag["words"])}
        yield f"- {say('{when}: {title} {words}', **values)}"
    if not dossier["flags"]:
        yield say("None.")
    if dossier["moves"]:
        yield from ("", dossier["moves"])


def dissent_of(dossier: Plain) -> Iterator[str]:
    """Yield the words of those who did not agree with the decision of rounds or of a vote."""
    speeches = dossier["speeches"]
    if not speeches["has_decision"]:
        return
    yield f"## {say('Dissent')}"
    if not speeches["dissent"]:
        is_vote = bool(dossier["pattern"])
        agrees = (
            say("Every ballot agrees with the decision.") if is_vote else say("Every stance agrees with the decision.")
        )
        yield from ("", agrees)
    for said in speeches["dissent"]:
        yield from _speech(said)
    for each in speeches["absent"]:
        yield from _absent(each)
