"""MAST, category 3, verification: runs that end too early, check nothing, or check wrongly."""

from pathlib import Path
from typing import Any

import pytest

from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.assurance.stage import classic
from tests.harness import proposal
from tests.mast.stage import NAMES, SEEDS, STANCES, Case, drawn, play, play_one, saying, seeded, stances_of

pytestmark = pytest.mark.slow

RANK = ("no_go", None, "go_with_caution", "go")
"""Outcomes, from the most cautious to the most permissive."""


CONVINCED = saying(summary="All is well, we can stop here.", confidence=1, actions=["Ship."])
"""Every agent says go at once, names no fact, and wants to be done."""


# --- 3.1 premature termination ---------------------------------------------------------------------------------------


def test_agents_that_agree_at_once_do_not_end_a_run_before_its_table_allows(tmp_path: Path) -> None:
    cases, least = [], []
    for seed in SEEDS:
        rng = seeded("early", seed)
        number = rng.randint(1, 4)
        rows = [{"when": f"round < {number}", "then": "next_round"}, {"when": "go == team", "then": "go"}]
        policy = {"name": "patient", "rules": rows, "otherwise": "next_round"}
        cases.append(Case(drawn(rng, policy=policy, budget={"max_rounds": 4}), CONVINCED))
        least.append(number)

    assert [played.record["rounds_used"] for played in play(tmp_path, cases)] == least


def test_too_few_votes_never_end_a_run_with_a_go(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("too few", seed)
        team = drawn(rng, budget={"min_go_votes": rng.randint(1, 5)})
        said = stances_of(rng, team, rng.choice([STANCES, ("go", "go", "go", "caution"), ("go",)]))
        cases.append(Case(team, saying(said)))

    for played in play(tmp_path, cases):
        votes = played.case.team.budget.min_go_votes
        rounds = [[each["stance"] for each in entry["contributions"]] for entry in played.record["history"]]
        assert [entry["decision"] or "next_round" for entry in played.record["history"]] == [
            classic(stances, votes) for stances in rounds
        ]


def test_roles_that_gave_no_answer_are_not_counted_as_having_agreed(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("silent", seed)
        team = drawn(rng, policy="quorum", roles=rng.randint(3, 5))
        silent = {*rng.sample(team.sequence, rng.randint(1, len(team.sequence) - 1))}

        def speech(question: Question, silent: Any = silent) -> Any:
            return Failure("llm_timeout") if question.name in silent else CONVINCED(question)

        cases.append(Case(team, speech))

    decided = 0
    for played in play(tmp_path, cases):
        said = played.record["history"][0]["contributions"]
        is_quorate = 2 * len(said) > len(played.case.team.sequence)
        assert (played.decision in ("go", "go_with_caution")) == is_quorate
        decided += is_quorate
    assert 0 < decided < len(SEEDS)


def test_agreement_without_evidence_is_flagged_where_the_team_requires_some(tmp_path: Path) -> None:
    cases = [Case(drawn(seeded("no evidence", seed), require_evidence=True), CONVINCED) for seed in SEEDS]

    for played in play(tmp_path, cases):
        assert played.flags == [(1, f"unsupported:{role}") for role in played.case.team.sequence]


def test_left_open_agreement_without_evidence_that_the_table_takes_as_a_decision(tmp_path: Path) -> None:
    teams = [drawn(seeded("taken"), require_evidence=required) for required in (False, True)]
    loose, strict = play(tmp_path, [Case(team, CONVINCED) for team in teams])

    assert (loose.decision, loose.record["rounds_used"], loose.flags) == ("go", 1, [])
    assert (strict.decision, strict.record["rounds_used"]) == ("go", 1)


# --- 3.2 no or incomplete verification -------------------------------------------------------------------------------


def test_every_limit_is_checked_in_every_round_whatever_the_agents_check(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("verifies", seed)
        caps = {name: rng.choice(["no_go", "go_with_caution"]) for name in NAMES}
        guards = [{"name": name, "fact": f"{name}.level", "above": 6, "cap": caps[name]} for name in NAMES]
        facts = {name: {"level": rng.randint(0, 9)} for name in NAMES}
        team = drawn(rng, guards=guards, facts=facts, policy=rng.choice(["classic", "majority", "unanimous"]))
        said = stances_of(rng, team, ("go", "go", "caution"))
        cases.append(Case(team, saying(said, summary="I did not look at anything.")))

    for played in play(tmp_path, cases):
        team = played.case.team
        tripped = [guard for guard in team.guards if (team.own_facts or {})[guard.name]["level"] > 6]
        for outcome in played.of("outcome"):
            assert [finding["name"] for finding in outcome["findings"]] == [guard.name for guard in team.guards]
            assert [finding["name"] for finding in outcome["findings"] if finding["tripped"]] == [
                guard.name for guard in tripped
            ]
        most = min([RANK.index(guard.cap) for guard in tripped], default=RANK.index("go"))
        assert RANK.index(played.decision) <= most
        assert len(played.of("outcome")) == len(played.record["history"])


def test_left_open_a_fact_that_no_limit_and_no_check_reads(tmp_path: Path) -> None:
    team = drawn(seeded("unchecked"), facts={"ann": {"level": 3}, "reactor": {"on_fire": True}})
    played = play_one(tmp_path, team, CONVINCED)

    assert (played.decision, played.flags) == ("go", [])


# --- 3.3 incorrect verification --------------------------------------------------------------------------------------


def test_evidence_that_does_not_exist_is_flagged_always_and_other_evidence_never(tmp_path: Path) -> None:
    cases, wrong = [], []
    for seed in SEEDS:
        rng = seeded("fabricates", seed)
        team = drawn(rng, roles=5)
        real = [form.format(name) for name in NAMES for form in ("{}.level", "facts.{}.level", '{}["level"]', "{}")]
        made_up = ["ann.levels", "zoe.level", "ann.level.now", "audit report 7", "facts", "ANN.LEVEL", ""]
        said: dict[str, Any] = {role: rng.sample(real, rng.randint(1, 3)) for role in NAMES}
        liars = {*rng.sample(NAMES, rng.randint(0, 5))}
        for role in liars:
            said[role].insert(rng.randint(0, len(said[role])), rng.choice(made_up))

        def speech(question: Question, said: Any = said) -> Any:
            return proposal(question.name, summary="I verified it.", evidence=said[question.name])

        cases.append(Case(team, speech))
        wrong.append([(1, f"unsupported:{role}") for role in NAMES if role in liars])

    assert [played.flags for played in play(tmp_path, cases)] == wrong


def test_a_number_that_rests_on_nothing_is_flagged_where_the_team_grounds_its_numbers(tmp_path: Path) -> None:
    rows = [{"when": "ungrounded > 0", "then": "next_round"}, {"when": "go == team", "then": "go"}]
    policy = {"name": "grounded", "rules": rows, "otherwise": "next_round"}
    cases, wrong = [], []
    for seed in SEEDS:
        rng = seeded("numbers", seed)
        facts = {name: {"level": rng.randint(10**5, 10**6)} for name in NAMES}
        team = drawn(rng, facts=facts, ground=True, policy=rng.choice(["classic", policy]))
        invents = {role: rng.random() < 0.3 for role in team.sequence}

        def speech(question: Question, facts: Any = facts, invents: Any = invents) -> Any:
            level = facts[question.name]["level"] + 7_000_000 * invents[question.name]
            return proposal(question.name, summary=f"I verified it: the level is {level:,}.")

        cases.append(Case(team, speech))
        wrong.append([f"ungrounded:{role}" for role in team.sequence if invents[role]])

    for flags, played in zip(wrong, play(tmp_path, cases), strict=True):
        found = [flag for number, flag in played.flags if number == 1 and flag != "ungrounded:brief"]
        assert found == flags
        is_held_up = flags and played.case.team.policy.name == "grounded"
        assert played.decision == (None if is_held_up else "go")


def test_a_verifier_that_is_wrong_beats_no_limit(tmp_path: Path) -> None:
    cases, caps = [], []
    for seed in SEEDS:
        rng = seeded("verified", seed)
        cap, level = rng.choice(["no_go", "go_with_caution"]), rng.randint(7, 9)
        guard = {"name": "level", "fact": "ann.level", "above": 6, "cap": cap}
        team = drawn(rng, checks=True, facts={name: {"level": level} for name in NAMES}, guards=[guard])
        words = "I verified that the level is below its limit."
        cases.append(Case(team, saying(summary=words, evidence=["ann.level"])))
        caps.append(cap)

    for cap, played in zip(caps, play(tmp_path, cases), strict=True):
        assert (played.decision, played.record["outcome"]["guards"]) == (cap, ["level"])
        assert played.flags == [(1, f"contradicts_facts:{role}") for role in played.case.team.sequence]


def test_left_open_evidence_that_exists_and_says_the_opposite(tmp_path: Path) -> None:
    team = drawn(seeded("opposite"), facts={"ann": {"level": 9, "limit": 6}}, require_evidence=True)
    words = "I verified that the level is below its limit."
    played = play_one(tmp_path, team, saying(summary=words, evidence=["ann.level"]))

    assert (played.decision, played.flags) == ("go", [])
