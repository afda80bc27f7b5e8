"""Stop reasons: why a run ends, and where."""

from dataclasses import dataclass
from typing import cast

from policies.language import say
from policies.run.stop_table import ANOTHER, MOVED, STOP_KINDS, STOP_TABLE, StopKind, StopRule

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
            ValueError: the reason is not in the table, or has a detail that its kind does not carry.

        >>> (stop := Stop.parse("llm_error:503")).kind, stop.detail, stop.rule.is_resumable
        ('llm_error', '503', True)
        """
        stop = cls.find(reason)
        if stop is None:
            raise ValueError(f"`{reason}` is not a stop reason; allowed: {', '.join(STOP_KINDS)}")
        return stop

    @classmethod
    def find(cls, reason: str | None) -> "Stop | None":
        """Return the stop of a reason, or None where there is none, or none that the table allows.

        >>> Stop.find(None), Stop.find("not_assigned"), Stop.find("busy")
        (None, None, Stop(reason='busy', phase=None))
        """
        kind, colon, _ = (reason or "").partition(":")
        rule = STOP_TABLE.get(cast(StopKind, kind))
        return cls(reason or "") if rule is not None and (rule.is_detailed or not colon) else None

    @property
    def kind(self) -> StopKind:
        """The word before the first `:`."""
        return cast(StopKind, self.reason.partition(":")[0])

    @property
    def detail(self) -> str:
        """What follows it; empty where nothing does."""
        return self.reason.partition(":")[2]

    @property
    def rule(self) -> StopRule:
        """What holds for the kind."""
        return STOP_TABLE[self.kind]

    def remedy(self, resume: str) -> str:
        """Return what to do, with the command that resumes; empty where that is just to resume, or nothing can be done.

        >>> Stop("stale_thread:facts").remedy("").partition(". ")[0], Stop("condition_failed").remedy("accord resume t")
        ('The thread was started with other facts', 'Correct the facts, then resume it with: accord resume t')
        """
        moved = say(MOVED.get(self.detail, ANOTHER), detail=self.detail)
        return say(self.rule.remedy, moved=moved, resume=resume)

    @property
    def may_be_absent(self) -> bool:
        """Whether a seat that failed so may count as absent: a denial, a budget and `llm_auth` always stop.

        The reasons of a team that answers for a role are among them, where it failed by itself.

        >>> [Stop(reason).may_be_absent for reason in ("llm_error:503", "llm_error:400", "llm_error:protocol")]
        [True, False, True]
        """
        if self.kind == "llm_error":
            return self.detail in BROKEN_ANSWERS or (self.detail.startswith("5") and len(self.detail) == 3)
        return self.rule.is_absence


ESCALATED = Stop("escalated", "human")
"""A human has to decide; a team within stops so, and the run's own waits."""


def stop_reason(kind: StopKind, detail: str | None = None) -> str:
    """Return the reason `kind` or `kind:detail`.

    Raises:
        ValueError: the kind is not in the table, or it must (or must not) carry a detail.

    >>> stop_reason("agent_denied", "legal_analyst")
    'agent_denied:legal_analyst'
    """
    if kind not in STOP_KINDS:
        raise ValueError(f"`{kind}` is not a stop reason; allowed: {', '.join(STOP_KINDS)}")
    if (detail is not None) != STOP_TABLE[kind].is_detailed:
        raise ValueError(f"stop reason `{kind}` {'needs a' if STOP_TABLE[kind].is_detailed else 'takes no'} detail")
    return kind if detail is None else f"{kind}:{detail}"
