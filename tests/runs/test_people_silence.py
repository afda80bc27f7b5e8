"""People in a run who do not answer in time: what their silence gives, and what comes too late."""

from pathlib import Path

import pytest

from graph.driver import Driver
from graph.problems import UsageError
from policies.team.team import Team
from tests.runs.desk import Desk
from tests.runs.people import PANEL, desk, human, team


@pytest.mark.parametrize(("on_timeout", "end"), [("no_go", "no_go"), ("stop", "human_stopped"), ("again", "waiting")])
def test_silence_gives_what_the_team_file_says_and_no_more(tmp_path: Path, on_timeout: str, end: str) -> None:
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "48h", "on_timeout": on_timeout})
    asked = at.run()["waiting"][0]
    assert asked["expires_at"] == "2026-03-04T10:00:00.000+00:00"
    at.answer("cfo", "go")
    at.later(hours=47, minutes=59)
    assert at.resume()["status"] == "waiting"
    at.later(minutes=1)
    with pytest.raises(UsageError, match=f"`{asked['id']}` expired at 2026-03-04T10:00:00"):
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


def test_a_limit_that_is_raised_while_a_fact_is_awaited_gives_no_more_time_for_it(tmp_path: Path) -> None:
    silent = {"supply": {"risk.rate": ["coo"]}, "expires_after": "1h", "on_timeout": "no_go"}
    at = Desk(tmp_path, team(facts={"x": 1}, requires=["risk.rate"], escalate=silent))
    first = at.run()["waiting"][0]
    at.later(minutes=59)
    assert at.resume(budget={"max_rounds": 5})["waiting"][0] == first
    assert len(at.events("asked")) == 1
    at.later(minutes=2)

    assert at.resume()["stop_reason"] == "needs_input:risk.rate"


def test_an_answer_is_for_what_was_asked_when_it_was_given(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "1h", "on_timeout": "again"})
    asked = at.run()["waiting"][0]["id"]
    at.later(hours=1)
    with pytest.raises(UsageError, match=f"`{asked}` expired at 2026-03-02T11:00:00.000"):
        at.answer("cto", "go")

    waits = at.resume()["waiting"][0]
    assert (waits["id"] != asked, waits["answered"]) == (True, [])


def test_a_run_that_silence_ends_says_whether_somebody_answered(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "1h", "on_timeout": "stop"})
    at.run()
    at.answer("cfo", "stop", "Enough.")
    at.later(hours=1)

    assert at.resume()["cause"] == "not everybody answered by 2026-03-02T11:00:00.000+00:00"
