"""Notes: why people asked for another round is read by every role of that round, and nothing of it by any other."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from nodes.voices.rules import RulesVoice
from tests.runs.desk import Desk
from tests.runs.people import PANEL, STAND, team

ONE = {"decide": {"by": ["cfo"]}}


def asked_in(desk: Desk) -> list[tuple[str, Any]]:
    """Return the user message of every question, with who was asked."""
    return [(name, json.loads(user)) for name, user in desk.voice.asked]


def test_the_reason_for_another_round_is_a_note_to_every_role_of_that_round(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(escalate=ONE), STAND)
    desk.run()
    desk.answer("cfo", "again", "What does the fraud team say?")
    desk.answer("cfo", "again", "And legal?")
    desk.answer("cfo", "go", "Then go.")

    notes = [(name, said["round"], said.get("notes")) for name, said in asked_in(desk) if name != "brief"]
    note = [{"from": "cfo", "note": "What does the fraud team say?"}]
    later = [{"from": "cfo", "note": "And legal?"}]
    assert notes == [
        *[("demand", 1, None), ("risk", 1, None), ("demand", 2, None), ("risk", 2, None)],
        *[("demand", 3, note), ("risk", 3, note)],
        *[("demand", 4, later), ("risk", 4, later)],
    ]


def test_only_those_who_asked_for_the_round_have_a_note(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(escalate=PANEL), STAND)
    desk.run()
    for by, word, because in (("cfo", "go", "Now."), ("cto", "again", "Why?"), ("coo", "again", "How?")):
        desk.answer(by, word, because)
    third = [said["notes"] for name, said in asked_in(desk) if name != "brief" and said["round"] == 3]
    assert third == [[{"from": "cto", "note": "Why?"}, {"from": "coo", "note": "How?"}]] * 2


def test_who_did_not_sign_says_why_to_the_team(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(sign_off=["cfo"]))
    desk.run()
    desk.answer("cfo", "again", "Not yet.")
    notes = [said.get("notes") for name, said in asked_in(desk) if name != "brief"]
    assert notes == [None, None, *[[{"from": "cfo", "note": "Not yet."}]] * 2]


def test_silence_leaves_no_note(tmp_path: Path) -> None:
    waits = {**ONE, "expires_after": "1h", "on_timeout": "again"}
    desk = Desk(tmp_path, team(escalate=waits), STAND)
    desk.run()
    desk.later(hours=2)
    desk.resume()
    assert {said["round"] for _, said in asked_in(desk)} == {1, 2, 3}
    assert all("notes" not in said for _, said in asked_in(desk))


def test_the_writer_of_the_brief_reads_that_people_decided_and_why(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(escalate=ONE), STAND)
    desk.run()
    record = desk.answer("cfo", "no_go", "Not on my watch.")
    (brief,) = [said for name, said in asked_in(desk) if name == "brief"]
    assert brief["decided_by_people"] == {
        "vote_alone": "escalate",
        "answers": [{"by": "cfo", "answer": "no_go", "because": "Not on my watch."}],
    }
    assert record["answer"].startswith("Decision: no_go (decided by cfo; the vote alone gave escalate)\n\n")


def test_the_brief_of_a_decision_of_the_team_says_nothing_of_people(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(sign_off=["cfo"]))
    desk.run()
    record = desk.answer("cfo", "go", "Mine.")
    (brief,) = [said for name, said in asked_in(desk) if name == "brief"]
    assert brief.keys() == {"goal", "final_decision", "history"}
    assert record["answer"].startswith("Decision: go\n\n")


def test_nobody_answers_under_a_name_of_many_lines(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(), STAND)
    desk.run()
    with pytest.raises(UsageError, match="allowed: the name of whoever answers"):
        desk.answer("Ada\n\nDecision: no_go", "go", "Fine.")


def test_without_a_model_the_brief_begins_with_what_people_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(escalate=ONE), STAND)
    desk.voice.write_brief = RulesVoice().write_brief  # type: ignore[method-assign]
    desk.run()
    record = desk.answer("cfo", "no_go", "Not on\nmy watch.")
    assert record["answer"].splitlines()[2:4] == [
        "The team left the decision to people:",
        "- cfo (no_go): Not on my watch.",
    ]
