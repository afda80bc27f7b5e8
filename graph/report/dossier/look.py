"""A later look at a decision: what `accord watch` found on fresh facts, by code alone. The record has none of it."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from graph.drift import name_of_tripwire
from graph.report.dossier.people import moment
from graph.report.dossier.start_lines import fetched_from
from graph.report.texts import sentence
from graph.report.words import plain_word, said_number, said_value, written
from policies.decision.guards import COMPARISONS
from policies.language import phrase, say, say_count
from policies.team.provenance import GIVEN

Plain = dict[str, Any]
Finding = Mapping[str, Any]

MAX_CHANGED = 40
MAX_VALUE = 300

VERDICTS = {
    "holds": (phrase("It holds"), "go"),
    "weakened": (phrase("It holds, closer to a limit"), "caution"),
    "reopen": (phrase("It should be taken again"), "block"),
    "unknown": (phrase("It is not known whether it holds"), "open"),
}
"""What a later look says of a decision, and its tone."""

ANSWERED = {
    "holds": phrase("the same answer"),
    "weakened": phrase("closer to its limit"),
    "reopen": phrase("another answer"),
    "unknown": phrase("not known"),
}
"""What a later look says of one tripwire."""

ANSWERS = {
    "tripped": phrase("tripped"),
    "clear": phrase("clear"),
    "unreadable": phrase("could not be read"),
}
"""What a guard or checks gave, where it is not the stance of checks."""

NOTE = phrase(
    "Found by code alone, on the facts of that time. It is not part of the record of the decision, which is as it was."
)


def look_of(finding: Finding | None) -> Plain | None:
    """Return what a later look at a thread's decision found; None where nobody has looked.

    `finding` is one of `accord watch --json`, and the time `at` of the look. Keys: {label, tone, at, note, said,
    owner, rows, changed, more}. A row is {what, fact, comparison, limit, then, now, label, tone}, then and now
    {value, answer, room, fault}.
    """
    if finding is None:
        return None
    label, tone = VERDICTS[finding["verdict"]]
    is_to_reopen = finding["verdict"] == "reopen" and not finding["reopened_as"]
    return {
        "label": say(label),
        "tone": tone,
        "at": moment(finding["at"]),
        "note": say(NOTE),
        "said": [*_said(finding)],
        "owner": finding["owner"],
        "rows": [*map(row_of, finding["tripwires"])],
        **moved_in(finding["changed"]),
        "reopened_as": finding["reopened_as"],
        "next": command_to_reopen(finding["thread_id"], _facts_option(finding)) if is_to_reopen else None,
    }


def command_to_reopen(thread: str, facts: str = "") -> str:
    """Return what is typed to take the decision of a thread again; `facts` is the option that names them, if one is."""
    return f"accord watch {shlex.quote(thread)}{facts} --reopen"


def _facts_option(finding: Finding) -> str:
    """Return the option for the facts, where those of the look were given in a file."""
    return " --facts FILE" if GIVEN in [each["kind"] for each in finding.get("sources") or ()] else ""


def _said(finding: Finding) -> list[str]:
    """Return what there is to say besides the tripwires: whose facts, what failed, how long it is valid, what moved."""
    told = [sentence(facts)] if (facts := fetched_from(finding)) else []
    if finding["cause"]:
        told.append(written(finding["cause"], MAX_VALUE))
    if finding["expires_at"]:
        until = moment(finding["expires_at"])
        told.append(
            say("It was valid until {time}, and has expired.", time=until)
            if finding["expired"]
            else say("It is valid until {time}.", time=until)
        )
    moved = [each for each in finding["tripwires"] if each["verdict"] == "reopen"]
    if moved:
        told.append(
            say_count(
                "{number} of {all} tripwires gives another answer than when it was decided.",
                "{number} of {all} tripwires give another answer than when it was decided.",
                len(moved),
                all=len(finding["tripwires"]),
            )
        )
    return told


def row_of(tripwire: Mapping[str, Any]) -> Plain:
    """Return what a later look found of one tripwire, as `look_of` has it."""
    verdict, comparison = tripwire["verdict"], tripwire["comparison"]
    name = name_of_tripwire(tripwire)
    is_measured = comparison is not None
    return {
        "what": f"{name[:1].upper()}{name[1:]}",
        "fact": tripwire["fact"] if is_measured or tripwire["kind"] == "guard" else tripwire["name"],
        "comparison": say(COMPARISONS[comparison].words) if is_measured else None,
        "limit": _limit(tripwire) if is_measured else None,
        "then": _reading(tripwire["then"]),
        "now": _reading(tripwire["now"]),
        "label": say(ANSWERED[verdict]),
        "tone": VERDICTS[verdict][1],
    }


def _limit(tripwire: Mapping[str, Any]) -> str:
    """Return the limit; then and now where it moved, too."""
    limits = [said_value(each["limit"]) for each in (tripwire["then"], tripwire["now"]) if each is not None]
    return written(" → ".join(dict.fromkeys(limits)), MAX_VALUE)


def _reading(reading: Mapping[str, Any] | None) -> Plain | None:
    """Return what a tripwire read at one time; None where there was nothing to read."""
    if reading is None:
        return None
    distance, answer = reading["distance"], reading["answer"]
    return {
        "value": written(said_value(reading["value"]), MAX_VALUE),
        "answer": say(ANSWERS[answer]) if answer in ANSWERS else plain_word(answer),
        "room": None if distance is None else _room(distance),
        "fault": reading.get("fault") and written(reading["fault"], MAX_VALUE),
    }


def _room(distance: float) -> str:
    if distance < 0:
        return say("{number} past the limit", number=said_number(-distance))
    return say("{number} from the limit", number=said_number(distance)) if distance else say("at the limit")


def moved_in(changes: Sequence[Mapping[str, Any]]) -> Plain:
    """Return {changed, more}: the facts that moved, each {path, then, now}, and how many are not among them."""
    return {"changed": [*map(_changed, changes[:MAX_CHANGED])], "more": max(len(changes) - MAX_CHANGED, 0)}


def _changed(change: Mapping[str, Any]) -> Plain:
    then, now = (written(said_value(change[name]), MAX_VALUE) for name in ("then", "now"))
    return {"path": change["path"], "then": then, "now": now}
