"""Execute: a team, or agents, put to work on a task."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, model_validator

from graph.service.asked import NotAllowedError, RunRequest, UnknownPatternError
from graph.service.beginning import HaltedError, begin
from graph.service.reading import status_of
from graph.service.words import EXECUTION, in_our_words
from graph.web.bodies import Body
from graph.web.calls import Calling, NewThread, Serving
from graph.web.given import MAX_GOAL, Id, Name, Plain
from graph.web.problems import ProblemError, summary_of
from policies.team.fields import MAX_LIST
from policies.team.voices import VoiceName

router = APIRouter(prefix="/v1", tags=["runs"])

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


@router.post("/execute", status_code=202, responses={200: {"description": "With `wait`: the record of the run."}})
async def execute(asked: Execution, service: Serving, caller: Calling, thread: NewThread, response: Response) -> Plain:
    """Run a team: 202 with the thread once the run cannot be lost any more; with `wait` its record."""
    thread = asked.thread or thread
    with _as_problems():
        await begin(service, caller, asked.asked, thread, is_chosen=asked.thread is not None)
    if asked.wait:
        record = await service.drives.rested(thread)
        response.status_code = 200
        return record
    response.headers["location"] = f"/v1/runs/{thread}"
    return {"thread_id": thread, "status": await status_of(service, thread), "links": links_of(thread)}


def links_of(thread: str) -> Plain:
    """Return where a run is read and followed."""
    return {"run": f"/v1/runs/{thread}", "events": f"/v1/runs/{thread}/events"}


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except HaltedError as error:
        raise ProblemError(503, str(error)) from None
    except UnknownPatternError as error:
        raise ProblemError(400, str(error), [{"field": "pattern", "detail": str(error)}]) from None
    except NotAllowedError as error:
        raise ProblemError(422, summary_of(error.faults), error.faults) from None
