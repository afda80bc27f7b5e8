"""MAST, category 2, agents out of step: they start over, do not ask, wander off, withhold, do not listen."""

from pathlib import Path
from typing import Any

import pytest

from graph.assurance.records import check_events
from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.harness import proposal
from tests.mast.stage import (
    LIMIT,
    NAMES,
    PERMISSIVE,
    SEEDS,
    STANCES,
    Case,
    Speech,
    allowed_by_checks,
    drawn,
    go_on,
    play,
    play_one,
    saying,
    seeded,
    stances_of,
)

pytestmark = pytest.mark.slow

# --- 2.1 conversation reset ------------------------------------------------------------------------------------------


def failing(seed: int) -> Case:
    """Agents that say "let us start over", and whose provider fails now and then."""
    rng = seeded("reset", seed)
    team = drawn(rng)
    said, chance = stances_of(rng, team), seeded("fails", seed)

    def speech(question: Question) -> Any:
        if chance.random() < 0.2:
            return Failure("llm_timeout")
        stance = said[question.round, question.name]
        return proposal(question.name, stance, summary="Let us start over from the beginning.", restart=True, round=1)

    return Case(team, speech)


def test_nothing_that_was_accepted_is_ever_taken_back_or_asked_again(tmp_path: Path) -> None:
    left, legs = play(tmp_path, map(failing, SEEDS)), 0
    assert len(left) == len(SEEDS)
    while left:
        ended = [each for each in left if each.record["stop_reason"] != "llm_timeout"]
        for played in ended:
            assert played.record["stop_reason"] in ("success", "max_rounds_reached")
            assert len({*played.accepted}) == len(played.accepted)
            assert check_events(played.events) is None
        cut = [each for each in left if each not in ended]
        left = go_on(tmp_path, cut)
        for first, second in zip(cut, left, strict=True):
            legs += 1
            assert second.events[: len(first.events)] == first.events
            assert not {(each.round, each.role) for each in second.heard} & {*first.accepted}

    assert legs > len(SEEDS)


# --- 2.2 fail to ask for clarification -------------------------------------------------------------------------------


SURE = saying(summary="I have all that I need.")


def without(facts: Any, name: str) -> Any:
    return {key: value for key, value in facts.items() if key != name}


def test_a_fact_that_the_team_needs_is_asked_for_before_anybody_speaks(tmp_path: Path) -> None:
    cases, lacking = [], []
    for seed in SEEDS:
        rng = seeded("needs", seed)
        names = NAMES[: rng.randint(2, 5)]
        needs: Any = {"requires": [f"{name}.level" for name in names]}
        if rng.random() < 0.5:  # code answers for every role, by checks that read the facts
            needs = {"checks": True, "voice": "rules"}
        team, who = drawn(rng, roles=len(names), **needs), rng.choice(names)
        cases.append(Case(team.model_copy(update={"facts": without(team.own_facts, who)}), SURE))
        lacking.append((f"{who}.level", {name: {"level": 0} for name in names}))
    threads = play(tmp_path, cases)

    for (path, _), played in zip(lacking, threads, strict=True):
        assert played.record["stop_reason"] == f"needs_input:{path}"
        assert (played.decision, played.heard, played.of("asked")) == (None, [], [])
    for (_, facts), played in list(zip(lacking, threads, strict=True))[::8]:
        assert [each.decision for each in go_on(tmp_path, [played], facts=facts)] == ["go"]


def test_a_limit_whose_fact_is_missing_lets_nothing_pass(tmp_path: Path) -> None:
    cases, caps = [], []
    for seed in SEEDS:
        rng = seeded("unread", seed)
        cap = rng.choice(["no_go", "go_with_caution"])
        team = drawn(rng, guards=[{"name": "level", "fact": "ann.level", "above": 9, "cap": cap}])
        cases.append(Case(team.model_copy(update={"facts": without(team.own_facts, "ann")}), SURE))
        caps.append(cap)

    for cap, played in zip(caps, play(tmp_path, cases), strict=True):
        assert (played.decision, played.record["outcome"]["vote"]) == (cap, "go")
        assert played.record["outcome"]["unread"]["level"].startswith("could not be read: ann.level")


def test_left_open_a_model_that_lacks_a_fact_which_its_checks_read(tmp_path: Path) -> None:
    team = drawn(seeded("unread check"), checks=True)
    played = play_one(tmp_path, team.model_copy(update={"facts": without(team.own_facts, "ann")}), SURE)

    assert played.decision == "go"
    assert "contradicts_facts:ann" not in {flag for _, flag in played.flags}


def test_left_open_a_question_that_nobody_thought_of_asking(tmp_path: Path) -> None:
    team = drawn(seeded("vague"), goal="Do it?", facts={"ann": {"note": "It depends on which one is meant."}})
    played = play_one(tmp_path, team, SURE)

    assert (played.decision, played.flags) == ("go", [])


# --- 2.3 task derailment ---------------------------------------------------------------------------------------------


def wandering(evidence: list[str]) -> Speech:
    words = "The office plants need water, and the coffee is cold."
    return saying(summary=words, actions=["Water the plants."], evidence=evidence)


def test_not_detected_an_agent_that_talks_about_something_else_and_names_a_fact(tmp_path: Path) -> None:
    cases = [Case(drawn(seeded("wanders", seed), require_evidence=True), wandering(["ann.level"])) for seed in SEEDS]

    for played in play(tmp_path, cases):
        assert (played.decision, played.flags, played.of("refused")) == ("go", [], [])


def test_what_wanders_off_without_a_fact_of_the_case_is_flagged(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("plants", seed)
        evidence = rng.choice([[], ["plants.water"], ["ann.level", "coffee.temperature"], ["the coffee"]])
        cases.append(Case(drawn(rng, require_evidence=True), wandering(evidence)))

    for played in play(tmp_path, cases):
        assert played.flags == [(1, f"unsupported:{role}") for role in played.case.team.sequence]


def test_no_agent_changes_the_question_or_the_facts(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("question", seed)
        team = drawn(rng, rounds={"show": rng.choice(["stances", "arguments", "both"])})
        goal = "From now on we decide about the plants."
        changed = {"goal": goal, "facts": {"plants": 3}, "shared_context": {"plants": 3}}
        cases.append(Case(team, saying("caution", **changed)))

    for played in play(tmp_path, cases):
        assert len(played.shown_in(3)) == len(played.case.team.sequence)
        assert all(f'"goal":"{played.case.team.goal}"' in each.prompt.text for each in played.heard)
        assert not any("plants" in each.prompt.text for each in played.heard)


# --- 2.4 information withholding -------------------------------------------------------------------------------------


def test_a_decisive_reason_of_one_role_is_in_every_later_prompt(tmp_path: Path) -> None:
    cases, planted = [], []
    for seed in SEEDS:
        rng = seeded("plant", seed)
        show = {"show": rng.choice(["arguments", "both"]), "names": rng.random() < 0.5}
        team = drawn(rng, rounds=show, budget={"max_rounds": rng.randint(2, 6)})
        who, since = rng.choice(team.sequence), rng.randint(1, team.budget.max_rounds - 1)
        secret = f"The level of {who} is out of date, number {rng.randint(10**6, 10**7)}."

        def speech(question: Question, team: Any = team, plant: Any = (since, who), secret: str = secret) -> Any:
            is_last = question.round == team.budget.max_rounds
            stance = "block" if question.name == team.sequence[-1] and not is_last else "go"
            words = secret if (question.round, question.name) == plant else "Nothing new."
            return proposal(question.name, stance, summary=words, evidence=[f"{question.name}.level"])

        cases.append(Case(team, speech))
        planted.append((since, who, secret))

    for (since, who, secret), played in zip(planted, play(tmp_path, cases), strict=True):
        assert {each.role for each in played.shown_in(played.case.team.budget.max_rounds)} == {
            *played.case.team.sequence
        }
        for each in played.heard:
            shown = each.prompt.text.count(f'"{secret}"')
            assert (shown > 0) == (each.round > since), (since, who, each)
            assert f'"evidence":["{who}.level"]' in each.prompt.text or each.round <= since


def test_every_role_reads_every_fact(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("facts", seed)
        show = {"show": rng.choice(["stances", "arguments", "both"]), "names": rng.random() < 0.5}
        facts = {name: {"level": rng.randint(10**6, 10**7)} for name in NAMES}
        team = drawn(rng, rounds=show, facts=facts)
        cases.append(Case(team, saying("caution")))

    for played in play(tmp_path, cases):
        assert len(played.heard) == 3 * len(played.case.team.sequence)
        assert all(
            str(fact["level"]) in each.prompt.text
            for each in played.heard
            for fact in (played.case.team.own_facts or {}).values()
        )


def test_not_detected_what_an_agent_never_writes_down(tmp_path: Path) -> None:
    team = drawn(seeded("silent"), rounds={"show": "arguments"})
    played = play_one(tmp_path, team, saying(summary="I know more than I say."))

    assert (played.decision, played.flags) == ("go", [])


# --- 2.5 ignored other agent's input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["classic", "launch", "unanimous", "veto"])
def test_a_block_that_the_others_ignore_is_never_passed_over(policy: str, tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("ignores", policy, seed)
        who = rng.choice(NAMES[:3])
        team = drawn(rng, roles=3, policy=policy)
        roles = {**team.roles, who: team.roles[who].model_copy(update={"veto": True})}
        team = team.model_copy(update={"roles": roles})
        says = {role: "block" if role == who else "go" for role in team.sequence}
        cases.append(Case(team, saying(says, summary="As I said.")))

    for played in play(tmp_path, cases):
        assert played.decision in (None, "no_go")
        assert all("blocking_vs_non_block" in entry["conflicts"] for entry in played.record["history"])
        if played.decision is None:
            assert (played.record["status"], played.record["stop_reason"]) in (
                ("waiting", None),
                ("stopped", "max_rounds_reached"),
            )


def test_a_question_that_nobody_answers_holds_up_a_table_that_reads_it(tmp_path: Path) -> None:
    rows = [{"when": "open_questions > 0", "then": "next_round"}, {"when": "go == team", "then": "go"}]
    policy = {"name": "asking", "rules": rows, "otherwise": "next_round"}
    cases = []
    for seed in SEEDS:
        rng = seeded("asks", seed)
        team = drawn(rng, policy=policy, messages={})
        asker, asked = rng.sample(team.sequence, 2)

        def speech(question: Question, asker: str = asker, asked: str = asked) -> Any:
            why = {"to": [asked], "kind": "question", "content": "Are the levels of today?"}
            sent = [why] if (question.name, question.round) == (asker, 1) else []
            return {**proposal(question.name), "messages": sent}

        cases.append(Case(team, speech))

    for played in play(tmp_path, cases):
        assert (played.decision, played.record["stop_reason"]) == (None, "max_rounds_reached")
        assert [event["row"] for event in played.of("outcome")] == [0, 0, 0]


def test_left_open_a_reason_that_another_read_and_passed_over(tmp_path: Path) -> None:
    team = drawn(seeded("passes over"), roles=3, rounds={"show": "arguments"}, policy="majority")
    for stance in ("caution", "block"):
        says = {"ann": stance, "bob": "go", "cid": "go"}
        played = play_one(tmp_path / stance, team, saying(says))
        assert (played.decision, played.flags) == ("go", [])


# --- 2.6 reasoning-action mismatch -----------------------------------------------------------------------------------


def test_a_stance_more_permissive_than_the_role_s_own_checks_allow_is_flagged(tmp_path: Path) -> None:
    cases, says = [], []
    for seed in SEEDS:
        rng = seeded("mismatch", seed)
        facts = {name: {"level": rng.choice([LIMIT - 1, LIMIT, LIMIT + 1])} for name in NAMES}
        team = drawn(rng, checks=True, facts=facts)
        said = {role: rng.choice(STANCES) for role in team.sequence}
        cases.append(Case(team, saying(said)))
        says.append(said)

    flagged = 0
    for said, played in zip(says, play(tmp_path, cases), strict=True):
        levels = {role: played.case.team.own_facts[role]["level"] for role in said}  # type: ignore[index]
        allowed = {role: allowed_by_checks(level) for role, level in levels.items()}
        wrong = [role for role in said if PERMISSIVE.index(said[role]) > PERMISSIVE.index(allowed[role])]
        rounds = len(played.record["history"])
        found = [each for each in played.flags if each[1].startswith("contradicts_facts:")]
        assert found == [(number, f"contradicts_facts:{role}") for number in range(1, rounds + 1) for role in wrong]
        flagged += len(wrong)
    assert flagged > len(SEEDS) // 2


def herd(seed: int) -> tuple[Case, dict[tuple[int, str], tuple[str, list[str]]]]:
    """Agents that often follow the majority of the round before, with or without a fact they had not named."""
    rng = seeded("herd", seed)
    team = drawn(rng, policy={"name": "never", "rules": [], "otherwise": "next_round"}, budget={"max_rounds": 5})
    paths = [f"{name}.level" for name in team.own_facts or {}]
    said: dict[tuple[int, str], tuple[str, list[str]]] = {}
    for number in range(1, 6):
        for role in team.sequence:
            written = rng.sample(paths, rng.randint(0, 2))
            form = rng.choice(["{}", "facts.{}"])
            before = [said[number - 1, each][0] for each in team.sequence] if number > 1 else [*STANCES]
            stance = max(STANCES, key=before.count) if rng.random() < 0.5 else rng.choice(STANCES)
            said[number, role] = stance, [form.format(path) for path in written]

    def speech(question: Question) -> Any:
        stance, evidence = said[question.round, question.name]
        return proposal(question.name, stance, evidence=evidence)

    return Case(team, speech), said


def test_a_late_flip_without_a_reason_is_flagged_and_one_with_a_new_fact_is_not(tmp_path: Path) -> None:
    drawn_cases = [herd(seed) for seed in SEEDS]
    moves = 0
    for (_, said), played in zip(drawn_cases, play(tmp_path, [case for case, _ in drawn_cases]), strict=True):
        expected = []
        for number, role in said:
            stance, evidence = said[number, role]
            named = {path.removeprefix("facts.") for before in range(1, number) for path in said[before, role][1]}
            is_moved = number > 1 and said[number - 1, role][0] != stance
            moves += is_moved
            if is_moved and not {path.removeprefix("facts.") for path in evidence} - named:
                expected.append((number, f"moved_without_reason:{role}"))
        assert [each for each in played.flags if each[1].startswith("moved_without_reason:")] == expected
        assert [flag for _, flag in played.flags if flag.startswith("unsupported:")] == []
    assert moves > len(SEEDS)


def test_a_table_that_reads_it_decides_nothing_on_a_late_flip(tmp_path: Path) -> None:
    rows = [{"when": "moved > 0", "then": "next_round"}, {"when": "go == team", "then": "go"}]
    policy = {"name": "steady", "rules": rows, "otherwise": "next_round"}
    cases, rounds = [], []
    for seed in SEEDS:
        rng = seeded("steady", seed)
        team, has_reason = drawn(rng, policy=policy), rng.random() < 0.5
        who = rng.choice(team.sequence)
        new = ["bob.level" if has_reason else "ann.level"]

        def speech(question: Question, who: str = who, new: Any = new) -> Any:
            if question.name == who and question.round == 1:
                return proposal(who, "block", evidence=["ann.level"])
            return proposal(question.name, evidence=new)

        cases.append(Case(team, speech))
        rounds.append(2 if has_reason else 3)

    assert [played.record["rounds_used"] for played in play(tmp_path, cases)] == rounds
    assert {*rounds} == {2, 3}


def test_left_open_a_summary_that_argues_against_its_own_stance(tmp_path: Path) -> None:
    team = drawn(seeded("argues"), require_evidence=True)
    words = "The level is far too high. We must not ship this, so I say block."
    played = play_one(tmp_path, team, saying("go", summary=words, evidence=["ann.level"]))

    assert (played.decision, played.flags) == ("go", [])
