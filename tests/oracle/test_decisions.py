"""Decisions of random tables on random votes: what `decide` gives is what the oracle gives."""

from random import Random
from typing import Any

import pytest

from policies.assurance.electorate import Place as Seen
from policies.assurance.rulings import change_of
from policies.decision.guards import examine
from policies.decision.marks import Marks
from policies.decision.outcome import Ruling, decide
from policies.decision.vote import Vote
from tests.judged import electorate_of, guards_of, policy_of
from tests.oracle import deciding
from tests.oracle.deciding import Decision, capped
from tests.oracle.drawing import draw
from tests.oracle.guarding import caps_of, draw_facts, draw_guards
from tests.oracle.tables import Ballot, Place, Table, Team, Told

VOTES = 60
"""Random votes for each table."""

SURE = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def vote_of(team: Team, place: Place, ballot: Ballot, told: Told, sure: tuple[float, ...]) -> Vote:
    casts: Any = dict(zip(team.seats(place), ballot, strict=True))
    marks = Marks(told.open_questions, told.ungrounded, told.moved)
    return Vote(
        casts, team.min_go_votes, place.round, place.max_rounds, place.blocked, marks, dict(team.weights),
        team.vetoers, sure,
    )  # fmt: skip


def draw_vote(random: Random, table: Table, team: Team) -> tuple[Place, Ballot, Told, tuple[float, ...]]:
    """Return any vote at any place, also one that no run reaches."""
    joined = frozenset(role for role in team.bench if random.random() < 0.5)
    left = frozenset(role for role in team.sequence[0 if joined else 1 :] if random.random() < 0.2)
    max_rounds = random.randint(1, 9)
    at = random.randint(1, max_rounds)
    words = (*deciding.STANCES, "absent") if table.counts_absences else deciding.STANCES
    place = Place(at, random.randint(0, at - 1), joined, max_rounds, left)
    ballot = tuple(random.choice(words) for _ in team.seats(place))
    pool = random.choice(((random.randint(0, 1_000) / 1_000,), SURE, SURE))
    sure = tuple(random.choice(pool) for word in ballot if word != "absent")
    asked, flagged = random.randint(0, 10), Random(f"{place} {ballot}")
    told = Told(asked, ungrounded=flagged.randint(0, len(ballot)), moved=flagged.randint(0, len(ballot)))
    return place, ballot, told, sure


def as_judged(ruling: Ruling, team: Team, place: Place) -> tuple[Any, ...]:
    """What the ruling says, in the oracle's words. A fault has no row, and a row may call and release whom it likes."""
    at = Seen(place.round, joined=(*place.joined,), released=(*place.left,))
    change = change_of(electorate_of(team), ruling, at)
    return ruling.vote, ruling.row, ruling.fault is not None, change.convene, change.release


def as_found(found: Decision) -> tuple[Any, ...]:
    return found.outcome, None if found.faulty else found.row, found.faulty, found.convene, found.release


def check_seed(seed: int) -> str:
    """Return what differs for the votes of a random table, or an empty text."""
    table, team = draw(seed)
    policy, random = policy_of(table), Random(-seed - 1)
    for _ in range(VOTES):
        place, ballot, told, sure = draw_vote(random, table, team)
        found = deciding.decide(table, team, place, ballot, told, sure)
        vote = vote_of(team, place, ballot, told, sure)
        ruling = decide(policy, vote)
        story = f"{table.as_file()} {team}: {ballot} with {told}, {sure} at {place}"
        if as_judged(ruling, team, place) != as_found(found):
            return f"{story}: {ruling}, by the oracle {found}"
        guards, facts = draw_guards(random), draw_facts(random)
        limited = decide(policy, vote, examine(guards_of(guards), facts))
        caps, tripped = caps_of(guards, facts), tuple(guard.name for guard in guards if guard.is_tripped(facts))
        if (limited.vote, limited.final, limited.guards) != (found.outcome, capped(found.outcome, caps), tripped):
            return f"{story} under {guards} on {facts}: {limited}, by the oracle {tripped}"
        if "no_go" in caps and (limited.convene or limited.release):
            return f"{story} calls {limited.convene}, releases {limited.release} though a guard ends the run"
    return ""


@pytest.mark.slow
def test_random_votes_are_decided_as_the_oracle_decides_them() -> None:
    assert not [seed for seed in range(60) if check_seed(seed)]
