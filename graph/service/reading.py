"""Reading: what a service shows of one thread, and whether somebody works on it or is going to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graph.languages.catalogue import language_of
from graph.past import Past
from graph.problems import ConflictError
from graph.record import Record, record_of
from graph.service.service import Service
from graph.states import State
from graph.store.index import RUNNING
from graph.threads import blaming
from policies.language import phrase, say, speaking

QUEUED = "queued"
"""The status of a thread that is promised to be driven, and on which nobody works yet."""


@dataclass(frozen=True, slots=True)
class Look:
    """A thread as it is found: its state, whether somebody works on it, or is promised to."""

    thread: str
    state: State
    is_running: bool
    is_promised: bool

    @property
    def past(self) -> Past:
        """What the thread keeps."""
        return Past.of(self.state)

    @property
    def record(self) -> Record:
        """The record of the thread, as `accord show` gives it, but for a thread that waits for its turn."""
        return as_queued(record_of(self.thread, self.state, self.is_running), self.is_promised)


def as_queued(told: dict[str, Any], is_promised: bool) -> dict[str, Any]:
    """Return a record, or an entry of a list, with the status of a thread that waits for its turn where it does."""
    is_queued = is_promised and told["status"] not in ("ok", RUNNING)
    return {**told, "status": QUEUED} if is_queued else told


async def look_at(service: Service, thread: str) -> Look:
    """Return a thread as it is now.

    Raises:
        UsageError: there is no such thread.
        StorageError: the database failed.
    """
    is_promised = await is_promised_of(service, thread)
    state, is_running = await service.runner.threads.look(thread)
    return Look(thread, state, is_running, is_promised)


async def status_of(service: Service, thread: str) -> str:
    """Return the status of a thread, which this process may just have taken to work on.

    Raises:
        UsageError: there is no such thread.
        StorageError: the database failed.
    """
    if service.drives.is_at_work(thread):
        return RUNNING
    return str((await look_at(service, thread)).record["status"])


async def is_promised_of(service: Service, thread: str) -> bool:
    """Return whether somebody is going to work on a thread, so far as nothing keeps them from it."""
    promise = await service.drives.promise_of(thread)
    return promise is not None and promise.problem is None


async def is_at_work(service: Service, thread: str) -> bool:
    """Return whether somebody works on a thread, in this process or in another one."""
    is_here = service.drives.is_at_work(thread) or thread in service.database.fences.held
    return is_here or await service.runner.threads.is_held(thread)


@asynccontextmanager
async def reading(service: Service, thread: str) -> AsyncIterator[Look]:
    """Look at a thread that has begun, in the language of its team; what breaks over a change says so.

    Raises:
        ConflictError: it has not begun.
        UsageError: there is no such thread, or it was changed.
        StorageError: the database failed.
    """
    look = await look_at(service, thread)
    with speaking(language_of(look.past.language)), blaming(thread, look.state):
        if not look.past.events:
            told = phrase("the thread `{name}` has not begun, so there is nothing to show of it yet; ask again later")
            raise ConflictError(say(told, name=thread))
        yield look


def plain_end(past: Past, record: Record) -> dict[str, Any]:
    """Return how a thread rests: {status, stop_reason, final_decision, resumable, seq of its last event}."""
    kept = {name: record.get(name) for name in ("status", "stop_reason", "final_decision", "resumable")}
    return {**kept, "seq": past.events[-1]["seq"] if past.events else None}
