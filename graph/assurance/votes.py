"""A policy scored on recorded votes, after a check that it names only those who vote."""

from collections.abc import Iterator
from dataclasses import dataclass

from graph.assurance.columns import Wanted, listed, named
from graph.assurance.recorded import Recorded, read_recorded
from graph.assurance.subject import Subject, load_subject
from graph.problems import UsageError
from policies.assurance.evaluation import Evaluation, evaluate, strangers
from policies.nearest import did_you_mean

MIN_GO_VOTES = 2
"""How many votes a go needs where neither the user nor a team sets it."""


@dataclass(frozen=True)
class Scored:
    """How a policy did on a recorded set, and the votes that a go needed."""

    found: Evaluation
    recorded: Recorded
    min_go_votes: int


def score(path: str, policy: str, wanted: Wanted, min_go_votes: int | None = None) -> Scored:
    """Return how a policy, or the policy of a team with its weights and vetoes, does on the votes in a file.

    Raises:
        UsageError: the file cannot be used, there is no such policy or team, it names somebody who is not among the
            voters, a voter is not a role of the team, or a row has no answer for an item.
    """
    subject = load_subject(policy)
    team = subject.electorate if subject.is_team else None
    recorded = read_recorded(path, wanted)
    problems = [*_mismatches(policy, subject, recorded, wanted)]
    if problems:
        raise UsageError(*problems)
    needed = min_go_votes or (team.min_go_votes if team else MIN_GO_VOTES)
    weights, vetoers = (team.weights, team.vetoers) if team else ({}, frozenset[str]())
    found = evaluate(subject.policy, recorded.items, needed, weights, vetoers)
    if found.fault:
        place, message = found.fault
        where = f"{named(recorded.ids[place])} of {path}"
        raise UsageError(f"{policy}: a row has no answer for {where}: {message}; voters: {listed(recorded.voters)}")
    return Scored(found, recorded, needed)


def _mismatches(policy: str, subject: Subject, recorded: Recorded, wanted: Wanted) -> Iterator[str]:
    """Yield a sentence for every role that does not vote, and one for the voters that a team does not know."""
    team = subject.electorate if subject.is_team else None
    roles, joining = (team.roles, team.joining) if team else ((), ())
    for role in roles:
        if role not in recorded.voters:
            yield f"{policy}: the team has the role {named(role)}, {_not_among(role, recorded)}"
    for index, role in strangers(subject.policy, {*recorded.voters, *roles, *joining}):
        yield f"{policy}: row {index + 1} names {named(role)}, {_not_among(role, recorded)}"
    surplus = [voter for voter in recorded.voters if voter not in (*roles, *joining)]
    if subject.is_team and surplus:
        hint = "; `--voters` leaves columns out" if wanted.voters is None else ""
        yield f"{recorded.path}: no role of {policy} is called {listed(surplus)}; roles: {listed(roles)}{hint}"


def _not_among(role: str, recorded: Recorded) -> str:
    nearest = did_you_mean(role, recorded.voters)
    return f"who is not among the voters of {recorded.path}; voters: {listed(recorded.voters)}{nearest}"
