"""Why: the explanation of a decision, and that every set of stances it names flips it and none is smaller."""

import random
from itertools import product

import pytest

from policies.assurance import ballots, flips, why
from policies.assurance.ballots import TooManyVotesError
from policies.assurance.electorate import Electorate, Place
from policies.assurance.flips import flip_stances
from policies.assurance.power import powers
from policies.assurance.why import explain
from policies.decision.guards import Cap, Guard, examine
from policies.decision.outcome import decide
from policies.decision.table import OUTCOMES, Policy
from policies.decision.vote import Vote
from policies.team.fields import STANCES
from tests.policies.assurance.enumeration import (
    CASTS,
    ROLES,
    policy,
    random_policy,
    random_team,
    vote_of,
)

pytestmark = pytest.mark.slow

CAPS: tuple[Cap, ...] = ("go_with_caution", "no_go")
LAUNCH = (
    *(("block >= 2", "no_go"), ("block == 1", "next_round"), ("go >= min_go_votes && caution == 0", "go")),
    ("go >= min_go_votes", "go_with_caution"),
)
THREE = Vote({"risk": "go", "legal": "go", "sales": "block"})


# --- stances ---------------------------------------------------------------------------------------------------------


def nearest_changes(rules: Policy, vote: Vote, guards: list[Guard]) -> dict[str, set[frozenset[tuple[str, str]]]]:
    """For each other outcome the smallest sets of changes that give it, out of all the stances there are."""
    findings = examine(guards, {})
    now = decide(rules, vote, findings).final
    found: dict[str, set[frozenset[tuple[str, str]]]] = {}
    kept = [[*STANCES] if cast in STANCES else [*STANCES, cast] for cast in vote.casts.values()]
    for casts in product(*kept):
        seats = dict(zip(vote.casts, casts, strict=True))
        limits = (vote.min_go_votes, vote.round, vote.max_rounds, vote.rounds_blocked)
        outcome = decide(rules, Vote(seats, *limits, weights=vote.weights, vetoers=vote.vetoers), findings).final
        changes = frozenset((role, cast) for role, cast in seats.items() if cast != vote.casts[role])
        if outcome != now:
            found.setdefault(outcome, set()).add(changes)
    return {
        outcome: {changes for changes in sets if len(changes) == min(map(len, sets))} for outcome, sets in found.items()
    }


def random_vote(rng: random.Random, team: Electorate) -> Vote:
    number = rng.randint(1, team.max_rounds)
    weights = [8, 4, 4, 1]
    return vote_of(team, rng.choices(CASTS, weights, k=len(team.roles)), number, rng.randint(0, number - 1))


@pytest.mark.parametrize("seed", range(60))
def test_every_claimed_flip_flips_and_no_smaller_one_gives_that_outcome(seed: int) -> None:
    rng = random.Random(f"why {seed}")
    team = random_team(rng, most=6 if seed % 4 == 0 else 5)
    rules = random_policy(rng, team.roles)
    vote = random_vote(rng, team)
    guards = [Guard(name="g", fact="x", above=1, cap=rng.choice(CAPS))] if rng.random() < 0.3 else []
    wanted = nearest_changes(rules, vote, guards)

    claimed = flip_stances(rules, vote, examine(guards, {}))
    assert claimed.searched == len(team.roles)
    assert {flip.outcome for flip in claimed.flips} == {*wanted}
    for outcome, sets in wanted.items():
        told = [frozenset(flip.stances.items()) for flip in claimed.flips if flip.outcome == outcome]
        assert len(told) == len({*told}) == min(len(sets), flips.MAX_KEPT)
        assert {*told} <= sets
    sizes = [len(flip.stances) for flip in claimed.flips]
    assert sizes == sorted(sizes)
    assert claimed.smallest == min(sizes, default=None)


def test_the_random_votes_reach_every_outcome_by_one_change_and_by_several() -> None:
    seen = set()
    for seed in range(60):
        rng = random.Random(f"why {seed}")
        team = random_team(rng, most=6 if seed % 4 == 0 else 5)
        rules = random_policy(rng, team.roles)
        found = flip_stances(rules, random_vote(rng, team)).flips
        seen |= {(flip.outcome, min(len(flip.stances), 2)) for flip in found}

    assert seen == {*product(OUTCOMES, (1, 2))}


def test_a_lone_block_is_flipped_by_its_own_role_or_by_a_second_one() -> None:
    found = flip_stances(policy(*LAUNCH, otherwise="next_round"), THREE)

    assert sorted((flip.outcome, *flip.stances.items()) for flip in found.flips) == [
        ("go", ("sales", "go")),
        ("go_with_caution", ("sales", "caution")),
        ("no_go", ("legal", "block")),
        ("no_go", ("risk", "block")),
    ]
    assert found.smallest == 1


def test_no_stance_flips_what_a_guard_holds_down() -> None:
    guard = Guard(name="fraud", fact="rate", at_least=1, cap="no_go")
    found = flip_stances(policy(*LAUNCH, otherwise="next_round"), THREE, examine([guard], {"rate": 1}))

    assert (found.flips, found.searched, found.smallest) == ((), 3, None)


def test_no_more_sets_of_one_size_are_kept_than_can_be_read() -> None:
    team = Electorate(tuple(f"r{number}" for number in range(25)))
    found = flip_stances(policy(("block >= 1", "no_go"), otherwise="go"), vote_of(team, ("go",) * 25))

    assert len(found.flips) == flips.MAX_KEPT == 20
    assert {len(flip.stances) for flip in found.flips} == {1}


def test_a_search_that_grows_too_long_says_up_to_which_size_it_came() -> None:
    team = Electorate(tuple(f"r{number}" for number in range(30)))
    far = policy(("block >= 4", "no_go"), otherwise="go")
    found = flip_stances(far, vote_of(team, ("go",) * 30))

    assert found.flips == ()
    assert found.searched == 3


# --- powers ----------------------------------------------------------------------------------------------------------


def naive_power(rules: Policy, team: Electorate, seat: int, number: int, blocked: int) -> tuple[int, int, bool, bool]:
    """Votes of the others in which the seat's own matters, all of them, and whether it can hold up or refuse alone."""
    casts = CASTS if rules.on_absent == "count" else STANCES
    others = list(product(casts, repeat=len(team.roles) - 1))
    yes = ("go", "go_with_caution")

    def outcome(rest: tuple[str, ...], cast: str) -> str:
        return decide(rules, vote_of(team, (*rest[:seat], cast, *rest[seat:]), number, blocked)).final  # type: ignore[arg-type]

    pivotal = sum(len({outcome(rest, cast) for cast in casts}) > 1 for rest in others)
    holds = any(all(outcome(rest, cast) not in yes for rest in others) for cast in STANCES)
    says_yes = any(outcome(rest, cast) in yes for rest in others for cast in casts)
    refuses = all(outcome(rest, "block") == "no_go" for rest in others)
    return pivotal, len(others), holds and says_yes, refuses


@pytest.mark.parametrize("seed", range(60))
def test_the_power_of_a_role_is_what_counting_every_vote_gives(seed: int) -> None:
    rng = random.Random(f"power {seed}")
    team = random_team(rng, most=4)
    rules = random_policy(rng, team.roles)
    number = rng.randint(1, team.max_rounds)
    blocked = rng.randint(0, number - 1)

    found = powers(rules, team, Place(number, blocked, max_rounds=team.max_rounds))
    assert [power.role for power in found] == [*team.roles]
    for seat, power in enumerate(found):
        pivotal, votes, holds, refuses = naive_power(rules, team, seat, number, blocked)
        assert (power.pivotal, power.votes) == (pivotal, votes)
        assert (power.can_hold_up, power.can_refuse) == (holds, refuses)
        assert power.has_veto == (power.role in team.vetoers)
        assert power.share == pivotal / votes
        assert power.is_dummy == (pivotal == 0)


def test_holding_up_a_go_refusing_and_being_a_dummy_are_told_apart() -> None:
    rules = policy(('stances.legal == "block"', "no_go"), ('stances.risk == "go"', "go"), otherwise="next_round")
    risk, legal, sales = powers(rules, Electorate(("risk", "legal", "sales")), Place(1))

    assert (risk.can_hold_up, risk.can_refuse, risk.is_dummy, risk.share) == (True, False, False, 2 / 3)
    assert (legal.can_hold_up, legal.can_refuse, legal.is_dummy, legal.share) == (True, True, False, 1.0)
    assert (sales.can_hold_up, sales.can_refuse, sales.is_dummy, sales.share) == (False, False, True, 0.0)


def test_a_veto_is_the_one_that_is_declared_whatever_a_block_brings_about() -> None:
    team = Electorate(("risk", "legal"), vetoers=frozenset({"risk"}))
    for rules in (policy(("vetoes > 0", "no_go"), otherwise="go"), policy(otherwise="go")):
        assert [power.has_veto for power in powers(rules, team, Place(1))] == [True, False]


def test_the_powers_of_a_team_that_a_role_joined_count_that_role() -> None:
    rules = policy(("block > 0", "no_go"), otherwise="go")
    team = Electorate(("risk",), joining=("legal", "audit"))
    found = powers(rules, team, Place(2, joined=("audit",)))

    assert [(power.role, power.pivotal, power.votes) for power in found] == [("risk", 2, 3), ("audit", 2, 3)]


def test_nobody_can_hold_up_a_go_where_nothing_is_ever_allowed() -> None:
    found = powers(policy(("block > 0", "no_go"), otherwise="next_round"), Electorate(("risk", "legal")), Place(1))

    assert [(power.can_hold_up, power.can_refuse, power.is_dummy) for power in found] == [(False, True, False)] * 2


def test_powers_of_a_team_with_too_many_votes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ballots, "MAX_VOTES", 9)

    with pytest.raises(TooManyVotesError):
        powers(policy(otherwise="go"), Electorate(("risk", "legal", "sales")), Place(1))


# --- the whole explanation -------------------------------------------------------------------------------------------


def test_an_explanation_names_the_row_the_values_it_saw_the_guards_and_who_has_power() -> None:
    guards = [
        Guard(name="fraud", fact="risk.rate", at_least="limits.rate", cap="no_go"),
        Guard(name="alerts", fact="risk.alerts", above=2, cap="go_with_caution"),
    ]
    facts = {"risk": {"rate": 0.25}, "limits": {"rate": 0.5}}
    vote = Vote({"risk": "go", "legal": "go", "sales": "go"})
    found = explain(policy(*LAUNCH, otherwise="next_round"), vote, guards, facts)

    assert (found.ruling.vote, found.ruling.final, found.ruling.row) == ("go", "go_with_caution", 2)
    assert found.ruling == decide(policy(*LAUNCH, otherwise="next_round"), vote, examine(guards, facts))
    assert found.when == "go >= min_go_votes && caution == 0"
    assert dict(found.values) == {"go": 3, "caution": 0, "block": 0, "min_go_votes": 2}
    assert [(reading.finding.tripped, reading.distance) for reading in found.guards] == [(False, 0.25), (True, None)]
    assert found.guards[1].finding.fault == "could not be read: risk.alerts (it is not in the facts)"
    assert found.stance_flips == flip_stances(policy(*LAUNCH, otherwise="next_round"), vote, examine(guards, facts))
    assert [(dict(flip.facts), flip.outcome) for flip in found.limit_flips if flip.facts] == [
        ({"risk.rate": {"at_least": 0.5}}, "no_go"),
        ({"limits.rate": {"at_most": 0.25}}, "no_go"),
        ({"risk.alerts": {"at_most": 2}}, "go"),
    ]
    assert [power.role for power in found.powers] == ["risk", "legal", "sales"]


def test_an_explanation_of_otherwise_names_no_row() -> None:
    found = explain(policy(("block > 0", "no_go"), otherwise="go"), Vote({"risk": "go"}), [], {})

    assert (found.ruling.row, found.when) == (None, None)
    assert dict(found.values) == {"block": 0}


def test_powers_are_those_of_the_round_that_decided() -> None:
    rules = policy(("block_streak >= 2", "no_go"), ("block > 0", "next_round"), otherwise="next_round")
    early = explain(rules, Vote({"risk": "block", "legal": "go"}), [], {}).powers
    late = explain(rules, Vote({"risk": "block", "legal": "go"}, round=2, rounds_blocked=1), [], {}).powers

    assert [power.is_dummy for power in early] == [True, True]
    assert [power.is_dummy for power in late] == [False, False]


def test_a_team_with_too_many_votes_is_explained_without_powers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ballots, "MAX_VOTES", 9)
    found = explain(policy(*LAUNCH, otherwise="next_round"), THREE, [], {})

    assert found.powers == ()
    assert found.when == "block == 1"
    assert found.stance_flips.smallest == 1


def test_a_policy_that_trusts_confidence_is_weighed_with_full_confidence() -> None:
    rules = policy(("min_confidence > 0.9 && go > 0", "go"), otherwise="no_go", trust_confidence=True)
    found = explain(rules, Vote({"risk": "go"}, confidences=(0.2,)), [], {})

    assert found.ruling.final == "no_go"
    assert dict(found.values) == {"go": 1, "min_confidence": 0.2}
    assert found.powers == powers(rules, Electorate(("risk",), 2, 3, 0), Place(1, confidence=1.0))
    assert not found.powers[0].is_dummy


def test_every_role_of_a_team_is_explained_whatever_it_weighs() -> None:
    rules = policy(("2 * weighted_go > weighted_go + weighted_caution + weighted_block", "go"), otherwise="no_go")
    vote = Vote(dict.fromkeys(ROLES, "go"), weights={"risk": 9})
    found = why.explain(rules, vote, [], {})

    assert [power.is_dummy for power in found.powers] == [False, True, True, True, True, True]
    assert found.powers[0].can_hold_up
    assert [dict(flip.stances) for flip in found.stance_flips.flips] == [{"risk": "caution"}, {"risk": "block"}]
