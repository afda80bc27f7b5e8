"""Rights: which scope each route needs, ours and the LangGraph server's. What is not listed is closed."""

from collections.abc import Mapping

from policies.access.caller import Scope

OPEN = "open"
"""Needs no token: what balancers ask."""

RIGHTS: Mapping[str, Scope | str] = {
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "POST /v1/execute": "run",
    "GET /v1/runs": "read",
    "GET /v1/runs/{thread}": "read",
    "GET /v1/runs/{thread}/events": "read",
    "POST /v1/runs/{thread}/resume": "run",
    "POST /v1/runs/{thread}/decide": "decide",
    "GET /v1/runs/{thread}/why": "read",
    "GET /v1/runs/{thread}/audit": "read",
    "GET /v1/runs/{thread}/audit/verify": "read",
    "GET /v1/runs/{thread}/report.html": "read",
    "GET /v1/inbox": "read",
    "GET /v1/policies/{team}/proof": "read",
}
"""By method and path as the routes are written."""
