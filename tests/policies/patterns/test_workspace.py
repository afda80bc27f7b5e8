"""Workspace: drafts, refinements over the others' latest notes, an early end, and what is kept."""

from typing import Any

import pytest

from policies.contracts.answers import Task
from policies.patterns.stages import Finish, Stage
from policies.patterns.workspace import notes_of
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, CID, SEQUENCE, Said, extended, finished, opened, team_of

SKETCH = [{"name": "sketch.md", "content": "A box."}]


def workspace(max_rounds: int = 3, absent: str = "stop", synthesis: bool = True) -> Team:
    return team_of("workspace", absent=absent, budget={"max_rounds": max_rounds}, options={"synthesis": synthesis})


def note(content: str, adds: str = "", artifacts: list[Any] | None = None) -> Said:
    return {"content": content, "adds": adds, "artifacts": artifacts or []}


def kept(agent: str, number: int, content: str, adds: str = "") -> dict[str, Any]:
    kind = "idea" if number == 1 else "refinement"
    return {"agent": agent, "kind": kind, "iteration": number, "content": content, "adds": adds, "artifacts": []}


IDLE = [note("Same.")]
BUSY = [note("Same."), note("More.", "One thing."), note("Same.")]


def test_the_first_iteration_asks_everybody_and_shows_nothing() -> None:
    tasks = tuple(Task(name, name, "note", {"iteration": 1}) for name in SEQUENCE)
    assert opened(workspace(), []) == Stage("iteration_1", tasks)


def test_later_iterations_show_each_its_own_last_note_and_the_others_latest_ones() -> None:
    team = workspace()
    stage = opened(team, extended(team, [note("A", "a"), note("B"), note("C")]))
    ann, bob, cid = (kept(ANN, 1, "A", "a"), kept(BOB, 1, "B"), kept(CID, 1, "C"))
    assert [task.asks for task in stage.tasks] == [
        {"iteration": 2, "your_note": ann, "others": [bob, cid]},
        {"iteration": 2, "your_note": bob, "others": [ann, cid]},
        {"iteration": 2, "your_note": cid, "others": [ann, bob]},
    ]


def test_of_who_is_absent_the_note_before_is_shown() -> None:
    team = workspace(absent="count")
    log = extended(team, [note("A"), note("B"), "llm_empty"], [note("A2", "a"), "llm_timeout", "llm_timeout"])
    stage = opened(team, log)
    assert stage.tolerance == "some"
    assert stage.tasks[0].asks["others"] == [kept(BOB, 1, "B")]
    assert stage.tasks[2].asks == {
        "iteration": 3,
        "your_note": None,
        "others": [kept(ANN, 2, "A2", "a"), kept(BOB, 1, "B")],
    }


@pytest.mark.parametrize("max_rounds", [1, 2, 4])
def test_iterations_end_after_max_rounds(max_rounds: int) -> None:
    team = workspace(max_rounds)
    assert opened(team, extended(team, *[BUSY] * (max_rounds - 1))).label == f"iteration_{max_rounds}"
    assert not finished(team, extended(team, *[BUSY] * max_rounds)).ended_early


def test_an_iteration_in_which_nobody_adds_anything_ends_it_early_unless_it_was_the_last_anyway() -> None:
    assert finished(workspace(3), extended(workspace(3), BUSY, IDLE)).ended_early
    assert not finished(workspace(2), extended(workspace(2), BUSY, IDLE)).ended_early
    assert opened(workspace(3), extended(workspace(3), IDLE)).label == "iteration_2"
    assert opened(workspace(4), extended(workspace(4), IDLE, BUSY)).label == "iteration_3"


def test_absent_members_add_nothing() -> None:
    team = workspace(absent="count")
    assert finished(team, extended(team, BUSY, ["llm_timeout", note("Same."), "llm_empty"])).ended_early
    assert (
        opened(team, extended(team, BUSY, ["llm_timeout", note("Same.", "New."), "llm_empty"])).label == "iteration_3"
    )


def test_a_raised_budget_lets_the_work_go_on() -> None:
    log = extended(workspace(2), BUSY, BUSY)
    assert finished(workspace(2), log).ended_early is False
    assert opened(workspace(3), log).label == "iteration_3"


def test_the_end_has_the_latest_notes_the_whole_workspace_and_what_each_contributed() -> None:
    team = workspace(2, absent="count")
    first: list[Said] = [note("A", "a"), note("B", "b"), "llm_empty"]
    end = finished(team, extended(team, first, [note("A2"), "llm_timeout", note("C", "c")]))
    notes = [kept(ANN, 1, "A", "a"), kept(BOB, 1, "B", "b"), kept(ANN, 2, "A2"), kept(CID, 2, "C", "c")]
    results = ({"agent": ANN, "text": "A2"}, {"agent": BOB, "text": "B"}, {"agent": CID, "text": "C"})
    own = {ANN: ["A", "A2"], BOB: ["B"], CID: ["C"]}
    assert end == Finish(results, details={"notes": notes, "individual_contributions": own})


def test_artifacts_go_with_the_note_they_belong_to() -> None:
    end = finished(team := workspace(1), extended(team, [note("A", "a", SKETCH), note("B"), note("C")]))
    assert end.results[:2] == ({"agent": ANN, "text": "A", "artifacts": SKETCH}, {"agent": BOB, "text": "B"})
    assert end.details["notes"][0]["artifacts"] == SKETCH


def test_without_a_synthesis_the_notes_stand_side_by_side() -> None:
    end = finished(team := workspace(1, synthesis=False), extended(team, [note("A"), note("B"), note("C")]))
    assert end.answer == "ann: A\n\nbob: B\n\ncid: C"


def test_notes_are_only_ever_appended() -> None:
    log = extended(workspace(4), BUSY, BUSY, BUSY)
    for length in range(4):
        assert notes_of(log[:length]) == notes_of(log)[: 3 * length]
