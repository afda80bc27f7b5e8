"""Wording: what a field allows, said for who wrote the file, from what pydantic found."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from policies.access.names import NAME
from policies.access.names import NAME_WORDS as TENANT_WORDS
from policies.language import in_figures, phrase, say, say_count
from policies.nearest import did_you_mean
from policies.plain import shown

NAME_WORDS = phrase(
    "a lower-case letter, then lower-case letters, digits and `_`, at most 40 characters; other letters go into `title`"
)
PATTERNS: Mapping[str, str] = {
    r"^[a-z][a-z0-9_]{0,39}$": NAME_WORDS,
    r"^[a-z][a-z0-9_-]{0,39}$": phrase(
        "a name of lower-case letters, digits, `_` and `-` that begins with a letter and has at most 40 characters"
    ),
    r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$": phrase("keys with dots between them, as in `supply.suppliers`"),
    r"^[^\n\r]+$": phrase("text in one line"),
    NAME: TENANT_WORDS,
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": phrase("a UUID in lower case, 8-4-4-4-12 of 0-9 a-f"),
    r"\S": phrase("text that is more than blanks"),
}
"""What is allowed where a text has to match a pattern."""

_WHOLE, _NUMBER, _TRUTH = phrase("a whole number"), phrase("a number"), phrase("true or false")
_BY_TYPE: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUTH),
    **dict.fromkeys(("string_type", "string_unicode"), phrase("text")),
    **dict.fromkeys(("list_type", "tuple_type"), phrase("a list")),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), phrase("a mapping")),
    "finite_number": phrase("a finite number"),
    "greater_than_equal": phrase("at least {ge}"),
    "greater_than": phrase("more than {gt}"),
    "less_than_equal": phrase("at most {le}"),
    "less_than": phrase("less than {lt}"),
    "string_too_long": phrase("at most {max_length} characters"),
    "too_long": phrase("at most {max_length} items"),
}
_SWITCHES = ("yes", "no", "on", "off")


def refusal(detail: ErrorDetails, shown: Callable[[object], str] = shown) -> str:
    """Return what is wrong with a value, and what is allowed, as what follows the name of its field.

    `shown` shows the value as its file or its request has it.
    """
    value, allowed = detail["input"], allowed_by(detail)
    if allowed is None:
        problem = f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"
        return say("is {value}; {problem}", value=shown(value), problem=problem)
    if detail["type"] == "literal_error" and isinstance(value, str):
        meant = did_you_mean(value, detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", "))
        if meant:
            return say("is {value}{meant} Allowed: {allowed}", value=shown(value), meant=meant, allowed=allowed)
    hint = _hint(_BY_TYPE.get(detail["type"]), value)
    return say("is {value}; allowed: {allowed}{hint}", value=shown(value), allowed=allowed, hint=hint)


def allowed_by(detail: ErrorDetails) -> str | None:
    """Return what is allowed where pydantic refused a value; None where it has a sentence of its own."""
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] in _SPECIAL:
        return _SPECIAL[detail["type"]](context)
    words = _BY_TYPE.get(detail["type"])
    return words and say(words, **{name: _plain_number(value) for name, value in context.items()})


def _of_pattern(context: Mapping[str, Any]) -> str | None:
    words = PATTERNS.get(context["pattern"])
    return words and say(words)


def _of_literal(context: Mapping[str, Any]) -> str:
    """Return the values there are, as pydantic lists them: the last one after `or`."""
    names, among, last = context["expected"].rpartition(" or ")
    return say("{names} or {last}", names=names, last=last) if among else str(last)


_SPECIAL: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "string_pattern_mismatch": _of_pattern,
    "literal_error": _of_literal,
    "string_too_short": lambda context: say_count(
        "at least {number} character", "at least {number} characters", context["min_length"]
    ),
    "too_short": lambda context: say_count("at least {number} item", "at least {number} items", context["min_length"]),
}
"""What is allowed where more than one word depends on what pydantic found."""


def _plain_number(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else in_figures(str(value))
    return value


def _hint(allowed: str | None, value: Any) -> str:
    """Return what a text lacks that was meant as a number or a truth value."""
    if not isinstance(value, str):
        return ""
    if allowed == _TRUTH and value.casefold() in (*_SWITCHES, "true", "false"):
        return say(" without quotes; `{value}` is text", value=value)
    return say(" without quotes") if allowed in (_WHOLE, _NUMBER) and value.replace(".", "", 1).isdigit() else ""
