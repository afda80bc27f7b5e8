"""States: what the newest checkpoint of each thread holds."""

from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.base import get_checkpoint_id

from graph.build import build_reader
from graph.past import Past
from graph.problems import StorageError
from graph.store.database import Database
from graph.store.location import shown, storage_errors
from policies.language import phrase, say

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RuntimeError, MemoryError)
"""What LangGraph's reader raises for stored bytes that are not a checkpoint; RuntimeError where they nest too deep."""

INTERRUPT = "__interrupt__"
"""Under this name LangGraph keeps what a node waits for."""

State = Mapping[str, Any]

STUCK = phrase("what is kept of the thread can be shown, and nothing can follow on it; `accord resume` says why")
LOST = phrase("what is kept of the thread cannot be read, now and later; `accord audit verify` says why")
"""What a service says of a thread that cannot be read: nothing about where the database is."""


class DamagedError(StorageError):
    """The newest checkpoint of a thread cannot be read, while the database itself answers."""

    told = LOST


class StuckError(DamagedError):
    """The newest checkpoint of a thread can be read, and nothing can follow on it."""

    told = STUCK


class States:
    """The states of the threads of one database."""

    def __init__(self, database: Database, location: str) -> None:
        self._database, self.location = database, location
        self._reader = build_reader().compile(checkpointer=database.saver)

    async def state(self, thread: str) -> State | None:
        """Return the thread's state; None before its case was admitted."""
        past = Past.of(await self.values(thread))
        if not past.case and past.events:
            raise self._unreadable(thread, say("its case is gone"))
        return past.state if past.case else None

    async def newest_checkpoint(self, thread: str) -> str | None:
        """Return the id of the newest checkpoint of a thread; None where it has none."""
        with storage_errors(self.location):
            saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
            return saved.checkpoint["id"] if saved else None

    async def interrupts(self, thread: str) -> list[str]:
        """Return LangGraph's ids of what a thread waits for: an answer by any other goes to nobody."""
        with storage_errors(self.location):
            saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
            writes = (saved.pending_writes or ()) if saved else ()
            return [each.id for _, channel, value in writes if channel == INTERRUPT for each in value]

    async def values(self, thread: str) -> State:
        """Return all that the newest checkpoint of a thread holds, an input that was not admitted included."""
        try:
            saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
            if saved is None:
                return {}
            if saved.checkpoint["id"] != get_checkpoint_id(saved.config):
                raise ValueError(say("its newest checkpoint belongs to another thread"))
            # By its own id: to the newest LangGraph applies pending writes, and warns of channels it lacks here.
            values: State = (await self._reader.aget_state(saved.config)).values
        except UNREADABLE as error:
            raise self._unreadable(thread, error) from None
        return values

    def _unreadable(self, thread: str, why: object) -> DamagedError:
        told = say("the thread `{name}` cannot be read: {why}", name=thread, why=why)
        return DamagedError(f"{shown(self.location)}: {told}")

    async def replies_since(self, thread: str) -> dict[str, Any]:
        """Return the replies of seats that came after the newest checkpoint of a thread, by seat."""
        saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
        writes = (saved.pending_writes or []) if saved else []
        return {seat: reply for _, channel, value in writes if channel == "replies" for seat, reply in value.items()}
