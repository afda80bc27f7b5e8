"""Absence: under a policy that counts it, a role that gives no contribution is absent, and asked again next round."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.harness import ScriptedVoice, proposal, resume, run, settings_at, show, team_of, without_times
from tests.runs.stage import DEMAND, FINANCE, RISK, go_on, play, refused, rounds, script, state_of
from tests.scripted_server import forever, hangs, says, status, text

QUORUM = "policy=quorum"
BAD: dict[str, Any] = {"stance": "maybe"}
FAILURES: dict[str, tuple[Any, str]] = {
    "its timeout": (Failure("llm_timeout"), "llm_timeout"),
    "an unavailable server": (Failure("llm_error:503"), "llm_error:503"),
    "too many requests": (Failure("llm_rate_limited"), "llm_rate_limited"),
    "an empty answer": (Failure("llm_empty"), "llm_empty"),
    "a contract broken beyond repairs": (BAD, "invalid_contribution:missing_keys"),
}
STOPS: dict[str, Any] = {
    "a key that is not known": Failure("llm_auth"),
    "a bad request": Failure("llm_error:400"),
    "the end of its time": Failure("max_seconds"),
}
Speech = Callable[[Question], Any]


def saying(answers: dict[tuple[str, int], Any], usual: str = "go") -> Speech:
    """Everybody takes the usual stance, but for the answers by role and round."""

    def speech(question: Question) -> Any:
        answer = answers.get((question.name, question.round), usual)
        return proposal(question.name, answer) if isinstance(answer, str) else answer

    return speech


def voiced(speech: Speech) -> tuple[ScriptedVoice, dict[str, Any]]:
    voice = ScriptedVoice(speech)
    return voice, {"model": voice, "rules": voice}


def asked(voice: ScriptedVoice, role: str) -> int:
    return [name for name, _ in voice.asked].count(role)


def absent(number: int, role: str, reason: str) -> dict[str, Any]:
    return {"round": number, "role": role, "reason": reason}


@pytest.mark.parametrize("why", FAILURES)
def test_a_role_that_fails_is_counted_as_absent_and_the_others_decide(tmp_path: Path, why: str) -> None:
    answer, reason = FAILURES[why]
    settings = settings_at(tmp_path)
    voice, voices = voiced(saying({(RISK, 1): answer}))
    record = run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)

    assert (record["status"], record["final_decision"], record["rounds_used"]) == ("ok", "go", 1)
    assert record["absent"] == [absent(1, RISK, reason)]
    assert record["outcome"] == {"vote": "go", "row": 2, "guards": [], "final": "go"}
    assert [each["agent"] for each in record["history"][0]["contributions"]] == [DEMAND, FINANCE]
    assert [each["agent"] for each in record["team_summary"]["stances"]] == [DEMAND, FINANCE]
    assert [line["agent"] for line in record["trace"][:-1]] == [DEMAND, FINANCE]
    assert asked(voice, RISK) == (2 if answer is BAD else 1)
    assert show(settings) == record


@pytest.mark.parametrize("why", FAILURES)
def test_who_was_absent_is_asked_again_in_the_next_round(tmp_path: Path, why: str) -> None:
    answer, reason = FAILURES[why]
    settings = settings_at(tmp_path)
    answers = {(RISK, 1): answer, (DEMAND, 1): "block", (FINANCE, 1): "go"}
    voice, voices = voiced(saying(answers))
    record = run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)

    assert [entry["decision"] for entry in record["history"]] == [None, "go"]
    assert [len(entry["contributions"]) for entry in record["history"]] == [2, 3]
    assert record["absent"] == [absent(1, RISK, reason)]
    first_round = 2 if answer is BAD else 1
    assert asked(voice, RISK) == first_round + 1
    seats = state_of(settings)["seats"]
    assert [(seat["role"], seat["absent"], seat["refusals"]) for seat in seats] == [
        *((role, None, 0) for role in (DEMAND, FINANCE, RISK))
    ]


@pytest.mark.parametrize("why", STOPS)
def test_a_key_a_bad_request_and_a_budget_stop_the_run_all_the_same(tmp_path: Path, why: str) -> None:
    failure = STOPS[why]
    settings = settings_at(tmp_path)
    _, voices = voiced(saying({(FINANCE, 1): failure, (RISK, 1): Failure("llm_timeout")}))
    record = run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)

    assert (record["stop_reason"], record["phase"]) == (failure.reason, f"round_1:{FINANCE}")
    assert (record["history"], record["outcome"]) == ([], None)
    assert record["absent"] == [absent(1, RISK, "llm_timeout")]


def test_after_such_a_stop_only_the_seat_that_is_open_is_asked_and_the_absent_one_stays_absent(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    _, voices = voiced(saying({(FINANCE, 1): Failure("llm_auth"), (RISK, 1): Failure("llm_timeout")}))
    assert run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)["stop_reason"] == "llm_auth"
    voice, voices = voiced(saying({}))
    record = resume(settings, voices=voices)

    assert (record["final_decision"], record["rounds_used"]) == ("go", 1)
    assert [name for name, _ in voice.asked] == [FINANCE, "brief"]
    assert record["absent"] == [absent(1, RISK, "llm_timeout")]


def test_a_denied_role_stops_the_run_and_no_absence_hides_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    _, voices = voiced(saying({(RISK, 1): Failure("llm_timeout")}))
    team = team_of(settings, "checkout_launch", QUORUM, "sequence+=legal_analyst")
    record = run(team, settings, voices=voices)

    assert (record["stop_reason"], record["resumable"]) == ("agent_denied:legal_analyst", False)


def test_where_the_policy_does_not_count_absences_the_same_failure_stops_the_run(tmp_path: Path) -> None:
    for policy in ("classic", "launch", "majority"):
        settings = settings_at(tmp_path)
        _, voices = voiced(saying({(RISK, 1): Failure("llm_timeout")}))
        record = run(team_of(settings, "checkout_launch", f"policy={policy}"), settings, policy, voices=voices)
        assert (record["stop_reason"], record["absent"]) == ("llm_timeout", [])


def test_with_half_of_the_team_absent_nobody_decides_and_at_the_end_a_human_is_asked(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lost = {(role, number): Failure("llm_error:503") for role in (FINANCE, RISK) for number in (1, 2, 3)}
    voice, voices = voiced(saying(lost))
    record = run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)

    assert (record["status"], record["waiting"][0]["kind"]) == ("waiting", "decide")
    assert [entry["decision"] for entry in record["history"]] == [None, None, None]
    assert record["absent"] == [absent(at, role, "llm_error:503") for at in (1, 2, 3) for role in (FINANCE, RISK)]
    assert asked(voice, RISK) == 3


def test_a_whole_team_that_is_absent_has_no_contributions_and_decides_nothing(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lost = {(role, 1): Failure("llm_timeout") for role in (DEMAND, FINANCE, RISK)}
    _, voices = voiced(saying(lost))
    record = run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)

    first = {"round": 1, "contributions": [], "conflicts": ["no_contributions"], "decision": None}
    assert record["history"][0] == first
    assert record["trace"][0] == {"round": 1, "conflicts": ["no_contributions"], "decision": "next_round"}
    assert (record["final_decision"], record["rounds_used"]) == ("go", 2)


def test_absences_never_turn_a_refusal_by_more_than_half_into_something_better(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    answers: dict[tuple[str, int], Any] = {(DEMAND, 1): "block", (FINANCE, 1): "block", (RISK, 1): Failure("llm_empty")}
    _, voices = voiced(saying(answers))
    record = run(team_of(settings, "checkout_launch", QUORUM), settings, voices=voices)

    assert (record["final_decision"], record["outcome"]["row"]) == ("no_go", 4)


def test_an_absent_role_is_no_part_of_what_the_next_round_is_told(tmp_path: Path) -> None:
    lines = rounds(("block", "go", "go"), ("go", "go", "go")) | {(RISK, 1): refused(503)}
    played = play(tmp_path, lines, QUORUM)

    (user,) = played.seen(RISK, 2)
    assert [each["agent"] for each in user["recent_rounds"][0]["stances"]] == [DEMAND, FINANCE]
    assert user["open_conflicts"] == ["blocking_vs_non_block"]
    assert played.record["absent"] == [absent(1, RISK, "llm_error:503")]


@pytest.mark.slow
def test_over_http_a_timeout_a_503_and_a_proposal_beyond_repair_are_absences(tmp_path: Path) -> None:
    lines = {
        "a silent provider": (forever(hangs(60)), "llm_timeout", 3),
        "an unavailable one": (refused(503), "llm_error:503", 3),
        "a stance nobody knows": ([says("maybe"), says("never")], "invalid_contribution:stance", 2),
        "prose": ([text("I would say go."), text("Go!")], "invalid_contribution:missing_keys", 2),
    }
    for number, (answer, reason, calls) in enumerate(lines.values()):
        case = script(risk_analyst=answer)
        played = play(tmp_path, case, QUORUM, thread=f"t{number}", timeout_seconds=0.6)
        assert (played.record["final_decision"], played.asked[RISK]) == ("go", calls)
        assert played.record["absent"] == [absent(1, RISK, reason)]


def test_over_http_a_key_that_is_refused_stops_the_run_and_goes_on_with_another(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=status(401), finance_analyst=refused(503)), QUORUM)
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_auth", f"round_1:{RISK}")
    resumed = go_on(tmp_path, script())
    assert (resumed.record["final_decision"], resumed.asked) == ("go", {RISK: 1, "brief": 1})
    assert without_times(resumed.record)["absent"] == [absent(1, FINANCE, "llm_error:503")]
