"""Live progress: what is printed while a pattern runs, elsewhere than at a terminal and at one."""

import io
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from rich.console import Console
from rich.tree import Tree

from graph.cli.progress import LiveProgress
from graph.report.terminal.plans import Plan
from policies.team.team import Team
from tests.patterns.stage import (
    Lines,
    assignments,
    ballot,
    note,
    output,
    parsed,
    plan,
    play,
    position,
    proposed,
    raw_team,
    refused,
    team_of,
    turn,
    verdict,
)
from tests.scripted_server import says, text

SYNTHESIS = text("All in all.")


def descendants(tree: Tree) -> Iterator[Tree]:
    for child in tree.children:
        yield child
        yield from descendants(child)


def printed(team: Team, script: Lines, home: Path, is_terminal: bool = False, **options: Any) -> list[str]:
    """The lines a reader of stderr sees; at a terminal those that stand at the end."""
    console = Console(file=io.StringIO(), width=120, force_terminal=is_terminal, highlight=False, color_system=None)
    with LiveProgress(console, lambda: 0.0, is_redrawn=is_terminal).shown() as progress:
        progress.begin("t")
        play(home, team, script, on_event=progress.take, **options)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_plan_is_shown_as_a_tree_and_its_steps_as_they_are_done(tmp_path: Path) -> None:
    team = team_of("orchestrator", "writer", "coder")
    steps = plan(("writer", "Draft."), ("coder", "Code."), ("writer", "Compare both.", 1, 2))
    script = {"planner": steps, "writer": [output("A draft."), output("Both agree.")], "coder": output("The code.")}

    lines = printed(team, {**script, "brief": SYNTHESIS}, tmp_path)

    assert lines[:7] == [
        "thread t",
        "A orchestrator   pattern orchestrator",
        "plan  planner: planned 3 steps   0.0 s",
        "plan",
        "├── 1 writer: Draft.",
        "└── 2 coder: Code.",
        "    └── 3 writer: Compare both. (after 1, 2)",
    ]
    assert sorted(lines[7:9]) == [
        "steps  step 1 writer: A draft.   0.0 s",
        "steps  step 2 coder: The code.   0.0 s",
    ]
    assert lines[9:11] == ["steps  step 3 writer: Both agree.   0.0 s", "synthesis  brief: written   0.0 s"]
    assert lines[11].startswith("calls 4/")


def test_steps_are_shown_after_those_they_wait_for_else_by_number_and_at_once(tmp_path: Path) -> None:
    team = team_of("orchestrator", "writer", options={"max_steps": 500}, budget={"max_messages": 1})
    chain = [("writer", f"{number}.", number + 1) for number in range(1, 401)] + [("writer", "401.")]
    few = [("writer", "a.", 4), ("writer", "b."), ("writer", "c.", 2), ("writer", "d.")]
    told = [{"agent": each[0], "task": each[1], "dependencies": [*each[2:]]} for each in chain]

    began, steps = perf_counter(), Plan(told, {})
    assert [len([*descendants(steps.tree())]) for _ in range(20)] == [401] * 20
    assert perf_counter() - began < 4
    lines = printed(team, {"planner": plan(*few)}, tmp_path)
    steps_of_few = [
        "├── 2 writer: b.",
        "│   └── 3 writer: c.",
        "└── 4 writer: d.",
        "    └── 1 writer: a.",
    ]
    assert lines[4:8] == steps_of_few


def test_at_a_terminal_each_step_of_the_tree_says_how_it_went(tmp_path: Path) -> None:
    team = team_of("orchestrator", "writer", "coder", options={"max_replans": 0}, max_repairs=0)
    steps = plan(("writer", "Draft."), ("coder", "Code.", 1))

    lines = printed(team, {"planner": steps, "writer": output("A draft."), "coder": output("")}, tmp_path, True)

    last = len(lines) - 1 - lines[::-1].index("plan")
    assert [" ".join(line.split()) for line in lines[last + 1 : last + 3]] == [
        "└── 1 The writer: Draft. A draft.",
        "└── 2 The coder: Code. refused – there is no usable text",
    ]


def test_a_failed_step_names_who_is_absent(tmp_path: Path) -> None:
    team = team_of("orchestrator", "writer", "coder", options={"max_replans": 0})
    steps = plan(("writer", "Draft."), ("coder", "Code."))

    lines = printed(team, {"planner": steps, "writer": output("A draft."), "coder": refused(503)}, tmp_path)

    assert lines[-3:-1] == [
        "steps: absent: step 2",
        "stopped: Step 2 of the plan failed, and the planner may not be asked again.",
    ]


TALKS: dict[str, tuple[Team, Lines, list[str]]] = {
    "debate": (
        team_of("debate", "writer", "coder", budget={"max_rounds": 1}),
        {"writer": [position("Yes."), position("Yes.")], "coder": [position("No."), position("Yes, then.")]}
        | {"judge": verdict("writer")},
        ["writer: Yes.", "coder: No.", "writer: Yes.", "coder: Yes, then.", "judge: writer wins"],
    ),
    "workspace": (
        team_of("workspace", "writer", "coder", budget={"max_rounds": 2}),
        {"writer": [note("One.", "An idea."), note("One.")], "coder": [note("Two."), note("Two.", "More.")]}
        | {"brief": SYNTHESIS},
        [
            "writer: An idea.",
            "coder: adds nothing",
            "writer: adds nothing",
            "coder: More.",
            "brief: written",
        ],
    ),
    "conversation": (
        team_of("conversation", "writer", "coder", options={"synthesis": False}),
        {"writer": turn("Are we\nready?"), "coder": turn("Yes.\nTASK_COMPLETE")},
        ["writer: Are we ready?", "coder: Yes. TASK_COMPLETE"],
    ),
    "vote": (
        team_of("vote", "writer", "coder", "tester"),
        {"chair": proposed(), "writer": ballot("approve"), "coder": ballot("abstain"), "tester": ballot("approve")},
        [
            "chair: Ship on Monday.",
            "writer: approve – So it is.",
            "coder: abstain – So it is.",
            "tester: approve – So it is.",
        ],
    ),
    "manager": (
        team_of("manager", "writer", "coder"),
        {
            "boss": assignments(("coder", "Code."), ("writer", "Draft.")),
            "writer": output("One."),
            "coder": output("Two."),
        }
        | {"brief": SYNTHESIS},
        ["boss: assigned to coder, writer", "coder: Two.", "writer: One.", "brief: written"],
    ),
}


@pytest.mark.parametrize("pattern", TALKS)
def test_each_answer_is_one_line_under_its_stage(pattern: str, tmp_path: Path) -> None:
    team, script, expected = TALKS[pattern]

    lines = printed(team, script, tmp_path)[2:-1]
    said = [line.partition("  ")[2].removesuffix("   0.0 s") for line in lines]

    assert sorted(line.removeprefix("assignment 1 ").removeprefix("assignment 2 ") for line in said) == sorted(expected)


def test_a_team_within_is_named_before_its_rounds(tmp_path: Path) -> None:
    inner = raw_team("rounds", "risk", "legal")
    team = parsed(raw_team("pipeline", "writer", "council", roles={"council": {"team": inner}}, facts={"x": 1}))
    script = {"writer": output("A draft."), "risk": says("go"), "legal": says("go"), "brief": SYNTHESIS}

    lines = printed(team, script, tmp_path)

    for role in ("risk", "legal"):
        assert any(line.startswith(f"council > round 1  {role}: go – ") for line in lines)
    assert lines[-4].startswith("council > round 1 → go")
    assert lines[-3] == "council > round 1  brief: written   0.0 s"
    assert lines[-2] == "council: go   0.0 s"
    assert lines[-1].startswith("calls 3/")


def test_what_a_model_says_moves_no_cursor_and_names_no_style(tmp_path: Path) -> None:
    team = team_of("parallel", "writer", options={"synthesis": False})

    lines = printed(team, {"writer": output("\x1b[2J[bold red]Boo‮[/]\n" + "long " * 60)}, tmp_path)

    assert "\x1b" not in lines[2]
    assert "[bold red]Boo" in lines[2]
    assert lines[2].endswith("...   0.0 s")
