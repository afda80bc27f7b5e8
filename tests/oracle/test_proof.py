"""Proofs of random tables: every verdict is the oracle's, and every counterexample is one, and one of the smallest."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise, product
from random import Random
from typing import Any

import pytest

from policies.assurance.places import Counterexample
from policies.assurance.proof import Proof, PropertyCheck, prove
from tests.judged import electorate_of, guards_of, place_of, policy_of, told_of
from tests.oracle.deciding import STANCES
from tests.oracle.drawing import draw
from tests.oracle.guarding import draw_guards
from tests.oracle.places import Simulation
from tests.oracle.properties import (
    FINDERS,
    Case,
    idle_rows,
    messages_suffice,
    repairs_fit,
    repeated,
    resolves,
    resolves_always,
)
from tests.oracle.tables import Ballot, Place, Table, Team, Told

CI_SEEDS = range(24)
"""Those that each change is judged by; whoever changes them keeps `test_mutants` able to notice."""


def ballot_of(run: Simulation, place: Place, votes: Any) -> Ballot:
    """Return the stances in the order of the seats; a role that does not sit has none."""
    seats = run.team.seats(place)
    assert set(votes) == set(seats), f"{votes} are not the votes of {seats}"
    return tuple(votes[role] for role in seats)


# --- verdicts --------------------------------------------------------------------------------------------------------


def verdicts(run: Simulation) -> dict[str, bool]:
    """Return whether each property and report holds, by the oracle."""
    return {
        **{name: not any(True for _ in find(run, run.resumed)) for name, find in FINDERS.items()},
        "idle_rows": not idle_rows(run, run.resumed),
        "resolves": messages_suffice(run) and not any(True for _ in resolves(run)),
        "resolves_always": not any(True for _ in resolves_always(run)),
        "repairs_fit": repairs_fit(run),
    }


# --- counterexamples -------------------------------------------------------------------------------------------------


def wrong_examples(run: Simulation, check: PropertyCheck) -> Iterator[str]:
    """Yield what is wrong with the counterexample of a property that is about one place."""
    example = check.counterexample
    if example is None or not example.votes:
        yield "has no counterexample"
        return
    place = place_of(example.place)
    if place not in run.resumed:
        yield f"no run reaches {place}"
        return
    plainly = frozenset(FINDERS[check.property](run, run.plain))
    cases = plainly or frozenset(FINDERS[check.property](run, run.resumed))
    if plainly and place not in run.plain:
        yield "needs a resume, though another one does not"
    yield from _not_among(run, example, place, cases)


def _not_among(run: Simulation, example: Counterexample, place: Place, cases: frozenset[Case]) -> Iterator[str]:
    votes = tuple(ballot_of(run, place, each) for each in example.votes)
    told = run.as_read(told_of(example.place))
    same = [each for each in cases if (each.seen, each.votes) == (run.as_rows_see(place), votes)]
    same = [each for each in same if each.told == told]
    if not same:
        yield "shows nothing"
        return
    if example.outcomes[: len(same[0].outcomes)] != same[0].outcomes:
        yield f"has outcomes that the oracle does not give: {same[0].outcomes}"
    fewest = min(each.size for each in cases)
    if same[0].size != fewest:
        yield f"is not among the smallest, of which {fewest} roles do not say go"
    if place.round != min(each.place.round for each in cases if each.votes == votes):
        yield "comes in a later round than the same votes elsewhere"


def wrong_histories(run: Simulation, check: PropertyCheck) -> Iterator[str]:
    """Yield what is wrong with the history that leaves a run open to its last round."""
    example = check.counterexample
    if example is None:
        yield "has no counterexample"
        return
    if not example.votes:
        if check.property == "resolves" and not messages_suffice(run):
            return
        yield "has no votes"
        return
    place = place_of(example.place)
    ballot = ballot_of(run, place, example.votes[0])
    told = run.as_read(told_of(example.place))
    if run.votes(place)[ballot, told].final != "max_rounds_reached":
        yield "does not leave the last round open"
    if place not in run.plain:
        yield f"no run reaches {place} without a resume"
    if check.property == "resolves":
        yield from _not_repeated(run, place, example.votes[0], told)
    else:
        yield from _not_consecutive(run, [*example.history, (example.place, example.votes[0])])


def _not_repeated(run: Simulation, place: Place, votes: Any, told: Told) -> Iterator[str]:
    away = [role for role in run.team.sequence + run.team.bench if role not in votes]
    words = (*STANCES, "absent") if run.table.counts_absences else STANCES
    ends = (place, ballot_of(run, place, votes), told)
    said = (dict(zip(away, each, strict=True)) | dict(votes) for each in product(words, repeat=len(away)))
    if not any(ends in repeated(run, everybody) for everybody in said):
        yield f"is not where a run ends in which {votes} is said in every round"


def _not_consecutive(run: Simulation, history: list[Any]) -> Iterator[str]:
    """Yield each round of a history that does not lead to the next."""
    if place_of(history[0][0]) != run.start:
        yield "does not begin with the first round"
    for (seen, votes), (then, _) in pairwise(history):
        place = place_of(seen)
        ballot, told = ballot_of(run, place, votes), run.as_read(told_of(seen))
        found = run.votes(place)[ballot, told]
        if found.final != "next_round" or run.after(place, ballot, found) != place_of(then):
            yield f"does not go from {place} to {place_of(then)}"


# --- figures ---------------------------------------------------------------------------------------------------------


def wrong_figures(run: Simulation, proof: Proof) -> Iterator[str]:
    """Yield each share of outcomes, and each cell of the decision table, that is not what the votes give."""
    for share in proof.shares.values():
        place, told = place_of(share.place), run.as_read(told_of(share.place))
        given = Counter(found.outcome for vote, found in run.votes(place).items() if vote[1] == told)
        if place not in run.plain or share.outcomes != given or share.votes != given.total():
            yield f"{share}, by the oracle {given}"
    cells = {cell.counts: (cell.votes, {*cell.rows}, {*cell.outcomes}) for cell in proof.cells}
    if cells != dict(cells_of(run)):
        yield f"cells {cells}, by the oracle {dict(cells_of(run))}"


def cells_of(run: Simulation) -> Iterator[tuple[Any, Any]]:
    """Yield, for each go, caution, block and absent, how many votes there are, and what rows and outcomes they get."""
    votes: dict[Any, set[Any]] = defaultdict(set)
    rows: dict[Any, set[int | None]] = defaultdict(set)
    outcomes: dict[Any, set[str]] = defaultdict(set)
    for place in run.different(run.resumed):
        for (ballot, _), found in run.votes(place).items():
            counts = tuple(ballot.count(word) for word in (*STANCES, "absent"))
            votes[counts].add((run.team.seats(place), ballot))
            rows[counts].add(None if found.faulty else found.row)
            outcomes[counts].add(found.outcome)
    yield from ((counts, (len(votes[counts]), rows[counts], outcomes[counts])) for counts in votes)


# --- a seed ----------------------------------------------------------------------------------------------------------


def raised_by_the_table(table: Table, team: Team) -> int:
    """Return how far a resume may raise `max_rounds`: two rounds beyond every number that a row names, worked out here.

    Numbers from 12 on are counts of open questions.
    """
    named = [int(number) for row in table.as_file()["rules"] for number in re.findall(r"\b[0-9]{1,2}\b", row["when"])]
    return max([team.max_rounds, *(number for number in named if number < 12)]) + 2


def wrong_verdicts(run: Simulation, proof: Proof) -> Iterator[str]:
    """Yield each verdict that is not the oracle's, and what is wrong with each counterexample."""
    team, table = run.team, run.table
    expected = verdicts(run)
    further = max(raised_by_the_table(table, team), proof.walked.raised_to)
    if further > proof.walked.raised_to and not proof.walked.calculated:
        other = verdicts(Simulation(table, team, further, run.guards, run.capping))
        if other != expected:
            yield f"max_rounds raised to {further} and not to {proof.walked.raised_to} makes a difference"
    shown = {check.property: check for check in (*proof.checks, *proof.reports)}
    if set(shown) != set(expected):
        yield f"shows {sorted(shown)}"
    for name, check in shown.items():
        if check.holds != expected[name]:
            yield f"{name} is {check.holds}, by the oracle {expected[name]}: {check.counterexample}"
        elif not check.holds and name in FINDERS:
            yield from (f"{name} {what}: {check.counterexample}" for what in wrong_examples(run, check))
        elif not check.holds and name in ("resolves", "resolves_always"):
            yield from (f"{name} {what}: {check.counterexample}" for what in wrong_histories(run, check))


def check_seed(seed: int) -> str:
    """Return what the proof of a random table has that the oracle does not, or an empty text."""
    table, team = draw(seed)
    guards = draw_guards(Random(-seed - 1))
    proof = prove(policy_of(table), electorate_of(team), guards_of(guards))
    run = Simulation(table, team, proof.walked.raised_to, guards)
    found = [*wrong_figures(run, proof), *wrong_verdicts(run, proof)]
    return f"seed {seed}: {table.as_file()} {team}: " + "; ".join(found) if found else ""


@pytest.mark.slow
def test_proofs_of_random_tables_are_what_the_oracle_finds() -> None:
    assert not [found for seed in CI_SEEDS if (found := check_seed(seed))]
