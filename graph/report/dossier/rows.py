"""The rows of a policy as a table that people read, with the one that decided where a vote is known."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.report.words import label_of, tone_of
from policies.decision.table import Policy, Row
from policies.language import phrase, say

Plain = dict[str, Any]

STATES = {
    "decided": phrase("Decided"),
    "before": phrase("Did not hold"),
    "after": phrase("Not reached"),
}
"""What a row was to a decision: the rows are read from the top, and the first that holds decides."""

ENDS = {
    "escalate": phrase("A next round after the last one becomes: a human decides."),
    "no_go": phrase("A next round after the last one becomes: no go."),
    "stop": phrase("After the last round, a next round ends the run without a decision."),
}
ABSENCES = {
    "stop": phrase("A role that gives no usable answer ends the run."),
    "count": phrase("A role that gives no usable answer counts as absent."),
}


def table_of(policy: Policy, titles: Mapping[str, str], decided: int | str | None = None) -> Plain:
    """Return {name, title, rows, notes} of a policy.

    A row is {number, when, because, outcome, tone, changes, state, said}; the last one may be the policy's `otherwise`,
    without a number. `decided` is the number of the row that decided, or `otherwise`; without one, `state` is null.
    """
    rows = [_row(number, row, titles) for number, row in enumerate(policy.rules, 1)]
    if policy.otherwise is not None:
        rows.append({**NOTHING, "outcome": label_of(policy.otherwise), "tone": tone_of(policy.otherwise)})
    return {
        "name": policy.name,
        "title": policy.title and say(policy.title),
        "rows": [{**row, **_state(row["number"], decided)} for row in rows],
        "notes": [*_notes(policy)],
    }


NOTHING: Mapping[str, Any] = {"number": None, "when": None, "because": None, "changes": []}
"""The row that decides where no other one holds."""


def _row(number: int, row: Row, titles: Mapping[str, str]) -> Plain:
    joins = [say("{role} joins", role=titles.get(row.convene, row.convene))] if row.convene else []
    leaves = [say("{role} leaves", role=titles.get(row.release, row.release))] if row.release else []
    because = row.because and say(row.because)
    outcome = {"outcome": label_of(row.then), "tone": tone_of(row.then), "changes": [*joins, *leaves]}
    return {"number": number, "when": row.when, "because": because, **outcome}


def _state(number: int | None, decided: int | str | None) -> Plain:
    if decided is None:
        return {"state": None, "said": None}
    if (number or "otherwise") == decided:
        state = "decided"
    else:
        state = "before" if number and (decided == "otherwise" or number < int(decided)) else "after"
    return {"state": state, "said": say(STATES[state])}


def _notes(policy: Policy) -> Iterator[str]:
    yield say(ENDS[policy.when_rounds_end])
    yield say(ABSENCES[policy.on_absent])
    for each in policy.accept:
        told = phrase("It does not have the property {property}, which its owner accepts: {reason}")
        yield say(told, property=each.property, reason=each.because)
