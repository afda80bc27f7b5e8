"""The index of threads: what there is, for lists. The truth of a thread stays in its checkpoints."""

import json
from datetime import UTC, datetime
from typing import Any

from langgraph.store.base import BaseStore

from policies.team import Team, pinned

NAMESPACE = ("threads",)
ADMISSION = "admission"
MAX_RUNNING = 1_000_000


class Index:
    """One entry a thread: {thread_id, team, goal, status, stop_reason, final_decision, started_at, updated_at}."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def admit(self, thread: str, team: Team, inputs: dict[str, Any]) -> None:
        """Note the thread before any work on it starts, with all that is needed to start it again."""
        now = _now()
        entry = {"team": team.name, "goal": team.goal, "status": "running", "started_at": now, "updated_at": now}
        # As text: PostgreSQL keeps objects in an order of its own, and the prompts follow the order of the facts.
        admission = json.dumps({"team": pinned(team), "inputs": inputs}, ensure_ascii=False)
        await self._store.aput(NAMESPACE, thread, {"thread_id": thread, **entry, ADMISSION: admission}, index=False)

    async def begin(self, thread: str, team: str, goal: str) -> None:
        """Note a thread that a server's caller started, or goes on with after it had ended."""
        kept = await self._store.aget(NAMESPACE, thread)
        if kept is None or kept.value["status"] != "running":
            now = _now()
            started = kept.value["started_at"] if kept else now
            entry = {"team": team, "goal": goal, "status": "running", "started_at": started, "updated_at": now}
            await self._store.aput(NAMESPACE, thread, {"thread_id": thread, **entry}, index=False)

    async def admitted(self, thread: str) -> dict[str, Any] | None:
        """Return the {team, inputs} of a thread that was admitted and has not come to anything yet, or None."""
        entry = await self._store.aget(NAMESPACE, thread)
        admission = entry.value.get(ADMISSION) if entry else None
        return json.loads(admission) if admission else None

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

    async def go_on(self, thread: str) -> None:
        """Note that somebody works on the thread again."""
        kept = await self._store.aget(NAMESPACE, thread)
        if kept is not None:
            entry = {**kept.value, "status": "running", "updated_at": _now()}
            await self._store.aput(NAMESPACE, thread, entry, index=False)

    async def running(self) -> list[dict[str, Any]]:
        """Return the entries of the threads that somebody works on, or whose process died at work."""
        items = await self._store.asearch(NAMESPACE, filter={"status": "running"}, limit=MAX_RUNNING)
        return [item.value for item in items]

    async def newest(self, limit: int) -> list[dict[str, Any]]:
        """Return the entries touched last, newest first."""
        items = await self._store.asearch(NAMESPACE, limit=limit)
        entries = [{key: value for key, value in item.value.items() if key != ADMISSION} for item in items]
        return sorted(entries, key=lambda entry: str(entry["updated_at"]), reverse=True)


async def note_served(store: BaseStore, thread: str, team: str, goal: str) -> None:
    """Note a thread that runs on a server, so that `accord list` and the archive know of it."""
    await Index(store).begin(thread, team, goal)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
