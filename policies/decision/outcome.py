"""Outcomes: what one finished round decides. The one function that decides, proves, explains and replays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from policies.conditions.condition import Fault
from policies.decision.guards import Finding, cap_of, capped
from policies.decision.table import Outcome, Policy, first_row
from policies.decision.vote import Vote
from policies.language import phrase


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy made of a vote.

    `vote` is what the vote alone gives, the end of the rounds counted in; `final` is that within the caps of the
    tripped guards. `row` is the index of the row, None for `otherwise` (or for no row at all, or a fault); `convene`
    and `release` are the roles that it brings in and lets go from the next round on.
    """

    vote: Outcome
    final: Outcome
    row: int | None = None
    because: str | None = None
    convene: str | None = None
    release: str | None = None
    rounds_ended: bool = False
    guards: tuple[str, ...] = ()
    fault: str | None = None


def decide(policy: Policy, vote: Vote, findings: Sequence[Finding] = ()) -> Ruling:
    """Return the ruling: the first row that holds, the end of the rounds, then the guards.

    A vote for which a row has no answer, or that no row and no `otherwise` covers, escalates: nobody guesses.
    In the last round `next_round` becomes what `when_rounds_end` says; under `stop` it stays, and the run stops.

    >>> policy = Policy(name="x", rules=[{"when": "block >= 2", "then": "no_go"}], otherwise="go")
    >>> decide(policy, Vote({"risk": "block", "legal": "go"})).final
    'go'
    """
    index = first_row(policy, vote)
    if isinstance(index, Fault):
        return _guarded("escalate", findings, Ruling("escalate", "escalate", fault=index.message))
    row = None if index is None else policy.rules[index]
    outcome = row.then if row else policy.otherwise
    if outcome is None:
        return _guarded("escalate", findings, Ruling("escalate", "escalate", fault=phrase("no row holds")))
    ends = outcome == "next_round" and vote.is_last and policy.when_rounds_end != "stop"
    effective: Outcome = _AT_THE_END[policy.when_rounds_end] if ends else outcome
    because = row.because if row else None
    convene, release = (row.convene, row.release) if row and effective == "next_round" else (None, None)
    return _guarded(effective, findings, _ruling(effective, index, because, convene, release, ends))


@lru_cache(maxsize=1_024)
def _ruling(
    outcome: Outcome, row: int | None, because: str | None, convene: str | None, release: str | None, ends: bool
) -> Ruling:
    return Ruling(outcome, outcome, row, because, convene, release, ends)


_AT_THE_END: Mapping[str, Outcome] = {"escalate": "escalate", "no_go": "no_go"}


def _guarded(outcome: Outcome, findings: Sequence[Finding], ruling: Ruling) -> Ruling:
    if not findings:
        return ruling
    final = capped(outcome, cap_of(findings))
    return Ruling(
        ruling.vote,
        final,
        ruling.row,
        ruling.because,
        ruling.convene if final == "next_round" else None,
        ruling.release if final == "next_round" else None,
        ruling.rounds_ended,
        tuple(finding.guard.name for finding in findings if finding.tripped),
        ruling.fault,
    )
