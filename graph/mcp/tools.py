"""Tools: what an agent may call, each with what it takes, the scope that it needs, and what it returns."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import CallToolResult, ToolAnnotations
from mcp_types import Tool as Described

from graph.mcp.arguments import Answering, Deciding, Explaining, Listing, Showing
from graph.mcp.call import Call
from graph.mcp.deciding import answer, decide
from graph.mcp.reading import list_, show, why
from graph.web.bodies import Body
from policies.access.caller import Scope

Schema = dict[str, Any]

INSTRUCTIONS = """Accord runs a team of role agents to one decision that can be proved, replayed and reopened.

Call `decide` with a team and a `thread` of your own (a new UUID, version 4). A run may take minutes: where it takes
longer than `wait_seconds`, or your own timeout, it continues, and the same call with the same `thread`, or `show`,
finds it. A run is never cancelled by a call that ends. `status` of a result: `ok` has a `final_decision`; `stopped`
has a `stop_reason`; `waiting` waits for people, and `to_answer` says who may answer what; `queued`, `running` and
`interrupted` are not done yet.

What people are asked is for people: do not answer for them. Where your client can show a form, `decide` asks the person
at it, and so does `answer` without an answer. `why` explains a decision and names the smallest changes that would have
flipped it. `list` finds threads, and what waits for people."""


def _of(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": [*required]}


THREAD: Schema = {"type": "string", "description": "The id of the thread."}
RECORD = _of(
    {
        "thread_id": THREAD,
        "status": {
            "type": "string",
            "enum": ["ok", "stopped", "waiting", "interrupted", "running", "queued"],
            "description": "How the run is now.",
        },
        "final_decision": {"type": ["string", "null"], "description": "go, go_with_caution or no_go, once decided."},
        "stop_reason": {"type": ["string", "null"], "description": "Why the run ended."},
        "message": {"type": "string", "description": "What to do next, where the run has not ended."},
        "to_answer": {
            "type": "array",
            "items": {"type": "object"},
            "description": "Of a run that waits for people: each question, who may answer it, and how.",
        },
        "problem": {"type": "string", "description": "Why the last answer of the person at the client was not taken."},
    },
    "thread_id",
    "status",
)
"""The record of a thread, as `accord show --json` gives it, or so much of it as there is."""
WHY = _of({"thread_id": THREAD}, "thread_id")
PAGE = _of(
    {
        "items": {"type": "array", "items": {"type": "object"}, "description": "The threads, or the questions."},
        "next": {"type": ["string", "null"], "description": "For `after` of the next call; null on the last page."},
    },
    "items",
    "next",
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the server."""

    title: str
    about: str
    takes: type[Body]
    scope: Scope
    work: Callable[[Call, Any], Awaitable[CallToolResult]]
    returns: Schema
    is_reading: bool = True

    def described(self, name: str) -> Described:
        """Return the tool as a client lists it."""
        hints = ToolAnnotations(
            title=self.title,
            read_only_hint=self.is_reading,
            destructive_hint=False,
            idempotent_hint=self.is_reading,
            open_world_hint=not self.is_reading,
        )
        return Described(
            name=name,
            title=self.title,
            description=self.about,
            input_schema=self.takes.model_json_schema(),
            output_schema=self.returns,
            annotations=hints,
        )


TOOLS: Mapping[str, Tool] = {
    "decide": Tool(
        "Decide with a team",
        "Run a team of roles to one decision. Returns the record once the run rests within `wait_seconds`, else the "
        "thread and its status; the run continues in either case.",
        Deciding,
        "run",
        decide,
        RECORD,
        is_reading=False,
    ),
    "show": Tool("Show a run", "Return the record of a thread as it is now.", Showing, "read", show, RECORD),
    "why": Tool(
        "Explain a decision",
        "Say by which row of the policy a thread was decided, and what would have flipped it.",
        Explaining,
        "read",
        why,
        WHY,
    ),
    "list": Tool(
        "List runs",
        "List the threads, the newest first, or with `waiting` what waits for people.",
        Listing,
        "read",
        list_,
        PAGE,
    ),
    "answer": Tool(
        "Answer a question",
        "Give what a thread asks people for, in the words of the person who answers. Without an answer the person at "
        "the client is asked with a form.",
        Answering,
        "decide",
        answer,
        RECORD,
        is_reading=False,
    ),
}
"""The tools by their names."""
