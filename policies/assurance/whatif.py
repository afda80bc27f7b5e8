"""What if: a past run decided again under another policy, without asking anybody, answered in three values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from policies.guards import Finding, Guard, examine
from policies.outcome import Ruling, decide
from policies.seats import may_be_absent
from policies.table import DECISIONS, Outcome, Policy, for_ballots
from policies.vote import Vote

Answer = Literal["same", "flipped", "undetermined"]
"""`undetermined`: the policy would have opened a round, asked a human or convened a role that never took place."""


@dataclass(frozen=True)
class Rules:
    """What decides: the policy; and the guards, the votes a go needs, weights and vetoes (None: as in the run)."""

    policy: Policy
    guards: tuple[Guard, ...] | None = None
    min_go_votes: int | None = None
    weights: Mapping[str, int] | None = None
    vetoers: frozenset[str] | None = None

    def on(self, vote: Vote) -> Vote:
        """Return a past vote as these rules count it."""
        return replace(
            vote,
            min_go_votes=vote.min_go_votes if self.min_go_votes is None else self.min_go_votes,
            weights=vote.weights if self.weights is None else self.weights,
            vetoers=vote.vetoers if self.vetoers is None else self.vetoers,
        )


@dataclass(frozen=True)
class PastRound:
    """A finished round: its vote, what it came to, and the role it convened."""

    vote: Vote
    final: Outcome
    convene: str | None = None


@dataclass(frozen=True)
class PastRun:
    """A finished or stopped run, with all that is needed to decide it again.

    `ended` is its decision, or the reason why it stopped without one; `convenable` are the roles that may join.
    `undecided` is the reason with which ballots stop that decide nothing, where there is one vote and no other round.
    """

    thread: str
    rounds: tuple[PastRound, ...]
    ended: str
    facts: Mapping[str, Any]
    guards: tuple[Guard, ...]
    on_absent: str
    convenable: frozenset[str]
    undecided: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The answer for one run: what it was, what it would be (None: nobody can know), where, and why."""

    thread: str
    answer: Answer
    was: str
    now: str | None
    round: int | None = None
    row: int | None = None
    reason: str | None = None
    guards: tuple[str, ...] = ()


def decide_again(run: PastRun, rules: Rules) -> Verdict:
    """Return what the run would have come to; a round that was never talked through is never made up."""
    findings = examine(run.guards if rules.guards is None else rules.guards, run.facts)
    for place, past in enumerate(run.rounds):
        following = run.rounds[place + 1] if place + 1 < len(run.rounds) else None
        verdict = _after(run, rules, past, following, findings)
        if verdict is not None:
            return verdict
    return _unfinished(run, rules)


def _after(
    run: PastRun, rules: Rules, past: PastRound, following: PastRound | None, findings: tuple[Finding, ...]
) -> Verdict | None:
    """Return the verdict at a round, or None where the next round, which took place, tells."""
    vote = rules.on(past.vote)
    ruling = decide(for_ballots(rules.policy) if run.undecided else rules.policy, vote, findings)
    if rules.policy.on_absent == "stop" and "absent" in vote.casts.values():
        return _undetermined(run, vote, ruling, f"an absent role would have stopped round {vote.round}")
    if ruling.final in DECISIONS:
        return _determined(run, ruling.final, vote, ruling)
    if run.undecided is not None:
        return _determined(run, run.undecided, vote, ruling)
    if ruling.final == "escalate":
        return _asked(run, past, vote, following, ruling)
    if following is not None:
        return _joined(run, vote, following, ruling)
    if vote.is_last:
        return _determined(run, "max_rounds_reached", vote, ruling)
    if past.final == "next_round" and ruling.convene == past.convene:
        return None
    return _undetermined(run, vote, ruling, f"round {vote.round + 1} never took place")


def _asked(run: PastRun, past: PastRound, vote: Vote, following: PastRound | None, ruling: Ruling) -> Verdict | None:
    """Return the verdict where a human would have been asked; None where one was, and what followed tells."""
    if following is None and run.ended == "escalated":
        return _determined(run, "escalated", vote, ruling)
    if past.final == "escalate":
        return None if following is None else _joined(run, vote, following, ruling)
    return _undetermined(run, vote, ruling, f"a human would have been asked after round {vote.round}")


def _joined(run: PastRun, vote: Vote, following: PastRound, ruling: Ruling) -> Verdict | None:
    called = ruling.convene if ruling.convene in run.convenable else None
    if called is not None and called not in following.vote.casts:
        return _undetermined(run, vote, ruling, f"{called} would have joined in round {vote.round + 1}")
    came = [role for role in following.vote.casts if role not in vote.casts and role != called]
    if came:
        reason = f"{came[0]} joined in round {vote.round + 1}, and would not have"
        return _undetermined(run, vote, ruling, reason)
    return None


def _unfinished(run: PastRun, rules: Rules) -> Verdict:
    """Return the verdict on a run that stopped inside a round, for a reason that is not the policy's."""
    if rules.policy.on_absent == run.on_absent or not may_be_absent(run.ended):
        return Verdict(run.thread, "same", run.ended, run.ended)
    reason = "absent roles count otherwise, and the round was not finished"
    return Verdict(run.thread, "undetermined", run.ended, None, reason=reason)


def _determined(run: PastRun, now: str, vote: Vote, ruling: Ruling) -> Verdict:
    answer: Answer = "same" if now == run.ended else "flipped"
    return Verdict(run.thread, answer, run.ended, now, vote.round, ruling.row, ruling.because, ruling.guards)


def _undetermined(run: PastRun, vote: Vote, ruling: Ruling, reason: str) -> Verdict:
    return Verdict(run.thread, "undetermined", run.ended, None, vote.round, ruling.row, reason, ruling.guards)
