"""A thread keeps what it was started with, whatever the team's file says later."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from graph.opening import open_runner
from graph.store.database import open_database
from tests.harness import CHECKOUT_ROLES, proposal, resume, run, scripted, settings_at, team_of
from tests.runs.stage import state_of
from tests.scripted_server import Script, forever, says, serve, text

GO: Script = {**{role: forever(says("go")) for role in CHECKOUT_ROLES}, "brief": forever(text("Agreed."))}


def test_the_team_of_a_thread_is_the_one_it_was_started_with(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings, "checkout_launch", "budget.max_messages=2"), settings)
    renamed = team_of(settings, "checkout_launch", "title=Another title", "max_output_tokens=7", "max_repairs=0")

    assert run(renamed, settings)["status"] == "ok"
    kept = state_of(settings)["case"]["team"]
    assert (kept["title"], kept["max_output_tokens"]) == ("Checkout v2 campaign, US", 800)


def test_a_budget_raised_on_resume_stands_when_the_same_team_runs_again(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", "budget.max_rounds=1", "budget.min_go_votes=9")
    run(team, settings)
    raised = resume(settings, budget={"max_rounds": 2})

    assert raised["stop_reason"] == "max_rounds_reached"
    assert len(run(team, settings)["history"]) == 2
    assert state_of(settings)["limits"]["max_rounds"] == 2


def test_a_role_that_is_denied_ends_the_run_before_another_role_is_repaired(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    voices = scripted(lambda asked: proposal(asked.name, "perhaps" if asked.name == "demand_analyst" else "go"))
    record = run(team_of(settings, "checkout_launch", "sequence+=legal_analyst"), settings, voices=voices)

    assert record["stop_reason"] == "agent_denied:legal_analyst"
    assert record["usage"]["calls"] == 3


def test_a_link_to_the_database_leads_to_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    real, link = settings_at(tmp_path / "real"), settings_at(tmp_path / "link")
    team = team_of(real)

    async def both() -> set[str]:
        voices = scripted(lambda asked: proposal(asked.name), delays=dict.fromkeys(CHECKOUT_ROLES, 0.5))
        async with open_runner(real, voices) as one, open_runner(link, voices) as other:
            records = await asyncio.gather(one.run(team, "t"), other.run(team, "t"))
        return {record["stop_reason"] for record in records}

    assert asyncio.run(both()) == {"success", "busy"}


@pytest.mark.parametrize(("asked", "level"), [("NORMAL", 1), ("FULL", 2)])
def test_synchronous_is_as_the_setting_says(tmp_path: Path, asked: str, level: int) -> None:
    settings = settings_at(tmp_path, accord_sqlite_synchronous=asked)

    async def look() -> int:
        async with open_database(settings.database, settings.accord_sqlite_synchronous) as database:
            row = database.saver.conn.execute("PRAGMA synchronous").fetchone()  # type: ignore[attr-defined]  # of SQLite
            return int(row[0])

    assert asyncio.run(look()) == level
    assert sqlite3.connect(settings.database).execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_brief_s_temperature_is_left_to_the_provider_where_the_team_says_so(tmp_path: Path) -> None:
    with serve(GO) as server:
        settings = settings_at(tmp_path, server.base_url)
        run(team_of(settings, "checkout_launch", "brief.temperature=null"), settings)

        (brief,) = server.calls_of("brief")
        assert "temperature" not in brief.body


def test_a_run_by_rules_with_a_brief_by_the_model_makes_one_call(tmp_path: Path) -> None:
    with serve(GO) as server:
        settings = settings_at(tmp_path, server.base_url)
        rules = [f"roles.{role}.voice=rules" for role in CHECKOUT_ROLES]
        record = run(team_of(settings, "checkout_launch", *rules), settings)

        assert (record["usage"]["calls"], [call.role for call in server.calls]) == (1, ["brief"])
