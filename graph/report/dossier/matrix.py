"""Who took which stance: by role and round, with the conflicts and the flags."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.record import row_name
from graph.report.dossier.naming import changes_after
from graph.report.dossier.seats import NO_REPLIES, Replies, cell, cells_now, now_of, texts_in
from graph.report.words import (
    FLAGS,
    NO_TITLES,
    joined,
    label_of,
    said_conflict,
    said_reason,
    said_rounds,
    titles_of,
    tone_of,
)
from policies.grounding.said import BRIEF
from policies.language import in_figures, say
from policies.team.flags import UNGROUNDED

Plain = dict[str, Any]

ABREAST = 6
"""Rounds side by side before the matrix continues below."""


def stances_of(past: Past, record: Mapping[str, Any], replies: Replies) -> Plain:
    """Return {matrix, now, conflicts, flags, moves} of a thread; `now` is the open stage of another pattern."""
    return {
        "matrix": matrix_of(past, record, replies),
        "now": now_of(past, record, replies),
        "conflicts": conflicts_of(record),
        "flags": flags_of(past, record),
        "moves": said_moves(record.get("moves")),
    }


def matrix_of(past: Past, record: Mapping[str, Any], replies: Replies = NO_REPLIES) -> list[Plain]:
    """Return the blocks {rounds, rows, outcomes} of the matrix, at most ABREAST rounds each; none before the first.

    `replies` are those of the open round that came since the state was written.
    """
    titles = titles_of(past.roles)
    rounds = [_finished(outcome, record, changes_after(past, outcome, titles)) for outcome in past.events_of("outcome")]
    rounds += _open(past, record, replies, rounds)
    roles = dict.fromkeys(role for each in rounds for role in each["cells"])
    blocks = [rounds[start : start + ABREAST] for start in range(0, len(rounds), ABREAST)]
    return [_block(block, [*roles], titles, past.pattern.is_ballot) for block in blocks]


def _block(rounds: Sequence[Plain], roles: Sequence[str], titles: Mapping[str, str], is_ballot: bool) -> Plain:
    nobody = cell("–", say("not in this round"), tone="none")
    heads = [say("Ballots") if is_ballot else say("Round {number}", number=each["number"]) for each in rounds]
    return {
        "rounds": [
            {"head": head, "number": each["number"], "is_open": each["is_open"], "conflicts": each["conflicts"]}
            for head, each in zip(heads, rounds, strict=True)
        ],
        "rows": [
            {"role": role, "title": titles.get(role), "cells": [each["cells"].get(role, nobody) for each in rounds]}
            for role in roles
        ],
        "outcomes": [each["outcome"] for each in rounds],
    }


def _finished(outcome: Mapping[str, Any], record: Mapping[str, Any], changes: Sequence[str]) -> Plain:
    number = outcome["round"]
    absent = {each["role"]: each["reason"] for each in record.get("absent", []) if each["round"] == number}
    flagged = {flag.partition(":")[2] for flag in outcome.get("flags", [])}
    texts = {role: {"text": said_reason(why, NO_TITLES)} for role, why in absent.items()} | dict(
        texts_in(record, number)
    )
    cells = {
        role: cell(cast, _note(role, cast, outcome, absent), role in flagged, **texts.get(role, {}))
        for role, cast in outcome["casts"].items()
    }
    vote = label_of(outcome["vote"]) if outcome["vote"] != outcome["final"] else None
    ruled = {"word": label_of(outcome["final"]), "tone": tone_of(outcome["final"]), "vote": vote}
    row = row_name(outcome["row"])
    note = joined([say("no row held") if row == "otherwise" else say("row {row}", row=row), *changes])
    found = [entry["conflicts"] for entry in record.get("history", []) if entry["round"] == number]
    conflicts = [said_conflict(name) for name in (found[0] if found else [])]
    told = {"number": number, "is_open": False, "conflicts": conflicts}
    return {**told, "cells": cells, "outcome": {**ruled, "note": note}}


def _note(role: str, cast: str, outcome: Mapping[str, Any], absent: Mapping[str, str]) -> str | None:
    if cast == "absent":
        return absent.get(role)
    confidence = outcome["confidences"].get(role)
    return None if confidence is None else in_figures(f"{confidence:.2f}")


def _open(past: Past, record: Mapping[str, Any], replies: Replies, finished: Sequence[Plain]) -> list[Plain]:
    """Return the round that is open, if its roles were asked; the stages of another pattern are not rounds."""
    if not past.pattern.is_rounds or not past.seats:
        return []
    if past.round <= max((each["number"] for each in finished), default=0):
        return []
    outcome = {"word": say("Not decided"), "tone": "stopped", "vote": None, "note": None}
    told = {"number": past.round, "is_open": True, "conflicts": []}
    return [{**told, "cells": cells_now(past, record, replies), "outcome": outcome}]


def conflicts_of(record: Mapping[str, Any]) -> list[Plain]:
    """Return the conflicts, each set of them once with the rounds that had it."""
    rounds: dict[tuple[str, ...], list[int]] = {}
    for entry in record.get("history", []):
        if entry["conflicts"]:
            rounds.setdefault((*entry["conflicts"],), []).append(entry["round"])
    return [
        {
            "rounds": numbers,
            "when": said_rounds(numbers),
            "names": [{"name": name, "words": said_conflict(name)} for name in names],
        }
        for names, numbers in rounds.items()
    ]


def flags_of(past: Past, record: Mapping[str, Any]) -> list[Plain]:
    """Return each flag, its role and what it says, once with the rounds that had it."""
    rounds: dict[tuple[str, str], list[int]] = {}
    for each in record.get("flags", []):
        for name, _, role in (flag.partition(":") for flag in each["flags"]):
            rounds.setdefault((role, name), []).append(each["round"])
    titles = {BRIEF: say("The brief"), **titles_of(past.roles)}
    return [
        {
            "when": said_rounds(numbers),
            "role": role,
            "title": titles.get(role, role),
            "name": name,
            "words": _flag_in_words(record, name, role),
        }
        for (role, name), numbers in rounds.items()
    ]


def _flag_in_words(record: Mapping[str, Any], name: str, role: str) -> str:
    words = say(FLAGS[name]) if name in FLAGS else name.replace("_", " ")
    return words + (_numbers(record, role) if name == UNGROUNDED else "")


def _numbers(record: Mapping[str, Any], role: str) -> str:
    """Return the numbers of a role that nothing bears out, each once as it is written, behind a colon."""
    found = dict.fromkeys(each["number"] for each in record.get("ungrounded", ()) if each["role"] == role)
    return say(": {numbers}", numbers=say("; ").join(found)) if found else ""


def said_moves(moves: Mapping[str, Any] | None) -> str | None:
    """Return how many stances moved without a new fact; None where none moved.

    >>> said_moves({"moved": 5, "without_reason": 2, "share": 0.4})
    '5 stances moved, 2 of them without a new fact (40%).'
    >>> said_moves({"moved": 1, "without_reason": 0, "share": 0.0})
    'One stance moved, for a new fact.'
    """
    if moves is None or not moves["moved"]:
        return None
    if moves["moved"] == 1:
        without, with_one = say("One stance moved, without a new fact."), say("One stance moved, for a new fact.")
        return without if moves["without_reason"] else with_one
    share = f"{100 * moves['share']:.0f}"
    return say(
        "{moved} stances moved, {without} of them without a new fact ({share}%).",
        moved=moves["moved"],
        without=moves["without_reason"],
        share=share,
    )
