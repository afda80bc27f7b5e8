"""Case folders for people at a terminal and, as plain values, for programs."""

from typing import Any

from rich.console import Console

from graph.assurance.cases import CasesReport, Judged
from graph.record import row_name
from graph.report.terminal.visible import styled, visible
from policies.language import in_figures, say, say_count

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
        values = {"case": case.path, "expected": case.expected, "got": case.ruling.final, "row": row}
        told = say("{failed} {case}: expected {expected}, got {got} by row {row}")
        failed = visible(say("FAILED"), "bold red")
        console.print(styled(told, failed=failed, **{name: visible(value) for name, value in values.items()}))
    passed = len(report.cases) - len(report.failed)
    console.print(
        visible(
            say_count(
                "{policy}: {passed} of {number} cases passed",
                "{policy}: {passed} of {number} cases passed",
                len(report.cases),
                policy=report.policy.name,
                passed=passed,
            )
        )
    )
    console.print(visible(_covered(report)))
    if report.coverage < threshold:
        below = in_figures(f"{threshold:g}")
        console.print(visible(say("below the threshold of {percent} %", percent=below), "bold red"))


def _covered(report: CasesReport) -> str:
    covered = say_count(
        "{decided} of {number} rows decided a case ({percent} %)",
        "{decided} of {number} rows decided a case ({percent} %)",
        report.rows,
        decided=report.rows - len(report.uncovered),
        percent=f"{report.coverage:.0f}",
    )
    missing = ", ".join(str(row_name(row)) for row in report.uncovered)
    return say("{covered}; none reached: {rows}", covered=covered, rows=missing) if missing else covered
