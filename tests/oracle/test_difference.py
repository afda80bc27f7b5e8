"""Differences of random policies: `equivalent` exactly where no run tells them apart, and every change is one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from policies.assurance.difference import Change, find_changes
from tests.judged import electorate_of, place_of, policy_of, told_of
from tests.oracle.bending import draw_pair
from tests.oracle.differences import Act, Comparison
from tests.oracle.tables import Place

RAISED_BY = 4
"""How far the oracle raises `max_rounds` beyond the higher one."""


def in_words(act: Act) -> str:
    """Return an act in the words of a change; whether a round is left is said only where it makes the change."""
    final, (comes, goes), _ = act
    changes = [*([f"{comes} joins"] if comes else []), *([f"{goes} leaves"] if goes else [])]
    if final == "stopped":
        return "stop (a role is absent)"
    if final == "max_rounds_reached":
        return f"stop ({final})" + (f", {' and '.join(changes)} if a resume raises max_rounds" if changes else "")
    return final + "".join(f", {each}" for each in changes)


def pair_in_words(acts: tuple[Act, Act]) -> tuple[str, str]:
    one, two = map(in_words, acts)
    if one == two == "escalate" and acts[0] != acts[1]:
        first, second = (f"escalate ({'a' if again else 'no'} round is left)" for _, _, again in acts)
        return first, second
    return one, two


def wrong_changes(comparison: Comparison, changes: list[Change]) -> Iterator[str]:
    """Yield what is wrong with the changes that are listed."""
    counted: Counter[Any] = Counter()
    for change in changes:
        pairs = [pair for pair in places_of(comparison, change) if in_reach(comparison, *pair)]
        matching = [pair for pair in pairs if is_one(comparison, change, *pair)]
        if not matching:
            yield f"{change} is none"
        elif len(pairs) == 1:
            counted[pairs[0], told_of(change.example.place), change.source, change.target] += change.votes
    for (pair, told, source, target), number in counted.items():
        found = [each for each in comparison.differences_at(*pair) if each.told == told]
        alike = [each for each in found if pair_in_words(each.acts) == (source, target)]
        if len(alike) != number:
            yield f"{number} votes from {source} to {target} at {pair}, by the oracle {len(alike)}"


def places_of(comparison: Comparison, change: Change) -> list[tuple[Place, Place]]:
    """Return where both may be: the second has the `max_rounds` of the first, or its own where none is raised."""
    here = place_of(change.example.place)
    first, second = (run.team.max_rounds for run in comparison.runs)
    own = [(here, replace(here, max_rounds=second))] if here.max_rounds == first != second else []
    return [(here, here), *own]


def in_reach(comparison: Comparison, here: Place, there: Place) -> bool:
    return here in comparison.runs[0].resumed or there in comparison.runs[1].resumed


def is_one(comparison: Comparison, change: Change, here: Place, there: Place) -> bool:
    """Return whether the two act on the example as the change says."""
    (votes,) = change.example.votes
    ballot = tuple(votes[role] for role in comparison.runs[0].team.seats(here))
    told = told_of(change.example.place)
    acts = (comparison.act(0, here, ballot, told), comparison.act(1, there, ballot, told))
    return acts[0] != acts[1] and pair_in_words(acts) == (change.source, change.target)


def check_seed(seed: int) -> str:
    """Return what differs for a random pair of policies, or an empty text."""
    (table, team), (other, others) = draw_pair(seed)
    changes = list(find_changes(policy_of(table), policy_of(other), electorate_of(team), electorate_of(others)))
    raised_to = max(
        team.max_rounds + RAISED_BY, *(each.example.place.max_rounds for each in changes), others.max_rounds
    )
    comparison = Comparison((table, team), (other, others), raised_to)
    expected = comparison.can_be_told_apart()
    found = list(wrong_changes(comparison, changes))
    if bool(changes) != expected:
        one = next(comparison.differences(), None)
        found.append(f"{len(changes)} changes, by the oracle {one}; {changes[:1]}")
    missing = {pair_in_words(each.acts) for each in comparison.differences()}
    missing -= {(change.source, change.target) for change in changes}
    found += [f"no change from {source} to {target}" for source, target in missing]
    return f"seed {seed}: {table.as_file()} {team} | {other.as_file()} {others}: " + "; ".join(found) if found else ""


@pytest.mark.slow
def test_random_policies_are_told_apart_exactly_where_a_run_can() -> None:
    assert not [found for seed in range(20) if (found := check_seed(seed))]
