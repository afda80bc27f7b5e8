"""`accord replay`: a past run, run again from its record alone, comes to the same record; a changed one does not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.record import Record
from nodes.halt import Halt
from nodes.voices.voice import Question
from policies.assurance.audit import Event
from tests.assurance.stage import BLOCK, CAUTION, GO, play, team_file
from tests.audit.chronicle import stopped, told
from tests.audit.stored import relinked, rewrite_events
from tests.harness import answer, proposal, resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord, refused
from tests.runs import stage
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, go_on, rounds, script
from tests.runs.stage import refused as answered_with
from tests.scripted_server import closes, forever, says, serve, status, text, with_usage

pytestmark = pytest.mark.slow

ONE_BLOCK, ALL_GO = (GO, GO, BLOCK), (GO, GO, GO)


def replayed(capture: Captured, thread: str = "t", code: int = 0) -> Any:
    """Return what a replay tells a program."""
    done = accord(capture, "replay", thread, "--json")
    assert (done.code, done.err) == (code, ""), done
    return json.loads(done.out)


def assert_same(capture: Captured, record: Record) -> None:
    """The run again gives the record that the run gave, and says so to people."""
    found = replayed(capture, record["thread_id"])
    assert (found["same"], found["differs_in"]) == (True, [])
    # What was wrong with facts that did not suffice is said anew: they are not kept.
    varying = {"elapsed_seconds", *(["cause"] if record.get("phase") == "facts" else [])}
    for key in record.keys() - varying:
        assert found["record"][key] == record[key], key
    ended = record.get("final_decision") or record["stop_reason"]
    done = accord(capture, "replay", record["thread_id"])
    assert (done.code, done.out) == (0, f"the same record: {ended}; no model was asked\n")


# --- whole runs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("team", ["checkout_launch", "cold_storage"])
def test_a_run_by_rules_gives_the_same_record_brief_included(team: str, accord_home: Path, capsys: Captured) -> None:
    record = run(team_of(settings_at(accord_home), team), settings_at(accord_home))

    assert_same(capsys, record)
    assert "Immediate actions:" in record["answer"]


def test_rounds_with_refusals_repairs_flags_and_unusual_text_give_the_same_record(
    accord_home: Path, capsys: Captured
) -> None:
    _, record = told(accord_home)

    assert_same(capsys, record)


def test_a_run_of_models_with_repairs_and_retries_is_replayed_without_asking_any(
    accord_home: Path, capsys: Captured
) -> None:
    lines = script(
        demand_analyst=[status(429, headers={"retry-after": "0"}), says(GO)],
        finance_analyst=[text("I say go."), says(GO, evidence=["no.such.fact"])],
        risk_analyst=[status(500, headers={"retry-after": "0"}), says("maybe"), says(CAUTION, evidence="none")],
        brief=[status(503, headers={"retry-after": "0"}), text(BRIEF)],
    )
    played = stage.play(accord_home, lines)
    assert played.asked == {DEMAND: 2, FINANCE: 2, RISK: 3, "brief": 2}

    assert_same(capsys, played.record)
    assert played.record["usage"]["calls"] == 9


def test_a_capped_decision_and_a_joined_role_give_the_same_record(accord_home: Path, capsys: Captured) -> None:
    table = (
        "policy={name: mine, rules: [{when: round == 1, then: next_round, convene: legal_analyst},"
        " {when: go == team, then: go}], otherwise: no_go}"
    )
    guard = "guards=[{name: alerts, fact: risk_signals.chargeback_alerts, above: 3, cap: go_with_caution}]"
    settings = settings_at(accord_home)
    team = team_of(settings, "checkout_launch", table, guard, "roles.legal_analyst.enabled=true")
    record = run(team, settings, voices=scripted(lambda question: proposal(question.name)))
    assert [len(entry["contributions"]) for entry in record["history"]] == [3, 4]
    assert record["outcome"]["guards"] == ["alerts"]

    assert_same(capsys, record)


def test_absent_seats_are_absent_again(accord_home: Path, capsys: Captured) -> None:
    record = play(settings_at(accord_home), "t", ["llm_timeout"], "policy=quorum")
    assert record["absent"] == [{"round": 1, "role": RISK, "reason": "llm_timeout"}]

    assert_same(capsys, record)


def test_withheld_facts_stay_withheld(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    record = run(team_of(settings, "checkout_launch", "private=[campaign.name, campaign]"), settings)
    assert record["status"] == "ok"

    assert_same(capsys, record)


# --- stopped runs ----------------------------------------------------------------------------------------------------

STOPS: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "llm_auth": (lambda: script(risk_analyst=status(401)), ()),
    "llm_error:400": (lambda: script(finance_analyst=status(400)), ()),
    "llm_timeout": (lambda: script(risk_analyst=forever(closes())), ()),
    "llm_rate_limited": (lambda: script(risk_analyst=answered_with(429)), ()),
    "llm_empty": (lambda: script(risk_analyst=text("")), ()),
    "invalid_contribution:stance": (lambda: script(risk_analyst=[says("yes"), says("no")]), ()),
    "invalid_contribution:missing_keys": (lambda: script(demand_analyst=text("Go.")), ("max_repairs=0",)),
    "agent_denied:legal_analyst": (lambda: script(), ("sequence+=legal_analyst",)),
    "max_rounds_reached": (lambda: rounds(ONE_BLOCK, ONE_BLOCK), ("budget.max_rounds=2",)),
    "max_messages": (lambda: rounds(ONE_BLOCK, ONE_BLOCK), ("budget.max_messages=5",)),
    "max_tokens": (lambda: script(demand_analyst=with_usage(says(GO), 1_500, 20)), ("budget.max_tokens=2000",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("reason", STOPS)
def test_a_stopped_run_stops_again_for_the_same_reason_at_the_same_place(
    reason: str, accord_home: Path, capsys: Captured
) -> None:
    lines, sets = STOPS[reason]
    with serve(lines()) as server:
        settings = settings_at(accord_home, server.base_url)
        record = run(team_of(settings, "checkout_launch", *sets), settings)
    assert record["stop_reason"] == reason

    assert_same(capsys, record)


def test_a_brief_that_failed_fails_again(accord_home: Path, capsys: Captured) -> None:
    played = stage.play(accord_home, script(brief=status(401)))
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_auth", "finalize")

    assert_same(capsys, played.record)


def test_a_cancelled_run_is_cancelled_again(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    halt = Halt()

    def speech(question: Question) -> Any:
        if question.round == 2:
            halt.set()
        return proposal(question.name, BLOCK if question.name == RISK else GO)

    record = run(team_of(settings), settings, voices=scripted(speech), halt=halt)
    assert record["stop_reason"] == "cancelled"

    assert_same(capsys, record)


@pytest.mark.parametrize(
    ("facts", "requires", "reason"),
    [
        (None, "a", "facts_unavailable:facts.yaml"),
        ("[]", "a", "facts_unavailable:facts.yaml"),
        ("{}", "a", "needs_input:a"),
        ("{a: 1, b: null}", "a, b, c", "needs_input:b"),
    ],
)
def test_a_run_that_lacked_facts_of_its_file_lacks_them_again(
    facts: str | None, requires: str, reason: str, accord_home: Path, capsys: Captured
) -> None:
    if facts is not None:
        Path("facts.yaml").write_text(facts)
    text = Path(team_file("launch", more=f"facts: [{{file: facts.yaml}}]\nrequires: [{requires}]")).read_text()
    Path("team.yaml").write_text(text.replace("facts: {rate: 1, region: US}\n", ""))
    settings = settings_at(accord_home)
    record = run(team_of(settings, "team.yaml"), settings)
    assert record["stop_reason"] == reason

    assert_same(capsys, record)


def test_a_run_that_lacked_a_fact_of_its_team_lacks_it_again(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    record = run(team_of(settings, team_file("launch", more="requires: [region, margin]")), settings)
    assert record["stop_reason"] == "needs_input:margin"

    assert_same(capsys, record)


# --- stopped, then resumed -------------------------------------------------------------------------------------------


def test_a_run_that_failed_and_went_on_gives_the_same_record(accord_home: Path, capsys: Captured) -> None:
    settings, _ = stopped(accord_home)
    voices = scripted(lambda question: proposal(question.name), brief=BRIEF)
    record = resume(settings, voices=voices)
    assert record["status"] == "ok"

    assert_same(capsys, record)


@pytest.mark.slow
def test_a_run_that_went_on_with_a_raised_budget_gives_the_same_record(accord_home: Path, capsys: Captured) -> None:
    stage.play(accord_home, rounds(ONE_BLOCK, ONE_BLOCK), "budget.max_rounds=1", "budget.max_messages=5")
    first = go_on(accord_home, rounds(ONE_BLOCK, ONE_BLOCK), budget={"max_rounds": 3})
    assert first.record["stop_reason"] == "max_messages"
    assert_same(capsys, first.record)

    second = go_on(accord_home, rounds(ONE_BLOCK, ALL_GO, ALL_GO) | {RISK: says(GO)}, budget={"max_messages": 20})

    assert (second.record["status"], second.record["rounds_used"]) == ("ok", second.record["history"][-1]["round"])
    assert_same(capsys, second.record)


def test_an_escalated_run_that_talked_once_more_gives_the_same_record(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    play(settings, "t", [ONE_BLOCK, ONE_BLOCK], "policy=launch")
    voices = scripted(lambda question: proposal(question.name))
    assert resume(settings, voices=voices, budget={"max_rounds": 5})["status"] == "waiting"
    record = answer(settings, "again", voices=voices)
    assert (record["status"], record["rounds_used"]) == ("ok", 3)

    assert_same(capsys, record)


def test_a_run_that_went_on_with_the_facts_it_lacked_gives_the_same_record(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    first = run(team_of(settings, team_file("launch", more="requires: [region, margin]")), settings)
    assert first["stop_reason"] == "needs_input:margin"
    record = resume(settings, facts={"region": "US", "margin": 5})
    assert record["status"] == "ok"

    assert_same(capsys, record)


@pytest.mark.parametrize("sets", [("facts.region=EU",), ("budget.min_go_votes=1",), ("title=New", "max_repairs=0")])
def test_a_run_that_went_on_with_accepted_changes_is_refused_in_a_sentence(
    sets: tuple[str, ...], accord_home: Path, capsys: Captured
) -> None:
    settings = settings_at(accord_home)
    play(settings, "t", ["llm_auth"])
    voices = scripted(lambda question: proposal(question.name))
    moved = run(team_of(settings, "checkout_launch", *sets), settings, "t", voices, accept_changes=True)
    assert moved["status"] == "ok"

    if "title=New" in sets:  # what is in no hash is no change
        assert replayed(capsys)["same"]
        return
    (sentence,) = refused(capsys, "replay", "t")
    assert sentence == "the thread `t` was resumed with accepted changes; what was there before is not kept"


# --- manipulated records ---------------------------------------------------------------------------------------------


def changing(kind: str, change: Callable[[Event], dict[str, Any]]) -> Callable[[list[Event]], list[Event]]:
    """Change the first event of a kind, and link the chain anew: only the answers tell."""

    def changed(events: list[Event]) -> list[Event]:
        place = next(n for n, event in enumerate(events) if event["event"] == kind)
        events[place] = {**events[place], **change(events[place])}
        return relinked(events)

    return changed


def as_caution(event: Event) -> dict[str, Any]:
    return {"contribution": {**event["contribution"], "stance": CAUTION}}


MANIPULATED: dict[str, tuple[str, Callable[[Event], dict[str, Any]], str]] = {
    "a stance": ("accepted", as_caution, "final_decision"),
    "a summary": ("accepted", lambda e: {"contribution": {**e["contribution"], "summary": "Forged."}}, "history"),
    "a refusal": ("accepted", lambda e: {"event": "refused", "rule": "invalid_contribution:stance", "raw": 1}, "trace"),
    "the tokens": ("proposed", lambda e: {"usage": {**e["usage"], "prompt_tokens": 5}}, "usage"),
    "the decision": ("outcome", lambda e: {"vote": "no_go", "final": "no_go"}, "outcome"),
    "the row": ("outcome", lambda e: {"row": 0}, "outcome"),
    "a guard": ("outcome", lambda e: {"guards": ["forged"]}, "outcome"),
    "a flag": ("outcome", lambda e: {"flags": ["unsupported:forged"]}, "flags"),
    "the limits": ("admitted", lambda e: {"limits": {**e["limits"], "max_messages": 2}}, "status"),
}


@pytest.mark.parametrize("what", MANIPULATED)
def test_a_manipulated_record_differs_even_where_its_chain_was_linked_anew(
    what: str, accord_home: Path, capsys: Captured
) -> None:
    record = play(settings_at(accord_home), "t", [ALL_GO])
    assert record["status"] == "ok"
    kind, change, key = MANIPULATED[what]
    rewrite_events(accord_home / "accord.sqlite", changing(kind, change))

    found = replayed(capsys, code=1)
    done = accord(capsys, "replay", "t")

    assert not found["same"]
    assert key in found["differs_in"]
    assert (done.code, done.out) == (1, f"differs in {', '.join(found['differs_in'])}\n")


def test_a_forged_brief_differs(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [ALL_GO])

    def forged(events: list[Event]) -> list[Event]:
        return relinked([{**event, "text": "Forged."} if "text" in event else event for event in events])

    rewrite_events(accord_home / "accord.sqlite", forged)

    assert replayed(capsys, code=1)["differs_in"] == ["answer"]


def test_a_replay_leaves_the_thread_and_the_list_as_they_were(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [ALL_GO])
    before = [
        accord(capsys, *command).out
        for command in (["show", "t", "--json"], ["list", "--json"], ["audit", "export", "t"])
    ]

    replayed(capsys)

    assert before == [
        accord(capsys, *command).out
        for command in (["show", "t", "--json"], ["list", "--json"], ["audit", "export", "t"])
    ]
