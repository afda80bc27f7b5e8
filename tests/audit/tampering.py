"""Ways to tamper with an exported record, each with the event that must be named; nothing of ours is asked for that."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import rfc8785

Lines = list[bytes]
Tampered = tuple[bytes, int]
"""The file, and the first event in it that is not what was written."""


def first_other(lines: Lines, data: bytes) -> int:
    """Return the number of the first line that is not what was written, or that is missing, or is too many."""
    found = data.split(b"\n")
    parts = [*(line + b"\n" for line in found[:-1]), *([found[-1]] if found[-1] else [])]
    for place, line in enumerate(lines):
        if place >= len(parts) or parts[place] != line:
            return place
    assert len(parts) > len(lines), "nothing was changed"
    return len(lines)


def _placed(lines: Lines, data: bytes) -> Tampered:
    return data, first_other(lines, data)


def hashed(event: Mapping[str, Any]) -> bytes:
    """Return the line of an event whose hash is that of its own bytes."""
    body = {key: value for key, value in event.items() if key != "hash"}
    return rfc8785.dumps({**body, "hash": hashlib.sha256(rfc8785.dumps(body)).hexdigest()}) + b"\n"


def flip_a_bit(rng: random.Random, lines: Lines) -> Tampered:
    data = bytearray(b"".join(lines))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return _placed(lines, bytes(data))


def change_a_byte(rng: random.Random, lines: Lines) -> Tampered:
    data = bytearray(b"".join(lines))
    data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    return _placed(lines, bytes(data))


def change_a_digit(rng: random.Random, lines: Lines) -> Tampered:
    """What stays JSON, and of the same length."""
    data = bytearray(b"".join(lines))
    at = rng.choice([place for place, byte in enumerate(data) if 48 <= byte <= 57])
    data[at] = rng.choice([byte for byte in range(48, 58) if byte != data[at]])
    return _placed(lines, bytes(data))


def delete_a_byte(rng: random.Random, lines: Lines) -> Tampered:
    data = bytearray(b"".join(lines))
    del data[rng.randrange(len(data))]
    return _placed(lines, bytes(data))


def insert_a_byte(rng: random.Random, lines: Lines) -> Tampered:
    data = bytearray(b"".join(lines))
    data.insert(rng.randrange(len(data) + 1), rng.choice([*b' \n\r\t",:0{}\x00', rng.randrange(256)]))
    return _placed(lines, bytes(data))


def truncate_a_byte(_: random.Random, lines: Lines) -> Tampered:
    return _placed(lines, b"".join(lines)[:-1])


def truncate_bytes(rng: random.Random, lines: Lines) -> Tampered:
    data = b"".join(lines)
    return _placed(lines, data[: rng.randrange(1, len(data))])


def truncate_events(rng: random.Random, lines: Lines) -> Tampered:
    return _placed(lines, b"".join(lines[: rng.randrange(1, len(lines))]))


def delete_an_event(rng: random.Random, lines: Lines) -> Tampered:
    at = rng.randrange(len(lines))
    return _placed(lines, b"".join([*lines[:at], *lines[at + 1 :]]))


def copy_an_event(rng: random.Random, lines: Lines) -> Tampered:
    at = rng.randrange(len(lines) + 1)
    return _placed(lines, b"".join([*lines[:at], rng.choice(lines), *lines[at:]]))


def copy_an_event_renumbered(rng: random.Random, lines: Lines) -> Tampered:
    """A copy that takes another's number and is hashed anew, but names another event as the one before it."""
    at = rng.randrange(1, len(lines) + 1)
    source = json.loads(lines[rng.choice([number for number in range(len(lines)) if number != at])])
    stale = json.loads(rng.choice([line for number, line in enumerate(lines) if number != at - 1]))["hash"]
    forged = hashed({**source, "seq": at, "prev_hash": stale})
    return _placed(lines, b"".join([*lines[:at], forged, *lines[at:]]))


def forge_an_event_that_fits(rng: random.Random, lines: Lines) -> Tampered:
    """It names the event before it and is hashed well: what follows gives it away, or the head where nothing does."""
    at = rng.randrange(1, len(lines) + 1)
    before, source = json.loads(lines[at - 1]), rng.choice([line for line in lines if line not in lines[at : at + 1]])
    forged = hashed({**json.loads(source), "seq": at, "prev_hash": before["hash"]})
    replaced = lines[at + 1 :] if rng.random() < 0.5 else lines[at:]
    return b"".join([*lines[:at], forged, *replaced]), at + 1


def edit_an_event_and_hash_it(rng: random.Random, lines: Lines) -> Tampered:
    at = rng.randrange(len(lines))
    edited = _edited(rng, json.loads(lines[at]))
    return b"".join([*lines[:at], hashed(edited), *lines[at + 1 :]]), at + 1


def renumber_an_event(rng: random.Random, lines: Lines) -> Tampered:
    """It names the event before it and is hashed well, under another number."""
    at = rng.randrange(len(lines))
    number = rng.choice([place for place in range(-1, len(lines) + 1) if place != at])
    forged = hashed({**json.loads(lines[at]), "seq": number})
    return _placed(lines, b"".join([*lines[:at], forged, *lines[at + 1 :]]))


def rewrite_the_rest(rng: random.Random, lines: Lines) -> Tampered:
    """An edited event, and every later one linked and hashed anew: nothing but the noted head tells."""
    at = rng.randrange(len(lines))
    events = [json.loads(line) for line in lines]
    events[at] = _edited(rng, events[at])
    written = list(lines[:at])
    for event in events[at:]:
        before = json.loads(written[-1])["hash"] if written else "0" * 64
        written.append(hashed({**event, "prev_hash": before}))
    return b"".join(written), len(lines)


def swap_two_events(rng: random.Random, lines: Lines) -> Tampered:
    first, second = sorted(rng.sample(range(len(lines)), 2))
    swapped = list(lines)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    return _placed(lines, b"".join(swapped))


def swap_two_neighbours(rng: random.Random, lines: Lines) -> Tampered:
    first = rng.randrange(len(lines) - 1)
    swapped = [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]]
    return _placed(lines, b"".join(swapped))


def _edited(rng: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    key = rng.choice([key for key in event if key not in ("seq", "prev_hash", "hash")])
    return {**event, key: {"go": "block", "block": "go"}.get(str(event[key]), "forged")}


Tamper = Callable[[random.Random, Lines], Tampered]
WAYS: Sequence[Tamper] = (
    flip_a_bit,
    change_a_byte,
    change_a_digit,
    delete_a_byte,
    insert_a_byte,
    truncate_a_byte,
    truncate_bytes,
    truncate_events,
    delete_an_event,
    copy_an_event,
    copy_an_event_renumbered,
    forge_an_event_that_fits,
    edit_an_event_and_hash_it,
    renumber_an_event,
    rewrite_the_rest,
    swap_two_events,
    swap_two_neighbours,
)
FOUND_BY_THE_HEAD_ALONE = frozenset({truncate_events, rewrite_the_rest})
