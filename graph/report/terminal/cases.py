"""Case folders for people at a terminal and, as plain values, for programs."""

from typing import Any

from rich.console import Console
from rich.text import Text

from graph.assurance.cases import CasesReport, Judged
from graph.record import row_name
from graph.report.terminal.visible import visible

Plain = dict[str, Any]


def plain_report(report: CasesReport, threshold: float) -> Plain:
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


def print_cases(report: CasesReport, threshold: float, console: Console) -> None:
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
