"""Vote: a proposal, ballots counted as stances, and the ruling of the policy on them."""

from itertools import product
from typing import Any

import pytest

from policies.contracts.answers import Task
from policies.decision.guards import examine
from policies.decision.outcome import decide
from policies.decision.table import DECISIONS
from policies.decision.vote import Cast, Vote
from policies.patterns.course import count_of, ruling_policy
from policies.patterns.stages import Finish, Stage
from policies.patterns.vote import CAST, TOLD, advance, tally
from policies.run.stop import ESCALATED, Stop
from policies.team.team import Team
from tests.policies.patterns.courses import (
    ANN,
    BOB,
    CID,
    FACTS,
    LEA,
    SEQUENCE,
    Said,
    closed,
    extended,
    opened,
    person,
    policy_of,
    team_of,
)

PROPOSAL: dict[str, Any] = {"proposal": "Ship it.", "reason": "It is ready."}
BALLOTS = ("approve", "reject", "abstain", "absent")
CASTS: tuple[Cast, ...] = ("go", "block", "caution", "absent")

QUORUM = [{"when": "absent > 1", "then": "escalate"}, {"when": "go > block", "then": "go"}]
MAJORITY = [
    {"when": "go * 2 > team && caution > 0", "then": "go_with_caution"},
    {"when": "go * 2 > team", "then": "go"},
    {"when": "block * 2 >= team", "then": "no_go"},
]
UNANIMOUS = [{"when": "go == team", "then": "go"}]
WEIGHTED = [{"when": "weighted_go > weighted_block + weighted_caution", "then": "go"}]


def vote(rules: Any = (), absent: str = "count", otherwise: str = "next_round", **changes: Any) -> Team:
    table = policy_of(rules, otherwise=otherwise, on_absent=absent)
    return team_of("vote", **{"policy": table, "budget": {"min_go_votes": 1}, **changes})


def ballot(word: str) -> Said:
    return "llm_timeout" if word == "absent" else {"vote": word, "reason": "Since."}


def ruled(team: Team, *words: str, facts: Any = FACTS) -> Any:
    return advance(team, extended(team, [PROPOSAL], [ballot(word) for word in words]), facts)


def outcome(team: Team, *words: str) -> str:
    end = ruled(team, *words)
    return str(end.decision) if isinstance(end, Finish) else str(end.reason)


def test_the_lead_proposes_and_all_others_vote_on_it_seeing_nobody_elses_ballot() -> None:
    team = vote()
    assert opened(team, []) == Stage("proposal", (Task("proposal", LEA, "proposal"),))
    stage = opened(team, extended(team, [PROPOSAL]))
    asks = {"proposal": {"agent": LEA, **PROPOSAL}}
    assert stage == Stage("ballots", tuple(Task(name, name, "ballot", asks) for name in SEQUENCE), "all")
    assert LEA not in [task.role for task in stage.tasks]


def test_where_absences_do_not_count_every_voter_has_to_vote() -> None:
    team = vote(absent="stop")
    assert opened(team, extended(team, [PROPOSAL])).tolerance == "none"


def test_each_ballot_is_the_stance_it_amounts_to() -> None:
    assert CAST == {"approve": "go", "reject": "block", "abstain": "caution"}
    assert {*TOLD} == {*DECISIONS}


@pytest.mark.parametrize("rules", [QUORUM, MAJORITY, UNANIMOUS, WEIGHTED], ids=["quorum", "majority", "all", "weight"])
def test_every_combination_of_ballots_is_decided_as_the_policy_decides_the_stances(rules: Any) -> None:
    roles = {name: person(name, weight=weight) for name, weight in ((ANN, 3), (BOB, 1), (CID, 1), (LEA, 9))}
    team = vote(rules, roles=roles)
    for words in product(BALLOTS, repeat=3):
        casts = {name: CASTS[BALLOTS.index(word)] for name, word in zip(SEQUENCE, words, strict=True)}
        weights = {ANN: 3, BOB: 1, CID: 1, LEA: 9}
        expected = decide(ruling_policy(team), Vote(casts, 1, 1, 1, weights=weights))
        end = ruled(team, *words)
        if expected.final in DECISIONS:
            assert (end.decision, end.results, end.ended_early) == (expected.final, (), False)
        else:
            assert end == (ESCALATED if expected.final == "escalate" else Stop("no_quorum", "ballots"))
        counted = count_of(team, extended(team, [PROPOSAL], [ballot(word) for word in words]), FACTS)
        assert counted is not None
        assert (counted.vote, counted.ruling) == (Vote(casts, 1, 1, 1, weights=weights), expected)


@pytest.mark.parametrize(
    ("rules", "words", "expected"),
    [
        (QUORUM, ("approve", "approve", "absent"), "go"),
        (QUORUM, ("approve", "absent", "absent"), "escalated"),
        (QUORUM, ("absent", "absent", "absent"), "escalated"),
        (QUORUM, ("approve", "reject", "absent"), "no_quorum"),
        (MAJORITY, ("approve", "approve", "reject"), "go"),
        (MAJORITY, ("approve", "approve", "abstain"), "go_with_caution"),
        (MAJORITY, ("approve", "reject", "reject"), "no_go"),
        (MAJORITY, ("approve", "reject", "abstain"), "no_quorum"),
        (MAJORITY, ("abstain", "abstain", "abstain"), "no_quorum"),
        (UNANIMOUS, ("approve", "approve", "approve"), "go"),
        (UNANIMOUS, ("approve", "approve", "absent"), "no_quorum"),
        (WEIGHTED, ("approve", "reject", "reject"), "go"),
        (WEIGHTED, ("reject", "approve", "approve"), "no_quorum"),
    ],
)
def test_the_table_decides_the_ballots(rules: Any, words: tuple[str, ...], expected: str) -> None:
    roles = {name: person(name, weight=3 if name == ANN else 1) for name in (*SEQUENCE, LEA)}
    assert outcome(vote(rules, roles=roles), *words) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"otherwise": "next_round"}, "no_quorum"),
        ({"otherwise": "escalate"}, "escalated"),
        ({"otherwise": None}, "escalated"),
        ({"otherwise": "next_round", "when_rounds_end": "no_go"}, "no_go"),
        ({"otherwise": "next_round", "when_rounds_end": "escalate"}, "no_quorum"),
        ({"otherwise": "no_go"}, "no_go"),
    ],
)
def test_there_is_one_round_and_ballots_that_decide_nothing_are_no_quorum(changes: Any, expected: str) -> None:
    team = vote(
        policy=policy_of([{"when": "go > 3", "then": "go"}], **changes), budget={"max_rounds": 3, "min_go_votes": 1}
    )
    assert outcome(team, "approve", "approve", "approve") == expected


@pytest.mark.parametrize(
    ("words", "expected"), [(("approve", "approve", "reject"), "no_go"), (("approve", "approve", "approve"), "go")]
)
def test_a_veto_counts_on_a_ballot(words: tuple[str, ...], expected: str) -> None:
    roles = {name: person(name, veto=name == CID) for name in (*SEQUENCE, LEA)}
    rules = [{"when": "vetoes > 0", "then": "no_go"}, {"when": "go > block", "then": "go"}]
    assert outcome(vote(rules, roles=roles), *words) == expected


@pytest.mark.parametrize(
    ("rate", "expected", "told"),
    [
        (0.01, "go", "adopted"),
        (0.03, "go_with_caution", "adopted with reservations"),
        (0.07, "no_go", "rejected"),
    ],
)
def test_guards_cap_what_the_ballots_give(rate: float, expected: str, told: str) -> None:
    guards = [
        {"name": "rate_watch", "fact": "rate", "at_least": 0.03, "cap": "go_with_caution"},
        {"name": "rate_limit", "fact": "rate", "at_least": 0.05, "cap": "no_go"},
    ]
    team = vote(UNANIMOUS, guards=guards)
    end = ruled(team, "approve", "approve", "approve", facts={"rate": rate})
    assert (end.decision, end.answer) == (expected, f"The proposal is {told}.\n\nShip it.")
    casts: dict[str, Cast] = dict.fromkeys(SEQUENCE, "go")
    findings = examine(team.guards, {"rate": rate})
    assert decide(team.policy, Vote(casts, 1, 1, 1), findings).final == expected


def test_the_end_tells_the_proposal_and_the_tally() -> None:
    end = ruled(vote(QUORUM), "approve", "absent", "abstain")
    counted = {"approve": 1, "reject": 0, "abstain": 1, "absent": 1}
    assert end == Finish(
        answer="The proposal is adopted.\n\nShip it.",
        decision="go",
        details={"proposal": {"agent": LEA, **PROPOSAL}, "tally": counted},
    )
    stage = opened(vote(), extended(vote(), [PROPOSAL]))
    assert tally(closed(stage, *map(ballot, ("reject", "reject", "absent")))) == {
        **dict.fromkeys(("approve", "abstain"), 0),
        **{"reject": 2, "absent": 1},
    }


def test_nothing_is_counted_before_the_ballots_or_in_another_pattern() -> None:
    team = vote()
    assert count_of(team, [], FACTS) is None
    assert count_of(team, extended(team, [PROPOSAL]), FACTS) is None
    debated = team_of("debate")
    rounds = extended(debated, *[[{"position": "Go.", "argument": "Since."}]] * 2)
    assert count_of(debated, rounds, FACTS) is None
