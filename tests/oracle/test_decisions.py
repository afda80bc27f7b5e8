"""Decisions of random tables on random votes: what `decide` gives is what the oracle gives."""

from itertools import product
from random import Random
from typing import Any

import pytest

from policies.guards import Finding, Guard
from policies.outcome import Ruling, decide
from policies.table import Policy
from policies.team_rules import parse_policy
from policies.vote import Vote
from tests.oracle import deciding
from tests.oracle.deciding import Decision, capped
from tests.oracle.drawing import draw
from tests.oracle.tables import Ballot, Place, Table, Team

VOTES = 60
"""Random votes for each table."""

CAPS = ("go_with_caution", "no_go")
GUARDS = {
    "go_with_caution": Guard(name="rate", fact="rate", above=1, cap="go_with_caution"),
    "no_go": Guard(name="alerts", fact="alerts", above=1, cap="no_go"),
}


def policy_of(table: Table) -> Policy:
    policy = parse_policy(table.as_file())
    assert isinstance(policy, Policy), policy
    return policy


def vote_of(team: Team, place: Place, ballot: Ballot, open_questions: int) -> Vote:
    casts: Any = dict(zip(team.seats(place.joined), ballot, strict=True))
    return Vote(
        casts, team.min_go_votes, place.round, place.max_rounds, place.blocked, open_questions, dict(team.weights),
        team.vetoers,
    )  # fmt: skip


def draw_vote(random: Random, table: Table, team: Team) -> tuple[Place, Ballot, int]:
    """Return any vote at any place, also one that no run reaches."""
    joined = frozenset(role for role in team.bench if random.random() < 0.5)
    max_rounds = random.randint(1, 9)
    at = random.randint(1, max_rounds)
    words = (*deciding.STANCES, "absent") if table.counts_absences else deciding.STANCES
    ballot = tuple(random.choice(words) for _ in team.seats(joined))
    return Place(at, random.randint(0, at - 1), joined, max_rounds), ballot, random.randint(0, 10)


def as_judged(ruling: Ruling, team: Team, place: Place) -> tuple[Any, ...]:
    """What the ruling says, in the oracle's words. A fault has no row, and a row may call whom it likes."""
    new = ruling.convene if ruling.convene in team.bench and ruling.convene not in place.joined else None
    return ruling.vote, ruling.row, ruling.fault is not None, new


def as_found(found: Decision) -> tuple[Any, ...]:
    return found.outcome, None if found.faulty else found.row, found.faulty, found.convene


def check_seed(seed: int) -> str:
    """Return what differs for the votes of a random table, or an empty text."""
    table, team = draw(seed)
    policy, random = policy_of(table), Random(-seed - 1)
    for _ in range(VOTES):
        place, ballot, asked = draw_vote(random, table, team)
        found = deciding.decide(table, team, place, ballot, asked)
        vote = vote_of(team, place, ballot, asked)
        ruling = decide(policy, vote)
        if as_judged(ruling, team, place) != as_found(found):
            return f"{table.as_file()} {team}: {ballot} with {asked} open at {place}: {ruling}, by the oracle {found}"
        for tripped in product((False, True), repeat=len(CAPS)):
            caps = tuple(cap for cap, is_tripped in zip(CAPS, tripped, strict=True) if is_tripped)
            findings = [Finding(GUARDS[cap], cap in caps) for cap in CAPS]
            limited = decide(policy, vote, findings)
            if (limited.vote, limited.final) != (found.outcome, capped(found.outcome, caps)):
                return f"{table.as_file()} {team}: {ballot} with {asked} open at {place} under {caps}: {limited}"
            if "no_go" in caps and limited.convene:
                return f"{table.as_file()}: {ballot} at {place} calls {limited.convene} though a guard ends the run"
    return ""


def test_random_votes_are_decided_as_the_oracle_decides_them() -> None:
    assert not [seed for seed in range(60) if check_seed(seed)]


@pytest.mark.slow
def test_many_random_votes_are_decided_as_the_oracle_decides_them() -> None:
    assert not [seed for seed in range(1_000, 1_250) if check_seed(seed)]
