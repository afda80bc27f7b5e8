"""A policy scored on recorded votes, after a check that it names only those who vote."""

from collections.abc import Iterator
from dataclasses import dataclass

from graph.assurance.columns import Wanted, listed, named
from graph.assurance.recorded import Recorded, read_recorded
from graph.assurance.subject import Subject, load_subject
from graph.problems import UsageError
from policies.assurance.evaluation import Evaluation, evaluate, strangers
from policies.language import say
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
        raise UsageError(
            say(
                "{policy}: a row has no answer for {item} of {path}: {message}; voters: {voters}",
                policy=policy,
                item=named(recorded.ids[place]),
                path=path,
                message=message,
                voters=listed(recorded.voters),
            )
        )
    return Scored(found, recorded, needed)


def _mismatches(policy: str, subject: Subject, recorded: Recorded, wanted: Wanted) -> Iterator[str]:
    """Yield a sentence for every role that does not vote, and one for the voters that a team does not know."""
    team = subject.electorate if subject.is_team else None
    roles, joining = (team.roles, team.joining) if team else ((), ())
    for role in roles:
        if role not in recorded.voters:
            told = say(
                "{policy}: the team has the role {role}, who is not among the voters of {path}; voters: {voters}",
                policy=policy,
                **_stranger(role, recorded),
            )
            yield f"{told}{did_you_mean(role, recorded.voters)}"
    for index, role in strangers(subject.policy, {*recorded.voters, *roles, *joining}):
        told = say(
            "{policy}: row {row} names {role}, who is not among the voters of {path}; voters: {voters}",
            policy=policy,
            row=index + 1,
            **_stranger(role, recorded),
        )
        yield f"{told}{did_you_mean(role, recorded.voters)}"
    surplus = [voter for voter in recorded.voters if voter not in (*roles, *joining)]
    if subject.is_team and surplus:
        told = say(
            "{path}: no role of {team} is called {names}; roles: {roles}",
            path=recorded.path,
            team=policy,
            names=listed(surplus),
            roles=listed(roles),
        )
        yield say("{fault}; `--voters` leaves columns out", fault=told) if wanted.voters is None else told


def _stranger(role: str, recorded: Recorded) -> dict[str, str]:
    return {"role": named(role), "path": recorded.path, "voters": listed(recorded.voters)}
