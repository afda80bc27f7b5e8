"""The timeline: the events of a thread as lines, those of one wave together, in groups by round."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from graph.past import Past
from graph.record import row_name
from graph.report.dossier.answer_lines import MAX_RAW, SAID_OF_ANSWERS, reason_of, speaker
from graph.report.dossier.keeping_lines import SAID_OF_KEEPING
from graph.report.dossier.message_lines import SAID_OF_MESSAGES
from graph.report.dossier.naming import named
from graph.report.dossier.people_lines import SAID_OF_PEOPLE, asked_people
from graph.report.dossier.stability import SAID_OF_CHECKS
from graph.report.dossier.start_lines import SAID_OF_STARTS, listed_some
from graph.report.words import (
    NO_TITLES,
    joined,
    label_of,
    listed,
    plain_word,
    said_conflict,
    said_phase,
    said_repair,
    tone_of,
    written,
)
from nodes.events import said_guard
from policies.language import phrase, say, say_count

Plain = dict[str, Any]
Events = Sequence[Mapping[str, Any]]

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


def titled_round(number: int) -> str:
    """Return what a round is called."""
    return say("Round {number}", number=number)


def timeline_of(
    past: Past,
    titled: Callable[[int], str] = titled_round,
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
    if event["event"] == before["event"] == "sampled":
        return all(before[key] == event[key] for key in ("round", "attempt"))
    is_verdict = before["event"] == "proposed" and event["event"] in ("accepted", "refused")
    return is_verdict and all(before.get(key) == event.get(key) for key in ("round", "role", "attempt", "seat"))


def _line(group: list[Mapping[str, Any]], titled: Callable[[int], str]) -> Plain:
    first, last = group[0], group[-1]
    date, _, time = str(last["at"]).partition("T")
    said = _SAID.get(last["event"], _anything)(group)
    number = last.get("round")
    return {
        "title": say(_TITLES.get(last["event"], BETWEEN)) if number is None else titled(number),
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


BETWEEN, KEEPING = phrase("Between rounds"), phrase("The keeping of the record")
_TITLES = {
    "admitted": phrase("The case"),
    "resumed": phrase("Resumed"),
    "recovered": phrase("Resumed"),
    "finished": phrase("The end"),
    "held": KEEPING,
    "released": KEEPING,
}


def _asked(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    if event.get("question"):
        return asked_people(event)
    repair = said_repair(event["repair"]) if event["repair"] else None
    what = say("Asked for the brief") if event["role"] == "brief" else say("Asked")
    said = {"what": say("Asked again") if repair else what, "rule": repair and say("to repair: {what}", what=repair)}
    detail = _asked_at_once(group) if len(group) > 1 else event.get("seat")
    role = None if len(group) > 1 or event["role"] == "brief" else event["title"]
    return {**said, "role": role, "detail": joined([detail, speaker(event)])}


def _asked_at_once(group: list[Mapping[str, Any]]) -> str:
    names = listed_some([*map(_seat, group)])
    if group[-1].get("seat"):
        return say_count("{number} seat: {names}", "{number} seats: {names}", len(group), names=names)
    return say_count("{number} role: {names}", "{number} roles: {names}", len(group), names=names)


def _seat(event: Mapping[str, Any]) -> str:
    return f"{event['title']} ({event['seat']})" if event.get("seat") else str(event["title"])


def _conflict(group: list[Mapping[str, Any]]) -> Plain:
    name = group[-1]["conflict"]
    return {"what": say("Conflict"), "tone": "open", "detail": said_conflict(name)}


def _outcome(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    row = row_name(event["row"])
    parts = [
        say("no row held") if row == "otherwise" else say("row {row}", row=row),
        event.get("because") and say(event["because"]),
        event.get("fault") and say(event["fault"]),
        say("it was the last round") if event.get("rounds_ended") else None,
        _cap(event),
        *event["changes"],
    ]
    what = say("Outcome: {outcome}", outcome=label_of(event["final"]))
    return {"what": what, "tone": tone_of(event["final"]), "detail": joined(parts)}


def _cap(event: Mapping[str, Any]) -> str | None:
    names = capping(event["vote"], event["final"], event["findings"])
    vote = plain_word(event["vote"])
    return say("capped by {guards}; the vote alone gave {vote}", guards=listed(names), vote=vote) if names else None


def capping(vote: str, final: str, guards: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the guards that lowered an outcome, as they are said: those tripped whose cap is what it became."""
    capping = [guard for guard in guards if guard["tripped"] and guard["cap"] == final and vote != final]
    return [said_guard(guard) for guard in capping]


def _finished(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    if event["stop_reason"] == "success" and not event["final_decision"]:
        return {"what": say("Answered"), "tone": "done"}
    if event["stop_reason"] == "success":
        what = say("Announced: {decision}", decision=label_of(event["final_decision"]))
        return {"what": what, "tone": tone_of(event["final_decision"])}
    place = event.get("phase") and said_phase(event["phase"], event["titles"])
    rule = joined([reason_of(event, "stop_reason"), say("it was at {place}", place=place) if place else None])
    return {"what": say("Stopped"), "tone": "refused", "rule": rule, "detail": event.get("cause")}


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
    **SAID_OF_ANSWERS,
    **SAID_OF_MESSAGES,
    "asked": _asked,
    "conflict": _conflict,
    "outcome": _outcome,
    "finished": _finished,
    **SAID_OF_PEOPLE,
    **SAID_OF_CHECKS,
    **SAID_OF_KEEPING,
}

KINDS = (*_SAID, "noted")
"""What may happen to a thread: the kinds of its events."""
