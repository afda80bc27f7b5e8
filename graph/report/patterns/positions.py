"""A debate: the position of each debater in each round, who moved, the arguments, and the verdict."""

from collections.abc import Sequence

from graph.report.patterns.work import Given, Plain, Work
from graph.report.words import written
from policies.language import in_figures, say, say_count

ABREAST = 3
"""Rounds side by side before the table continues below."""

MAX_NAME = 80
"""Characters of a winner's title in a headline."""


def debate_of(work: Work) -> list[Plain]:
    """Return the positions by round, and the verdict once there is one."""
    rounds = [(label, {each["agent"]: each for each in entries}) for label, entries in work.stages("verdict")]
    agents = [*dict.fromkeys(agent for _, entries in rounds for agent in entries)]
    if not agents:
        return []
    rows = {agent: _row(work, [entries.get(agent) for _, entries in rounds]) for agent in agents}
    labels = [label for label, _ in rounds]
    section = {
        "kind": "positions",
        "title": say("Positions"),
        "headline": None,
        "summary": _summary(len(agents), len(rounds)),
        "blocks": [_block(work, labels, rows, start) for start in range(0, len(labels), ABREAST)],
        "arguments": [{"label": label, "said": [*_arguments(work, entries)]} for label, entries in rounds],
    }
    return [section, *_verdict(work)]


def _summary(debaters: int, rounds: int) -> str:
    told = say_count("{number} round of positions", "{number} rounds of positions", rounds)
    return say_count("{number} debater, {rounds}.", "{number} debaters, {rounds}.", debaters, rounds=told)


def _block(work: Work, labels: Sequence[str], rows: dict[str, list[Plain]], start: int) -> Plain:
    """Return some rounds of the table."""
    end = start + ABREAST
    drawn = [{"agent": agent, "title": work.title_of(agent), "cells": row[start:end]} for agent, row in rows.items()]
    return {"labels": [*labels[start:end]], "rows": drawn}


def _row(work: Work, entries: Sequence[Given | None]) -> list[Plain]:
    """Return the cells of one debater; one that said something else than the last time moved."""
    cells, before = [], None
    for entry in entries:
        answer = entry["answer"] if entry else None
        if answer:
            has_moved = before is not None and _words(before) != _words(answer["position"])
            cells.append({"position": answer["position"], "has_moved": has_moved, "fault": None})
            before = answer["position"]
        else:
            fault = work.fault_of(entry["absent"]) if entry else None
            cells.append({"position": None, "has_moved": False, "fault": fault or say("no answer")})
    return cells


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _arguments(work: Work, entries: dict[str, Given]) -> list[Plain]:
    return [
        {"agent": agent, "title": work.title_of(agent), "text": entry["answer"]["argument"]}
        for agent, entry in entries.items()
        if entry["answer"]
    ]


def _verdict(work: Work) -> list[Plain]:
    said = next(iter(work.of("verdict")), None)
    if said is None:
        return []
    verdict, judge = said["answer"], work.title_of(said["agent"])
    winner = work.title_of(verdict["winner"]) if verdict["winner"] else None
    return [
        {
            "kind": "verdict",
            "title": say("Verdict"),
            "headline": say("{debater} wins", debater=written(winner, MAX_NAME)) if winner else say("No winner"),
            "summary": say("{judge} gave the verdict.", judge=judge),
            "judge": said["agent"],
            "judge_title": judge,
            "winner": verdict["winner"],
            "winner_title": winner,
            "decision": verdict["decision"],
            "reasons": [*verdict["reasons"]],
            "confidence": in_figures(f"{verdict['confidence']:.2f}"),
        }
    ]
