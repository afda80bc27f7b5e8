"""Seats: how far each one of the open round or stage is, and what it answered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.dossier.offices import offices_of, titled
from graph.report.texts import sentence
from graph.report.words import said_reason, said_rule, said_stage, titles_of, tone_of
from nodes.border import name_of
from policies.language import in_figures, say

Plain = dict[str, Any]
Given = Mapping[str, Any]
Replies = Mapping[str, Given]

NO_REPLIES: Replies = {}


def cell(word: str, note: str | None = None, is_flagged: bool = False, **beside: Any) -> Plain:
    """Return what is shown of a seat: {word, tone, note, is_flagged, text, actions, state}.

    `text` is why it says that, in words, where it does; `state` is `open` while it may still change, else `done`.
    """
    shown = {"word": word, "tone": tone_of(word), "note": note, "is_flagged": is_flagged}
    return {**shown, "text": None, "actions": [], "state": "done", **beside}


def cells_now(past: Past, record: Given, replies: Replies = NO_REPLIES) -> dict[str, Plain]:
    """Return the cells of the seats that are open now, by the name of the seat.

    `replies` are those that came since the state was written, by seat.
    """
    asked = {each.seat: [*each.asked] for each in past.waiting if each.seat is not None}
    given = {**past.replies, **replies}
    is_at_work = record["status"] == "running"
    return {
        name_of(seat): _cell_of(seat, given.get(name_of(seat)), asked.get(name_of(seat)), is_at_work, past)
        for seat in past.seats
    }


def now_of(past: Past, record: Given, replies: Replies = NO_REPLIES) -> Plain | None:
    """Return the stage that is open, as {round, seats}; None where none is, and of rounds, which the matrix shows.

    Each seat is a cell with {seat, role, title, label}; `label` says which seat of a role it is.
    """
    if past.pattern.is_rounds or not past.seats or not past.is_open or past.outcome is not None:
        return None
    titles, cells = titles_of(past.roles), cells_now(past, record, replies)
    seats = [{**cells[name_of(seat)], **_named(seat, titles)} for seat in past.seats]
    return {"round": past.round, "seats": seats}


def _named(seat: Given, titles: Mapping[str, str]) -> Plain:
    role, name = seat["role"], name_of(seat)
    label = None if name == role else said_stage(name)
    return {"seat": name, "role": role, "title": titles.get(role, role), "label": label}


def _cell_of(seat: Given, reply: Given | None, asked: Sequence[str] | None, is_at_work: bool, past: Past) -> Plain:
    accepted = seat["accepted"] or (reply["accepted"] if reply and reply["kind"] == "accepted" else None)
    if accepted:
        return _answered(accepted)
    if seat["absent"]:
        return cell("absent", seat["absent"], text=_said(seat["absent"], past))
    if asked is not None:
        return cell(
            say("waits for a person"),
            ", ".join(titled(name, offices_of(past)) for name in asked) or None,
            tone="human",
            state="open",
        )
    if reply:
        return _without_answer(reply, past)
    if is_at_work:
        return _at_work(seat)
    if seat["refusals"]:
        return _refused(seat["refusal"])
    return cell(say("no answer"), tone="none")


def _answered(accepted: Given) -> Plain:
    answer = accepted["answer"]
    if accepted["contract"] == "contribution":
        return said_cell(answer)
    return cell(say("answered"), tone="done")


def said_cell(said: Given, **beside: Any) -> Plain:
    """Return the cell of a contribution: its stance, its confidence, and why."""
    told = {"text": said["summary"], "actions": [*said["actions"]]}
    return cell(said["stance"], in_figures(f"{said['confidence']:.2f}"), **told, **beside)


def _without_answer(reply: Given, past: Past) -> Plain:
    if reply["kind"] == "refusal":
        return _refused(reply["refusal"]) | {"state": "open"}
    why = _said(reply["reason"], past)
    return cell(say("no answer"), reply["reason"], tone="refused", text=why, state="open")


def _refused(refusal: Given | None) -> Plain:
    told = refusal or {"reason": None}
    return cell(say("refused"), told["reason"], tone="refused", text=_rule(refusal))


def _at_work(seat: Given) -> Plain:
    refusal = seat["refusal"] if seat["refusals"] else None
    word, note = (say("asked again"), refusal["reason"]) if refusal else (say("at work"), None)
    return cell(word, note, tone="open", state="open", text=_rule(refusal))


def _rule(refusal: Given | None) -> str | None:
    """Return what an answer broke, as a sentence; None where none was refused."""
    if refusal is None:
        return None
    return sentence(said_rule(refusal["reason"], refusal.get("check")))


def _said(reason: str | None, past: Past) -> str | None:
    return said_reason(reason, titles_of(past.roles)) if reason else None


def texts_in(record: Given, number: int) -> Iterator[tuple[str, Given]]:
    """Yield what each role said in a finished round or with its ballot: {text, actions}, by role."""
    for entry in record.get("history", []):
        for said in entry["contributions"] if entry["round"] == number else []:
            yield said["agent"], {"text": said["summary"], "actions": [*said["actions"]]}
    for output in record.get("outputs", []):
        if output["contract"] == "ballot" and output["answer"]:
            yield output["agent"], {"text": output["answer"]["reason"], "actions": []}
