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
    "llm_truncated",
    "llm_refused",
    "llm_empty",
    "facts_unavailable",
    "needs_input",
    "condition_failed",
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


@dataclass(frozen=True, slots=True)
class StopRule:
    """What holds for a kind: whether the thread can go on, and has a detail.

    `raised_by` is the limit of the budget that has to be raised before.
    """

    resumable: bool = False
    detailed: bool = False
    raised_by: str | None = None


STOP_TABLE: dict[StopKind, StopRule] = {
    "success": StopRule(),
    "invalid_contribution": StopRule(resumable=True, detailed=True),
    "agent_denied": StopRule(detailed=True),
    "max_rounds_reached": StopRule(resumable=True, raised_by="max_rounds"),
    "max_messages": StopRule(resumable=True, raised_by="max_messages"),
    "max_seconds": StopRule(resumable=True, raised_by="max_seconds"),
    "max_tokens": StopRule(resumable=True, raised_by="max_tokens"),
    "max_cost": StopRule(resumable=True, raised_by="max_cost_usd"),
    "llm_timeout": StopRule(resumable=True),
    "llm_rate_limited": StopRule(resumable=True),
    "llm_error": StopRule(resumable=True, detailed=True),
    "llm_auth": StopRule(resumable=True),
    "llm_truncated": StopRule(resumable=True),
    "llm_refused": StopRule(resumable=True),
    "llm_empty": StopRule(resumable=True),
    "facts_unavailable": StopRule(resumable=True, detailed=True),
    "needs_input": StopRule(resumable=True, detailed=True),
    "condition_failed": StopRule(resumable=True, detailed=True),
    "cancelled": StopRule(resumable=True),
    "escalated": StopRule(resumable=True),
    "human_stopped": StopRule(),
    "stale_thread": StopRule(detailed=True),
    "busy": StopRule(),
    "unstable_decision": StopRule(resumable=True),
    "recovery_exhausted": StopRule(resumable=True, raised_by="max_recoveries"),
    "invalid_plan": StopRule(resumable=True, detailed=True),
    "step_failed": StopRule(resumable=True, detailed=True),
    "invalid_output": StopRule(resumable=True, detailed=True),
    "invalid_verdict": StopRule(resumable=True, detailed=True),
    "invalid_assignment": StopRule(resumable=True, detailed=True),
    "max_turns_reached": StopRule(),
    "no_quorum": StopRule(),
}
"""Every kind and its rule; a kind that is not detailed never carries a detail after `:`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run ends, and where: `phase` is `round_<n>:<role>`, `finalize`, `facts` or None."""

    reason: str
    phase: str | None = None


ESCALATED = Stop("escalated", "human")
"""A human has to decide."""


def stop_reason(kind: StopKind, detail: str | None = None) -> str:
    """Return the reason `kind` or `kind:detail`.

    Raises:
        ValueError: the kind is not in the table, or it must (or must not) carry a detail.

    >>> stop_reason("agent_denied", "legal_analyst")
    'agent_denied:legal_analyst'
    """
    if kind not in STOP_KINDS:
        raise ValueError(f"`{kind}` is no stop reason; allowed: {', '.join(STOP_KINDS)}")
    if (detail is not None) != STOP_TABLE[kind].detailed:
        raise ValueError(f"stop reason `{kind}` {'needs a' if STOP_TABLE[kind].detailed else 'takes no'} detail")
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

    >>> is_resumable("llm_timeout"), is_resumable("agent_denied:legal")
    (True, False)
    """
    return STOP_TABLE[kind_of(reason)].resumable


def limit_behind(reason: str) -> str | None:
    """Return the limit of the budget that has to be raised before a thread goes on, if one has to.

    >>> limit_behind("max_cost"), limit_behind("cancelled")
    ('max_cost_usd', None)
    """
    return STOP_TABLE[kind_of(reason)].raised_by
