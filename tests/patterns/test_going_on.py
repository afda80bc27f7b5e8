"""Threads of every pattern: a finished one makes no call, what moved is named, a halted one goes on."""

import asyncio
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from graph.record import Record
from graph.teams.voicing import voiced
from nodes.halt import Halt
from policies.team.team import Team
from tests.harness import settings_at, show
from tests.patterns.courses import COURSES, key_of
from tests.patterns.stage import FACTS, Floor, Plain, Played, go_on, parsed, play
from tests.patterns.test_budget_stops import asked, assert_whole
from tests.scripted_server import hangs, serve, status

pytestmark = pytest.mark.slow

LAST = [(name, list(course.messages)[-1]) for name, course in COURSES.items()]
OTHER: Plain = {"orders": 7}


@pytest.mark.parametrize("name", COURSES)
def test_a_finished_thread_returns_its_record_and_makes_no_call(tmp_path: Path, name: str) -> None:
    course = COURSES[name]
    first = play(tmp_path, course.team(), course.lines())
    for again in (play(tmp_path, course.team(), {}), go_on(tmp_path), go_on(tmp_path, budget={"max_messages": 99})):
        assert (again.record, again.asked) == (first.record, {})


def moved(team: Team, field: str) -> Team:
    """The team with something else than it had."""
    if field == "team":
        raw = {**team.model_dump(mode="json"), "max_repairs": 1}
        raw["roles"][team.sequence[0]]["mandate"] = "Do something else."
        return parsed(raw)
    changes: dict[str, Plain] = {"facts": {"facts": OTHER}, "goal": {"goal": "Another question?"}}
    return team.model_copy(update=changes[field])


@pytest.mark.parametrize(("name", "field"), [*zip(COURSES, cycle(["team", "facts", "goal"]))])
def test_a_thread_is_not_run_on_another_team_other_facts_or_another_goal(tmp_path: Path, name: str, field: str) -> None:
    course = COURSES[name]
    last = list(course.messages)[-1]
    play(tmp_path, course.team(), course.lines(**{last: status(401)}))
    before = show(settings_at(tmp_path))
    played = play(tmp_path, moved(course.team(), field), {})
    assert (played.record["stop_reason"], played.asked) == (f"stale_thread:{field}", {})
    assert show(settings_at(tmp_path)) == before
    later = go_on(tmp_path, course.lines())
    assert later.record["status"] == "ok"
    finished = play(tmp_path, moved(course.team(), field), {}, accept_changes=True)
    assert (finished.record["stop_reason"], finished.asked) == (f"stale_thread:{field}", {})


@pytest.mark.parametrize(("name", "last"), [*LAST, *((name, "brief") for name, _ in LAST if "pipeline" not in name)])
def test_accepted_changes_start_the_course_over_and_everybody_sees_what_moved(
    tmp_path: Path, name: str, last: str
) -> None:
    course = COURSES[name]
    first = play(tmp_path, course.team(), course.lines(**{last: status(401)}))
    again = play(tmp_path, moved(course.team(), "facts"), course.lines(), accept_changes=True)
    assert asked(again) == course.asked
    assert [call.user["shared_context"] for call in again.server.calls if call.role != "brief"] == [OTHER] * (
        len(course.said) - sum(each.startswith("brief") for each in course.said)
    )
    fresh = play(tmp_path, moved(course.team(), "facts"), course.lines(), thread="fresh")
    assert (again.record["status"], again.record["answer"]) == ("ok", fresh.record["answer"])
    assert [_said(each) for each in again.record["outputs"]] == [_said(each) for each in fresh.record["outputs"]]
    assert again.record["details"] == fresh.record["details"]
    superseded = [line for line in again.record["trace"] if line.get("superseded")]
    assert superseded == [{"round": _open_round(first.record), "superseded": True}]
    assert again.record["trace"][: len(first.record["trace"])] == first.record["trace"]
    assert again.record["usage"]["calls"] == len(first.floor.arrivals) + len(course.said)


def _said(entry: Plain) -> Plain:
    return {key: entry[key] for key in ("stage", "seat", "agent", "contract", "answer", "absent")}


def _open_round(record: Record) -> int:
    closed = [line["round"] for line in record["trace"] if "stage" in line]
    return max(closed, default=0) + (0 if record["phase"] == "finalize" else 1)


def test_changes_accepted_on_resume_count_as_well(tmp_path: Path) -> None:
    course = COURSES["orchestrator"]
    play(tmp_path, course.team(), course.lines(**{"writer: Join.": status(401)}))
    refused = go_on(tmp_path, facts=OTHER)
    assert (refused.record["stop_reason"], refused.asked) == ("stale_thread:facts", {})
    later = go_on(tmp_path, course.lines(), facts=OTHER, accept_changes=True)
    assert (later.record["status"], asked(later)) == ("ok", course.asked)
    assert FACTS not in [call.user.get("shared_context") for call in later.server.calls]


async def _halted(home: Path, team: Team, base_url: str, floor: Floor, name: str) -> Record:
    halt, settings = Halt(), settings_at(home, base_url)
    async with open_runner(settings, halt=halt) as runner:
        work = asyncio.create_task(runner.run(voiced(team, settings), "t"))
        while not _is_last_open(floor, name):
            assert not work.done(), work.result()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.6)  # until what the others said has been read
        halt.set()
        return await work


def _is_last_open(floor: Floor, name: str) -> bool:
    return [key_of(each.call) for each in floor.arrivals if not each.call.answered] == [name]


def halted(home: Path, team: Team, lines: dict[Any, Any], name: str) -> Played:
    """A run that is halted while one call alone is under way."""
    floor = Floor(lines)
    with serve(floor.watched()) as server:
        record = asyncio.run(_halted(home, team, server.base_url, floor, name))
    return Played(record, server, floor)


@pytest.mark.parametrize(("name", "seat"), [*LAST, ("orchestrator", "brief"), ("hierarchy", "brief: What is known?")])
def test_a_halt_cuts_the_call_under_way_and_the_resume_makes_it_and_no_other_again(
    tmp_path: Path, name: str, seat: str
) -> None:
    course = COURSES[name]
    played = halted(tmp_path, course.team(), course.lines(**{seat: hangs(60)}), seat)
    phase = course.messages.get(seat, "finalize" if seat == "brief" else "assignment_2:research")
    assert (played.record["stop_reason"], played.record["phase"]) == ("cancelled", phase)
    assert (played.record["status"], played.record["resumable"]) == ("stopped", True)
    later = go_on(tmp_path, course.lines())
    assert asked(later).count(seat) == 1
    left = [each for each in played.floor.arrivals if key_of(each.call) != seat]
    played.floor.arrivals[:] = left
    assert_whole(name, tmp_path, played, later)
