"""Canonical JSON once more, from RFC 8785 and ECMA-262 alone: what the chain rests on has two implementations."""

import math
from collections.abc import Mapping
from typing import Any

# RFC 8785, 3.2.2.2: the short escapes; other control characters are \u and four lower-case hexadecimal digits.
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def canonical(value: Any) -> bytes:
    """Return a JSON value in its canonical form, as UTF-8."""
    return _written(value).encode("utf-8")


def _written(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))  # 3.2.3: by UTF-16 code units
        return "{" + ",".join(f"{_text(key)}:{_written(value[key])}" for key in keys) + "}"
    return "[" + ",".join(map(_written, value)) + "]"


def _text(value: str) -> str:
    return '"' + "".join(_SHORT.get(each) or (f"\\u{ord(each):04x}" if each < " " else each) for each in value) + '"'


def _number(value: float) -> str:
    """Return a number as ECMA-262 writes it (Number::toString, radix 10); `repr` gives its shortest digits."""
    assert math.isfinite(value)
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(float(value))).partition("e")
    whole, _, part = mantissa.partition(".")
    place = len(whole) + int(exponent or 0)  # where the decimal point stands, counted from the first digit
    digits = (whole + part).lstrip("0")
    place -= len(whole + part) - len(digits)
    digits = digits.rstrip("0")
    sign, count = "-" * (value < 0), len(digits)
    if count <= place <= 21:  # ECMA-262 names the number
        return sign + digits + "0" * (place - count)
    if 0 < place <= 21:
        return f"{sign}{digits[:place]}.{digits[place:]}"
    if -6 < place <= 0:
        return f"{sign}0.{'0' * -place}{digits}"
    return f"{sign}{digits[0]}{'.' * (count > 1)}{digits[1:]}e{place - 1:+d}"
