"""Given: what callers give a run and a question, alike in a body of /v1 and in the call of a tool."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from graph.web.bodies import Body
from policies.access.ids import find_reserved
from policies.language import say
from policies.people.answering import MAX_NAME
from policies.people.question import Word
from policies.plain import MAX_TEXT

MAX_GOAL = 4_000
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
Plain = dict[str, Any]
Name = Annotated[str, Field(max_length=80)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


def _unreserved(thread: str) -> str:
    reserved = find_reserved(thread)
    if reserved is not None:
        raise ValueError(say("is refused: {fault}", fault=reserved))
    return thread


Id = Annotated[str, Field(pattern=UUID), AfterValidator(_unreserved)]


class Said(Body):
    """What somebody answers to a thread."""

    question: Annotated[str | None, Field(max_length=MAX_NAME, description="Its id, where several wait.")] = None
    decision: Annotated[Word | None, Field(description="One of the options of a decision.")] = None
    answer: Annotated[Any, Field(description="In place of `decision`: what is answered, of any form.")] = None
    because: Annotated[Text, Field(description="The reason, for the record; a decision needs one.")] = ""
    by: Annotated[str | None, Field(max_length=MAX_NAME, description="Who answers, where no token says so.")] = None
    signature: Annotated[Text | None, Field(description="An SSH signature, where a key is declared.")] = None

    @property
    def said(self) -> dict[str, Any]:
        """The answer as a thread takes it."""
        what = self.answer if self.decision is None else self.decision
        return {"answer": what, **self.model_dump(include={"question", "because", "by", "signature"})}
