"""The call journal: an answer that was given is never asked for again, also after a kill.

A call of a model is noted before it is made, so that one that was under way when a process died is known. Its answer
takes the place of the note before the node that asked returns, and is read before a call is made. What is left is the
window between the provider's answer and the entry's commit.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import rfc8785
from langgraph.store.base import BaseStore, Item

from nodes.fingerprint import fingerprint
from policies.run.usage import Reservation

NAMESPACE = "calls"
DIGEST = "digest"
"""Under which name an entry keeps the fingerprint of the rest of it."""
UNDER_WAY = "under_way"
"""The kind of an entry whose call was made and has no answer yet."""
FILLING = ("accepted", "brief")
"""The kinds of answers that fill a seat."""
PAGE = 500

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallKey:
    """One call of a thread: `revision` counts accepted changes, `attempt` is 1 plus the repairs.

    `seat` is the role, or the seat's own name where it has one; `scope` is the checkpoint namespace of the team that
    answers for a role, empty for the thread's own team.
    """

    thread: str
    revision: int
    round: int
    seat: str
    attempt: int
    scope: str = ""

    @property
    def namespace(self) -> tuple[str, str]:
        """The store's namespace of the thread's calls."""
        return namespace_of(self.thread)

    @property
    def key(self) -> str:
        """The call within its thread."""
        within = f"{self.scope}/" if self.scope else ""
        return f"{within}{self.revision}/{self.round}/{self.seat}/{self.attempt}"


def namespace_of(thread: str) -> tuple[str, str]:
    """Return the store's namespace of a thread's calls."""
    return (NAMESPACE, part_of(thread))


def part_of(thread: str) -> str:
    """Return the part of a namespace that stands for a thread; the store takes no dots there."""
    return thread.replace(".", "%2E") or "%"


def thread_of_calls(part: str) -> str:
    """Return the thread whose calls lie under this second part of a namespace; empty where they have none."""
    return "" if part == "%" else part.replace("%2E", ".")


async def read_call(store: BaseStore, key: CallKey) -> Plain | None:
    """Return what the call answered, or None if no answer was journaled, or what is kept of it was changed since.

    No role is held to an answer of somebody else, so then it is asked again.
    """
    kept = whole_of(await store.aget(key.namespace, key.key, refresh_ttl=False))
    return kept if kept and kept["kind"] != UNDER_WAY else None


async def note_call(store: BaseStore, key: CallKey, reservation: Reservation, at: str) -> None:
    """Note that a call is made now, and what it may cost; committed when this returns."""
    where = {"round": key.round, "seat": key.seat, "attempt": key.attempt, "scope": key.scope}
    held = {"tokens": reservation.tokens, "cost_usd": reservation.cost_usd}
    await write_call(store, key, {"kind": UNDER_WAY, **where, "at": at, **held})


async def forget_call(store: BaseStore, key: CallKey) -> None:
    """Take the note of a call back: it ended without an answer, and the node that made it says so."""
    await store.adelete(key.namespace, key.key)


async def write_call(store: BaseStore, key: CallKey, answer: Mapping[str, Any]) -> None:
    """Keep what the call answered; committed when this returns."""
    await put_whole(store, key.namespace, key.key, answer)


async def calls_under_way(store: BaseStore, thread: str) -> list[Plain]:
    """Return the calls that were made and have no answer, in order, each {round, seat, attempt, scope, at, ...}."""
    noted = map(whole_of, await entries_in(store, namespace_of(thread), {"kind": UNDER_WAY}))
    calls = ({name: value for name, value in kept.items() if name != "kind"} for kept in noted if kept)
    return sorted(calls, key=lambda call: (call["at"], call["scope"], call["round"], call["seat"]))


async def count_filled(store: BaseStore, thread: str) -> int:
    """Return how many answers in the journal fill a seat, those of teams that answer for a role included."""
    return sum([len(await entries_in(store, namespace_of(thread), {"kind": kind})) for kind in FILLING])


async def put_whole(store: BaseStore, namespace: tuple[str, ...], key: str, value: Mapping[str, Any]) -> None:
    """Keep an entry with its digest; committed when this returns."""
    await store.aput(namespace, key, {**value, DIGEST: fingerprint(value)}, index=False)


async def entries_in(store: BaseStore, namespace: tuple[str, ...], wanted: Plain | None = None) -> list[Item]:
    """Return the entries of a namespace; the store looks for what begins alike, so those of others are left out."""
    found = list[Item]()
    while True:
        page = await store.asearch(namespace, filter=wanted, limit=PAGE, offset=len(found), refresh_ttl=False)
        found += page
        if len(page) < PAGE:
            return [item for item in found if item.namespace == namespace]


def whole_of(item: Item | None) -> Plain | None:
    """Return what an entry keeps; None where there is none, or it was changed since."""
    if item is None or not isinstance(item.value, dict):
        return None
    kept = {name: value for name, value in item.value.items() if name != DIGEST}
    with suppress(ValueError, RecursionError, rfc8785.CanonicalizationError):
        if item.value.get(DIGEST) == fingerprint(kept):
            return kept
    return None
