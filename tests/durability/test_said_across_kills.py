"""Whoever says something, and wherever the run dies: each message is heard once, and read in one turn of each role."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.durability.forks import run_alone
from tests.durability.points import lines_of
from tests.durability.said import Plan, begin, live, settings_of

pytestmark = pytest.mark.system


def assert_heard_once(plan: Plan, state: Any, folder: Path) -> None:
    """Everything that was said was posted once, and each turn read what the plan says, however often it was asked."""
    turns: dict[str, list[str]] = {}
    for turn, ids in map(json.loads, lines_of(folder / "reads")):
        assert turns.setdefault(turn, ids) == ids, turn
    sent = [event["message"]["id"] for event in state["events"] if event["event"] == "sent"]
    given = sorted((role, id) for turn, ids in turns.items() for role in [turn.split("/")[0]] for id in ids)

    assert state["stop_reason"] == "success"
    assert turns == plan.expected()
    assert sent == [message["id"] for message in state["messages"]] == plan.ids
    assert [event for event in state["events"] if event["event"] == "message_refused"] == []
    assert sorted((each["role"], each["id"]) for each in state["delivered"]) == given


@pytest.mark.parametrize("seed", range(12))
def test_each_turn_reads_what_was_said_before_its_round(seed: int, database: str, tmp_path: Path) -> None:
    plan, settings = Plan(seed), settings_of(database, tmp_path)
    asyncio.run(begin(plan, settings))
    state = asyncio.run(live(plan, settings, tmp_path, None))

    assert_heard_once(plan, state, tmp_path)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [2, 5])
def test_a_kill_at_any_point_around_hearing_loses_and_doubles_nothing(seed: int, tmp_path: Path) -> None:
    run_alone("tests.durability.said", str(seed), str(tmp_path / "runs"), "threads.sqlite", timeout=280)

    assert_all_heard_once(Plan(seed), tmp_path / "runs")


@pytest.mark.timeout(300)
@pytest.mark.needs("postgres")
def test_a_kill_on_postgres_loses_and_doubles_nothing(postgres_url: str, tmp_path: Path) -> None:
    urls = []
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for number in range(80):
            connection.execute(f"CREATE DATABASE said_{number}")
            urls.append(urlsplit(postgres_url)._replace(path=f"/said_{number}").geturl())
    run_alone("tests.durability.said", "2", str(tmp_path / "runs"), *urls, timeout=280)

    assert_all_heard_once(Plan(2), tmp_path / "runs")


def assert_all_heard_once(plan: Plan, folder: Path) -> None:
    folders = sorted(folder.iterdir())
    assert len(folders) > 20
    assert len(plan.ids) > 3
    for each in folders:
        assert_heard_once(plan, json.loads((each / "state.json").read_text()), each)
