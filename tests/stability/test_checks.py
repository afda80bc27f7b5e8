"""A decision is asked for again before it is announced, and is announced only where it holds often enough."""

from pathlib import Path

import pytest

from nodes.halt import Halt
from nodes.voices.voice import Question
from tests.harness import proposal, resume, scripted, settings_at
from tests.stability.stage import CHECK, POLICY, ROLES, Plain, play, raw_team, sample_in, saying, team_from

pytestmark = pytest.mark.slow


def test_a_decision_that_holds_is_announced_with_its_check_on_the_record(tmp_path: Path) -> None:
    played = play(tmp_path, saying())

    assert (played.record["status"], played.record["final_decision"]) == ("ok", "go")
    assert played.record["stability"] == {
        "round": 1,
        "samples": 5,
        "completed": 5,
        "flips": 0,
        "rate": 0.0,
        "interval": [0.0, 0.521824],
        "max_flip_rate": 0.2,
        "announced": "go",
        "acts": "announce",
    }
    assert len(played.record["history"]) == 1
    assert len(played.voice.asked) == 3 + 5 * 3 + 1


def test_too_many_flips_ask_people_with_the_reason_and_the_rate(tmp_path: Path) -> None:
    played = play(tmp_path, saying(flipped=(2, 4)))

    assert played.record["status"] == "waiting"
    (question,) = played.record["waiting"]
    assert question["kind"] == "decide"
    assert "in 2 of 5 samples (40%; allowed: 20%)" in question["question"]
    (check,) = played.events("stability")
    assert check["outcomes"] == ["go", "no_go", "go", "no_go", "go"]
    assert (check["flips"], check["rate"], check["acts"], check["final"]) == (2, 0.4, "escalate", "escalate")


def test_too_many_flips_stop_the_run_where_the_team_says_so(tmp_path: Path) -> None:
    team = team_from(raw_team({**CHECK, "otherwise": "stop"}))
    played = play(tmp_path, saying(flipped=(1, 2, 3)), team)

    assert (played.record["status"], played.record["stop_reason"]) == ("stopped", "unstable_decision")
    assert played.record["resumable"]
    assert "in 3 of 5 samples" in played.record["cause"]
    assert "final_decision" not in played.record


def test_who_is_asked_again_is_on_the_record(tmp_path: Path) -> None:
    played = play(tmp_path, saying())

    (begun,) = played.events("sampling")
    assert (begun["samples"], begun["asked"], begun["kept"]) == (5, [*ROLES], [])
    assert [(each["sample"], each["role"]) for each in played.events("sampled")] == [
        (sample, role) for sample in range(1, 6) for role in ROLES
    ]


ENDS = {**POLICY, "when_rounds_end": "escalate"}


def one_blocks(question: Question) -> Plain:
    """One role blocks in the second sample, which would open another round."""
    return proposal(question.name, "block" if (question.name, sample_in(question)) == ("risk", 2) else "go")


def test_a_sample_is_decided_at_the_place_of_its_round(tmp_path: Path) -> None:
    three = play(tmp_path / "three", one_blocks, team_from(raw_team(policy=ENDS)))
    assert three.events("stability")[0]["outcomes"] == ["go", "next_round", "go", "go", "go"]
    last = play(tmp_path / "last", one_blocks, team_from(raw_team(policy=ENDS, budget={"max_rounds": 1})))
    assert last.events("stability")[0]["outcomes"] == ["go", "escalate", "go", "go", "go"]


def test_rounds_that_are_raised_within_a_check_do_not_move_that_place(tmp_path: Path) -> None:
    halt = Halt()

    def speech(question: Question) -> Plain:
        if sample_in(question) == 1:
            halt.set()
        return one_blocks(question)

    team = team_from(raw_team(policy=ENDS, budget={"max_rounds": 1}))
    played = play(tmp_path, speech, team, halt=halt)
    assert played.record["stop_reason"] == "cancelled"
    record = resume(settings_at(tmp_path), voices=scripted(one_blocks), budget={"max_rounds": 9})
    assert record["final_decision"] == "go"
    assert played.events("stability")[0]["outcomes"] == ["go", "escalate", "go", "go", "go"]
