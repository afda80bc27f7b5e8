"""The timeline: the events of a thread as lines, those of one wave together, in groups by round."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from graph.past import Past
from graph.record import row_name
from graph.report.dossier.naming import named
from graph.report.dossier.people_lines import SAID_OF_PEOPLE, asked_people
from graph.report.dossier.start_lines import MAX_NAMED, SAID_OF_STARTS
from graph.report.words import (
    CONFLICTS,
    NO_TITLES,
    counted,
    label_of,
    listed,
    plain_word,
    said_phase,
    said_reason,
    said_repair,
    said_rule,
    tone_of,
    written,
)
from nodes.events import said_guard

Plain = dict[str, Any]
Events = Sequence[Mapping[str, Any]]

MAX_RAW = 400
"""Characters shown of a proposal that was refused."""

PLACED = (
    "number",
    "answer",
    "title",
    "titles",
    "seq",
    "prev_hash",
    "hash",
    "wrote",
    "at",
    "event",
    "round",
    "role",
    "attempt",
)
"""What is said of an event besides its own words."""


def timeline_of(
    past: Past,
    titled: Callable[[int], str] = "Round {}".format,
    titles: Mapping[str, str] = NO_TITLES,
    answers: Sequence[Plain] = (),
) -> list[Plain]:
    """Return the groups {title, lines}; a line has the numbers of its events in the record, their time, and words.

    `titled` says what a round or stage is called, `titles` what people call a role, `answers` are those of people, as
    they are shown. A step that only noted what it wrote has no line.
    """
    said = {answer["seq"]: answer for answer in answers}
    numbered = [
        {**named(event, past, titles), "number": place, "answer": said.get(event.get("seq"))}
        for place, event in enumerate(past.events, 1)
        if event["event"] != "noted"
    ]
    lines = [_line(group, titled) for group in _waves(numbered)]
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
        return not event.get("question") and all(
            before[key] == event[key] for key in ("at", "round", "attempt", "repair", "voice", "model")
        )
    is_verdict = before["event"] == "proposed" and event["event"] in ("accepted", "refused")
    return is_verdict and all(before.get(key) == event.get(key) for key in ("round", "role", "attempt", "seat"))


def _line(group: list[Mapping[str, Any]], titled: Callable[[int], str]) -> Plain:
    first, last = group[0], group[-1]
    date, _, time = str(last["at"]).partition("T")
    said = _SAID.get(last["event"], _anything)(group)
    number = last.get("round")
    return {
        "title": _TITLES.get(last["event"], "Between rounds") if number is None else titled(number),
        "numbers": str(first["number"]) if first is last else f"{first['number']}–{last['number']}",
        "at": last["at"],
        "date": date,
        "time": time[:8],
        "tone": "plain",
        "role": last["title"],
        "attempt": last.get("attempt"),
        "detail": None,
        "rule": None,
        "quote": None,
        **said,
    }


_TITLES = {"admitted": "The case", "resumed": "Resumed", "recovered": "Resumed", "finished": "The end"}


def _asked(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    if event.get("question"):
        return asked_people(event)
    repair = said_repair(event["repair"]) if event["repair"] else None
    noun = "seat" if event.get("seat") else "role"
    more = [f"{len(group) - MAX_NAMED} more"] if len(group) > MAX_NAMED else []
    many = f"{counted(len(group), noun)}: {listed([*map(_seat, group[:MAX_NAMED]), *more])}"
    what = "Asked for the brief" if event["role"] == "brief" else "Asked"
    said = {"what": "Asked again" if repair else what, "rule": repair and f"to repair: {repair}"}
    detail = many if len(group) > 1 else event.get("seat")
    role = None if len(group) > 1 or event["role"] == "brief" else event["title"]
    return {**said, "role": role, "detail": "; ".join(filter(None, (detail, speaker(event))))}


def _seat(event: Mapping[str, Any]) -> str:
    return f"{event['title']} ({event['seat']})" if event.get("seat") else str(event["title"])


def speaker(event: Mapping[str, Any]) -> str:
    """Return who answered for a role: its voice, and the model where one did; without a voice a team of its own."""
    return f"{event['voice']} ({event['model']})" if event.get("model") else event["voice"] or "a team"


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
    said = {"what": "Brief written", "role": None} if is_brief else {"what": "Proposed"}
    return {**said, "detail": _measured(group[-1])}


def _accepted(group: list[Mapping[str, Any]]) -> Plain:
    if "output" in group[-1]:
        return _taken(group)
    said = group[-1]["contribution"]
    what = f"Accepted: {said['stance']} ({said['confidence']:.2f})"
    return {"what": what, "tone": tone_of(said["stance"]), "detail": _of_proposal(group)}


def _taken(group: list[Mapping[str, Any]]) -> Plain:
    """Return an answer of another pattern than the rounds that was accepted."""
    event, output = group[-1], group[-1]["output"]
    inner = output.get("inner")
    parts = [event.get("seat"), f"by the team {inner['team']}" if inner else None, _of_proposal(group)]
    vote = output["answer"].get("vote") if output["contract"] == "ballot" else None
    tone = {"approve": "go", "abstain": "caution", "reject": "block"}.get(vote or "", "plain")
    return {
        "what": f"Accepted: {vote or output['contract']}",
        "tone": tone,
        "detail": "; ".join(filter(None, parts)) or None,
    }


def _refused(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    rule = f"{said_rule(event['rule'], event.get('check'))} [{event['rule']}]"
    said = {"what": "Refused", "tone": "refused", "rule": rule}
    return {**said, "quote": written(event["raw"], MAX_RAW), "detail": _of_proposal(group)}


def _of_proposal(group: list[Mapping[str, Any]]) -> str | None:
    return _measured(group[0]) if group[0]["event"] == "proposed" else None


def _failed(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": "Failed", "tone": "refused", "rule": _reason(event), "detail": _measured(event)}


def _absent(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": "Absent", "tone": "absent", "rule": _reason(event), "detail": event.get("seat")}


def _sent(group: list[Mapping[str, Any]]) -> Plain:
    message = group[-1]["message"]
    kind, to = message["kind"], f"to {listed(message['to'])}"
    said = {"what": f"Sent a {kind}", "role": message["from"], "detail": to}
    if message.get("outside"):
        said = {"what": f"Heard a {kind} from outside", "detail": f"{message['from']} {to}"}
    return {**said, "quote": written(message["content"], MAX_RAW)}


def _unsent(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    who = {"detail": f"said by {event['from']}, from outside"} if "said" in event else {}
    return {"what": "Message refused", "tone": "refused", "rule": event["because"], **who}


def _reason(event: Mapping[str, Any], key: str = "reason") -> str:
    return f"{said_reason(event[key], event['titles']).removesuffix('.')} [{event[key]}]"


def _conflict(group: list[Mapping[str, Any]]) -> Plain:
    name = group[-1]["conflict"]
    return {"what": "Conflict", "tone": "open", "detail": CONFLICTS.get(name, name)}


def _outcome(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    row = row_name(event["row"])
    parts = [
        "no row held" if row == "otherwise" else f"row {row}",
        event.get("because"),
        event.get("fault"),
        "it was the last round" if event.get("rounds_ended") else None,
        _cap(event),
        *event["changes"],
    ]
    what = f"Outcome: {label_of(event['final'])}"
    return {"what": what, "tone": tone_of(event["final"]), "detail": "; ".join(filter(None, parts))}


def _cap(event: Mapping[str, Any]) -> str | None:
    names = capping(event["vote"], event["final"], event["findings"])
    return f"capped by {listed(names)}; the vote alone gave {plain_word(event['vote'])}" if names else None


def capping(vote: str, final: str, guards: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the guards that lowered an outcome, as they are said: those tripped whose cap is what it became."""
    capping = [guard for guard in guards if guard["tripped"] and guard["cap"] == final and vote != final]
    return [said_guard(guard) for guard in capping]


def _finished(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    if event["stop_reason"] == "success" and not event["final_decision"]:
        return {"what": "Answered", "tone": "done"}
    if event["stop_reason"] == "success":
        return {"what": f"Announced: {label_of(event['final_decision'])}", "tone": tone_of(event["final_decision"])}
    phase = f"; it was at {said_phase(event['phase'], event['titles'])}" if event.get("phase") else ""
    rule = _reason(event, "stop_reason") + phase
    return {"what": "Stopped", "tone": "refused", "rule": rule, "detail": event.get("cause")}


def _anything(group: list[Mapping[str, Any]]) -> Plain:
    """Return an event of a kind that is not known here, with everything in it."""
    event = group[-1]
    rest = {key: value for key, value in event.items() if key not in PLACED}
    return {
        "what": str(event["event"]).replace("_", " ").capitalize(),
        "quote": written(rest, MAX_RAW) if rest else None,
    }


_SAID: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {
    **SAID_OF_STARTS,
    "asked": _asked,
    "proposed": _proposed,
    "accepted": _accepted,
    "refused": _refused,
    "failed": _failed,
    "absent": _absent,
    "conflict": _conflict,
    "outcome": _outcome,
    "finished": _finished,
    "sent": _sent,
    "message_refused": _unsent,
    **SAID_OF_PEOPLE,
}
