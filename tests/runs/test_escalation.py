"""Escalation: what the rounds leave open goes to a human, and the thread goes on where one more round is granted."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import ScriptedVoice, proposal, resume, run, settings_at, show, team_of, without_times
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, go_on, play, rounds, state_of
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

    assert (record["status"], record["stop_reason"], record["phase"]) == ("stopped", "escalated", "human")
    assert record["resumable"] is True
    assert [entry["decision"] for entry in record["history"]] == [None, None]
    lines = [line["decision"] for line in record["trace"] if "decision" in line]
    assert lines == ["next_round", "escalate"]
    assert record["outcome"] == {"vote": "escalate", "row": 2, "guards": [], "final": None}
    assert "final_decision" not in record
    assert played.asked == {DEMAND: 2, FINANCE: 2, RISK: 2}
    assert show(settings_at(tmp_path)) == record


def test_a_block_that_another_role_takes_over_stands_too(tmp_path: Path) -> None:
    record = play(tmp_path, rounds(LONE_BLOCK, ("block", "go", "go")), LAUNCH).record

    assert (record["stop_reason"], len(record["history"])) == ("escalated", 2)


def test_a_block_that_comes_back_after_a_round_without_one_did_not_stand(tmp_path: Path) -> None:
    played = play(tmp_path, rounds(LONE_BLOCK, CAUTIOUS, LONE_BLOCK, ALL_GO), LAUNCH, "budget.max_rounds=4")

    assert (played.record["final_decision"], played.record["rounds_used"]) == ("go", 4)


@pytest.mark.parametrize(("stances", "row"), [(CAUTIOUS, "otherwise"), (("go", "caution", "caution"), "otherwise")])
def test_what_the_last_round_leaves_open_goes_to_a_human(
    tmp_path: Path, stances: tuple[str, ...], row: int | str
) -> None:
    record = play(tmp_path, rounds(*[stances] * 3), LAUNCH).record

    assert (record["stop_reason"], record["phase"]) == ("escalated", "human")
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
    assert played.record["stop_reason"] == "escalated"


def test_a_resume_opens_the_next_round_and_asks_everybody_again(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    resumed = go_on(tmp_path, lines_from(3, ALL_GO))

    assert (resumed.record["final_decision"], resumed.record["rounds_used"]) == ("go", 3)
    assert resumed.asked == ALL | {"brief": 1}
    assert [entry["round"] for entry in resumed.record["history"]] == [1, 2, 3]
    assert resumed.record["answer"] == f"Decision: go\n\n{BRIEF}"
    told = resumed.seen(RISK, 3)[0]["recent_rounds"]
    assert [each["round"] for each in told] == [1, 2]


def test_a_run_on_the_same_thread_opens_the_next_round_too(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    again = play(tmp_path, lines_from(3, ALL_GO), LAUNCH)

    assert (again.record["final_decision"], again.asked) == ("go", ALL | {"brief": 1})


def test_a_block_that_stands_in_the_next_round_as_well_goes_to_a_human_again(tmp_path: Path) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH)
    resumed = go_on(tmp_path, lines_from(3, LONE_BLOCK))

    assert (resumed.record["stop_reason"], len(resumed.record["history"])) == ("escalated", 3)
    assert resumed.record["outcome"]["row"] == 2


@pytest.mark.parametrize("times", [1, 3])
def test_where_no_round_is_left_it_stays_with_the_human_and_nobody_is_asked(tmp_path: Path, times: int) -> None:
    first = play(tmp_path, rounds(*[CAUTIOUS] * 3), LAUNCH)
    for _ in range(times):
        resumed = go_on(tmp_path)
        assert resumed.asked == {}
        assert without_times(resumed.record) == without_times(first.record)


def test_with_another_round_granted_it_goes_on(tmp_path: Path) -> None:
    play(tmp_path, rounds(*[CAUTIOUS] * 3), LAUNCH)
    go_on(tmp_path)
    resumed = go_on(tmp_path, lines_from(4, ALL_GO), budget={"max_rounds": 4})

    assert (resumed.record["final_decision"], resumed.record["rounds_used"]) == ("go", 4)
    assert resumed.asked == ALL | {"brief": 1}


def test_too_few_messages_for_the_next_round_stop_there_and_no_longer_at_the_human(
    tmp_path: Path,
) -> None:
    play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), LAUNCH, "budget.max_messages=7")
    resumed = go_on(tmp_path, lines_from(3, ALL_GO))

    assert (resumed.record["stop_reason"], resumed.record["phase"]) == ("max_messages", f"round_3:{FINANCE}")
    assert resumed.asked == {DEMAND: 1}


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
        assert (played.record["stop_reason"], len(played.record["history"])) == ("escalated", 1)
        assert played.record["outcome"]["vote"] == "escalate"


def test_the_record_counts_each_end_of_the_thread(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)

    def speech(question: Any) -> Any:
        return proposal(question.name, "go" if question.round == 3 else "block" if question.name == RISK else "go")

    voice = ScriptedVoice(speech)
    voices = {"model": voice, "rules": voice}
    run(team_of(settings, "checkout_launch", LAUNCH), settings, voices=voices)
    resume(settings, voices=voices)
    events = state_of(settings)["events"]

    assert [event["stop_reason"] for event in events if event["event"] == "finished"] == ["escalated", "success"]
    resumed = [event for event in events if event["event"] == "resumed"]
    assert [(event["after"], event["phase"]) for event in resumed] == [("escalated", "human")]
    assert [event["seq"] for event in events] == list(range(len(events)))


def test_the_brief_is_written_only_once_a_decision_is_there(tmp_path: Path) -> None:
    lines = rounds(LONE_BLOCK, LONE_BLOCK) | {"brief": text("Never asked for.")}

    assert "brief" not in play(tmp_path, lines, LAUNCH).asked
