"""A thread is pinned to its team, policy, facts and goal: what moved is named, and nothing is written."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from graph.teams.loader import load_team
from tests.harness import settings_at, show, without_times
from tests.runs.expected import round_of, success, turned_away, usage
from tests.runs.stage import (
    BRIEF,
    DEMAND,
    FINANCE,
    MODEL,
    RISK,
    Played,
    go_on,
    play,
    rounds,
    script,
    state_of,
)
from tests.scripted_server import says, status, text

pytestmark = pytest.mark.slow

Changes = dict[str, Any]
# What moves, by the settings and changes of the second run.
MOVES: dict[str, tuple[str, tuple[str, ...], Changes]] = {
    "a mandate": ("team", ("roles.risk_analyst.mandate=Judge the risk alone.",), {}),
    "a mandate of a role that does not speak": ("team", ("roles.legal_analyst.mandate=Judge.",), {}),
    "a role enabled": ("team", ("roles.legal_analyst.enabled=true",), {}),
    "a role added to the sequence": ("team", ("sequence+=legal_analyst",), {}),
    "the order of the sequence": ("team", ("sequence=[risk_analyst, demand_analyst, finance_analyst]",), {}),
    "a voice": ("team", ("roles.risk_analyst.voice=rules",), {}),
    "a model": ("team", ("roles.risk_analyst.model=another",), {}),
    "a check": ("team", ("roles.risk_analyst.checks=[]",), {}),
    "a weight": ("team", ("roles.risk_analyst.weight=2",), {}),
    "a veto": ("team", ("roles.risk_analyst.veto=true",), {}),
    "the brief's voice": ("team", ("brief.voice=rules",), {}),
    "what is shown of rounds": ("team", ("rounds={show: both}",), {}),
    "the language": ("team", ("language=fr",), {}),
    "whether evidence is asked for": ("team", ("require_evidence=true",), {}),
    "whether numbers are grounded": ("team", ("ground=true",), {}),
    "the policy": ("policy", ("policy=launch",), {}),
    "a guard": ("policy", ("guards=[{name: region, fact: region, equals: EU, cap: no_go}]",), {}),
    "the votes needed": ("policy", ("budget.min_go_votes=1",), {}),
    "a fact": ("facts", ("facts.risk_signals.chargeback_alerts=5",), {}),
    "all facts": ("facts", (), {"facts": {"report_date": "2026-03-03"}}),
    "a fact more": ("facts", ("facts.extra=1",), {}),
    "a fact that is private now": ("facts", ("private=[region]",), {}),
    "the goal": ("goal", (), {"goal": "Another question."}),
    "team and goal": ("team", ("sequence+=legal_analyst",), {"goal": "Another question."}),
    "votes and facts": ("policy", ("budget.min_go_votes=1", "facts.extra=1"), {}),
    "facts and goal": ("facts", ("facts.extra=1",), {"goal": "Another question."}),
}
SAME: dict[str, tuple[str, ...]] = {
    "nothing": (),
    "budgets": ("budget={max_rounds: 9, max_messages: 99, max_seconds: 99, max_tokens: 99999, min_go_votes: 2}",),
    "a title": ("title=Another title",),
    "prices": ("prices={gpt-4.1-mini: {prompt: 0.1, completion: 0.2}}",),
    "the length of answers": ("max_output_tokens=900",),
    "a fact's spelling": ("facts.finance_signals.projected_revenue_usd=684000",),
}


def stopped_thread(home: Path) -> Played:
    """A thread that has one answer missing."""
    played = play(home, script(risk_analyst=status(401)))
    assert played.record["stop_reason"] == "llm_auth"
    return played


def rows(home: Path) -> list[Any]:
    """Everything the database holds, but who may write to a thread: whoever asks takes it, if only to be refused."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'fences' ORDER BY name"
    with sqlite3.connect(home / "accord.sqlite") as connection:
        tables = connection.execute(query).fetchall()
        found = [sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for (name,) in tables]
    connection.close()
    return found


@pytest.mark.parametrize("what", MOVES)
def test_a_stopped_thread_is_not_run_with_another_case_and_nothing_is_written(tmp_path: Path, what: str) -> None:
    stopped_thread(tmp_path)
    before = rows(tmp_path)
    field, sets, changes = MOVES[what]
    played = play(tmp_path, {}, *sets, changes=changes)
    assert played.record == turned_away(f"stale_thread:{field}", played.record["cause"])
    assert played.asked == {}
    assert rows(tmp_path) == before


@pytest.mark.parametrize("what", SAME)
def test_what_is_in_no_hash_may_move(tmp_path: Path, what: str) -> None:
    stopped_thread(tmp_path)
    played = play(tmp_path, {RISK: says("go"), "brief": text(BRIEF)}, *SAME[what])
    assert (played.record["status"], played.asked) == ("ok", {RISK: 1, "brief": 1})
    again = play(tmp_path, {}, *SAME[what])
    assert (again.record, again.asked) == (played.record, {})


def test_other_facts_or_fewer_votes_at_the_resume_are_stale_too(tmp_path: Path) -> None:
    stopped_thread(tmp_path)
    before = rows(tmp_path)
    for options, field in (
        ({"facts": {"report_date": "2026-03-03"}}, "facts"),
        ({"budget": {"min_go_votes": 1}}, "policy"),
        ({"budget": {"min_go_votes": 3, "max_rounds": 9}, "facts": {"a": 1}}, "policy"),
    ):
        refused = go_on(tmp_path, **options)
        assert refused.record == turned_away(f"stale_thread:{field}", refused.record["cause"])
    assert rows(tmp_path) == before


def test_the_same_facts_and_votes_at_the_resume_are_not_stale(tmp_path: Path) -> None:
    team = stopped_thread(tmp_path).team
    assert team is not None
    lines = {RISK: says("go"), "brief": text(BRIEF)}
    resumed = go_on(tmp_path, lines, facts=team.own_facts, budget={"min_go_votes": 2})
    assert resumed.record["status"] == "ok"


# --- accepted changes: round 1 is closed, round 2 lacks one answer, then something moves ------------------------------


def half_a_second_round(home: Path) -> Played:
    lines = rounds(("go", "caution", "caution"))
    lines |= {(DEMAND, 2): says("block", "Old."), (FINANCE, 2): says("block", "Old."), (RISK, 2): status(401)}
    played = play(home, lines)
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_auth", "round_2:risk_analyst")
    return played


ROUND_1 = round_of(1, {DEMAND: "go", FINANCE: "caution", RISK: "caution"}, ["go_vs_caution"], None)
ROUND_2 = round_of(2, {DEMAND: "go", FINANCE: "go", RISK: "caution"}, ["go_vs_caution"], "go_with_caution")
NEW_LINES = {DEMAND: says("go"), FINANCE: says("go"), RISK: says("caution"), "brief": text(BRIEF)}
ACCEPTED: dict[str, tuple[tuple[str, ...], Changes]] = {
    "team": (("roles.risk_analyst.mandate=Judge the risk alone.",), {}),
    "policy": (("budget.min_go_votes=1",), {}),
    "facts": (("facts.risk_signals.chargeback_alerts=5",), {}),
    "goal": ((), {"goal": "Another question."}),
}


@pytest.mark.parametrize("moved", ACCEPTED)
def test_accepted_changes_ask_all_seats_of_the_open_round_again(tmp_path: Path, moved: str) -> None:
    half_a_second_round(tmp_path)
    sets, changes = ACCEPTED[moved]
    played = play(tmp_path, NEW_LINES, *sets, changes=changes, accept_changes=True)
    assert played.team is not None
    expected = success(played.team, [ROUND_1, ROUND_2], usage(10, 9), BRIEF)
    record = without_times(played.record)
    record.pop("trace")
    expected.pop("trace")
    assert record == expected
    assert played.asked == {DEMAND: 1, FINANCE: 1, RISK: 1, "brief": 1}
    (user,) = played.seen(RISK, 2)
    assert (user["goal"], user["shared_context"]) == (played.team.goal, played.team.own_facts)


@pytest.mark.parametrize("moved", ACCEPTED)
def test_a_finished_thread_is_not_run_with_another_case_even_if_that_is_accepted(tmp_path: Path, moved: str) -> None:
    done = play(tmp_path, script())
    sets, changes = ACCEPTED[moved]
    for accepts in (False, True):
        played = play(tmp_path, {}, *sets, changes=changes, accept_changes=accepts)
        assert played.record == turned_away(f"stale_thread:{moved}", played.record["cause"])
    assert show(settings_at(tmp_path)) == done.record


def test_the_discarded_round_is_kept_as_superseded_with_its_answers(tmp_path: Path) -> None:
    old = half_a_second_round(tmp_path).record["hashes"]
    play(tmp_path, NEW_LINES, changes={"goal": "Another question."}, accept_changes=True)
    (kept,) = state_of(settings_at(tmp_path))["superseded"]
    assert (kept["round"], kept["hashes"]) == (2, old)
    said = {seat["role"]: seat["accepted"] and seat["accepted"]["answer"]["summary"] for seat in kept["seats"]}
    assert said == {DEMAND: "Old.", FINANCE: "Old.", RISK: None}


def test_changes_can_be_accepted_at_the_resume_and_hold_from_then_on(tmp_path: Path) -> None:
    team = half_a_second_round(tmp_path).team
    assert team is not None
    resumed = go_on(tmp_path, NEW_LINES, budget={"min_go_votes": 1}, accept_changes=True)
    assert (resumed.record["final_decision"], resumed.asked[DEMAND]) == ("go_with_caution", 1)
    refused = play(tmp_path, {})
    assert refused.record == turned_away("stale_thread:policy", refused.record["cause"])
    assert play(tmp_path, {}, "budget.min_go_votes=1").record == resumed.record


def test_facts_accepted_at_the_resume_are_what_the_roles_see(tmp_path: Path) -> None:
    half_a_second_round(tmp_path)
    facts = {"report_date": "2026-03-09", "region": "EU"}
    resumed = go_on(tmp_path, NEW_LINES, facts=facts, accept_changes=True)
    assert [resumed.seen(role, 2)[0]["shared_context"] for role in (DEMAND, FINANCE, RISK)] == [facts] * 3
    assert resumed.record["team_summary"]["region"] == "EU"


def test_a_changed_sequence_that_is_accepted_seats_the_new_role(tmp_path: Path) -> None:
    half_a_second_round(tmp_path)
    sets = ("sequence=[legal_analyst, risk_analyst, demand_analyst]", "roles.legal_analyst.enabled=true")
    lines = {**NEW_LINES, "legal_analyst": says("go")}
    played = play(tmp_path, lines, *sets, accept_changes=True)
    assert played.asked == {"legal_analyst": 1, RISK: 1, DEMAND: 1, "brief": 1}
    stances = played.record["team_summary"]["stances"]
    assert [each["agent"] for each in stances] == ["legal_analyst", RISK, DEMAND]


def test_accepting_changes_where_nothing_moved_keeps_the_open_round(tmp_path: Path) -> None:
    half_a_second_round(tmp_path)
    resumed = go_on(tmp_path, {RISK: says("go"), "brief": text(BRIEF)}, accept_changes=True)
    assert resumed.asked == {RISK: 1, "brief": 1}
    assert resumed.record["history"][1]["contributions"][0]["summary"] == "Old."
    assert state_of(settings_at(tmp_path)).get("superseded", []) == []


def test_between_two_rounds_there_is_nothing_to_discard_and_the_next_round_sees_the_change(tmp_path: Path) -> None:
    play(tmp_path, script("caution"), "budget.max_rounds=1")
    played = play(tmp_path, script(), "budget.max_rounds=2", changes={"goal": "Another?"}, accept_changes=True)
    assert (played.record["final_decision"], played.record["rounds_used"]) == ("go", 2)
    assert played.seen(RISK, 2)[0]["goal"] == "Another?"
    assert state_of(settings_at(tmp_path)).get("superseded", []) == []


def test_before_the_first_round_there_is_nothing_to_discard(tmp_path: Path) -> None:
    overrides = {"requires": ["risk_signals.fraud_score"]}
    play(tmp_path, {}, changes={"overrides": overrides})
    changes = {"overrides": overrides, "goal": "Another?"}
    played = play(tmp_path, {}, changes=changes, accept_changes=True)
    assert played.record["stop_reason"] == "needs_input:risk_signals.fraud_score"
    assert state_of(settings_at(tmp_path)).get("superseded", []) == []


def test_a_decision_whose_brief_is_missing_is_talked_over_again_when_its_ground_moved(tmp_path: Path) -> None:
    play(tmp_path, script(brief=status(401)))
    lines = script(demand_analyst=says("block"), risk_analyst=says("block"))
    played = play(tmp_path, lines, "facts.risk_signals.critical_incidents=2", accept_changes=True)
    assert (played.record["final_decision"], played.record["rounds_used"]) == ("no_go", 2)
    assert played.asked == {DEMAND: 1, FINANCE: 1, RISK: 1, "brief": 1}


def facts_in(region: str) -> str:
    """The facts of the reference case in another region, as a file holds them."""
    return json.dumps({**(load_team("checkout_launch").own_facts or {}), "region": region})


def test_a_file_of_facts_that_changed_makes_a_thread_stale_for_a_run_but_not_for_a_resume(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    path.write_text(facts_in("US"))
    changes = {"overrides": {"facts": [{"file": str(path)}]}}
    first = play(tmp_path, script(), changes=changes)
    assert play(tmp_path, {}, changes=changes).record == first.record
    path.write_text(facts_in("EU"))
    refused = play(tmp_path, {}, changes=changes)
    assert refused.record == turned_away("stale_thread:facts", refused.record["cause"])
    assert go_on(tmp_path).record == first.record
    path.unlink()
    assert play(tmp_path, {}, changes=changes).record == first.record


def test_a_changed_file_of_facts_can_be_accepted(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    path.write_text(facts_in("US"))
    changes = {"overrides": {"facts": [{"file": str(path)}]}}
    play(tmp_path, script(risk_analyst=status(401)), changes=changes)
    path.write_text(facts_in("EU"))
    played = play(tmp_path, script(), changes=changes, accept_changes=True)
    assert (played.record["status"], played.record["team_summary"]["region"]) == ("ok", "EU")
    seen = [played.seen(role, 1)[0]["shared_context"] for role in (DEMAND, FINANCE, RISK)]
    assert seen == [json.loads(facts_in("EU"))] * 3


def test_a_repair_under_way_starts_over_when_changes_are_accepted(tmp_path: Path) -> None:
    play(tmp_path, script(risk_analyst=[text("{}"), status(401)]))
    lines = {**script(), RISK: [text("{}"), says("go")]}
    played = play(tmp_path, lines, changes={"goal": "Another question."}, accept_changes=True)
    assert (played.record["status"], played.asked) == ("ok", {DEMAND: 1, FINANCE: 1, RISK: 2, "brief": 1})
    assert [user.get("repair") is None for user in played.seen(RISK, 1)] == [True, False]


def test_the_kept_model_answers_after_the_default_model_moved(tmp_path: Path) -> None:
    stopped_thread(tmp_path)
    resumed = go_on(tmp_path, {RISK: says("go"), "brief": text(BRIEF)})
    assert {call.body["model"] for call in resumed.server.calls} == {MODEL}
