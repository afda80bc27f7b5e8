"""Ages: how old facts are, by the time that they give or their source does, and whether that is too old."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from policies.language import say, say_count
from policies.paths import MISSING
from policies.plain import shown
from policies.team.people import seconds_of

MAX_AHEAD = timedelta(minutes=1)
"""How far ahead of our clock that of a source may be."""

EXAMPLE = "2026-01-31T09:30:00Z"

UNITS: Sequence[tuple[int, Callable[[int], str]]] = (
    (86_400, lambda days: say_count("{number} day", "{number} days", days)),
    (3_600, lambda hours: say_count("{number} hour", "{number} hours", hours)),
    (60, lambda minutes: say_count("{number} minute", "{number} minutes", minutes)),
    (1, lambda seconds: say_count("{number} second", "{number} seconds", seconds)),
)
"""The units in which an age is said, the largest first: the seconds of each, and how many of it are said."""


def read_time(value: Any) -> datetime | str:
    """Return the time that a value gives, in UTC, or what is wrong with it, as what follows its name.

    >>> read_time("2026-01-31T10:30:00+01:00").isoformat()
    '2026-01-31T09:30:00+00:00'
    >>> read_time("2026-01-31T10:30:00")
    "is '2026-01-31T10:30:00', which has no time zone; allowed: a time such as 2026-01-31T09:30:00Z"
    """
    if value is None or value is MISSING:
        return say("is missing; allowed: a time such as {example}", example=EXAMPLE)
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return say(
            "is {value}, which is not an ISO 8601 time; allowed: a time such as {example}",
            value=shown(value),
            example=EXAMPLE,
        )
    return say(
        "is {value}, which has no time zone; allowed: a time such as {example}", value=shown(value), example=EXAMPLE
    )


def find_age_fault(max_age: str | None, as_of: datetime | None, now: datetime) -> str | None:
    """Return why facts of that time may not be used now, as what follows the name of their source; None where they may.

    Facts of exactly that age may be used.

    >>> noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    >>> find_age_fault("10m", noon - timedelta(minutes=12), noon).partition("; ")[0]
    'is 12 minutes old'
    >>> find_age_fault("10m", noon - timedelta(minutes=10), noon) is None
    True
    """
    if max_age is None:
        return None
    if as_of is None:
        return say("does not say how old it is; name the path of its time with `as_of`, or leave out `max_age`")
    age = now - as_of
    if age < -MAX_AHEAD:
        return say(
            "is dated {ahead} ahead of now ({as_of}); allowed: at most 1 minute; correct its clock or its time",
            ahead=_in_words(-age, MAX_AHEAD),
            as_of=as_of.isoformat(timespec="seconds"),
        )
    allowed = timedelta(seconds=seconds_of(max_age))
    if age <= allowed:
        return None
    return say(
        "is {age} old; allowed: at most {max_age}; bring the source up to date, or raise `max_age`",
        age=_in_words(age, allowed),
        max_age=max_age,
    )


def _in_words(age: timedelta, allowed: timedelta) -> str:
    """Return an age in its largest units, in as many of them as show that it is more than is allowed."""
    told, counted, parts = [], timedelta(), iter(_parts(age))
    while counted <= allowed:
        unit, words = next(parts)
        told.append(words)
        counted += unit
    return " ".join(told)


def _parts(age: timedelta) -> list[tuple[timedelta, str]]:
    """Return an age unit by unit, those left out of which it has none."""
    parts = []
    left = -(-age // timedelta(seconds=1))  # rounded up, so that what is too old never looks as if it were not
    for unit, said in UNITS:
        number, left = divmod(left, unit)
        if number:
            parts.append((timedelta(seconds=number * unit), said(number)))
    return parts
