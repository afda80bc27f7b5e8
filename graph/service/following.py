"""Following: what happens to a thread, event by event, whichever process works on it.

What is recorded comes from the database: the id of the newest checkpoint is looked at, and the state is read only once
that moved. What is only live comes from the runs of this process, between what is recorded.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graph.past import Past
from graph.people import shut_to
from graph.problems import StorageError, UsageError
from graph.record import record_of
from graph.service.reading import is_at_work, is_promised_of, plain_end
from graph.service.service import Service
from graph.states import LOST as NOT_READ
from graph.states import DamagedError
from graph.store.location import storage_errors
from graph.store.tombstones import UnreadableError
from policies.access.caller import Caller
from policies.assurance.audit import Event
from policies.assurance.commitments import WROTE
from policies.language import say

PAUSE_SECONDS = 0.25
LIVE_KEPT = 1_000
LIVE, END, LOST = "live", "end", "lost"
UNSHOWN = ("outcome", "because", "signed", "signature")
"""What of an answer is not shown to those who must not know it yet."""
HASHES = ("hash", "prev_hash", WROTE)
"""What follows from such an answer, which could be guessed by it; it is not shown either, nor of the events behind."""

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One item of a stream; what is recorded has the number of its event."""

    kind: str
    data: Plain
    seq: int | None = None


class Following:
    """Follows one thread, from behind an event on."""

    def __init__(self, service: Service, caller: Caller, thread: str, after: int) -> None:
        """Take who follows: of answers to open questions they are shown what they may know."""
        self._service, self._threads, self._thread, self._last = service, service.runner.threads, thread, after
        self._seen: object = self
        self._caller = caller
        self._past = Past()
        self._heard, self._woken = deque[Plain](maxlen=LIVE_KEPT), asyncio.Event()

    @property
    def is_ending(self) -> bool:
        """Whether the process is asked to end: whoever follows stops then."""
        return self._service.drives.ending.is_set()

    async def told(self) -> AsyncIterator[Sequence[Told]]:
        """Yield what happened since the last time, nothing where nothing did; end once the thread rests for good."""
        with self._service.runner.live.listening(self._thread, self._hear):
            try:
                async for batch in self._batches():
                    yield batch
            except (DamagedError, UnreadableError):
                yield [Told(LOST, {"detail": say(NOT_READ)})]
            except StorageError:  # it names the database, and a client need not know that
                yield [Told(LOST, {"detail": say("the database does not answer; try again later")})]
            except UsageError as error:
                yield [Told(LOST, {"detail": str(error)})]

    async def _batches(self) -> AsyncIterator[Sequence[Told]]:
        while True:
            live = [Told(LIVE, each) for each in self._taken()]
            yield [*live, *await self._recorded()]
            if await self._rests():
                yield [Told(END, plain_end(self._past, record_of(self._thread, self._past.state)))]
                return
            await self._pause()

    async def _recorded(self) -> list[Told]:
        """Return the events that were recorded since; the state is looked at after the id, so that none is missed."""
        newest = await self._newest()
        if newest == self._seen:
            return []
        state = await self._threads.state(self._thread)
        if state is None:
            await self._threads.tombstones.refuse(self._thread)
        self._past, self._seen = Past.of(state or {}), newest
        told = [*told_of(self._past, self._last, self._caller)]
        self._last = max(self._last, *(each.seq for each in told if each.seq is not None), -1)
        return told

    async def _newest(self) -> str | None:
        with storage_errors(self._threads.location):
            return (await self._threads.census.newest(self._thread))[0]

    async def _rests(self) -> bool:
        """Return whether the thread ended as it was seen, nobody works on it, and nobody has promised to."""
        if self._past.is_open or await is_promised_of(self._service, self._thread):
            return False
        return not await is_at_work(self._service, self._thread) and await self._newest() == self._seen

    def _hear(self, event: Plain) -> None:
        self._heard.append(event)
        self._woken.set()

    def _taken(self) -> Iterator[Plain]:
        self._woken.clear()
        while self._heard:
            yield self._heard.popleft()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSE_SECONDS):
                await self._woken.wait()


def told_of(past: Past, after: int, caller: Caller) -> Iterator[Told]:
    """Yield the events of a thread behind one, in order, as they are shown to a caller."""
    are_shut, is_behind = shut_to(past, caller), False
    for event in past.events:
        is_behind = is_behind or is_shut_in(event, are_shut)
        if event["seq"] > after:
            shown = _without(shown_event(event, are_shut), HASHES if is_behind else ())
            yield Told(event["event"], shown, event["seq"])


def shown_event(event: Event, are_shut: set[str]) -> Plain:
    """Return an event as its record has it; of an answer to a question that is shut, only who gave it and when."""
    return _without(event, UNSHOWN) if is_shut_in(event, are_shut) else {**event}


def is_shut_in(event: Event, are_shut: set[str]) -> bool:
    """Return whether an event is an answer to a question that is shut."""
    return event["event"] == "answered" and event.get("question") in are_shut


def _without(event: Event, names: tuple[str, ...]) -> Plain:
    return {**event, **{name: None for name in names if name in event}}
