"""The proof of a policy as a page shows it: in words, with the tone of each finding."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

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
from graph.report.words import label_of, tone_of
from policies.assurance.proof import Cell, Proof, PropertyCheck
from policies.decision.table import Policy, Report
from policies.language import phrase, say

Plain = dict[str, Any]

NAMES = {
    "total": phrase("Total"),
    "monotone": phrase("Monotone"),
    "absence_never_helps": phrase("Absence never helps"),
    "guards_bind": phrase("Guards bind"),
    "veto_honoured": phrase("Veto honoured"),
    "resolves": phrase("Resolves"),
    "overlaps": phrase("Overlapping rows agree"),
    "idle_rows": phrase("No idle row"),
    "asymmetry": phrase("Symmetric"),
    "resolves_always": phrase("Resolves always"),
    "repairs_fit": phrase("Repairs fit"),
}
"""What the properties are called on a page; programs know them by their keys."""


def proofs_shown(proofs: Sequence[tuple[Proof, Subject]]) -> list[Plain]:
    """Return each proof {policy, title, head, notes, caveat, checks, reports, shares, cells, verdict, tone, page}."""
    return [_shown(proof, subject) for proof, subject in proofs]


def _shown(proof: Proof, subject: Subject) -> Plain:
    stability = [said_stability(subject.stability)] if subject.stability else []
    return {
        "policy": proof.policy,
        "title": subject.title,
        "head": head_line(proof, subject),
        "notes": [*walked_lines(proof.walked, subject), *stability],
        "caveat": proof.caveat,
        "checks": [_check(check, subject) for check in proof.checks],
        "reports": [_check(check, subject) for check in proof.reports],
        "shares": _shares(proof, subject),
        "cells": _cells(proof.cells, subject.policy),
        "verdict": say("Proved") if proof.holds else say("Not proved"),
        "tone": "go" if proof.holds else "block",
        "page": LIMITS_PAGE,
    }


def _check(check: PropertyCheck, subject: Subject) -> Plain:
    meaning, *found = check_lines(check, subject.titles)
    word, tone = _verdict(check)
    shown = check.counterexample if check.property not in get_args(Report) else None
    commands = lines_of(shown, subject) if shown and shown.votes else []
    name = say(NAMES[check.property])
    return {
        **{"property": check.property, "name": name, "meaning": meaning, "found": found},
        **{"word": word, "tone": tone, "commands": commands},
    }


def _verdict(check: PropertyCheck) -> tuple[str, str]:
    if check.holds:
        return say("Holds"), "go"
    if check.property in get_args(Report):
        return say("Noted"), "caution"
    return (say("Accepted"), "caution") if check.waived else (say("Fails"), "block")


def _shares(proof: Proof, subject: Subject) -> Plain:
    rows = [
        {"outcome": outcome, "label": label_of(outcome), "tone": tone_of(outcome), "cells": cells}
        for outcome, cells in share_rows(proof.shares)
    ]
    return {"heads": share_heads(proof.shares, subject.titles), "rows": rows}


def _cells(cells: Sequence[Cell], policy: Policy) -> Plain:
    """Return the truth table {heads, rows}: counts of stances, the votes they stand for, rows and outcomes."""
    heads = count_heads(policy)
    return {"heads": heads, "rows": [_cell(cell, len(heads)) for cell in in_order(cells)]}


def _cell(cell: Cell, width: int) -> Plain:
    return {
        "counts": list(cell.counts[:width]),
        "votes": cell.votes,
        "rows": ", ".join("–" if row is None else str(row_name(row)) for row in cell.rows),
        "outcomes": [*_outcomes(cell)],
    }


def _outcomes(cell: Cell) -> Iterator[Mapping[str, str]]:
    for outcome in cell.outcomes:
        yield {"label": label_of(outcome), "tone": tone_of(outcome)}
