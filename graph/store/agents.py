"""Agents: the roles that a tenant has defined over HTTP, and the runs that each of them took part in."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.store.base import BaseStore

from graph.store.rows import AGENT_RUNS
from nodes.journal import entries_in, part_of

AGENTS = "agents"
COUNTED_SECONDS = 5.0
"""How old a count of agents may be that is used again."""

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Agent:
    """A role of a tenant's own: its name, and what it is as a role of a team file is written."""

    name: str
    role: Plain
    created_at: str


@dataclass(frozen=True, slots=True)
class Part:
    """That an agent takes part in a run: the thread, and since when."""

    thread: str
    at: str


class Agents:
    """The agents of one database, tenant by tenant."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store
        self._counted: dict[str, tuple[float, int]] = {}

    async def find(self, tenant: str, name: str) -> Agent | None:
        """Return the agent of that name; None where the tenant has none."""
        item = await self._store.aget(_agents(tenant), name, refresh_ttl=False)
        return _agent(name, item.value) if item else None

    async def of(self, tenant: str) -> list[Agent]:
        """Return the agents of a tenant, the oldest first."""
        items = await entries_in(self._store, _agents(tenant))
        return sorted((_agent(item.key, item.value) for item in items), key=lambda each: (each.created_at, each.name))

    async def count(self, tenant: str) -> int:
        """Return how many agents a tenant has; what another process changed, a few seconds late."""
        at, number = self._counted.get(tenant, (0.0, 0))
        if not at or time.monotonic() - at > COUNTED_SECONDS:
            at, number = time.monotonic(), len(await self.of(tenant))
            self._counted[tenant] = at, number
        return number

    async def keep(self, tenant: str, agent: Agent) -> None:
        """Keep an agent."""
        # As text: PostgreSQL keeps objects in an order of its own, and checks are read in theirs.
        kept = {"role": json.dumps(agent.role, ensure_ascii=False), "created_at": agent.created_at}
        await self._store.aput(_agents(tenant), agent.name, kept, index=False)
        self._counted.pop(tenant, None)

    async def drop(self, tenant: str, name: str) -> None:
        """Forget an agent, and which runs it took part in; the runs themselves stay."""
        for item in await entries_in(self._store, _runs(tenant, name)):
            await self._store.adelete(item.namespace, item.key)
        await self._store.adelete(_agents(tenant), name)
        self._counted.pop(tenant, None)

    async def took_part(self, tenant: str, name: str, part: Part) -> None:
        """Note that an agent takes part in a run."""
        await self._store.aput(_runs(tenant, name), part.thread, {"at": part.at}, index=False)

    async def parts(self, tenant: str, name: str, most: int) -> list[Part]:
        """Return the runs that an agent took part in, the newest first, at most so many."""
        items = await self._store.asearch(_runs(tenant, name), limit=most, refresh_ttl=False)
        parts = [Part(item.key, item.value["at"]) for item in items]
        return sorted(parts, key=lambda each: (each.at, each.thread), reverse=True)


def _agent(name: str, kept: Mapping[str, Any]) -> Agent:
    return Agent(name, json.loads(kept["role"]), kept["created_at"])


def _agents(tenant: str) -> tuple[str, str]:
    return (AGENTS, part_of(tenant))


def _runs(tenant: str, name: str) -> tuple[str, str]:
    # Of one length, without wildcards: the store looks for what begins alike, and a page is to be of this agent alone.
    return (AGENT_RUNS, hashlib.sha256(f"{tenant}/{name}".encode()).hexdigest())
