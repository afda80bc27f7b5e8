"""Judges a tampering: it is found by `accord audit verify`, or nothing that any command shows has changed.

What is not found must be one of the fields that docs/record.md names under "What the chain does not show"; which one a
difference falls under is worked out here from the bytes of the two files alone.
"""

import io
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from graph.cli.main import run
from tests.audit.anatomy import Difference, Rows, decoded, differences, rows_in
from tests.audit.gallery import gallery, threads_of
from tests.audit.showing import Shown, shown
from tests.audit.surgery import Cut, tampered

JOURNAL = "call journal"
EARLIER = "earlier checkpoints"
OWN = "LangGraph's own keys"
TIMES = "times of rows in the store"
UNDER_WAY = "answers under way"
NOTHING = "nothing at all"
UNSHOWN = (JOURNAL, EARLIER, OWN, TIMES, UNDER_WAY)
"""The fields that docs/record.md names, and nothing: bytes that no row is made of, another writing of the same."""

LISTS = ("history", "stages", "messages", "delivered", "trace", "superseded", "events")
UNCOMMITTED = ("replies", "given", "goal", "facts", "budget", "accept_changes", "task", "__start__")


def check_seed(seed: int) -> str:
    """Return `found`, or the name of the field that was changed and that nothing shows.

    Raises:
        AssertionError: something that is shown was changed unseen, with the story.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accord.sqlite"
        shutil.copyfile(gallery(), path)
        cut = tampered(path, seed)
        return judged(path, cut, looks_at_all=seed % 5 == 0)


def judged(path: Path, cut: Cut, looks_at_all: bool = True) -> str:
    """Return the judgement on a file that was tampered with."""
    found = differences(_before(), _after(path))
    owners = {owner for each in found for owner in owners_of(each)}
    code, said, named = verified(path)
    assert code in (0, 1, 2), f"{cut}: exit {code}: {said}"
    if code:
        assert code == 2 or not owners or owners & named, f"{cut}: found, but {named} is named and not {owners}"
        assert code == 1 or cut.table in ("file", "store_migrations"), f"{cut}: exit 2: {said}"
        return "found"
    assert_nothing_shown(
        path, cut, sorted(set(_shown_before()[1]) & owners) if not looks_at_all else _shown_before()[1]
    )
    lists_before, lists_after = lists_in(_before()), lists_in(_after(path))
    read_alike = {key for key, kept in lists_before.items() if lists_after.get(key) == kept}
    fields = {OWN if is_laid_elsewhere(each, read_alike) else field_of(each) for each in found}
    assert fields <= {*UNSHOWN, NOTHING}, f"{cut}: not found, and not a field that is not shown: {found[:5]}"
    return "; ".join(sorted(fields)) or NOTHING


def assert_nothing_shown(path: Path, cut: Cut, names: list[str]) -> None:
    """All that is shown is as it was before, to the byte."""
    before, _ = _shown_before()
    after = shown(path, names)
    others = [name for name in after if after[name] != before.get(name)]
    assert not others, f"{cut}: not found, and another {others}: {_other(before.get(others[0], ''), after[others[0]])}"


def _other(before: str, after: str) -> str:
    at = next((n for n, (here, there) in enumerate(zip(before, after, strict=False)) if here != there), len(before))
    return f"{before[max(at - 40, 0) : at + 60]!r} became {after[max(at - 40, 0) : at + 60]!r}"


@lru_cache(maxsize=1)
def _before() -> Rows:
    return rows_in(gallery())


@lru_cache(maxsize=1)
def _shown_before() -> tuple[Shown, list[str]]:
    """Return what is shown of the untouched database, and of which threads; showing it notes who ended meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accord.sqlite"
        shutil.copyfile(gallery(), path)
        names = threads_of(path)
        return shown(path, names), names


def _after(path: Path) -> Rows:
    try:
        return rows_in(path)
    except sqlite3.DatabaseError:
        return {}


def verified(path: Path) -> tuple[int, str, set[str]]:
    """Return how `accord audit verify --json` ends, what it says, and the threads that it names as broken."""
    raw = io.BytesIO()
    out, err = io.TextIOWrapper(raw, encoding="utf-8"), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["audit", "verify", "--json", "--db", str(path)])
        out.flush()
    said = raw.getvalue().decode()
    named = {each["name"] for each in json.loads(said) if each["broken"]} if code in (0, 1) else set[str]()
    return code, err.getvalue() or said, named


def owners_of(difference: Difference) -> Iterator[str]:
    """Yield the thread that a difference concerns."""
    if difference.table == "store":
        prefix, key = map(_text, difference.key[:2])
        yield prefix.removeprefix("calls.").replace("%2E", ".") if prefix.startswith("calls.") else key
    elif difference.table != "store_migrations":
        yield _text(difference.key[0])


def _text(typed: Any) -> str:
    value = typed[1]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def field_of(difference: Difference) -> str:
    """Return the field that a difference falls under: one that is not shown, or where it is."""
    place = f"{difference.table}.{difference.column} {difference.steps}"
    if difference.table == "store":
        return _of_store(difference, place)
    if difference.table == "store_migrations":
        return OWN
    if difference.table == "writes":
        return _of_writes(difference, place)
    return _of_checkpoints(difference, place) if difference.table == "checkpoints" else place


def _of_store(difference: Difference, place: str) -> str:
    namespace = _text(difference.key[0]).partition(".")[0]
    if namespace == "calls":
        return JOURNAL
    if namespace not in ("threads", "archive"):
        return NOTHING
    return TIMES if difference.column in ("created_at", "updated_at", "expires_at", "ttl_minutes") else place


Lists = dict[tuple[str, str], list[Any]]
"""What each growing list is read from, in order, by thread and channel."""


def lists_in(rows: Rows) -> Lists:
    """Return the writes that each growing list is read from since its last full copy, wherever they lie."""
    found: Lists = {}
    for (table, key), row in sorted(
        rows.items(), key=lambda each: _text(each[0][1][2]) if each[0][0] == "writes" else ""
    ):
        if table == "writes":
            thread, namespace, checkpoint, channel = map(_text, key[:4])
            if not namespace and channel in LISTS and _copied(thread, channel) <= checkpoint < _newest(thread):
                found.setdefault((thread, channel), []).append((row["type"], row["value"]))
    return found


def is_laid_elsewhere(difference: Difference, read_alike: set[tuple[str, str]]) -> bool:
    """Return whether a write of a growing list lies in another step only: the list is read from the same ones."""
    if difference.table != "writes" or difference.column is not None:
        return False
    thread, namespace, _, channel = map(_text, difference.key[:4])
    return not namespace and (thread, channel) in read_alike


def _of_writes(difference: Difference, place: str) -> str:
    """Return what a change of a step's writes is: only growing lists are read from them, since their last full copy."""
    thread, namespace, checkpoint = map(_text, difference.key[:3])
    if checkpoint not in _checkpoints(thread):
        return EARLIER
    channel = _text(difference.key[3])
    if namespace or channel not in LISTS or checkpoint >= _newest(thread) or checkpoint < _copied(thread, channel):
        return EARLIER
    return OWN if difference.column in ("task_id", "task_path", "idx") else place


def _of_checkpoints(difference: Difference, place: str) -> str:
    thread, namespace, checkpoint = map(_text, difference.key[:3])
    if namespace or checkpoint != _newest(thread):
        return EARLIER if thread in threads_of(gallery()) or namespace else place
    if difference.column in ("parent_checkpoint_id", "metadata"):
        return OWN
    if difference.column == "checkpoint" and difference.steps:
        first, *rest = difference.steps
        if first != "channel_values":
            return OWN
        is_uncommitted = rest and (rest[0] in UNCOMMITTED or str(rest[0]).startswith("branch:"))
        return UNDER_WAY if is_uncommitted else place
    return place


@cache
def _newest(thread: str) -> str:
    return max(_checkpoints(thread), default="")


@cache
def _copied(thread: str, channel: str) -> str:
    """Return the last checkpoint of a thread that holds a list in full; none: no later than any."""
    return max((key for key, values in _checkpoints(thread).items() if channel in values), default="")


@cache
def _checkpoints(thread: str) -> dict[str, Any]:
    with closing(sqlite3.connect(gallery())) as connection:
        query = "SELECT checkpoint_id, checkpoint FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''"
        rows = connection.execute(query, (thread,)).fetchall()
    return {key: decoded(value, "checkpoints")["channel_values"] for key, value in rows}
