"""Purging: what is due is exported and gives way to a tombstone, what is kept stays as it was, row by row."""

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from graph.past import Past
from graph.problems import UsageError
from graph.retention.holds import hold as held_by
from graph.retention.purging import Order, open_purger
from graph.saying import Speech, say
from graph.settings import Settings
from graph.store import files as store_files
from graph.store.database import open_database
from graph.store.traces import Traced, note_trace
from graph.threads import open_threads
from policies.assurance.audit import Head
from tests.durability.rows import all_rows
from tests.harness import settings_at, team_of
from tests.retention.desks import (
    LATER,
    begin,
    events_of,
    everything,
    export_of,
    faults,
    hold,
    kept,
    named,
    purge,
    unlike_a_tombstone,
    verified,
    verified_with,
)

pytestmark = pytest.mark.slow

ASKS = {"policy": {"name": "asks", "rules": [], "otherwise": "escalate"}}
OLD = ("old.1", "old-2")


def test_what_is_due_gives_way_to_a_tombstone_and_what_is_kept_stays_row_by_row(
    settings: Settings, tmp_path: Path
) -> None:
    begin(settings, *OLD, "held")
    begin(settings, "waits", overrides=ASKS)
    hold(settings, "held")
    before = {name: events_of(settings, name) for name in OLD}
    chains = {name: export_of(settings, name) for name in OLD}
    rows = {name: all_rows(settings.database, name) for name in ("held", "waits")}

    done = purge(settings, tmp_path / "kept", by="operations")

    assert sorted(named(done)) == sorted(OLD)
    assert kept(done) == {"held": "held", "waits": "open"}
    assert {name: all_rows(settings.database, name) for name in rows} == rows
    for each in done.purged:
        name, tomb = each.thread_id, events_of(settings, each.thread_id)
        assert unlike_a_tombstone(tomb, before[name], name) == ""
        assert (tomb[-1]["by"], tomb[-1]["older_than"], tomb[-1]["at"]) == ("operations", "180d", LATER)
        assert each.head == f"{len(before[name])}:{before[name][-1]['hash']}"
        left = {table for table, rows in all_rows(settings.database, name).items() if rows}
        assert left == {"newest_checkpoints"}  # where the tombstone is noted, so that it cannot be deleted alone
        chain = (tmp_path / "kept" / f"{name}.jsonl").read_bytes()
        assert chain == chains[name]
        assert each.exported == tomb[-1]["exported"] == hashlib.sha256(chain).hexdigest()
    assert faults(settings) == {}
    assert {name: each.status for name, each in verified(settings).items()} == {
        **dict.fromkeys(OLD, "purged"),
        "held": "ok",
        "waits": "waiting",
    }
    assert "CANARY of old" not in everything(settings.database)
    assert everything(settings.database).count("CANARY of held") > 0
    assert (named(purge(settings)), kept(purge(settings))) == ([], kept(done))


def test_every_kind_of_row_of_a_thread_goes_with_it(settings: Settings) -> None:
    begin(settings, "t", overrides={"messages": {}})
    begin(settings, "t2")

    async def add() -> None:
        async with open_database(settings.database) as database, database.fences.hold("t"):
            await note_trace(database.store, "t", Traced("run", "project"))
            for number, thread in enumerate(("t", "t2")):
                notice = {"thread": thread, "kind": "decided", "receiver": "r", "key": f"k{number}"}
                await database.store.aput(("notices", "r"), f"k{number}", notice, index=False)
                await database.store.aput(("watches",), thread, {"verdict": "holds"}, index=False)
            await database.store.aput(("notices", "receivers"), "r", {"since": "now"}, index=False)

    async def left(thread: str) -> list[str]:
        async with open_database(settings.database) as database:
            return await database.tombstones.left(thread)

    asyncio.run(add())
    there = asyncio.run(left("t"))
    hold(settings, "t2")
    others = asyncio.run(left("t2"))
    assert named(purge(settings)) == ["t"]
    assert {"threads", "archive", "calls", "traces", "notices", "watches", "checkpoints"} <= {*there}
    assert asyncio.run(left("t")) == []
    assert asyncio.run(left("t2")) == others
    assert "receivers" in everything(settings.database)


def test_a_dry_run_shows_the_same_and_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    begin(settings, *OLD, "held")
    hold(settings, "held")
    rows = everything(settings.database)
    shown = purge(settings, is_dry=True)
    assert everything(settings.database) == rows
    done = purge(settings)
    assert [(each.thread_id, each.ended_at, each.head) for each in shown.purged] == [
        (each.thread_id, each.ended_at, each.head) for each in done.purged
    ]
    assert shown.kept == done.kept


def test_only_what_ended_longer_ago_is_purged_whatever_was_done_to_its_record_since(settings: Settings) -> None:
    begin(settings, "t")
    ended = Past.of({"events": events_of(settings, "t"), "stop_reason": "success"}).ended_at
    hold(settings, "t")
    hold(settings, "t", is_release=True)
    last = events_of(settings, "t")[-1]["at"]
    assert str(ended) < last

    assert named(purge(settings, now=a_day_after(str(ended)), older_than="1d")) == []
    assert named(purge(settings, now=a_day_after(last), older_than="1d")) == ["t"]


def a_day_after(at: str) -> str:
    return (datetime.fromisoformat(at) + timedelta(days=1)).isoformat(timespec="milliseconds")


def test_what_does_not_verify_is_kept_and_named(settings: Settings) -> None:
    begin(settings, "bad", "good", "lost")

    async def damage() -> None:
        async with open_database(settings.database) as database:
            async with database.fences.hold("bad"):
                bucket = next(row.prefix for row in await database.census.rows("bad") if row.prefix != "threads")
                item = await database.store.aget(tuple(bucket.split(".")), "bad")
                assert item
                await database.store.aput(
                    tuple(bucket.split(".")), "bad", {**item.value, "ended": "no_go"}, index=False
                )
            async with database.fences.hold("lost"):
                await database.store.adelete(("threads",), "lost")

    asyncio.run(damage())
    done = purge(settings)
    assert (named(done), kept(done)) == (["good"], {"bad": "damaged", "lost": "damaged"})
    told = {each.thread_id: each.detail for each in done.kept}
    assert told["bad"] == (
        "its entry in the archive has a `ended` that differs from the chain's; see `accord audit verify bad`"
    )
    assert told["lost"] == "the index lacks it; see `accord audit verify lost`"
    assert sorted(faults(settings)) == ["bad", "lost"]


def test_a_thread_at_work_is_kept(settings: Settings) -> None:
    begin(settings, "t")

    async def main() -> Any:
        opened = open_purger(settings, Order("1d"), lambda: LATER)
        async with open_database(settings.database) as other, other.fences.hold("t"), opened as purger:
            return await purger.purge()

    assert kept(asyncio.run(main())) == {"t": "at_work"}
    assert named(purge(settings)) == ["t"]


def test_a_head_that_was_noted_at_any_time_before_still_verifies_and_no_other(settings: Settings) -> None:
    begin(settings, "t")
    heads = [Head(number, event["hash"]) for number, event in enumerate(events_of(settings, "t"), 1)]
    purge(settings)
    after = events_of(settings, "t")
    heads.append(Head(len(after), after[-1]["hash"]))
    assert [verified_with(settings, "t", head) for head in heads] == [None] * len(heads)
    for wrong in (Head(0, "0" * 64), Head(3, heads[3].hash), Head(len(after) + 1, heads[-1].hash)):
        assert "is not what was noted: " in str(verified_with(settings, "t", wrong))


def refused(work: Any) -> str:
    with pytest.raises(UsageError) as error:
        asyncio.run(work)
    return str(error.value)


def test_nothing_can_be_done_with_a_purged_thread_and_each_says_so(settings: Settings, tmp_path: Path) -> None:
    begin(settings, "t", overrides={"messages": {}})
    digest = purge(settings, tmp_path / "kept", by="ops").purged[0].exported
    told = (
        "the thread `t` was purged at 2099-01-01 00:00 UTC by ops; its id cannot be used again. "
        f"Its record was exported as a file with the SHA-256 {digest}; `accord audit verify FILE` checks that"
    )

    async def find() -> None:
        async with open_threads(settings) as threads:
            await threads.find("t")

    async def look() -> None:
        async with open_threads(settings) as threads:
            await threads.look("t")

    async def go(what: str) -> None:
        async with open_runner(settings) as runner:
            if what == "run":
                await runner.run(team_of(settings), "t")
            elif what == "resume":
                await runner.resume("t")
            else:
                await runner.answer("t", {"by": "a", "answer": "go"})

    speech = Speech({"from": "a", "to": ["all"], "kind": "note", "priority": "normal", "content": "Hi."})
    works = [
        find(),
        look(),
        held_by(settings, "t", "a", "b"),
        say(settings, "t", speech),
        *map(go, ("run", "resume", "x")),
    ]
    assert [refused(work) for work in works] == [told] * len(works)
    assert faults(settings) == {}


def test_no_byte_of_what_was_purged_is_left_in_the_file(tmp_path: Path) -> None:
    """Neither in the database nor in its WAL, also where a purge could not scrub them at once."""
    settings = settings_at(tmp_path)
    begin(settings, *OLD, "held")
    hold(settings, "held")
    files = [Path(f"{settings.database}{suffix}") for suffix in ("", "-wal")]

    async def forget() -> None:
        """Leave what was deleted long before: a call of which no answer came is forgotten."""
        async with open_database(settings.database) as database, database.fences.hold("old.1"):
            lane: Any = getattr(database.saver, "lane", None)
            await lane.alone(lane.connection.execute, "PRAGMA secure_delete=OFF")  # some builds of SQLite turn it on
            await database.store.aput(("calls", "old%2E1"), "k", {"said": "CANARY of old.1" * 5_000}, index=False)
            await database.store.adelete(("calls", "old%2E1"), "k")

    asyncio.run(forget())

    def found(word: bytes) -> bool:
        return any(word in path.read_bytes() for path in files if path.exists())

    assert any(b"CANARY of old.1" * 9 in path.read_bytes() for path in files)
    assert found(b"CANARY of held")
    with closing(sqlite3.connect(settings.database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM store").fetchone()  # as long as it reads, the WAL stays
        store_files.BUSY_TIMEOUT_SECONDS, patience = 0.1, store_files.BUSY_TIMEOUT_SECONDS
        done = purge(settings)
        store_files.BUSY_TIMEOUT_SECONDS = patience
    assert sorted(named(done)) == sorted(OLD)
    assert not done.is_scrubbed
    assert purge(settings).is_scrubbed
    assert not found(b"CANARY of old")
    assert found(b"CANARY of held")
    assert faults(settings) == {}
