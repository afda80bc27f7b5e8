"""A tombstone that nobody's purge left: each change of one is found, in the database and in an exported file."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.assurance.records import check_file, exported
from graph.problems import StorageError
from graph.settings import Settings
from tests.durability.test_schema import execute
from tests.harness import settings_at, show
from tests.retention.desks import begin, events_of, faults, purge, sha256

pytestmark = pytest.mark.slow

Events = list[Any]
Change = Callable[[Events], object]
OTHER = "f" * 64


def _relinked(events: Events) -> None:
    """Changes a stub where nothing names it but the next one, as if nobody committed to them all."""
    events[3]["hash"] = events[4]["prev_hash"] = OTHER


def _hashed_anew(events: Events) -> None:
    last = {key: value for key, value in events[-1].items() if key != "hash"} | {"by": "somebody else"}
    events[-1] = {**last, "hash": OTHER}


def _cut(events: Events) -> None:
    """Leaves stubs out before the last event, whose link is mended and hashed anew."""
    del events[5:-1]
    last = {**events[-1], "seq": 5, "prev_hash": events[4]["hash"]}
    last.pop("hash")
    events[-1] = {**last, "hash": sha256(last)}


def _another(events: Events) -> Events:
    """Makes another tombstone of the same stubs, which is sound by itself."""
    last = {key: value for key, value in events[-1].items() if key != "hash"} | {"by": "somebody else"}
    return [*events[:-1], {**last, "hash": sha256(last)}]


CHANGES: dict[str, tuple[Change, str]] = {
    "the hash of a stub": (lambda events: events[3].update(hash=OTHER), "does not name the event before it"),
    "two links at once": (_relinked, "does not name what is left of the events before it"),
    "the last link": (lambda events: events[-2].update(hash=OTHER), "does not name the event before it"),
    "a word in a stub": (lambda events: events[2].update(event="asked"), "is not what a purge leaves of an event"),
    "a hash that is none": (lambda events: events[-2].update(hash="F" * 64), "has no hash"),
    "a number": (lambda events: events[4].update(seq=7), "has the number 7 where 4 was expected"),
    "a number that is none": (lambda events: events[1].update(seq=True), "has the number True where 1 was expected"),
    "a stub that is none": (lambda events: events.__setitem__(1, "x"), "is not what a purge leaves of an event"),
    "a stub that is missing": (lambda events: events.pop(4), "has the number 5 where 4 was expected"),
    "the end that is missing": (_cut, "does not name what is left of the events before it"),
    "who purged it": (lambda events: events[-1].update(by="somebody else"), "is not what was hashed"),
    "a hash of no event": (_hashed_anew, "is not what was hashed"),
    "no event of a purge": (lambda events: events.pop(), "its tombstone does not end with the event of a purge"),
    "all of it": (
        lambda events: events.__setitem__(slice(None), _another(events)),
        "its tombstone is not the one that was noted",
    ),
    "nothing": (lambda events: events.clear(), "its tombstone does not end with the event of a purge"),
}


@pytest.fixture(scope="module")
def tombs(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("tombs"))
    begin(settings, "t", "u")
    assert len(purge(settings).purged) == 2
    return settings


def written(settings: Settings, thread: str, events: object) -> None:
    told = json.dumps(events, separators=(",", ":")).replace("'", "''")
    execute(settings.database, f"UPDATE tombstones SET events = '{told}' WHERE thread_id = '{thread}'")


@pytest.mark.parametrize("change", CHANGES, ids=lambda name: name.replace(" ", "_"))
def test_a_change_of_a_tombstone_is_found(change: str, tombs: Settings, tmp_path: Path) -> None:
    events = events_of(tombs, "t")
    changed = copy.deepcopy(events)
    make, message = CHANGES[change]
    make(changed)
    assert faults(tombs) == {}
    written(tombs, "t", changed)
    try:
        assert faults(tombs) == {"t": message} or faults(tombs)["t"] == f"{message} when it was purged"
    finally:
        written(tombs, "t", events)
    if change != "all of it" and all(isinstance(event, dict) for event in changed):
        (tmp_path / "t.jsonl").write_bytes(b"".join(exported(changed)))
        assert check_file(tmp_path / "t.jsonl")[1] is not None


def test_the_tombstone_of_another_thread_is_found(tombs: Settings) -> None:
    own = events_of(tombs, "t")
    written(tombs, "t", events_of(tombs, "u"))
    try:
        assert faults(tombs) == {"t": "has a thread id that differs from the thread's"}
    finally:
        written(tombs, "t", own)


def test_a_tombstone_that_cannot_be_read_is_found(tombs: Settings) -> None:
    own = events_of(tombs, "t")
    for told in ("no JSON", '{"a": 1}', "x'ff00'", json.dumps(own), "[1e400]", "[" * 5_000):
        value = told if told.startswith("x'") else f"'{told}'"
        execute(tombs.database, f"UPDATE tombstones SET events = {value} WHERE thread_id = 't'")
        try:
            assert faults(tombs)["t"].startswith("its tombstone cannot be read: ")
            with pytest.raises(StorageError, match=r"(tombstone of the thread `t` cannot be read|UTF-8)"):
                show(tombs)
        finally:
            written(tombs, "t", own)


def test_a_tombstone_of_a_thread_that_is_there_is_found_and_nothing_is_deleted(settings: Settings) -> None:
    begin(settings, "there")
    chain = events_of(settings, "there")
    stubs = [{key: event[key] for key in ("seq", "prev_hash", "hash")} for event in chain]
    said = {"event": "purged", "thread": "there", "at": "2026", "by": None, "older_than": "1d", "exported": None}
    last = {**said, "stubs": sha256(stubs), "seq": len(stubs), "prev_hash": chain[-1]["hash"]}
    tomb = json.dumps([*stubs, {**last, "hash": sha256(last)}], separators=(",", ":"))
    execute(settings.database, f"INSERT INTO tombstones (thread_id, events) VALUES ('there', '{tomb}')")

    found = faults(settings)

    assert [*found] == ["there"]
    assert found["there"].startswith("it was purged, and rows of it are there: `checkpoints`, ")
    assert [(each.thread_id, each.because) for each in purge(settings).kept] == [("there", "damaged")]
    assert faults(settings) == found


def test_a_row_that_is_left_of_a_purged_thread_is_found(settings: Settings) -> None:
    begin(settings, "t")
    purge(settings)

    rows = {
        "calls": "INSERT INTO store (prefix, key, value) VALUES ('calls.t', '1', '{}')",
        "index": "INSERT INTO store (prefix, key, value) VALUES ('threads', 't', '{}')",
        "elsewhere": "INSERT INTO store (prefix, key, value) VALUES ('archive.zz', 't', '{}')",
    }
    names = {"calls": "calls", "index": "threads", "elsewhere": "archive.zz"}
    for kind, statement in rows.items():
        execute(settings.database, statement)
        assert faults(settings) == {"t": f"it was purged, and rows of it are there: `{names[kind]}`"}
        execute(settings.database, "DELETE FROM store WHERE key IN ('t', '1')")
    assert faults(settings) == {}
    execute(settings.database, "DELETE FROM tombstones")
    assert faults(settings) == {"t": "its tombstone is gone"}


def test_what_a_purge_leaves_is_exported_as_it_lies_there_and_verifies(tombs: Settings, tmp_path: Path) -> None:
    events = events_of(tombs, "t")
    (tmp_path / "t.jsonl").write_bytes(b"".join(exported(events)))
    assert check_file(tmp_path / "t.jsonl") == (events, None)
