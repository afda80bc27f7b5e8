"""What is purged while it is watched is gone: nothing is written about it, and it counts for nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from graph.reopening import Reopening
from graph.retention.purging import Order, open_purger
from graph.settings import Settings
from graph.store.database import open_database
from graph.store.tombstones import PurgedError, Tombstones
from graph.store.watches import Watches
from graph.threads import Threads
from tests.harness import settings_at
from tests.hostile.command import Captured, accord
from tests.retention.desks import LATER, faults, hold, named, purge
from tests.watch.stage import decide, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow


def purging_first(settings: Settings, own: Callable[..., Awaitable[Any]], thread: str) -> Callable[..., Any]:
    """Return a step of a watch before which somebody else purges what they may, if it is about this thread."""

    async def step(self: Any, about: Any, *given: Any) -> Any:
        if about["thread_id"] == thread:
            async with open_purger(settings, Order("1d"), lambda: LATER) as purger:
                await purger.purge()
        return await own(self, about, *given)

    return step


@pytest.mark.parametrize(("place", "name"), [(Watches, "note"), (Reopening, "of")])
def test_a_decision_that_is_purged_while_it_is_watched_is_left_out(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    decide(settings, "a", "t")
    hold(settings, "a")
    write_facts(with_rate(0.04))
    with monkeypatch.context() as patch:
        patch.setattr(place, name, purging_first(settings, getattr(place, name), "t"))
        watched = watch_all(capsys, "--reopen")
    assert (watched.code, watched.verdicts) == (1, {"a": "reopen"})
    assert (watched.totals["decisions"], watched.totals["reopen"], watched.totals["unknown"]) == (1, 1, 0)
    assert faults(settings) == {}


def test_one_that_is_named_and_purged_meanwhile_is_said_to_be(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "t")
    with monkeypatch.context() as patch:
        patch.setattr(Watches, "note", purging_first(settings, Watches.note, "t"))
        done = accord(capsys, "watch", "t")
    assert (done.code, "the thread `t` was purged at 2099-01-01 00:00 UTC" in done.err) == (2, True)
    assert faults(settings) == {}


def test_a_decision_that_is_purged_as_it_was_taken_again_is_told_as_such(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04))
    own = Reopening._taken_again

    async def then_purged(self: Any, *given: Any) -> str:
        name = await own(self, *given)
        async with open_purger(settings, Order("1d"), lambda: LATER) as purger:
            await purger._consider("t")
        return name

    with monkeypatch.context() as patch:
        patch.setattr(Reopening, "_taken_again", then_purged)
        watched = watch_all(capsys, "--reopen")
    assert watched.findings["t"]["reopened_as"] == "t.r1"
    assert faults(settings) == {}
    assert watch_all(capsys).verdicts == {"t.r1": "holds"}


@pytest.mark.needs("postgres")
def test_in_postgresql_who_notes_waits_for_who_purges_and_is_refused(
    postgres_database: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_at(tmp_path, accord_database_url=postgres_database)
    decide(settings, "t")

    async def purge_slowly() -> None:
        async with open_database(settings.database) as database:
            watches = Threads(database).watches
            async with await psycopg.AsyncConnection.connect(postgres_database) as other:
                await other.execute("SELECT 1 FROM fences WHERE thread = 't' FOR UPDATE")
                await other.execute("INSERT INTO tombstones VALUES ('t', '[]')")
                noting = asyncio.create_task(watches.note({"thread_id": "t", "facts": None}))
                await asyncio.sleep(0.3)
                assert not noting.done()
                await other.execute("DELETE FROM fences WHERE thread = 't'")
            with pytest.raises(PurgedError):
                await noting
            assert await watches.find("t") is None

    asyncio.run(purge_slowly())


@pytest.mark.needs("postgres")
def test_in_postgresql_who_purges_waits_for_who_notes_and_takes_it_away(
    postgres_database: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = settings_at(tmp_path, accord_database_url=postgres_database)
    decide(settings, "t")
    put = Tombstones.put

    async def after_a_note_began(self: Any, *given: Any) -> None:
        other = await psycopg.AsyncConnection.connect(postgres_database)
        await other.execute("SELECT 1 FROM fences WHERE thread = 't' FOR SHARE")
        await other.execute("INSERT INTO store (prefix, key, value) VALUES ('watches', 't', '{}')")
        putting = asyncio.create_task(put(self, *given))
        await asyncio.sleep(0.3)
        assert not putting.done()
        await other.commit()
        await other.close()
        await putting

    async def nothing(self: Any) -> None:
        """Leave what a purge missed."""

    monkeypatch.setattr(Tombstones, "put", after_a_note_began)
    monkeypatch.setattr(Tombstones, "sweep", nothing)
    assert named(purge(settings)) == ["t"]
    assert faults(settings) == {}
