"""The timeline: the events of a thread as lines, those of one wave together, in groups by round."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from graph.report.record import row_name
from graph.report.words import (
    CONFLICTS,
    counted,
    label_of,
    listed,
    plain_word,
    said_check,
    said_reason,
    said_rule,
    tone_of,
    written,
)

Plain = dict[str, Any]
Events = Sequence[Mapping[str, Any]]

MAX_RAW = 400
"""Characters shown of a proposal that was refused."""

PLACED = ("number", "seq", "prev_hash", "hash", "at", "event", "round", "role", "attempt")
"""What of an event is said beside its own words."""


def timeline_of(events: Events) -> list[Plain]:
    """Return the groups {title, lines}; a line has the numbers of its events in the record, their time, and words."""
    lines = [_line(group) for group in _waves([{**event, "number": place} for place, event in enumerate(events, 1)])]
    return [
        {"title": title, "lines": [line for _, line in group]}
        for title, group in groupby(((line.pop("title"), line) for line in lines), key=lambda each: each[0])
    ]


def _waves(events: Events) -> Iterable[list[Mapping[str, Any]]]:
    """Yield the events that make one line: all that were asked alike at once; a proposal and the verdict on it."""
    open_group: list[Mapping[str, Any]] = []
    for event in events:
        if open_group and not _belongs(open_group[-1], event):
            yield open_group
            open_group = []
        open_group.append(event)
    if open_group:
        yield open_group


def _belongs(before: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    if event["event"] == before["event"] == "asked":
        return all(before[key] == event[key] for key in ("at", "round", "attempt", "repair", "voice", "model"))
    is_verdict = before["event"] == "proposed" and event["event"] in ("accepted", "refused")
    return is_verdict and all(before[key] == event[key] for key in ("round", "role", "attempt"))


def _line(group: list[Mapping[str, Any]]) -> Plain:
    first, last = group[0], group[-1]
    date, _, time = str(last["at"]).partition("T")
    said = _SAID.get(last["event"], _anything)(group)
    number = last.get("round")
    return {
        "title": _TITLES.get(last["event"], "Between rounds") if number is None else f"Round {number}",
        "numbers": str(first["number"]) if first is last else f"{first['number']}–{last['number']}",
        "at": last["at"],
        "date": date,
        "time": time[:8],
        "tone": "plain",
        "role": last.get("role"),
        "attempt": last.get("attempt"),
        "detail": None,
        "rule": None,
        "quote": None,
        **said,
    }


_TITLES = {"admitted": "The case", "resumed": "Resumed", "finished": "The end"}


def _admitted(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": "Admitted", "detail": f"team {event['team']}, policy {event['policy']}"}


def _resumed(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    after = f"after {event['after']}" if event.get("after") else "after it was cut off"
    moved = f"; the {event['moved']} changed, and that was accepted" if event.get("moved") else ""
    return {"what": "Resumed", "detail": after + moved}


def _superseded(_: list[Mapping[str, Any]]) -> Plain:
    return {"what": "Set aside", "detail": "the open round rested on what changed; its roles are asked again"}


def _asked(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    repair = f"{said_check(event['repair'].partition(':')[2])}" if event["repair"] else None
    roles = [each["role"] for each in group]
    detail = f"{counted(len(roles), 'role')}: {listed(roles)}" if len(roles) > 1 else None
    said = {"what": "Asked again" if repair else "Asked", "rule": repair and f"to repair: {repair}"}
    return {**said, "role": None if detail else roles[0], "detail": "; ".join(filter(None, (detail, speaker(event))))}


def speaker(event: Mapping[str, Any]) -> str:
    """Return who answered for a role: its voice, and the model where one did."""
    return f"{event['voice']} ({event['model']})" if event.get("model") else str(event["voice"])


def _measured(event: Mapping[str, Any]) -> str:
    used = event["usage"]
    tokens = used["prompt_tokens"] + used["completion_tokens"]
    parts = [
        speaker(event),
        f"{tokens:,} tokens" if tokens else None,
        f"{used['seconds']:.1f} s" if used["calls"] else None,
    ]
    return ", ".join(filter(None, parts))


def _proposed(group: list[Mapping[str, Any]]) -> Plain:
    is_brief = "text" in group[-1]
    return {"what": "Brief written" if is_brief else "Proposed", "detail": _measured(group[-1])}


def _accepted(group: list[Mapping[str, Any]]) -> Plain:
    said = group[-1]["contribution"]
    what = f"Accepted: {said['stance']} ({said['confidence']:.2f})"
    return {"what": what, "tone": tone_of(said["stance"]), "detail": _of_proposal(group)}


def _refused(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    rule = f"{said_rule(event['rule'])} [{event['rule']}]"
    said = {"what": "Refused", "tone": "refused", "rule": rule}
    return {**said, "quote": written(event["raw"], MAX_RAW), "detail": _of_proposal(group)}


def _of_proposal(group: list[Mapping[str, Any]]) -> str | None:
    return _measured(group[0]) if group[0]["event"] == "proposed" else None


def _failed(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": "Failed", "tone": "refused", "rule": _reason(event["reason"]), "detail": _measured(event)}


def _absent(group: list[Mapping[str, Any]]) -> Plain:
    return {"what": "Absent", "tone": "absent", "rule": _reason(group[-1]["reason"])}


def _reason(reason: str) -> str:
    return f"{said_reason(reason).removesuffix('.')} [{reason}]"


def _conflict(group: list[Mapping[str, Any]]) -> Plain:
    name = group[-1]["conflict"]
    return {"what": "Conflict", "tone": "open", "detail": f"{CONFLICTS.get(name, name)} [{name}]"}


def _outcome(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    row = row_name(event["row"])
    parts = [
        "no row held" if row == "otherwise" else f"row {row}",
        event.get("because"),
        event.get("fault"),
        "it was the last round" if event.get("rounds_ended") else None,
        _cap(event),
        f"{event['convene']} joins" if event.get("convene") else None,
    ]
    what = f"Outcome: {label_of(event['final'])}"
    return {"what": what, "tone": tone_of(event["final"]), "detail": "; ".join(filter(None, parts))}


def _cap(event: Mapping[str, Any]) -> str | None:
    names = capping(event["vote"], event["final"], event["findings"])
    return f"capped by {listed(names)}; the vote alone gave {plain_word(event['vote'])}" if names else None


def capping(vote: str, final: str, guards: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the guards that lowered an outcome: those that hold and allow no more than what it became."""
    return [] if vote == final else [guard["name"] for guard in guards if guard["holds"] and guard["at_most"] == final]


def _finished(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    if event["stop_reason"] == "success":
        return {"what": f"Announced: {label_of(event['final_decision'])}", "tone": tone_of(event["final_decision"])}
    phase = f" at {event['phase']}" if event.get("phase") else ""
    return {"what": "Stopped", "tone": "refused", "rule": _reason(event["stop_reason"]) + phase}


def _anything(group: list[Mapping[str, Any]]) -> Plain:
    """Return an event of a kind that is not known here, with everything in it."""
    event = group[-1]
    rest = {key: value for key, value in event.items() if key not in PLACED}
    return {
        "what": str(event["event"]).replace("_", " ").capitalize(),
        "quote": written(rest, MAX_RAW) if rest else None,
    }


_SAID: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {
    "admitted": _admitted,
    "resumed": _resumed,
    "superseded": _superseded,
    "asked": _asked,
    "proposed": _proposed,
    "accepted": _accepted,
    "refused": _refused,
    "failed": _failed,
    "absent": _absent,
    "conflict": _conflict,
    "outcome": _outcome,
    "finished": _finished,
}
