"""Messages: what is said to a thread from outside, and what its roles wrote to each other."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from graph.languages.catalogue import language_of
from graph.past import Past
from graph.saying import Speech, Undelivered, read_of, say_to, undelivered
from graph.service.words import MESSAGE, in_our_words
from graph.threads import blaming
from graph.web.bodies import Body
from graph.web.calls import Calling, NewThread, Serving
from graph.web.paging import After, Limit, page_of
from policies.language import speaking
from policies.messages.message import (
    Kind,
    Message,
    Priority,
    conversation_of,
    find_messages,
    message_from,
    plain_message,
)

router = APIRouter(prefix="/v1/messages", tags=["messages"])

Plain = dict[str, Any]
Short = Annotated[str, Field(max_length=200)]
Party = Annotated[str | None, Query(max_length=200, description="Those that this agent sends or receives.")]
Conversation = Annotated[str | None, Query(max_length=200, description="Those of this conversation.")]
Sort = Annotated[Kind | None, Query(description="Those of this kind.")]


class Saying(Body):
    """A message to roles of a thread."""

    thread: Short = Field(description="The thread's id.")
    sender: Short = Field(alias="from", description="Who says it, by a name that no role of the team has.")
    to: Short | Annotated[list[Short], Field(max_length=50)] = Field(description="A role, several, or `all`.")
    content: Annotated[str, Field(max_length=4_000)] = Field(description="What is said.")
    kind: Kind = Field("note", description="What it is for.")
    priority: Priority = Field("normal", description="How urgent it is.")
    topic: Short | None = Field(None, description="A topic that roles may follow.")
    conversation: Short | None = Field(None, description="The conversation that it is part of.")
    opens: bool = Field(False, description="Whether it opens that conversation.")
    in_reply_to: Short | None = Field(None, description="The message that it answers.")
    metadata: Plain | None = Field(None, description="Further values, for programs.")
    id: Short | None = Field(None, description="An id of yours: what is said twice under it is said once.")

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, body: Any) -> Any:
        return in_our_words(body, MESSAGE)

    def speech(self, id: str, person: str | None) -> Speech:
        """Return what is said under an id, unless it has one, by a person whom a token proves."""
        offered = self.model_dump(by_alias=True, exclude={"thread", "opens", "id"}, exclude_none=True)
        return Speech(offered, self.opens, id if self.id is None else self.id, person)


@router.post("", status_code=201)
async def send(said: Saying, service: Serving, caller: Calling, once: NewThread) -> Plain:
    """Say something to roles of a thread: it is read when the next round or stage opens."""
    await service.check_owner(caller, said.thread)
    # The id that a new thread would have: with an idempotency key the same each time, so that it is said once.
    speech = said.speech(f"s-{once.replace('-', '')}", caller.person if caller.is_proved else None)
    message = await say_to(service.database, service.runner.threads, said.thread, speech)
    return {"thread_id": said.thread, "message": message}


@router.get("/history")
async def history(
    thread: Annotated[str, Query(max_length=200, description="The id of the thread.")],
    service: Serving,
    caller: Calling,
    agent: Party = None,
    kind: Sort = None,
    conversation: Conversation = None,
    limit: Limit = 50,
    after: After = None,
) -> Plain:
    """Return the messages of a thread, oldest first, page by page.

    What was said from outside and is not read yet is in `undelivered`, with why, on the last page.
    """
    await service.check_owner(caller, thread)
    state, said = await read_of(service.database, service.runner.threads, thread)
    with speaking(language_of(Past.of(state).language)), blaming(thread, state):
        posted = [message_from(plain) for plain in Past.of(state).messages]
        found, total = find_messages(posted, agent, kind, conversation, 0, len(posted))
        waiting = [each for each in undelivered(thread, state, said) if _is_wanted(each, agent, kind, conversation)]
    places = {each.id: f"{place:09}" for place, each in enumerate(posted)}
    page = page_of([plain_message(each) for each in found], lambda each: (places[each["id"]], each["id"]), limit, after)
    return {
        "thread_id": thread,
        "total": total,
        **page,
        "participants": _participants(posted, conversation),
        "undelivered": [{**each.message, "because": each.because} for each in waiting] if page["next"] is None else [],
    }


def _is_wanted(left: Undelivered, agent: str | None, kind: str | None, conversation: str | None) -> bool:
    return find_messages([message_from(left.message)], agent, kind, conversation)[1] > 0


def _participants(posted: Sequence[Message], conversation: str | None) -> list[str]:
    """Return who takes part in a conversation that is asked for."""
    found = conversation_of(posted, conversation) if conversation else None
    return [*found.participants] if found else []
