"""Reading: what is shown of threads, as the routes show it."""

from mcp_types import CallToolResult

from graph.mcp.arguments import Explaining, Listing, Showing
from graph.mcp.call import Call, result_of
from graph.mcp.waiting import result
from graph.service.aside import aside
from graph.service.explaining import explained
from graph.service.listing import Wanted
from graph.service.reading import look_at
from graph.web.listed import inbox_page, threads_page


async def show(call: Call, asked: Showing) -> CallToolResult:
    """Return the record of a thread as it is now; of one that is at work, where it is."""
    thread = await call.thread(asked.thread)
    return await result(call, await look_at(call.service, thread))


async def why(call: Call, asked: Explaining) -> CallToolResult:
    """Explain the decision of a thread."""
    thread = await call.thread(asked.thread)
    return await aside(result_of, await explained(call.service, thread))


async def list_(call: Call, asked: Listing) -> CallToolResult:
    """List threads, or what waits for people."""
    if asked.waiting:
        page = await inbox_page(call.service, call.caller, asked.limit, asked.after)
    else:
        wanted = Wanted(call.caller.tenant, asked.team, asked.status)
        page = await threads_page(call.service, wanted, asked.limit, asked.after)
    return await aside(result_of, page)
