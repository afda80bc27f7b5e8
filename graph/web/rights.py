"""Rights: which scope each route needs, ours and the LangGraph server's. What is not listed is closed."""

from collections.abc import Mapping

from policies.access.caller import Scope

OPEN = "open"
"""Needs no token: what balancers ask."""

RIGHTS: Mapping[str, Scope | str] = {
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "POST /v1/execute": "run",
    "POST /v1/runs/{thread}/cancel": "run",
    "GET /v1/halt": "admin",
    "POST /v1/halt": "admin",
    "DELETE /v1/halt": "admin",
}
"""By method and path as the routes are written."""
