"""Differences of two policies for people at a terminal and, as plain values, for programs."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from graph.assurance.comparison import Comparison
from graph.assurance.examples import shown_casts, shown_place
from graph.report.proof import word_of
from graph.report.visible import visible
from policies.assurance.difference import Change

Plain = dict[str, Any]


def plain_changes(found: Comparison) -> Plain:
    """Return a difference of two policies as plain values: counts by (from, to), and every case."""
    counts = counted(found.changes).items()
    return {
        "equivalent": found.is_equivalent,
        "on": found.where,
        "guards_differ": list(found.guards),
        "counts": [{"from": source, "to": target, "votes": votes} for (source, target), votes in counts],
        "cases": [_case(change) for change in found.changes],
    }


def _case(change: Change) -> Plain:
    example = change.example
    place = {**asdict(example.place), "joined": list(example.place.joined), "how": example.note}
    return {
        "from": change.source,
        "to": change.target,
        "votes": change.votes,
        **place,
        "casts": dict(example.votes[0]),
    }


def counted(changes: Iterable[Change]) -> dict[tuple[str, str], int]:
    """Return how many votes change from one action to another somewhere in a run, each vote counted once."""
    found: dict[tuple[str, str], dict[object, int]] = {}
    for change in changes:
        kind = tuple(change.example.votes[0].items())
        found.setdefault((change.source, change.target), {})[kind] = change.votes
    return {key: sum(kinds.values()) for key, kinds in found.items()}


def print_changes(found: Comparison, first: str, second: str, console: Console) -> None:
    """Print a difference of two policies."""
    if found.guards:
        named = ", ".join(found.guards)
        console.print(visible(f"Their guards differ: {named}. Below is what the votes alone give"))
    if not found.changes:
        same = "no run can tell their tables apart" if found.guards else "no run can tell them apart"
        word = "decide alike" if found.guards else "are equivalent"
        console.print(visible(f"{first} and {second} {word} on {found.where}: {same}", "" if found.guards else "green"))
        return
    console.print(visible(f"{first} and {second} differ on {found.where}", "bold"))
    table = Table("from", "to", "votes", box=box.SIMPLE_HEAD, pad_edge=False)
    for (source, target), votes in counted(found.changes).items():
        table.add_row(word_of(source), word_of(target), str(votes))
    console.print(table)
    for line in _lines(found.changes):
        console.print(visible(line))


def _lines(changes: Iterable[Change]) -> Iterator[str]:
    """Yield a line for each kind of vote and difference, at the first place where it differs so."""
    first: dict[object, Change] = {}
    for change in changes:
        first.setdefault((change.source, change.target, *change.example.votes[0].items()), change)
    for change in first.values():
        example = change.example
        where = f"{shown_place(example.place)}{f', {example.note}' if example.note else ''}"
        said = f"{shown_casts(example.votes[0])}: from {change.source} to {change.target}"
        yield f"{where}: {said} ({change.votes} vote{'s' if change.votes > 1 else ''})"
