"""The index of threads: what there is, for lists. The truth of a thread stays in its checkpoints."""

from datetime import UTC, datetime
from typing import Any

from langgraph.store.base import BaseStore

NAMESPACE = ("threads",)


class Index:
    """One entry a thread: {thread_id, team, goal, status, stop_reason, final_decision, started_at, updated_at}."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def admit(self, thread: str, team: str, goal: str) -> None:
        """Note the thread before any work on it starts."""
        now = _now()
        entry = {"team": team, "goal": goal, "status": "running", "started_at": now, "updated_at": now}
        await self._store.aput(NAMESPACE, thread, {"thread_id": thread, **entry}, index=False)

    async def note(self, thread: str, record: dict[str, Any], goal: str) -> None:
        """Note what the thread came to."""
        kept = await self._store.aget(NAMESPACE, thread)
        entry = {
            "thread_id": thread,
            "team": record["team"],
            "goal": goal,
            "status": record["status"],
            "stop_reason": record["stop_reason"],
            "final_decision": record.get("final_decision"),
            "started_at": kept.value["started_at"] if kept else _now(),
            "updated_at": _now(),
        }
        await self._store.aput(NAMESPACE, thread, entry, index=False)

    async def newest(self, limit: int) -> list[dict[str, Any]]:
        """Return the entries touched last, newest first."""
        items = await self._store.asearch(NAMESPACE, limit=limit)
        return sorted((item.value for item in items), key=lambda entry: str(entry["updated_at"]), reverse=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
