"""Kept: what the database of the server says of threads, whoever made them."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from graph.problems import UsageError
from graph.serving import past_of, served_threads
from graph.store.claims import Holder
from policies.access.caller import LOCAL


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database says of a thread for lists: the name and the pattern of its team, and whose it is."""

    team: str
    pattern: str
    tenant: str


async def kept_of(thread: str) -> Kept | None:
    """Return what the database says of a thread that has begun or was admitted; None of any other, or a damaged one."""
    with suppress(UsageError):  # it cannot be read; `accord audit verify` names it
        past = await past_of(thread)
        threads = await asyncio.to_thread(served_threads)
        admitted = None if past.case else await threads.index.admitted(thread)
        team = past.team if past.case else (admitted or {}).get("team")
        if team:
            return Kept(team["name"], team["pattern"], await threads.owner(thread) or LOCAL)
    return None


async def owner_kept(thread: str) -> str | None:
    """Return whose a thread is, begun or claimed, as the database says; None where it does not know."""
    threads = await asyncio.to_thread(served_threads)
    return await threads.claims.holder(thread)


async def claim_kept(thread: str, tenant: str, holder: Holder) -> str:
    """Return whose a thread is, as `holder` says; one that is nobody's is the tenant's from now on."""
    threads = await asyncio.to_thread(served_threads)
    return await threads.claims.claim(thread, tenant, holder)


async def newest_of(tenant: str | None, limit: int) -> dict[str, str]:
    """Return the status of each thread of those that were touched last, of a tenant where one is named."""
    threads = await asyncio.to_thread(served_threads)
    return {each["thread_id"]: each["status"] for each in (await threads.index.of(tenant))[:limit]}
