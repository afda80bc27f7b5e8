"""Whose runs stop `cancelled`: all of them, those of a tenant, or one; and until when."""

import asyncio
from pathlib import Path

import pytest

from graph.opening import open_runner
from graph.record import Record
from graph.runner import Runner
from graph.settings import Settings
from policies.run.stoppage import Stoppage
from policies.team.team import Team
from tests.halts.flags import ACME, AT, HALTED, at_once, cancels, during, ended, halts, releases
from tests.harness import resume, run, settings_at, team_of
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, script, state_of
from tests.scripted_server import forever, hangs, held, says, serve, text

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["checkout_launch", "market_scan", "vendor_review", "onboarding_ideas", "build_or_buy"]
)
def test_while_halted_no_run_asks_anything_whoever_speaks(tmp_path: Path, name: str) -> None:
    settings = settings_at(tmp_path)
    at_once(settings, halts())
    record = run(team_of(settings, name), settings)  # by rules
    assert ended(record) == ("cancelled", HALTED)
    assert record["usage"]["calls"] == 0
    assert [each["event"] for each in state_of(settings)["events"]] == ["admitted", "finished"]
    assert ended(resume(settings)) == ("cancelled", HALTED)
    at_once(settings, releases())
    assert resume(settings)["status"] in ("ok", "waiting")


def test_while_halted_a_resume_makes_no_call_and_the_halt_that_holds_now_is_named(tmp_path: Path) -> None:
    with serve({}) as server:
        settings = settings_at(tmp_path, server.base_url)
        at_once(settings, halts())
        run(team_of(settings), settings)
        at_once(settings, releases())
        at_once(settings, halts(Stoppage("ann", AT, "Still wrong.")))
        assert "ann halted all runs" in resume(settings)["cause"]
    assert server.calls == []


def test_who_halts_again_is_told_who_was_first(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    first = at_once(settings, halts())
    assert at_once(settings, halts(Stoppage("ann", AT, "Me too."))) == first
    assert at_once(settings, releases()) == first
    assert at_once(settings, releases()) is None


def _run_for(settings: Settings, team: Team, tenant: str, thread: str) -> Record:
    async def main() -> Record:
        async with open_runner(settings) as runner:
            return await runner.run(team, thread, tenant=tenant)

    return asyncio.run(main())


def test_a_tenants_halt_stops_its_runs_alone_also_those_under_way(tmp_path: Path) -> None:
    rules = team_of(settings_at(tmp_path), voice="rules")
    with serve(script(risk_analyst=hangs(60))) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings)

        async def work(runner: Runner) -> tuple[Record, Record]:
            acme = await runner.run(team, "acme", tenant="acme")
            return acme, await runner.run(rules, "beta", tenant="beta")

        acme, beta = during(settings, work, lambda: len(server.calls) == 3, halts(ACME))
    assert acme["stop_reason"] == "cancelled"
    assert "the runs of the tenant `acme`" in acme["cause"]
    assert beta["final_decision"] == "go"
    assert _run_for(settings, rules, "acme", "new")["stop_reason"] == "cancelled"
    assert run(rules, settings, "own")["final_decision"] == "go"
    at_once(settings, releases("acme"))
    assert resume(settings, "new")["final_decision"] == "go"


def test_a_cancel_stops_one_run_of_several_and_a_resume_clears_it(tmp_path: Path) -> None:
    is_open = [False]
    lines = script(risk_analyst=forever(held(says("go"), lambda: is_open[0])), brief=forever(text(BRIEF)))
    with serve(lines) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings)

        async def work(runner: Runner) -> list[Record]:
            tasks = [asyncio.ensure_future(runner.run(team, f"t{number}")) for number in range(4)]
            first = await tasks[2]
            is_open[0] = True
            return [first, *await asyncio.gather(*tasks)]

        first, *records = during(settings, work, lambda: len(server.calls) == 12, cancels("t2", "Not now."))
    assert ended(first) == ("cancelled", "ann cancelled the run on 2026-11-30 02:10 UTC: Not now")
    assert [each["stop_reason"] for each in records] == ["success", "success", "cancelled", "success"]
    with serve(script()) as server:
        assert resume(settings_at(tmp_path, server.base_url), "t2")["final_decision"] == "go"
    assert [call.role for call in server.calls] == [RISK, "brief"]


def test_what_was_promised_before_a_cancel_stops_and_what_somebody_resumes_does_not(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings)

    async def main() -> list[Record]:
        async with open_runner(settings) as runner:
            await runner.admit("t", team)
            await runner.cancels.put("t", Stoppage("ann", AT, thread="t"))
            promised = [await runner.resume("t", is_promised=True) for _ in range(2)]
            return [*promised, await runner.resume("t"), await runner.resume("t", is_promised=True)]

    records = asyncio.run(main())
    assert [each["stop_reason"] for each in records] == ["cancelled", "cancelled", "success", "success"]
    assert records[1]["cause"] == "ann cancelled the run on 2026-11-30 02:10 UTC"


def test_who_runs_a_cancelled_thread_again_resumes_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    at_once(settings, cancels())
    assert run(team_of(settings), settings)["stop_reason"] == "cancelled"
    assert run(team_of(settings), settings)["final_decision"] == "go"


def test_what_stops_others_stops_nobody_else(tmp_path: Path) -> None:
    with serve(script()) as server:
        settings = settings_at(tmp_path, server.base_url)
        at_once(settings, halts(Stoppage("ops", AT, "Prices", tenant="another")))
        at_once(settings, cancels("another"))
        assert run(team_of(settings), settings)["final_decision"] == "go"
    assert {DEMAND, FINANCE, RISK} < {call.role for call in server.calls}
