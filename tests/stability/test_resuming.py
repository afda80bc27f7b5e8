"""A check goes on after a stop or a kill where it was, and is made anew where it stopped the run."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.assurance.rerun import differing, rerun
from graph.opening import open_runner
from graph.store.archive import entry_of
from nodes.events import standing_word
from nodes.halt import Halt
from nodes.voices.voice import Question, Utterance
from policies.run.seats import Failure
from tests.harness import ScriptedVoice, answer, proposal, resume, scripted, settings_at, show
from tests.runs.stage import state_of
from tests.stability.stage import CHECK, ROLES, play, raw_team, sample_in, saying, team_from

pytestmark = pytest.mark.slow
STOPS = {**CHECK, "otherwise": "stop"}


class Counting(ScriptedVoice):
    """A scripted voice that notes the seats it was asked for, and the seeds."""

    def __init__(self, speech: Any, **options: Any) -> None:
        super().__init__(speech, **options)
        self.seats: list[tuple[str, int]] = []
        self.seeds: dict[str, int | None] = {}

    async def propose(self, question: Question) -> Utterance:
        self.seats.append((question.task.seat, question.attempt))
        self.seeds[question.task.seat] = question.seed
        return await super().propose(question)


def test_a_run_that_stopped_as_unstable_is_sampled_again_with_messages_of_its_own(tmp_path: Path) -> None:
    played = play(tmp_path, saying(flipped=(1, 2, 3)), team_from(raw_team(STOPS)))
    assert played.record["stop_reason"] == "unstable_decision"

    voice = Counting(saying())
    record = resume(settings_at(tmp_path), voices={"model": voice, "rules": voice})

    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert {*voice.seats} == {(f"{role}~{number}", 2) for number in range(1, 6) for role in ROLES}
    assert len(voice.seats) == 15
    assert record["stability"]["flips"] == 0
    assert len(record["history"]) == 1


def test_a_run_that_is_halted_in_its_check_goes_on_where_it_was(tmp_path: Path) -> None:
    halt = Halt()

    def speech(question: Question) -> Any:
        if sample_in(question) == 3 and question.name == "legal":
            halt.set()
        return proposal(question.name)

    played = play(tmp_path, speech, halt=halt)
    assert played.record["stop_reason"] == "cancelled"
    assert played.record["phase"].startswith("round_1:")
    assert standing_word(played.state) is None
    assert entry_of("t", played.state)["ended"] == "cancelled"
    answered = {event["seat"] for event in played.events("sampled") if "contribution" in event}

    voice = Counting(saying())
    record = resume(settings_at(tmp_path), voices={"model": voice, "rules": voice})

    assert record["final_decision"] == "go"
    assert {seat for seat, _ in voice.seats} == {f"{role}~{n}" for n in range(1, 6) for role in ROLES} - answered
    assert [
        event["completed"] for event in state_of(settings_at(tmp_path))["events"] if event["event"] == "stability"
    ] == [5]


@pytest.mark.parametrize("spoken", [1, 4, 9, 14])
def test_a_run_that_is_killed_in_its_check_repeats_no_answer(tmp_path: Path, spoken: int) -> None:
    class Killed(Counting):
        async def propose(self, question: Question) -> Utterance:
            if sample_in(question) and len([seat for seat, _ in self.seats if "~" in seat]) >= spoken:
                await asyncio.sleep(0.4)  # until what was answered is in the journal
                raise KeyboardInterrupt
            return await super().propose(question)

    first = Killed(saying())
    with pytest.raises(KeyboardInterrupt):
        play_with(tmp_path, first)
    second = Counting(saying())
    record = resume(settings_at(tmp_path), voices={"model": second, "rules": second})

    assert record["final_decision"] == "go"
    twice = [seat for seat, _ in second.seats if seat in dict(first.seats)]
    assert twice == []
    assert record["stability"]["completed"] == 5


def play_with(home: Path, voice: ScriptedVoice) -> Any:
    """Run the team with a voice."""

    async def main() -> Any:
        async with open_runner(settings_at(home), {"model": voice, "rules": voice}) as runner:
            return await runner.run(team_from(raw_team()), "t")

    return asyncio.run(main())


def test_a_seat_without_an_answer_leaves_its_sample_out(tmp_path: Path) -> None:
    def speech(question: Question) -> Any:
        if sample_in(question) == 2 and question.name == "risk":
            return Failure("llm_timeout")
        return "no JSON" if sample_in(question) == 4 and question.name == "sales" else proposal(question.name)

    played = play(tmp_path, speech)

    (check,) = played.events("stability")
    assert (check["completed"], check["numbers"], check["rate"]) == (3, [1, 3, 5], 0.0)
    assert played.record["stability"]["completed"] == 3
    assert len(played.voice.asked) == 3 + 15 + 1


def test_a_check_without_any_whole_sample_counts_as_unstable(tmp_path: Path) -> None:
    played = play(tmp_path, lambda question: Failure("llm_timeout") if sample_in(question) else proposal(question.name))

    assert played.record["status"] == "waiting"
    assert played.record["stability"]["rate"] is None
    assert played.record["stability"]["interval"] == [0.0, 1.0]
    assert "no sample with all its answers" in played.record["waiting"][0]["question"]


def test_after_another_round_the_next_decision_is_checked_again(tmp_path: Path) -> None:
    played = play(tmp_path, saying(flipped=(1, 2, 3)))
    settings = settings_at(tmp_path)
    record = answer(settings, "again", voices=scripted(saying()))

    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert record["stability"]["round"] == 2
    checks = [event for event in played.state["events"] if event["event"] == "stability"]
    assert [(each["round"], each["flips"]) for each in checks] == [(1, 3), (2, 0)]


def test_what_people_decide_is_not_checked(tmp_path: Path) -> None:
    play(tmp_path, saying(flipped=(1, 2, 3)))
    voice = Counting(saying())
    record = answer(settings_at(tmp_path), "no_go", voices={"model": voice, "rules": voice})

    assert (record["status"], record["final_decision"]) == ("ok", "no_go")
    assert voice.seats == []
    assert "decided by Ada; the vote alone gave go" in record["answer"]


@pytest.mark.parametrize("flipped", [(), (2,), (1, 2, 3)])
@pytest.mark.parametrize("otherwise", ["escalate", "stop"])
def test_a_checked_run_replays_to_the_same_record(tmp_path: Path, flipped: tuple[int, ...], otherwise: str) -> None:
    team = team_from(raw_team({**CHECK, "otherwise": otherwise}))
    played = play(tmp_path, saying(flipped), team)
    settings = settings_at(tmp_path)
    if played.record["status"] == "waiting":
        answer(settings, "again", voices=scripted(saying()))
    if played.record["status"] == "stopped":
        resume(settings, voices=scripted(saying()))

    record = show(settings)
    again = asyncio.run(rerun("t", state_of(settings)))

    assert differing(record, again) == []
    assert record["final_decision"] == "go"
