"""Hindsight: what a database knows of a thread that its record does not have.

That is what a later look at its decision found, and the decision of another thread that it takes again.
"""

from collections.abc import Mapping
from typing import Any

from graph.drift import drift_of
from graph.past import Past
from graph.problems import StorageError, UsageError
from graph.states import UNREADABLE
from graph.store.location import storage_errors
from graph.store.tripwires import watched_in
from graph.threads import Threads
from nodes.agreement import find_disagreement
from policies.language import say

Plain = dict[str, Any]
State = Mapping[str, Any]


async def hindsight_of(threads: Threads, thread: str, state: State) -> Plain:
    """Return {look, reopened}, each null where there is none.

    `look` is what `graph.drift.drift_of` says, with the time of the look as `at`, and with the `sources` of its facts.
    `reopened` is {thread, decision, decided_at, look, lost}; where that thread cannot be read, all but its id is null,
    and `lost` says why.

    Raises:
        StorageError: the database failed.
    """
    past = Past.of(state)
    with storage_errors(threads.location):
        look = await _look(threads, thread, past) if past.final_decision else None
    reopens = past.case.get("reopens") or None
    return {"look": look, "reopened": await _reopened(threads, reopens["thread"]) if reopens else None}


async def _look(threads: Threads, thread: str, past: Past) -> Plain | None:
    row = await threads.watches.find(thread)
    found = drift_of(row, past) if row else None
    return {**found, "at": row["at"], "sources": row["sources"]} if row and found else None


async def _reopened(threads: Threads, old: str) -> Plain:
    unknown = {"thread": old, "decision": None, "decided_at": None, "look": None}
    try:
        with storage_errors(threads.location):
            state = await threads.begun(old)
            if find_disagreement(old, state) is not None:
                return {**unknown, "lost": say("its record is broken; see `accord audit verify {name}`", name=old)}
            past = Past.of(state)
            known = {"decision": past.final_decision, "decided_at": watched_in(past)["decided_at"]}
            return {**unknown, **known, "look": await _look(threads, old, past), "lost": None}
    except (UsageError, StorageError) as error:
        return {**unknown, "lost": "; ".join(getattr(error, "problems", [str(error)]))}
    except UNREADABLE:
        return {**unknown, "lost": say("the thread `{name}` cannot be read", name=old)}
