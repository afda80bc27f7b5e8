"""Beginning: a run that a caller asks for is admitted on a thread, once, and not lost from then on."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import rfc8785

from graph.admitting import withheld
from graph.driver import team_from
from graph.facts.brought import Brought
from graph.past import Past
from graph.problems import ConflictError, UsageError
from graph.service.asked import RunRequest, team_asked
from graph.service.service import Service
from graph.store.agents import Part
from graph.store.claims import refusal
from graph.store.turns import turn
from policies.access.caller import Caller
from policies.language import phrase, say
from policies.plain import Plain
from policies.team.nesting import teams_within
from policies.team.team import Team


class HaltedError(UsageError):
    """Runs of the caller are halted, so that none begins."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is to begin: its team, what it brings, and whether the team is made of agents."""

    team: Team
    brought: Brought
    is_of_agents: bool


async def begin(service: Service, caller: Caller, asked: RunRequest, thread: str, *, is_chosen: bool) -> None:
    """Begin a run on a thread that is new; `is_chosen` says whether the caller chose its id, which may be taken.

    Raises:
        HaltedError: runs of the caller are halted.
        ConflictError: there is a thread of that id.
        NotFoundError: the thread is another tenant's.
        UsageError: what is asked is refused.
    """
    run = await _asked(service, caller, asked)
    if not is_chosen:
        return await _begin(service, caller, run, thread)
    async with turn(service.database.locks, f"/new/{thread}", refusal(thread)):
        await service.claim(caller, thread)
        if await service.runner.threads.owner(thread) is not None:
            told = phrase("there is a thread `{name}` already; choose another id")
            raise ConflictError(say(told, name=thread))
        await _begin(service, caller, run, thread)


async def begin_once(service: Service, caller: Caller, asked: RunRequest, thread: str) -> bool:
    """Begin a run on a thread, or find the one that was begun there by the same request; return whether it began now.

    Raises:
        HaltedError: the run is new, and runs of the caller are halted.
        ConflictError: the thread was begun by another request, or in another way.
        NotFoundError: it is another tenant's.
        UsageError: what is asked is refused.
    """
    async with turn(service.database.locks, f"/new/{thread}", refusal(thread)):
        await service.claim(caller, thread)
        await service.runner.threads.tombstones.refuse(thread)
        if await service.runner.threads.owner(thread) is not None:
            await _check_same(service, asked, thread)
            return False
        run = await _asked(service, caller, asked)
        await service.requests.keep(thread, _digest(asked, run.team))
        await _begin(service, caller, run, thread)
        return True


async def _asked(service: Service, caller: Caller, asked: RunRequest) -> Run:
    halted = await service.halts.over(caller.tenant)
    if halted is not None:
        raise HaltedError(halted.told())
    known = await service.agents.of(caller.tenant) if asked.team is None else []
    team = await team_asked(service.settings, asked, caller.tenant, known)
    return Run(team, Brought(are_given=asked.facts is not None), asked.team is None)


async def _begin(service: Service, caller: Caller, run: Run, thread: str) -> None:
    """Begin a run; it is noted first of each agent, since what follows is not lost any more."""
    for name in _members(run.team) if run.is_of_agents else ():
        await service.agents.took_part(caller.tenant, name, Part(thread, service.runner.now()))
    await service.drives.run(thread, run.team, run.brought, tenant=caller.tenant)


async def _check_same(service: Service, asked: RunRequest, thread: str) -> None:
    kept = await service.requests.find(thread)
    if kept is None:
        told = phrase("the thread `{name}` was begun in another way; read it as it is, or choose another id")
        raise ConflictError(say(told, name=thread))
    if kept != _digest(asked, await _team_of(service, thread)):
        told = phrase("the thread `{name}` was begun by another request; ask the same again, or choose another id")
        raise ConflictError(say(told, name=thread))


async def _team_of(service: Service, thread: str) -> Team:
    """Return the team of a thread, for what it withholds."""
    state, _ = await service.runner.threads.look(thread)
    return team_from(Past.of(state).case["team"], "-")


def _digest(asked: RunRequest, team: Team) -> str:
    """Return what stands for a request where it is kept: without the facts that the team withholds."""
    said: dict[str, Plain] = {**asdict(asked), "facts": withheld(asked.facts, team)}
    return hashlib.sha256(rfc8785.dumps(_plain(said))).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [*map(_plain, value)] if isinstance(value, list | tuple) else value


def _members(team: Team) -> list[str]:
    """Return the agents of a team, those of teams within it included."""
    return [
        *dict.fromkeys(name for _, each in teams_within(team) for name, role in each.roles.items() if not role.team)
    ]
