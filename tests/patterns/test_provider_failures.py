"""Providers that fail, in every pattern: what ends the run, what fails one step or team, and what a resume asks."""

from pathlib import Path

import pytest

from tests.patterns.courses import COURSES
from tests.patterns.stage import Plain, go_on, play, refused
from tests.patterns.test_budget_stops import asked, assert_whole
from tests.scripted_server import Answer, closes, forever, hangs, status, text, with_usage

pytestmark = pytest.mark.system

SEATS = [(name, seat) for name, course in COURSES.items() for seat in course.messages]
BRIEFS = [(name, brief) for name, course in COURSES.items() for brief in course.said if brief.startswith("brief")]


@pytest.mark.parametrize(("name", "seat"), SEATS)
def test_a_key_that_is_refused_stops_a_run_at_any_seat_and_the_resume_asks_on_from_there(
    tmp_path: Path, name: str, seat: str
) -> None:
    course = COURSES[name]
    played = play(tmp_path, course.team(), course.lines(**{seat: status(401)}))
    record = played.record
    assert (record["stop_reason"], record["phase"]) == ("llm_auth", course.messages[seat])
    assert record["resumable"] is True
    later = go_on(tmp_path, course.lines())
    assert asked(later).count(seat) == 1
    played.floor.arrivals.remove(played.arrivals(seat)[0])
    assert_whole(name, tmp_path, played, later)
    assert later.record["usage"]["calls"] == len(course.said) + 1


@pytest.mark.parametrize(("name", "brief"), BRIEFS)
def test_a_synthesis_that_fails_is_the_only_one_of_its_team_that_is_asked_again(
    tmp_path: Path, name: str, brief: str
) -> None:
    course = COURSES[name]
    played = play(tmp_path, course.team(), course.lines(**{brief: status(403)}))
    assert played.record["stop_reason"] == "llm_auth"
    assert played.record["phase"] == ("finalize" if brief == "brief" else _seat_of(name, brief))
    later = go_on(tmp_path, course.lines())
    assert sorted([*asked(played), *asked(later)]) == sorted([*course.said, brief])
    assert (later.record["status"], later.record["usage"]["calls"]) == ("ok", len(course.said) + 1)


def _seat_of(name: str, brief: str) -> str:
    last = {"brief: Is it sound?": "tester", "brief: What is known?": "asker"}[brief]
    return next(phase for seat, phase in COURSES[name].messages.items() if seat.startswith(last))


STOPS = {
    "503": (refused(503), "llm_error:503"),
    "400": (status(400), "llm_error:400"),
    "429": (refused(429), "llm_rate_limited"),
    "no text": (with_usage(text("  "), 0, 0), "llm_empty"),
    "no connection": (forever(closes()), "llm_timeout"),
}
FIRST = {name: next(iter(course.messages)) for name, course in COURSES.items()}


@pytest.mark.parametrize(("said", "reason"), STOPS.values(), ids=STOPS.keys())
@pytest.mark.parametrize("name", ["orchestrator", "pipeline", "parallel", "manager", "hierarchy"])
def test_whoever_is_asked_first_stops_the_run_with_the_provider_s_reason(
    tmp_path: Path, name: str, said: Answer, reason: str
) -> None:
    course, first = COURSES[name], FIRST[name]
    played = play(tmp_path, course.team(), course.lines(**{first: said}))
    record = played.record
    assert (record["stop_reason"], record["phase"]) == (reason, course.messages[first])
    assert ("raw_contribution" in record, record["resumable"]) == (False, True)
    later = go_on(tmp_path, course.lines())
    played.floor.arrivals[:] = [each for each in played.floor.arrivals if each.name != first]
    assert_whole(name, tmp_path, played, later)


BORNE = {key: said for key, said in STOPS.items() if key != "400"}
LATE = {**BORNE, "no answer in time": (forever(hangs(9)), "llm_timeout")}


@pytest.mark.parametrize(("said", "reason"), LATE.values(), ids=LATE.keys())
def test_a_step_whose_provider_fails_fails_alone_and_one_whose_request_is_wrong_stops_the_run(
    tmp_path: Path, said: Answer, reason: str
) -> None:
    course = COURSES["orchestrator"]
    team = course.team(options={"max_replans": 0})
    played = play(tmp_path, team, course.lines(**{"coder: Code.": said}), timeout_seconds=1.0)
    assert (played.record["stop_reason"], played.record["phase"]) == ("step_failed:2", "step_2:coder")
    assert played.said == {"plan": None, "step_1": "A draft.", "step_2": reason}
    later = go_on(tmp_path, course.lines())
    assert asked(later) == ["brief", "coder: Code.", "writer: Join."]
    wrong = play(tmp_path, team, course.lines(**{"coder: Code.": status(400)}), thread="wrong")
    assert (wrong.record["stop_reason"], wrong.record["phase"]) == ("llm_error:400", "step_2:coder")


@pytest.mark.parametrize(("said", "reason"), BORNE.values(), ids=BORNE.keys())
@pytest.mark.parametrize(
    ("seat", "missing"), [("tester: Judge.", "build"), ("brief: Is it sound?", "build"), ("asker", "research")]
)
def test_a_team_whose_provider_fails_is_missing_and_the_others_answer(
    tmp_path: Path, seat: str, missing: str, said: Answer, reason: str
) -> None:
    course = COURSES["hierarchy"]
    played = play(tmp_path, course.team(), course.lines(**{seat: said}))
    assert played.record["status"] == "ok"
    assert played.record["details"]["missing"] == [{"agent": missing, "reason": reason}]
    found: list[Plain] = [each for each in played.record["outputs"] if each["absent"]]
    assert [(each["agent"], each["absent"], each["answer"]) for each in found] == [(missing, reason, None)]
