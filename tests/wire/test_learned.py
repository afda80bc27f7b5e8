"""What was learned of an endpoint is in the record: after a resume, from teams within, and in a replay."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import resume, run, settings_at, show, team_of
from tests.hostile.command import Captured, accord
from tests.runs.stage import Lines, script
from tests.scripted_server import forever, says, serve, status, text, with_usage
from tests.wire.dialects import serve_as

MODEL = "gpt-4.1-mini"
TAKES_JSON: dict[str, Any] = {MODEL: {"schema": "json_object"}}


def events_of(home: Path, capsys: Captured) -> list[dict[str, Any]]:
    done = accord(capsys, "audit", "export", "t")
    return [json.loads(line) for line in done.out.splitlines()]


def test_each_answer_says_in_which_form_it_was_given(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with serve_as("DeepSeek-like", script()) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        done = accord(capsys, "run", "--thread", "t")
    assert f"Learned: {MODEL} takes schema json_object" in done.out
    proposed = [event for event in events_of(accord_home, capsys) if event["event"] == "proposed"]
    assert [event["dialect"] for event in proposed] == [{"schema": "json_object"}] * 4
    assert json.loads(accord(capsys, "show", "t", "--json").out)["endpoints"] == TAKES_JSON
    assert accord(capsys, "audit", "verify", "t").code == 0
    assert accord(capsys, "replay", "t").code == 0


def test_an_endpoint_that_takes_the_first_form_leaves_no_trace(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with serve_as("OpenAI", script()) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        done = accord(capsys, "run", "--thread", "t")
    assert "Learned" not in done.out
    assert not [event for event in events_of(accord_home, capsys) if "dialect" in event]
    assert "endpoints" not in json.loads(accord(capsys, "show", "t", "--json").out)


def test_a_failure_says_what_was_learned_until_then_and_replays_with_its_cause(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    lines = script(risk_analyst=forever(status(400, {"error": {"message": "Too long."}})))
    with serve_as("DeepSeek-like", lines) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        record = json.loads(accord(capsys, "run", "--json", "--thread", "t").out)
    assert (record["stop_reason"], record["endpoints"]) == ("llm_error:400", TAKES_JSON)
    (failed,) = [event for event in events_of(accord_home, capsys) if event["event"] == "failed"]
    assert failed["dialect"] == {"schema": "json_object"}
    assert accord(capsys, "replay", "t").code == 0


def test_a_resume_in_another_process_adds_what_it_learns(tmp_path: Path) -> None:
    """The first endpoint takes everything; the one behind the same name later takes no temperature."""
    with serve_as("OpenAI", script(brief=forever(status(400)))) as server:
        settings = settings_at(tmp_path, server.base_url)
        first = run(team_of(settings, "checkout_launch", "brief.temperature=0.2"), settings)
    assert (first["stop_reason"], "endpoints" in first) == ("llm_error:400", False)
    with serve_as("o-series", script()) as server:
        settings = settings_at(tmp_path, server.base_url)
        second = resume(settings)
    assert second["stop_reason"] == "success"
    assert (second["endpoints"], len(server.refused)) == ({MODEL: {"temperature": "omit"}}, 1)
    assert show(settings)["usage"] == second["usage"]


@pytest.mark.parametrize(("name", "is_estimated"), [("OpenAI", False), ("a server that counts nothing", True)])
def test_usage_that_was_not_reported_is_called_estimated(
    name: str, is_estimated: bool, accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with serve_as(name, script()) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        accord(capsys, "run", "--thread", "t")
    proposed = [event for event in events_of(accord_home, capsys) if event["event"] == "proposed"]
    assert [event.get("estimated", False) for event in proposed] == [is_estimated] * 4
    assert accord(capsys, "replay", "t").code == 0


def test_two_runs_have_the_same_record(tmp_path: Path) -> None:
    def told(home: Path) -> str:
        with serve_as("an old server", script()) as server:
            settings = settings_at(home, server.base_url)
            return json.dumps(run(team_of(settings), settings)["endpoints"])

    assert (
        told(tmp_path / "one")
        == told(tmp_path / "two")
        == json.dumps({MODEL: {"schema": "none", "output_cap": "max_tokens"}})
    )


TEAM = """\
name: outer
title: A team within a team
goal: Decide.
pattern: pipeline
facts: {}
sequence: [writer, board]
roles:
  writer: {title: Writer, mandate: Write., voice: model, model: first}
  board:
    title: Board
    mandate: Decide.
    team:
      name: inner
      title: Inner
      goal: Decide.
      sequence: [risk]
      policy: classic
      budget: {max_rounds: 1, min_go_votes: 1}
      brief: {voice: rules}
      roles:
        risk: {title: Risk, mandate: Judge., voice: model, model: second}
"""


def test_what_a_team_within_learned_is_there_by_its_model(tmp_path: Path) -> None:
    path = tmp_path / "outer.yaml"
    path.write_text(TEAM)
    lines: Lines = {
        "writer": forever(text('{"text": "Written."}')),
        "risk": forever(says("go")),
        "brief": forever(text("All.")),
    }
    with serve_as("llama.cpp-like", lines) as server:
        settings = settings_at(tmp_path / "home", server.base_url)
        record = run(team_of(settings, str(path)), settings)
    assert record["status"] == "ok", record
    assert record["endpoints"] == {name: {"schema": "json_object"} for name in ("first", "second")}


def test_an_endpoint_that_ignores_the_cap_of_an_answer_is_asked_by_its_other_name(tmp_path: Path) -> None:
    """Some servers know `max_tokens` alone, and pass over what they do not know."""
    lines = script("caution", demand_analyst=[with_usage(says("caution"), 100, 5_000), forever(says("go"))])
    with serve(lines | {("finance_analyst", 2): says("go")}) as server:
        record = run(
            team_of(settings_at(tmp_path, server.base_url), "checkout_launch"), settings_at(tmp_path, server.base_url)
        )
    assert (record["final_decision"], record["endpoints"]) == ("go_with_caution", {MODEL: {"output_cap": "max_tokens"}})
    caps = {
        (call.role, call.round): sorted(call.body.keys() & {"max_tokens", "max_completion_tokens"})
        for call in server.calls
    }
    assert caps[("demand_analyst", 1)] == ["max_completion_tokens"]
    assert [cap for (_, number), cap in caps.items() if number == 2] == [["max_tokens"]] * 3
