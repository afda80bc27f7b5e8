"""The difference of two policies: exactly the votes whose outcome differs."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace

from policies.assurance.ballots import Ballots, Team, size_of
from policies.assurance.properties import Counterexample
from policies.outcome import decide
from policies.table import Outcome, Policy
from policies.vote import Vote


@dataclass(frozen=True)
class Change:
    """Votes of one kind at one place whose outcome differs: how many they are, one of them, and both outcomes."""

    source: Outcome
    target: Outcome
    votes: int
    example: Counterexample


def find_changes(first: Policy, second: Policy, team: Team, other: Team | None = None) -> Iterator[Change]:
    """Yield every kind of vote whose outcome differs; none at all means that the policies are equivalent.

    `other` is the team under the second policy, where its limits, weights or vetoes differ; its roles are the same.

    Raises:
        TooManyVotesError: the team casts more kinds of votes than can be gone through.
    """
    against, both = other or team, _both(first, second)
    ballots = Ballots(both, team, against)
    met = {*ballots.places(), *Ballots(both, against).places()}
    last = min(team.max_rounds, against.max_rounds)
    for place in sorted((place for place in met if place.round <= last), key=astuple):
        for ballot in ballots.kinds():
            vote = ballots.vote(ballot, place)
            one, two = decide(first, vote).final, decide(second, _under(against, vote)).final
            if one != two:
                example = Counterexample((vote.casts,), (one, two), place.round, place.rounds_blocked)
                yield Change(one, two, size_of(ballot), example)


def _under(team: Team, vote: Vote) -> Vote:
    """Return the same casts under another team's limits, weights and vetoes."""
    votes, rounds = team.min_go_votes, team.max_rounds
    return replace(vote, min_go_votes=votes, max_rounds=rounds, weights=team.weights, vetoers=team.vetoers)


def _both(first: Policy, second: Policy) -> Policy:
    """Return a policy that reads what either reads, so that its ballots and places tell apart what either does."""
    on_absent = "count" if "count" in (first.on_absent, second.on_absent) else "stop"
    trusts = first.trust_confidence or second.trust_confidence
    rules = (*first.rules, *second.rules)
    return first.model_copy(update={"rules": rules, "on_absent": on_absent, "trust_confidence": trusts})
