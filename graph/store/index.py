"""The index of threads: what there is, for lists. The truth of a thread stays in its checkpoints."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from langgraph.store.base import BaseStore, Item

from graph.past import Past
from graph.problems import StorageError
from graph.store.archive import Archive
from graph.store.census import text_of
from graph.store.names import ADMITTED, admission_order
from nodes.fingerprint import digest
from policies.access.caller import LOCAL
from policies.access.owners import owned_by, tenant_of
from policies.language import phrase, say
from policies.team.team import Team, pinned

NAMESPACE = ("threads",)
ADMISSION = "admission"
SERVED = "served"
DIGEST = "digest"
LANGUAGE = "language"
HIDDEN = (ADMISSION, SERVED, DIGEST, LANGUAGE, ADMITTED)
"""What an entry keeps and no list shows."""
OK = "ok"
RUNNING = "running"
DAMAGED = "damaged"
OPEN = (RUNNING, "waiting", "interrupted")
"""The status of what has not ended."""
MAX_ENTRIES = 10_000_000

IndexEntry = dict[str, Any]


class Index:
    """One entry a thread: {thread_id, team, goal, status, stop_reason, final_decision, started_at, updated_at, digest}.

    While a thread is at work its entry says `running`, and all that is shown of the thread follows from its state. A
    thread that was admitted and has not begun has no state yet: the digest covers what is shown of it.
    """

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def admit(self, thread: str, team: Team, inputs: dict[str, Any], tenant: str = LOCAL) -> None:
        """Note the thread of a tenant before any work on it starts, with all that is needed to start it again."""
        # As text: PostgreSQL keeps objects in an order of its own, and the prompts follow the order of the facts.
        admission = json.dumps({"team": pinned(team), "inputs": inputs}, ensure_ascii=False)
        begun = _begun(thread, team.name, team.goal, tenant)
        await self._put({**begun, **_speaks(team.language), ADMISSION: admission})

    async def begin(self, thread: str, team: str, goal: str, tenant: str = LOCAL) -> bool:
        """Note a thread that a server's caller started, or resumed after it had ended; return whether it had."""
        kept = await self._whole(thread)
        if kept is not None and kept["status"] == RUNNING:
            return False
        started = {} if kept is None else {"started_at": kept["started_at"]}
        begun = _begun(thread, team, goal, tenant_of(kept) if kept else tenant)
        await self._put({**begun, **started, SERVED: True})
        return kept is not None

    async def admitted(self, thread: str) -> dict[str, Any] | None:
        """Return the {team, inputs} of a thread that was admitted and has no result yet, or None."""
        entry = await self._whole(thread)
        admission = entry.get(ADMISSION) if entry else None
        return json.loads(admission) if admission else None

    async def note(self, entry: IndexEntry, language: str | None = None) -> None:
        """Note the result of a thread, as `line_of` gives it, and the language of its team."""
        await self._put({**entry, **_speaks(language)})

    async def go_on(self, thread: str) -> None:
        """Note that somebody works on the thread again."""
        kept = await self._whole(thread)
        if kept is not None:
            shown = {key: value for key, value in kept.items() if key not in (SERVED, DIGEST)}
            await self._put({**shown, "status": RUNNING, "updated_at": _now()})

    async def entry(self, thread: str) -> IndexEntry | None:
        """Return the entry of a thread as it lies there, or None."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return item.value if item else None

    async def _whole(self, thread: str) -> IndexEntry | None:
        entry = await self.entry(thread)
        if entry is not None and not is_whole(entry, thread):
            told = phrase("what the index says of `{name}` was changed; see `accord audit verify {name}`")
            raise StorageError(say(told, name=thread))
        return entry

    async def running(self, tenant: str | None = None) -> list[IndexEntry]:
        """Return the entries of threads at work, also of those whose process died at it; with a tenant, of its own."""
        items = await self._store.asearch(NAMESPACE, filter={"status": RUNNING}, limit=MAX_ENTRIES, refresh_ttl=False)
        found = [item.value for item in items if is_whole(item.value, item.key)]
        return [entry for entry in found if tenant is None or is_of(entry, tenant)]

    async def open(self, tenant: str | None = None) -> list[IndexEntry]:
        """Return the entries of the threads that have not ended, as far as the index knows; with a tenant, of its."""
        found = await self._found({"status": {"$ne": OK}}, tenant)
        return [entry for entry in found if entry["status"] in OPEN and (tenant is None or is_of(entry, tenant))]

    async def of(self, tenant: str | None) -> list[IndexEntry]:
        """Return the entries of a tenant's threads, those touched last first; of all threads without a tenant.

        One that was changed is nobody's: what it says of its tenant may be the change.
        """
        return [each for each in await self._found({}, tenant) if tenant is None or is_of(each, tenant)]

    async def newest(self) -> list[IndexEntry]:
        """Return the entries, those touched last first; one that was changed says nothing but its thread."""
        return await self._found({}, None)

    async def _found(self, wanted: Mapping[str, Any], tenant: str | None) -> list[IndexEntry]:
        """Return what the database finds; entries of another tenant are left there, but for those of `local`."""
        sought = {**wanted, **owned_by(tenant or LOCAL)}
        items = await self._store.asearch(NAMESPACE, filter=sought or None, limit=MAX_ENTRIES, refresh_ttl=False)
        return await asyncio.to_thread(_sorted, items)  # thousands of digests, which no event loop is to wait for

    async def _put(self, entry: IndexEntry) -> None:
        """Write an entry, but for when its thread was admitted, which stays as it was first written."""
        kept = await self.entry(entry["thread_id"])
        first, _ = admission_order(kept if kept is not None and is_whole(kept, entry["thread_id"]) else entry)
        dated = {**entry, ADMITTED: first}
        await self._store.aput(NAMESPACE, entry["thread_id"], {**dated, DIGEST: _digest_of(dated)}, index=False)


def _sorted(items: Iterable[Item]) -> list[IndexEntry]:
    newest = sorted(items, key=lambda item: _touched(item.value), reverse=True)
    return [item.value if is_whole(item.value, item.key) else damaged(text_of(item.key)) for item in newest]


def shared_language(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the language of the teams of entries, where all of them have the same; else None.

    >>> [shared_language(each) for each in ([], [{"language": "fr"}] * 2, [{"language": "fr"}, {}])]
    [None, 'fr', None]
    """
    found = {entry.get(LANGUAGE) for entry in entries}
    return found.pop() if len(found) == 1 else None


def _speaks(language: str | None) -> IndexEntry:
    return {} if language is None else {LANGUAGE: language}


def line_of(record: Mapping[str, Any], past: Past) -> IndexEntry:
    """Return what lists show of a thread that has begun, by its record and its past; its times are the run's."""
    return {
        "thread_id": record["thread_id"],
        **owned_by(past.tenant),
        "team": record["team"],
        "goal": past.case["goal"],
        "status": record["status"],
        "stop_reason": record["stop_reason"],
        "final_decision": record.get("final_decision"),
        **({"waits_for": waits_for(record)} if record["waiting"] else {}),
        **({"held": past.hold} if past.hold else {}),
        "started_at": past.events[0]["at"],
        "updated_at": past.moved_at,
    }


def has_ended(state: Mapping[str, Any] | None, entry: Mapping[str, Any]) -> bool:
    """Return whether a thread that the index calls running has ended since.

    A server begins to work on a thread before it writes anything to it, and takes no lock meanwhile.
    """
    past = Past.of(state or {})
    if past.is_open:
        return False
    return not entry.get(SERVED) or (past.moved_at or "") >= entry["updated_at"]


def waits_for(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a thread waits for, of whom: {kind, asked, answered, expires_at}."""
    return [{key: each[key] for key in ("kind", "asked", "answered", "expires_at")} for each in record["waiting"]]


def shown_of(entry: Mapping[str, Any]) -> IndexEntry:
    """Return what lists show of an entry."""
    return {key: value for key, value in entry.items() if key not in HIDDEN}


def is_whole(entry: Any, thread: str) -> bool:
    """Return whether an entry is as it was written for this thread."""
    return isinstance(entry, dict) and entry.get("thread_id") == thread and entry.get(DIGEST) == _digest_of(entry)


def damaged(thread: str) -> IndexEntry:
    """Return what lists show of a thread of which nothing that is kept can be shown."""
    lost = dict.fromkeys(("team", "goal", "status", "stop_reason", "final_decision", "started_at", "updated_at"))
    return {"thread_id": thread, **lost, "status": DAMAGED}


def is_of(entry: Mapping[str, Any], tenant: str) -> bool:
    """Return whether an entry, as lists show it, is of a tenant's thread."""
    return entry["status"] != DAMAGED and tenant_of(entry) == tenant


def by_time(entries: Sequence[IndexEntry]) -> list[IndexEntry]:
    """Return entries, those touched last first."""
    return sorted(entries, key=_touched, reverse=True)


def _begun(thread: str, team: str, goal: str, tenant: str) -> IndexEntry:
    now = _now()
    return {
        "thread_id": thread,
        **owned_by(tenant),
        "team": team,
        "goal": goal,
        "status": RUNNING,
        "started_at": now,
        "updated_at": now,
    }


def _digest_of(entry: Mapping[str, Any]) -> str:
    """Return the digest of an entry without it, in an order of keys of its own: PostgreSQL keeps none."""
    return digest(_ordered({key: value for key, value in entry.items() if key != DIGEST}))


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted((key, _ordered(part)) for key, part in value.items())
    return [*map(_ordered, value)] if isinstance(value, list) else value


def _touched(entry: Any) -> tuple[str, str]:
    known = entry if isinstance(entry, Mapping) else {}
    return str(known.get("updated_at") or ""), str(known.get("thread_id"))


async def note_served(store: BaseStore, thread: str, team: str, goal: str, tenant: str = LOCAL) -> None:
    """Note a thread that runs on a server, so that `accord list` and the archive know of it."""
    had_ended = await Index(store).begin(thread, team, goal, tenant)
    if had_ended:
        await Archive(store).drop(thread)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
