"""Stop table: the kinds of stop reasons, and what holds for each."""

from dataclasses import dataclass
from typing import Literal, get_args

from policies.language import phrase, say

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
    "unstable_decision",
    "human_stopped",
    "stale_thread",
    "busy",
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


StopInput = Literal["facts", "corrected_facts"]
"""What a thread needs from outside before it is resumed: facts that it lacks, or different ones."""

Origin = Literal["vote", "rules"]
"""What a stop follows from: from a vote, or from the rules, the team and the limits alone."""


@dataclass(frozen=True, slots=True)
class StopRule:
    """What holds for a kind: the sentence a person reads, and how a thread is resumed after it, if it can be.

    `detailed` is the sentence with `{detail}` in it, where that does not follow in brackets. `remedy` is what to do
    where that is not just to resume: `{resume}` in it is the command, `{moved}` the field that moved.
    `raised_by` is the limit of the budget that has to be raised before, `needs` the input that has to be given. A kind
    that `is_detailed` carries a detail after `:`, and no other does. A seat that failed so
    counts as absent where it `is_absence`, if absences count. Where an answer broke its contract it `is_contract`, and
    the detail `names_check` where it is the check that failed. `asks_human`: the team asks for a human's decision.
    `is_held`: somebody else works on the thread. `is_given`: the model answered, which costs what it costs.
    `follows_from`: whether it can be worked out, and from what; a stop of which that is not said comes from outside.
    """

    sentence: str
    is_resumable: bool = False
    is_detailed: bool = False
    raised_by: str | None = None
    needs: StopInput | None = None
    is_absence: bool = False
    is_contract: bool = False
    names_check: bool = False
    asks_human: bool = False
    is_held: bool = False
    is_given: bool = False
    follows_from: Origin | None = None
    detailed: str | None = None
    remedy: str = ""

    def told(self, detail: str) -> str:
        """Return the sentence with a detail in it; alone where that is empty.

        >>> STOP_TABLE["step_failed"].told("2"), STOP_TABLE["llm_error"].told("503")
        ('Step 2 of the plan failed, and the planner may not be asked again.', 'The provider failed (503).')
        """
        if not detail:
            return say(self.sentence)
        if self.detailed:
            return say(self.detailed, detail=detail)
        return say("{sentence} ({detail}).", sentence=say(self.sentence).removesuffix("."), detail=detail)


def _refusal(sentence: str, detailed: str | None = None, names_check: bool = True) -> StopRule:
    """Return the rule of an answer that broke its contract."""
    return StopRule(
        sentence,
        is_resumable=True,
        is_detailed=True,
        is_absence=True,
        is_contract=True,
        names_check=names_check,
        detailed=detailed,
    )


def _limit(sentence: str, raised_by: str, follows_from: Origin | None = None) -> StopRule:
    """Return the rule of a limit that the next call would exceed."""
    return StopRule(sentence, is_resumable=True, raised_by=raised_by, follows_from=follows_from)


STOP_TABLE: dict[StopKind, StopRule] = {
    "success": StopRule(phrase("The team decided.")),
    "invalid_contribution": _refusal(phrase("A role broke the contract, and no repair was left.")),
    "agent_denied": StopRule(
        phrase("A role of the sequence may not speak in this run."), is_detailed=True, follows_from="rules"
    ),
    "max_rounds_reached": StopRule(
        phrase("Every round was used without a decision."),
        is_resumable=True,
        raised_by="max_rounds",
        is_absence=True,
        follows_from="vote",
    ),
    "max_messages": _limit(
        phrase("The limit of messages was reached; the call that would exceed it was not made."),
        "max_messages",
        follows_from="rules",
    ),
    "max_seconds": StopRule(phrase("The time for the run was used up."), is_resumable=True, raised_by="max_seconds"),
    "max_tokens": _limit(
        phrase("The limit of tokens was reached; the call that would exceed it was not made."), "max_tokens"
    ),
    "max_cost": _limit(
        phrase("The limit of cost was reached; the call that would exceed it was not made."), "max_cost_usd"
    ),
    "llm_timeout": StopRule(phrase("The model gave no answer in time."), is_resumable=True, is_absence=True),
    "llm_rate_limited": StopRule(
        phrase("The provider refused more calls for now."), is_resumable=True, is_absence=True
    ),
    "llm_error": StopRule(phrase("The provider failed."), is_resumable=True, is_detailed=True),
    "llm_auth": StopRule(
        phrase("The provider refused the key."),
        is_resumable=True,
        remedy=phrase("Set a key that the provider takes, then resume the thread with: {resume}"),
    ),
    "llm_truncated": StopRule(
        phrase("The model's answer was cut, so nobody can rely on it."),
        is_resumable=True,
        is_absence=True,
        is_given=True,
    ),
    "llm_refused": StopRule(
        phrase("The model, or its provider, refused to answer."), is_resumable=True, is_absence=True, is_given=True
    ),
    "llm_empty": StopRule(phrase("The model gave an empty answer."), is_resumable=True, is_absence=True, is_given=True),
    "facts_unavailable": StopRule(
        phrase("The facts could not be read."), is_resumable=True, is_detailed=True, needs="facts"
    ),
    "needs_input": StopRule(
        phrase("A fact that the team needs to start is missing."), is_resumable=True, is_detailed=True, needs="facts"
    ),
    "condition_failed": StopRule(
        phrase("A check of a role has no answer on these facts."),
        is_resumable=True,
        is_detailed=True,
        needs="corrected_facts",
        remedy=phrase("Correct the facts, then resume it with: {resume}"),
    ),
    "cancelled": StopRule(phrase("Somebody stopped the run."), is_resumable=True),
    "escalated": StopRule(
        phrase("A team that answers for a role did not reach a decision that it may take alone."),
        is_resumable=True,
        asks_human=True,
        follows_from="vote",
        remedy=phrase(
            "Only the team of the run asks people. To let the team talk once more: {resume} --budget max_rounds=N"
        ),
    ),
    "unstable_decision": StopRule(
        phrase("The last round, asked again, had another outcome too often to announce the decision."),
        is_resumable=True,
        follows_from="vote",
        remedy=phrase("To ask the last round again, with messages of its own: {resume}"),
    ),
    "human_stopped": StopRule(phrase("Whoever was asked ended the run without a decision.")),
    "stale_thread": StopRule(
        phrase("The thread was started with something else."),
        is_detailed=True,
        remedy=phrase(
            "The thread was started with {moved}. To decide anew, name another --thread; "
            "one that has not finished takes the change with --accept-changes."
        ),
    ),
    "busy": StopRule(
        phrase("Somebody else works on the thread."),
        is_held=True,
        remedy=phrase("Somebody else works on this thread. Try again when they are done."),
    ),
    "recovery_exhausted": StopRule(
        phrase("The process died during calls too often, and no seat was filled in between."),
        is_resumable=True,
        raised_by="max_recoveries",
    ),
    "invalid_plan": _refusal(
        phrase("A plan broke its contract."), phrase("The plan broke its contract, and no repair was left: {detail}.")
    ),
    "step_failed": StopRule(
        phrase("A step failed."),
        is_resumable=True,
        is_detailed=True,
        is_absence=True,
        detailed=phrase("Step {detail} of the plan failed, and the planner may not be asked again."),
    ),
    "invalid_output": _refusal(
        phrase("A role's output broke its contract."),
        phrase("What {detail} returned broke its contract, and no repair was left."),
        names_check=False,
    ),
    "invalid_verdict": _refusal(
        phrase("A verdict broke its contract."),
        phrase("The verdict broke its contract, and no repair was left: {detail}."),
    ),
    "invalid_assignment": _refusal(
        phrase("An assignment broke its contract."),
        phrase("The assignment broke its contract, and no repair was left: {detail}."),
    ),
    "max_turns_reached": StopRule(
        phrase("Every turn was used, and nobody said the phrase that ends it."), is_absence=True
    ),
    "no_quorum": StopRule(phrase("The ballots gave no decision."), is_absence=True, follows_from="vote"),
}
"""Every kind and its rule."""

MOVED = {
    "facts": phrase("other facts"),
    "goal": phrase("another goal"),
    "policy": phrase("another policy"),
    "team": phrase("another team"),
}
"""What a thread was started with, by the detail of `stale_thread`, in words."""

ANOTHER = phrase("another {detail}")
"""The same for a detail that no version of this table has words for."""
