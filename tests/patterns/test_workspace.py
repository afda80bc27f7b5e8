"""Workspace, by whole runs: notes that only grow, what each member reads, when it ends, how it stops and goes on."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import Plain, answer, go_on, note, play, refused, team_of, usage
from tests.patterns.talk import (
    DEARLY,
    FAILURES,
    LIMITS,
    cut_and_gone_on,
    dear,
    finished,
    flying,
    halted,
    repairs,
    said,
    same_end,
    slow,
    stop_of,
)
from tests.scripted_server import Answer, hangs, text

pytestmark = pytest.mark.slow

SKETCH = {"name": "sketch", "content": "A box."}
MEMBERS = ("ann", "bob")
Drafts = tuple[tuple[str, str], ...]
"""What each member writes, iteration by iteration: the content, and whether it adds something."""

BUSY: Drafts = (("a1", "b1"), ("a2", "b2"), ("a3", "b3"))


def workspace(*members: str, rounds: int = 3, **changes: Any) -> Team:
    budget = {"max_rounds": rounds, "max_messages": 50}
    return team_of("workspace", *(members or MEMBERS), budget=budget, **changes)


def kept(content: str, adds: str = "More.", *artifacts: Plain) -> Plain:
    return {"content": content, "adds": adds, "artifacts": list(artifacts)}


def as_note(agent: str, iteration: int, content: str, adds: str = "More.", *artifacts: Plain) -> Plain:
    kind = "idea" if iteration == 1 else "refinement"
    return {"agent": agent, "kind": kind, "iteration": iteration, **kept(content, adds, *artifacts)}


def script(drafts: Drafts, idle: tuple[int, ...] = (), **others: Any) -> dict[str, list[Answer]]:
    """The notes, of which those of the `idle` iterations add nothing, and the synthesis."""
    lines = {
        member: [note(each[place], "" if number in idle else "More.") for number, each in enumerate(drafts, 1)]
        for place, member in enumerate(MEMBERS)
    }
    return {**lines, "brief": [text("All of it.")], **others}


def outputs_of(drafts: Drafts, idle: tuple[int, ...] = ()) -> list[Plain]:
    return [
        entry
        for number, each in enumerate(drafts, 1)
        for entry in said(
            number,
            f"iteration_{number}",
            "note",
            {
                member: kept(content, "" if number in idle else "More.")
                for member, content in zip(MEMBERS, each, strict=True)
            },
        )
    ]


def details_of(drafts: Drafts, idle: tuple[int, ...] = ()) -> Plain:
    notes = [
        as_note(member, number, content, "" if number in idle else "More.")
        for number, each in enumerate(drafts, 1)
        for member, content in zip(MEMBERS, each, strict=True)
    ]
    own = {member: [each[place] for each in drafts] for place, member in enumerate(MEMBERS)}
    return {"notes": notes, "individual_contributions": own}


def test_a_workspace_of_all_its_iterations_leaves_this_very_record(tmp_path: Path) -> None:
    played = play(tmp_path, workspace(), script(BUSY))
    expected = finished(played, outputs_of(BUSY), "All of it.", details_of(BUSY), usage(7))

    assert without_times(played.record) == expected
    results = [{"agent": "ann", "text": "a3"}, {"agent": "bob", "text": "b3"}]
    assert [call.user for call in played.calls("brief")] == [{"goal": "Ship it?", "results": results}]


def test_without_a_synthesis_the_last_notes_stand_side_by_side_and_no_call_is_made_for_them(tmp_path: Path) -> None:
    played = play(tmp_path, workspace(options={"synthesis": False}), {**script(BUSY), "brief": []})
    expected = finished(played, outputs_of(BUSY), "ann: a3\n\nbob: b3", details_of(BUSY), usage(6))

    assert without_times(played.record) == expected


@pytest.mark.parametrize(
    ("idle", "limit", "iterations", "is_early"),
    [((2,), 5, 2, True), ((3,), 5, 3, True), ((3,), 3, 3, False), ((1, 3), 5, 3, True), ((), 3, 3, False)],
)
def test_it_ends_early_when_nobody_added_anything_and_asks_nobody_again(
    idle: tuple[int, ...], limit: int, iterations: int, is_early: bool, tmp_path: Path
) -> None:
    drafts = BUSY[:iterations]
    played = play(tmp_path, workspace(rounds=limit), script(drafts, idle))
    expected = finished(
        played,
        outputs_of(drafts, idle),
        "All of it.",
        details_of(drafts, idle),
        usage(2 * iterations + 1),
        ended_early=is_early,
    )

    assert without_times(played.record) == expected


def test_one_member_that_adds_something_keeps_the_workspace_open(tmp_path: Path) -> None:
    lines = {"ann": [note("a1"), note("a2"), note("a3")], "bob": [note("b1"), note("b2", "One."), note("b3", "  ")]}
    played = play(tmp_path, workspace(rounds=9), {**lines, "brief": text("All.")})

    assert played.asked == {"ann": 3, "bob": 3, "brief": 1}
    assert played.record["ended_early"] is True


def test_each_member_reads_its_own_last_note_and_the_latest_of_the_others_and_none_of_its_iteration(
    tmp_path: Path,
) -> None:
    names = ("ann", "bob", "cid")
    lines = {name: [note(f"{name}{number}", "More.", [SKETCH]) for number in (1, 2, 3)] for name in names}
    played = play(tmp_path, workspace(*names), {**lines, "brief": text("All.")})

    for own in names:
        assert played.tasks(own) == [
            {"iteration": 1},
            *(
                {
                    "iteration": last + 1,
                    "your_note": as_note(own, last, f"{own}{last}", "More.", SKETCH),
                    "others": [as_note(name, last, f"{name}{last}", "More.", SKETCH) for name in names if name != own],
                }
                for last in (1, 2)
            ),
        ]


def test_all_members_of_an_iteration_are_in_flight_together(tmp_path: Path) -> None:
    names = ("ann", "bob", "cid")
    lines = {name: slow(note("1", "More."), note("2", "More.")) for name in names}
    played = play(tmp_path, workspace(*names, rounds=2, options={"synthesis": False}), lines)

    assert flying(played) == [3, 3]


def test_artifacts_reach_the_record_and_the_synthesis_as_they_are(tmp_path: Path) -> None:
    lines = {"ann": note("a1", "More.", [SKETCH]), "bob": note("b1")}
    played = play(tmp_path, workspace(rounds=1), {**lines, "brief": text("All.")})

    assert played.record["details"]["notes"][0]["artifacts"] == [SKETCH]
    assert played.calls("brief")[0].user["results"] == [
        {"agent": "ann", "text": "a1", "artifacts": [SKETCH]},
        {"agent": "bob", "text": "b1"},
    ]


WRONG_NOTES = [
    (text("My idea."), "content"),
    (text("[]"), "not_object"),
    (note(" "), "content"),
    (note("a", 7), "adds"),
    (note("a", ["x"]), "adds"),
    (note("a", "x" * 20_001), "adds"),
    (note("a", "", "sketch"), "artifacts"),
    (note("a", "", [SKETCH] * 6), "artifacts"),
    (note("a", "", ["sketch"]), "artifacts"),
    (note("a", "", [{"name": "sketch"}]), "artifacts"),
]


@pytest.mark.parametrize(("wrong", "check"), WRONG_NOTES)
def test_a_note_that_breaks_its_contract_twice_stops_the_run_with_the_member_named(
    wrong: Answer, check: str, tmp_path: Path
) -> None:
    played = play(tmp_path, workspace(), script(BUSY, bob=[note("b1", "More."), wrong, wrong]))

    assert stop_of(played) == ("invalid_output:bob", "iteration_2:bob", True)
    assert repairs(played, "bob") == [None, None, f"invalid_output:bob:{check}"]
    assert played.asked == {"ann": 2, "bob": 3}
    again = go_on(tmp_path, {"bob": [wrong, wrong]})
    assert (stop_of(again), again.order) == (stop_of(played), ["bob", "bob"])


def test_a_broken_note_is_in_the_record(tmp_path: Path) -> None:
    played = play(tmp_path, workspace(max_repairs=0), {"ann": answer(content=""), "bob": note("b1")})
    raw: Any = {"content": ""}
    expected = halted(played, [], "invalid_output:ann", "iteration_1:ann", usage(2), resumable=True, raw=raw)
    kept = {"round": 1, "seat": "bob", "agent": "bob", "contract": "note", "accepted": True}

    assert without_times(played.record) == {**expected, "trace": [kept]}


def test_a_note_that_is_mended_ends_the_workspace_as_if_it_had_been_right(tmp_path: Path) -> None:
    lines = script(BUSY)
    played = play(tmp_path, workspace(), {**lines, "bob": [lines["bob"][0], note(""), *lines["bob"][1:]]})
    expected = finished(played, outputs_of(BUSY), "All of it.", details_of(BUSY), usage(8))

    assert without_times(played.record) == expected
    assert played.tasks("bob")[1] == played.tasks("bob")[2]


@pytest.mark.parametrize(("budget", "raised", "reason"), LIMITS)
def test_a_budget_stops_it_before_the_next_call_and_raised_it_goes_on_as_if_nothing_had_happened(
    budget: Plain, raised: Plain, reason: str, tmp_path: Path
) -> None:
    lines = script(BUSY)
    lines = {role: [dear(answers[0]), *answers[1:]] for role, answers in lines.items()}
    team = workspace(**DEARLY)
    whole = play(tmp_path / "whole", team, lines)
    before, after = cut_and_gone_on(tmp_path / "cut", team, lines, budget, raised)

    assert stop_of(before) == (reason, "iteration_2:ann", True)
    assert before.asked == {"ann": 1, "bob": 1}
    assert same_end(after.record, whole.record)
    assert after.record["usage"] == whole.record["usage"]


def test_where_the_tokens_are_gone_the_synthesis_waits_for_more_of_them(tmp_path: Path) -> None:
    lines = script(BUSY[:1])
    lines = {**lines, "ann": [dear(lines["ann"][0])], "bob": [dear(lines["bob"][0])]}
    before, after = cut_and_gone_on(
        tmp_path, workspace(rounds=1, **DEARLY), lines, {"max_tokens": 6_500}, {"max_tokens": 90_000}
    )

    assert stop_of(before) == ("max_tokens", "finalize", True)
    assert (before.asked, after.asked) == ({"ann": 1, "bob": 1}, {"brief": 1})
    assert after.record["answer"] == "All of it."


def test_the_call_that_the_deadline_cuts_is_asked_again_and_the_other_member_is_not(tmp_path: Path) -> None:
    lines = script(BUSY[:2])
    team = workspace(rounds=2)
    team = team.model_copy(update={"budget": team.budget.model_copy(update={"max_seconds": 2.0})})
    before = play(tmp_path, team, {**lines, "bob": [lines["bob"][0], hangs(20)]})
    after = go_on(tmp_path, {"bob": lines["bob"][1], "brief": lines["brief"]}, budget={"max_seconds": 60})

    assert stop_of(before) == ("max_seconds", "iteration_2:bob", True)
    assert after.asked == {"bob": 1, "brief": 1}
    assert after.record["outputs"] == outputs_of(BUSY[:2])


@pytest.mark.parametrize(("failure", "reason", "calls"), FAILURES)
@pytest.mark.parametrize(("place", "phase"), [("bob", "iteration_2:bob"), ("brief", "finalize")])
def test_a_provider_that_fails_stops_it_there_and_only_what_is_missing_is_asked_again(
    place: str, phase: str, failure: Answer, reason: str, calls: int, tmp_path: Path
) -> None:
    drafts = BUSY[:2]
    lines = script(drafts)
    before = play(tmp_path, workspace(rounds=2), {**lines, place: [*lines[place][:-1], failure]})
    after = go_on(tmp_path, {place: lines[place][-1:], "brief": lines["brief"]})

    assert stop_of(before) == (reason, phase, True)
    assert after.asked == ({"brief": 1} if place == "brief" else {"bob": 1, "brief": 1})
    assert (after.record["outputs"], after.record["details"]) == (outputs_of(drafts), details_of(drafts))
    assert after.record["usage"]["calls"] == 5 + calls


def test_raising_the_rounds_before_the_synthesis_is_written_does_not_open_the_workspace_again(tmp_path: Path) -> None:
    play(tmp_path, workspace(rounds=1), script(BUSY[:1], brief=[refused(401)]))
    after = go_on(tmp_path, {"brief": text("All of it.")}, budget={"max_rounds": 3})

    assert (after.asked, after.record["rounds_used"]) == ({"brief": 1}, 1)


def test_under_a_policy_that_counts_absences_a_member_may_fail_and_comes_back_in_the_next_iteration(
    tmp_path: Path,
) -> None:
    lines = {"ann": [note("a1", "More."), note("a2", "More.")], "bob": [text(""), note("b2", "More.")]}
    played = play(tmp_path, workspace(rounds=2, policy="quorum"), {**lines, "brief": text("All.")})
    outputs = [
        *said(1, "iteration_1", "note", {"ann": kept("a1"), "bob": "llm_empty"}),
        *said(2, "iteration_2", "note", {"ann": kept("a2"), "bob": kept("b2")}),
    ]
    notes = [as_note("ann", 1, "a1"), as_note("ann", 2, "a2"), as_note("bob", 2, "b2")]
    details = {"notes": notes, "individual_contributions": {"ann": ["a1", "a2"], "bob": ["b2"]}}
    expected = finished(played, outputs, "All.", details, usage(5))

    assert without_times(played.record) == expected
    assert played.tasks("bob")[1] == {"iteration": 2, "your_note": None, "others": [as_note("ann", 1, "a1")]}
