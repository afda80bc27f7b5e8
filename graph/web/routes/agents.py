"""Agents: the roles that a tenant defines for runs of its own."""

import asyncio
import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field, WithJsonSchema, model_validator

from graph.problems import NotFoundError
from graph.service.asked import faults_in
from graph.service.parts import doing
from graph.service.service import Service
from graph.service.words import agent_in_our_words
from graph.store.agents import Agent, Agents
from graph.store.turns import turn
from graph.teams.gathered import role_problems
from graph.web.bodies import Body
from graph.web.calls import Calling, Serving
from graph.web.paging import After, Limit, page_of
from graph.web.problems import ProblemError, summary_of
from nodes.services import utc_now
from policies.language import in_figures, phrase, say
from policies.team.fields import ROLE_PATTERN

MAX_AGENTS = 1_000
"""Agents of a tenant."""

_NAME = re.compile(ROLE_PATTERN.strip("^$"))

router = APIRouter(prefix="/v1/agents", tags=["agents"])

Plain = dict[str, Any]
Named = Annotated[str, Path(max_length=200, description="The name of an agent.")]


def _as(*kinds: str, **more: Any) -> WithJsonSchema:
    """Return how a field is described; what is allowed in it is judged as in a team file."""
    return WithJsonSchema({"type": kinds[0] if len(kinds) == 1 else [*kinds], **more})


_checks, _position = _as("array", items={"type": "object"}), _as("object", "null")
_text, _no_text, _object = _as("string"), _as("string", "null"), _as("object")


class Definition(Body):
    """An agent: a role as a team file has it, under a name of the tenant's own."""

    name: Annotated[str, _as("string", pattern=ROLE_PATTERN), Field(description="The key of the role.")]
    preset: Annotated[Any, _text, Field(description="A ready-made agent, which the other keys change.")] = None
    title: Annotated[Any, _text, Field(description="What people call it.")] = None
    mandate: Annotated[Any, _text, Field(description="What it looks at and must judge.")] = None
    model: Annotated[Any, _no_text, Field(description="The model that answers for it.")] = None
    temperature: Annotated[Any, _as("number", "null", minimum=0, maximum=2), Field(description="Of the model.")] = None
    voice: Annotated[Any, _no_text, Field(description="Who answers: model, rules or human.")] = None
    checks: Annotated[Any, _checks, Field(description="Its own rules, for the voice `rules`.")] = None
    otherwise: Annotated[Any, _position, Field(description="Its position when no check is true.")] = None
    weight: Annotated[Any, _as("integer", minimum=1), Field(description="How much its stance counts.")] = None
    veto: Annotated[Any, _as("boolean"), Field(description="Whether its block alone prevents a go.")] = None
    fields: Annotated[Any, _object, Field(description="Further fields of its output, each with its kind.")] = None
    check: Annotated[Any, _no_text, Field(description="A condition that its output must meet.")] = None
    subscribes: Annotated[Any, _object, Field(description="Messages to others that it receives, too.")] = None

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, body: Any) -> Any:
        return agent_in_our_words(body)

    @property
    def role(self) -> Plain:
        """The role as a team file has it."""
        return self.model_dump(exclude={"name"}, exclude_unset=True)


@router.post("", status_code=201, responses={200: {"description": "The agent was there, as it is asked for."}})
async def define(asked: Definition, service: Serving, caller: Calling, response: Response) -> Plain:
    """Define an agent: 201; 200 where it is there and the same; 409 where one of its name is another."""
    problems = await asyncio.to_thread(role_problems, asked.name, asked.role)
    if problems:
        faults = faults_in(problems)
        raise ProblemError(422, summary_of(faults), faults)
    told = say("somebody else has been defining agents for too long; try again")
    async with turn(service.database.locks, f"/agents/{caller.tenant}", told):
        agent, is_new = await _defined(service.agents, caller.tenant, asked)
    response.status_code = 201 if is_new else 200
    response.headers["location"] = f"/v1/agents/{agent.name}"
    return _shown(agent)


async def _defined(agents: Agents, tenant: str, asked: Definition) -> tuple[Agent, bool]:
    known = await agents.of(tenant)
    there = next((each for each in known if each.name == asked.name), None)
    if there is not None and there.role != asked.role:
        told = phrase("there is an agent `{name}` already, and it is another; delete it first, or choose another name")
        raise ProblemError(409, say(told, name=asked.name))
    if there is not None:
        return there, False
    if len(known) >= MAX_AGENTS:
        told = phrase("there are {most} agents already, which is the most there may be; delete one first")
        raise ProblemError(409, say(told, most=in_figures(f"{MAX_AGENTS:,}")))
    agent = Agent(asked.name, asked.role, utc_now())
    await agents.keep(tenant, agent)
    return agent, True


@router.get("")
async def listed(service: Serving, caller: Calling, limit: Limit = 50, after: After = None) -> Plain:
    """Return the agents of the tenant by name, page by page."""
    found = await service.agents.of(caller.tenant)
    by_name = sorted(map(_shown, found), key=lambda each: each["name"])
    return page_of(by_name, lambda each: (each["name"], ""), limit, after)


@router.get("/{name}")
async def shown(name: Named, service: Serving, caller: Calling) -> Plain:
    """Return an agent."""
    return _shown(await _found(service, caller.tenant, name))


@router.get("/{name}/state")
async def state(name: Named, service: Serving, caller: Calling) -> Plain:
    """Return what an agent is doing: {name, status, task, results, last_run}, from its 50 newest runs."""
    agent = await _found(service, caller.tenant, name)
    return {"name": agent.name, **await doing(service, caller.tenant, agent.name)}


@router.delete("/{name}", status_code=204)
async def forget(name: Named, service: Serving, caller: Calling) -> None:
    """Forget an agent. A run that has begun keeps it."""
    agent = await _found(service, caller.tenant, name)
    await service.agents.drop(caller.tenant, agent.name)


async def _found(service: Service, tenant: str, name: str) -> Agent:
    found = await service.agents.find(tenant, name) if _NAME.fullmatch(name) else None
    if found is None:
        raise NotFoundError(say("there is no agent `{name}`", name=name))
    return found


def _shown(agent: Agent) -> Plain:
    return {"name": agent.name, **agent.role, "created_at": agent.created_at}
