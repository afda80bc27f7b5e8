"""Proofs and truth tables for people at a terminal and, as plain values, for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from graph.assurance.subject import Subject
from graph.record import row_name
from graph.report.dossier.proof_lines import (
    LIMITS_PAGE,
    check_lines,
    count_heads,
    head_line,
    in_order,
    lines_of,
    said_stability,
    share_heads,
    share_rows,
    walked_lines,
)
from graph.report.terminal.blocks import fitted
from graph.report.terminal.visible import STYLES, visible
from policies.assurance.proof import Cell, Proof, PropertyCheck, Share
from policies.decision.table import Policy, Report
from policies.language import phrase, say

Plain = dict[str, Any]

CELLS = (phrase("votes"), phrase("rows"), phrase("outcomes"), phrase("because"))


def plain_proofs(proofs: Sequence[tuple[Proof, Subject]]) -> Plain:
    """Return the proof of what decides first as plain values, and under `within` those of teams within a team."""
    first, *others = (plain_proof(proof, subject) for proof, subject in proofs)
    return {**first, "holds": all(proof.holds for proof, _ in proofs), "within": others}


def plain_proof(proof: Proof, subject: Subject) -> Plain:
    """Return a proof as plain values."""
    return {
        "policy": proof.policy,
        "team_of": "/".join(subject.within),
        "voters": "approvers" if subject.is_of_people else "roles",
        "asked_once": subject.electorate.is_vote,
        "roles": list(proof.roles),
        "votes": proof.votes,
        "kinds": proof.kinds,
        "walked": asdict(proof.walked),
        "holds": proof.holds,
        "caveat": proof.caveat,
        "properties": [_plain_check(check, subject) for check in proof.checks],
        "reports": [_plain_check(check, subject) for check in proof.reports],
        "shares": {name: asdict(share) for name, share in proof.shares.items()},
        "cells": [plain_cell(cell) for cell in proof.cells],
        "stability": subject.stability.model_dump() if subject.stability else None,
        "not_shown": LIMITS_PAGE,
    }


def _plain_check(check: PropertyCheck, subject: Subject) -> Plain:
    example = check.counterexample
    plain = asdict(check)
    if example is not None:
        history = [{"place": asdict(place), "votes": dict(casts)} for place, casts in example.history]
        plain["counterexample"] |= {"history": history, "lines": lines_of(example, subject)}
    return plain


def plain_cell(cell: Cell) -> Plain:
    """Return a cell of the truth table as plain values."""
    counts = dict(zip(("go", "caution", "block", "absent"), cell.counts, strict=True))
    return {**counts, "votes": cell.votes, "rows": list(map(row_name, cell.rows)), "outcomes": list(cell.outcomes)}


def print_proofs(proofs: Iterable[tuple[Proof, Subject]], console: Console) -> None:
    """Print the proofs of what decides in runs of a team, one below the other."""
    for number, (proof, subject) in enumerate(proofs):
        if number:
            console.print()
        print_proof(proof, subject, console)


def print_proof(proof: Proof, subject: Subject, console: Console) -> None:
    """Print a proof: where votes were decided, its properties with their smallest counterexamples, shares and cells."""
    if proof.caveat:
        console.print(visible(proof.caveat, "yellow"))
    console.print(visible(head_line(proof, subject)))
    for line in walked_lines(proof.walked, subject):
        console.print(visible(line))
    if subject.stability:
        console.print(visible(said_stability(subject.stability)))
    console.print(fitted(console, _checks(proof.checks, say("property"), subject.titles)))
    console.print(fitted(console, _checks(proof.reports, say("reported"), subject.titles)))
    _print_lines(proof, subject, console)
    console.print(fitted(console, _shares(proof.shares, subject.titles)))
    console.print(print_cells(proof.cells, subject.policy))
    verdict = say("Proved") if proof.holds else say("NOT proved")
    failing = ", ".join(check.property for check in proof.checks if not check.holds and not check.waived)
    told = say("{name}: {value}", name=verdict, value=failing) if failing else verdict
    console.print(visible(told, "bold green" if proof.holds else "bold red"))
    console.print(visible(say("What the proof does not show: {page}", page=LIMITS_PAGE)))


def _checks(checks: Iterable[PropertyCheck], title: str, titles: Mapping[str, str]) -> Table:
    table = Table(title, say("holds"), "", box=box.SIMPLE_HEAD, pad_edge=False)
    for check in checks:
        table.add_row(check.property, _verdict(check), _detail(check, titles))
    return table


def _verdict(check: PropertyCheck) -> Text:
    if check.holds:
        return visible(say("yes"), "green")
    if check.property in get_args(Report):
        return visible(say("noted"), "yellow")
    return visible(say("accepted"), "yellow") if check.waived else visible(say("NO"), "bold red")


def _detail(check: PropertyCheck, titles: Mapping[str, str]) -> RenderableType:
    meaning, *found = check_lines(check, titles)
    return Group(visible(meaning, "dim"), *map(visible, found))


def _print_lines(proof: Proof, subject: Subject, console: Console) -> None:
    """Print the command lines that show what fails again, each on a line of its own so that it can be pasted."""
    failing = [check for check in proof.checks if check.counterexample and check.counterexample.votes]
    if failing:
        console.print(visible(say("To see it again:")))
    for check in failing:
        for line in lines_of(check.counterexample, subject) if check.counterexample else ():
            console.print(visible(line), soft_wrap=True)
    if failing:
        console.print()


def _shares(shares: Mapping[Any, Share], titles: Mapping[str, str]) -> Table:
    table = Table(say("share of votes"), *share_heads(shares, titles), box=box.SIMPLE_HEAD, pad_edge=False)
    for outcome, cells in share_rows(shares):
        table.add_row(word_of(outcome), *cells)
    return table


def print_cells(cells: Iterable[Cell], policy: Policy) -> Table:
    """Return the truth table: counts, how many votes they stand for, and every row and outcome that these get."""
    names = count_heads(policy)
    table = Table(*names, *map(say, CELLS), box=box.SIMPLE_HEAD, pad_edge=False)
    for cell in in_order(cells):
        rows = ", ".join(str(row_name(row)) for row in cell.rows)
        outcomes = Text(" / ").join(map(word_of, cell.outcomes))
        table.add_row(*map(str, cell.counts[: len(names)]), str(cell.votes), rows, outcomes, _reasons(cell, policy))
    return table


def _reasons(cell: Cell, policy: Policy) -> Text:
    rules = (policy.rules[row] for row in cell.rows if row is not None)
    reasons = (say(rule.because) if rule.because else rule.when for rule in rules)
    return Text(say("; ")).join(map(visible, dict.fromkeys(reasons)))


def word_of(action: str) -> Text:
    """Return an outcome, or an action that begins with one, in its colour."""
    return visible(action, STYLES.get(action.split(",")[0], ""))
