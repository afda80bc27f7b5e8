"""The outbox: which notice each receiver was sent, in the database of the threads.

A row says how far a notice came with one receiver; the notice itself is read from the thread when it is sent.
It is written before the first attempt. Who sends claims the row first, so that two processes do not both send; a claim
ends by itself, since whoever made it may have died.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from langgraph.store.base import BaseStore, SearchItem

from graph.notices.kinds import Notice, iso
from graph.receivers import Receiver
from graph.store.locks import Locks, ThreadBusyError
from graph.store.rows import NOTICES as NAMESPACE
from graph.store.tombstones import Tombstones

FIRST_SEEN = (NAMESPACE, "receivers")
MAX_ROWS = 10_000_000
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)
CLAIMED_FOR = timedelta(seconds=60)
"""How long a row is somebody's; longer than an attempt takes."""
PATIENCE = (0.0, 0.05, 0.2, 0.5)

Status = Literal["pending", "delivered", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Row:
    """How far one notice came with one receiver; times are ISO 8601, UTC.

    `status` is `withdrawn` where it was over before it could be sent, such as a question that was answered
    meanwhile. `touched` says as of when the thread was seen.
    """

    key: str
    kind: str
    thread: str
    receiver: str
    since: str
    touched: str
    next_at: str
    status: Status = "pending"
    attempts: int = 0
    delivered_at: str | None = None
    error: str | None = None
    claimed_by: str | None = None
    claimed_until: str | None = None

    def is_due(self, now: str) -> bool:
        """Return whether it may be sent now: it waits for nothing, and nobody is sending it."""
        return self.status == "pending" and self.next_at <= now and (self.claimed_until or "") <= now

    def settled(self, failure: str | None, at: datetime) -> "Row":
        """Return the row after an attempt; what failed is tried again later, each time after twice as long."""
        tried = replace(self, attempts=self.attempts + 1, error=failure, claimed_by=None, claimed_until=None)
        if failure is None:
            return replace(tried, status="delivered", delivered_at=iso(at))
        wait = min(FIRST_WAIT * 2 ** min(self.attempts, 10), LONGEST_WAIT)
        return replace(tried, next_at=iso(at + wait))


class Outbox:
    """The rows of a database."""

    def __init__(self, store: BaseStore, locks: Locks, tombstones: Tombstones) -> None:
        self._store, self._locks, self._tombstones = store, locks, tombstones

    async def add(self, notices: Iterable[Notice], receiver: Receiver, touched: str, now: datetime) -> None:
        """Note what a receiver is to be sent, and has not been noted."""
        for notice in notices:
            if await self._row(receiver.digest, notice.key) is None:
                at = iso(now)
                await self._put(Row(notice.key, notice.kind, notice.thread, receiver.digest, at, touched, at))

    async def rows(self, receiver: Receiver, status: Status | None = None) -> list[Row]:
        """Return the rows of a receiver, or those of one status, in the order in which they are due."""
        wanted = {"status": status} if status else None
        found = await self._store.asearch(
            (NAMESPACE, receiver.digest), filter=wanted, limit=MAX_ROWS, refresh_ttl=False
        )
        return sorted(map(_row_of, found), key=lambda row: (row.next_at, row.since, row.key))

    async def due(self, receiver: Receiver, now: datetime) -> list[Row]:
        """Return what may be sent to a receiver now."""
        return [row for row in await self.rows(receiver, "pending") if row.is_due(iso(now))]

    async def claim(self, row: Row, now: datetime) -> Row | None:
        """Make a row that was due this process's to send; None where another one has it, or has sent it."""
        async with self._alone(row.receiver) as is_alone:
            kept = await self._row(row.receiver, row.key) if is_alone else None
            if kept is None or not kept.is_due(iso(now)):
                return None
            claimed = replace(kept, claimed_by=secrets.token_hex(8), claimed_until=iso(now + CLAIMED_FOR))
            await self._put(claimed)
            return claimed

    async def settle(self, row: Row, failure: str | None, now: datetime) -> None:
        """Note how an attempt ended: delivered, or why not; of a row that is somebody else's by now only a delivery."""
        async with self._alone(row.receiver):
            kept = await self._row(row.receiver, row.key)
            if kept is None or kept.status == "delivered":
                return
            if failure is None or kept.claimed_by == row.claimed_by:
                await self._put(row.settled(failure, now))

    async def withdraw(self, row: Row) -> None:
        """Note that it was over before it could be sent."""
        await self._put(replace(row, status="withdrawn", claimed_by=None, claimed_until=None))

    @asynccontextmanager
    async def _alone(self, receiver: str) -> AsyncIterator[bool]:
        """Change the rows of a receiver while no other process does; yield whether that could be had."""
        is_alone = False
        async with AsyncExitStack() as stack:
            for pause in PATIENCE:
                await asyncio.sleep(pause)
                with suppress(ThreadBusyError):
                    await stack.enter_async_context(self._locks.hold(f"/{NAMESPACE}/{receiver}"))
                    is_alone = True
                    break
            yield is_alone

    async def _row(self, receiver: str, key: str) -> Row | None:
        item = await self._store.aget((NAMESPACE, receiver), key, refresh_ttl=False)
        return _row_of(item) if item else None

    async def _put(self, row: Row) -> None:
        await self._store.aput((NAMESPACE, row.receiver), row.key, asdict(row), index=False)
        if await self._tombstones.events(row.thread) is not None:  # it was purged since it was read
            await self._store.adelete((NAMESPACE, row.receiver), row.key)


def _row_of(item: Any) -> Row:
    names = {each.name for each in fields(Row)}
    return Row(**{name: value for name, value in item.value.items() if name in names})


async def first_seen(store: BaseStore, receivers: Sequence[Receiver], now: datetime) -> dict[str, str]:
    """Return since when each receiver is known, by its digest; one that is new is known from now on.

    It is sent decisions that fall from then on, and every question that is open.
    """
    items: list[SearchItem] = await store.asearch(FIRST_SEEN, limit=MAX_ROWS, refresh_ttl=False)
    known = {item.key: str(item.value["since"]) for item in items}
    for receiver in receivers:
        if receiver.digest not in known:
            known[receiver.digest] = iso(now)
            await store.aput(FIRST_SEEN, receiver.digest, {"since": iso(now)}, index=False)
    return known


async def know_receivers(store: BaseStore, receivers: Sequence[Receiver]) -> None:
    """Know the receivers before work begins: decisions count from then on, even where the process dies at its end."""
    if receivers:
        await first_seen(store, receivers, datetime.now(UTC))
