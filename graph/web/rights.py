"""Rights: which scope each route needs, ours and the LangGraph server's. What is not listed is closed."""

from collections.abc import Mapping

from policies.access.caller import Scope

OPEN = "open"
"""Needs no token: what balancers ask."""

RIGHTS: Mapping[str, Scope | str] = {
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "POST /v1/execute": "run",
    "POST /v1/agents": "run",
    "GET /v1/agents": "read",
    "GET /v1/agents/{name}": "read",
    "DELETE /v1/agents/{name}": "run",
    "GET /v1/agents/{name}/state": "read",
    "POST /v1/messages": "run",
    "GET /v1/messages/history": "read",
}
"""By method and path as the routes are written."""
