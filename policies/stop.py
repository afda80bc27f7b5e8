"""Stop reasons: one closed table of why a run ends."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

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


Input = Literal["facts", "corrected_facts"]
"""What a thread needs from outside before it goes on: facts it has not got, or others than it has."""


@dataclass(frozen=True, slots=True)
class StopRule:
    """What holds for a kind: the sentence a person reads, and how a thread goes on after it, if it can.

    `raised_by` is the limit of the budget that has to be raised before, `needs` the input that has to be given. A kind
    that `is_detailed` carries a detail after `:`, and no other does. A seat that failed so
    counts as absent where it `is_absence`, if absences count. Where an answer broke its contract it `is_contract`.
    """

    sentence: str
    is_resumable: bool = False
    is_detailed: bool = False
    raised_by: str | None = None
    needs: Input | None = None
    is_absence: bool = False
    is_contract: bool = False


STOP_TABLE: dict[StopKind, StopRule] = {
    "success": StopRule("The team decided."),
    "invalid_contribution": StopRule(
        "A role broke the contract, and no repair was left.",
        is_resumable=True,
        is_detailed=True,
        is_absence=True,
        is_contract=True,
    ),
    "agent_denied": StopRule("A role of the sequence may not speak in this run.", is_detailed=True),
    "max_rounds_reached": StopRule(
        "Every round was used without a decision.", is_resumable=True, raised_by="max_rounds", is_absence=True
    ),
    "max_messages": StopRule(
        "The limit of messages was reached; the call that would exceed it was not made.",
        is_resumable=True,
        raised_by="max_messages",
    ),
    "max_seconds": StopRule("The time for the run was used up.", is_resumable=True, raised_by="max_seconds"),
    "max_tokens": StopRule(
        "The limit of tokens was reached; the call that would exceed it was not made.",
        is_resumable=True,
        raised_by="max_tokens",
    ),
    "max_cost": StopRule(
        "The limit of cost was reached; the call that would exceed it was not made.",
        is_resumable=True,
        raised_by="max_cost_usd",
    ),
    "llm_timeout": StopRule("The model gave no answer in time.", is_resumable=True, is_absence=True),
    "llm_rate_limited": StopRule("The provider refused more calls for now.", is_resumable=True, is_absence=True),
    "llm_error": StopRule("The provider failed.", is_resumable=True, is_detailed=True),
    "llm_auth": StopRule("The provider refused the key.", is_resumable=True),
    "llm_truncated": StopRule(
        "The model's answer was cut, so nobody can rely on it.", is_resumable=True, is_absence=True
    ),
    "llm_refused": StopRule("The model, or its provider, refused to answer.", is_resumable=True, is_absence=True),
    "llm_empty": StopRule("The model answered with nothing.", is_resumable=True, is_absence=True),
    "facts_unavailable": StopRule("The facts could not be read.", is_resumable=True, is_detailed=True, needs="facts"),
    "needs_input": StopRule(
        "A fact is missing without which the team does not start.", is_resumable=True, is_detailed=True, needs="facts"
    ),
    "condition_failed": StopRule(
        "A check of a role has no answer on these facts.", is_resumable=True, is_detailed=True, needs="corrected_facts"
    ),
    "cancelled": StopRule("Somebody stopped the run.", is_resumable=True),
    "escalated": StopRule("The team did not come to a decision that it may take alone.", is_resumable=True),
    "human_stopped": StopRule("A human stopped the run."),
    "stale_thread": StopRule("The thread was started with something else.", is_detailed=True),
    "busy": StopRule("Somebody else works on the thread."),
    "unstable_decision": StopRule("The decision did not stand when the last round was asked again.", is_resumable=True),
    "recovery_exhausted": StopRule(
        "The process died during calls too often, and no seat was filled in between.",
        is_resumable=True,
        raised_by="max_recoveries",
    ),
    "invalid_plan": StopRule(
        "A plan broke its contract.", is_resumable=True, is_detailed=True, is_absence=True, is_contract=True
    ),
    "step_failed": StopRule("A step failed.", is_resumable=True, is_detailed=True, is_absence=True),
    "invalid_output": StopRule(
        "A role's output broke its contract.", is_resumable=True, is_detailed=True, is_absence=True, is_contract=True
    ),
    "invalid_verdict": StopRule(
        "A verdict broke its contract.", is_resumable=True, is_detailed=True, is_absence=True, is_contract=True
    ),
    "invalid_assignment": StopRule(
        "An assignment broke its contract.", is_resumable=True, is_detailed=True, is_absence=True, is_contract=True
    ),
    "max_turns_reached": StopRule("Every turn was used, and nobody said the phrase that ends it.", is_absence=True),
    "no_quorum": StopRule("The ballots came to no decision.", is_absence=True),
}
"""Every kind and its rule."""

BROKEN_ANSWERS = ("protocol", "too_large")
"""Details of `llm_error` that say nothing against the next answer, as those of a server's own failures do."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run ends, and where: `phase` is `round_<n>:<role>`, `finalize`, `facts` or None."""

    reason: str
    phase: str | None = None

    @classmethod
    def parse(cls, reason: str) -> "Stop":
        """Return the stop of a reason.

        Raises:
            ValueError: the reason is not in the table.

        >>> (stop := Stop.parse("llm_error:503")).kind, stop.detail, stop.rule.is_resumable
        ('llm_error', '503', True)
        """
        if reason.partition(":")[0] not in STOP_KINDS:
            raise ValueError(f"`{reason}` is no stop reason; allowed: {', '.join(STOP_KINDS)}")
        return cls(reason)

    @property
    def kind(self) -> StopKind:
        """The word before the first `:`."""
        return cast(StopKind, self.reason.partition(":")[0])

    @property
    def detail(self) -> str:
        """What stands behind it; empty where nothing does."""
        return self.reason.partition(":")[2]

    @property
    def rule(self) -> StopRule:
        """What holds for the kind."""
        return STOP_TABLE[self.kind]

    @property
    def may_be_absent(self) -> bool:
        """Whether a seat that failed so may count as absent: a denial, a budget and `llm_auth` always stop.

        The reasons of a team that answers for a role are among them, where it came to nothing by itself.

        >>> [Stop(reason).may_be_absent for reason in ("llm_error:503", "llm_error:400", "llm_error:protocol")]
        [True, False, True]
        """
        if self.kind == "llm_error":
            return self.detail in BROKEN_ANSWERS or (self.detail.startswith("5") and len(self.detail) == 3)
        return self.rule.is_absence


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
    if (detail is not None) != STOP_TABLE[kind].is_detailed:
        raise ValueError(f"stop reason `{kind}` {'needs a' if STOP_TABLE[kind].is_detailed else 'takes no'} detail")
    return kind if detail is None else f"{kind}:{detail}"
