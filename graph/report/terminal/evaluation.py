"""Evaluations for people at a terminal and, as plain values, for programs; no share without its numbers."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from graph.assurance.columns import listed, named
from graph.assurance.votes import Scored
from graph.report.terminal.blocks import fitted
from graph.report.terminal.visible import visible
from policies.language import in_figures, say, say_count

Plain = dict[str, Any]


def plain_evaluation(scored: Scored) -> Plain:
    """Return an evaluation as plain values."""
    found, columns = scored.found, scored.recorded.columns
    return {
        "items": found.items,
        "decided": found.decided,
        "right": found.right,
        "ties": found.results["tie"],
        "unanswered": found.results["unanswered"],
        "undecided": found.results["undecided"],
        "accuracy": found.accuracy,
        "coverage": found.coverage,
        "precision": found.precision,
        "voters": dict(found.voters),
        "best_voter": _best(scored),
        "min_go_votes": scored.min_go_votes,
        "columns": {
            "id": None if columns.id is None else columns.header[columns.id],
            "truth": columns.header[columns.truth],
            "ignored": list(columns.ignored),
        },
    }


def _best(scored: Scored) -> Plain | None:
    best = scored.found.best_voter
    if best is None:
        return None
    return {"voter": best[0], "right": scored.found.voters[best[0]], "accuracy": best[1]}


def print_evaluation(scored: Scored, policy: str, console: Console) -> None:
    """Print an evaluation: what the policy decided and left undecided, and the best single voter."""
    found, best = scored.found, _best(scored)
    table = Table("", say("accuracy"), say("coverage"), say("precision"), box=box.SIMPLE_HEAD, pad_edge=False)
    shares = ((found.right, found.items), (found.decided, found.items), (found.right, found.decided))
    table.add_row(visible(policy), *(_share(*share) for share in shares))
    if best:
        name = visible(say("best voter: {name}", name=best["voter"]))
        table.add_row(name, _share(best["right"], found.items), "", "")
    console.print(fitted(console, table))
    for line in (_items(scored), _left(scored), _columns(scored)):
        console.print(visible(line))


def _items(scored: Scored) -> str:
    found = scored.found
    return say_count(
        "{number} item, {decided} decided, {right} of them rightly",
        "{number} items, {decided} decided, {right} of them rightly",
        found.items,
        decided=_figure(found.decided),
        right=_figure(found.right),
    )


def _left(scored: Scored) -> str:
    results = scored.found.results
    return say_count(
        "left undecided: {number} tie, {unanswered} without an answer, {undecided} by the policy",
        "left undecided: {number} ties, {unanswered} without an answer, {undecided} by the policy",
        results["tie"],
        unanswered=_figure(results["unanswered"]),
        undecided=_figure(results["undecided"]),
    )


def _figure(number: int) -> str:
    return in_figures(f"{number:,}")


def _share(part: int, whole: int) -> str:
    if not whole:
        return "-"
    share = in_figures(f"{part / whole:.3f}")
    return say("{share} ({part} of {whole})", share=share, part=_figure(part), whole=_figure(whole))


def _columns(scored: Scored) -> str:
    """Return how the columns were read, so that a voter taken for an id is noticed."""
    columns, voters = scored.recorded.columns, scored.recorded.voters
    truth = named(columns.header[columns.truth])
    if columns.id is None:
        told = say(
            "columns: the id is missing, the truth is {truth}; voters: {voters}", truth=truth, voters=listed(voters)
        )
    else:
        told = say(
            "columns: the id is {id}, the truth is {truth}; voters: {voters}",
            id=named(columns.header[columns.id]),
            truth=truth,
            voters=listed(voters),
        )
    if not columns.ignored:
        return told
    return say("{columns}; ignored: {names}", columns=told, names=listed(columns.ignored))
