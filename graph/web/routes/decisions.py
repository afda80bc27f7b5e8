"""Decisions: what waits for people, and what they answer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, model_validator

from graph.service.answering import NotThemselvesError, answered
from graph.web.calls import Calling, Serving
from graph.web.given import Said
from graph.web.listed import inbox_page
from graph.web.named import There
from graph.web.paging import After, Limit
from graph.web.problems import ProblemError
from graph.web.written import json_of
from policies.language import say
from policies.people.answering import MAX_NAME

router = APIRouter(prefix="/v1", tags=["people"])
DONE: dict[int | str, dict[str, Any]] = {200: {"description": "The record, once the thread rests."}}
Asking = Literal["decide", "contribute", "supply", "sign_off"]


class Answer(Said):
    """What somebody answers: a decision, the answer of a role, or the value of a fact."""

    wait: Annotated[bool, Field(description="Answer with the record once the thread rests.")] = False

    @model_validator(mode="after")
    def _is_one(self) -> "Answer":
        if (self.decision is not None) == ("answer" in self.model_fields_set):
            raise ValueError(say("needs either `decision` or `answer`"))
        return self


@router.post("/runs/{thread}/decide", status_code=202, responses=DONE)
async def decide(thread: There, asked: Answer, service: Serving, caller: Calling) -> Any:
    """Answer what a thread asks people: 202 once the answer is in its record; with `wait` the record.

    An answer that is refused changes nothing, and the thread keeps waiting: 422 says what is allowed, and 409 that
    the question is settled, that it moved, or that the same person has answered.
    """
    try:
        await answered(service, thread, asked.said, caller)
    except NotThemselvesError as error:
        raise ProblemError(403, str(error), [{"field": "by", "detail": str(error)}]) from None
    if not asked.wait:
        return {"thread_id": thread}
    record = await service.drives.rested(thread)
    return await json_of(lambda: record)


@router.get("/inbox")
async def inbox(
    service: Serving,
    caller: Calling,
    name: Annotated[str | None, Query(alias="for", max_length=MAX_NAME, description="What concerns them.")] = None,
    kind: Annotated[Asking | None, Query(description="What is asked of them.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """List what waits for people, the oldest first: since when, until when, for whom: {items, next}.

    What others said is shown to those alone who have answered, too, and to admins; without tokens, as who `for` names.
    """
    page = await inbox_page(service, caller, limit, after, name=name, kind=kind)
    return await json_of(lambda: page)
