"""Records as files: one event a line, as canonical JSON (RFC 8785); and whether a record is what was written."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import rfc8785

from graph.inputs import bounded_lines, open_input
from graph.problems import UsageError
from nodes.agreement import find_broken
from nodes.fingerprint import fingerprint
from policies.assurance.audit import Break, Event, Head, find_break
from policies.language import say
from policies.plain import MAX_INTEGER

MAX_DIGITS = 25
MAX_EVENT_BYTES = 64 * 1024 * 1024


def exported(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the lines of a record's file."""
    for event in events:
        yield rfc8785.dumps(event) + b"\n"


def read_head(text: str) -> Head:
    """Return a head as it was noted, `<number of events>:<hash>`.

    Raises:
        UsageError: it is none.
    """
    number, _, digest = text.partition(":")
    if not re.fullmatch(r"[0-9]{1,12}:[0-9a-f]{64}", text):
        raise UsageError(
            say("--head {text}: is not a head; allowed: <number of events>:<64 hexadecimal digits>", text=text)
        )
    return Head(int(number), digest)


def check_events(events: Iterable[Event], noted: Head | None = None) -> Break | None:
    """Return the first event that is not what was written, or None."""
    return find_broken([*events], noted)


def check_file(path: Path, noted: Head | None = None) -> tuple[list[Event], Break | None]:
    """Return the events of a file, and the first that is not what was written: every byte counts.

    Raises:
        UsageError: the file cannot be read.
    """
    events: list[Event] = []
    with open_input(path) as file:
        for place, line in enumerate(bounded_lines(file, MAX_EVENT_BYTES, path)):
            if not line.endswith(b"\n") and len(line) <= MAX_EVENT_BYTES:
                cut = Break(place, say("is cut off: the file does not end with a whole line"))
                return events, find_break(events, fingerprint) or cut
            event = _event(line.removesuffix(b"\n"))
            if event is None:
                return events, _worse(events, Break(place, say("is not canonical JSON of an event, or was changed")))
            events.append(event)
    return events, find_broken(events, noted)


def _worse(events: list[Event], found: Break) -> Break:
    return find_break(events, fingerprint) or found


def _read_integer(digits: str) -> int | float:
    """Return a number as it was hashed: RFC 8785 writes floats up to 1e21 without a fraction."""
    number = int(digits) if len(digits) <= MAX_DIGITS else 0
    return number if abs(number) <= MAX_INTEGER else float(number)


def _event(line: bytes) -> Event | None:
    """Return the event of a line whose bytes are its canonical JSON."""
    try:
        event = json.loads(line, parse_int=_read_integer)
        is_canonical = isinstance(event, dict) and rfc8785.dumps(event) == line
    except (ValueError, RecursionError, rfc8785.CanonicalizationError):
        return None
    return event if is_canonical else None
