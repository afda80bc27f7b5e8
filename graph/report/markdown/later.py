"""Markdown on how sure a decision is, what it reopens, and what a later look at it found."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.dossier.ties import takes_again
from graph.report.markdown.markup import code, escaped, fenced, mark, table
from policies.language import phrase, say, say_count

Plain = Mapping[str, Any]
DRIFT = (phrase("Tripwire"), "", phrase("Fact and limit"), phrase("Then"), phrase("Now"))
MOVED = (phrase("Fact"), phrase("Then"), phrase("Now"))


def stability_of(dossier: Plain) -> Iterator[str]:
    """Yield what asking the last round again gave; nothing where it was not asked again."""
    found = dossier["stability"]
    if not found:
        return
    yield from (f"## {say('Stability')}", "", f"{mark(found['tone'])}{escaped(found['said'])}")
    if found["outcomes"]:
        yield from ("", *table((say("Outcome"), say("Given"), ""), map(_outcome, found["outcomes"])))
    for sentence in found["notes"]:
        yield from ("", escaped(sentence))


def _outcome(each: Plain) -> list[str]:
    other = say("otherwise") if each["is_other"] else ""
    return [f"{mark(each['tone'])}{escaped(each['label'])}", each["times"], other]


def drift_of(dossier: Plain) -> Iterator[str]:
    """Yield what a later look at the decision found; nothing where nobody looked."""
    drift = dossier["drift"]
    if not drift:
        return
    looked = say("looked at on {time}", time=escaped(drift["at"]))
    yield from (f"## {say('A later look')}", "", f"{mark(drift['tone'])}**{drift['label']}**, {looked}.", "")
    yield escaped(drift["note"])
    for sentence in drift["said"]:
        yield from ("", escaped(sentence))
    if drift["owner"]:
        yield from ("", say("Watched by {owner}.", owner=escaped(drift["owner"])))
    if drift["reopened_as"]:
        yield from ("", say("It is taken again as the thread {thread}.", thread=code(drift["reopened_as"])))
    if drift["next"]:
        yield from ("", say("Take it again with:"), "", *fenced(drift["next"]))
    if drift["rows"]:
        yield from ("", *table([*map(say, DRIFT)], map(_tripwire, drift["rows"])))
    yield from _moved(drift)


def _tripwire(row: Plain) -> list[str]:
    limit = f" {escaped(row['comparison'])} {escaped(row['limit'])}" if row["comparison"] else ""
    fact = f"{code(row['fact'])}{limit}" if row["fact"] else "–"
    label = f"{mark(row['tone'])}{escaped(row['label'])}"
    return [escaped(row["what"]), label, fact, _reading(row["then"]), _reading(row["now"])]


def _reading(reading: Plain | None) -> str:
    if not reading:
        return "–"
    beside = say("; ").join(filter(None, (reading["answer"], reading["room"], reading["fault"])))
    return f"{escaped(reading['value'])} ({escaped(beside)})"


def _moved(each: Plain) -> Iterator[str]:
    if each["changed"]:
        rows = ([code(fact["path"]), escaped(fact["then"]), escaped(fact["now"])] for fact in each["changed"])
        yield from ("", f"### {say('Facts that moved')}", "", *table([*map(say, MOVED)], rows))
    if each["more"]:
        yield from ("", say_count("And {number} more.", "And {number} more.", each["more"]))


def reopening_of(dossier: Plain) -> Iterator[str]:
    """Yield which decision a thread reopens, and what moved; nothing where it reopens none."""
    found = dossier["reopens"]
    if not found:
        return
    yield from (f"## {say('What it reopens')}", "")
    yield takes_again(found, code(found["thread"]), escaped(found["decision"] or ""))
    for sentence in found["said"]:
        yield from ("", escaped(sentence))
    yield from _moved(found)
