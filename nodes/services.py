"""What nodes are given by whoever builds the graph: voices, facts, the halt and a clock."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from langgraph.store.base import BaseStore

from nodes.fetched import Fetched
from nodes.halt import Cut, Halt, Look, find_none
from nodes.said import said_to
from nodes.voices.voice import Voice
from policies.language import say
from policies.run.stop_table import MOVED
from policies.team.team import Team


class InputRefusedError(ValueError):
    """What a caller sent cannot be taken; nothing of the thread changed.

    A ValueError, because LangGraph's server passes on to its callers what those say, and of most others only the name.
    """


class StaleThreadError(InputRefusedError):
    """A thread was asked to continue with another team, policy, facts or goal; `field` names which."""

    def __init__(self, field: str) -> None:
        super().__init__(
            say(
                "stale_thread:{field}: this thread was started with {moved}; "
                "start a new thread, or accept the changes to ask the open round again",
                field=field,
                moved=say(MOVED[field]),
            )
        )
        self.field = field


def utc_now() -> str:
    """Return the time now in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


Annotate = Callable[[Mapping[str, Any]], None]
"""Says something of the run of the node in which it is called, for whoever reads its trace."""


def say_nothing(_: Mapping[str, Any]) -> None:
    """Say nothing: there is no trace."""


Listen = Callable[[BaseStore, str, int], Awaitable[Sequence[Mapping[str, Any]]]]
"""Returns what was said from outside to a thread (store, thread, round), as a round or stage of that number opens."""


async def listen(store: BaseStore, thread: str, _: int) -> Sequence[Mapping[str, Any]]:
    """Return what was said to the thread so far."""
    return await said_to(store, thread)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a node needs besides the state."""

    voices: Mapping[str, Voice]
    load_facts: Callable[[Team], Awaitable[Fetched]]
    halt: Halt = field(default_factory=Halt)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], str] = utc_now
    versions: Mapping[str, str] = field(default_factory=dict)
    """Packages and their versions, for the record."""
    note_thread: Callable[[BaseStore, str, str, str, str], Awaitable[None]] | None = None
    """Notes a thread that begins (store, thread, team, goal, tenant), where nobody does so before the graph runs."""
    listen: Listen = listen
    """Returns what was said to a thread from outside."""
    annotate: Annotate = say_nothing
    """Says of a node's run, in its trace, whose answer it was and what became of it."""
    look: Look = find_none
    """Returns which threads are to stop, whoever asked for that, in whichever process."""

    async def cut(self, store: BaseStore, thread: str) -> Cut | None:
        """Return that nothing may be asked for a thread, and why; None where it may."""
        if self.halt.is_set:
            return Cut()
        stopped = await self.look(store, [thread])
        return Cut(stopped[thread]) if thread in stopped else None
