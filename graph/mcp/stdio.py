"""Stdio: one client, which started this process and speaks to it on its standard streams."""

import asyncio
import json
import signal
from collections.abc import Callable
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, jsonrpc_message_adapter

from graph.mcp.incoming import crowded, refusal_of
from graph.mcp.parameters import worded
from graph.mcp.pipes import TOO_LONG, Pipes
from graph.mcp.server import Finds, Handlers, build_server
from graph.problems import UsageError
from graph.service.service import Service
from graph.store.tokens import Tokens
from graph.web.logs import Write
from policies.access.caller import NOBODY, Caller
from policies.language import say

GRACE_SECONDS = 1.0
"""How long calls at work may take to say where their runs are, once the process is asked to end."""
PAUSE_SECONDS = 0.02
ENDS = (signal.SIGINT, signal.SIGTERM)

Messages = MemoryObjectSendStream[SessionMessage | Exception]


async def speak(service: Service, finds: Finds, write: Write) -> None:
    """Serve the client of this process until it closes stdin, stops reading, or a signal ends the process."""
    handlers, ended = Handlers(service, finds, write), asyncio.Event()
    for each in ENDS:
        asyncio.get_running_loop().add_signal_handler(each, _end, each, ended, service)
    puts, reads = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    writes, takes = anyio.create_memory_object_stream[SessionMessage](0)
    server, pipes = build_server(handlers), Pipes(service.terms.max_bytes)
    with puts, reads, writes, takes:
        serving = asyncio.create_task(server.run(reads, writes, server.create_initialization_options()))
        others = [
            asyncio.create_task(_listen(pipes, puts, service.terms.max_bytes, lambda: handlers.at_work)),
            asyncio.create_task(_say(pipes, takes)),
            asyncio.create_task(_end_on_signal(ended, handlers)),
        ]
        try:
            await asyncio.wait({serving, *others}, return_when=asyncio.FIRST_COMPLETED)
            puts.close()
            await asyncio.wait({serving}, timeout=GRACE_SECONDS)
        finally:
            service.drives.end()
            for task in (serving, *others):
                task.cancel()
            await asyncio.gather(serving, *others, return_exceptions=True)


async def finds_of(service: Service, token: str | None) -> Finds:
    """Return what says who calls: whoever has the token that the process was given, or the command line's own.

    Raises:
        UsageError: the token is not accepted.
    """
    if token is None:
        return _nobody
    tokens = Tokens(service.database.store)

    async def find() -> Caller:
        found = await tokens.find(token, service.runner.now())
        if found is None:
            raise UsageError(say("ACCORD_TOKEN is not accepted: it is not known, it expired or was revoked"))
        return found.caller()

    async def finds(_: Any) -> Caller:
        return await find()

    await find()
    return finds


async def _nobody(_: Any) -> Caller:
    return NOBODY


def _end(each: signal.Signals, ended: asyncio.Event, service: Service) -> None:
    """Begin to end; asked by a second Ctrl-C, end at once."""
    if ended.is_set() and each == signal.SIGINT:
        signal.signal(each, signal.SIG_DFL)
        signal.raise_signal(each)
    service.drives.end()
    ended.set()


async def _end_on_signal(ended: asyncio.Event, handlers: Handlers) -> None:
    """Return once the process is asked to end, and the calls at work have been answered."""
    await ended.wait()
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            while handlers.at_work:
                await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError:
        return
    await asyncio.sleep(PAUSE_SECONDS)  # the last answer is on its way to stdout


async def _listen(pipes: Pipes, puts: Messages, most: int, at_work: Callable[[], int]) -> None:
    """Hand on each message that the library may read, and answer the others."""
    while True:
        try:
            line = await pipes.line()
        except EOFError:
            return
        if line is not TOO_LONG and not line.strip():
            continue
        refusal = _too_long(most) if line is TOO_LONG else refusal_of(line, most) or crowded(line, at_work())
        if refusal is not None or line is TOO_LONG:
            await pipes.send(json.dumps(refusal).encode())
            continue
        await puts.send(SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False)))


async def _say(pipes: Pipes, takes: MemoryObjectReceiveStream[SessionMessage]) -> None:
    """Write what the library says, until nobody reads."""
    async for each in takes:
        if not await pipes.send(worded(each.message).model_dump_json(by_alias=True, exclude_unset=True).encode()):
            return


def _too_long(most: int) -> dict[str, Any]:
    told = say("the message has more than {most} bytes; send less", most=f"{most:,}")
    return {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": told}}
