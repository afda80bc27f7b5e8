"""Names that no role may have: LangGraph, the record or a proof calls something else by them."""

NODE_NAMES = ("convene", "align", "human", "settle", "finalize", "stop", "end", "brief", "all")
FIELD_NAMES = (
    "goal", "facts", "budget", "accept_changes", "case", "limits", "spent", "usage", "round", "seats", "wave",
    "replies", "outcome", "pending", "stop_reason", "phase", "raw_contribution", "answer", "final_decision", "history",
    "trace", "superseded", "events", "task", "stages", "forgiven", "messages",
    "delivered", "withdrawn", "since", "ending", "recovered", "ratios",
    "questions", "given", "sources", "reopens", "refresh", "stability", "tenant",
)  # fmt: skip
MESSAGE_NAMES = ("user", "assistant", "system", "tool", "function", "ai", "people", "approvers")
"""Names by which LangGraph takes an event for a chat message and breaks it; and what people are called in records."""

RESERVED_NAMES = frozenset(NODE_NAMES + FIELD_NAMES + MESSAGE_NAMES)
"""Names of nodes, routes, seats and state fields; LangGraph would refuse a role of such a name, or never ask it."""
