"""Every decision of an archive gets the verdict that an oracle gives it, on facts that a source gives now."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from graph.settings import Settings
from graph.store.archive import Archive
from graph.store.database import open_database
from graph.threads import open_threads
from tests.audit.stored import rewrite_archive
from tests.harness import settings_at
from tests.hostile.command import Captured, accord
from tests.oracle.watching import Decided, draw_decided, draw_later
from tests.watch.stage import decide, raw_team, says, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow

DECISIONS = 1_000


def state_of(settings: Settings, thread: str) -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        async with open_threads(settings) as threads:
            return dict(await threads.begun(thread))

    return asyncio.run(main())


def as_decided(state: dict[str, Any], drawn: Decided, file: str) -> dict[str, Any]:
    """Return the state as if a team with these guards and checks had decided on these facts, from that file."""
    team, roles = state["case"]["team"], {}
    for number, (checks, otherwise) in enumerate(drawn.roles.values()):
        name = team["sequence"][number]
        asked = [{"when": check.text, **says(*check.says), "reply": None} for check in checks]
        roles[name] = {**team["roles"][name], "checks": asked, "otherwise": {**says(*otherwise), "reply": None}}
    rest = {name: {**role, "otherwise": None} for name, role in team["roles"].items()}
    guards = [{**team["guards"][0], "at_least": None, **guard.as_file()} for guard in drawn.guards]
    sources = [{**team["facts"][0], "file": file}]
    changed = {**team, "guards": guards, "roles": {**rest, **roles}, "facts": sources}
    case = {**state["case"], "team": changed, "facts": drawn.facts}
    return {**state, "case": case}


def test_every_archived_decision_gets_the_verdict_of_the_oracle(
    tmp_path: Path, settings: Settings, capsys: Captured
) -> None:
    random, expected = Random(5), dict[str, str]()
    decide(settings, "real", watch={})
    state = state_of(settings, "real")

    async def fill() -> None:
        async with open_database(settings.database) as database:
            for number in range(DECISIONS):
                drawn, name = draw_decided(random), f"d-{number:04}"
                later = draw_later(random, drawn.facts)
                if later is not None:
                    write_facts(later, f"{name}.json")
                drawn = Decided(drawn.guards, drawn.roles, drawn.facts, drawn.at, None)
                expected[name] = drawn.verdicts(later, drawn.at)[-1]
                async with database.fences.hold(name):
                    kept = as_decided(state, drawn, str(tmp_path / f"{name}.json"))
                    await Archive(database.store).keep(name, kept)

    asyncio.run(fill())
    found = watch_all(capsys)

    assert found.verdicts == {**expected, "real": "holds"}
    assert {*expected.values()} == {"holds", "weakened", "reopen", "unknown"}
    assert sum(found.totals[verdict] for verdict in ("holds", "weakened", "reopen", "unknown")) == DECISIONS + 1


@pytest.fixture
def file_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCORD_HOME", str(tmp_path))
    return settings_at(tmp_path)


def test_an_entry_that_was_changed_is_made_from_its_thread(file_settings: Settings, capsys: Captured) -> None:
    decide(file_settings, "t")
    rewrite_archive(Path("accord.sqlite"), lambda entry: {**entry, "guards": []})
    write_facts(with_rate(0.04))

    assert watch_all(capsys).verdicts == {"t": "reopen"}


@pytest.mark.parametrize("change", [{"decided_at": 3}, {"guards": 1}, {"thread_id": "u2"}, {"language": 7}])
def test_an_entry_that_was_changed_and_has_no_thread_is_unknown(
    change: dict[str, Any], file_settings: Settings, capsys: Captured
) -> None:
    decide(file_settings, "t", "u")
    rewrite_archive(Path("accord.sqlite"), lambda entry: {**entry, **change})
    with closing(sqlite3.connect("accord.sqlite")) as connection, connection:
        connection.execute("DELETE FROM checkpoints WHERE thread_id = 't'")
    found = watch_all(capsys)

    assert (found.code, sorted(found.verdicts.values())) == (3, ["holds", "unknown"])
    [cause] = [each["cause"] for each in found.findings.values() if each["verdict"] == "unknown"]
    assert cause.startswith("What was kept of it has been changed; see `accord audit verify")


def test_a_row_of_what_was_found_that_was_changed_is_as_if_it_were_not_there(
    file_settings: Settings, capsys: Captured
) -> None:
    decide(file_settings, "t")
    write_facts(with_rate(0.04))
    watch_all(capsys, "--reopen")
    with closing(sqlite3.connect("accord.sqlite")) as connection, connection:
        where = "prefix = 'watches' AND key = 't'"
        (value,) = connection.execute(f"SELECT value FROM store WHERE {where}").fetchone()
        lost = json.dumps({**json.loads(value), "reopened_as": "nobody"})
        connection.execute(f"UPDATE store SET value = ? WHERE {where}", (lost,))

    assert watch_all(capsys, "--reopen").findings["t"]["reopened_as"] == "t.r1"
    assert len(json.loads(accord(capsys, "list", "--json").out)) == 2


def test_a_team_of_another_pattern_that_decides_is_watched(settings: Settings, capsys: Captured) -> None:
    role = raw_team()["roles"]["risk"]
    lead: dict[str, Any] = {"lead": "chair", "roles": {**raw_team()["roles"], "chair": {**role, "title": "Chair"}}}
    decide(settings, "t", pattern="vote", **lead)
    write_facts(with_rate(0.01, alerts=9))
    found = watch_all(capsys)

    assert found.verdicts == {"t": "reopen"}
    roles = [each["role"] for each in found.findings["t"]["tripwires"] if each["verdict"] == "reopen"]
    assert sorted(roles) == ["chair", "risk"]
