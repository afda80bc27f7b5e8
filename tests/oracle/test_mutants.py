"""The oracle notices a wrong proof, one that decides wrongly or walks past places: some table gives it away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any, cast

import pytest

from policies.assurance.proof import prove
from policies.assurance.rulings import Rulings
from policies.assurance.walk import Reached, walk
from policies.decision.guards import Finding
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Outcome, Policy
from policies.decision.vote import Vote
from tests.judged import electorate_of, guards_of, policy_of
from tests.oracle.deciding import capped
from tests.oracle.drawing import Limits, draw
from tests.oracle.guarding import Capping, draw_guards
from tests.oracle.places import Simulation
from tests.oracle.test_proof import CI_SEEDS, check_seed, wrong_verdicts

pytestmark = pytest.mark.slow

SEEDS = range(400)
SMALL = Limits(votes=100)

Change = Callable[[Vote], Vote]


def is_noticed(**how: Any) -> bool:
    """Return whether the proof of some random table says what the oracle does not, its figures left out."""
    for seed in SEEDS:
        table, team = draw(seed, SMALL)
        guards = draw_guards(Random(-seed - 1))
        proof = prove(policy_of(table), electorate_of(team), guards_of(guards), **how)
        if any(wrong_verdicts(Simulation(table, team, proof.walked.raised_to, guards), proof)):
            return True
    return False


VOTES: dict[str, Change] = {
    "the streak is forgotten": lambda vote: replace(vote, rounds_blocked=0),
    "the streak is one too long": lambda vote: replace(vote, rounds_blocked=vote.rounds_blocked + 1),
    "the round is forgotten": lambda vote: replace(vote, round=1, max_rounds=max(1, vote.max_rounds - vote.round + 1)),
    "one round more is left": lambda vote: replace(vote, max_rounds=vote.max_rounds + 1),
    "one go vote is enough": lambda vote: replace(vote, min_go_votes=1),
    "roles weigh the same": lambda vote: replace(vote, weights={}),
    "no role has a veto": lambda vote: replace(vote, vetoers=frozenset()),
    "no question is open": lambda vote: replace(vote, marks=replace(vote.marks, open_questions=0)),
    "nobody is ungrounded": lambda vote: replace(vote, marks=replace(vote.marks, ungrounded=0)),
    "nobody moved": lambda vote: replace(vote, marks=replace(vote.marks, moved=0)),
    "one role more moved": lambda vote: replace(vote, marks=replace(vote.marks, moved=vote.marks.moved + 1)),
    "an absent role blocks": lambda vote: replace(
        vote, casts={role: "block" if cast == "absent" else cast for role, cast in vote.casts.items()}
    ),
}

RULINGS: dict[str, Callable[[Ruling], Ruling]] = {
    "nobody is convened": lambda ruling: replace(ruling, convene=None),
    "nobody is released": lambda ruling: replace(ruling, release=None),
    "a fault is a refusal": lambda ruling: replace(ruling, vote="no_go", final="no_go") if ruling.fault else ruling,
    "faults are not reported": lambda ruling: replace(ruling, fault=None),
    "guards are forgotten": lambda ruling: replace(ruling, final=ruling.vote),
    "a human is never asked": lambda ruling: (
        replace(ruling, vote="next_round", final="next_round") if ruling.final == "escalate" else ruling
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VOTES)
def test_a_proof_about_another_vote_is_noticed(name: str) -> None:
    def wrong(policy: Policy, vote: Vote, findings: Sequence[Finding] = ()) -> Ruling:
        return decide(policy, VOTES[name](vote), findings)

    assert is_noticed(decide=wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", RULINGS)
def test_a_proof_by_another_ruling_is_noticed(name: str) -> None:
    def wrong(policy: Policy, vote: Vote, findings: Sequence[Finding] = ()) -> Ruling:
        return RULINGS[name](decide(policy, vote, findings))

    assert is_noticed(decide=wrong)


@pytest.mark.slow
def test_the_right_proof_is_not_noticed() -> None:
    assert not is_noticed(decide=decide)


CAPPINGS: dict[str, Capping] = {
    "no cap counts": lambda outcome, _: outcome,
    "a guard leaves a human": lambda outcome, caps: outcome if outcome == "escalate" else capped(outcome, caps),
    "a guard leaves another round": lambda outcome, caps: outcome if outcome == "next_round" else capped(outcome, caps),
    "a guard lowers a go by one": lambda outcome, caps: "go_with_caution" if caps and outcome == "go" else outcome,
    "only a refusal is capped": lambda outcome, caps: capped(outcome, caps) if "no_go" in caps else outcome,
}


@pytest.mark.parametrize("name", CAPPINGS)
def test_guards_that_leave_too_much_do_not_bind_by_proof_and_oracle_alike(name: str) -> None:
    def wrong(policy: Policy, vote: Vote, findings: Sequence[Finding] = ()) -> Ruling:
        ruling, caps = decide(policy, vote), tuple(found.guard.cap for found in findings if found.tripped)
        return replace(ruling, final=cast(Outcome, CAPPINGS[name](ruling.vote, caps)))

    verdicts = set()
    for seed in range(60):
        table, team = draw(seed, SMALL)
        guards = draw_guards(Random(-seed - 1))
        proof = prove(policy_of(table), electorate_of(team), guards_of(guards), decide=wrong)
        run = Simulation(table, team, proof.walked.raised_to, guards, CAPPINGS[name])
        assert not list(wrong_verdicts(run, proof)), seed
        verdicts |= {check.holds for check in proof.checks if check.property == "guards_bind"}
    assert verdicts == {True, False}


def test_a_walk_that_raises_the_rounds_by_one_only_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(rulings: Rulings, floor: int = 0, bound: int | None = None) -> Iterator[Reached]:
        return walk(rulings, floor, rulings.electorate.max_rounds + 1)

    monkeypatch.setattr("policies.assurance.places.walk", short)
    noticed = [seed for seed in CI_SEEDS if check_seed(seed)]
    assert len(noticed) >= 2


SKIPPED: dict[str, Callable[[Reached], bool]] = {
    "every place but the first": lambda reached: reached.place.round > 1,
    "teams in which one of two roles has joined": lambda reached: len(reached.place.joined) == 1,
    "teams that a role of the sequence has left": lambda reached: bool(reached.place.released),
    "streaks that do not begin in the first round": lambda reached: (
        0 < reached.place.rounds_blocked < reached.place.round - 1
    ),
    "what only a resume reaches": lambda reached: reached.is_resumed,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SKIPPED)
def test_a_walk_past_some_places_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def passing(*given: Any, **more: Any) -> list[Reached]:
        return [each for each in walk(*given, **more) if not SKIPPED[name](each)]

    monkeypatch.setattr("policies.assurance.places.walk", passing)
    assert is_noticed()
