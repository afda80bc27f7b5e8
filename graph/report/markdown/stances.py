"""Who took which stance and why, as Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.markdown.markup import escaped, mark, quoted, table

Plain = Mapping[str, Any]


def stances_of(dossier: Plain) -> Iterator[str]:
    """Yield the stances by role and round, every word of each round, the conflicts and the flags."""
    if not dossier["matrix"]:
        return
    yield "## Stances"
    for block in dossier["matrix"]:
        heads = [f"{each['head']}{' (open)' if each['is_open'] else ''}" for each in block["rounds"]]
        rows = [[escaped(row["title"]), *map(_cell, row["cells"])] for row in block["rows"]]
        outcome = ["**Outcome**", *(f"**{_cell(each)}**" for each in block["outcomes"])]
        yield from ("", *table(["Role", *heads], [*rows, outcome]))
    if dossier["pattern"] is None:
        for each in dossier["rounds"]:
            yield from _round(each)
        yield from _notable(dossier)


def _cell(cell: Plain) -> str:
    notes = [
        f"vote: {cell['vote']}" if cell.get("vote") else "",
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
    yield from ("", f"{mark('absent')}{escaped(each['title'])} was absent: {escaped(each['why'])}.")


def _notable(dossier: Plain) -> Iterator[str]:
    yield from ("", "### Conflicts", "")
    for each in dossier["conflicts"]:
        yield f"- {each['when']}: {'; '.join(escaped(name['words']) for name in each['names'])}"
    yield from (*([] if dossier["conflicts"] else ["None."]), "", "### Flags", "")
    for flag in dossier["flags"]:
        yield f"- {flag['when']}: {escaped(flag['title'])} {escaped(flag['words'])}"
    if not dossier["flags"]:
        yield "None."
    if dossier["moves"]:
        yield from ("", dossier["moves"])


def dissent_of(dossier: Plain) -> Iterator[str]:
    """Yield the words of those who did not agree with the decision of rounds or of a vote."""
    speeches = dossier["speeches"]
    if not speeches["has_decision"]:
        return
    yield "## Dissent"
    if not speeches["dissent"]:
        yield from ("", f"Every {'ballot' if dossier['pattern'] else 'stance'} agrees with the decision.")
    for said in speeches["dissent"]:
        yield from _speech(said)
    for each in speeches["absent"]:
        yield from _absent(each)
