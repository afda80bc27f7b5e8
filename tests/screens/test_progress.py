"""Live progress: the board at a terminal, event by event, on a clock of the test."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyte
import pytest
from rich.console import Console

from graph.cli.progress import LiveProgress
from graph.live import running
from graph.settings import Settings
from graph.teams.loader import load_team
from policies.team.team import Budget, Team
from tests.harness import run, settings_at, team_of
from tests.screens.terminal import on_screen
from tests.scripted_server import Script, says, serve, text

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
TEAM = load_team("checkout_launch")
SEATS = [{"role": role} for role in ROLES]
BLOCK = "Failed payments are above the limit."

Event = Mapping[str, Any]


class Screen:
    """What a terminal of some columns shows of the events that were taken so far."""

    def __init__(self, columns: int, lines: int = 40) -> None:
        self.columns, self.lines, self.now = columns, lines, 0.0
        self._file = io.StringIO()
        self._console = Console(file=self._file, width=columns, height=lines, force_terminal=True, color_system=None)
        self._progress = LiveProgress(self._console, lambda: self.now, is_redrawn=True)

    def shows(self, *events: Event) -> list[str]:
        with self._progress.shown():
            for event in events:
                self._progress.take(event)
        return self._screen()

    def frame(self, *events: Event) -> list[str]:
        """What is on the screen while the run still works."""
        for event in events:
            self._progress.take(event)
        self._console.print(self._progress._drawn(), end="")
        return self._screen()

    def _screen(self) -> list[str]:
        screen = pyte.Screen(self.columns, self.lines)
        pyte.Stream(screen).feed(self._file.getvalue().replace("\n", "\r\n"))
        self._file.truncate(self._file.seek(0))
        return [line.rstrip() for line in screen.display if line.strip()]


def asked(role: str, number: int = 1, attempt: int = 1) -> Event:
    return {"event": "asked", "round": number, "role": role, "attempt": attempt}


def said(role: str, stance: str, summary: str, number: int = 1, usage: Event | None = None) -> Event:
    answer = {"stance": stance, "confidence": 0.9, "summary": summary, "actions": []}
    place = {"round": number, "role": role, "contract": "contribution", "answer": answer}
    return {"event": "answered", **place, "usage": usage or {}}


def opened(number: int = 1) -> Event:
    return {"event": "opened", "round": number, "seats": SEATS}


def closed(decision: str, row: int | None, because: str | None, number: int = 1) -> Event:
    why: Event = {"row": row, "because": because, "guards": [], "conflicts": []}
    return {"event": "round", "round": number, "decision": decision, **why}


def began(team: Team = TEAM, **spent: Any) -> Event:
    return running(team, team.budget, **spent)


def test_all_roles_of_a_round_are_listed_at_once_in_the_order_of_the_team() -> None:
    assert Screen(80).shows(began(), opened(), asked("finance_analyst")) == [
        "Checkout v2 campaign, US   policy classic   round 1 of 3                    0:00",
        "  Demand analyst   · waits",
        "  Finance analyst  … asked                                                 0.0 s",
        "  Risk analyst     · waits",
        "calls 1/12",
    ]


def test_each_role_has_its_own_time_and_the_run_has_a_clock() -> None:
    board = Screen(80)
    board.shows(began(), opened(), asked("demand_analyst"), asked("risk_analyst"))
    board.now = 0.9
    board.shows(said("demand_analyst", "go", "Orders are enough."))
    board.now = 67.0
    assert board.shows()[0].endswith("1:07")
    assert [line.split()[-2:] for line in board.shows() if line.endswith(" s")] == [["0.9", "s"], ["67.0", "s"]]


def test_a_role_that_is_asked_again_shows_what_it_said_the_round_before() -> None:
    first = [began(), opened(), *map(asked, ROLES), said("risk_analyst", "block", BLOCK)]
    second = [closed("next_round", 1, "one role blocks"), opened(2), asked("risk_analyst", 2)]
    assert Screen(100).shows(*first, *second)[0].split("   ")[2].strip() == "round 2 of 3"
    shown = Screen(100).shows(*first, *second)
    assert [" ".join(line.split()) for line in shown[3:]] == [
        f"Risk analyst … asked round 1: block – {BLOCK} 0.0 s",
        "round 1 → next round: one role blocks (row 2)",
        "calls 4/12",
    ]


def test_a_repair_says_what_was_wrong() -> None:
    refused = {"event": "refused", "round": 1, "role": "risk_analyst", "reason": "invalid_contribution:stance"}
    shown = Screen(100).shows(began(), opened(), asked("risk_analyst"), refused, asked("risk_analyst", attempt=2))
    assert "asked  again: the stance is not go, caution or block" in shown[3]
    assert shown[-1] == "calls 2/12"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({}, "calls 1/12   tokens 7.2k in 980 out"),
        ({"max_tokens": 50_000}, "calls 1/12   tokens 7.2k in 980 out of 50.0k"),
        ({"max_cost_usd": 0.5}, "calls 1/12   tokens 7.2k in 980 out   $0.0041 of $0.5"),
    ],
)
def test_the_last_line_counts_against_the_limits(limits: Event, told: str) -> None:
    usage = {"prompt_tokens": 7_240, "completion_tokens": 980, "cost_usd": 0.0041 if "max_cost_usd" in limits else 0.0}
    begins = running(TEAM, Budget.model_validate({**TEAM.budget.model_dump(), **limits}))
    shown = Screen(80).shows(begins, opened(), asked("risk_analyst"), said("risk_analyst", "go", "Fine.", usage=usage))
    assert shown[-1] == told


def test_a_thread_that_is_resumed_counts_on_from_what_it_used() -> None:
    used = {"prompt_tokens": 1_500, "completion_tokens": 20}
    shown = Screen(80).shows(began(messages=4, usage=used), opened(2), asked("risk_analyst", 2))
    assert shown[-1] == "calls 5/12   tokens 1.5k in 20 out"


@pytest.mark.parametrize("columns", [40, 50, 60])
def test_nothing_that_decides_is_cut_where_there_are_few_columns(columns: int) -> None:
    events = [began(), opened(), *map(asked, ROLES), said("risk_analyst", "block", BLOCK * 3)]
    shown = Screen(columns).shows(*events, closed("next_round", 1, "one role blocks, and this is a long reason"))
    assert max(map(len, shown)) <= columns
    together = " ".join(" ".join(shown).split())
    for words in ("Checkout v2 campaign, US", "policy classic", "round 1 of 3", "Risk analyst ✗ block"):
        assert words in together
    assert "round 1 → next round: one role blocks, and this is a long reason (row 2)" in together


def test_two_roles_of_one_title_have_a_row_each_and_are_told_apart() -> None:
    alike = {name: role.model_copy(update={"title": "Analyst"}) for name, role in TEAM.roles.items()}
    shown = Screen(80).shows(began(TEAM.model_copy(update={"roles": alike})), opened(), asked("risk_analyst"))
    assert [" ".join(line.split()) for line in shown[1:-1]] == [
        "Analyst (demand_analyst) · waits",
        "Analyst (finance_analyst) · waits",
        "Analyst (risk_analyst) … asked 0.0 s",
    ]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_board_that_is_higher_than_the_screen_shows_what_is_newest(columns: int) -> None:
    screen = Screen(columns, lines=24)
    turns = [{"stage": f"turn_{number}", "round": number, "role": "risk_analyst"} for number in range(1, 31)]
    answer = {"text": "Nothing to add.", "next": None}
    told = {"event": "answered", "contract": "turn", "answer": answer}
    events = [event for turn in turns for event in ({"event": "asked", "attempt": 1, **turn}, {**told, **turn})]
    shown = screen.frame(began(), *events[:-1])
    assert shown[-1] == "calls 30/12"
    assert "turn 30  Risk analyst" in " ".join(shown[-3:])
    assert len(shown) <= 24
    assert any(line.endswith("earlier") for line in shown)


def test_a_brief_and_a_stop_are_shown_in_words() -> None:
    brief = {"round": 1, "role": "brief"}
    shown = Screen(80).shows(began(), {"event": "asked", **brief, "attempt": 1}, {"event": "decided", **brief})
    assert " ".join(shown[1].split()) == "Brief ✓ written 0.0 s"
    assert len(shown) == 2  # a brief counts against no limit of answers


@contextmanager
def priced(home: Path) -> Iterator[tuple[Settings, Team]]:
    script: Script = {**dict.fromkeys(ROLES, says("go")), "brief": text("Go ahead.")}
    with serve(script) as server:
        settings = settings_at(home, server.base_url, openai_model="m")
        yield settings, team_of(settings, "checkout_launch", "prices={m: {prompt: 3, completion: 15}}")


def test_what_is_counted_live_is_what_the_record_says_was_used(tmp_path: Path) -> None:
    told: list[Event] = []
    with priced(tmp_path) as (settings, team):
        record = run(team, settings, on_event=told.append)
    used = record["usage"]
    shown = Screen(100).shows(*told)
    assert used["calls"] == 4
    tokens = f"tokens {used['prompt_tokens']} in {used['completion_tokens']} out"
    assert shown[-1].startswith(f"calls 3/12   {tokens}   ${used['cost_usd']:.4f}")


@pytest.mark.slow
def test_a_terminal_shows_what_is_read_and_then_the_team_before_langgraph_is_imported(tmp_path: Path) -> None:
    (tmp_path / "langgraph").mkdir()
    (tmp_path / "langgraph" / "__init__.py").write_text("import os\nos.write(2, b'imported\\r\\n')\nos._exit(9)\n")
    env = {"ACCORD_HOME": str(tmp_path), "OPENAI_API_KEY": ""}
    shown = on_screen(80, "run", cwd=tmp_path, path=tmp_path, env=env)
    assert shown.code == 9
    assert shown.written.startswith("reading checkout_launch ...")
    assert shown.lines[0].startswith("Checkout v2 campaign, US   policy classic")
    assert shown.lines[-1].endswith("imported")


@pytest.mark.slow
def test_nothing_is_left_of_what_was_read_where_it_is_refused(tmp_path: Path) -> None:
    shown = on_screen(200, "run", "checkout_lunch", cwd=tmp_path, env={"ACCORD_HOME": str(tmp_path)})
    assert shown.lines[0].startswith("accord: there is no team `checkout_lunch`")
