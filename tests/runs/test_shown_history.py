"""What roles read of earlier rounds where arguments are shown, by whole runs: what is sent, and what history is."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.team.options import Rounds
from tests.harness import settings_at
from tests.patterns.stage import answering, output, team_of
from tests.patterns.stage import play as play_pattern
from tests.patterns.talk import go, inboxes, mail, silent, talking
from tests.runs.desk import Desk
from tests.runs.people import human, team
from tests.runs.stage import (
    BRIEF,
    DEMAND,
    FINANCE,
    RISK,
    Played,
    go_on,
    play,
    prompt_tokens_reserved,
    rounds,
    script,
    state_of,
)
from tests.scripted_server import Call, says, status, text

pytestmark = pytest.mark.slow

ARGUMENTS = "rounds={show: arguments, names: false}"
BOTH = "rounds={show: both}"
SPLIT, AGREED = ("go", "go", "block"), ("go", "go", "go")
LIMITS: Any = {"show": "arguments", "names": False}


def parts(call: Call) -> tuple[str, list[str], dict[str, Any]]:
    """The system message, the message of each finished round, and the last message of a call."""
    system, *said = call.body["messages"]
    assert [each["role"] for each in call.body["messages"]] == ["system", *["user"] * len(said)]
    return system["content"], [each["content"] for each in said[:-1]], json.loads(said[-1]["content"])


def roles_of(played: Played) -> list[Call]:
    return [call for call in played.server.calls if call.role != "brief"]


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [ARGUMENTS, BOTH])
def test_the_schema_and_the_instructions_are_the_same_in_every_call_and_rounds_are_appended(
    tmp_path: Path, shown: str
) -> None:
    played = play(tmp_path, rounds(SPLIT, SPLIT, AGREED), shown)
    calls = roles_of(played)
    assert len(calls) == 9
    assert len({json.dumps(call.body["response_format"]) for call in calls}) == 1
    assert calls[0].body["response_format"]["json_schema"]["schema"]["properties"]["agent"]["enum"] == [
        DEMAND,
        FINANCE,
        RISK,
    ]
    assert len({parts(call)[0] for call in calls}) == 1
    told = {number: {tuple(parts(call)[1]) for call in calls if call.round == number} for number in (1, 2, 3)}
    (first,), (second,), (third,) = told[1], told[2], told[3]
    assert (len(first), len(second), len(third)) == (0, 1, 2)
    assert third[:1] == second
    assert [list(parts(call)[2])[:4] for call in calls] == [["role", "title", "mandate", "round"]] * 9


def test_whoever_signs_for_another_role_is_refused_though_the_form_allows_the_name(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=says("go", agent=FINANCE)), ARGUMENTS, "max_repairs=0")
    assert played.record["stop_reason"] == f"invalid_contribution:agent_mismatch:{RISK}"


def test_a_repair_is_asked_for_in_the_last_message_alone(tmp_path: Path) -> None:
    played = play(tmp_path, {**script(), RISK: [says("maybe"), says("go")]}, ARGUMENTS)
    first, second = (parts(call) for call in played.server.calls_of(RISK))
    assert first[:2] == second[:2]
    assert second[2] == {**first[2], "repair": {"failed_check": "invalid_contribution:stance"}}


@pytest.mark.parametrize("shown", ["rounds={names: true}", ARGUMENTS])
def test_numbers_that_were_worked_out_are_read_with_the_facts(tmp_path: Path, shown: str) -> None:
    left = "facts.policy_limits.max_chargeback_alerts_for_go - facts.risk_signals.chargeback_alerts"
    worked_out = f"derive={{alerts_left: {left}}}"
    played = play(tmp_path, script(), shown, "ground=true", worked_out)
    for call in roles_of(played):
        system, _, last = parts(call)
        read = last if shown != ARGUMENTS else json.loads(system.rpartition("\n")[2])
        assert read["derived"] == {"alerts_left": 1}
        assert ("derived" in last) is (shown != ARGUMENTS)
        assert system.count("`derived`") == 1


@pytest.mark.parametrize("room", [-1, 0])
def test_a_limit_of_tokens_reserves_every_message(tmp_path: Path, room: int) -> None:
    free = play(tmp_path, rounds(SPLIT, AGREED), ARGUMENTS, "max_output_tokens=1", thread="free")
    second = next(call for call in free.server.calls_of(DEMAND) if call.round == 2)
    needed = prompt_tokens_reserved(second) + 1
    used = 3 * (100 + 20)
    lines = {**script(), RISK: [says("block"), says("go")]}
    limited = play(tmp_path, lines, ARGUMENTS, "max_output_tokens=1", f"budget.max_tokens={used + needed + room}")
    asked = [call.role for call in limited.server.calls if call.round == 2]
    assert asked[:1] == ([DEMAND] if room == 0 else [])
    assert (limited.record["stop_reason"] == "max_tokens") is (room < 0 or len(asked) < 3)


def test_the_record_names_the_instruction_file_that_was_used(tmp_path: Path) -> None:
    found = {}
    for number, shown in enumerate(("rounds={names: false}", ARGUMENTS, BOTH)):
        play(tmp_path, script(), shown, thread=f"t{number}")
        found[shown] = {*state_of(settings_at(tmp_path), f"t{number}")["events"][0]["prompts"]}
    assert [*found.values()] == [{"role", "brief"}, {"arguments", "brief"}, {"both", "brief"}]


# --- what is history -------------------------------------------------------------------------------------------------


def test_a_resumed_seat_reads_what_the_others_read_before_the_stop(tmp_path: Path) -> None:
    lines = rounds(SPLIT, AGREED) | {(RISK, 2): status(401)}
    stopped = play(tmp_path, lines, ARGUMENTS)
    assert stopped.record["phase"] == f"round_2:{RISK}"
    resumed = go_on(tmp_path, {RISK: says("go"), "brief": text(BRIEF)})
    (again,) = resumed.server.calls_of(RISK)
    before = [call for call in stopped.server.calls_of(RISK) if call.round == 2]
    assert parts(again) == parts(before[0])
    assert parts(again)[:2] == parts(stopped.server.calls_of(DEMAND)[1])[:2]


def test_what_was_set_aside_with_accepted_changes_is_no_history(tmp_path: Path) -> None:
    lines = rounds(SPLIT, AGREED) | {(DEMAND, 2): says("block", "Set aside."), (RISK, 2): status(401)}
    stopped = play(tmp_path, lines, ARGUMENTS)
    facts = {"report_date": "2026-03-03"}
    new = {DEMAND: [says("block", "New."), says("go")], FINANCE: [says("go")] * 2, RISK: [says("go")] * 2}
    resumed = go_on(tmp_path, {**new, "brief": text(BRIEF)}, facts=facts, accept_changes=True)
    assert [(call.role, call.round) for call in resumed.server.calls_of(DEMAND)] == [(DEMAND, 2), (DEMAND, 3)]
    for call in roles_of(resumed):
        system, told, last = parts(call)
        assert system.endswith('"shared_context":{"report_date":"2026-03-03"}}')
        assert told[:1] == parts(stopped.server.calls_of(DEMAND)[1])[1]
        assert "Set aside." not in json.dumps(call.body)
        assert last["you_said"]["round"] == last["round"] - 1
    assert "New." in parts(resumed.server.calls_of(RISK)[1])[1][1]


def test_what_is_shown_is_a_part_of_the_team_that_a_thread_is_pinned_to(tmp_path: Path) -> None:
    play(tmp_path, script(risk_analyst=status(401)), ARGUMENTS)
    turned = play(tmp_path, {}, "rounds={show: arguments}").record
    assert turned["stop_reason"] == "stale_thread:team"
    assert "rounds.names" in turned["cause"]


def test_a_decision_that_nobody_signed_stays_in_the_history_as_it_was(tmp_path: Path) -> None:
    """Who asks for another round says why in the last message, and changes nothing of what happened before."""
    desk = Desk(tmp_path, team(sign_off=["cfo"], rounds={"show": "both"}))
    desk.run()
    desk.answer("cfo", "again", "Not yet.")
    desk.answer("cfo", "again", "Still not.")
    (before,) = {prompt.before for prompt in desk.voice.prompts if json.loads(prompt.user).get("round") == 2}
    (later,) = {prompt.before for prompt in desk.voice.prompts if json.loads(prompt.user).get("round") == 3}
    assert later[:1] == before
    assert [json.loads(each)["decision"] for each in later] == ["go", "go"]
    notes = [json.loads(prompt.user).get("notes") for prompt in desk.voice.prompts if prompt.before]
    expected = [[{"from": "cfo", "note": note}] for note in ("Not yet.", "Still not.")]
    assert notes == [each for note in expected for each in (note, note)]


def test_what_a_person_said_in_a_seat_is_an_argument_like_any_other(tmp_path: Path) -> None:
    plain = human("legal", "cfo", sequence=["legal", "demand", "risk"], rounds=LIMITS)
    desk = Desk(tmp_path, plain, {1: {"risk": "block"}})
    desk.run()
    said = {
        "stance": "go",
        "summary": "The law allows it.",
        "confidence": 1,
        "actions": ["Sign."],
        "evidence": ["rate"],
    }
    desk.answer("cfo", said)
    (told,) = {prompt.before for prompt in desk.voice.prompts if json.loads(prompt.user).get("round") == 2}
    assert {"summary": "The law allows it.", "evidence": ["rate"]} in json.loads(told[0])["arguments"]


def test_messages_are_read_in_the_last_message_and_may_be_sent_under_the_same_instructions(tmp_path: Path) -> None:
    talks = talking(rounds=3)
    talks = talks.model_copy(update={"rounds": Rounds(**LIMITS)})
    played = play_pattern(tmp_path, talks, {**silent(3), "ann": [go(mail(["bob"])), go(), go()]})
    calls = [call for call in played.server.calls if call.role != "brief"]
    assert len({parts(call)[0] for call in calls}) == 1
    assert "`messages`" in parts(calls[0])[0]
    assert [inboxes(played, role) for role in ("ann", "bob", "cid")] == [
        [[], [], []],
        [[], ["Hello."], []],
        [[], [], []],
    ]
    assert not [told for call in calls for told in parts(call)[1] if "Hello." in told]


def test_a_team_within_reads_what_it_was_asked_with_goal_and_facts(tmp_path: Path) -> None:
    council = answering("rounds", "tester", "legal", goal="Is it sound?", rounds=LIMITS)
    outer = team_of("pipeline", "writer", "council", roles={"council": council})
    lines = {"writer": output("A draft."), "tester": says("go"), "legal": says("go"), "brief": text("It is sound.")}
    played = play_pattern(tmp_path, outer, lines)
    (system,) = {parts(call)[0] for role in ("tester", "legal") for call in played.calls(role)}
    data = json.loads(system.rpartition("\n")[2])
    assert data["goal"] == "Is it sound?"
    assert data["task"] == {"part_of": "Ship it?", "previous": {"agent": "writer", "text": "A draft."}}
