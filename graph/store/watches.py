"""What `accord watch` found last of each decision, kept apart from its thread."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from langgraph.store.base import BaseStore, GetOp, Item

from graph.store.fences import FencedError
from graph.store.rows import WATCHES
from graph.store.tombstones import Tombstones

NAMESPACE = (WATCHES,)
DIGEST = "digest"
PAGE = 500
"""Rows that are read at once."""

WatchRow = dict[str, Any]


class Watches:
    """One row a thread: {thread_id, at, facts, sources, verdict, cause, reopened_as}.

    `facts` are those that were found, null where they could not be had, of which `cause` says why. `reopened_as` is the
    thread in which the decision is taken again.
    """

    def __init__(self, store: BaseStore, tombstones: Tombstones) -> None:
        self._store, self._tombstones = store, tombstones

    async def note(self, row: WatchRow) -> None:
        """Note what was found of a decision; an earlier row is forgotten.

        Raises:
            PurgedError: its thread was purged, also a moment ago: the database refuses the row.
        """
        # As text: PostgreSQL turns numbers and orders keys, and the reopened thread is to have what was found.
        kept = {**row, "facts": json.dumps(row["facts"], ensure_ascii=False)}
        try:
            await self._store.aput(NAMESPACE, row["thread_id"], {**kept, DIGEST: _digest_of(kept)}, index=False)
        except FencedError:
            await self._tombstones.refuse(row["thread_id"])
            raise

    async def find(self, thread: str) -> WatchRow | None:
        """Return the row of a thread; None where there is none, or it is not as it was written."""
        item = await self._store.aget(NAMESPACE, thread, refresh_ttl=False)
        return _row_of(thread, item.value) if item else None

    async def of(self, threads: Sequence[str]) -> dict[str, WatchRow]:
        """Return the rows of those of some threads that have one, by thread."""
        found: dict[str, WatchRow] = {}
        for start in range(0, len(threads), PAGE):
            asked = [GetOp(NAMESPACE, thread, refresh_ttl=False) for thread in threads[start : start + PAGE]]
            items = [item for item in await self._store.abatch(asked) if isinstance(item, Item)]
            found |= await asyncio.to_thread(_rows_of, items)  # digests, which no event loop is to wait for
        return found

    async def marked(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a list shows of a thread, with the one in which its decision is taken again, where there is."""
        row = await self.find(line["thread_id"]) if line.get("final_decision") else None
        return {**line, "reopened_as": row["reopened_as"]} if row and row["reopened_as"] else {**line}

    async def to_reopen(self) -> AsyncIterator[WatchRow]:
        """Yield the rows of the decisions that are to be taken again, or were."""
        start = 0
        while True:
            wanted = {"verdict": "reopen"}
            items = await self._store.asearch(NAMESPACE, filter=wanted, limit=PAGE, offset=start, refresh_ttl=False)
            for item in items:
                row = _row_of(item.key, item.value)
                if row is not None:
                    yield row
            if len(items) < PAGE:
                return
            start += PAGE


def _rows_of(items: Iterable[Item]) -> dict[str, WatchRow]:
    rows = {item.key: _row_of(item.key, item.value) for item in items}
    return {thread: row for thread, row in rows.items() if row is not None}


def _row_of(thread: str, kept: Any) -> WatchRow | None:
    if not isinstance(kept, Mapping) or kept.get("thread_id") != thread or kept.get(DIGEST) != _digest_of(kept):
        return None
    return {**{key: value for key, value in kept.items() if key != DIGEST}, "facts": json.loads(kept["facts"])}


def _digest_of(kept: Mapping[str, Any]) -> str:
    """Return the digest of a row without it; PostgreSQL keeps no order of keys."""
    row = {key: value for key, value in kept.items() if key != DIGEST}
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
