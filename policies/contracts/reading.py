"""Reading: from what a voice said to values that a contract may look at, and to what is kept of a refused one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from policies.contracts.answers import Answer
from policies.contracts.unwrapping import unwrapped
from policies.language import phrase, say
from policies.plain import MAX_TEXT, clean_text, is_plain, written

Fields = Mapping[str, Any]

MAX_EXCERPT = 2_000
MAX_NAME_SHOWN = 100
MAX_RAW = 16_000
MAX_OFFERED = 21
"""Messages kept of those a role offers: one more than a team may allow, so that what is beyond is refused by name."""

MAX_OFFER = 8_000
MAX_OFFER_EXCERPT = 200


CONFIDENCE_FAULTS = {
    "confidence_type": phrase("the confidence is not a number"),
    "confidence_range": phrase("the confidence is not between 0 and 1"),
}
"""The checks of a confidence in words."""


class NoJson(dict[str, Any]):
    """Text that is not JSON: an object without keys."""


def read_json(text: str) -> Any:
    """Return the JSON value of `text`; an object without keys where it is not JSON or nests too deep.

    A byte order mark, one leading think block and one fence around everything are not part of it.

    Integers of more than 300 digits are read as infinite, since no check accepts them and some readers refuse them.

    >>> read_json("I would say go.")
    {}
    """
    try:
        return json.loads(unwrapped(text), parse_int=_read_integer)
    except (ValueError, RecursionError):
        return NoJson()


def _read_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 300 else float("-inf" if digits.startswith("-") else "inf")


def read(said: object) -> Any:
    """Return what was said as a value: text is read as JSON."""
    return read_json(said) if isinstance(said, str) else said


def offered_messages(said: object) -> Any:
    """Return what a proposal offers as messages to others, None where that is nothing.

    What cannot be kept becomes its first 200 characters as text, which is not a message, so that it is refused by name.

    >>> offered_messages({"messages": [{"to": "risk"}, float("nan")]}), offered_messages("I would say go.")
    ([{'to': 'risk'}, 'nan'], None)
    """
    value = read(said)
    offered = value.get("messages") if isinstance(value, dict) else None
    return [_offer(item) for item in offered[:MAX_OFFERED]] if isinstance(offered, list) else _offer(offered)


def _offer(value: object) -> Any:
    if is_plain(value) and len(repr(value)) <= MAX_OFFER:
        return value
    return _excerpt(value, MAX_OFFER_EXCERPT)


def in_words(value: object, missing: Sequence[str] = ()) -> str | None:
    """Return what is wrong with a proposal that the name of a check does not say, or None.

    >>> in_words(NoJson()), in_words({"agent": "risk"}, ["stance", "summary"]), in_words({})
    ('no single JSON object was found', 'missing: stance, summary', None)
    """
    if isinstance(value, NoJson):
        return say("no single JSON object was found")
    return say("missing: {missing}", missing=", ".join(missing)) if missing else None


def storable(said: object, value: object) -> Any:
    """Return the parsed `value` of a proposal if it may enter the state, else the proposal's first 2,000 characters.

    A proposal that is one decimal number and nothing else is kept as text: alone in its place, PostgreSQL may give
    another number back.

    >>> storable("I would say go.", NoJson()), storable("1e22", 1e22), storable("[1e22]", [1e22])
    ('I would say go.', '1e22', [1e+22])
    """
    is_kept = not isinstance(value, NoJson | float) and is_plain(value)
    if is_kept and len(repr(value)) <= MAX_RAW:
        return value
    return _excerpt(said, MAX_EXCERPT)


def _excerpt(value: object, length: int) -> str:
    return clean_text((value if isinstance(value, str) else written(value))[:length])


# --- single fields ---------------------------------------------------------------------------------------------------


def tidied(text: str) -> str:
    """Return a text clean and trimmed."""
    return clean_text(text).strip()


def text_in(value: object, most: int = MAX_TEXT) -> str | None:
    """Return a text clean and trimmed, or None where it is not a text, is blank or is too long."""
    tidy = tidied(value) if isinstance(value, str) else ""
    return tidy if 0 < len(tidy) <= most else None


def optional_text(value: Fields, key: str) -> str | None:
    """Return an optional text, empty where it is blank or not there, or None where it is not text or too long."""
    offered = value.get(key)
    tidy = "" if offered is None else tidied(offered) if isinstance(offered, str) else None
    return None if tidy is None or len(tidy) > MAX_TEXT else tidy


def texts_in(value: Fields, keys: Mapping[str, int]) -> Answer | str:
    """Return the texts under these keys, each with its greatest length, or the first key that has none."""
    found = {key: text_in(value.get(key), most) for key, most in keys.items()}
    missing = next((key for key, text in found.items() if text is None), None)
    return missing or found


def list_of_texts(value: object, most: int) -> list[str] | None:
    """Return a list of texts, or None where it is not one, is too long, or has an item that is not a text."""
    if not isinstance(value, list) or len(value) > most:
        return None
    texts = [text_in(item) for item in value]
    return None if None in texts else [text for text in texts if text]


def confidence_fault(value: object) -> str | None:
    """Return the check that a confidence fails, or None where it is a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "confidence_type"
    return None if 0 <= value <= 1 else "confidence_range"


def confidence_of(value: float) -> float:
    """Return a confidence with three decimals, and no negative zero.

    >>> confidence_of(0.12345), confidence_of(-0.0)
    (0.123, 0.0)
    """
    return round(float(value), 3) + 0.0
