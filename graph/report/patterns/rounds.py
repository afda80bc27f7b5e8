"""The rounds of a team within another: a small matrix of stances, without what its policy saw."""

from collections.abc import Mapping

from graph.report.patterns.work import Given, Plain, Work
from graph.report.words import label_of, tone_of
from policies.language import say, say_count

Cast = Mapping[str, str]


def rounds_of(work: Work) -> list[Plain]:
    """Return the stances by role and round, and the outcome of each round."""
    rounds = work.history
    if not rounds:
        return []
    said = [{each["agent"]: each["stance"] for each in entry["contributions"]} for entry in rounds]
    roles = dict.fromkeys(role for each in said for role in each)
    return [
        {
            "kind": "rounds",
            "title": say("Rounds"),
            "headline": None,
            "summary": _summary(len(rounds), len(roles)),
            "numbers": [entry["round"] for entry in rounds],
            "rows": [_row(work, role, [_cell(each.get(role)) for each in said]) for role in roles],
            "outcomes": [_outcome(entry) for entry in rounds],
            "last_words": [
                {
                    "agent": each["agent"],
                    "title": work.title_of(each["agent"]),
                    "text": each["summary"],
                    "actions": [*each["actions"]],
                    "tone": tone_of(each["stance"]),
                }
                for each in rounds[-1]["contributions"]
            ],
        }
    ]


def _summary(rounds: int, roles: int) -> str:
    by = say_count("{number} role", "{number} roles", roles)
    return say_count("{number} round by {roles}.", "{number} rounds by {roles}.", rounds, roles=by)


def _row(work: Work, role: str, cells: list[Plain]) -> Plain:
    return {"role": role, "title": work.title_of(role), "cells": cells}


def _cell(stance: str | None) -> Plain:
    return {"word": stance, "tone": tone_of(stance)} if stance else {"word": "–", "tone": "none"}


def _outcome(entry: Given) -> Plain:
    decision = entry["decision"]
    return {"word": label_of(decision) if decision else say("Not decided"), "tone": tone_of(decision)}
