"""Stop reasons: one closed table of why a run ends."""

from dataclasses import dataclass
from typing import Literal, get_args

StopKind = Literal[
    "success",
    "invalid_contribution",
    "agent_denied",
    "max_rounds_reached",
    "max_messages",
    "max_seconds",
    "max_tokens",
    "max_cost",
    "llm_timeout",
    "llm_rate_limited",
    "llm_error",
    "llm_auth",
    "llm_empty",
    "facts_unavailable",
    "needs_input",
    "cancelled",
    "escalated",
    "human_stopped",
    "stale_thread",
    "busy",
    "unstable_decision",
    "recovery_exhausted",
    "invalid_plan",
    "step_failed",
    "invalid_output",
    "invalid_verdict",
    "invalid_assignment",
    "max_turns_reached",
    "no_quorum",
]
"""The word before the first `:` of a stop reason."""

STOP_KINDS: tuple[StopKind, ...] = get_args(StopKind)

RESUMABLE: frozenset[StopKind] = frozenset(
    {
        "max_rounds_reached",
        "max_messages",
        "max_seconds",
        "max_tokens",
        "max_cost",
        "llm_timeout",
        "llm_rate_limited",
        "llm_error",
        "llm_auth",
        "llm_empty",
        "facts_unavailable",
        "needs_input",
        "cancelled",
        "escalated",
        "unstable_decision",
        "recovery_exhausted",
        "step_failed",
    }
)
"""Kinds after which the thread can go on; a budget's only after the budget was raised."""

DETAILED: frozenset[StopKind] = frozenset(
    {
        "invalid_contribution",
        "agent_denied",
        "llm_error",
        "facts_unavailable",
        "needs_input",
        "stale_thread",
        "invalid_plan",
        "step_failed",
        "invalid_output",
        "invalid_verdict",
        "invalid_assignment",
    }
)
"""Kinds that carry a detail after `:`; the others never do."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run ends, and where: `phase` is `round_<n>:<role>`, `finalize`, `facts` or None."""

    reason: str
    phase: str | None = None


def stop_reason(kind: StopKind, detail: str | None = None) -> str:
    """Return the reason `kind` or `kind:detail`.

    Raises:
        ValueError: the kind is not in the table, or it must (or must not) carry a detail.

    >>> stop_reason("agent_denied", "legal_analyst")
    'agent_denied:legal_analyst'
    """
    if kind not in STOP_KINDS:
        raise ValueError(f"`{kind}` is no stop reason; allowed: {', '.join(STOP_KINDS)}")
    if (detail is not None) != (kind in DETAILED):
        raise ValueError(f"stop reason `{kind}` {'needs a' if kind in DETAILED else 'takes no'} detail")
    return kind if detail is None else f"{kind}:{detail}"


def kind_of(reason: str) -> StopKind:
    """Return the kind of a stop reason.

    Raises:
        ValueError: the reason is not in the table.

    >>> kind_of("llm_error:503")
    'llm_error'
    """
    word = reason.partition(":")[0]
    for kind in STOP_KINDS:
        if kind == word:
            return kind
    raise ValueError(f"`{reason}` is no stop reason; allowed: {', '.join(STOP_KINDS)}")


def is_resumable(reason: str) -> bool:
    """Tell whether a thread that stopped with `reason` can go on.

    >>> is_resumable("llm_timeout"), is_resumable("invalid_contribution:stance")
    (True, False)
    """
    return kind_of(reason) in RESUMABLE
