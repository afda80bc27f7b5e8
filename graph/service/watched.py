"""Watched: the decisions of a tenant and what the last look at each found, what needs attention first, page by page."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from graph.drift import drift_from, finding_of
from graph.fresh import has_source
from graph.languages.catalogue import language_of
from graph.problems import StorageError, UsageError
from graph.service.aside import aside
from graph.service.service import Service
from graph.states import UNREADABLE
from graph.store.archive import entry_of, is_whole
from graph.store.index import is_whole as is_sound
from graph.store.location import storage_errors
from graph.store.tombstones import PurgedError
from graph.store.tripwires import expiry_in
from graph.store.watches import WatchRow
from graph.threads import refuse_broken
from policies.assurance.attention import Attention, attention_of, urgency_of
from policies.assurance.tripwires import Drift
from policies.language import Language, say

Plain = dict[str, Any]
Entry = Mapping[str, Any]
Mark = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A decision and what it asks for; `mark` is where it comes in the list."""

    thread: str
    attention: Attention
    decided_at: str

    @property
    def mark(self) -> Mark:
        """The more urgent first, among those the one that was decided first."""
        return f"{urgency_of(self.attention)} {self.decided_at}", self.thread


@dataclass(frozen=True, slots=True)
class Standing:
    """What is shown of a decision: what the last look found, as `graph.hindsight` has it; None where nobody looked.

    `fault` is why nothing else is shown of it.
    """

    thread: str
    attention: Attention
    language: Language
    goal: str | None = None
    """What its thread is about; None where the index cannot say it."""
    team: str = ""
    decision: str | None = None
    decided_at: str | None = None
    owner: str | None = None
    expires_at: str | None = None
    expired: bool = False
    """Whether its time is over now, whenever somebody looked at it last."""
    look: Plain | None = None
    fault: str | None = None


async def ranked(service: Service, tenant: str) -> list[Ranked]:
    """Return the decisions of a tenant that can be watched, what needs attention first."""
    threads, now = service.runner.threads, service.runner.now()
    with storage_errors(threads.location):
        entries: dict[str, Plain] = {}
        undecided = set[str]()
        async for entry in threads.archive.entries(tenant):
            if isinstance(entry, Mapping) and entry.get("decided_at") is None:
                undecided.add(str(entry.get("thread_id")))
            elif isinstance(entry, Mapping):
                entries[str(entry.get("thread_id"))] = _needed(entry, now)
        rows = await threads.watches.of([*entries])
    found = [_ranked(thread, kept, rows.get(thread), undecided) for thread, kept in entries.items()]
    return sorted(found, key=lambda each: each.mark)


async def standings(service: Service, page: Sequence[Ranked], tenant: str) -> list[Standing]:
    """Return what is shown of a tenant's decisions; of one that was purged or resumed meanwhile nothing is."""
    threads = service.runner.threads
    with storage_errors(threads.location):
        rows = await threads.watches.of([each.thread for each in page])
        found = [(each, await _entry(service, each.thread, tenant)) for each in page]
        lines = {each.thread: await threads.index.entry(each.thread) for each in page}
    shown = [(each, entry, rows.get(each.thread)) for each, entry in found if entry]
    told = await aside(_standings, shown, service.runner.now())
    goals = {thread: line["goal"] for thread, line in lines.items() if line and is_sound(line, thread)}
    return [replace(each, goal=goals.get(each.thread)) for each in told]


async def standing_of(service: Service, thread: str, tenant: str) -> Standing | None:
    """Return what is shown of the decision of one thread; None of a thread without a decision."""
    threads = service.runner.threads
    with storage_errors(threads.location):
        entry = await threads.archive.entry(thread)
        if not isinstance(entry, Mapping) or entry.get("decided_at") is None:
            return None
        row = await threads.watches.find(thread)
        again = await threads.archive.entry(row["reopened_as"]) if row and row["reopened_as"] else None
        undecided = {row["reopened_as"]} if row and again is not None and again.get("decided_at") is None else set()
    ranked_one = _ranked(thread, _needed(entry, service.runner.now()), row, undecided)
    return next(iter(await standings(service, [ranked_one], tenant)), None)


def _needed(entry: Entry, now: str) -> Plain:
    """Return what of an entry says where it comes in the list: {decided_at, has_source, is_expired}."""
    kept: Plain = {"decided_at": str(entry.get("decided_at")), "has_source": True, "is_expired": False}
    with suppress(*UNREADABLE):
        until = expiry_in(entry)
        kept |= {"has_source": has_source(entry), "is_expired": until is not None and now >= until}
    return kept


def _ranked(thread: str, kept: Entry, row: WatchRow | None, undecided: set[str]) -> Ranked:
    again = row["reopened_as"] if row else None
    attention = attention_of(
        row["verdict"] if row else None,
        has_source=kept["has_source"],
        is_expired=kept["is_expired"],
        is_reopened=again is not None and again not in undecided,
    )
    return Ranked(thread, attention, kept["decided_at"])


async def _entry(service: Service, thread: str, tenant: str) -> Plain | str | None:
    """Return the entry of a thread, made again from that where it was changed, or why it cannot be.

    None where it went, or is of another tenant: who changed an entry may have changed whose it says it is.
    """
    threads = service.runner.threads
    kept = await threads.archive.entry(thread)
    if kept is None or await threads.owner(thread) != tenant:
        return None
    if await aside(is_whole, kept):
        return kept
    try:
        state = await threads.begun(thread)
        refuse_broken(thread, state)
        return entry_of(thread, state)
    except PurgedError:
        return None
    except (*UNREADABLE, StorageError, UsageError):
        return say("What was kept of it has been changed; see `accord audit verify {thread}`.", thread=thread)


def _standings(found: Sequence[tuple[Ranked, Plain | str, WatchRow | None]], now: str) -> list[Standing]:
    return [_standing(each, entry, row, now) for each, entry, row in found]


def _standing(each: Ranked, entry: Plain | str, row: WatchRow | None, now: str) -> Standing:
    if isinstance(entry, str):
        return Standing(each.thread, "unknown", language_of(None), fault=entry)
    language, until = language_of(entry["language"]), expiry_in(entry)
    kept = finding_of(entry, Drift("unknown", until, until is not None and now >= until, ()))
    shown = {name: kept[name] for name in ("team", "decision", "decided_at", "owner", "expires_at", "expired")}
    look = None if row is None else found_in(entry, row)
    return Standing(each.thread, each.attention, language, **shown, look=look)


def found_in(entry: Entry, row: WatchRow) -> Plain:
    """Return what a look at the decision of an entry found, worked out again from its row."""
    drift = drift_from(entry, row["facts"], row["at"])
    return {
        **finding_of(entry, drift, row["cause"], row["reopened_as"]),
        **{"at": row["at"], "sources": row["sources"]},
    }
