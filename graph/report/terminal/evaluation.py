"""Evaluations for people at a terminal and, as plain values, for programs; no share without its numbers."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graph.assurance.columns import listed, named
from graph.assurance.votes import Scored
from graph.report.terminal.blocks import fitted
from graph.report.terminal.visible import visible
from graph.report.words import counted

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
    table = Table("", "accuracy", "coverage", "precision", box=box.SIMPLE_HEAD, pad_edge=False)
    shares = ((found.right, found.items), (found.decided, found.items), (found.right, found.decided))
    table.add_row(visible(policy), *(_share(*share) for share in shares))
    if best:
        table.add_row(visible(f"best voter: {best['voter']}"), _share(best["right"], found.items), "", "")
    console.print(fitted(console, table))
    console.print(Text(f"{counted(found.items, 'item')}, {found.decided:,} decided, {found.right:,} of them rightly"))
    left = f"{counted(found.results['tie'], 'tie')}, {found.results['unanswered']:,} without an answer"
    console.print(Text(f"left undecided: {left}, {found.results['undecided']:,} by the policy"))
    console.print(visible(_columns(scored)))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part:,} of {whole:,})" if whole else "-"


def _columns(scored: Scored) -> str:
    """Return how the columns were read, so that a voter taken for an id is noticed."""
    columns, voters = scored.recorded.columns, scored.recorded.voters
    own = "is missing" if columns.id is None else f"is {named(columns.header[columns.id])}"
    ignored = f"; ignored: {listed(columns.ignored)}" if columns.ignored else ""
    truth = named(columns.header[columns.truth])
    return f"columns: the id {own}, the truth is {truth}; voters: {listed(voters)}{ignored}"
