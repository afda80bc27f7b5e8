"""A call of a tool: on whose behalf, with what, and what its client can be asked meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from mcp.server.session import ServerSession
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult, TextContent
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field, ValidationError

from graph.mcp.lasting import Check
from graph.problems import UsageError
from graph.service.service import Service
from graph.store.location import storage_errors
from graph.web.bodies import Body
from graph.web.named import kept, there
from graph.web.routes.execute import Id
from policies.access.caller import Caller
from policies.language import say
from policies.plain import clean_text

Answered = CallToolResult | InputRequiredResult


class Asked(Body):
    """What a client is to send back with the answer to a question: where the call was.

    It is not sealed: whoever changes it names another thread of their own tenant, as an argument could.
    """

    thread: Id
    question: Annotated[str, Field(max_length=200)]
    tries: Annotated[int, Field(ge=0, le=100)] = 0


class InputNeededError(Exception):
    """The client is to ask a person, and to call again."""

    def __init__(self, result: InputRequiredResult) -> None:
        super().__init__()
        self.result = result


@dataclass(slots=True)
class Call:
    """A call: the service, who calls, and the client's session; of a call that is made again, what it brings."""

    service: Service
    caller: Caller
    session: ServerSession
    request: str
    check: Check
    asked: Asked | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    told: int = 0
    answered: set[str] = field(default_factory=set)
    """The questions that the person at the client has answered: nobody is asked twice, under another name."""

    @property
    def calls_again(self) -> bool:
        """Whether the client is asked by the result of a call and then calls again, as the protocol of 2026 has it."""
        return self.session.protocol_version in MODERN_PROTOCOL_VERSIONS

    @property
    def can_ask(self) -> bool:
        """Whether the client can show a form to a person."""
        able = self.session.client_capabilities
        asks = able.elicitation if able else None
        has_forms = asks is not None and (asks.form is not None or asks.url is None)
        return has_forms and (self.calls_again or self.session.can_send_request)

    async def thread(self, name: str) -> str:
        """Return a thread of the caller's tenant that was not purged.

        Raises:
            NotFoundError: there is none, or it is another tenant's.
            PurgedError: it was purged.
        """
        return await there(await kept(name, self.service, self.caller), self.service)

    async def newest(self, thread: str) -> str | None:
        """Return the id of the newest checkpoint of a thread: its state is worth reading once that moved.

        Raises:
            StorageError: the database failed.
        """
        threads = self.service.runner.threads
        with storage_errors(threads.location):
            return (await threads.census.newest(thread))[0]

    async def tell(self, message: str) -> None:
        """Report progress, where the client asked for it."""
        self.told += 1
        await self.session.report_progress(self.told, None, clean_text(message))

    def answer_to(self, question: str) -> ElicitResult | None:
        """Return what a person answered to a question for which the client calls again, once."""
        if self.asked is None or self.asked.question != question:
            return None
        found, self.asked = self.given.get(question), None
        return found if isinstance(found, ElicitResult) else None


def asked_in(state: str | None) -> Asked | None:
    """Return what a client sends back; None where it sends nothing.

    Raises:
        UsageError: it is nothing that it was given.
    """
    if state is None:
        return None
    try:
        return Asked.model_validate_json(state)
    except ValidationError:
        raise UsageError(say("`requestState` is not one of this server; call without it")) from None


def result_of(value: Mapping[str, Any]) -> CallToolResult:
    """Return the result with a value, as structured content and as text for clients that read that alone."""
    text = json.dumps(value, ensure_ascii=False)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=value)


def refused(sentence: str) -> CallToolResult:
    """Return the result of a call that is refused, in a sentence."""
    return CallToolResult(content=[TextContent(type="text", text=clean_text(sentence))], is_error=True)
