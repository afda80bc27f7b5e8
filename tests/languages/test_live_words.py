"""Live progress speaks the language of the team, at a terminal and in a log; walked in a language that marks it."""

import io
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph.cli.progress import LiveProgress
from graph.report.terminal.lines import short
from graph.report.words import said_reason, said_rule
from graph.teams.loader import shipped_teams
from policies.contracts.table import CONTRACTS
from tests.harness import run, settings_at, team_of
from tests.languages.pseudo import unsaid

Event = dict[str, Any]
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def _pseudo(pseudo_spoken: None) -> None:
    """Before all other fixtures."""


def shown(events: list[Event], *, is_redrawn: bool) -> str:
    """What is written on stderr of a run, at a terminal or in a log."""
    written = io.StringIO()
    console = Console(
        file=written, force_terminal=is_redrawn, width=300, height=200, color_system=None, legacy_windows=False
    )
    progress = LiveProgress(console, clock=lambda: 90.0, is_redrawn=is_redrawn)
    with progress.shown():
        progress.begin("t")
        for event in events:
            progress.take(event)
    return CONTROL.sub("", written.getvalue())


def data_of(team: Any, events: list[Event], *, is_log: bool) -> list[Any]:
    """The words of a run that are its team's or its roles', and the names of its stages that its roles give."""
    said = [_told(event) for event in events]
    named: list[Any] = [[team.title, team.policy.name, team.pattern, "t", "go caution block approve reject abstain"]]
    for each in (team, *(role.team for role in team.roles.values() if role.team)):
        named += [[*each.roles], [role.title for role in each.roles.values()], [guard.name for guard in each.guards]]
    return [said, named, [*team.approvers], "UTC", "brief" if is_log else ""]


def _told(event: Event) -> list[Any]:
    answer = event.get("answer")
    told = CONTRACTS[event["contract"]].told(answer) if answer else ""
    return [
        told,
        short(told),
        answer if event.get("contract") == "plan" else "",
        event.get("because"),
        event.get("outcome"),
    ]


@pytest.mark.parametrize("is_redrawn", [True, False])
@pytest.mark.parametrize("name", sorted(shipped_teams()))
def test_what_a_run_shows_while_it_works(name: str, is_redrawn: bool, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    events: list[Event] = []
    team = team_of(settings, name, "language=fr", voice="rules")
    run(team, settings, "t", on_event=events.append)
    assert unsaid(shown(events, is_redrawn=is_redrawn), *data_of(team, events, is_log=not is_redrawn)) == []


HERE = {"round": 1, "stage": "round_1", "role": "anna", "seat": "anna", "attempt": 1}
SEATS = [{"role": "anna", "seat": "anna"}, {"role": "ben", "seat": "step_2"}]
RARE: list[Event] = [
    {"event": "opened", "round": 1, "stage": "steps", "seats": SEATS},
    {"event": "asked", **HERE},
    {"event": "refused", **HERE, "reason": "llm_invalid_json:anna", "check": None},
    {"event": "asked", **HERE, "attempt": 2},
    {"event": "failed", **HERE, "reason": "llm_timeout:anna", "usage": {"prompt_tokens": 12_000, "cost_usd": 0.5}},
    {"event": "stage", **HERE, "stage": "steps", "absent": ["ben"]},
    {"event": "stopped", "reason": "max_messages", "cause": "xyz"},
    {"event": "stopped", "reason": "max_messages", "within": ["anna"]},
    {"event": "recovered", "calls": 1},
    {"event": "recovered", "calls": 1_200},
    {"event": "people", "kind": "decide", "asked": ["cfo"], "answered": [], "expires_at": None},
    {"event": "taken", "by": "cfo"},
    {"event": "declined", "by": "cfo", "problem": "xyz"},
    {"event": "expired"},
]
LIMITS = {"max_messages": 12, "max_tokens": 50_000, "max_cost_usd": 1.5, "max_rounds": 3}
SPENT = {"messages": 0, "usage": {}}
RUN = {"event": "running", "title": "xyz", "pattern": "vote", "policy": "xyz", "is_rounds": False, "limits": LIMITS}


@pytest.mark.parametrize("is_redrawn", [True, False])
def test_what_is_shown_of_rare_events(is_redrawn: bool) -> None:
    roles = {"anna": "Anna", "ben": "Ben"}
    told = shown([{**RUN, "roles": roles, "spent": SPENT}, *RARE], is_redrawn=is_redrawn)
    reasons = [said_reason("max_messages", {}), said_rule("llm_invalid_json:anna"), said_reason("llm_timeout:anna", {})]
    assert unsaid(told, "xyz vote anna ben cfo t", reasons) == []
    assert "$0·5000" in told


def test_a_board_that_another_thread_draws_speaks_the_language_of_its_run() -> None:
    drawn: list[str] = []
    console = Console(file=io.StringIO(), width=100, height=6)
    progress = LiveProgress(console, clock=lambda: 90.0, is_redrawn=True)
    seats = [{"role": f"anna{number}", "seat": f"anna{number}"} for number in range(9)]
    for event in ({**RUN, "roles": {}, "spent": SPENT}, {"event": "opened", "round": 1, "stage": 1, "seats": seats}):
        progress.take(event)

    def draw() -> None:
        with console.capture() as capture:
            console.print(progress._drawn())
        drawn.append(capture.get())

    drawing = threading.Thread(target=draw)
    drawing.start()
    drawing.join()
    assert unsaid(drawn[0], "xyz vote anna") == []
    assert "…" in drawn[0]
