"""People: what they were asked in a thread and what came of it, as plain values; answers to open questions stay shut.

Whoever has not answered must not know what the others said, so only those who have answered are shown it.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from graph.past import Past
from nodes.rulings import answers_to
from nodes.signed import find_faults
from policies.access.answering import may_see
from policies.access.caller import Caller
from policies.language import phrase

Plain = dict[str, Any]
Event = Mapping[str, Any]


def questions_in(past: Past) -> list[Plain]:
    """Return the questions of a thread in order, each with its answers and how it ended.

    Keys: {id, kind, round, seat, path, asked, question, options, since, expires_at, status, outcome, policy, row,
    because, casts, answers, declined}. `status` is open, answered, expired or set_aside; `row` counts from 1.
    """
    faults = find_faults(past.events)
    return [_question(past, event, faults) for event in past.events_of("asked") if event.get("question")]


def answers_in(past: Past, name: str) -> list[Plain]:
    """Return the answers to one question with what they say, though it is open: for those who have answered it."""
    faults = find_faults(past.events)
    return [_answer(each, faults, is_open=False) for each in answers_to(past.state, name)]


def typed_for(thread: str, question: Mapping[str, Any], by: str = "NAME") -> str:
    """Return the command that answers a question; what a decision may be follows as a comment of the shell.

    >>> typed_for("t", {"id": "q", "options": ["go", "no_go"]}, "cfo")
    'accord decide t --id q ANSWER --by cfo --because TEXT  # ANSWER: go, no_go'
    """
    where = f"{shlex.quote(thread)} --id {shlex.quote(question['id'])}"
    if question["options"]:
        return f"accord decide {where} ANSWER --by {by} --because TEXT  # ANSWER: {', '.join(question['options'])}"
    return f"accord answer {where} --file FILE --by {by}"


def run_path(thread: str, question: str | None = None) -> str:
    """Return the path of the page of a thread, or of the form of a question, at the board.

    >>> run_path("t.r1:2"), run_path("t", "q 1")
    ('/board/runs/t.r1%3A2', '/board/runs/t/answer/q%201')
    """
    run = f"/board/runs/{quote(thread, safe='')}"
    return run if question is None else f"{run}/answer/{quote(question, safe='')}"


def place_of(board: str, thread: str, question: str | None = None) -> str:
    """Return the address of the same, at a board whose own address is known.

    >>> place_of("https://a.example", "t 1"), place_of("https://a.example", "t", "q")
    ('https://a.example/board/runs/t%201', 'https://a.example/board/runs/t/answer/q')
    """
    return f"{board}{run_path(thread, question)}"


def open_ids(past: Past) -> set[str]:
    """Return the ids of the questions that wait."""
    return {question.id for question in past.waiting}


SHUT = phrase(
    "the record holds answers to a question that is open; it is shown once the question is settled, and to those who "
    "have answered it (POST /v1/runs/{thread}/decide)"
)


def is_shut(past: Past, caller: Caller) -> bool:
    """Return whether a record holds answers that its caller must not know yet: they may have to answer, too."""
    return bool(shut_to(past, caller))


def shut_to(past: Past, caller: Caller) -> set[str]:
    """Return the ids of the open questions that have answers which a caller must not know yet."""
    given = {name: _answerers(past, name) for name in open_ids(past)}
    return {name for name, by in given.items() if by and not may_see(caller, by)}


def may_become_shut(past: Past, caller: Caller) -> bool:
    """Return whether a question waits for several people, and the caller has not answered it."""
    several = [each.id for each in past.waiting if len(each.asked) > 1]
    return not all(may_see(caller, _answerers(past, name)) for name in several)


def _answerers(past: Past, name: str) -> set[str]:
    return {event["by"] for event in past.events_of("answered") if event.get("question") == name}


def _question(past: Past, asked: Event, faults: Mapping[int, str]) -> Plain:
    name, kind = asked["question"], asked["kind"]
    ruled = next((event for event in past.events_of("ruled") if event["question"] == name), None)
    given = answers_to(past.state, name)
    status = _status(past, asked, ruled, given)
    refused = [event for event in past.events_of("declined") if event["question"] == name]
    open_one = next((each for each in past.waiting if each.id == name), None)  # a raised limit may allow more by now
    options = open_one.options if open_one else asked["options"]
    return {
        **{"id": name, "kind": kind, "round": asked["round"], "seat": _seat(asked), "path": asked.get("path")},
        **{"asked": list(asked["asked"]), "question": asked["text"], "options": list(options)},
        **{"since": asked["at"], "expires_at": asked["expires_at"], "status": status, **_ended(ruled)},
        "answers": [_answer(each, faults, is_open=status == "open") for each in given],
        "declined": [{"by": each["by"], "at": each["at"], "because": each["because"]} for each in refused],
    }


def _seat(asked: Event) -> str | None:
    """Return the seat that a person fills; of a role's only seat its role."""
    return (asked.get("seat") or asked["role"]) if asked["kind"] == "contribute" else None


def _status(past: Past, asked: Event, ruled: Event | None, given: Sequence[Event]) -> str:
    if asked["question"] in open_ids(past):
        return "open"
    if ruled is not None:
        return str(ruled["how"])
    return "answered" if asked["kind"] == "contribute" and given else "set_aside"


def _ended(ruled: Event | None) -> Plain:
    """Return what a question gave; `row` is as people count it, and null where no table ruled."""
    told = ruled or {}
    row = None if "policy" not in told else "otherwise" if told["row"] is None else told["row"] + 1
    kept = {key: told.get(key) for key in ("outcome", "policy", "because")}
    return {**kept, "row": row, "casts": dict(told.get("casts", {}))}


def _answer(given: Event, faults: Mapping[int, str], *, is_open: bool) -> Plain:
    said = {"answer": None, "because": None} if is_open else {"answer": given["outcome"], "because": given["because"]}
    who = {"seq": given["seq"], "by": given["by"], "seat_of": given["seat_of"], "at": given["at"]}
    return {**who, **said, **_proof(given, faults.get(given["seq"]))}


def _proof(given: Event, fault: str | None) -> Plain:
    """Return what proves who answered: {proof, identity, fault}.

    `proof` is signature, identity (whom the server knows), or none: then the name is only what somebody says to be. A
    signature that does not hold proves nothing, and `fault` says why.
    """
    identity = given.get("identity")
    if given.get("signature") and not fault:
        return {"proof": "signature", "identity": identity, "fault": None}
    return {"proof": "identity" if identity else "none", "identity": identity, "fault": fault}
