"""What happens to a thread between a look at it and its purge, or is written of it afterwards, hides nothing."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from graph.assurance.verification import verify_thread
from graph.notices.kinds import Notice
from graph.notices.outbox import Outbox
from graph.receivers import Receiver
from graph.retention import purging
from graph.retention.holds import hold as held_by
from graph.settings import Settings
from graph.store.database import open_database
from nodes.said import keep_said
from tests.durability.rows import all_rows
from tests.retention.desks import LATER, begin, events_of, faults, kept, named, purge

pytestmark = pytest.mark.slow


def test_a_record_that_is_held_after_it_was_looked_at_is_not_purged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(settings, "t")

    async def then_held(*given: Any) -> Any:
        found = await verify_thread(*given)
        await held_by(settings, "t", "legal", "A claim.")
        return found

    monkeypatch.setattr(purging, "verify_thread", then_held)
    first = purge(settings)
    monkeypatch.undo()
    assert (named(first), kept(first)) == ([], {"t": "held"})


def test_a_record_that_is_held_just_before_it_is_taken_is_not_purged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(settings, "t")
    bury = purging.Purger._bury

    async def after_a_hold(self: Any, *given: Any) -> None:
        await held_by(settings, "t", "legal", "A claim.")
        await bury(self, *given)

    monkeypatch.setattr(purging.Purger, "_bury", after_a_hold)
    first = purge(settings)
    monkeypatch.undo()
    assert (named(first), kept(first), faults(settings)) == ([], {"t": "at_work"}, {})
    assert kept(purge(settings)) == {"t": "held"}


def test_a_notice_of_a_purged_thread_is_not_kept(settings: Settings) -> None:
    """Whoever read the thread before the purge notes it afterwards."""
    begin(settings, "t")
    purge(settings)

    async def note() -> int:
        receiver = Receiver("json://127.0.0.1:9/x")
        async with open_database(settings.database) as database:
            outbox = Outbox(database.store, database.locks, database.tombstones)
            notice = Notice("t:decided:1", "decided", "t", "2026", "Go?", "a_team")
            await outbox.add([notice], receiver, "2026", datetime.now(UTC))
            return len(await outbox.rows(receiver))

    assert asyncio.run(note()) == 0
    assert faults(settings) == {}


def test_what_was_written_of_a_purged_thread_all_the_same_is_found_and_goes_with_the_next_purge(
    settings: Settings,
) -> None:
    begin(settings, "t.1", "u")
    purge(settings)
    begin(settings, "there")

    async def write() -> None:
        async with open_database(settings.database) as database:
            for thread in ("t.1", "there"):
                message = {"id": "m1", "from": "a", "to": ["all"], "content": "Hi."}
                await keep_said(database.store, thread, message, "h")
                await database.store.aput(("notices", "r"), f"k {thread}", {"thread": thread}, index=False)

    asyncio.run(write())
    rows = all_rows(settings.database, "there")
    assert faults(settings) == {"t.1": "it was purged, and rows of it are there: `said`, `notices`"}
    assert named(purge(settings, now="2020-01-01T00:00:00.000+00:00")) == []
    assert faults(settings) == {}
    assert all_rows(settings.database, "there") == rows


@pytest.mark.parametrize("moment", ["before it is looked at", "once it was looked at", "just before it is taken"])
def test_a_thread_that_somebody_else_purges_meanwhile_is_theirs_and_the_others_are_purged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    begin(settings, "a", "t", "u")
    name = {"before": "_consider", "once": "_purge_intact", "just": "_bury"}[moment.split()[0]]
    own = getattr(purging.Purger, name)

    async def after_another(self: Any, thread: str, *given: Any) -> None:
        if thread == "t":
            monkeypatch.undo()
            async with purging.open_purger(settings, purging.Order("1d", by="other"), lambda: LATER) as other:
                theirs.append(await other.purge())
        await own(self, thread, *given)

    theirs: list[purging.Purge] = []
    monkeypatch.setattr(purging.Purger, name, after_another)
    ours = purge(settings, by="me")
    assert (named(ours), kept(ours), named(theirs[0])) == (["a"], {}, ["t", "u"])
    assert events_of(settings, "t")[-1]["by"] == "other"
    assert faults(settings) == {}
