"""For people at a terminal: where facts come from, how sure a decision is, and what a later look at it found."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from graph.report.dossier.ties import takes_again
from graph.report.terminal.blocks import Cell, rows_shown
from graph.report.terminal.visible import visible
from graph.report.words import joined
from policies.language import phrase, say, say_count

Plain = Mapping[str, Any]

SOURCE = (phrase("source"), phrase("kind"), phrase("fetched (UTC)"), phrase("how old then"), phrase("facts"))
TRIPWIRE = (phrase("tripwire"), "", phrase("fact"), phrase("limit"), phrase("then"), phrase("now"))
TONES = {"go": "green", "caution": "yellow", "block": "red", "open": "cyan", "human": "magenta"}
PLACES = 4
"""Places in the facts named for each source; the page has more of them."""


def with_source(fact: str, source: str | None) -> str:
    """Return a fact with its source behind it, where there is more than one."""
    return f"{fact} ({source})" if source else fact


def stability_shown(dossier: Plain) -> Iterator[Text]:
    """Yield what asking the last round again gave."""
    found = dossier["stability"]
    if found:
        if dossier["verdict"]["status"] == "ok" or found["tone"] == "done":  # else the question or the cause says it
            yield visible(found["said"], TONES.get(found["tone"], ""))
        others = [each for each in found["outcomes"] if each["is_other"]]
        if others:
            counted = ", ".join(f"{each['label']} ({each['times']})" for each in others)
            yield visible(say("Otherwise it came out as: {outcomes}.", outcomes=counted))
        yield from map(visible, found["notes"])


def drift_shown(dossier: Plain, console: Console, database: str) -> Iterator[RenderableType]:
    """Yield what a later look at the decision found, and that the record has none of it."""
    drift = dossier["drift"]
    if not drift:
        return
    told = say("A later look, {time}: {verdict}", time=drift["at"], verdict=drift["label"])
    yield visible(told, f"bold {TONES[drift['tone']]}")
    yield visible(drift["note"])
    yield from map(visible, drift["said"])
    if drift["owner"]:
        yield visible(say("Watched by {owner}.", owner=drift["owner"]))
    if drift["rows"]:
        yield rows_shown(
            console, [each and say(each) for each in TRIPWIRE], [_tripwire(row) for row in drift["rows"]], lined=True
        )
    if drift["reopened_as"]:
        yield visible(say("It is taken again as the thread {thread}.", thread=drift["reopened_as"]))
    if drift["next"]:
        yield visible(say("Take it again with: {command}", command=f"{drift['next']}{database}"))
    yield Text()


def _tripwire(row: Plain) -> tuple[Cell, ...]:
    limit = f"{row['comparison']} {row['limit']}" if row["comparison"] else "-"
    label = visible(row["label"], TONES.get(row["tone"], ""))
    return row["what"], label, row["fact"] or "-", limit, _reading(row["then"]), _reading(row["now"])


def _reading(reading: Plain | None) -> str:
    if not reading:
        return "-"
    return joined([f"{reading['value']}, {reading['answer']}", reading["room"] or reading["fault"]])


def reopening_shown(dossier: Plain) -> Iterator[Text]:
    """Yield which decision a thread reopens, and what moved since."""
    found = dossier["reopens"]
    if found:
        yield visible(takes_again(found, found["thread"], found["decision"]))
        yield from map(visible, found["said"])
        for fact in found["changed"]:
            moved = say("{name}: {value}", name=fact["path"], value=f"{fact['then']} → {fact['now']}")
            yield visible(f"  {moved}")
        if found["more"]:
            yield visible(f"  {say_count('And {number} more.', 'And {number} more.', found['more'])}")
        yield Text()


def sources_shown(dossier: Plain, console: Console, cause: str | None) -> Iterator[RenderableType]:
    """Yield where the facts come from; nothing where nobody had to fetch them. `cause` is said already."""
    sources = dossier["facts"]["sources"]
    if not sources:
        return
    yield visible(say("Facts"), "bold")
    rows = [_source(each) for each in sources]
    yield rows_shown(console, [*map(say, SOURCE), "SHA-256"], rows, lined=True)
    for each in sources:
        if each["fault"] and each["fault"] != cause:
            yield visible(say("{name}: {value}", name=each["name"], value=each["fault"]), "red")


def _source(source: Plain) -> tuple[Cell, ...]:
    places = [*source["places"][:PLACES], *(["…"] if source["places"][PLACES:] else [])]
    facts = visible(say("failed"), "red") if source["fault"] and not places else ", ".join(places)
    digest = source["digest"] or "-"
    return source["name"], source["kind"], source["fetched"] or "-", source["age"] or "-", facts or "-", digest
