"""Reopening: a decision taken again in a thread of its own, once, whoever is killed on the way.

The new thread's id follows from that of the old one, and the new thread says which one it reopens from its first
moment on. So whoever comes after a kill finds it, and continues it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Protocol

from graph.drift import drift_from, finding_of
from graph.driver import kept_team
from graph.facts.brought import Brought
from graph.fresh import Fresh, noted
from graph.past import Past
from graph.problems import UsageError
from graph.record import record_of
from graph.runner import Runner
from graph.store.tombstones import PurgedError
from graph.teams.approval import approved
from nodes.fingerprint import fingerprint
from policies.assurance.audit import head_of
from policies.language import say
from policies.team.team import Team

LONGEST_ID = 128
LOOKS = 3

Plain = dict[str, Any]


class Driving(Protocol):
    """How a thread is driven in which a decision is taken again."""

    async def run(self, thread: str, team: Team, brought: Brought, tenant: str) -> object:
        """Begin it."""
        ...

    async def resume(self, thread: str, tenant: str) -> object:
        """Continue one that was begun, and has not ended."""
        ...


@dataclass(frozen=True, slots=True)
class DrivenHere:
    """A thread is driven to its rest at once, as the command line does."""

    runner: Runner

    async def run(self, thread: str, team: Team, brought: Brought, tenant: str) -> object:
        """Run it."""
        return await self.runner.run(team, thread, brought=brought, tenant=tenant)

    async def resume(self, thread: str, tenant: str) -> object:
        """Resume it."""
        return await self.runner.resume(thread)


class Reopening:
    """Takes decisions of one database again."""

    def __init__(self, runner: Runner, driving: Driving | None = None) -> None:
        self._runner, self._threads, self._driving = runner, runner.threads, driving or DrivenHere(runner)

    async def of(self, entry: Mapping[str, Any], finding: Plain, fresh: Fresh) -> Plain:
        """Return what is found of a decision once it was taken again on facts that are known, or why it was not.

        What the new thread decides on is what is noted: after a kill that is what was found before it.

        Raises:
            PurgedError: the thread of the decision was purged meanwhile.
        """
        old = entry["thread_id"]
        try:
            name = await self._taken_again(old, *(fresh.known or ({}, ())))
        except UsageError as error:
            await self._threads.tombstones.refuse(old)
            return {**finding, "cause": say("It was not taken again: {why}.", why="; ".join(error.problems))}
        row = await self._threads.watches.find(old) or noted(old, self._runner.now(), fresh, finding["verdict"])
        facts, sources = await self._decides_on(name)
        if facts is not None:
            row |= {"facts": facts, "sources": [*sources], "cause": None}
        with suppress(PurgedError):  # while it was taken again
            await self._threads.watches.note({**row, "reopened_as": name})
        return finding_of(entry, drift_from(entry, row["facts"], row["at"]), row["cause"], name)

    async def _taken_again(self, old: str, facts: Plain, sources: Sequence[Plain]) -> str:
        """Return the thread in which a decision was taken again, or was begun to be.

        Raises:
            UsageError: its team cannot run any more, or another thread came in between.
        """
        name, is_there = await self._name_for(old)
        if not is_there:
            await self._begin(old, name, facts, sources)
        elif (past := Past.of(await self._threads.state(name) or {})).is_open:
            await self._driving.resume(name, past.tenant if past.case else await self._tenant_of(old))
        if await self._reopened_by(name) != old:
            raise UsageError(say("the thread `{name}` was begun by somebody else meanwhile", name=name))
        return name

    async def _begin(self, old: str, name: str, facts: Plain, sources: Sequence[Plain]) -> None:
        state = await self._threads.begun(old)
        past = Past.of(state)
        team, head = kept_team(past), asdict(head_of(past.events))
        reopens = {"thread": old, "head": head, "record": fingerprint(record_of(old, state))}
        self._runner.check_voices(team)
        brought = Brought(facts=facts, sources=sources, reopens=reopens)
        await self._driving.run(name, approved(team, team.budget), brought, past.tenant)

    async def _tenant_of(self, thread: str) -> str:
        return Past.of(await self._threads.begun(thread)).tenant

    async def _decides_on(self, name: str) -> tuple[Plain | None, Sequence[Plain]]:
        """Return the facts of a thread that was begun, or only admitted, and where they come from."""
        state = await self._threads.state(name)
        if state is None and (admitted := await self._threads.index.admitted(name)) is not None:
            return admitted["inputs"]["facts"], admitted["inputs"]["sources"] or ()
        past = Past.of(state or await self._threads.begun(name))
        return past.facts, past.sources

    async def _name_for(self, old: str) -> tuple[str, bool]:
        """Return the id under which a decision is taken again, and whether it was begun under it already."""
        for number in count(1):
            name = _numbered(old, number)
            by = await self._reopened_by(name)
            if by == old or (by is None and await self._is_free(name, old)):
                return name, by == old
        raise AssertionError

    async def _is_free(self, name: str, old: str) -> bool:
        """Return whether an id is unclaimed, or claimed by the tenant of the decision."""
        claimant = await self._threads.claims.claimant(name)
        return claimant is None or claimant == await self._threads.owner(old)

    async def _reopened_by(self, name: str) -> str | None:
        """Return the thread whose decision another one takes again; nobody where it takes none, None without one."""
        for _ in range(LOOKS):  # between two looks it may be admitted, and begin
            state = await self._threads.state(name)
            if state is not None:
                return _old_of(Past.of(state).case["reopens"])
            admitted = await self._threads.index.admitted(name)
            if admitted is not None:
                return _old_of(admitted["inputs"]["reopens"])
            if await self._threads.index.entry(name) is None:
                return None
        return ""


def _old_of(reopens: Mapping[str, Any] | None) -> str:
    return str(reopens["thread"]) if reopens else ""


def _numbered(old: str, number: int) -> str:
    """Return the id under which a decision is taken again, by how many there are of its kind.

    >>> _numbered("launch-42", 1), len(_numbered("x" * 128, 10))
    ('launch-42.r1', 128)
    """
    suffix = f".r{number}"
    return f"{old[: LONGEST_ID - len(suffix)]}{suffix}"
