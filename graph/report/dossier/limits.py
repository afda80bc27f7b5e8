"""Flips of facts and limits in words: which values would have changed a decision, and where the border is."""

from collections.abc import Mapping
from typing import Any

from graph.report.words import listed, said_value
from policies.decision.guards import COMPARISONS
from policies.language import phrase, say

Plain = dict[str, Any]

RANKS = {"no_go": 0, "next_round": 1, "escalate": 1, "go_with_caution": 2, "go": 3}
"""From the most cautious outcome to the most permissive one."""


ANY = {
    "a number": phrase("any number for"),
    "text": phrase("any text for"),
    "a boolean": phrase("any boolean for"),
    "null": phrase("any null for"),
    "a list": phrase("any list for"),
    "an object": phrase("any object for"),
}
"""What is said before a name that may have any value of a kind."""


def other_flips(found: Mapping[str, Any]) -> list[Plain]:
    """Return the flips of an explanation that leave the stances as they were: of marks, then of facts and limits."""
    marks = ({"facts": {}, "limits": {}, "stays_at": [], **flip} for flip in found["mark_flips"])
    return [*marks, *found["limit_flips"]]


def changes_of(flip: Mapping[str, Any], guards: list[Mapping[str, Any]]) -> list[Plain]:
    """Return the changes of a flip, each {name, kind, before, after}: what is said around the name.

    `kind` is `fact`, `guard` for the limit of one, or `setting`, as a mark is one.
    """
    now = {guard["fact"]: guard["value"] for guard in guards}
    now |= {guard["limit_path"] or guard["name"]: guard["limit"] for guard in guards}
    unread = {guard["unread"] for guard in guards}
    facts = [("fact", name, values) for name, values in flip["facts"].items()]
    names = {guard["name"] for guard in guards}
    limits = [("guard" if name in names else "setting", name, values) for name, values in flip["limits"].items()]
    marks = [("setting", name, {"equals": value}) for name, value in flip.get("marks", {}).items()]
    return [_change(kind, name, values, now.get(name), name in unread) for kind, name, values in marks + facts + limits]


def _change(kind: str, name: str, values: Mapping[str, Any], now: Any, is_unread: bool) -> Plain:
    said = {"name": name, "kind": kind, "before": "", "after": ""}
    if "any" in values:
        return said | {"before": say(ANY[values["any"]])}
    if "other_than" in values:
        named = listed([*map(said_value, values["other_than"])])
        is_now = values["other_than"] == [now]
        return said | {
            "before": say("any other value for") if is_now else say("any value but {values} for", values=named)
        }
    if kind == "setting":
        return said | {"after": say("at {value}", value=said_value(values["equals"]))}
    words = listed(
        [
            say("{comparison} {value}", comparison=say(each.words), value=said_value(values[name]))
            for name, each in COMPARISONS.items()
            if name in values
        ]
    )
    return said | ({"before": say("a value {values} for", values=words)} if is_unread else {"after": words})


def said_change(change: Mapping[str, Any]) -> str:
    """Return a change as one phrase."""
    name = say("the limit of {guard}", guard=change["name"]) if change["kind"] == "guard" else change["name"]
    return " ".join(filter(None, (change["before"], name, change["after"])))


def border_of(flip: Mapping[str, Any], now: str, said: str) -> str | None:
    """Return what is decided at the border of a flip's values, where that is not among them.

    `now` is the outcome there was, `said` how it is said.
    """
    if not flip["stays_at"]:
        return None
    at = listed([*map(said_value, flip["stays_at"])])
    if RANKS[flip["outcome"]] > RANKS[now]:
        return say("at {values} the limit still caps", values=at)
    return say("at {values} it stays {outcome}", values=at, outcome=said)
