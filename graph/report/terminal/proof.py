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
from graph.report.terminal.stability import said_stability
from graph.report.terminal.visible import STYLES, visible
from graph.report.words import said_percent
from policies.assurance.counterexamples import shown_example, shown_history, shown_place
from policies.assurance.places import Counterexample
from policies.assurance.proof import Cell, Proof, PropertyCheck, Share, Walked
from policies.decision.marks import FLAG_MARKS
from policies.decision.table import Policy, Report
from policies.language import phrase, say, say_count

Plain = dict[str, Any]

LIMITS_PAGE = "docs/policies.md#what-the-proof-does-not-show"

ONE_ROUND = phrase(
    "A vote has one round; one that decides nothing ends with no_quorum, and no human is asked but by a row"
)
ASKED_ONCE = phrase("The approvers are asked once, and nobody after them; one whose answer is missing is absent")
"""How often those vote whose table is proved."""

MEANINGS = {
    "total": phrase("every vote has an outcome, and no row errs"),
    "monotone": phrase("a more cautious stance never gives a more permissive outcome"),
    "absence_never_helps": phrase("an absence in place of a go never gives a more permissive outcome"),
    "guards_bind": phrase("no outcome beats the cap of a tripped guard"),
    "veto_honoured": phrase("a role with a veto that blocks is never overruled"),
    "resolves": phrase("a vote that stays ends in a decision or at a human"),
    "overlaps": phrase("no two rows that hold at once disagree"),
    "idle_rows": phrase("every row decides some vote"),
    "asymmetry": phrase("it does not matter who says what"),
    "resolves_always": phrase("votes that change from round to round end in a decision or at a human"),
    "repairs_fit": phrase("the messages suffice where every answer has to be repaired"),
}

SHARED = {"first": phrase("first round"), "last": phrase("last round")}
"""The rounds whose votes are shared out among the outcomes."""

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
        console.print(visible(proof.caveat, "yellow"))
    console.print(visible(_head(proof, subject)))
    for line in _walked(proof.walked, subject):
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


def _head(proof: Proof, subject: Subject) -> str:
    """Return who casts how many votes under which policy."""
    who, voters = _voters(len(proof.roles), subject)
    values = {"policy": proof.policy, "who": who, "voters": voters, "votes": proof.votes}
    if proof.kinds == proof.votes:
        return say("{policy} on {who}: {voters} cast {votes} votes", **values)
    return say(
        "{policy} on {who}: {voters} cast {votes} votes, {kinds} kinds of them by counts", kinds=proof.kinds, **values
    )


def _voters(number: int, subject: Subject) -> tuple[str, str]:
    """Return on whom a policy is shown, and how many vote."""
    if subject.is_of_people:
        return subject.title, say_count("{number} approver", "{number} approvers", number)
    roles = say_count("{number} role", "{number} roles", number)
    return (say("the team {name}", name=subject.title) if subject.is_team else roles), roles


def _walked(walked: Walked, subject: Subject) -> Iterator[str]:
    """Yield what was walked: places, limits, teams, and marks."""
    places = walked.places - walked.resumed
    told = say_count("{number} place that rows can tell apart", "{number} places that rows can tell apart", places)
    if walked.resumed:
        told = say("{places}, and {more} more after a resume", places=told, more=walked.resumed)
    yield say("Walked every run from round 1, and decided each vote: {places}", places=told)
    if subject.electorate.is_vote:
        yield say(ASKED_ONCE) if subject.is_of_people else say(ONE_ROUND)
    else:
        yield _raised(walked)
    if len(walked.teams) > 1:
        teams = (", ".join(subject.titles.get(role, role) for role in team) for team in walked.teams)
        yield say("Teams that may sit: {teams}", teams=say("; ").join(teams))
    for mark, numbers in walked.marks.items():
        told = phrase("{mark} is {numbers}, which stand for every number")
        if mark in FLAG_MARKS:
            told = phrase(
                "{mark} is {numbers}, which stand for every number up to that of the roles, whatever they say"
            )
        yield say(told, mark=mark, numbers=", ".join(map(str, numbers)))


def _raised(walked: Walked) -> str:
    most, raised = walked.max_rounds, walked.raised_to
    if walked.calculated:
        return say(
            "max_rounds is {most}, or raised by a resume: up to {raised} only, because rows calculate with {names}",
            most=most,
            raised=raised,
            names=f" {say('and')} ".join(walked.calculated),
        )
    if raised == most:
        return say(
            "max_rounds is {most}; where a resume raises it, no row can tell the places apart from these", most=most
        )
    return say(
        "max_rounds is {most}, or raised by a resume: up to {raised}, beyond which no row can tell rounds apart",
        most=most,
        raised=raised,
    )


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
    lines = [visible(say(MEANINGS[check.property]), "dim")]
    if check.counterexample:
        lines += [visible(line) for line in shown_history(check.counterexample, titles)]
        lines.append(visible(shown_example(check.counterexample, titles)))
    if check.waived:
        lines.append(visible(say("accepted: {reason}", reason=check.waived)))
    return Group(*lines)


def _print_lines(proof: Proof, subject: Subject, console: Console) -> None:
    """Print the command lines that show what fails again, each on a line of its own so that it can be pasted."""
    failing = [check for check in proof.checks if check.counterexample and check.counterexample.votes]
    if failing:
        console.print(visible(say("To see it again:")))
    for check in failing:
        for line in _lines(check.counterexample, subject) if check.counterexample else ():
            console.print(visible(line), soft_wrap=True)
    if failing:
        console.print()


def _shares(shares: Mapping[Any, Share], titles: Mapping[str, str]) -> Table:
    details = {name: shown_place(share.place, titles).partition(", ")[2] for name, share in shares.items()}
    places = [f"{say(SHARED[name])}{f' ({told})' if told else ''}" for name, told in details.items()]
    table = Table(say("share of votes"), *places, box=box.SIMPLE_HEAD, pad_edge=False)
    for outcome in ("go", "go_with_caution", "next_round", "escalate", "no_go"):
        counts = [share.outcomes.get(outcome, 0) for share in shares.values()]
        if any(counts):
            parts = zip(counts, shares.values(), strict=True)
            table.add_row(
                word_of(outcome), *(f"{count} ({said_percent(count / share.votes)})" for count, share in parts)
            )
    return table


def print_cells(cells: Iterable[Cell], policy: Policy) -> Table:
    """Return the truth table: counts, how many votes they stand for, and every row and outcome that these get."""
    names = ("go", "caution", "block", phrase("absent"))[: 4 if policy.on_absent == "count" else 3]
    table = Table(*map(say, names), *map(say, CELLS), box=box.SIMPLE_HEAD, pad_edge=False)
    for cell in sorted(cells, key=lambda each: (sum(each.counts), each.counts[3], each.counts[2], each.counts[1])):
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
