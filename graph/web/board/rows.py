"""Rows: threads as the list of the board shows them."""

from collections.abc import Mapping
from typing import Any

from graph.report.dossier.offices import NO_OFFICES, Titles, titled
from graph.report.dossier.people import ANYBODY, moment
from graph.report.dossier.verdict import OPEN
from graph.report.texts import cleaned
from graph.report.words import KINDS_ASKED, NO_TITLES, label_of, said_reason, tone_of
from graph.service.listing import OVER, Listed
from policies.language import phrase, say

Plain = dict[str, Any]
Entry = Mapping[str, Any]

STATUSES: Mapping[Listed, tuple[str, str]] = {
    "ok": (phrase("Finished"), "done"),
    "waiting": (phrase("Waiting"), "human"),
    "running": (OPEN["running"][0], "open"),
    "queued": (OPEN["queued"][0], "open"),
    "interrupted": (OPEN["interrupted"][0], "stopped"),
    "stopped": (phrase("Stopped"), "stopped"),
    "damaged": (phrase("Damaged"), "block"),
}
"""What people call the status of a thread, and its tone."""


def said_status(status: Listed) -> str:
    """Return the status of a thread in words."""
    return say(STATUSES[status][0])


def row_of(entry: Entry, offices: Titles = NO_OFFICES, newer: Entry | None = None) -> Plain:
    """Return {thread, team, goal, status, word, tone, again, why, waits, begun, ended} of an entry of the list.

    `word` is the decision where one was taken, else the status; each of `waits` says what is asked of whom until when,
    by `offices` what people call them. `again` is {thread, word} of the decision that took the place of this one, of
    which `newer` says what is known.
    """
    decision, status = entry["final_decision"], entry["status"]
    label, tone = STATUSES[status]
    row = {
        "thread": entry["thread_id"],
        "team": entry["team"],
        "goal": entry["goal"],
        "status": say(label),
        "word": label_of(decision) if decision else say(label),
        "tone": tone_of(decision) if decision else tone,
        "again": _again(newer) if newer else None,
        "why": said_reason(entry["stop_reason"], NO_TITLES) if status == "stopped" else None,
        "waits": [_wait(each, offices) for each in entry.get("waits_for", ())] if status == "waiting" else [],
        "begun": _time(entry["started_at"]),
        "ended": _time(entry["updated_at"]) if status in OVER else None,
    }
    tidy: Plain = cleaned(row)
    return tidy


def _again(newer: Entry) -> Plain:
    decision = newer["decision"]
    return {"thread": newer["thread"], "word": label_of(decision) if decision else None}


def _wait(waits: Entry, offices: Titles) -> Plain:
    """Return what is waited for: {what, whom, until}; whom nobody named is asked, anybody may answer."""
    names = [name for name in waits["asked"] if name not in waits["answered"]]
    whom = [titled(name, offices) for name in names] or [say(ANYBODY)]
    until = waits["expires_at"]
    return {"what": say(KINDS_ASKED[waits["kind"]]), "whom": whom, "until": moment(until) if until else None}


def _time(at: str | None) -> Plain | None:
    """Return a time as people read it, to the minute, and as it is."""
    return {"at": at, "said": f"{at[:16].replace('T', ' ')} UTC"} if at else None
