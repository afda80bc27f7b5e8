"""Arguments: what each tool takes, and what is said of what it does not."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from graph.problems import UsageError
from graph.service.listing import Listed
from graph.web.bodies import Body
from graph.web.faults import faults_in
from graph.web.given import MAX_GOAL, Id, Name, Plain, Said, Text
from graph.web.problems import summary_of
from policies.language import say
from policies.people.answering import MAX_NAME
from policies.plain import find_unplain

USUAL_SECONDS = 45.0
"""Less than the minute after which common clients give a call up."""
MOST_SECONDS = 3600
Model = TypeVar("Model", bound=Body)

Thread = Annotated[str, Field(max_length=128, description="The id of a thread, as `decide` or `list` gave it.")]
Wait = Annotated[
    float,
    Field(
        ge=0,
        le=MOST_SECONDS,
        description="How long to wait for the result, in seconds, over the whole call. After that the run continues, "
        "and `show` finds it.",
    ),
]


class Deciding(Body):
    """What is to be decided: by which team, on what."""

    team: Annotated[Name, Field(description="The name of a team, for example `checkout_launch`.")]
    goal: Annotated[str | None, Field(max_length=MAX_GOAL, description="The question; the team's own without it.")] = (
        None
    )
    facts: Annotated[Plain | None, Field(description="Facts in place of the team's own.")] = None
    budget: Annotated[Plain | None, Field(description="Limits over the team's own, such as `max_rounds`.")] = None
    thread: Annotated[
        Id | None,
        Field(
            description="A UUID of your own for the run, of version 4. The same call with it finds the same run, so "
            "send one: then a call that timed out can be made again."
        ),
    ] = None
    wait_seconds: Wait = USUAL_SECONDS


class Showing(Body):
    """Which thread is shown."""

    thread: Thread


class Explaining(Body):
    """Which thread is explained."""

    thread: Thread


class Listing(Body):
    """Which threads are listed, or what waits for people."""

    status: Annotated[Listed | None, Field(description="How they are now.")] = None
    team: Annotated[str | None, Field(max_length=80, description="The name of their team.")] = None
    waiting: Annotated[
        Literal["inbox"] | None,
        Field(description="List the questions that wait for people, instead of threads, the oldest first."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="How many are returned at most.")] = 50
    after: Annotated[str | None, Field(max_length=400, description="`next` of the page before.")] = None

    @model_validator(mode="after")
    def _is_one(self) -> "Listing":
        if self.waiting and (self.status or self.team):
            raise ValueError(say("lists either what waits or threads; leave out `waiting`, or `status` and `team`"))
        return self


class Answering(Said):
    """What a person answers to what a thread asks."""

    thread: Thread
    answer: Annotated[
        Any,
        Field(
            description="In place of `decision`: the answer of a role, or the value of a fact. Without either, the "
            "person at the client is asked with a form, where the client can show one."
        ),
    ] = None
    by: Annotated[
        str | None, Field(max_length=MAX_NAME, description="Who answers, where no token says so: their own word.")
    ] = None
    signature: Annotated[
        Text | None, Field(description="An SSH signature, where a key is declared; without it, the text to sign comes.")
    ] = None
    wait_seconds: Wait = USUAL_SECONDS

    @model_validator(mode="after")
    def _is_one(self) -> "Answering":
        if self.decision is not None and "answer" in self.model_fields_set:
            raise ValueError(say("has both `decision` and `answer`; keep one"))
        return self

    @property
    def is_given(self) -> bool:
        """Whether there is an answer; else the person is to be asked."""
        return self.decision is not None or "answer" in self.model_fields_set


def arguments_of(model: type[Model], given: dict[str, Any]) -> Model:
    """Return the arguments of a call.

    Raises:
        UsageError: one is unknown, missing or not allowed, in a sentence.
    """
    fault = find_unplain(given, whole=say("the call"))
    if fault:
        raise UsageError(fault)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        errors = error.errors()
        faults = faults_in(model, errors)
        if not errors[0]["loc"]:
            raise UsageError(say("the call {fault}", fault=str(errors[0]["ctx"]["error"]))) from None
        raise UsageError(summary_of(faults, len(errors))) from None
