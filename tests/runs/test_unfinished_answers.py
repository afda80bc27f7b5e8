"""Answers that are none: cut at their cap, refused, held back, the call of a tool. What stops, what is asked again."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.harness import without_times
from tests.runs.expected import NO_TEXT, accepted, round_of, stopped, success, usage
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, go_on, play, script
from tests.scripted_server import Answer, ScriptedServer, forever, says, status, text, with_usage

pytestmark = pytest.mark.slow

ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
CAP = 800
CUT_AT = f"the answer was cut at {CAP} tokens; raise `max_output_tokens`"
CUT_AGAIN = f"the answer was cut at {2 * CAP} tokens; raise `max_output_tokens`"


def message(finish_reason: str = "stop", **fields: Any) -> Answer:
    """A completion whose message has these fields beside its role."""
    choice = {"index": 0, "message": {"role": "assistant", **fields}, "finish_reason": finish_reason}
    counted = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    made = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": counted}
    return Answer(body=json.dumps(made))


TOOL = {"id": "1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}
UNFINISHED: dict[str, tuple[Answer, str, str]] = {
    "JSON that was cut": (text('{"agent": "risk_analyst", "sta', "length"), "llm_truncated", CUT_AT),
    "nothing but thoughts, cut": (
        message("length", content="", reasoning_content="Let me see"),
        "llm_truncated",
        CUT_AT,
    ),
    "nothing at all, cut": (message("length", content=None), "llm_truncated", CUT_AT),
    "a refusal": (
        message(content=None, refusal="I cannot judge people."),
        "llm_refused",
        "the model refused: I cannot judge people.",
    ),
    "held back": (
        message("content_filter", content=None),
        "llm_refused",
        "the provider held the answer back (content_filter)",
    ),
    "half of it held back": (
        message("content_filter", content='{"agent": "ri'),
        "llm_refused",
        "the provider held the answer back (content_filter)",
    ),
    "a call of a tool": (
        message("tool_calls", content=None, tool_calls=[TOOL]),
        "llm_refused",
        "it called the tool `lookup`, and none was offered (tool_calls)",
    ),
    "nothing but thoughts": (
        message(content="", reasoning_content="Hm."),
        "llm_empty",
        f"{NO_TEXT}, only reasoning",
    ),
}


def caps(server: ScriptedServer, role: str) -> list[int]:
    """The most tokens that each answer of a role might have."""
    return [call.body["max_completion_tokens"] for call in server.calls_of(role)]


@pytest.mark.parametrize("name", UNFINISHED)
def test_an_answer_that_is_none_stops_its_role_with_the_reason_and_the_words(tmp_path: Path, name: str) -> None:
    answer, reason, cause = UNFINISHED[name]
    played = play(tmp_path, script(risk_analyst=answer), "grow_output=false")
    assert played.team is not None
    assert without_times(played.record) == stopped(
        played.team,
        reason,
        usage(3, 3),
        resumable=True,
        phase="round_1:risk_analyst",
        trace=accepted(DEMAND, FINANCE),
        cause=cause,
    )
    assert played.asked == {DEMAND: 1, FINANCE: 1, RISK: 1}


@pytest.mark.parametrize("name", UNFINISHED)
def test_the_same_instead_of_the_brief_is_never_taken_for_one(tmp_path: Path, name: str) -> None:
    answer, reason, cause = UNFINISHED[name]
    played = play(tmp_path, script(brief=answer), "grow_output=false")
    assert (played.record["stop_reason"], played.record["cause"], played.record["phase"]) == (reason, cause, "finalize")
    resumed = go_on(tmp_path, {"brief": text(BRIEF)})
    assert resumed.record["answer"] == f"Decision: go\n\n{BRIEF}"


def test_a_brief_that_was_cut_is_no_brief(tmp_path: Path) -> None:
    played = play(tmp_path, script(brief=text("The signals agree.\n1. Sta", "length")), "grow_output=false")
    assert (played.record["stop_reason"], played.record["cause"]) == ("llm_truncated", CUT_AT)
    assert "answer" not in played.record


CUT = text('{"agent": "risk_analyst", "sta', "length")


def test_an_answer_that_was_cut_is_asked_for_once_more_twice_as_long_and_counts_both_times(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=[CUT, says("go")]))
    assert played.team is not None
    assert without_times(played.record) == success(played.team, ALL_GO, usage(5, 5), BRIEF)
    assert caps(played.server, RISK) == [CAP, 2 * CAP]
    assert caps(played.server, DEMAND) == [CAP]


def test_a_brief_that_was_cut_is_asked_for_once_more_twice_as_long(tmp_path: Path) -> None:
    played = play(tmp_path, script(brief=[text("The sig", "length"), text(BRIEF)]))
    assert played.team is not None
    assert without_times(played.record) == success(played.team, ALL_GO, usage(5, 5), BRIEF)
    assert caps(played.server, "brief") == [CAP, 2 * CAP]


def test_an_endpoint_that_gives_no_longer_answers_has_cut_this_one_and_nothing_is_learned_of_it(tmp_path: Path) -> None:
    error = {"error": {"message": "max_completion_tokens is too large: 1600. This model gives at most 1000."}}
    played = play(tmp_path, script(risk_analyst=[CUT, status(400, error)]))
    assert (played.record["stop_reason"], played.record["cause"]) == ("llm_truncated", CUT_AT)
    assert (played.record["usage"], "endpoints" in played.record) == (usage(4, 3), False)


def test_an_answer_that_was_cut_beyond_its_cap_is_not_asked_for_longer(tmp_path: Path) -> None:
    """Whoever ignores one cap ignores the next."""
    beyond = with_usage(CUT, 100, 150_000)
    played = play(tmp_path, script(risk_analyst=forever(beyond)), "budget.max_tokens=100000")
    assert (played.record["stop_reason"], played.asked[RISK]) == ("llm_truncated", 1)


def test_an_answer_that_is_cut_twice_stops_and_a_resume_begins_anew(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=forever(CUT)))
    assert (played.record["stop_reason"], played.record["cause"]) == ("llm_truncated", CUT_AGAIN)
    assert caps(played.server, RISK) == [CAP, 2 * CAP]
    resumed = go_on(tmp_path, {RISK: says("go"), "brief": text(BRIEF)})
    assert (resumed.record["status"], caps(resumed.server, RISK)) == ("ok", [CAP])


def test_an_answer_that_was_cut_and_counts_nothing_is_not_asked_for_again(tmp_path: Path) -> None:
    """Nobody would know what both of them cost."""
    played = play(tmp_path, script(risk_analyst=replace(CUT, usage=None)))
    assert (played.record["stop_reason"], caps(played.server, RISK)) == ("llm_truncated", [CAP])


def test_a_longer_answer_that_counts_nothing_counts_as_the_longest(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=[CUT, replace(says("go"), usage=None)]))
    assert played.record["usage"] == {
        "calls": 5,
        "prompt_tokens": 500,
        "completion_tokens": 4 * 20 + 2 * CAP,
        "cost_usd": 0.0,
    }


@pytest.mark.parametrize(("limit", "grows"), [(20_000, True), (6_000, False)], ids=["room", "no room"])
def test_under_a_limit_a_longer_answer_is_asked_for_where_it_fits_beside_all_others(
    tmp_path: Path, limit: int, grows: bool
) -> None:
    played = play(tmp_path, script(risk_analyst=[CUT, says("go")]), f"budget.max_tokens={limit}")
    assert (played.record["stop_reason"] == "success") is grows
    assert caps(played.server, RISK) == ([CAP, 2 * CAP] if grows else [CAP])


def test_under_a_limit_the_first_answer_is_not_asked_for_longer_since_nobody_knows_yet_how_it_is_counted(
    tmp_path: Path,
) -> None:
    played = play(tmp_path, script(demand_analyst=[CUT, says("go")]), "budget.max_tokens=100000")
    assert (played.record["stop_reason"], played.asked) == ("llm_truncated", {DEMAND: 1})


# --- budgets, by the server's own count ------------------------------------------------------------------------------

SHAPES: Mapping[str, Any] = {
    "as OpenAI counts": lambda prompt, said: {"prompt_tokens": prompt, "completion_tokens": said},
    "by other names": lambda prompt, said: {"input_tokens": prompt, "output_tokens": said},
    "by both names": lambda prompt, said: {
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "input_tokens": prompt,
        "output_tokens": said,
    },
    "as JSON writes decimals": lambda prompt, said: {"prompt_tokens": float(prompt), "completion_tokens": float(said)},
    "with details": lambda prompt, said: {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
        "prompt_tokens_details": None,
        "completion_tokens_details": {"reasoning_tokens": said},
    },
}


@pytest.mark.parametrize(
    ("shape", "limit", "of_answer"),
    [
        *((shape, 160_000, 149_000) for shape in SHAPES),
        *(("as OpenAI counts", limit, 1_000) for limit in (1_000, 100_000, 160_000, 200_000, 310_000, 1_000_000)),
    ],
)
def test_three_parallel_answers_of_150_000_tokens_overshoot_a_limit_by_one_call_at_most(
    tmp_path: Path, shape: str, limit: int, of_answer: int
) -> None:
    counted = SHAPES[shape](150_000 - of_answer, of_answer)

    def costly(answer: Answer, role: str) -> Answer:
        content = json.dumps({"agent": role, **answer.content}) if isinstance(answer.content, dict) else answer.content
        choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        made = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
        return Answer(body=json.dumps({**made, "usage": counted}))

    lines = {role: costly(says("go"), role) for role in (DEMAND, FINANCE, RISK)} | {"brief": costly(text(BRIEF), "")}
    played = play(tmp_path, lines, f"budget.max_tokens={limit}")
    used = 150_000 * len(played.server.calls)
    assert used - 150_000 <= limit
    assert played.record["usage"]["prompt_tokens"] + played.record["usage"]["completion_tokens"] == used
    assert (played.record["stop_reason"] == "success") is (limit == 1_000_000)


NO_ANSWERS: Mapping[str, tuple[dict[str, Any], str]] = {
    "no choice": ({"choices": []}, "llm_error:200"),
    "an error": ({"error": {"message": "No."}}, "llm_error:200"),
    "an error with a choice": ({"choices": [{"finish_reason": "error"}]}, "llm_error:200"),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_what_an_answer_counts_that_is_none_counts_too_over_every_resume(tmp_path: Path, name: str) -> None:
    fields, reason = NO_ANSWERS[name]
    said = Answer(body=json.dumps({**fields, "usage": {"prompt_tokens": 9_000, "completion_tokens": 10}}))
    first = play(tmp_path, script(demand_analyst=said), "budget.max_tokens=15000", "sequence=[demand_analyst]")
    assert (first.record["stop_reason"], first.record["usage"]["prompt_tokens"]) == (reason, 9_000)
    second = go_on(tmp_path, {DEMAND: said})
    assert (second.record["stop_reason"], second.record["usage"]["prompt_tokens"]) == (reason, 18_000)
    third = go_on(tmp_path)
    assert (third.record["stop_reason"], third.asked) == ("max_tokens", {})


@pytest.mark.parametrize("answer", [CUT, text("")], ids=["cut", "empty"])
def test_an_answer_that_failed_and_was_not_counted_counts_as_reserved_over_every_resume(
    tmp_path: Path, answer: Answer
) -> None:
    said = replace(answer, usage=None)
    record = play(tmp_path, script(risk_analyst=said)).record
    assert (record["usage"]["prompt_tokens"] > 200 + CAP, record["estimated"]) == (True, 1)
    again = go_on(tmp_path, {RISK: said}).record
    assert (again["usage"]["prompt_tokens"] > 200 + 2 * CAP, again["estimated"]) == (True, 2)


def test_what_errors_inside_answers_counted_is_not_lost_by_asking_again(tmp_path: Path) -> None:
    busy = Answer(body=json.dumps({"error": {"code": 502}, "usage": {"prompt_tokens": 900, "completion_tokens": 1}}))
    played = play(tmp_path, script(risk_analyst=[busy, busy, says("go")]))
    assert played.record["usage"] == usage(6, 4) | {"prompt_tokens": 400 + 1_800, "completion_tokens": 80 + 2}


def test_an_answer_that_was_cut_keeps_the_endpoint_s_own_word_for_why_it_gives_no_other(tmp_path: Path) -> None:
    error = {"error": {"message": "This account has no credit left."}}
    played = play(tmp_path, script(risk_analyst=[CUT, status(400, error)]))
    assert played.record["stop_reason"] == "llm_error:400"
    assert "no credit left" in played.record["cause"]


def test_what_azure_filters_before_it_is_asked_is_a_refusal_in_its_own_words(tmp_path: Path) -> None:
    error = {"error": {"code": "content_filter", "message": "The prompt was filtered.", "status": 400}}
    played = play(tmp_path, script(risk_analyst=status(400, error)))
    assert played.record["stop_reason"] == "llm_refused"
    assert "The prompt was filtered." in played.record["cause"]
