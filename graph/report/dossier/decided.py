"""Decided: how the last vote of a thread came about, what would have changed it, and what its guards say."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.dossier.explanation import POWER_MEANS, guards_before, said_marks, said_power
from graph.report.dossier.gauges import gauge_of
from graph.report.dossier.limits import border_of, changes_of, other_flips
from graph.report.dossier.timeline import capping
from graph.report.words import label_of, plain_word, said_percent, said_round, said_value, tone_of
from policies.language import say

Plain = dict[str, Any]

MAX_SETS = 6
"""Smallest sets of stances shown for each outcome."""


def decided_of(
    past: Past, pattern: str | None, why: Plain | None, titles: Mapping[str, str], *, is_changed: bool
) -> Plain:
    """Return how the vote came about, what would have changed it, and what guards say; a changed thread has neither."""
    guards = why["guards"] if why else [] if is_changed else guards_before(past)
    return {
        "why": _why(why, pattern),
        "guards": [*map(gauge_of, guards)],
        "flips": _flips(why, titles),
        "powers": _powers(why, titles),
        "power_means": say(POWER_MEANS),
    }


def _why(why: Plain | None, pattern: str | None) -> Plain | None:
    if why is None:
        return None
    return {
        "place": said_round(why["round"], why["max_rounds"], "of at most") if pattern is None else None,
        "came": _came(why, pattern),
        "row": _otherwise(why) if why["row"] == "otherwise" else say("Row {row}", row=why["row"]),
        "number": why["row"],
        "because": why["because"] and say(why["because"]),
        "when": why["when"],
        "readings": [{"name": name, "value": said_value(value)} for name, value in why["values"].items()],
        "vote": label_of(why["vote"]),
        "final": label_of(why["final"]),
        "tone": tone_of(why["final"]),
        "rounds_ended": why["rounds_ended"],
        "capped_by": capping(why["vote"], why["final"], why["guards"]),
    }


def _came(why: Plain, pattern: str | None) -> str:
    if pattern is not None:
        return say("The ballots gave")
    return say("Round {round}, the last that was finished, gave", round=why["round"])


def _otherwise(why: Plain) -> str:
    if why["fault"]:
        return say("Nothing decided: {fault}", fault=say(why["fault"]))
    return say("No row held: the policy’s “otherwise” decided")


def _flips(why: Plain | None, titles: Mapping[str, str]) -> Plain | None:
    if why is None:
        return None
    by_outcome: dict[str, list[Plain]] = {}
    for flip in why["stance_flips"]["flips"]:
        by_outcome.setdefault(flip["outcome"], []).append(
            {titles[role]: stance for role, stance in flip["stances"].items()}
        )
    limits = [
        {
            "outcome": label_of(flip["outcome"]),
            "tone": tone_of(flip["outcome"]),
            "changes": changes_of(flip, why["guards"]),
            "border": border_of(flip, why["final"], plain_word(why["final"])),
        }
        for flip in other_flips(why)
    ]
    casts = {titles[role]: cast for role, cast in why["casts"].items()}
    stances = [_stance_flips(outcome, sets, casts) for outcome, sets in by_outcome.items()]
    searched, marks = why["stance_flips"]["searched"], said_marks(why["values"])
    is_asked = why["final"] == "escalate"
    title = say("What would have spared people the question") if is_asked else say("What would have changed it")
    return {"title": title, "stances": stances, "limits": limits, "searched": searched, "marks": marks}


def _stance_flips(outcome: str, sets: Sequence[Mapping[str, str]], casts: Mapping[str, str]) -> Plain:
    """Return the smallest sets for one outcome; single roles that would do the same are said together."""
    size = len(sets[0])
    alike: dict[str, list[str]] = {}
    for stances in sets if size == 1 else []:
        for title, stance in stances.items():
            alike.setdefault(stance, []).append(title)
    lines: list[Plain] = [{"stance": stance, "any_of": titles, "changes": []} for stance, titles in alike.items()]
    for stances in sets[:MAX_SETS] if size > 1 else []:
        changes = [{"title": title, "was": casts[title], "stance": stance} for title, stance in stances.items()]
        lines.append({"stance": None, "any_of": [], "changes": changes})
    more = max(len(sets) - MAX_SETS, 0) if size > 1 else 0
    return {"outcome": label_of(outcome), "tone": tone_of(outcome), "size": size, "lines": lines, "more": more}


def _powers(why: Plain | None, titles: Mapping[str, str]) -> list[Plain]:
    return [
        {
            "role": power["role"],
            "title": titles[power["role"]],
            "said": why["casts"][power["role"]],
            "tone": tone_of(why["casts"][power["role"]]),
            "share": round(100 * power["share"], 2),
            "percent": said_percent(power["share"]),
            "words": said_power(power["kinds"]),
        }
        for power in (why["powers"] if why else [])
        if why
    ]
