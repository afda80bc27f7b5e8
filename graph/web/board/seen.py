"""Seen: a thread as its page shows it, in whatever state it is."""

from dataclasses import dataclass, field
from typing import Any

from graph.hindsight import hindsight_of
from graph.languages.catalogue import language_of
from graph.past import Past
from graph.problems import StorageError, UsageError
from graph.record import record_of
from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.timeline import KINDS
from graph.report.texts import cleaned, sentence
from graph.service.aside import aside
from graph.service.listing import OVER
from graph.service.reading import Look, look_at
from graph.service.service import Service
from graph.states import LOST, DamagedError
from graph.store.index import RUNNING
from graph.store.tombstones import UnreadableError, purged
from graph.threads import blaming
from policies.language import Language, say, speaking, spoken

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows of a thread: its dossier, or what takes its place; in which language, under which status.

    `lost` is {label, tone, sentence} of a thread that has no dossier; `is_followed` says that more may come of it,
    behind the event with the number `seq`; `past` is what is kept of a thread that can be read.
    """

    thread: str
    dossier: Plain | None = None
    lost: Plain | None = None
    is_followed: bool = False
    seq: int | None = None
    status: int = 200
    past: Past = field(default_factory=Past)
    language: Language = field(default_factory=spoken)

    @property
    def values(self) -> Plain:
        """What a template draws it from."""
        kept: Plain = {"thread": self.thread, "dossier": self.dossier, "lost": self.lost}
        kept |= {"is_followed": self.is_followed, "seq": self.seq}
        told = self.dossier or {}
        asked = [each for each in told.get("people", ()) if each["status"] == "open"]
        ended = [each for each in told.get("people", ()) if each["status"] != "open"]
        lines = [line for group in told.get("timeline", ()) for line in group["lines"]]
        return {**kept, "kinds": KINDS, "asked": asked, "ended": ended, "last": lines[-1] if lines else None}


async def seen(service: Service, thread: str) -> Seen:
    """Return a thread as it is now; the caller may see it.

    Raises:
        StorageError: the database failed.
    """
    try:
        events = await service.runner.threads.tombstones.events(thread)
        if events is not None:
            return _purged(thread, events)
        return await _looked_at(service, thread)
    except (DamagedError, UnreadableError):
        return _damaged(thread)
    except StorageError:
        raise
    except UsageError as error:
        return await _without_record(service, thread, sentence(str(error)))


async def _looked_at(service: Service, thread: str) -> Seen:
    look = await look_at(service, thread)
    with speaking(language_of(look.past.language)):
        if not look.past.has_begun:
            entry = await service.runner.threads.index.entry(thread) or {}
            told = {**await aside(_dossier, look, {}, {}), "goal": cleaned(entry.get("goal"))}
            return Seen(thread, told, is_followed=True, past=look.past)
        with blaming(thread, look.state):
            return await _of_record(service, look)


async def _of_record(service: Service, look: Look) -> Seen:
    threads, past = service.runner.threads, look.past
    hindsight = await hindsight_of(threads, look.thread, look.state)
    replies = await threads.replies_since(look.thread) if look.is_running else {}
    dossier = await aside(_dossier, look, hindsight, replies)
    is_followed = look.record["status"] not in OVER
    return Seen(look.thread, dossier, is_followed=is_followed, seq=past.events[-1]["seq"], past=past)


def _dossier(look: Look, hindsight: Plain, replies: Plain) -> Plain:
    return dossier_of(look.thread, look.record, look.state, hindsight, replies)


async def _without_record(service: Service, thread: str, fault: str) -> Seen:
    """Return a thread that a server has just taken and of which nothing is recorded yet, or one that was changed."""
    threads = service.runner.threads
    entry = await threads.index.entry(thread) or {}
    if await threads.state(thread) is not None:
        return _damaged(thread, fault)
    if entry.get("status", RUNNING) != RUNNING:
        return _damaged(thread)
    record = {**record_of(thread, {}, is_running=True), "team": entry.get("team")}
    dossier = dossier_of(thread, record, {})
    return Seen(thread, {**dossier, "goal": cleaned(entry.get("goal"))}, is_followed=True)


def _purged(thread: str, events: Any) -> Seen:
    return Seen(thread, lost=_lost(say("Purged"), "stopped", sentence(str(purged(thread, events)))), status=410)


def _damaged(thread: str, told: str | None = None) -> Seen:
    return Seen(thread, lost=_lost(say("Damaged"), "block", told or sentence(say(LOST))))


def _lost(label: str, tone: str, told: str) -> Plain:
    lost: Plain = cleaned({"label": label, "tone": tone, "sentence": told})
    return lost
