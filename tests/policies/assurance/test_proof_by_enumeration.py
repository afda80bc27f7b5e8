"""The proof counts kinds of votes; here every vote is decided one by one, and both must say the same."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from policies.assurance.ballots import Team
from policies.assurance.proof import Proof, prove
from policies.outcome import decide
from policies.table import Policy
from policies.vote import Cast
from tests.policies.assurance.enumeration import (
    CAUTIOUS,
    RANK,
    departures,
    everything,
    places,
    policy,
    random_policy,
    random_team,
    vote_of,
)

pytestmark = pytest.mark.slow

Casts = tuple[Cast, ...]
Place = tuple[int, int]
Failing = set[tuple[Place, Casts]]


class Naive:
    """What a proof says, worked out vote by vote."""

    def __init__(self, rules: Policy, team: Team) -> None:
        self.rules, self.team = rules, team
        self.votes = list(everything(rules, team))
        every = [(place, casts) for place in places(team) for casts in self.votes]
        self.rulings = {(place, casts): decide(rules, vote_of(team, casts, *place)) for place, casts in every}
        self.final = {key: ruling.final for key, ruling in self.rulings.items()}

    def total(self) -> Failing:
        return {key for key, ruling in self.rulings.items() if ruling.fault is not None}

    def monotone(self) -> Failing:
        return {key for key in self.final if any(self.rises(key, seat, to) for seat, to in self.cautious(key[1]))}

    def absence_never_helps(self) -> Failing:
        if self.rules.on_absent == "stop":
            return set()
        return {
            (place, casts)
            for place, casts in self.final
            if any(cast == "go" and self.rises((place, casts), seat, "absent") for seat, cast in enumerate(casts))
        }

    def veto_honoured(self) -> Failing:
        seats = [seat for seat, role in enumerate(self.team.roles) if role in self.team.vetoers]
        return {
            (place, casts)
            for (place, casts), final in self.final.items()
            if final in ("go", "go_with_caution") and any(casts[seat] == "block" for seat in seats)
        }

    def resolves(self) -> Failing:
        rounds = range(1, self.team.max_rounds + 1)
        reads_streak = any("block_streak" in row.when for row in self.rules.rules)
        found = set()
        for casts in self.votes:
            met = [(number, number - 1 if "block" in casts and reads_streak else 0) for number in rounds]
            if all(self.final[place, casts] == "next_round" for place in met):
                found.add((met[-1], casts))
        return found

    def cautious(self, casts: Casts) -> Iterator[tuple[int, Cast]]:
        yield from ((seat, to) for seat, cast in enumerate(casts) if cast != "absent" for to in CAUTIOUS[cast])

    def rises(self, key: tuple[Place, Casts], seat: int, to: Cast) -> bool:
        place, casts = key
        moved = (*casts[:seat], to, *casts[seat + 1 :])
        return RANK[self.final[place, moved]] > RANK[self.final[key]]

    def shares(self, number: int) -> Counter[str]:
        return Counter(self.final[(number, 0), casts] for casts in self.votes)


NAMES = ("total", "monotone", "absence_never_helps", "veto_honoured", "resolves")


def check_counterexamples(proof: Proof, naive: Naive) -> set[str]:
    """The proof fails where a vote does, and its counterexample is such a vote, none smaller."""
    broken = set()
    for check in proof.checks:
        failing: Failing = getattr(naive, check.property)() if check.property in NAMES else set()
        assert check.holds == (not failing), (check, naive.rules, naive.team)
        if check.counterexample is not None:
            broken.add(str(check.property))
            place = (check.counterexample.round, check.counterexample.rounds_blocked)
            votes = [tuple(vote[role] for role in naive.team.roles) for vote in check.counterexample.votes]
            assert check.counterexample.outcomes == tuple(naive.final[place, casts] for casts in votes)
            assert (place, votes[0]) in failing
            assert departures(votes[0]) == min(departures(casts) for _, casts in failing)
    return broken


def check_numbers(proof: Proof, naive: Naive) -> None:
    assert proof.votes == len(naive.votes)
    assert dict(proof.shares["first"]) == naive.shares(1)
    assert dict(proof.shares["last"]) == naive.shares(naive.team.max_rounds)
    assert sum(cell.votes for cell in proof.cells) == len(naive.votes)
    for cell in proof.cells:
        counted = {cast: count for cast, count in zip(("go", "caution", "block", "absent"), cell.counts, strict=True)}
        same = [key for key in naive.rulings if all(key[1].count(cast) == n for cast, n in counted.items())]
        assert cell.votes == len({casts for _, casts in same})
        assert {*cell.outcomes} == {naive.final[key] for key in same}
        assert {*cell.rows} == {naive.rulings[key].row for key in same}


def naive_reports(naive: Naive) -> set[str]:
    """Idle rows and asymmetry; overlaps are asked of single rows, so they are worked out from one-row policies."""
    found = set()
    if {*range(len(naive.rules.rules))} - {ruling.row for ruling in naive.rulings.values()}:
        found.add("idle_rows")
    by_counts: dict[tuple[Place, tuple[Cast, ...]], set[str]] = {}
    for (place, casts), final in naive.final.items():
        by_counts.setdefault((place, tuple(sorted(casts))), set()).add(final)
    if any(len(finals) > 1 for finals in by_counts.values()):
        found.add("asymmetry")
    single = [policy((row.when, row.then)) for row in naive.rules.rules]
    for place, casts in naive.final:
        rulings = [decide(each, vote_of(naive.team, casts, *place)) for each in single]
        faults = {ruling.fault for ruling in rulings} - {None, "no row holds"}
        thens = {row.then for row, ruling in zip(naive.rules.rules, rulings, strict=True) if ruling.row is not None}
        if len(thens) > 1 and not faults:
            found.add("overlaps")
            break
    return found


@pytest.mark.parametrize("twenties", range(16))
def test_the_proof_by_counts_says_of_random_policies_what_every_vote_says(twenties: int) -> None:
    broken, reported = Counter[str](), Counter[str]()
    for seed in range(twenties * 20, twenties * 20 + 20):
        rng = random.Random(f"proof {seed}")
        team = random_team(rng, most=4 if seed % 3 == 0 else 3)
        rules = random_policy(rng, team.roles)
        naive, proof = Naive(rules, team), prove(rules, team)

        broken.update(check_counterexamples(proof, naive))
        check_numbers(proof, naive)
        told = {str(report.property) for report in proof.reports if not report.holds}
        assert told == naive_reports(naive), (rules, team)
        reported.update(told)
    assert broken
    assert reported


def test_the_random_policies_break_every_property_and_keep_every_property() -> None:
    broken, kept = Counter[str](), Counter[str]()
    for seed in range(320):
        rng = random.Random(f"proof {seed}")
        team = random_team(rng, most=4 if seed % 3 == 0 else 3)
        for check in prove(random_policy(rng, team.roles), team).checks:
            (kept if check.holds else broken)[str(check.property)] += 1

    assert min(broken[name] for name in NAMES) >= 5
    assert min(kept[name] for name in NAMES) >= 5


def test_a_policy_that_trusts_confidence_is_tried_on_a_grid_and_says_so_first() -> None:
    rules = policy(("min_confidence >= 1.0", "go"), otherwise="no_go", trust_confidence=True)
    proof = prove(rules, Team(("risk", "legal"), max_rounds=1))

    assert proof.places == 3
    assert proof.caveat is not None
    assert proof.caveat.startswith("This policy trusts self-reported confidence")
    assert [{*cell.outcomes} for cell in proof.cells] == [{"go", "no_go"}] * 6
    assert prove(policy(otherwise="go"), Team(("risk",))).caveat is None
