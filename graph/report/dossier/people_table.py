"""The table over people's answers: the row that decided, and what each answer counts as."""

from collections.abc import Mapping
from typing import Any

from graph.report.words import tone_of
from policies.decision.table import DECISIONS
from policies.language import say

Plain = dict[str, Any]
Question = Mapping[str, Any]


def table_of(question: Question) -> Plain | None:
    """Return what the table over the answers gave: its row and what each answer counts as; None where none decided."""
    if question["policy"] in (None, "sole") or question["outcome"] not in DECISIONS:
        return None
    row = say("No row held") if question["row"] == "otherwise" else say("Row {row}", row=question["row"])
    casts = [{"who": name, "cast": cast, "tone": tone_of(cast)} for name, cast in question["casts"].items()]
    return {"policy": question["policy"], "row": with_reason(row, question["because"]), "casts": casts}


def with_reason(row: str, because: str | None) -> str:
    """Return a row of a table with its reason, where it has one."""
    return say("{row}: {because}", row=row, because=say(because)) if because else row
