"""Facts in Markdown, and where they come from."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.markdown.markup import code, escaped, mark, table
from policies.language import phrase, say, say_count

Plain = Mapping[str, Any]
HEADS = (phrase("Source"), phrase("Kind"), phrase("Fetched (UTC)"), phrase("How old then"), phrase("Facts"))


def facts_of(dossier: Plain) -> Iterator[str]:
    """Yield the section on the facts: their sources, and each with its value; nothing where there are none."""
    facts = dossier["facts"]
    if facts["rows"] or facts["sources"]:
        yield from (f"## {say('Facts')}", "")
    if facts["sources"]:
        yield from (*table([*map(say, HEADS), "SHA-256"], map(_source, facts["sources"])), "")
    if facts["at_hand"]:
        yield from (f"{escaped(facts['said'])}.", "")
    if facts["rows"]:
        yield from _rows(facts["rows"])
    if facts["more"]:
        yield from ("", say_count("And {number} more.", "And {number} more.", facts["more"]))


def _source(source: Plain) -> list[str]:
    places = [*map(code, source["places"])]
    fault = f"{mark('block')}{escaped(source['fault'])}" if source["fault"] else ""
    return [
        escaped(source["name"]),
        escaped(source["kind"]),
        escaped(source["fetched"] or "–"),
        escaped(source["age"] or "–"),
        " ".join(filter(None, (fault, ", ".join(places), source["more"]))) or "–",
        code(f"{source['digest']}…") if source["digest"] else "–",
    ]


def _rows(rows: list[Plain]) -> Iterator[str]:
    has_sources = any(fact["source"] for fact in rows)
    heads = [say("Fact"), say("Value"), *([say("Source")] if has_sources else [])]
    yield from table(heads, ([*_row(fact), *([escaped(fact["source"] or "")] if has_sources else [])] for fact in rows))


def _row(fact: Plain) -> list[str]:
    return [code(fact["path"]), escaped(fact["value"])]
