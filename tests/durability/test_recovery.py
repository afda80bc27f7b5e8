"""A run whose process ends again and again: what was under way is charged, and a run that comes to nothing stops."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.report.record import Record
from graph.settings import Settings
from nodes.voices.voice import Question, Voice
from policies.team import Team
from tests.harness import proposal, resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord

RISK = "risk_analyst"


class Died(BaseException):
    """The process ends in the middle of a call."""


class Mortal:
    """Says go for every role, but dies in the calls of one of them while it has lives to lose."""

    def __init__(self, role: str = RISK, dies: int = 0, dies_in_round: int = 1) -> None:
        self.role, self.dies, self.round = role, dies, dies_in_round
        self.calls = 0

    def __call__(self, question: Question) -> Any:
        self.calls += 1
        if question.name == self.role and question.round == self.round and self.dies:
            self.dies -= 1
            raise Died
        return proposal(question.name, "go")


@pytest.fixture
def settings(accord_home: Path) -> Settings:
    return settings_at(accord_home, "http://127.0.0.1:9/v1")


def live(settings: Settings, team: Team, speech: Mortal, lives: int = 50, **options: Any) -> Record:
    """Run the team, and resume it after each death."""
    voices: dict[str, Voice] = scripted(speech)
    for life in range(lives):
        try:
            return run(team, settings, voices=voices) if life == 0 else resume(settings, voices=voices, **options)
        except Died:
            continue
    raise AssertionError("it never ended")


def events(settings: Settings, capsys: Captured, kind: str) -> list[dict[str, Any]]:
    exported = accord(capsys, "audit", "export", "t").out
    return [event for event in map(json.loads, exported.splitlines()) if event["event"] == kind]


@pytest.mark.parametrize("deaths", [1, 2, 4])
def test_a_call_that_was_under_way_counts_as_reserved_and_changes_nothing_else(
    deaths: int, settings: Settings, accord_home: Path, capsys: Captured
) -> None:
    team = team_of(settings)
    calm = run(team, settings, "calm", scripted(Mortal()))

    record = live(settings, team, Mortal(dies=deaths))

    lost = [each for event in events(settings, capsys, "recovered") for each in event["lost"] if each["calls"]]
    assert record["recoveries"] == deaths
    assert record["usage"]["calls"] == calm["usage"]["calls"] + len(lost)
    assert record["usage"]["prompt_tokens"] == calm["usage"]["prompt_tokens"] + sum(each["tokens"] for each in lost)
    assert {each["seat"] for each in lost} >= {RISK}
    ignored = ("usage", "recoveries", "thread_id", "elapsed_seconds")
    assert {k: v for k, v in record.items() if k not in ignored} == {k: v for k, v in calm.items() if k not in ignored}
    assert accord(capsys, "audit", "verify", "t").code == 0
    assert f"Recovered {'once' if deaths == 1 else f'{deaths} times'}" in accord(capsys, "show", "t").out


def test_a_run_that_is_picked_up_in_vain_stops_and_can_go_on(settings: Settings, capsys: Captured) -> None:
    speech = Mortal(dies=100)

    record = live(settings, team_of(settings, "checkout_launch", "budget.max_recoveries=3"), speech)

    assert (record["stop_reason"], record["phase"]) == ("recovery_exhausted", f"round_1:{RISK}")
    assert (record["recoveries"], record["resumable"]) == (3, True)
    assert speech.dies == 97, "asked once, and once more after each recovery but the last"
    shown = accord(capsys, "show", "t")
    assert (shown.code, "Go on with: accord resume t\n" in shown.out) == (3, True)

    speech.dies = 0
    done = resume(settings, voices=scripted(speech))
    assert (done["status"], done["final_decision"]) == ("ok", "go")
    assert accord(capsys, "audit", "verify", "t").code == 0
    verdict = json.loads(accord(capsys, "whatif", "--policy", "checkout_launch", "--all", "--json").out.splitlines()[0])
    assert verdict["answer"] == "same"


def test_kills_use_up_no_message_and_an_answer_starts_the_count_anew(settings: Settings) -> None:
    tight = team_of(settings, "checkout_launch", "budget.max_messages=3", "budget.max_recoveries=3")

    record = live(settings, tight, Mortal(dies=2))

    assert (record["status"], record["recoveries"]) == ("ok", 2)


def test_what_was_lost_counts_against_the_tokens_before_anybody_is_asked_again(
    settings: Settings, capsys: Captured
) -> None:
    team = team_of(settings, "checkout_launch", "budget.max_tokens=9000", "budget.max_recoveries=50")
    speech = Mortal(dies=100)

    record = live(settings, team, speech)

    assert (record["stop_reason"], record["resumable"]) == ("max_tokens", True)
    assert record["usage"]["prompt_tokens"] <= 9_000
    spent_before = speech.calls
    assert resume(settings, voices=scripted(speech))["stop_reason"] == "max_tokens"
    assert speech.calls == spent_before

    speech.dies = 0
    done = resume(settings, voices=scripted(speech), budget={"max_tokens": 90_000})
    assert done["final_decision"] == "go"
    assert accord(capsys, "audit", "verify", "t").code == 0


def test_the_brief_that_was_under_way_is_charged_as_well(settings: Settings, capsys: Captured) -> None:
    team = team_of(settings)

    def dying() -> Any:
        voices = scripted(Mortal())
        voice: Any = voices["model"]

        async def write_brief(_: Any) -> Any:
            raise Died

        voice.write_brief = write_brief
        return voices

    with pytest.raises(Died):
        run(team, settings, voices=dying())
    for _ in range(2):
        with pytest.raises(Died):
            resume(settings, voices=dying())

    record = resume(settings, voices=scripted(Mortal()))

    assert (record["status"], record["recoveries"], record["usage"]["calls"]) == ("ok", 3, 4 + 3)
    assert {each["seat"] for event in events(settings, capsys, "recovered") for each in event["lost"]} == {"brief"}
