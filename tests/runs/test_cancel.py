"""A halt stops the calls under way, wherever the run is; the thread goes on later with what was answered."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from graph.record import Record
from nodes.halt import Halt
from tests.harness import settings_at, team_of, without_times
from tests.runs.expected import accepted, round_of, stopped, success, usage
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, Lines, go_on, rounds, script
from tests.scripted_server import ScriptedServer, forever, hangs, says, serve, status, text

Events = list[dict[str, Any]]
Ready = Callable[[ScriptedServer, Events], bool]
ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
REST_OF_ROUND: Lines = {RISK: says("go"), "brief": text(BRIEF)}


def answered(events: Events) -> int:
    return len([each for each in events if each["event"] == "answered"])


def two_are_heard(server: ScriptedServer, events: Events) -> bool:
    return answered(events) == 2 and len(server.calls) >= 3


def the_brief_is_asked_for(server: ScriptedServer, events: Events) -> bool:
    return bool(server.calls_of("brief"))


async def _halted(home: Path, server: ScriptedServer, ready: Ready) -> Record:
    halt = Halt()
    events: Events = []
    settings = settings_at(home, server.base_url)
    async with open_runner(settings, halt=halt) as runner:
        work = asyncio.create_task(runner.run(team_of(settings), "t", on_event=events.append))
        while not ready(server, events):
            assert not work.done(), work.result()
            await asyncio.sleep(0.01)
        halt.set()
        return await work


def halted(home: Path, lines: Lines, ready: Ready) -> tuple[Record, ScriptedServer]:
    """A run that is halted as soon as it is ready for that."""
    with serve(lines) as server:
        return asyncio.run(_halted(home, server, ready)), server


def test_a_halt_cuts_the_call_under_way_and_the_resume_asks_that_seat_alone(tmp_path: Path) -> None:
    record, server = halted(tmp_path, script(risk_analyst=hangs(60)), two_are_heard)
    team = team_of(settings_at(tmp_path, server.base_url))
    assert without_times(record) == stopped(
        team,
        "cancelled",
        usage(3, 2),
        resumable=True,
        phase="round_1:risk_analyst",
        trace=accepted(DEMAND, FINANCE),
    )
    resumed = go_on(tmp_path, REST_OF_ROUND)
    assert without_times(resumed.record) == success(team, ALL_GO, usage(5, 4), BRIEF)
    assert resumed.asked == {RISK: 1, "brief": 1}


def test_a_halt_at_the_brief_keeps_the_decision_and_the_resume_asks_for_the_brief_alone(tmp_path: Path) -> None:
    record, server = halted(tmp_path, script(brief=hangs(60)), the_brief_is_asked_for)
    team = team_of(settings_at(tmp_path, server.base_url))
    assert without_times(record) == stopped(
        team, "cancelled", usage(4, 3), resumable=True, phase="finalize", history=ALL_GO
    )
    resumed = go_on(tmp_path, {"brief": text(BRIEF)})
    assert without_times(resumed.record) == success(team, ALL_GO, usage(5, 4), BRIEF)


def test_a_halt_in_a_later_round_keeps_the_rounds_before(tmp_path: Path) -> None:
    lines = rounds(("caution",) * 3) | {(DEMAND, 2): says("go"), (FINANCE, 2): says("go"), (RISK, 2): hangs(60)}
    record, _ = halted(tmp_path, lines, lambda server, events: answered(events) == 5 and len(server.calls) == 6)
    assert (record["stop_reason"], record["phase"]) == ("cancelled", "round_2:risk_analyst")
    resumed = go_on(tmp_path, REST_OF_ROUND)
    assert (resumed.record["rounds_used"], resumed.asked) == (2, {RISK: 1, "brief": 1})


@pytest.mark.parametrize("headers", [{}, {"retry-after": "30"}], ids=["a little", "as long as asked"])
def test_a_halt_ends_the_wait_before_a_retry(tmp_path: Path, headers: dict[str, str]) -> None:
    lines = script(risk_analyst=forever(status(503, headers=headers)))
    record, server = halted(tmp_path, lines, two_are_heard)
    assert (record["stop_reason"], record["phase"]) == ("cancelled", "round_1:risk_analyst")
    assert len(server.calls_of(RISK)) < 3
    assert record["usage"] == usage(2 + len(server.calls_of(RISK)), 2)


def test_a_run_that_is_halted_before_it_starts_asks_nobody_and_can_go_on(tmp_path: Path) -> None:
    async def run_halted(base_url: str) -> Record:
        halt = Halt()
        halt.set()
        settings = settings_at(tmp_path, base_url)
        async with open_runner(settings, halt=halt) as runner:
            return await runner.run(team_of(settings), "t")

    with serve({}) as server:
        record = asyncio.run(run_halted(server.base_url))
        team = team_of(settings_at(tmp_path, server.base_url))
    assert (record["status"], record["stop_reason"], record["resumable"]) == ("stopped", "cancelled", True)
    assert server.calls == []
    resumed = go_on(tmp_path, script())
    assert without_times(resumed.record) == success(team, ALL_GO, usage(4, 4), BRIEF)


def test_one_halt_stops_every_thread_of_the_process(tmp_path: Path) -> None:
    async def both(server: ScriptedServer) -> list[Record]:
        halt = Halt()
        settings = settings_at(tmp_path, server.base_url)
        async with open_runner(settings, halt=halt) as runner:
            work = [asyncio.create_task(runner.run(team_of(settings), name)) for name in ("a", "b")]
            while len(server.calls) < 6:
                await asyncio.sleep(0.01)
            halt.set()
            return list(await asyncio.gather(*work))

    with serve(dict.fromkeys((DEMAND, FINANCE, RISK), forever(hangs(60)))) as server:
        records = asyncio.run(both(server))
    assert [(each["stop_reason"], each["phase"]) for each in records] == [("cancelled", "round_1:demand_analyst")] * 2
    assert len(server.calls) == 6
