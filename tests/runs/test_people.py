"""People in a run: several who decide, seats they fill, facts they supply, names they put to it, and their silence."""

from pathlib import Path
from typing import Any

import pytest

from graph.driver import Driver
from graph.problems import UsageError
from policies.team.team import Team
from tests.harness import proposal
from tests.runs.desk import Desk

APPROVERS = {
    "cfo": {"title": "CFO", "deputy": "vice"},
    "cto": {"title": "CTO"},
    "coo": {"title": "COO"},
    "vice": {"title": "Deputy of the CFO"},
}
PANEL = {"decide": {"by": ["cfo", "cto", "coo"], "rule": {"policy": "majority"}}}
STAND = {number: {"risk": "block"} for number in range(1, 9)}
OTHERWISE = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}


def team(**changes: Any) -> dict[str, Any]:
    roles = {
        name: {"title": name.title(), "mandate": f"Judge {name}.", "otherwise": OTHERWISE}
        for name in ("demand", "risk", "legal")
    }
    return {
        "name": "people",
        "title": "A team with people",
        "goal": "Launch?",
        "facts": {"rate": 1},
        "sequence": ["demand", "risk"],
        "policy": "launch",
        "budget": {"max_rounds": 4, "max_messages": 30},
        "approvers": APPROVERS,
        "roles": roles,
        **changes,
    }


def desk(folder: Path, stances: Any = STAND, **changes: Any) -> Desk:
    return Desk(folder, team(**changes), stances)


def human(name: str, *people: str, **changes: Any) -> dict[str, Any]:
    plain = team(**changes)
    return plain | {
        "roles": plain["roles"] | {name: {"title": name, "mandate": "M.", "voice": "human", "people": people}}
    }


def test_three_people_decide_by_a_table_and_each_is_heard_once(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL)
    first = at.run()["waiting"][0]
    one = at.answer("vice", "go_with_caution")
    assert (one["status"], one["waiting"][0]["answered"], one["waiting"][0]["id"]) == ("waiting", ["cfo"], first["id"])
    for by in ("vice", "cfo"):
        with pytest.raises(UsageError, match="already"):
            at.answer(by, "go")
    assert at.answer("coo", "no_go")["status"] == "waiting"
    record = at.answer("cto", "go")

    assert (record["status"], record["final_decision"]) == ("ok", "go_with_caution")
    ruled = at.events("ruled")
    assert [(each["casts"], each["policy"], each["row"]) for each in ruled] == [
        ({"cfo": "caution", "cto": "go", "coo": "block"}, "majority", 1)
    ]
    answered = at.events("answered")
    assert [(each["by"], each["seat_of"]) for each in answered] == [("vice", "cfo"), ("coo", "coo"), ("cto", "cto")]
    with pytest.raises(UsageError, match=f"`{first['id']}` was answered by vice, coo, cto; nothing is changed"):
        at.answer("cfo", "go", question=first["id"])


def test_two_of_three_settle_it_and_the_third_comes_too_late(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    at.answer("cfo", "no_go")
    record = at.answer("cto", "no_go")

    assert record["final_decision"] == "no_go"
    with pytest.raises(UsageError, match="waits for nobody: it has ended"):
        at.answer("coo", "go")


def test_who_wants_to_hear_more_is_outvoted_or_heard(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    at.answer("cfo", "again")
    assert at.answer("cto", "again")["status"] == "waiting"
    again = at.answer("coo", "go")

    assert (again["status"], len(again["history"])) == ("waiting", 3)
    assert [each["outcome"] for each in at.events("ruled")] == ["again"]


def test_a_person_fills_a_seat_after_the_others_and_under_the_contract(tmp_path: Path) -> None:
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand", "risk"]))
    waits = at.run()
    asked = waits["waiting"][0]

    assert [role for role, _ in at.voice.asked] == ["demand", "risk"]
    assert (asked["kind"], asked["asked"], asked["seat"], asked["options"]) == ("contribute", ["cfo"], "legal", [])
    with pytest.raises(UsageError, match="a role's answer is asked for, not 'go'"):
        at.answer("cfo", "go")
    for wrong in ("fine", {"stance": "go"}, proposal("legal", "maybe"), proposal("risk")):
        with pytest.raises(UsageError, match="the answer is not what the seat asks for"):
            at.answer("cfo", wrong)
    with pytest.raises(UsageError, match="cto is not asked"):
        at.answer("cto", proposal("legal"))
    said = {key: value for key, value in proposal("legal", "caution").items() if key != "agent"}
    record = at.answer("vice", said)

    assert (record["status"], record["final_decision"]) == ("ok", "go_with_caution")
    stances = [(each["agent"], each["stance"]) for each in record["team_summary"]["stances"]]
    assert stances == [("legal", "caution"), ("demand", "go"), ("risk", "go")]
    accepted = [each for each in at.events("accepted") if each["role"] == "legal"]
    assert [each["contribution"]["stance"] for each in accepted] == ["caution"]
    assert record["usage"]["calls"] == 2 + 1


def test_two_people_fill_their_seats_in_any_order_while_each_other_waits(tmp_path: Path) -> None:
    both = human("legal", "cfo", sequence=["legal", "risk", "demand"])
    roles = both["roles"] | {"risk": {"title": "Risk", "mandate": "M.", "voice": "human", "people": ["cto"]}}
    at = Desk(tmp_path, both | {"roles": roles})
    waits = at.run()

    assert [each["seat"] for each in waits["waiting"]] == ["legal", "risk"]
    half = at.answer("cto", proposal("risk"))
    assert [each["seat"] for each in half["waiting"]] == ["legal"]
    record = at.answer("cfo", proposal("legal"))
    assert (record["final_decision"], [each["role"] for each in at.events("accepted")][-2:]) == (
        "go",
        ["legal", "risk"],
    )


def test_a_seat_of_a_person_is_asked_in_each_round(tmp_path: Path) -> None:
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand", "risk"]), {1: {"risk": "block"}})
    at.run()
    second = at.answer("cfo", proposal("legal"))

    assert (second["status"], second["waiting"][0]["seat"], len(second["history"])) == ("waiting", "legal", 1)
    assert at.answer("cfo", proposal("legal"))["final_decision"] == "go"


def test_somebody_named_supplies_a_missing_fact(tmp_path: Path) -> None:
    supply = {"supply": {"risk.rate": ["coo"]}}
    guards = [{"name": "fraud", "fact": "risk.rate", "above": 0.5, "cap": "no_go"}]
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
    assert guards


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
    assert (again["status"], again["waiting"][0]["options"][0], len(again["history"])) == (
        "waiting",
        "again",
        2,
    ) or again["waiting"][0]["kind"] == "sign_off"
    record = at.answer("cfo", "stop")
    assert (record["status"], record["stop_reason"], record["outcome"]["final"]) == ("stopped", "human_stopped", None)
    assert "final_decision" not in record


def test_what_people_decided_is_not_signed_once_more(tmp_path: Path) -> None:
    at = desk(tmp_path, sign_off=["cto"], escalate={"decide": {"by": ["cfo"]}})
    at.run()

    assert at.answer("cfo", "go")["status"] == "ok"


@pytest.mark.parametrize(("on_timeout", "end"), [("no_go", "no_go"), ("stop", "human_stopped"), ("again", "waiting")])
def test_silence_gives_what_the_team_file_says_and_no_more(tmp_path: Path, on_timeout: str, end: str) -> None:
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "48h", "on_timeout": on_timeout})
    asked = at.run()["waiting"][0]
    assert asked["expires_at"] == "2026-03-04T10:00:00.000+00:00"
    at.answer("cfo", "go")
    at.later(hours=47, minutes=59)
    assert at.resume()["status"] == "waiting"
    at.later(minutes=1)
    with pytest.raises(UsageError, match=f"`{asked['id']}` expired at 2026-03-04T10:00:00.000"):
        at.answer("cto", "go", question=asked["id"])
    record = at.resume()

    found = record["status"] if record["status"] == "waiting" else record.get("final_decision") or record["stop_reason"]
    assert found == end
    ruled = at.events("ruled")
    assert [(each["how"], each["by"]) for each in ruled][:1] == [("expired", ["cfo"])]


def test_silence_gives_a_no_where_no_further_round_is_left(tmp_path: Path) -> None:
    limits = {"max_rounds": 2, "max_messages": 30}
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "1h", "on_timeout": "again"}, budget=limits)
    at.run()
    at.later(hours=2)

    assert at.resume()["final_decision"] == "no_go"


def test_an_answer_to_what_expires_before_it_can_be_asked_is_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "48h", "on_timeout": "no_go"})
    at.run()
    find = Driver._interrupts

    async def died_before_it_asked(self: Driver, thread: str, team: Team) -> list[str]:
        monkeypatch.setattr(Driver, "_interrupts", find)
        at.later(hours=49)
        return []

    monkeypatch.setattr(Driver, "_interrupts", died_before_it_asked)
    record = at.answer("cfo", "go")
    assert (record["status"], record["final_decision"], at.events("answered")) == ("ok", "no_go", [])


def test_a_seat_that_nobody_fills_in_time_is_asked_again_at_the_price_of_a_message(tmp_path: Path) -> None:
    silent = {"expires_after": "1h", "on_timeout": "again"}
    limits = {"max_rounds": 2, "max_messages": 4}
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand", "risk"], escalate=silent, budget=limits))
    first = at.run()["waiting"][0]
    at.later(hours=2)
    second = at.resume()

    assert (second["status"], second["waiting"][0]["seat"]) == ("waiting", "legal")
    assert second["waiting"][0]["id"] != first["id"]
    at.later(hours=2)
    assert at.resume()["stop_reason"] == "max_messages"


@pytest.mark.parametrize(("on_timeout", "end"), [("no_go", "no_go"), ("stop", "human_stopped")])
def test_a_seat_that_nobody_fills_in_time_may_end_the_run(tmp_path: Path, on_timeout: str, end: str) -> None:
    silent = {"expires_after": "1h", "on_timeout": on_timeout}
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand", "risk"], escalate=silent))
    at.run()
    at.later(hours=2)
    record = at.resume()

    assert (record.get("final_decision") or record["stop_reason"]) == end


def test_a_fact_that_nobody_supplies_in_time_stops_the_run_for_want_of_it(tmp_path: Path) -> None:
    silent = {"supply": {"risk.rate": ["coo"]}, "expires_after": "1h", "on_timeout": "no_go"}
    at = Desk(tmp_path, team(facts={"x": 1}, requires=["risk.rate"], escalate=silent))
    at.run()
    at.later(hours=2)
    record = at.resume()

    assert (record["stop_reason"], record["resumable"]) == ("needs_input:risk.rate", True)
    assert at.resume(facts={"risk": {"rate": 1}})["final_decision"] == "go"


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


def test_a_limit_that_is_raised_while_seats_wait_keeps_what_was_answered(tmp_path: Path) -> None:
    both = human("legal", "cfo", sequence=["legal", "risk", "demand"])
    roles = both["roles"] | {"risk": {"title": "Risk", "mandate": "M.", "voice": "human", "people": ["cto"]}}
    at = Desk(tmp_path, both | {"roles": roles})
    first = at.run()["waiting"]
    at.answer("cto", proposal("risk", "caution"))
    raised = at.resume(budget={"max_rounds": 5})

    assert [(each["id"], each["seat"]) for each in raised["waiting"]] == [(first[0]["id"], "legal")]
    record = at.answer("cfo", proposal("legal"))
    assert (record["final_decision"], len(at.events("answered"))) == ("go_with_caution", 2)
    assert len([each for each in at.events("asked") if each["role"] in ("legal", "risk")]) == 2


def test_a_limit_that_is_raised_while_a_fact_is_awaited_gives_no_more_time_for_it(tmp_path: Path) -> None:
    silent = {"supply": {"risk.rate": ["coo"]}, "expires_after": "1h", "on_timeout": "no_go"}
    at = Desk(tmp_path, team(facts={"x": 1}, requires=["risk.rate"], escalate=silent))
    first = at.run()["waiting"][0]
    at.later(minutes=59)
    assert at.resume(budget={"max_rounds": 5})["waiting"][0] == first
    assert len(at.events("asked")) == 1
    at.later(minutes=2)

    assert at.resume()["stop_reason"] == "needs_input:risk.rate"


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
