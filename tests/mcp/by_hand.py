"""What clients send who write each message by hand, and what a person answers to a form."""

import json
from collections.abc import Generator
from typing import Any

import httpx

from tests.mcp.lines import Message

ACCEPTS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
FORMS: dict[str, Any] = {"elicitation": {"form": {}}}


def opening(version: str = "2025-06-18") -> Message:
    """Return what opens a session of a client that can show forms."""
    params = {"protocolVersion": version, "capabilities": FORMS, "clientInfo": {"name": "by hand", "version": "1"}}
    return {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}


def call(name: int, tool: str, **arguments: Any) -> Message:
    """Return a call of a tool."""
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": name, "method": "tools/call", "params": params}


def session(client: httpx.Client) -> dict[str, str]:
    """Open a session; return the headers of what is sent in it."""
    opened = client.post("/mcp", json=opening(), headers=ACCEPTS)
    assert opened.status_code == 200, opened.text
    headers = {**ACCEPTS, "mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-06-18"}
    noted = client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
    assert noted.status_code == 202
    return headers


def told(response: httpx.Response) -> Generator[Message]:
    """Yield the messages of a stream."""
    for line in response.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))
