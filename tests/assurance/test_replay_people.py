"""`accord replay` of runs in which people were asked: their answers, their silence and their facts give the same."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.assurance.rerun import differing, rerun
from graph.problems import UsageError
from graph.record import Record, record_of
from tests.harness import proposal
from tests.runs.desk import Desk
from tests.runs.people import PANEL, STAND, desk, human, team

SILENT = {"expires_after": "48h", "on_timeout": "again"}


def assert_same(at: Desk) -> Record:
    """The run again gives the record that the run gave."""
    state = at.state()
    kept = record_of("t", state)
    again = asyncio.run(rerun("t", state))
    assert differing(kept, again) == [], (kept, again)
    return kept


@pytest.mark.parametrize("word", ["go", "go_with_caution", "no_go", "stop"])
def test_what_a_person_decided_is_decided_again(tmp_path: Path, word: str) -> None:
    at = desk(tmp_path)
    at.run()
    at.answer("Ada", word)

    record = assert_same(at)
    assert record.get("final_decision") or record["stop_reason"] in (word, "human_stopped")


def test_another_round_and_what_a_panel_gave_after_a_wrong_answer(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    for by, word in (("vice", "again"), ("cto", "again"), ("cfo", "go"), ("coo", "go_with_caution"), ("cto", "no_go")):
        at.answer(by, word)

    assert assert_same(at)["final_decision"] == "go_with_caution"
    assert [each["outcome"] for each in at.events("ruled")] == ["again", "go_with_caution"]


def test_seats_that_people_fill_in_any_order(tmp_path: Path) -> None:
    both = human("legal", "cfo", sequence=["legal", "risk", "demand"])
    roles = both["roles"] | {"risk": {"title": "Risk", "mandate": "M.", "voice": "human", "people": ["cto"]}}
    at = Desk(tmp_path, both | {"roles": roles})
    at.run()
    at.answer("cto", proposal("risk", "caution"))
    at.answer("cfo", {key: value for key, value in proposal("legal").items() if key != "agent"})

    assert assert_same(at)["final_decision"] == "go_with_caution"


def test_silence_is_replayed_at_its_time(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL | SILENT, sign_off=["coo"])
    at.run()
    at.answer("cfo", "go")
    at.later(hours=49)
    waits = at.resume()  # silence gave another round, in which the block is still there
    assert waits["status"] == "waiting"
    at.later(hours=47, minutes=59)
    at.answer("cfo", "no_go")
    at.answer("cto", "no_go")

    record = assert_same(at)
    assert (record["final_decision"], record["rounds_used"]) == ("no_go", 3)


def test_a_question_that_was_asked_late_in_the_work_is_waited_for_as_long_as_then(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL | SILENT)
    at.run()
    speech = at.voice.speech

    def slowly(asked: Any) -> Any:
        at.later(hours=2)
        return speech(asked)

    at.voice.speech = slowly
    for by in ("cfo", "cto"):
        at.answer(by, "again")  # asks once more, four hours later
    at.later(hours=47)
    for by in ("cfo", "cto"):
        at.answer(by, "no_go")

    assert assert_same(at)["rounds_used"] == 3


def test_a_seat_that_was_left_empty_is_left_empty_again(tmp_path: Path) -> None:
    silent = {"expires_after": "1h", "on_timeout": "again"}
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand"], escalate=silent))
    at.run()
    at.later(hours=2)
    at.resume()
    at.answer("cfo", proposal("legal"))

    record = assert_same(at)
    assert (record["final_decision"], len(at.events("ruled"))) == ("go", 1)


@pytest.mark.parametrize("word", ["go", "again", "stop"])
def test_names_put_to_a_decision(tmp_path: Path, word: str) -> None:
    at = desk(tmp_path, {}, sign_off=["cfo", "cto"])
    at.run()
    at.answer("cto", "go")
    at.answer("vice", word)
    if word == "again":
        at.answer("cto", "go")
        at.answer("cfo", "go")

    assert len(assert_same(at)["history"]) == (2 if word == "again" else 1)


def test_a_limit_that_was_raised_while_people_were_asked(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL, budget={"max_rounds": 2, "max_messages": 30})
    at.run()
    at.answer("cfo", "no_go")
    at.resume(budget={"max_rounds": 3})
    at.answer("cto", "again")
    at.answer("coo", "again")
    at.answer("cto", "no_go")
    at.answer("cfo", "no_go")

    assert assert_same(at)["rounds_used"] == 3


def supplied(tmp_path: Path, **changes: Any) -> Desk:
    paths = ["risk.rate", "risk.alerts"]
    escalate = {"supply": {path: ["coo"] for path in paths}, "expires_after": "1h", "on_timeout": "no_go"}
    return Desk(tmp_path, team(**{"facts": {"x": 1}, "requires": paths, "escalate": escalate, **changes}), STAND)


def test_facts_that_were_supplied_are_there_from_the_beginning(tmp_path: Path) -> None:
    at = supplied(tmp_path)
    at.run()
    at.answer("coo", 0.5)
    at.answer("coo", 3)
    at.answer("Ada", "go_with_caution")

    assert assert_same(at)["final_decision"] == "go_with_caution"


@pytest.mark.parametrize("given", [0, 1])
def test_a_fact_that_nobody_supplied_is_lacking_again(tmp_path: Path, given: int) -> None:
    at = supplied(tmp_path)
    at.run()
    for _ in range(given):
        at.answer("coo", 0.5)
    at.later(hours=2)
    at.resume()

    assert assert_same(at)["stop_reason"] == f"needs_input:risk.{('rate', 'alerts')[given]}"


def test_a_fact_that_came_with_a_resume_after_silence(tmp_path: Path) -> None:
    at = supplied(tmp_path)
    at.run()
    at.later(hours=2)
    at.resume()
    at.resume(facts={"risk": {"rate": 1, "alerts": 2}})
    at.answer("Ada", "no_go")

    assert assert_same(at)["final_decision"] == "no_go"


def test_a_thread_that_waits_is_not_run_again_yet(tmp_path: Path) -> None:
    at = desk(tmp_path)
    at.run()

    with pytest.raises(UsageError, match=r"the thread `t` waits for people; it can be run again once it has ended"):
        assert_same(at)
