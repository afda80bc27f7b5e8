"""People in a run: facts that they supply, names that they put to a decision, and votes that are left to them."""

from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from tests.runs.desk import Desk
from tests.runs.people import PANEL, desk, team


def test_who_wants_to_hear_more_is_outvoted_or_heard(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    at.answer("cfo", "again")
    assert at.answer("cto", "again")["status"] == "waiting"
    again = at.answer("coo", "go")

    assert (again["status"], len(again["history"])) == ("waiting", 3)
    assert [each["outcome"] for each in at.events("ruled")] == ["again"]


def test_somebody_named_supplies_a_missing_fact(tmp_path: Path) -> None:
    supply = {"supply": {"risk.rate": ["coo"]}}
    at = Desk(tmp_path, team(facts={"x": 1}, requires=["risk.rate"], escalate=supply))
    waits = at.run()

    assert [(each["kind"], each["path"], each["asked"]) for each in waits["waiting"]] == [
        ("supply", "risk.rate", ["coo"])
    ]
    for wrong in (None, float("nan"), 2**60):
        with pytest.raises(UsageError, match=r"the fact `risk\.rate`"):
            at.answer("coo", wrong)
    record = at.answer("coo", 0.2)
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert at.state()["case"]["facts"] == {"x": 1, "risk": {"rate": 0.2}}


def test_a_fact_that_nobody_is_named_to_supply_stops_the_run(tmp_path: Path) -> None:
    record = Desk(tmp_path, team(facts={"x": 1}, requires=["risk.rate"])).run()

    assert (record["status"], record["stop_reason"]) == ("stopped", "needs_input:risk.rate")


def test_facts_given_on_resume_answer_the_question_for_one_too(tmp_path: Path) -> None:
    at = Desk(tmp_path, team(facts={"x": 1}, requires=["risk.rate"], escalate={"supply": {"risk.rate": ["coo"]}}))
    at.run()
    record = at.resume(facts={"risk": {"rate": 1}})

    assert (record["status"], record["final_decision"]) == ("ok", "go")


def test_a_decision_of_the_team_waits_for_the_names_it_needs(tmp_path: Path) -> None:
    at = desk(tmp_path, {}, sign_off=["cfo", "cto"])
    waits = at.run()

    assert (waits["status"], waits["waiting"][0]["kind"], waits["outcome"]["final"]) == ("waiting", "sign_off", None)
    assert waits["waiting"][0]["options"] == ["go", "again", "stop"]
    assert at.events("finished") == []
    assert at.answer("vice", "go")["status"] == "waiting"
    record = at.answer("cto", "go")
    assert (record["status"], record["final_decision"], len(at.events("finished"))) == ("ok", "go", 1)
    assert record["answer"].startswith("Decision: go")


def test_who_must_sign_may_have_the_team_talk_again_or_end_it(tmp_path: Path) -> None:
    at = desk(tmp_path, {2: {"risk": "caution"}}, sign_off=["cfo"])
    at.run()
    again = at.answer("cfo", "again")
    assert (again["status"], again["waiting"][0]["kind"], len(again["history"])) == ("waiting", "sign_off", 3)
    record = at.answer("cfo", "stop")
    assert (record["status"], record["stop_reason"], record["outcome"]["final"]) == ("stopped", "human_stopped", None)
    assert "final_decision" not in record


def test_what_people_decided_is_not_signed_once_more(tmp_path: Path) -> None:
    at = desk(tmp_path, sign_off=["cto"], escalate={"decide": {"by": ["cfo"]}})
    at.run()

    assert at.answer("cfo", "go")["status"] == "ok"


def test_a_vote_whose_table_escalates_waits_for_a_person(tmp_path: Path) -> None:
    rows = [{"when": "2 * go > team", "then": "go"}]
    table = {"name": "mine", "rules": rows, "otherwise": "escalate"}
    at = desk(tmp_path, {}, pattern="vote", lead="legal", policy=table)
    voice = at.voice

    def speak(asked: Any) -> dict[str, Any]:
        if asked.task.contract == "proposal":
            return {"proposal": "Launch.", "reason": "It is time.", "agent": "legal"}
        return {
            "vote": "approve" if asked.task.role == "demand" else "reject",
            "reason": "So.",
            "agent": asked.task.role,
        }

    voice.speech = speak
    waits = at.run()
    assert (waits["status"], "again" in waits["waiting"][0]["options"]) == ("waiting", False)
    record = at.answer("cfo", "go_with_caution")

    assert (record["status"], record["final_decision"]) == ("ok", "go_with_caution")
    assert "adopted with reservations" in record["answer"]


def test_what_people_decided_in_a_vote_is_not_signed_once_more(tmp_path: Path) -> None:
    table = {"name": "never", "rules": [{"when": "block >= 0", "then": "escalate"}], "otherwise": "no_go"}
    at = desk(tmp_path, {}, pattern="vote", lead="legal", policy=table, sign_off=["cto"])
    at.voice.speech = lambda asked: (
        {"proposal": "Ship.", "reason": "Ready."}
        if asked.task.contract == "proposal"
        else {"vote": "approve", "reason": "So."}
    )
    assert at.run()["waiting"][0]["kind"] == "decide"

    assert at.answer("Ada", "go")["status"] == "ok"


def test_a_fact_that_is_supplied_replaces_no_other(tmp_path: Path) -> None:
    supply = {"supply": {"risk.rate": ["coo"]}}
    at = Desk(tmp_path, team(facts={"risk": 3}, requires=["risk.rate"], escalate=supply))
    at.run()
    with pytest.raises(UsageError, match=r"the fact `risk\.rate` would replace `risk`, which is not an object"):
        at.answer("coo", 0.2)

    assert at.resume(facts={"risk": {"rate": 1}})["final_decision"] == "go"
