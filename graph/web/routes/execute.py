"""Execute: a team, or agents, put to work on a task."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from graph.facts.brought import Brought
from graph.service.asked import NotAllowedError, RunRequest, UnknownPatternError, team_asked
from graph.service.reading import status_of
from graph.service.service import Service
from graph.service.words import EXECUTION, in_our_words
from graph.store.agents import Part
from graph.store.claims import refusal
from graph.store.turns import turn
from graph.web.bodies import Body
from graph.web.calls import Calling, NewThread, Serving
from graph.web.problems import ProblemError, summary_of
from policies.access.caller import Caller
from policies.access.ids import find_reserved
from policies.language import phrase, say
from policies.team.fields import MAX_LIST
from policies.team.nesting import teams_within
from policies.team.team import Team
from policies.team.voices import VoiceName

MAX_GOAL = 4_000
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

router = APIRouter(prefix="/v1", tags=["runs"])

Plain = dict[str, Any]
Name = Annotated[str, Field(max_length=80)]


def _unreserved(thread: str) -> str:
    reserved = find_reserved(thread)
    if reserved is not None:
        raise ValueError(reserved)
    return thread


Id = Annotated[str, Field(pattern=UUID), AfterValidator(_unreserved)]
Names = Annotated[list[Name], Field(min_length=1, max_length=MAX_LIST)]


class Execution(Body):
    """What is to be run: a team, or agents; without either, all agents that are defined."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"team": "checkout_launch"}]})

    team: Name | None = Field(None, description="A team that the service offers, by its name.")
    agents: Names | None = Field(None, description="Agents that are defined, in the order in which they are asked.")
    goal: Annotated[str, Field(max_length=MAX_GOAL)] | None = Field(None, description="The task, or the question.")
    pattern: Name | None = Field(None, description="How they work together. Agents: `orchestrator` unless said.")
    facts: Plain | None = Field(None, description="Facts in place of the team's own.")
    budget: Plain | None = Field(None, description="Limits over the team's own.")
    voice: VoiceName | None = Field(None, description="Who answers for every role.")
    lead: Name | None = Field(None, description="The agent, or the preset, that plans, assigns, judges or proposes.")
    teams: dict[Name, Names] | None = Field(None, description="For `hierarchy`: agents by the team they are in.")
    policy: Name | None = Field(None, description="The shipped policy by which agents decide.")
    language: Name | None = Field(None, description="The language of a run of agents.")
    thread: Id | None = Field(None, description="An id of your own for the run.")
    wait: bool = Field(False, description="Whether the answer is the record, once the run rests.")

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, body: Any) -> Any:
        return in_our_words(body, EXECUTION)

    @property
    def asked(self) -> RunRequest:
        """What is asked, without how it is answered."""
        names = None if self.agents is None else tuple(self.agents)
        return RunRequest(**{**self.model_dump(exclude={"thread", "wait"}), "agents": names})


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is to begin: its team, what it brings, and whether the team is made of agents."""

    team: Team
    brought: Brought
    is_of_agents: bool


@router.post("/execute", status_code=202, responses={200: {"description": "With `wait`: the record of the run."}})
async def execute(asked: Execution, service: Serving, caller: Calling, thread: NewThread, response: Response) -> Plain:
    """Run a team: 202 with the thread once the run cannot be lost any more; with `wait` its record."""
    halted = await service.halts.over(caller.tenant)
    if halted is not None:
        raise ProblemError(503, halted.told())
    run = Run(await _team(asked, service, caller), Brought(are_given=asked.facts is not None), asked.team is None)
    if asked.thread is None:
        await _begin(thread, service, caller, run)
    else:
        thread = asked.thread
        await _begin_as(thread, service, caller, run)
    if asked.wait:
        record = await service.drives.rested(thread)
        response.status_code = 200
        return record
    response.headers["location"] = f"/v1/runs/{thread}"
    return {"thread_id": thread, "status": await status_of(service, thread), "links": links_of(thread)}


async def _begin_as(thread: str, service: Service, caller: Caller, run: Run) -> None:
    """Begin a run on a thread whose id the caller chose, unless there is one of that id."""
    async with turn(service.database.locks, f"/new/{thread}", refusal(thread)):
        await _check_new(service, caller, thread)
        await _begin(thread, service, caller, run)


async def _begin(thread: str, service: Service, caller: Caller, run: Run) -> None:
    """Begin a run; it is noted first of each agent, since what follows is not lost any more."""
    for name in _members(run.team) if run.is_of_agents else ():
        await service.agents.took_part(caller.tenant, name, Part(thread, service.runner.now()))
    await service.drives.run(thread, run.team, run.brought, tenant=caller.tenant)


def links_of(thread: str) -> Plain:
    """Return where a run is read and followed."""
    return {"run": f"/v1/runs/{thread}", "events": f"/v1/runs/{thread}/events"}


async def _team(asked: Execution, service: Service, caller: Caller) -> Team:
    known = await service.agents.of(caller.tenant) if asked.team is None else []
    try:
        return await team_asked(service.settings, asked.asked, caller.tenant, known)
    except UnknownPatternError as error:
        raise ProblemError(400, str(error), [{"field": "pattern", "detail": str(error)}]) from None
    except NotAllowedError as error:
        raise ProblemError(422, summary_of(error.faults), error.faults) from None


async def _check_new(service: Service, caller: Caller, thread: str) -> None:
    await service.claim(caller, thread)
    if await service.runner.threads.owner(thread) is not None:
        told = phrase("there is a thread `{name}` already; choose another id")
        raise ProblemError(409, say(told, name=thread))


def _members(team: Team) -> list[str]:
    """Return the agents of a team, those of teams within it included."""
    return [
        *dict.fromkeys(name for _, each in teams_within(team) for name, role in each.roles.items() if not role.team)
    ]
