"""Budgets of every pattern: the message, second, token or dollar too many is never spent, and raising them goes on."""

from pathlib import Path

import pytest

from graph.record import Record
from tests.harness import without_times
from tests.patterns.courses import COURSES, key_of
from tests.patterns.stage import Plain, Played, go_on, play
from tests.scripted_server import hangs, with_usage

pytestmark = pytest.mark.slow

SEATS = [(name, len(course.messages) - 1) for name, course in COURSES.items()]


def asked(*played: Played) -> list[str]:
    """Everybody who was asked in these, sorted; who was asked twice is there twice."""
    return sorted(key_of(each.call) for part in played for each in part.floor.arrivals)


def result(record: Record) -> Plain:
    """What a run came to, whatever way it took: its whole record but for times, calls, waves and limits."""
    left_out = ("usage", "trace", "thread_id", "hashes")
    kept = {key: value for key, value in without_times(record).items() if key not in left_out}
    seats = sorted(line["seat"] for line in record["trace"] if "seat" in line)
    return {**kept, "accepted": seats, "used": record["usage"]["prompt_tokens"]}


def assert_whole(course: str, home: Path, *played: Played) -> None:
    """Assert that these parts make the same run as one that nothing disturbed, and that nobody was asked twice."""
    undisturbed = play(home, COURSES[course].team(), COURSES[course].lines(), thread="undisturbed")
    assert asked(*played) == asked(undisturbed) == COURSES[course].asked
    assert result(played[-1].record) == result(undisturbed.record)
    assert undisturbed.record["status"] == "ok"


@pytest.mark.parametrize(("name", "count"), SEATS)
def test_the_message_too_many_is_never_asked_and_a_raised_budget_asks_it(tmp_path: Path, name: str, count: int) -> None:
    course = COURSES[name]
    played = play(tmp_path, course.team({"max_messages": count}), course.lines())
    record = played.record
    phase = list(course.messages.values())[count]
    assert (record["stop_reason"], record["phase"], record["resumable"]) == ("max_messages", phase, True)
    made = [each for each in asked(played) if not each.startswith("brief")]
    assert made == sorted([*course.messages][:count])
    assert go_on(tmp_path).record["stop_reason"] == "max_messages"
    later = go_on(tmp_path, course.lines(), budget={"max_messages": 40})
    assert_whole(name, tmp_path, played, later)


@pytest.mark.parametrize("name", COURSES)
def test_a_call_that_hangs_is_cut_at_the_deadline_and_asked_again_with_more_time(tmp_path: Path, name: str) -> None:
    course = COURSES[name]
    last, phase = list(course.messages.items())[-1]
    team = course.team({"max_seconds": 2.0})
    played = play(tmp_path, team, course.lines(**{last: hangs(30)}))
    record = played.record
    assert (record["stop_reason"], record["phase"], record["resumable"]) == ("max_seconds", phase, True)
    assert 2.0 <= record["elapsed_seconds"] < 10.0
    assert go_on(tmp_path).asked == {}
    later = go_on(tmp_path, course.lines(), budget={"max_seconds": 60})
    assert key_of(later.floor.arrivals[0].call) == last
    played.floor.arrivals.remove(played.arrivals(last)[0])
    assert_whole(name, tmp_path, played, later)


FIRST_IS_DEAR = {
    "orchestrator": "step_1:writer",
    "pipeline": "coder",
    "parallel": "answers:coder",
    "manager": "assignment_1:writer",
    "hierarchy": "assignment_1:build",
    "composed pipeline": "council",
}
"""Where a run stops whose first call takes nearly all; in parallel the others are under way by then."""

DEAR: dict[str, tuple[Plain, Plain]] = {
    "max_tokens": ({"max_tokens": 8_000}, {"max_tokens": 100_000}),
    "max_cost": ({"max_cost_usd": 0.008}, {"max_cost_usd": 1.0}),
}


@pytest.mark.parametrize("reason", DEAR)
@pytest.mark.parametrize("name", COURSES)
def test_tokens_and_dollars_that_do_not_reach_for_the_next_call_end_a_run_that_goes_on_with_more(
    tmp_path: Path, name: str, reason: str
) -> None:
    course, (limit, more) = COURSES[name], DEAR[reason]
    first = next(iter(course.messages))
    dear = {first: with_usage(course.said[first], 100, 7_500)}
    played = play(tmp_path, course.team(limit), course.lines(**dear))
    record = played.record
    assert (record["stop_reason"], record["phase"], record["resumable"]) == (reason, FIRST_IS_DEAR[name], True)
    assert go_on(tmp_path).asked == {}
    later = go_on(tmp_path, course.lines(**dear), budget=more)
    undisturbed = play(tmp_path, course.team(), course.lines(**dear), thread="undisturbed")
    assert asked(played, later) == asked(undisturbed) == course.asked
    assert result(later.record) == result(undisturbed.record)
