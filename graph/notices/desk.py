"""The desk: finds the notices that are due, notes them in the outbox, and sends what is due.

It never touches a thread. What it cannot send stays in the outbox, and what it has not noted yet is found again by
whoever comes next, since it follows from the threads.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.endpoints import load_notify, route_of
from graph.notices.kinds import Notice, iso, notices_of
from graph.notices.outbox import Outbox, Row, first_seen
from graph.notices.sender import DEADLINE_SECONDS, NOT_INSTALLED, Sender, can_send
from graph.notices.wording import message_of
from graph.past import Past
from graph.problems import UsageError
from graph.receivers import Notify, Receiver
from graph.record import record_of
from graph.settings import Settings
from graph.states import UNREADABLE
from graph.store.database import Database, open_database
from graph.store.index import OPEN
from graph.store.location import located, storage_errors
from graph.threads import Threads
from nodes.voices.wire.endpoint import Route

UNREAD = "its thread cannot be read"
UNSTARTED = "the process that sends did not start in time"
TOLD_WITHIN = timedelta(days=7)
"""How long people are notified that a decision was taken again, where the process that did it died before it could."""
LEAST_SECONDS = 0.5
"""With less time than this left no attempt is begun."""


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """How far one receiver is served; `error` is why the last attempt failed that is not made up for."""

    shown: str
    title: str
    sent: int
    delivered: int
    waiting: int
    oldest: str | None
    next_at: str | None
    error: str | None


class Desk:
    """Sends the receivers of a database the notices of its threads."""

    def __init__(
        self,
        database: Database,
        threads: Threads,
        notify: Notify,
        route: Route | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._threads, self._notify, self._route, self._now = threads, notify, route or Route(), now
        self._store, self._outbox = database.store, Outbox(database.store, database.locks, database.tombstones)
        self._sent: dict[str, int] = {}
        self._unstarted: set[str] = set()

    async def note(self, threads: Iterable[str]) -> None:
        """Note the notices of these threads."""
        since = await first_seen(self._store, self._notify.receivers, self._now())
        for thread in threads:
            await self._note(thread, self._notify.receivers, since)

    async def note_all(self) -> None:
        """Note the notices of all threads: open questions, and decisions since each receiver is known."""
        since = await first_seen(self._store, self._notify.receivers, self._now())
        rows = {each.digest: await self._outbox.rows(each) for each in self._notify.receivers}
        seen = {
            digest: {(row.thread, row.touched) for row in kept if row.kind == "decided"}
            for digest, kept in rows.items()
        }
        for entry in await self._threads.index.newest():
            thread, at = entry["thread_id"], entry["updated_at"] or ""
            lacking = [
                receiver
                for receiver in self._notify.receivers
                if _is_open(entry)
                or (_is_news(entry, since[receiver.digest]) and (thread, at) not in seen[receiver.digest])
            ]
            if lacking:
                await self._note(thread, lacking, since)
        lately = iso(self._now() - TOLD_WITHIN)
        async for watched in self._threads.watches.to_reopen():
            if watched["reopened_as"] is None or watched["at"] >= lately:
                await self._note(watched["thread_id"], self._notify.receivers, since)

    async def _note(self, thread: str, receivers: Sequence[Receiver], since: Mapping[str, str]) -> None:
        with suppress(UsageError, *UNREADABLE):  # for `audit verify` to name; the other threads are still told
            derived, past = await self._derived(thread)
            for receiver in receivers:
                news = [each for each in derived if each.question is not None or each.at >= since[receiver.digest]]
                await self._outbox.add(news, receiver, _touched(past), self._now())

    async def serve(self, threads: Iterable[str] | None, seconds: float, is_halted: Callable[[], bool]) -> None:
        """Note the notices of these threads, or of all, and send what is due, for so many seconds in all.

        Raises:
            UsageError: as `send_due`.
        """
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await (self.note_all() if threads is None else self.note(threads))
        await self.send_due(seconds - (time.monotonic() - began), is_halted)

    async def send_due(self, seconds: float | None = None, is_halted: Callable[[], bool] = lambda: False) -> None:
        """Send what is due, to all receivers at once; after so many seconds whatever is under way is cut off.

        Raises:
            UsageError: what sends is not installed.
        """
        if not can_send():
            raise UsageError(NOT_INSTALLED)
        until = None if seconds is None else time.monotonic() + seconds
        serving = [self._serve(each, until, is_halted) for each in self._notify.receivers]
        for ended in await asyncio.gather(*serving, return_exceptions=True):  # one that fails cuts off no other
            if ended is not None:
                raise ended

    async def receiver_states(self) -> list[ReceiverState]:
        """Return how far each receiver is served, in the order of the settings."""
        return [await self._receiver_state(each) for each in self._notify.receivers]

    async def _serve(self, receiver: Receiver, until: float | None, is_halted: Callable[[], bool]) -> None:
        """Send a receiver what is due, one after the other, until one fails: the others would, too."""
        due = await self._outbox.due(receiver, self._now())
        async with Sender.opened(receiver, self._route) as sender:
            if not due:
                return
            if not await sender.start(_left(until)):  # no attempt: the receiver is not to blame
                self._unstarted.add(receiver.digest)
                return
            for row in due:
                left = _left(until)
                if is_halted() or left < LEAST_SECONDS:
                    return
                claimed = await self._outbox.claim(row, self._now())
                if claimed is not None and not await self._send(claimed, receiver, sender, left):
                    return

    async def _send(self, row: Row, receiver: Receiver, sender: Sender, seconds: float) -> bool:
        """Send the notice of a row; return whether the receiver takes the next one."""
        try:
            notice = await self._notice(row)
        except (UsageError, *UNREADABLE):
            await self._outbox.settle(row, UNREAD, self._now())
            return True
        if notice is None:
            await self._outbox.withdraw(row)
            return True
        message = message_of(notice, receiver.service, self._notify.public_url)
        failure = await sender.send(message, seconds)
        await self._outbox.settle(row, failure, self._now())
        self._sent[receiver.digest] = self._sent.get(receiver.digest, 0) + (failure is None)
        return failure is None

    async def _notice(self, row: Row) -> Notice | None:
        """Return the notice of a row, read from its thread now; None where that is over."""
        if await self._threads.state(row.thread) is None:
            return None
        derived, _ = await self._derived(row.thread)
        return next((each for each in derived if each.key == row.key), None)

    async def _derived(self, thread: str) -> tuple[list[Notice], Past]:
        """Return the notices of a thread, and its past."""
        past = Past.of(await self._threads.state(thread) or {})
        if not past.case:
            return [], past
        watched = await self._threads.watches.find(thread)
        return notices_of(record_of(thread, past.state), past, self._now(), watched), past

    async def _receiver_state(self, receiver: Receiver) -> ReceiverState:
        rows = await self._outbox.rows(receiver)
        waiting = [row for row in rows if row.status == "pending"]
        return ReceiverState(
            shown=receiver.shown,
            title=receiver.service.title,
            sent=self._sent.get(receiver.digest, 0),
            delivered=sum(row.status == "delivered" for row in rows),
            waiting=len(waiting),
            oldest=min((row.since for row in waiting), default=None),
            next_at=min((row.next_at for row in waiting), default=None),
            error=next((row.error for row in reversed(waiting) if row.error), self._unstarted_said(receiver)),
        )

    def _unstarted_said(self, receiver: Receiver) -> str | None:
        return UNSTARTED if receiver.digest in self._unstarted else None


def _left(until: float | None) -> float:
    """Return how many seconds the next attempt may take."""
    return DEADLINE_SECONDS if until is None else min(DEADLINE_SECONDS, until - time.monotonic())


def _is_open(entry: Mapping[str, Any]) -> bool:
    """Return whether only the state of a thread says which notices it has."""
    return entry["status"] in OPEN


def _is_news(entry: Mapping[str, Any], since: str) -> bool:
    return bool(entry.get("final_decision")) and (entry["updated_at"] or "") >= since


def _touched(past: Past) -> str:
    return past.moved_at or ""


@asynccontextmanager
async def open_desk(settings: Settings, notify: Notify | None = None) -> AsyncIterator[Desk]:
    """Open the database of these settings, and a desk on it for the receivers that they name.

    Raises:
        UsageError: accord.toml has a problem, or the database cannot be used.
    """
    notify = notify or load_notify(settings)
    async with open_database(located(settings), settings.accord_sqlite_synchronous) as database:
        with storage_errors(settings.database):
            yield Desk(database, Threads(database, settings.database), notify, route_of(settings))
