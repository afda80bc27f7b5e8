"""Escalation: what the rounds leave open waits for a human, who decides, has the team talk again, or ends the run."""

from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from tests.harness import settings_at, show, without_times
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, go_on, play, rounds, said, state_of
from tests.scripted_server import text

pytestmark = pytest.mark.slow

LAUNCH = "policy=launch"
LONE_BLOCK = ("go", "go", "block")
CAUTIOUS = ("caution", "caution", "caution")
ALL_GO = ("go", "go", "go")
ALL = {DEMAND: 1, FINANCE: 1, RISK: 1}


def lines_from(first: int, *stances: tuple[str, ...]) -> dict[Any, Any]:
    """The lines of rounds that begin with a later one."""
    later = rounds(*([ALL_GO] * (first - 1)), *stances)
    return {key: line for key, line in later.items() if key == "brief" or key[1] >= first}


def test_a_block_that_stands_for_two_rounds_goes_to_a_human(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    record = played.record

    assert (record["status"], record["stop_reason"], "phase" in record) == ("waiting", None, False)
    assert record["resumable"] is True
    assert [(each["kind"], each["asked"], each["answered"]) for each in record["waiting"]] == [("decide", [], [])]
    assert record["waiting"][0]["options"] == ["go", "go_with_caution", "no_go", "again", "stop"]
    assert record["waiting"][0]["conflicts"] == ["blocking_vs_non_block"]
    assert [entry["decision"] for entry in record["history"]] == [None, None]
    lines = [line["decision"] for line in record["trace"] if "decision" in line]
    assert lines == ["next_round", "escalate"]
    assert record["outcome"] == {"vote": "escalate", "row": 2, "guards": [], "final": None}
    assert "final_decision" not in record
    assert played.asked == {DEMAND: 2, FINANCE: 2, RISK: 2}
    assert show(settings_at(tmp_path)) == record


def test_a_block_that_another_role_takes_over_stands_too(tmp_path: Path) -> None:
    record = play(tmp_path, rounds(LONE_BLOCK, ("block", "go", "go")), LAUNCH).record

    assert (record["status"], len(record["history"])) == ("waiting", 2)


def test_a_block_that_comes_back_after_a_round_without_one_did_not_stand(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(LONE_BLOCK, CAUTIOUS, LONE_BLOCK, ALL_GO), LAUNCH, "budget.max_rounds=4")

    assert (played.record["final_decision"], played.record["rounds_used"]) == ("go", 4)


@pytest.mark.parametrize(("stances", "row"), [(CAUTIOUS, "otherwise"), (("go", "caution", "caution"), "otherwise")])
def test_what_the_last_round_leaves_open_goes_to_a_human(
    tmp_path: Path, stances: tuple[str, ...], row: int | str
) -> None:
    record = play(tmp_path, rounds(*[stances] * 3), LAUNCH).record

    assert (record["status"], record["waiting"][0]["options"][-2:]) == ("waiting", ["no_go", "stop"])
    assert record["outcome"] == {"vote": "escalate", "row": row, "guards": [], "final": None}
    assert len(record["history"]) == 3


def test_a_team_file_without_a_policy_is_one_of_launch(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    roles = "\n".join(f"  {name}: {{title: {name}, mandate: Judge.}}" for name in (DEMAND, FINANCE, RISK))
    path.write_text(
        f"name: mine\ntitle: Mine\ngoal: Go?\nsequence: [{DEMAND}, {FINANCE}, {RISK}]\nfacts: {{}}\nroles:\n{roles}\n"
    )
    played = play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), name=str(path))

    assert played.team is not None
    assert played.team.policy.name == "launch"
    assert played.record["status"] == "waiting"


@pytest.mark.parametrize("decision", ["go", "go_with_caution", "no_go"])
def test_a_person_decides(tmp_path: Path, decision: str) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    decided = said(tmp_path, decision, {"brief": text(BRIEF)})

    assert (decided.record["status"], decided.record["final_decision"]) == ("ok", decision)
    assert decided.asked == {"brief": 1}
    assert (decided.record["rounds_used"], decided.record["waiting"]) == (2, [])
    assert decided.record["outcome"]["vote"] == "escalate"
    ruled = [event for event in state_of(settings_at(tmp_path))["events"] if event["event"] == "ruled"]
    assert [(event["outcome"], event["by"], event["how"]) for event in ruled] == [(decision, ["Ada"], "answered")]


def test_a_person_ends_the_run_without_a_decision(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    record = said(tmp_path, "stop").record

    assert (record["status"], record["stop_reason"], record["phase"]) == ("stopped", "human_stopped", "human")
    assert (record["cause"], record["resumable"]) == ("As it stands.", False)


def test_another_round_asks_everybody_again(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    again = said(tmp_path, "again", lines_from(3, ALL_GO))

    assert (again.record["final_decision"], again.record["rounds_used"]) == ("go", 3)
    assert again.asked == ALL | {"brief": 1}
    assert [entry["round"] for entry in again.record["history"]] == [1, 2, 3]
    told = again.seen(RISK, 3)[0]["recent_rounds"]
    assert [each["round"] for each in told] == [1, 2]


def test_a_block_that_stands_in_the_next_round_as_well_waits_again(tmp_path: Path) -> None:
    first = play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    again = said(tmp_path, "again", lines_from(3, LONE_BLOCK))

    assert (again.record["status"], len(again.record["history"])) == ("waiting", 3)
    assert again.record["outcome"]["row"] == 2
    assert again.record["waiting"][0]["id"] != first.record["waiting"][0]["id"]


@pytest.mark.parametrize("times", [1, 3])
def test_a_resume_changes_nothing_while_it_waits_and_asks_nobody(tmp_path: Path, times: int) -> None:
    first = play(tmp_path, rounds(*[CAUTIOUS] * 3), LAUNCH)
    for _ in range(times):
        resumed = go_on(tmp_path)
        assert resumed.asked == {}
        assert without_times(resumed.record) == without_times(first.record)
    again = play(tmp_path, {}, LAUNCH)
    assert (again.asked, without_times(again.record)) == ({}, without_times(first.record))


def test_a_raised_limit_offers_another_round(tmp_path: Path) -> None:
    first = play(tmp_path, rounds(*[CAUTIOUS] * 3), LAUNCH).record
    with pytest.raises(UsageError, match="allowed: go, go_with_caution, no_go, stop"):
        said(tmp_path, "again")
    raised = go_on(tmp_path, budget={"max_rounds": 4}).record

    assert (raised["status"], raised["waiting"][0]["id"]) == ("waiting", first["waiting"][0]["id"])
    assert "again" in raised["waiting"][0]["options"]
    again = said(tmp_path, "again", lines_from(4, ALL_GO))
    assert (again.record["final_decision"], again.record["rounds_used"]) == ("go", 4)


def test_too_few_messages_for_the_next_round_stop_there(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH, "budget.max_messages=7")
    again = said(tmp_path, "again", lines_from(3, ALL_GO))

    assert (again.record["stop_reason"], again.record["phase"]) == ("max_messages", f"round_3:{FINANCE}")
    assert again.asked == {DEMAND: 1}


def test_under_classic_the_same_rounds_only_stop(tmp_path: Path) -> None:
    record = play(tmp_path, rounds(*[LONE_BLOCK] * 3), "policy=classic").record

    assert (record["stop_reason"], "phase" in record) == ("max_rounds_reached", False)
    assert record["outcome"] == {"vote": "next_round", "row": 2, "guards": [], "final": None}


def test_changes_accepted_after_an_escalation_are_talked_over_in_the_next_round(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    assert go_on(tmp_path, facts={"report_date": "2026-03-03"}).record["stop_reason"] == "stale_thread:facts"
    resumed = go_on(tmp_path, lines_from(3, ALL_GO), facts={"report_date": "2026-03-03"}, accept_changes=True)

    assert (resumed.record["final_decision"], resumed.record["rounds_used"]) == ("go", 3)
    assert resumed.seen(RISK, 3)[0]["shared_context"] == {"report_date": "2026-03-03"}


def test_a_policy_may_escalate_in_the_first_round_and_a_row_without_an_answer_does(tmp_path: Path) -> None:
    for thread, row in (("row", "caution > 0"), ("fault", "1 / absent == 1")):
        rule = f'policy={{name: mine, rules: [{{when: "{row}", then: escalate}}], otherwise: go}}'
        played = play(tmp_path, rounds(CAUTIOUS), rule, thread=thread)
        assert (played.record["status"], len(played.record["history"])) == ("waiting", 1)
        assert played.record["outcome"]["vote"] == "escalate"


def test_changed_facts_make_the_question_stale(tmp_path: Path) -> None:
    first = play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH).record["waiting"][0]["id"]
    facts = {"report_date": "2026-03-03"}
    waits = go_on(tmp_path, lines_from(3, CAUTIOUS), facts=facts, accept_changes=True).record

    assert (waits["status"], waits["waiting"][0]["id"] == first) == ("waiting", False)
    with pytest.raises(UsageError, match=f"`{first}` is stale: the facts moved since it was asked"):
        said(tmp_path, "go", question=first)


def test_the_record_has_the_question_the_answer_and_what_it_gave(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    said(tmp_path, "go", {"brief": text(BRIEF)})
    events = state_of(settings)["events"]

    people = [event for event in events if event.get("role") == "people"]
    assert [event["event"] for event in people] == ["asked", "answered", "ruled"]
    assert {event["question"] for event in people} == {people[0]["question"]}
    assert (people[1]["by"], people[1]["outcome"], people[1]["because"]) == ("Ada", "go", "As it stands.")
    assert [event["stop_reason"] for event in events if event["event"] == "finished"] == ["success"]
    assert [event["seq"] for event in events] == list(range(len(events)))


def test_the_brief_is_written_only_once_a_decision_is_there(tmp_path: Path) -> None:
    lines = rounds(LONE_BLOCK, LONE_BLOCK) | {"brief": text("Never asked for.")}

    assert "brief" not in play(tmp_path, lines, LAUNCH).asked
