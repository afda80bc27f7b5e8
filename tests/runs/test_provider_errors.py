"""Errors of the provider: which are tried again, how often, how long is waited, and what is counted."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.harness import settings_at, without_times
from tests.runs.expected import round_of, success, usage
from tests.runs.stage import AT_ONCE, BRIEF, DEMAND, FINANCE, RISK, play, script, state_of
from tests.scripted_server import Answer, closes, drips, forever, hangs, says, status, text, truncated

pytestmark = pytest.mark.slow

ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
GO = says("go")
LOST: dict[str, Answer] = {
    **{str(code): status(code, headers=AT_ONCE) for code in (408, 409, 429, 500, 502, 503, 504, 529)},
    "a status within an error": status(200, {"error": {"message": "Busy.", "code": 503}}, AT_ONCE),
    "a status beside an error": status(200, {"error": {"message": "Busy."}, "status": 503}, AT_ONCE),
    "an error by name": status(200, {"error": {"message": "Busy.", "code": "rate_limit_exceeded"}}, AT_ONCE),
    "an error without an envelope": status(200, {"object": "error", "message": "Busy.", "code": 503}, AT_ONCE),
    "closed without a byte": closes(),
    "reset half way": closes(says("go")),
    "cut half way": truncated(says("go")),
}


@pytest.mark.parametrize("error", LOST)
def test_a_lost_call_is_tried_again_and_counts_as_a_call_but_not_as_a_message(tmp_path: Path, error: str) -> None:
    played = play(tmp_path, script(finance_analyst=[LOST[error], GO]), "budget.max_messages=3")
    assert played.team is not None
    assert without_times(played.record) == success(played.team, ALL_GO, usage(5, 4), BRIEF)
    assert played.asked == {DEMAND: 1, FINANCE: 2, RISK: 1, "brief": 1}
    assert state_of(settings_at(tmp_path))["spent"] == {"messages": 3, "rounds": 1}


def test_two_retries_are_made_and_the_third_error_stops_the_run(tmp_path: Path) -> None:
    error = status(503, headers=AT_ONCE)
    saved = play(tmp_path, script(risk_analyst=[error, error, GO]), thread="saved")
    assert (saved.record["status"], saved.record["usage"]) == ("ok", usage(6, 4))
    lost = play(tmp_path, script(risk_analyst=[error, error, error, GO]), thread="lost")
    assert (lost.record["stop_reason"], lost.record["usage"]) == ("llm_error:503", usage(5, 2))


def test_the_last_error_names_the_stop(tmp_path: Path) -> None:
    errors = [status(code, headers=AT_ONCE) for code in (503, 429, 500)]
    assert play(tmp_path, script(risk_analyst=errors)).record["stop_reason"] == "llm_error:500"
    errors = [status(503, headers=AT_ONCE), status(401)]
    assert play(tmp_path, script(risk_analyst=errors), thread="t2").record["stop_reason"] == "llm_auth"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (400, "llm_error:400"),
        (401, "llm_auth"),
        (403, "llm_auth"),
        (404, "llm_error:404"),
        (422, "llm_error:422"),
    ],
)
def test_what_would_only_be_refused_again_is_not_tried_again(tmp_path: Path, code: int, reason: str) -> None:
    played = play(tmp_path, script(risk_analyst=[status(code, headers=AT_ONCE), GO]))
    assert (played.record["stop_reason"], played.asked[RISK]) == (reason, 1)


@pytest.mark.parametrize("field", ["code", "type"])
def test_a_quota_that_is_used_up_is_not_asked_again(tmp_path: Path, field: str) -> None:
    spent = {"error": {"message": "You exceeded your current quota.", field: "insufficient_quota"}}
    played = play(tmp_path, script(risk_analyst=[status(429, spent, AT_ONCE), GO]))
    assert (played.record["stop_reason"], played.asked[RISK]) == ("llm_rate_limited", 1)


def test_the_brief_is_tried_again_like_a_role(tmp_path: Path) -> None:
    error = status(500, headers=AT_ONCE)
    played = play(tmp_path, script(brief=[error, error, text(BRIEF)]))
    assert played.team is not None
    assert without_times(played.record) == success(played.team, ALL_GO, usage(6, 4), BRIEF)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "body"), [(429, None), (503, None), (200, {"error": {"code": 429}})])
def test_a_retry_waits_as_long_as_the_provider_asks(tmp_path: Path, code: int, body: Any) -> None:
    error = status(code, body, {"retry-after": "1.2"})
    record = play(tmp_path, script(risk_analyst=[error, GO])).record
    assert (record["status"], record["usage"]["calls"]) == ("ok", 5)
    assert record["elapsed_seconds"] >= 1.2


@pytest.mark.slow
def test_a_retry_whose_wait_is_not_asked_for_waits_a_little(tmp_path: Path) -> None:
    for thread, headers in (("none", {}), ("unreadable", {"retry-after": "soon"})):
        record = play(tmp_path, script(risk_analyst=[status(429, headers=headers), GO]), thread=thread).record
        assert (record["status"], record["usage"]["calls"]) == ("ok", 5)
        assert record["elapsed_seconds"] >= 0.3


@pytest.mark.parametrize(
    ("seconds", "sets"),
    [("3600", ()), ("61", ("budget.max_seconds=4000",)), ("30", ("budget.max_seconds=20",)), ("inf", ())],
    ids=["an hour", "just over a minute", "past the deadline", "for ever"],
)
def test_a_wait_that_is_too_long_is_not_waited_for(tmp_path: Path, seconds: str, sets: tuple[str, ...]) -> None:
    played = play(tmp_path, script(risk_analyst=[status(429, headers={"retry-after": seconds}), GO]), *sets)
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_rate_limited", "round_1:risk_analyst")
    assert played.asked == {DEMAND: 1, FINANCE: 1, RISK: 1}
    assert played.record["elapsed_seconds"] < 10


@pytest.mark.parametrize("seconds", ["nan", "-5", "1e400", "Wed, 21 Oct 2065 07:28:00 GMT"])
def test_a_strange_wait_never_breaks_the_run(tmp_path: Path, seconds: str) -> None:
    played = play(tmp_path, script(risk_analyst=[status(429, headers={"retry-after": seconds}), GO]))
    assert played.record["stop_reason"] in ("success", "llm_rate_limited")


@pytest.mark.slow
@pytest.mark.parametrize("answer", [hangs(60), drips(says("go"), 0.05)], ids=["silent", "dripping"])
def test_a_call_over_its_own_timeout_is_tried_again(tmp_path: Path, answer: Answer) -> None:
    played = play(tmp_path, script(risk_analyst=[answer, GO]), timeout_seconds=0.6)
    assert played.record["status"] == "ok"
    assert played.record["usage"] == usage(5, 4)


@pytest.mark.slow
def test_a_call_cut_by_the_run_s_deadline_is_max_seconds_even_between_its_tries(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=forever(hangs(60))), "budget.max_seconds=1.8", timeout_seconds=0.8)
    assert (played.record["stop_reason"], played.asked[RISK]) == ("max_seconds", 2)
    assert 1.8 <= played.record["elapsed_seconds"] < 8


def test_several_roles_fail_and_the_first_in_sequence_names_the_stop(tmp_path: Path) -> None:
    lines: dict[Any, Any] = script(demand_analyst=status(401), finance_analyst=status(400), risk_analyst=text(""))
    played = play(tmp_path, lines, "sequence=[risk_analyst, finance_analyst, demand_analyst]")
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_empty", "round_1:risk_analyst")
    assert Counter(played.asked) == {DEMAND: 1, FINANCE: 1, RISK: 1}


def test_a_redirect_is_not_followed_since_the_prompt_would_go_where_nobody_named(tmp_path: Path) -> None:
    moved = status(307, headers={"location": "/v1/chat/completions"})
    played = play(tmp_path, script(risk_analyst=[moved, GO]))
    assert (played.record["stop_reason"], played.asked[RISK]) == ("llm_error:307", 1)
