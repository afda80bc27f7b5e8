"""Mismatch: what a team file has in a field of another type, in words."""

from pydantic_core import ErrorDetails

from policies.language import phrase, say
from policies.plain import shown
from policies.team.sources import OBJECT, SOURCES, UNKNOWN_SOURCE
from policies.wording import refusal

HOLDS_FACTS = ((OBJECT,), ("facts",), *((each.key,) for each in SOURCES if each.holds_facts))
"""Where a team file holds facts themselves, as the last part of a problem's place."""

MAY_BE_SECRET = (("key",), *((each.key,) for each in SOURCES if each.may_hold_secret))
"""Where a team file holds what is not shown: a key, or a place of facts that may have a credential in it."""


def what_is_wrong(detail: ErrorDetails) -> str:
    """Return what is wrong with a field, as what follows its name, from what pydantic found."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return say("is missing")
    if kind == "extra_forbidden":
        return say("is an unknown key")
    if kind == UNKNOWN_SOURCE:
        keys = ", ".join(f"`{each.key}`" for each in SOURCES)
        return say("is not a source of facts; allowed: a mapping with one of the keys {keys}", keys=keys)
    if (
        kind == "value_error" and detail["loc"][-1:] in HOLDS_FACTS
    ):  # the sentence names the place; facts may be private
        return say("cannot be used: {error}", error=context["error"])
    if kind == "value_error" and detail["loc"][-1:] in MAY_BE_SECRET:  # the sentence says what it is
        return str(context["error"])
    if kind == "value_error":
        return say("is {input}: {error}", input=shown(detail["input"]), error=context["error"])
    return refusal(detail)


def is_echo(detail: ErrorDetails) -> bool:
    """Return whether a list only counts as too short because what is wrong in it is not counted."""
    is_short = detail["type"] == "too_short" and isinstance(detail["input"], list | tuple)
    return is_short and len(detail["input"]) >= detail["ctx"]["min_length"]


_KINDS = {
    list: phrase("a list"),
    str: phrase("text"),
    bool: phrase("a boolean"),
    **dict.fromkeys((int, float), phrase("a number")),
}


def kind_in_words(value: object) -> str:
    """Return what a value is in whose place a mapping is wanted.

    >>> kind_in_words(None), kind_in_words(["x"]), kind_in_words(object())
    ('empty', 'a list', 'not a mapping')
    """
    return say("empty") if value is None else say(_KINDS.get(type(value), phrase("not a mapping")))
