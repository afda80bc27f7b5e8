"""What an endpoint sends instead of a chat completion, or around one, never breaks a run or a checkpoint."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.record import Record
from graph.settings import Settings
from policies.team.team import Team
from tests.harness import proposal, resume, run, settings_at, show, team_of
from tests.hostile.proposals import ROLE
from tests.hostile.stage import TEAM, assert_storable
from tests.scripted_server import Answer, forever, says, serve, status, text, with_usage

NO_COMPLETION = "llm_error:200"
SAID = json.dumps(proposal(ROLE))


def body(value: object, **headers: str) -> Answer:
    return status(200, value, {name.replace("_", "-"): held for name, held in headers.items()})


def message(**fields: Any) -> Answer:
    return body({"choices": [{"index": 0, "message": {"role": "assistant", "content": SAID, **fields}}]})


def reported(usage: object) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}
    return body(
        {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    )


NO_COMPLETIONS: dict[str, Answer] = {
    "null": body("null"),
    "a word": body('"go"'),
    "a number": body("9" * 5_000),
    "an empty object": body("{}"),
    "an empty list": body("[]"),
    "nothing": body(""),
    "no JSON": body("{"),
    "200,000 levels": body("[" * 200_000 + "]" * 200_000),
    "100,000 open levels": body('{"choices":' + "[" * 100_000),
    "a number of 5,000 digits": body('{"created":' + "9" * 5_000 + "}"),
    "no choices": body({"choices": []}),
    "choices of nothing": body({"choices": [None]}),
    "choices that are a word": body({"choices": "go"}),
    "a message that is a word": body({"choices": [{"message": "go"}]}),
    "a role nobody knows": message(role="narrator"),
    "another role": message(role="user"),
    "a tool's role": message(role="tool", tool_call_id="1"),
    "content that is a number": message(content=5),
    "content that is an object": message(content={"stance": "go"}),
    "an unknown charset": replace(body("{"), content_type="application/json; charset=nonsense"),
}
ENDS: dict[str, tuple[Answer, str]] = {
    **{name: (answer, NO_COMPLETION) for name, answer in NO_COMPLETIONS.items()},
    "content that is null": (message(content=None), "llm_empty"),
    "an error inside": (body({"error": {"message": "overloaded", "code": 529}}), "llm_error:529"),
    "a refusal": (message(content=None, refusal="I cannot help with that."), "llm_refused"),
    "4 MB of blanks": (text(" " * 4_000_000), "llm_empty"),
    "10 MB of blanks": (text(" " * 10_000_000), "llm_error:too_large"),
    "no gzip at all": (body("go", content_encoding="gzip", retry_after="0"), "llm_error:protocol"),
    "an error of 200,000 levels": (status(400, "[" * 200_000), "llm_error:400"),
    "an error of 4 MB": (status(404, "x" * 4_000_000), "llm_error:404"),
    "an error of 10 MB": (status(404, "x" * 10_000_000), "llm_error:too_large"),
    "a status nobody knows": (status(599, None, {"retry-after": "nan"}), "llm_error:599"),
}


def team_at(settings: Settings, folder: Path, *sets: str) -> Team:
    (folder / "small.yaml").write_text(TEAM)
    return team_of(settings, str(folder / "small.yaml"), *sets)


def played(answer: Answer, home: Path, folder: Path, *sets: str) -> tuple[Record, Settings]:
    """Return the record of a run against an endpoint that always answers so, held against what is stored of it."""
    with serve({ROLE: forever(answer)}) as server:
        settings = settings_at(home, server.base_url)
        record = run(team_at(settings, folder, *sets), settings)
    assert_storable(record)
    assert show(settings) == record
    return record, settings


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDS)
def test_an_answer_that_is_no_completion_stops_the_run_and_another_one_lets_it_go_on(
    name: str, accord_home: Path, tmp_path: Path
) -> None:
    answer, reason = ENDS[name]

    stopped, settings = played(answer, accord_home, tmp_path)
    with serve({ROLE: says("go")}) as server:
        resumed = resume(settings.model_copy(update={"openai_base_url": server.base_url}))

    assert (stopped["status"], stopped["stop_reason"], stopped["resumable"]) == ("stopped", reason, True)
    assert (stopped["phase"], stopped["trace"], stopped["history"]) == (f"round_1:{ROLE}", [], [])
    assert (resumed["stop_reason"], resumed["final_decision"]) == ("success", "go")
    assert resumed["usage"]["calls"] == stopped["usage"]["calls"] + 1


INCREDIBLE: dict[str, Answer] = {
    "30 digits": with_usage(says("go"), 10**30, 5),
    "more than 64 bits": with_usage(says("go"), 5, 2**64),
    "negative": with_usage(says("go"), -100_000, 5),
    "negative answers": with_usage(says("go"), 5, -100_000),
    "text": reported({"prompt_tokens": "many", "completion_tokens": 5, "total_tokens": 10}),
    "a fraction": reported({"prompt_tokens": 1.5, "completion_tokens": 5, "total_tokens": 6}),
    "a huge fraction": reported({"prompt_tokens": 1e300, "completion_tokens": 5, "total_tokens": 6}),
    "NaN": reported({"prompt_tokens": float("nan"), "completion_tokens": 5, "total_tokens": 6}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", INCREDIBLE)
def test_a_report_of_tokens_that_cannot_be_true_counts_as_reserved(
    name: str, accord_home: Path, tmp_path: Path
) -> None:
    silent, _ = played(replace(says("go"), usage=None), accord_home / "silent", tmp_path, "budget.max_tokens=100000")
    record, _ = played(INCREDIBLE[name], accord_home, tmp_path, "budget.max_tokens=100000")

    assert record["stop_reason"] == "success"
    assert record["usage"] == silent["usage"]
    assert record["usage"]["prompt_tokens"] > 800


@pytest.mark.slow
@pytest.mark.parametrize("usage", [[], "many", 5, {"prompt_tokens": {}, "completion_tokens": [], "total_tokens": "x"}])
def test_a_report_that_is_none_is_no_completion(usage: object, accord_home: Path, tmp_path: Path) -> None:
    record, _ = played(reported(usage), accord_home, tmp_path)

    assert record["stop_reason"] in (NO_COMPLETION, "success")
    assert all(isinstance(record["usage"][key], int) for key in ("calls", "prompt_tokens", "completion_tokens"))


@pytest.mark.slow
def test_a_brief_of_four_megabytes_is_cut_and_one_of_control_characters_is_kept_storable(
    accord_home: Path, tmp_path: Path
) -> None:
    briefs = {"long": "go " * 1_400_000, "odd": "a\0b\ud800c\x1b[31m\u202e"}
    with serve({ROLE: forever(says("go")), "brief": [text(said) for said in briefs.values()]}) as server:
        settings = settings_at(accord_home, server.base_url)
        team = team_at(settings, tmp_path, "brief.voice=model")
        records = {name: run(team, settings, name) for name in briefs}

    for name, record in records.items():
        assert_storable(record)
        assert show(settings, name) == record
    assert 1_000 < len(records["long"]["answer"]) < 21_000
    assert records["odd"]["answer"] == "Decision: go\n\nab\N{REPLACEMENT CHARACTER}c\x1b[31m\u202e"
