"""Watching: decisions checked against current facts, and taken again in threads of their own where they should be.

Nothing is written to a thread that is watched. What was found is noted apart from it.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from graph.drift import Told, drift_from, finding_of
from graph.fresh import Ask, Fresh, noted, or_given
from graph.inbox import Inbox, Settle
from graph.languages.catalogue import language_of
from graph.opening import open_runner
from graph.past import Past
from graph.problems import StorageError, UsageError
from graph.reopening import Reopening
from graph.runner import Runner
from graph.settings import Settings
from graph.states import UNREADABLE
from graph.store.archive import entry_of, is_whole
from graph.store.location import located, storage_errors
from graph.store.tombstones import PurgedError
from graph.threads import refuse_broken
from nodes.halt import Halt
from policies.assurance.tripwires import Drift
from policies.language import phrase, say, speaking
from policies.people.question import is_expired

TOGETHER = 64
"""Decisions that are looked at together: their sources are asked at once, and what is found of them is written so."""

Plain = dict[str, Any]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found of a decision: the finding, and the facts that it can be taken again on."""

    entry: Entry
    finding: Plain
    fresh: Fresh | None = None
    was_reopened: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How decisions are watched: of which tenant where one is named, and what is done besides looking.

    `reopening` takes again what is to be; `settle` settles what expired among people's questions of a thread, which the
    runner does where nothing else is said; where `halt` is set, no further decision is looked at.
    """

    tenant: str | None = None
    reopening: Reopening | None = None
    settle: Settle | None = None
    halt: Halt = field(default_factory=Halt)


class Watching:
    """Watches the decisions of one database."""

    def __init__(self, runner: Runner, ask: Ask, manner: Manner) -> None:
        self._runner, self._threads, self._ask = runner, runner.threads, ask
        self._manner, self._halt = manner, manner.halt
        self.was_cut_off = False
        """Whether there are decisions that were not looked at, since the process was asked to stop."""

    async def of(self, name: str) -> Told:
        """Return what is found of the decision of the thread that a name means.

        Raises:
            UsageError: there is no such thread, it has not ended, or it ended without a decision.
        """
        thread = await self._threads.find(name, tenant=self._manner.tenant)
        await self._settle(thread)
        state = await self._threads.begun(thread)
        refuse_broken(thread, state)
        past = Past.of(state)
        with storage_errors(self._threads.location), speaking(language_of(past.language)):
            if past.is_open:
                told = phrase("the thread `{name}` has not ended, so there is no decision to watch yet")
                raise UsageError(say(told, name=thread))
            entry = entry_of(thread, state)
            if entry["decided_at"] is None:
                told = phrase("the thread `{name}` ended without a decision, so there is nothing to watch")
                raise UsageError(say(told, name=thread))
            return await self._told(await self._looked(entry))

    async def all(self) -> AsyncIterator[Told]:
        """Yield what is found of every decision, as it is found; what expired among people's questions is settled.

        It ends early where the process is asked to stop, and `was_cut_off` says so.
        """
        tenant = self._manner.tenant
        await self._threads.catch_up(tenant)
        began = self._runner.now()
        await Inbox(self._runner, began, self._manner.settle).waiting(tenant=tenant)
        with storage_errors(self._threads.location):
            async for entries in _together(self._threads.archive.entries(tenant), began):
                for looked in () if self._stops() else await _at_once(map(self._looked_within, entries)):
                    if self._stops():
                        break
                    with suppress(PurgedError):  # there is no decision any more
                        yield await self._told(looked)
                if self.was_cut_off:
                    return

    def _stops(self) -> bool:
        """Return whether the process was asked to stop before the next decision, and remember it."""
        self.was_cut_off = self._halt.is_set
        return self.was_cut_off

    async def _settle(self, thread: str) -> None:
        """Settle what nobody answered in time; where nobody can speak for the roles, it stays as it is."""
        past = Past.of(await self._threads.begun(thread))
        if any(is_expired(question, self._runner.now()) for question in past.waiting):
            with suppress(UsageError):
                await (self._manner.settle or self._runner.expire)(thread)

    async def _looked_within(self, entry: Any) -> _Looked | None:
        """Return what is found of a decision, from its thread where its entry is not as it was written.

        None of one that was purged since it was listed.
        """
        thread = str(entry.get("thread_id"))
        with speaking(language_of(_language_in(entry))):
            try:
                if is_whole(entry):
                    return await self._looked(entry)
                if self._manner.tenant not in (None, await self._threads.owner(thread)):
                    return None
                state = await self._threads.begun(thread)
                refuse_broken(thread, state)
                return await self._looked(entry_of(thread, state))
            except PurgedError:
                return None
            except (*UNREADABLE, StorageError, UsageError):
                why = say("What was kept of it has been changed; see `accord audit verify {thread}`.", thread=thread)
            return _Looked(entry, _unreadable(entry, thread, why))

    async def _looked(self, entry: Entry) -> _Looked:
        """Return what is found of a decision, and note it; of one that was taken again, what was found then."""
        thread, now = entry["thread_id"], self._runner.now()
        kept = await self._threads.watches.find(thread)
        if kept is not None and kept["reopened_as"] is not None:
            drift, name = drift_from(entry, kept["facts"], kept["at"]), kept["reopened_as"]
            stopped = await self._why_undecided(name)
            return _Looked(entry, finding_of(entry, drift, stopped or kept["cause"], name), was_reopened=not stopped)
        fresh = or_given(await self._ask(entry), kept)
        drift = drift_from(entry, fresh.facts, now)
        await self._threads.watches.note(noted(thread, now, fresh, drift.verdict))
        return _Looked(entry, finding_of(entry, drift, fresh.cause), fresh)

    async def _why_undecided(self, name: str) -> str | None:
        """Return that a thread which was to take a decision again ended without one; else None."""
        kept = await self._threads.archive.entry(name)
        if kept is None or not is_whole(kept) or kept["decided_at"] is not None:
            return None
        told = phrase("It was taken again as {thread}, which stopped with {reason}; see `accord show {thread}`.")
        return say(told, thread=name, reason=kept["ended"])

    async def _told(self, looked: _Looked) -> Told:
        """Return what was found, once the decision was taken again where that is asked for and can be done."""
        finding, fresh, language = looked.finding, looked.fresh, _language_in(looked.entry)
        reopening = self._manner.reopening
        if reopening is not None and finding["verdict"] == "reopen" and fresh and fresh.known is not None:
            with speaking(language_of(language)):
                finding = await reopening.of(looked.entry, finding, fresh)
        return Told(finding, language, looked.was_reopened, fresh is None or fresh.has_source)


async def _at_once(looks: Iterable[Coroutine[Any, Any, _Looked | None]]) -> list[_Looked]:
    tasks = [*map(asyncio.ensure_future, looks)]
    try:
        return [each for each in await asyncio.gather(*tasks) if each]
    finally:
        for task in tasks:
            task.cancel()


async def _together(entries: AsyncIterator[Any], began: str) -> AsyncIterator[list[Any]]:
    """Yield the entries of decisions that there were at a time, so many at once."""
    some = []
    async for entry in entries:
        some += [entry] if _is_watched(entry, began) else []
        if len(some) == TOGETHER:
            yield some
            some = []
    if some:
        yield some


def _is_watched(entry: Any, began: str) -> bool:
    """Return whether an entry keeps a decision that there was when the command began.

    Raises:
        StorageError: it is not an entry at all.
    """
    if not isinstance(entry, Mapping):
        raise StorageError(say("an entry of the archive cannot be read; `accord audit verify` names its thread"))
    decided = entry.get("decided_at")
    return not is_whole(entry) or (isinstance(decided, str) and decided < began)


def _language_in(entry: Entry) -> str | None:
    named = entry.get("language")
    return named if isinstance(named, str) else None


def _unreadable(entry: Entry, thread: str, why: str) -> Plain:
    """Return what is found of an entry that was changed, and whose thread does not help."""
    about = {"thread_id": thread, "team": str(entry.get("team")), "ended": str(entry.get("ended"))}
    kept = {**about, "decided_at": None, "watch": {"owner": None}}
    return finding_of(kept, Drift("unknown", None, False, ()), why)


@asynccontextmanager
async def open_watching(
    settings: Settings, ask: Ask, reopens: bool = False, halt: Halt | None = None
) -> AsyncIterator[Watching]:
    """Open the database of these settings to watch its decisions.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or its file or folder is missing.
        StorageError: the database cannot be opened.
    """
    located(settings, reads=True)
    async with open_runner(settings, halt=halt) as runner:
        manner = Manner(reopening=Reopening(runner) if reopens else None, halt=halt or Halt())
        yield Watching(runner, ask, manner)
