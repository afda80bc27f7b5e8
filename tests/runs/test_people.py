"""People in a run: several who decide, each heard once, and seats that they fill."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.inbox import names_for
from graph.problems import UsageError
from graph.teams.approval import approved
from graph.teams.loader import load_team
from policies.people.question import Question, Taken
from policies.team.people import Approver
from tests.harness import proposal
from tests.runs.desk import Desk
from tests.runs.people import PANEL, desk, human, team


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


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"more": 2**60}, "`more` is an integer beyond"),
        ({"more": "x" * 20_001}, "`more` has 20001 characters"),
        ({"summary": chr(0xD800)}, "`summary` has a NUL character or a lone surrogate"),
    ],
)
def test_a_seat_takes_nothing_that_cannot_be_kept_as_it_was_given(
    tmp_path: Path, odd: dict[str, Any], why: str
) -> None:
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand", "risk"]))
    at.run()
    with pytest.raises(UsageError, match=f"the answer cannot be kept: {why}"):
        at.answer("cfo", proposal("legal") | odd)

    assert at.answer("cfo", proposal("legal"))["status"] == "ok"


def test_a_question_that_one_answered_is_stale_once_what_it_was_about_moved(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL)
    asked = at.run()["waiting"][0]["id"]
    at.answer("cfo", "go")
    at.resume(facts={"rate": 2}, accept_changes=True)

    with pytest.raises(UsageError, match=f"`{asked}` is stale: the facts moved since it was asked"):
        at.answer("cto", "go", question=asked)


def test_who_has_answered_may_not_answer_for_another_whose_deputy_they_are_too() -> None:
    approvers = {name: Approver(title=name, deputy="vice") for name in ("cfo", "cto")} | {"vice": Approver(title="V")}
    said = (Taken("cfo", "vice", "go", "Why.", "2026-03-02T10:00:00.000+00:00"),)
    asked = Question("q", "decide", ("cfo", "cto"), "?", ("go", "stop"), "2026-03-02T10:00:00.000+00:00", answers=said)

    assert names_for(asked, approvers) == ["cto"]


def test_people_are_told_that_no_row_holds_and_not_that_the_rounds_ended(tmp_path: Path) -> None:
    table = {"name": "mine", "rules": [{"when": "go == team", "then": "go"}], "otherwise": "escalate"}
    record = desk(tmp_path, policy=table).run()

    assert len(record["history"]) == 1
    assert "The team may not decide alone: no row of its policy holds." in record["waiting"][0]["question"]


@pytest.mark.parametrize(
    ("because", "why"),
    [(None, "row 2 of its policy leaves it to people"), ("Too close to call.", "Too close to call.")],
)
def test_people_are_told_which_row_leaves_it_to_them(tmp_path: Path, because: str | None, why: str) -> None:
    left = {"when": "block == 1", "then": "escalate", **({"because": because} if because else {})}
    rules = [{"when": "go == team", "then": "go"}, left]
    record = desk(tmp_path, policy={"name": "mine", "rules": rules, "otherwise": "next_round"}).run()

    assert len(record["history"]) == 1
    assert f"The team may not decide alone: {why}" in record["waiting"][0]["question"]


def test_people_are_told_that_the_rounds_ended_where_they_did(tmp_path: Path) -> None:
    table = {"name": "mine", "rules": [], "otherwise": "next_round", "when_rounds_end": "escalate"}
    record = desk(tmp_path, policy=table, budget={"max_rounds": 1}).run()

    assert "alone: the rounds ended without a decision." in record["waiting"][0]["question"]


def test_a_table_of_people_that_may_never_end_is_refused_in_words(tmp_path: Path) -> None:
    table = {"name": "mine", "rules": [{"when": "go == 2", "then": "go"}], "otherwise": "next_round"}
    file = tmp_path / "team.json"
    file.write_text(json.dumps(team(escalate={"decide": {"by": ["cfo", "cto"], "rule": {"policy": table}}})))

    with pytest.raises(UsageError, match="the approvers' policy `mine` does not resolve: "):
        approved(load_team(str(file)))
