"""Proofs and truth tables for people at a terminal and, as plain values, for programs."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from graph.assurance.subject import Subject
from graph.record import row_name
from graph.report.terminal.blocks import fitted
from graph.report.terminal.visible import STYLES, visible
from policies.assurance.counterexamples import shown_example, shown_history, shown_place
from policies.assurance.places import Counterexample
from policies.assurance.proof import Cell, Proof, PropertyCheck, Share, Walked
from policies.decision.marks import FLAG_MARKS
from policies.decision.table import Policy, Report

Plain = dict[str, Any]

LIMITS_PAGE = "docs/policies.md#what-the-proof-does-not-show"

ONE_ROUND = "A vote has one round; one that decides nothing ends with no_quorum, and no human is asked but by a row"
ASKED_ONCE = "The approvers are asked once, and nobody after them; one whose answer is missing is absent"
"""How often those vote whose table is proved."""

MEANINGS = {
    "total": "every vote has an outcome, and no row errs",
    "monotone": "a more cautious stance never gives a more permissive outcome",
    "absence_never_helps": "an absence in place of a go never gives a more permissive outcome",
    "guards_bind": "no outcome beats the cap of a tripped guard",
    "veto_honoured": "a role with a veto that blocks is never overruled",
    "resolves": "a vote that stays ends in a decision or at a human",
    "overlaps": "no two rows that hold at once disagree",
    "idle_rows": "every row decides some vote",
    "asymmetry": "it does not matter who says what",
    "resolves_always": "votes that change from round to round end in a decision or at a human",
    "repairs_fit": "the messages suffice where every answer has to be repaired",
}


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
        "not_shown": LIMITS_PAGE,
    }


def _plain_check(check: PropertyCheck, subject: Subject) -> Plain:
    example = check.counterexample
    plain = asdict(check)
    if example is not None:
        history = [{"place": asdict(place), "votes": dict(casts)} for place, casts in example.history]
        plain["counterexample"] |= {"history": history, "lines": _lines(example, subject)}
    return plain


def _lines(example: Counterexample, subject: Subject) -> list[str]:
    return decide_lines(example, subject.words, subject.electorate.max_rounds)


def decide_lines(example: Counterexample, words: Sequence[str], max_rounds: int) -> list[str]:
    """Return a command line for each vote of a counterexample, which decides it again.

    `words` name the team or policy there, whose rounds are `max_rounds`.
    """
    place = example.place
    options = [
        *("--round", place.round),
        *(("--streak", place.rounds_blocked) if place.rounds_blocked else ()),
        *(("--joined", ",".join(place.joined)) if place.joined else ()),
        *(("--released", ",".join(place.released)) if place.released else ()),
        *(("--max-rounds", place.max_rounds) if place.max_rounds != max_rounds else ()),
        *(part for mark, count in asdict(place.marks).items() if count for part in (option_of(mark), count)),
        *(() if place.confidence is None else ("--confidence", place.confidence)),
        *(("--tripped", example.guard) if example.guard else ()),
    ]
    head = ["accord", "policy", "decide", *words, *map(str, options)]
    return [shlex.join([*head, *(f"{role}={cast}" for role, cast in casts.items())]) for casts in example.votes]


def option_of(mark: str) -> str:
    """Return the option of `accord policy decide` for a mark."""
    return f"--{mark.replace('_', '-')}"


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
        console.print(Text(proof.caveat, style="yellow"))
    console.print(visible(_head(proof, subject)))
    for line in _walked(proof.walked, subject):
        console.print(visible(line))
    console.print(fitted(console, _checks(proof.checks, "property")))
    console.print(fitted(console, _checks(proof.reports, "reported")))
    _print_lines(proof, subject, console)
    console.print(fitted(console, _shares(proof.shares)))
    console.print(print_cells(proof.cells, subject.policy))
    verdict = "Proved" if proof.holds else "NOT proved"
    failing = ", ".join(check.property for check in proof.checks if not check.holds and not check.waived)
    told = Text(f"{verdict}{f': {failing}' if failing else ''}", style="bold green" if proof.holds else "bold red")
    console.print(told)
    console.print(Text(f"What the proof does not show: {LIMITS_PAGE}"))


def _head(proof: Proof, subject: Subject) -> str:
    where = f"the team {subject.title}" if subject.is_team else f"{len(proof.roles)} roles"
    kinds = "" if proof.kinds == proof.votes else f", {proof.kinds} kinds of them by counts"
    who, word = (subject.title, "approver") if subject.is_of_people else (where, "role")
    return f"{proof.policy} on {who}: {_many(len(proof.roles), word)} cast {proof.votes} votes{kinds}"


def _walked(walked: Walked, subject: Subject) -> Iterator[str]:
    """Yield what was walked: places, limits, teams, and marks."""
    resumed = f", and {walked.resumed} more after a resume" if walked.resumed else ""
    told = f"{_many(walked.places - walked.resumed, 'place')} that rows can tell apart{resumed}"
    yield f"Walked every run from round 1, and decided each vote: {told}"
    if subject.electorate.is_vote:
        yield ASKED_ONCE if subject.is_of_people else ONE_ROUND
    else:
        yield f"max_rounds is {walked.max_rounds}{_raised(walked)}"
    if len(walked.teams) > 1:
        yield f"Teams that may sit: {'; '.join(map(', '.join, walked.teams))}"
    for mark, numbers in walked.marks.items():
        most = " up to the number of roles, whatever they cast" if mark in FLAG_MARKS else ""
        yield f"{mark} is {', '.join(map(str, numbers))}, which stand for every number{most}"


def _raised(walked: Walked) -> str:
    if walked.calculated:
        why = f"only, because rows calculate with {' and '.join(walked.calculated)}"
        return f", or raised by a resume: up to {walked.raised_to} {why}"
    if walked.raised_to == walked.max_rounds:
        return "; where a resume raises it, no row can tell the places apart from these"
    return f", or raised by a resume: up to {walked.raised_to}, beyond which no row can tell rounds apart"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _checks(checks: Iterable[PropertyCheck], title: str) -> Table:
    table = Table(title, "holds", "", box=box.SIMPLE_HEAD, pad_edge=False)
    for check in checks:
        table.add_row(check.property, _verdict(check), _detail(check))
    return table


def _verdict(check: PropertyCheck) -> Text:
    if check.holds:
        return Text("yes", style="green")
    if check.property in get_args(Report):
        return Text("noted", style="yellow")
    return Text("accepted", style="yellow") if check.waived else Text("NO", style="bold red")


def _detail(check: PropertyCheck) -> RenderableType:
    lines = [Text(MEANINGS[check.property], style="dim")]
    if check.counterexample:
        lines += [visible(line) for line in shown_history(check.counterexample)]
        lines.append(visible(shown_example(check.counterexample)))
    if check.waived:
        lines.append(Text.assemble("accepted: ", visible(check.waived)))
    return Group(*lines)


def _print_lines(proof: Proof, subject: Subject, console: Console) -> None:
    """Print the command lines that show what fails again, each on a line of its own so that it can be pasted."""
    failing = [check for check in proof.checks if check.counterexample and check.counterexample.votes]
    if failing:
        console.print(Text("To see it again:"))
    for check in failing:
        for line in _lines(check.counterexample, subject) if check.counterexample else ():
            console.print(visible(line), soft_wrap=True)
    if failing:
        console.print()


def _shares(shares: Mapping[Any, Share]) -> Table:
    details = {name: shown_place(share.place).partition(", ")[2] for name, share in shares.items()}
    places = [f"{name} round{f' ({told})' if told else ''}" for name, told in details.items()]
    table = Table("share of votes", *places, box=box.SIMPLE_HEAD, pad_edge=False)
    for outcome in ("go", "go_with_caution", "next_round", "escalate", "no_go"):
        counts = [share.outcomes.get(outcome, 0) for share in shares.values()]
        if any(counts):
            parts = zip(counts, shares.values(), strict=True)
            table.add_row(word_of(outcome), *(f"{count} ({count / share.votes:.1%})" for count, share in parts))
    return table


def print_cells(cells: Iterable[Cell], policy: Policy) -> Table:
    """Return the truth table: counts, how many votes they stand for, and every row and outcome that these get."""
    names = ("go", "caution", "block", "absent")[: 4 if policy.on_absent == "count" else 3]
    table = Table(*names, "votes", "rows", "outcomes", "because", box=box.SIMPLE_HEAD, pad_edge=False)
    for cell in sorted(cells, key=lambda each: (sum(each.counts), each.counts[3], each.counts[2], each.counts[1])):
        rows = ", ".join(str(row_name(row)) for row in cell.rows)
        outcomes = Text(" / ").join(map(word_of, cell.outcomes))
        table.add_row(*map(str, cell.counts[: len(names)]), str(cell.votes), rows, outcomes, _reasons(cell, policy))
    return table


def _reasons(cell: Cell, policy: Policy) -> Text:
    reasons = (policy.rules[row].because or policy.rules[row].when for row in cell.rows if row is not None)
    return Text("; ").join(map(visible, dict.fromkeys(reasons)))


def word_of(action: str) -> Text:
    """Return an outcome, or an action that begins with one, in its colour."""
    return visible(action, STYLES.get(action.split(",")[0], ""))
