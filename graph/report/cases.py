"""Case folders and evaluations for people at a terminal and, as plain values, for programs."""

from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graph.assurance.cases import Judged, Report
from graph.report.record import row_name
from graph.report.visible import visible
from policies.assurance.evaluation import Evaluation

Plain = dict[str, Any]


def plain_report(report: Report, threshold: float) -> Plain:
    """Return the result of a case folder as plain values."""
    return {
        "policy": report.policy.name,
        "passed": report.passes(threshold),
        "cases": [_plain_case(case) for case in report.cases],
        "rows": report.rows,
        "uncovered": list(map(row_name, report.uncovered)),
        "coverage": round(report.coverage, 1),
        "threshold": threshold,
    }


def _plain_case(case: Judged) -> Plain:
    got = {"outcome": case.ruling.final, "row": row_name(case.ruling.row)}
    return {"case": case.path, "expected": case.expected, **got, "passed": case.passed}


def print_cases(report: Report, threshold: float, console: Console) -> None:
    """Print the result of a case folder: what failed, and the rows that no case reaches."""
    for case in report.failed:
        row = row_name(case.ruling.row)
        got = f": expected {case.expected}, got {case.ruling.final} by row {row}"
        console.print(Text.assemble(("FAILED ", "bold red"), visible(case.path), visible(got)))
    passed = len(report.cases) - len(report.failed)
    console.print(Text(f"{report.policy.name}: {passed} of {len(report.cases)} cases passed"))
    covered = f"{report.rows - len(report.uncovered)} of {report.rows} rows decided a case ({report.coverage:.0f} %)"
    missing = ", ".join(str(row_name(row)) for row in report.uncovered)
    console.print(Text(f"{covered}{f'; none reached: {missing}' if missing else ''}"))
    if report.coverage < threshold:
        console.print(Text(f"below the threshold of {threshold:g} %", style="bold red"))


def plain_evaluation(found: Evaluation) -> Plain:
    """Return an evaluation as plain values."""
    best = found.best_voter
    return {
        **asdict(found),
        "accuracy": found.accuracy,
        "coverage": found.coverage,
        "precision": found.precision,
        "best_voter": None if best is None else {"voter": best[0], "accuracy": best[1]},
    }


def print_evaluation(found: Evaluation, policy: str, console: Console) -> None:
    """Print an evaluation: what the policy decided, beside the best single voter."""
    table = Table("", "accuracy", "coverage", "precision", box=box.SIMPLE_HEAD, pad_edge=False)
    precision = "-" if found.precision is None else f"{found.precision:.3f}"
    table.add_row(visible(policy), f"{found.accuracy:.3f}", f"{found.coverage:.3f}", precision)
    best = found.best_voter
    if best:
        table.add_row(visible(f"best voter: {best[0]}"), f"{best[1]:.3f}", "", "")
    console.print(table)
    console.print(Text(f"{found.items} items, {found.decided} decided, {found.right} of them rightly"))
