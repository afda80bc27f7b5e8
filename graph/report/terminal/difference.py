"""Differences of two policies for people at a terminal and, as plain values, for programs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from graph.assurance.comparison import PolicyComparison
from graph.report.terminal.blocks import fitted
from graph.report.terminal.proof import word_of
from graph.report.terminal.visible import visible
from policies.assurance.counterexamples import shown_casts, shown_place
from policies.assurance.difference import Change
from policies.language import phrase, say, say_count

Plain = dict[str, Any]

GUARDS_DIFFER = phrase("Their guards differ: {names}. Below is what the votes alone give")
LIMITS_DIFFER = phrase("Their limits differ: {names}. Below is what the votes alone give")
UNSETTLED = phrase(
    "{first} and {second} decide all votes alike that were compared on {where}, which settles nothing: {why}"
)
EQUIVALENT = phrase("{first} and {second} are equivalent on {where}: no run can tell them apart")
ALIKE = phrase("{first} and {second} decide alike on {where}: no run can tell their tables apart")


def plain_comparisons(found: Sequence[PolicyComparison]) -> Plain:
    """Return the difference of what decides first as plain values, and under `within` those of the teams within."""
    first, *others = map(plain_changes, found)
    return {**first, "equivalent": all(each.is_equivalent for each in found), "within": others}


def plain_changes(found: PolicyComparison) -> Plain:
    """Return a difference of two policies as plain values: counts by (from, to), and every case."""
    counts = counted(found.changes).items()
    return {
        "equivalent": found.is_equivalent,
        "on": found.where,
        "guards_differ": list(found.guards),
        "limits_differ": list(found.limits),
        "unsettled": found.unsettled,
        "counts": [{"from": source, "to": target, "votes": votes} for (source, target), votes in counts],
        "cases": [_case(change) for change in found.changes],
    }


def _case(change: Change) -> Plain:
    example = change.example
    place = {**asdict(example.place), "how": example.note}
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


def print_comparisons(found: Iterable[PolicyComparison], first: str, second: str, console: Console) -> None:
    """Print the differences of what decides in two teams, one below the other."""
    for number, each in enumerate(found):
        if number:
            console.print()
        print_changes(each, first, second, console)


def print_changes(found: PolicyComparison, first: str, second: str, console: Console) -> None:
    """Print a difference of two policies."""
    for told, names in ((GUARDS_DIFFER, found.guards), (LIMITS_DIFFER, found.limits)):
        if names:
            console.print(visible(say(told, names=", ".join(names))))
    if not found.changes:
        _print_alike(found, first, second, console)
        return
    differ = say("{first} and {second} differ on {where}", first=first, second=second, where=found.shown_where)
    console.print(visible(differ, "bold"))
    table = Table(say("from"), say("to"), say("votes"), box=box.SIMPLE_HEAD, pad_edge=False)
    for (source, target), votes in counted(found.changes).items():
        table.add_row(word_of(source), word_of(target), str(votes))
    console.print(fitted(console, table))
    for line in _lines(found):
        console.print(visible(line))


def _print_alike(found: PolicyComparison, first: str, second: str, console: Console) -> None:
    told, style = ALIKE, ""
    if found.unsettled:
        told, style = UNSETTLED, "yellow"
    elif found.is_equivalent:
        told, style = EQUIVALENT, "green"
    values = {"first": first, "second": second, "where": found.shown_where, "why": found.unsettled}
    console.print(visible(say(told, **values), style))


def _lines(found: PolicyComparison) -> Iterator[str]:
    """Yield a line for each kind of vote and difference, at the first place where it differs so."""
    first: dict[object, Change] = {}
    for change in found.changes:
        first.setdefault((change.source, change.target, *change.example.votes[0].items()), change)
    for change in first.values():
        example = change.example
        where = f"{shown_place(example.place, found.titles)}{f', {example.note}' if example.note else ''}"
        yield say_count(
            "{where}: {casts}: from {source} to {target} ({number} vote)",
            "{where}: {casts}: from {source} to {target} ({number} votes)",
            change.votes,
            where=where,
            casts=shown_casts(example.votes[0], found.titles),
            source=change.source,
            target=change.target,
        )
