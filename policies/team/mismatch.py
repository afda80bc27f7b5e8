"""Mismatch: what a team file has in a field of another type, in words."""

from pydantic_core import ErrorDetails

from policies.language import phrase, say
from policies.plain import shown
from policies.wording import refusal


def what_is_wrong(detail: ErrorDetails) -> str:
    """Return what is wrong with a field, as what follows its name, from what pydantic found."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return say("is missing")
    if kind == "extra_forbidden":
        return say("is an unknown key")
    if kind == "value_error" and detail["loc"][-1:] == ("facts",):  # the sentence names the place; facts may be private
        return say("cannot be used: {error}", error=context["error"])
    if kind == "value_error" and detail["loc"][-1:] == ("key",):  # the sentence says what it is; it may be a secret
        return str(context["error"])
    if kind == "value_error":
        return say("is {input}: {error}", input=shown(detail["input"]), error=context["error"])
    return refusal(detail)


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
