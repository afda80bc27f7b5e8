"""Proofs, differences and truth tables for people at a terminal and, as plain values, for programs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from graph.assurance.subject import Comparison
from graph.report.record import row_name
from graph.report.visible import STYLES, visible
from policies.assurance.difference import Change
from policies.assurance.proof import Cell, Check, Proof
from policies.assurance.properties import Counterexample
from policies.table import Outcome, Policy, Report
from policies.vote import Cast

Plain = dict[str, Any]

MEANINGS = {
    "total": "every vote has an outcome, and no row errs",
    "monotone": "a more cautious stance never gives a more permissive outcome",
    "absence_never_helps": "an absence in place of a go never gives a more permissive outcome",
    "guards_bind": "no outcome beats a guard",
    "veto_honoured": "a role with a veto that blocks is never overruled",
    "resolves": "a vote that stays ends in a decision or at a human",
    "overlaps": "no two rows that hold at once disagree",
    "idle_rows": "every row decides some vote",
    "asymmetry": "it does not matter who says what",
}
ORDER: Sequence[Outcome] = ("go", "go_with_caution", "next_round", "escalate", "no_go")


def plain_proof(proof: Proof) -> Plain:
    """Return a proof as plain values."""
    return {
        "policy": proof.policy,
        "roles": list(proof.roles),
        "votes": proof.votes,
        "kinds": proof.kinds,
        "places": proof.places,
        "holds": proof.holds,
        "caveat": proof.caveat,
        "properties": [asdict(check) for check in proof.checks],
        "reports": [asdict(check) for check in proof.reports],
        "shares": {name: dict(shares) for name, shares in proof.shares.items()},
        "cells": [plain_cell(cell) for cell in proof.cells],
    }


def plain_cell(cell: Cell) -> Plain:
    """Return a cell of the truth table as plain values."""
    counts = dict(zip(("go", "caution", "block", "absent"), cell.counts, strict=True))
    return {**counts, "votes": cell.votes, "rows": list(map(row_name, cell.rows)), "outcomes": list(cell.outcomes)}


def print_proof(proof: Proof, policy: Policy, name: str, console: Console) -> None:
    """Print a proof: its properties with their smallest counterexamples, the shares of votes and the table's cells."""
    if proof.caveat:
        console.print(Text(proof.caveat, style="yellow"))
    size = f"{len(proof.roles)} roles cast {proof.votes} votes"
    told = "" if proof.kinds == proof.votes else f", {proof.kinds} kinds of them by counts"
    console.print(Text(f"{policy.name} on {name}: {size}{told}, each decided at {proof.places} places of a run"))
    console.print(_checks(proof.checks, "property"))
    console.print(_checks(proof.reports, "reported"))
    console.print(_shares(proof))
    console.print(print_cells(proof.cells, policy))
    verdict = "Proved" if proof.holds else "NOT proved"
    failing = ", ".join(check.property for check in proof.checks if not check.holds and not check.waived)
    console.print(
        Text(f"{verdict}{f': {failing}' if failing else ''}", style="bold green" if proof.holds else "bold red")
    )


def _checks(checks: Iterable[Check], title: str) -> Table:
    table = Table(title, "holds", "", box=box.SIMPLE_HEAD, pad_edge=False)
    for check in checks:
        table.add_row(check.property, _verdict(check), _detail(check))
    return table


def _verdict(check: Check) -> Text:
    if check.holds:
        return Text("yes", style="green")
    if check.property in get_args(Report):
        return Text("noted", style="yellow")
    return Text("accepted", style="yellow") if check.waived else Text("NO", style="bold red")


def _detail(check: Check) -> RenderableType:
    lines = [Text(MEANINGS[check.property], style="dim")]
    if check.counterexample:
        lines.append(visible(shown_example(check.counterexample)))
    if check.waived:
        lines.append(Text.assemble("accepted: ", visible(check.waived)))
    return Group(*lines)


def shown_example(example: Counterexample) -> str:
    """Return a counterexample as one sentence."""
    votes = [
        f"{shown_casts(casts)} gives {outcome}" for casts, outcome in zip(example.votes, example.outcomes, strict=False)
    ]
    if len(example.votes) == 1 and len(example.outcomes) == 2:
        votes = [f"{shown_casts(example.votes[0])} gives {example.outcomes[0]}, then {example.outcomes[1]}"]
    where = f"round {example.round}"
    blocked = f" after {example.rounds_blocked} blocked" if example.rounds_blocked else ""
    said = "; ".join(votes)
    noted = f"{said} ({example.note})" if said and example.note else said or (example.note or "")
    return f"{where}{blocked}: {noted}" if votes else noted


def shown_casts(casts: Mapping[str, Cast]) -> str:
    """Return who casts what; the roles of one stance together.

    >>> shown_casts({"risk": "block", "legal": "go", "finance": "go"})
    'go: legal, finance; block: risk'
    """
    spoken = {
        name: [role for role, cast in casts.items() if cast == name] for name in ("go", "caution", "block", "absent")
    }
    return "; ".join(f"{name}: {', '.join(roles)}" for name, roles in spoken.items() if roles)


def _shares(proof: Proof) -> Table:
    table = Table("share of votes", "first round", "last round", box=box.SIMPLE_HEAD, pad_edge=False)
    for outcome in ORDER:
        counts = [proof.shares[name].get(outcome, 0) for name in ("first", "last")]
        if any(counts):
            table.add_row(_word(outcome), *(f"{count} ({count / proof.votes:.1%})" for count in counts))
    return table


def print_cells(cells: Iterable[Cell], policy: Policy) -> Table:
    """Return the truth table: counts, how many votes they stand for, and every row and outcome that these get."""
    names = ("go", "caution", "block", "absent")[: 4 if policy.on_absent == "count" else 3]
    table = Table(*names, "votes", "rows", "outcomes", "because", box=box.SIMPLE_HEAD, pad_edge=False)
    for cell in sorted(cells, key=lambda each: (each.counts[3], each.counts[2], each.counts[1])):
        rows = ", ".join(str(row_name(row)) for row in cell.rows)
        outcomes = Text(" / ").join(map(_word, cell.outcomes))
        table.add_row(*map(str, cell.counts[: len(names)]), str(cell.votes), rows, outcomes, _reasons(cell, policy))
    return table


def _reasons(cell: Cell, policy: Policy) -> Text:
    reasons = (policy.rules[row].because or policy.rules[row].when for row in cell.rows if row is not None)
    return Text("; ").join(map(visible, dict.fromkeys(reasons)))


def _word(outcome: str) -> Text:
    return Text(outcome, style=STYLES.get(outcome, ""))


def plain_changes(found: Comparison) -> Plain:
    """Return a difference of two policies as plain values: counts by (from, to), and every case."""
    counts = counted(found.changes).items()
    return {
        "equivalent": found.is_equivalent,
        "on": found.where,
        "guards_differ": found.guards_differ,
        "counts": [{"from": source, "to": target, "votes": votes} for (source, target), votes in counts],
        "cases": [_case(change) for change in found.changes],
    }


def _case(change: Change) -> Plain:
    place = {"round": change.example.round, "rounds_blocked": change.example.rounds_blocked}
    casts = dict(change.example.votes[0])
    return {"from": change.source, "to": change.target, "votes": change.votes, **place, "casts": casts}


def counted(changes: Iterable[Change]) -> dict[tuple[Outcome, Outcome], int]:
    """Return how many votes change from one outcome to another somewhere in a run, each vote counted once."""
    found: dict[tuple[Outcome, Outcome], dict[tuple[str, ...], int]] = {}
    for change in changes:
        kind = tuple(change.example.votes[0].values())
        found.setdefault((change.source, change.target), {})[kind] = change.votes
    return {key: sum(kinds.values()) for key, kinds in found.items()}


def print_changes(found: Comparison, first: str, second: str, console: Console) -> None:
    """Print a difference of two policies."""
    if found.guards_differ:
        console.print(Text("Their guards differ, and are left out here: this compares what the votes alone give"))
    if not found.changes:
        told = f"{first} and {second} are equivalent on {found.where}: no vote has another outcome"
        console.print(visible(told, "green"))
        return
    console.print(visible(f"{first} and {second} differ on {found.where}", "bold"))
    table = Table("from", "to", "votes", box=box.SIMPLE_HEAD, pad_edge=False)
    for (source, target), votes in counted(found.changes).items():
        table.add_row(_word(source), _word(target), str(votes))
    console.print(table)
    for line in _lines(found.changes):
        console.print(visible(line))


def _lines(changes: Iterable[Change]) -> Iterator[str]:
    first: dict[object, Change] = {}
    for change in changes:
        first.setdefault((change.source, change.target, *change.example.votes[0].values()), change)
    for change in first.values():
        yield f"{shown_example(change.example)} ({change.votes} vote{'s' if change.votes > 1 else ''})"
