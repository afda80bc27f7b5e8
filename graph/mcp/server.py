"""The server: what a client of the protocol may ask, whichever way it comes."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
)

from graph.mcp.arguments import arguments_of
from graph.mcp.call import Answered, Call, InputNeededError, asked_in, refused
from graph.mcp.lasting import gone_of, lasting
from graph.mcp.refusals import sentence_of
from graph.mcp.resources import read, templates
from graph.mcp.tools import INSTRUCTIONS, TOOLS, Tool
from graph.problems import UsageError
from graph.service.service import Service
from graph.store.lane import PATIENCE
from graph.store.location import storage_errors
from graph.versions import installed_versions
from graph.web.gate.gate import PATIENCE_SECONDS
from graph.web.logs import Write, places_of
from policies.access.caller import Caller, Scope
from policies.access.scopes import find_lacking
from policies.language import ENGLISH, phrase, say, speaking
from policies.nearest import allowed_names

Context = Any
"""What the library gives a handler; its type takes the type of a lifespan that there is none of here."""
Finds = Callable[[Context], Awaitable[Caller]]
"""Says who calls; raises UsageError where nobody may."""
NO_TOOL = phrase("there is no tool `{name}`{allowed}")


class Handlers:
    """Answers what clients ask of one service."""

    def __init__(self, service: Service, finds: Finds, write: Write) -> None:
        """Take what says who calls, and what writes a line into the log."""
        self._service, self._finds, self._write = service, finds, write
        self.at_work = 0
        """How many calls are at work."""

    async def list_tools(self, _: Context, __: Any) -> ListToolsResult:
        """Return the tools."""
        return ListToolsResult(tools=[tool.described(name) for name, tool in TOOLS.items()])

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> Answered:
        """Call a tool; what goes wrong is a result that says so."""
        tool = TOOLS.get(params.name)
        if tool is None:
            allowed = allowed_names(params.name[:80], TOOLS)
            raise MCPError(INVALID_PARAMS, say(NO_TOOL, name=params.name[:80], allowed=allowed))
        began, notes = time.perf_counter(), {"tool": params.name}
        self.at_work += 1
        try:
            with speaking(ENGLISH):
                return await self._called(tool, context, params, notes)
        finally:
            self.at_work -= 1
            self._write("call", **notes, ms=round((time.perf_counter() - began) * 1_000, 1))

    async def list_resources(self, _: Context, __: Any) -> ListResourcesResult:
        """Return nothing: each thread has resources, and `list` finds the threads."""
        return ListResourcesResult(resources=[])

    async def list_resource_templates(self, _: Context, __: Any) -> ListResourceTemplatesResult:
        """Return the resources that each thread has."""
        return ListResourceTemplatesResult(resource_templates=templates())

    async def read_resource(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Return a resource; what goes wrong is an error that says so."""
        uri, notes = str(params.uri), dict[str, Any]()
        try:
            with speaking(ENGLISH), storage_errors(self._service.runner.threads.location):
                caller = await self._caller(context, "read", notes)
                return ReadResourceResult(contents=[await read(uri, self._service, caller)])
        except Exception as error:
            raise MCPError(INVALID_PARAMS, self._sentence(error), {"uri": uri[:200]}) from None

    async def _called(self, tool: Tool, context: Context, params: CallToolRequestParams, notes: Any) -> Answered:
        result: CallToolResult | InputRequiredResult
        try:
            with storage_errors(self._service.runner.threads.location):
                caller = await self._caller(context, tool.scope, notes)
                asked = arguments_of(tool.takes, params.arguments or {})
                call = self._call(context, params, caller, tool.scope)
                result = await lasting(tool.work(call, asked), call.check, gone_of(context.request))
        except InputNeededError as needed:
            result = needed.result
        except Exception as error:
            result = refused(self._sentence(error))
        notes["result"] = "refused" if getattr(result, "is_error", False) else result.result_type
        return result

    def _call(self, context: Context, params: CallToolRequestParams, caller: Caller, scope: Scope) -> Call:
        asked, given = asked_in(params.request_state), params.input_responses or {}

        async def check() -> None:
            await self._caller(context, scope, {})

        return Call(self._service, caller, context.session, str(context.request_id), check, asked, given)

    async def _caller(self, context: Context, scope: Scope, notes: dict[str, Any]) -> Caller:
        """Return who calls.

        Raises:
            UsageError: nobody is proved to, or they lack the scope.
        """
        PATIENCE.set(PATIENCE_SECONDS)
        caller = await self._finds(context)
        notes |= {"tenant": caller.tenant, "person": caller.person}
        lacks = find_lacking(caller, (scope,))
        if lacks:
            raise UsageError(lacks)
        return caller

    def _sentence(self, error: Exception) -> str:
        told = sentence_of(error)
        if told is None:
            self._write("failed", "error", error=type(error).__name__, places=places_of(error))
            return say("something unexpected failed; the log of the service names it")
        return told


def build_server(handlers: Handlers) -> Server[Any]:
    """Return the server of these handlers."""
    return Server(
        "accord",
        version=installed_versions().get("accord", "0"),
        title="Accord",
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_resource_templates,
        on_read_resource=handlers.read_resource,
    )
