"""Why: a decision explained by the very function that took it; every claim is decided again before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.assurance.ballots import TooManyVotesError
from policies.assurance.electorate import Electorate, Place
from policies.assurance.flips import MarkFlip, StanceFlips, flip_marks, flip_stances
from policies.assurance.limits import LimitFlip, distance_of, flip_limits
from policies.assurance.power import Power, powers
from policies.decision.guards import Finding, Guard, examine
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Policy
from policies.decision.variables import VARIABLES, Variables
from policies.decision.vote import Vote


@dataclass(frozen=True)
class GuardReading:
    """What a guard found, and how far the fact is from its limit: positive while there is room left."""

    finding: Finding
    distance: float | None


@dataclass(frozen=True)
class Explanation:
    """Why a vote had the outcome it had.

    `values` are the variables that the rows read; `when` is the condition of the row that decided, if one did.
    """

    ruling: Ruling
    when: str | None
    values: Mapping[str, Any]
    guards: tuple[GuardReading, ...]
    stance_flips: StanceFlips
    mark_flips: tuple[MarkFlip, ...]
    limit_flips: tuple[LimitFlip, ...]
    powers: tuple[Power, ...]


def explain(
    policy: Policy, vote: Vote, guards: Sequence[Guard], facts: Mapping[str, Any], grounds: bool = True
) -> Explanation:
    """Return the explanation of a vote; without powers where the team casts too many kinds of votes to count them.

    `grounds` says whether the numbers of the team are grounded.
    """
    findings = examine(guards, facts)
    ruling = decide(policy, vote, findings)
    names = tuple(name for name in VARIABLES if name in policy.variables)
    return Explanation(
        ruling,
        None if ruling.row is None else policy.rules[ruling.row].when,
        Variables(vote).take(names),
        tuple(GuardReading(finding, distance_of(finding)) for finding in findings),
        flip_stances(policy, vote, findings),
        tuple(flip_marks(policy, vote, findings, grounds)),
        tuple(flip_limits(policy, vote, guards, facts)),
        _powers(policy, vote),
    )


def _powers(policy: Policy, vote: Vote) -> tuple[Power, ...]:
    sure = 1.0 if policy.trust_confidence else None
    place = Place(vote.round, vote.rounds_blocked, (), vote.max_rounds, vote.marks, sure)
    try:
        return powers(policy, _electorate(vote), place)
    except TooManyVotesError:
        return ()


def _electorate(vote: Vote) -> Electorate:
    return Electorate(tuple(vote.casts), vote.min_go_votes, vote.max_rounds, 0, vote.weights, vote.vetoers)
