"""Reading: what is shown of threads, by the same functions as the routes that show them."""

import json

from mcp_types import CallToolResult, TextContent

from graph.mcp.arguments import Explaining, Listing, Showing
from graph.mcp.call import Call
from graph.mcp.waiting import result
from graph.service.aside import aside
from graph.service.reading import look_at
from graph.web.routes import assurance, decisions, runs


async def show(call: Call, asked: Showing) -> CallToolResult:
    """Return the record of a thread as it is now; of one that is at work, where it is."""
    thread = await call.thread(asked.thread)
    return await result(call, await look_at(call.service, thread))


async def why(call: Call, asked: Explaining) -> CallToolResult:
    """Explain the decision of a thread."""
    thread = await call.thread(asked.thread)
    return await _told((await assurance.why(thread, call.service)).body)


async def list_(call: Call, asked: Listing) -> CallToolResult:
    """List threads, or what waits for people."""
    page = (asked.limit, asked.after)
    if asked.waiting:
        return await _told((await decisions.inbox(call.service, call.caller, None, None, *page)).body)
    return await _told((await runs.runs(call.service, call.caller, asked.status, asked.team, *page)).body)


async def _told(body: bytes | memoryview) -> CallToolResult:
    """Return what a route answers as the result of a call."""
    text = bytes(body).decode()
    value = await aside(json.loads, text)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=value)
