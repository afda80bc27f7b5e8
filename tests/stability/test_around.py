"""What is around a check: names to a decision, teams within, reports, and traces that mask what roles said."""

from pathlib import Path
from typing import Any

import pytest

from graph.trimming import masked
from nodes.voices.voice import Question
from tests.harness import answer, proposal, run, scripted, settings_at, show
from tests.hostile.command import Captured, accord
from tests.runs.stage import state_of
from tests.stability.stage import CHECK, POLICY, play, raw_team, sample_in, saying, team_from

pytestmark = pytest.mark.slow
OWNER: Any = {"approvers": {"owner": {"title": "Owner"}}, "sign_off": ["owner"]}


def test_a_decision_is_signed_once_it_is_checked(tmp_path: Path) -> None:
    played = play(tmp_path, saying(flipped=(3,)), team_from(raw_team(**OWNER)))
    assert [each["kind"] for each in played.record["waiting"]] == ["sign_off"]
    assert played.record["stability"]["acts"] == "announce"

    record = answer(settings_at(tmp_path), "go", by="owner", voices=scripted(saying()))
    assert (record["final_decision"], len(played.events("stability"))) == ("go", 1)


def test_one_who_does_not_sign_lets_the_team_talk_again_and_the_next_decision_is_checked(tmp_path: Path) -> None:
    play(tmp_path, saying(), team_from(raw_team(**OWNER)))
    settings = settings_at(tmp_path)
    record = answer(settings, "again", by="owner", voices=scripted(saying()))
    assert [each["kind"] for each in record["waiting"]] == ["sign_off"]
    assert record["stability"]["round"] == 2
    assert answer(settings, "go", by="owner", voices=scripted(saying()))["final_decision"] == "go"


def within(otherwise: str) -> Any:
    """A pipeline, the first step of which a team answers for that checks its decision."""
    inner = raw_team({**CHECK, "otherwise": otherwise}, budget={"max_messages": 3, "max_rounds": 1})
    inner.pop("facts")
    roles = {
        "board": {"title": "Board", "mandate": "Decide.", "team": inner},
        "clerk": {"title": "C", "mandate": "Write."},
    }
    raw = {"name": "outer", "title": "Outer", "goal": "Go?", "pattern": "pipeline", "sequence": ["board", "clerk"]}
    return team_from({**raw, "roles": roles, "policy": POLICY, "facts": {"rate": 1}, "budget": {"max_messages": 4}})


def speech(flipped: tuple[int, ...]) -> Any:
    """What the roles of both teams say."""

    def says(question: Question) -> Any:
        if question.name == "clerk":
            return {"text": "Noted."}
        return proposal(question.name, "block" if sample_in(question) in flipped else "go")

    return says


def test_a_team_within_checks_its_decision_with_messages_of_its_own(tmp_path: Path) -> None:
    record = run(within("escalate"), settings_at(tmp_path), voices=scripted(speech((2,))))
    assert (record["status"], record["outputs"][0]["answer"]["decision"]) == ("ok", "go")
    inner = state_of(settings_at(tmp_path))["stages"][0]["entries"][0]["inner"]
    (check,) = [event for event in inner["events"] if event["event"] == "stability"]
    assert (check["flips"], check["acts"]) == (1, "announce")
    assert state_of(settings_at(tmp_path))["spent"]["messages"] == 4


@pytest.mark.parametrize(("otherwise", "reason"), [("escalate", "escalated"), ("stop", "unstable_decision")])
def test_a_team_within_that_is_not_steady_stops_the_run(tmp_path: Path, otherwise: str, reason: str) -> None:
    record = run(within(otherwise), settings_at(tmp_path), voices=scripted(speech((1, 2, 3))))
    assert (record["status"], record["stop_reason"]) == ("stopped", reason)


@pytest.mark.parametrize("flipped", [(), (1, 2, 3)])
def test_every_way_to_show_a_checked_thread_shows_it(
    accord_home: Path, capsys: Captured, flipped: tuple[int, ...]
) -> None:
    play(accord_home, saying(flipped))
    folder = accord_home.parent
    for more in ([], ["--full"], ["--html", str(folder / "p.html")], ["--markdown", str(folder / "p.md")], ["--json"]):
        done = accord(capsys, "show", "t", *more)
        assert done.code in (0, 4), done
    for command in (["audit", "verify", "t"], ["list"], ["messages", "t"]):
        assert accord(capsys, *command).code == 0, command


def test_flags_moves_and_absences_are_those_of_rounds_alone(tmp_path: Path) -> None:
    plain = play(tmp_path / "plain", saying(), team_from(raw_team(None))).record
    checked = play(tmp_path / "checked", saying(flipped=(1,)), team_from(raw_team())).record
    same = ("flags", "moves", "absent", "outcome", "outputs", "trace", "history", "answer", "final_decision", "waiting")
    assert {key: checked[key] for key in same} == {key: plain[key] for key in same}
    assert show(settings_at(tmp_path / "checked"))["stability"]["flips"] == 1


def test_a_trace_that_masks_words_still_names_the_seats_of_samples() -> None:
    assert masked({"seat": "risk~2"}) == {"seat": "risk~2"}
