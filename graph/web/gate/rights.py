"""Rights: which scope each route needs, ours and the LangGraph server's. What is not listed is closed."""

from collections.abc import Mapping

from policies.access.caller import SCOPES, Scope
from policies.language import phrase

Right = tuple[Scope, ...] | str
"""The scopes of which one is needed; `OPEN`; or why the route is refused to all, in a sentence."""

OPEN = "open"
"""Needs no token: what balancers ask, and what is shown to whoever logs in at the board."""

READ: Right = ("read",)
RUN: Right = ("run",)
DECIDE: Right = ("decide",)
ADMIN: Right = ("admin",)
ANY: Right = SCOPES
"""Whoever is known."""
RUN_OR_DECIDE: Right = ("run", "decide")
"""A run on the LangGraph server: what it carries says which of the two, `policies.access.scopes.scope_of_run`."""

THREAD = "thread"
"""What our templates call the thread that a route is about; its tenant alone gets through."""

OURS: Mapping[str, Right] = {
    "GET /health": OPEN,
    "GET /ready": OPEN,
    "GET /metrics": ADMIN,
    "GET /v1/metrics": ADMIN,
    "GET /v1/openapi.json": READ,
    "POST /v1/execute": RUN,
    "POST /v1/agents": RUN,
    "GET /v1/agents": READ,
    "GET /v1/agents/{name}": READ,
    "DELETE /v1/agents/{name}": RUN,
    "GET /v1/agents/{name}/state": READ,
    "POST /v1/messages": RUN,
    "GET /v1/messages/history": READ,
    "GET /v1/runs": READ,
    "GET /v1/runs/{thread}": READ,
    "GET /v1/runs/{thread}/events": READ,
    "POST /v1/runs/{thread}/resume": RUN,
    "POST /v1/runs/{thread}/decide": DECIDE,
    "GET /v1/runs/{thread}/why": READ,
    "GET /v1/runs/{thread}/audit": READ,
    "GET /v1/runs/{thread}/audit/verify": READ,
    "GET /v1/runs/{thread}/report.html": READ,
    "GET /v1/inbox": READ,
    "GET /v1/policies/{team}/proof": READ,
    "POST /v1/runs/{thread}/cancel": RUN,
    "GET /v1/halt": ADMIN,
    "POST /v1/halt": ADMIN,
    "DELETE /v1/halt": ADMIN,
    "GET /board": READ,
    "GET /board/runs/{thread}": READ,
    "GET /board/runs/{thread}/live": READ,
    "GET /board/runs/{thread}/events": READ,
    "GET /board/runs/{thread}/answer/{question}": READ,
    "POST /board/runs/{thread}/answer/{question}": DECIDE,
    "GET /board/runs/{thread}/why": READ,
    "GET /board/runs/{thread}/report": READ,
    "GET /board/runs/{thread}/audit": READ,
    "POST /board/runs/{thread}/reopen": RUN,
    "GET /board/inbox": READ,
    "GET /board/teams": READ,
    "GET /board/teams/{team}": READ,
    "GET /board/watch": READ,
    "POST /board/watch": RUN,
    "GET /board/login": OPEN,
    "POST /board/login": OPEN,
    "POST /board/logout": ANY,
    "GET /board/static/{name}": OPEN,
}
"""By method and path, the path as the routes are written."""

NO_SCHEDULE = phrase("{asked} is refused: a schedule runs without a person; use `accord batch` from cron")
NO_RECORD = phrase("{asked} is refused: a run without a thread leaves no record; create a thread first (POST /threads)")
WRITES_PAST = phrase("{asked} is refused: it writes past every node; send a run with an input instead")
NO_COPY = phrase("{asked} is refused: the record of a thread names it, and a copy would not verify; begin a new thread")
NO_PRUNE = phrase("{asked} is refused: the record of a thread rests on all of its checkpoints; delete a thread whole")

LANGGRAPHS: Mapping[str, Right] = {
    "GET /ok": OPEN,
    "GET /": READ,
    "GET /info": READ,
    "GET /docs": READ,
    "GET /openapi.json": READ,
    "POST /assistants": ADMIN,
    "POST /assistants/search": READ,
    "POST /assistants/count": READ,
    "GET /assistants/{assistant_id}": READ,
    "PATCH /assistants/{assistant_id}": ADMIN,
    "DELETE /assistants/{assistant_id}": ADMIN,
    "GET /assistants/{assistant_id}/graph": READ,
    "GET /assistants/{assistant_id}/schemas": READ,
    "GET /assistants/{assistant_id}/subgraphs": READ,
    "GET /assistants/{assistant_id}/subgraphs/{namespace}": READ,
    "POST /assistants/{assistant_id}/versions": READ,
    "POST /assistants/{assistant_id}/latest": ADMIN,
    "POST /threads": RUN,
    "POST /threads/search": READ,
    "POST /threads/count": READ,
    "POST /threads/prune": NO_PRUNE,
    "GET /threads/{thread_id}": READ,
    "PATCH /threads/{thread_id}": RUN,
    "DELETE /threads/{thread_id}": ADMIN,
    "GET /threads/{thread_id}/state": READ,
    "POST /threads/{thread_id}/state": WRITES_PAST,
    "GET /threads/{thread_id}/state/{checkpoint_id}": READ,
    "POST /threads/{thread_id}/state/checkpoint": READ,
    "GET /threads/{thread_id}/history": READ,
    "POST /threads/{thread_id}/history": READ,
    "POST /threads/{thread_id}/copy": NO_COPY,
    "GET /threads/{thread_id}/stream": READ,
    "POST /threads/{thread_id}/stream/events": READ,
    "POST /threads/{thread_id}/commands": RUN_OR_DECIDE,
    "GET /threads/{thread_id}/runs": READ,
    "POST /threads/{thread_id}/runs": RUN_OR_DECIDE,
    "POST /threads/{thread_id}/runs/stream": RUN_OR_DECIDE,
    "POST /threads/{thread_id}/runs/wait": RUN_OR_DECIDE,
    "POST /threads/{thread_id}/runs/crons": NO_SCHEDULE,
    "GET /threads/{thread_id}/runs/{run_id}": READ,
    "DELETE /threads/{thread_id}/runs/{run_id}": ADMIN,
    "GET /threads/{thread_id}/runs/{run_id}/join": READ,
    "GET /threads/{thread_id}/runs/{run_id}/stream": READ,
    "POST /threads/{thread_id}/runs/{run_id}/cancel": RUN,
    "POST /runs": NO_RECORD,
    "POST /runs/stream": NO_RECORD,
    "POST /runs/wait": NO_RECORD,
    "POST /runs/batch": NO_RECORD,
    "POST /runs/crons": NO_SCHEDULE,
}
"""Of the routes of the LangGraph server. Closed: its stores, schedules, other protocols, inner workings, `/deploy`,
`/ui`, the writing of state, and whatever a later version adds.
"""

RIGHTS: Mapping[str, Right] = {**LANGGRAPHS, **OURS}
"""Of a service that is mounted on the LangGraph server."""

OPEN_PATHS = frozenset(("/health", "/ready", "/ok"))
"""What is not counted, and answered soon also where the database is slow."""

ROWS = (
    "POST /threads",
    "POST /threads/search",
    "GET /threads/{thread_id}",
    "PATCH /threads/{thread_id}",
    "GET /threads/{thread_id}/runs",
    "POST /threads/{thread_id}/runs",
    "GET /threads/{thread_id}/runs/{run_id}",
)
"""Routes that answer with rows of the server's lists."""
SHOW_NOTHING = ("POST /threads/{thread_id}/runs/{run_id}/cancel", "DELETE /threads/{thread_id}/runs/{run_id}")
"""Routes of a thread that answer with nothing of it."""
FOLLOW = (
    "GET /threads/{thread_id}/stream",
    "POST /threads/{thread_id}/stream/events",
    "GET /threads/{thread_id}/runs/{run_id}/stream",
)
"""Routes that show what is yet to come, before the record has it."""
