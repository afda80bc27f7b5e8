"""Convening: a row beside `next_round` brings a role in from the next round on, if the team knows and enables it."""

from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from graph.teams.loader import load_team
from policies.run.seats import Failure
from tests.harness import ScriptedVoice, proposal, resume, run, settings_at, team_of
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, go_on, play, rounds, script, state_of
from tests.scripted_server import forever, says, status, text

pytestmark = pytest.mark.slow

LEGAL = "legal_analyst"
POLICY = (
    "policy={name: mine, rules: ["
    '{when: "block >= 2", then: no_go}, '
    '{when: "block == 1", then: next_round, convene: legal_analyst, because: legal has to look at it}, '
    '{when: "go >= 2", then: go}], otherwise: next_round, when_rounds_end: escalate}'
)
ENABLED = "roles.legal_analyst.enabled=true"
LONE_BLOCK = ("go", "go", "block")
ALL_GO = ("go", "go", "go")
FOUR = (DEMAND, FINANCE, RISK, LEGAL)


def seats(home: Path) -> list[str]:
    return [seat["role"] for seat in state_of(settings_at(home))["seats"]]


def speakers(record: dict[str, Any]) -> list[list[str]]:
    return [[said["agent"] for said in entry["contributions"]] for entry in record["history"]]


def with_legal(*stances: tuple[str, ...], legal: str = "go") -> dict[Any, Any]:
    return rounds(*stances) | {LEGAL: forever(says(legal))}


def test_a_convened_role_joins_in_the_next_round_after_the_sequence_and_its_stance_counts(tmp_path: Path) -> None:
    played = play(tmp_path, with_legal(LONE_BLOCK, LONE_BLOCK, legal="block"), POLICY, ENABLED)
    record = played.record

    assert speakers(record) == [[DEMAND, FINANCE, RISK], list(FOUR)]
    assert played.asked == {DEMAND: 2, FINANCE: 2, RISK: 2, LEGAL: 1, "brief": 1}
    assert (record["final_decision"], record["outcome"]["row"]) == ("no_go", 1)
    assert [each["agent"] for each in record["team_summary"]["stances"]] == list(FOUR)
    assert seats(tmp_path) == list(FOUR)


def test_it_is_told_the_rounds_it_did_not_take_part_in(tmp_path: Path) -> None:
    played = play(tmp_path, with_legal(LONE_BLOCK, ALL_GO), POLICY, ENABLED)
    (user,) = played.seen(LEGAL, 2)

    assert [each["agent"] for each in user["recent_rounds"][0]["stances"]] == [DEMAND, FINANCE, RISK]
    assert user["open_conflicts"] == ["blocking_vs_non_block"]
    assert played.record["final_decision"] == "go"


def test_a_role_that_joined_stays_in_every_later_round_also_if_no_row_calls_it_again(tmp_path: Path) -> None:
    cautious = ("caution", "caution", "caution")
    played = play(tmp_path, with_legal(LONE_BLOCK, cautious, ALL_GO), POLICY, ENABLED)

    assert [len(each) for each in speakers(played.record)] == [3, 4, 4]
    assert played.record["rounds_used"] == 3


def test_a_role_called_twice_joins_once(tmp_path: Path) -> None:
    played = play(tmp_path, with_legal(LONE_BLOCK, LONE_BLOCK, ALL_GO), POLICY, ENABLED)

    assert speakers(played.record)[2] == list(FOUR)
    assert played.asked[LEGAL] == 2


def test_a_role_that_is_not_enabled_does_not_join_and_denies_nothing(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(LONE_BLOCK, ALL_GO), POLICY)

    assert [len(each) for each in speakers(played.record)] == [3, 3]
    assert (played.record["final_decision"], LEGAL in played.asked) == ("go", False)


def test_a_role_that_the_team_does_not_know_does_not_join(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(LONE_BLOCK, ALL_GO), POLICY.replace(LEGAL, "chief_counsel"))

    assert [len(each) for each in speakers(played.record)] == [3, 3]


def test_a_role_that_sits_in_the_sequence_already_is_not_asked_twice(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(LONE_BLOCK, ALL_GO), POLICY.replace(LEGAL, DEMAND))

    assert speakers(played.record) == [[DEMAND, FINANCE, RISK]] * 2


def test_nobody_joins_where_the_row_that_convenes_did_not_fire(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(("go", "caution", "caution"), ALL_GO), POLICY, ENABLED)

    assert [len(each) for each in speakers(played.record)] == [3, 3]
    assert LEGAL not in played.asked


def test_nobody_joins_where_a_guard_made_it_a_no_go(tmp_path: Path) -> None:
    guard = "guards=[{name: alerts, fact: risk_signals.chargeback_alerts, above: 3, cap: no_go}]"
    played = play(tmp_path, rounds(LONE_BLOCK), POLICY, ENABLED, guard)

    assert (played.record["final_decision"], played.record["rounds_used"]) == ("no_go", 1)
    assert played.record["outcome"]["vote"] == "next_round"


def test_a_role_convened_in_the_last_round_joins_once_another_round_is_granted(tmp_path: Path) -> None:
    stops = POLICY.replace("when_rounds_end: escalate", "when_rounds_end: stop")
    first = play(tmp_path, rounds(LONE_BLOCK), stops, ENABLED, "budget.max_rounds=1")
    assert (first.record["stop_reason"], len(first.record["history"])) == ("max_rounds_reached", 1)
    lines = {(role, 2): says("go") for role in FOUR} | {"brief": text(BRIEF)}
    resumed = go_on(tmp_path, lines, budget={"max_rounds": 2})

    assert speakers(resumed.record)[1] == list(FOUR)


def test_a_role_that_joined_is_still_there_after_a_stop_and_a_resume(tmp_path: Path) -> None:
    lines = rounds(LONE_BLOCK, ALL_GO) | {LEGAL: status(401)}
    first = play(tmp_path, lines, POLICY, ENABLED)
    assert (first.record["stop_reason"], first.record["phase"]) == ("llm_auth", f"round_2:{LEGAL}")
    resumed = go_on(tmp_path, {LEGAL: says("go"), "brief": text(BRIEF)})

    assert resumed.asked == {LEGAL: 1, "brief": 1}
    assert [len(each) for each in speakers(resumed.record)] == [3, 4]


def test_a_role_that_joined_is_asked_for_a_message_of_the_budget_like_any_other(tmp_path: Path) -> None:
    played = play(tmp_path, with_legal(LONE_BLOCK, ALL_GO), POLICY, ENABLED, "budget.max_messages=6")

    assert (played.record["stop_reason"], played.record["phase"]) == ("max_messages", f"round_2:{LEGAL}")
    assert LEGAL not in played.asked


def test_the_round_after_accepted_changes_has_the_role_that_joined(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, ALL_GO) | {LEGAL: status(401)}, POLICY, ENABLED)
    lines = {(role, 2): says("go") for role in FOUR} | {"brief": text(BRIEF)}
    resumed = go_on(tmp_path, lines, facts={"report_date": "2026-03-03"}, accept_changes=True)

    assert resumed.asked == dict.fromkeys(FOUR, 1) | {"brief": 1}


def test_several_rows_convene_their_roles_in_the_order_in_which_they_fired(tmp_path: Path) -> None:
    policy = (
        "policy={name: mine, rules: ["
        '{when: "block == 1", then: next_round, convene: support_lead}, '
        '{when: "caution == 3", then: next_round, convene: legal_analyst}], otherwise: go}'
    )
    support = "roles.support_lead={title: Support, mandate: Judge.}"
    stances = [("caution", "caution", "caution"), LONE_BLOCK, ALL_GO]
    lines = rounds(*stances) | {LEGAL: forever(says("go")), "support_lead": forever(says("go"))}
    played = play(tmp_path, lines, policy, ENABLED, support)

    assert [each[3:] for each in speakers(played.record)] == [[], [LEGAL], [LEGAL, "support_lead"]]


def test_a_convened_role_that_fails_is_absent_where_absences_count(tmp_path: Path) -> None:
    counting = POLICY.replace("when_rounds_end", "on_absent: count, when_rounds_end")
    settings = settings_at(tmp_path)

    def speech(question: Any) -> Any:
        if question.name == LEGAL:
            return Failure("llm_timeout")
        return proposal(question.name, "block" if (question.name, question.round) == (RISK, 1) else "go")

    voice = ScriptedVoice(speech)
    team = team_of(settings, "checkout_launch", counting, ENABLED)
    record = run(team, settings, voices={"model": voice, "rules": voice})

    assert record["absent"] == [{"round": 2, "role": LEGAL, "reason": "llm_timeout"}]
    assert (record["final_decision"], [len(each) for each in speakers(record)]) == ("go", [3, 3])


def test_a_role_that_may_be_convened_needs_a_voice_before_the_run_begins(tmp_path: Path) -> None:
    mute = ("roles.legal_analyst.checks=[]", "roles.legal_analyst.otherwise=null")
    settings = settings_at(tmp_path)

    with pytest.raises(UsageError, match=f"the role `{LEGAL}` has no checks"):
        team_of(settings, "checkout_launch", POLICY, ENABLED, *mute)
    assert team_of(settings, "checkout_launch", POLICY, *mute)


def test_a_role_by_rules_that_may_be_convened_needs_its_facts_before_anybody_is_asked(tmp_path: Path) -> None:
    check = "{when: facts.legal_signals.open_cases > 0, stance: block, summary: Open., actions: [Close.]}"
    sets = (POLICY, ENABLED, "roles.legal_analyst.voice=rules", f"roles.legal_analyst.checks=[{check}]")
    played = play(tmp_path, script(), *sets, changes={"facts": load_team("checkout_launch").own_facts})

    assert (played.record["stop_reason"], played.asked) == ("needs_input:legal_signals.open_cases", {})


def test_the_event_of_the_round_names_who_was_convened_and_why(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    voice = ScriptedVoice(lambda each: proposal(each.name, "block" if each.name == RISK else "go"))
    voices = {"model": voice, "rules": voice}
    record = run(team_of(settings, "checkout_launch", POLICY, ENABLED), settings, voices=voices)
    events = [event for event in state_of(settings)["events"] if event["event"] == "outcome"]

    assert record["status"] == "waiting"
    assert [(event["row"], event["convene"], event["because"]) for event in events] == [
        (1, LEGAL, "legal has to look at it"),
        (1, LEGAL, "legal has to look at it"),
        (1, None, "legal has to look at it"),
    ]
    assert [list(event["casts"]) for event in events] == [[DEMAND, FINANCE, RISK], list(FOUR), list(FOUR)]
    assert resume(settings, voices=voices)["status"] == "waiting"
