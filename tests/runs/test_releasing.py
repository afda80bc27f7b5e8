"""Releasing: a row beside `next_round` lets a role go from the next round on, if it sits and is not the last one."""

from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from graph.report.dossier.dossier import dossier_of
from graph.teams.loader import load_team
from tests.harness import ScriptedVoice, proposal, run, settings_at, team_of
from tests.runs.stage import DEMAND, FINANCE, RISK, go_on, play, rounds, state_of
from tests.runs.test_convening import ALL_GO, ENABLED, FOUR, LEGAL, LONE_BLOCK, speakers, with_legal
from tests.scripted_server import says, status, text

pytestmark = pytest.mark.slow

CALLS = '{when: "round == 1 && block == 1", then: next_round, convene: legal_analyst}'
LETS_GO = '{when: "round == 2 && team == 4", then: next_round, release: legal_analyst, because: legal has been heard}'
ENDS = '{when: "block == 0 && go >= 2", then: go}], otherwise: next_round, when_rounds_end: escalate}'
POLICY = f"policy={{name: mine, rules: [{CALLS}, {LETS_GO}, {ENDS}"
THREE = [DEMAND, FINANCE, RISK]


def policy(*rows: str) -> str:
    return f"policy={{name: mine, rules: [{', '.join((*rows, ENDS))}"


def test_a_role_that_was_called_is_let_go_and_asked_no_more(tmp_path: Path) -> None:
    played = play(tmp_path, with_legal(LONE_BLOCK, ALL_GO, ALL_GO), POLICY, ENABLED)

    assert speakers(played.record) == [THREE, list(FOUR), THREE]
    assert played.asked == dict.fromkeys(THREE, 3) | {LEGAL: 1, "brief": 1}
    assert (played.record["final_decision"], played.record["usage"]["calls"]) == ("go", 11)


def test_the_others_read_what_it_said_before_it_left(tmp_path: Path) -> None:
    played = play(tmp_path, with_legal(LONE_BLOCK, ALL_GO, ALL_GO), POLICY, ENABLED)
    (user,) = played.seen(DEMAND, 3)

    assert [each["agent"] for each in user["recent_rounds"][1]["stances"]] == list(FOUR)


def test_a_role_of_the_sequence_is_let_go_and_its_stance_counts_no_more(tmp_path: Path) -> None:
    lets_go = policy(
        '{when: "round == 1", then: next_round, release: risk_analyst}', '{when: "team == 3", then: no_go}'
    )
    played = play(tmp_path, rounds(LONE_BLOCK, ALL_GO), lets_go)

    assert speakers(played.record) == [THREE, [DEMAND, FINANCE]]
    assert (played.record["final_decision"], played.asked[RISK]) == ("go", 1)


def test_a_role_that_left_comes_again_where_a_row_calls_it_again(tmp_path: Path) -> None:
    again = policy(CALLS, LETS_GO, '{when: "round == 3", then: next_round, convene: legal_analyst}')
    lines = with_legal(LONE_BLOCK, ALL_GO, ALL_GO, ALL_GO)
    played = play(tmp_path, lines, again, ENABLED, "budget.max_rounds=4", "budget.max_messages=20")

    assert [len(each) for each in speakers(played.record)] == [3, 4, 3, 4]


def test_the_last_seat_stays_and_nobody_leaves_who_does_not_sit(tmp_path: Path) -> None:
    rows = [
        f'{{when: "round == {at}", then: next_round, release: {who}}}' for at, who in enumerate((FINANCE, LEGAL), 1)
    ]
    alone = policy(*rows, '{when: "round < 5", then: next_round, release: risk_analyst}')
    sets = ("sequence=[finance_analyst, risk_analyst]", "budget.max_rounds=6", "budget.min_go_votes=1")
    lines = {(role, at): says("block") for role in (FINANCE, RISK) for at in range(1, 7)}
    played = play(tmp_path, lines, alone, *sets)

    assert speakers(played.record) == [[FINANCE, RISK], *[[RISK]] * 5]
    assert played.record["outcome"]["final"] is None


def test_nobody_leaves_where_a_guard_made_it_a_no_go(tmp_path: Path) -> None:
    guard = "guards=[{name: alerts, fact: risk_signals.chargeback_alerts, above: 3, cap: no_go}]"
    played = play(tmp_path, rounds(LONE_BLOCK), policy(LETS_GO.replace("round == 2 && team == 4", "true")), guard)
    (event,) = [event for event in state_of(settings_at(tmp_path))["events"] if event["event"] == "outcome"]

    assert (played.record["final_decision"], event["release"]) == ("no_go", None)


def test_who_left_stays_away_after_a_stop_and_a_resume_and_after_accepted_changes(tmp_path: Path) -> None:
    lines = with_legal(LONE_BLOCK, ALL_GO, ALL_GO) | {(DEMAND, 3): status(401)}
    first = play(tmp_path, lines, POLICY, ENABLED, "budget.max_messages=20")
    assert (first.record["stop_reason"], first.record["phase"]) == ("llm_auth", f"round_3:{DEMAND}")
    asked = {(role, 3): says("go") for role in THREE} | {"brief": text("So.")}
    resumed = go_on(tmp_path, asked, facts={"report_date": "2026-03-03"}, accept_changes=True)

    assert resumed.asked == dict.fromkeys(THREE, 1) | {"brief": 1}
    assert [len(each) for each in speakers(resumed.record)] == [3, 4, 3]


def test_messages_are_counted_for_those_who_sit(tmp_path: Path) -> None:
    """3 + 4 + 3 answers: with one message fewer the last of them is not asked."""
    enough = play(tmp_path / "a", with_legal(LONE_BLOCK, ALL_GO, ALL_GO), POLICY, ENABLED, "budget.max_messages=10")
    fewer = play(tmp_path / "b", with_legal(LONE_BLOCK, ALL_GO, ALL_GO), POLICY, ENABLED, "budget.max_messages=9")

    assert enough.record["final_decision"] == "go"
    assert (fewer.record["stop_reason"], fewer.record["phase"]) == ("max_messages", f"round_3:{RISK}")


def test_the_event_names_who_was_released_and_the_report_says_who_left_and_by_which_row(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    voice = ScriptedVoice(lambda each: proposal(each.name, "block" if (each.name, each.round) == (RISK, 1) else "go"))
    record = run(
        team_of(settings, "checkout_launch", POLICY, ENABLED), settings, voices=dict.fromkeys(("model", "rules"), voice)
    )
    state = state_of(settings)
    events = [event for event in state["events"] if event["event"] == "outcome"]
    dossier = dossier_of(record["thread_id"], record, state)
    notes = [outcome["note"] for block in dossier["matrix"] for outcome in block["outcomes"]]
    lines = [line for group in dossier["timeline"] for line in group["lines"] if line["what"].startswith("Outcome")]

    assert [(event["convene"], event["release"]) for event in events] == [(LEGAL, None), (None, LEGAL), (None, None)]
    assert notes == ["row 1; Legal analyst joins", "row 2; Legal analyst leaves", "row 3"]
    assert [line["detail"] for line in lines][1] == "row 2; legal has been heard; Legal analyst leaves"


def test_the_report_says_nothing_of_whom_a_row_calls_who_sits_or_lets_go_who_does_not(tmp_path: Path) -> None:
    rows = policy(
        '{when: "round == 1", then: next_round, convene: legal_analyst, release: legal_counsel}',
        '{when: "round == 2", then: next_round, convene: legal_analyst}',
    )
    settings = settings_at(tmp_path)
    voice = ScriptedVoice(lambda each: proposal(each.name, "go"))
    record = run(
        team_of(settings, "checkout_launch", rows, ENABLED), settings, voices=dict.fromkeys(("model", "rules"), voice)
    )
    dossier = dossier_of(record["thread_id"], record, state_of(settings))

    assert [outcome["note"] for block in dossier["matrix"] for outcome in block["outcomes"]] == [
        "row 1; Legal analyst joins",
        "row 2",
        "row 3",
    ]


READS = (
    "stances.risk_analyst == 'block'",
    "'risk_analyst' in stances",
    "size(stances) > 3",
    "has(stances.risk_analyst)",
)


@pytest.mark.parametrize("when", READS)
def test_a_team_whose_row_releases_a_role_because_of_its_stance_is_refused(when: str, tmp_path: Path) -> None:
    row = f'{{when: "{when}", then: next_round, release: risk_analyst}}'

    with pytest.raises(UsageError) as caught:
        team_of(settings_at(tmp_path), "checkout_launch", policy(row))
    assert "it releases `risk_analyst` on a condition that reads `stances`" in str(caught.value)


# --- shipped teams ----------------------------------------------------------------------------------------------------


def offline(home: Path, name: str) -> tuple[dict[str, Any], list[Any]]:
    settings = settings_at(home)
    record = run(team_of(settings, name), settings)
    return record, [event for event in state_of(settings)["events"] if event["event"] == "outcome"]


def test_the_team_that_opens_its_source_hears_legal_for_one_round_and_decides(tmp_path: Path) -> None:
    record, events = offline(tmp_path, "open_sourcing")

    assert "high_divergence" in record["history"][0]["conflicts"]
    assert [(event["convene"], event["release"]) for event in events] == [
        ("legal_counsel", None), (None, "legal_counsel"), (None, None),
    ]  # fmt: skip
    assert [len(event["casts"]) for event in events] == [4, 5, 4]
    assert (record["status"], record["final_decision"]) == ("ok", "go_with_caution")


def test_the_launch_that_escalates_has_a_block_that_lasts_two_rounds(tmp_path: Path) -> None:
    record, events = offline(tmp_path, "checkout_launch_escalates")
    other, own = load_team("checkout_launch"), load_team("checkout_launch_escalates")

    assert [event["final"] for event in events] == ["next_round", "escalate"]
    assert (record.get("final_decision"), events[-1]["because"]) == (None, "a block lasted two rounds")
    assert (own.goal, own.sequence, own.policy.name) == (other.goal, other.sequence, "launch")
    assert own.roles == {name: other.roles[name] for name in own.sequence}


def test_the_cold_storage_is_capped_by_its_door_seal_and_by_no_other_guard(tmp_path: Path) -> None:
    record, events = offline(tmp_path, "cold_storage")

    assert (record["final_decision"], record["outcome"]["guards"]) == ("go_with_caution", ["door seal"])
    assert [(found["name"], found["tripped"]) for found in events[0]["findings"]] == [
        ("potency", False), ("time out of range", False), ("door seal", True),
    ]  # fmt: skip
