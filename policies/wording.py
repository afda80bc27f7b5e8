"""Wording: what a field allows, said for who wrote the file, from what pydantic found."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from policies.nearest import did_you_mean
from policies.plain import shown

NAME_WORDS = "a lower-case letter, then lower-case letters, digits and `_`, at most 40 characters"
PATTERNS: Mapping[str, str] = {
    r"^[a-z][a-z0-9_]{0,39}$": NAME_WORDS,
    r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$": "keys with dots between them, as in `supply.suppliers`",
    r"^[^\n\r]+$": "text in one line",
}
"""What is allowed where a text has to match a pattern."""

_WHOLE, _NUMBER, _TRUTH = "a whole number", "a number", "true or false"
_BY_TYPE: Mapping[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUTH),
    **dict.fromkeys(("string_type", "string_unicode"), "text"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "a mapping"),
    "finite_number": "a finite number",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} character{s}",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} item{s}",
    "too_long": "at most {max_length} items",
    "literal_error": "{expected}",
}
_SWITCHES = ("yes", "no", "on", "off")


def refusal(detail: ErrorDetails) -> str:
    """Return what is wrong with a value, and what is allowed, as what follows the name of its field."""
    value, allowed = detail["input"], allowed_by(detail)
    if allowed is None:
        return f"is {shown(value)}; {detail['msg'][:1].lower()}{detail['msg'][1:]}"
    if detail["type"] == "literal_error" and isinstance(value, str):
        meant = did_you_mean(value, detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", "))
        return f"is {shown(value)}{meant} Allowed: {allowed}" if meant else f"is {shown(value)}; allowed: {allowed}"
    return f"is {shown(value)}; allowed: {allowed}{_hint(allowed, value)}"


def allowed_by(detail: ErrorDetails) -> str | None:
    """Return what is allowed where pydantic refused a value; None where it has a sentence of its own."""
    context: dict[str, Any] = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"])
    words = _BY_TYPE.get(detail["type"])
    limits = {name: _plain_number(value) for name, value in context.items()}
    return words and words.format_map({**limits, "s": "" if context.get("min_length") == 1 else "s"})


def _plain_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _hint(allowed: str, value: Any) -> str:
    """Return what a text lacks that was meant as a number or a truth value."""
    if not isinstance(value, str):
        return ""
    if allowed == _TRUTH and value.casefold() in (*_SWITCHES, "true", "false"):
        return f" without quotes; `{value}` is text"
    return " without quotes" if allowed in (_WHOLE, _NUMBER) and value.replace(".", "", 1).isdigit() else ""
