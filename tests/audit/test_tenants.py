"""A tenant that was changed anywhere it is kept is found by `accord audit verify`."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.settings import Settings
from graph.store import archive, index
from tests.audit.stored import relinked, resealed, rewrite_archive, rewrite_events
from tests.harness import run, settings_at, team_of
from tests.retention.desks import faults, purge
from tests.runs.people import human
from tests.runs.stored import DATABASE
from tests.runs.test_tenants import within

pytestmark = pytest.mark.slow

OTHERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another": lambda kept: {**kept, "tenant": "globex"},
    "none": lambda kept: {key: value for key, value in kept.items() if key != "tenant"},
    "null": lambda kept: {**kept, "tenant": None},
    "a list": lambda kept: {**kept, "tenant": ["acme"]},
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = settings_at(tmp_path)
    run(team_of(settings), settings, tenant="acme")
    return settings


def rewrite_index(database: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Rewrite the index's entry of the thread as a forger does who knows how its digest is made."""
    where = "prefix = 'threads' AND key = 't'"
    with closing(sqlite3.connect(database)) as connection, connection:
        (value,) = connection.execute(f"SELECT value FROM store WHERE {where}").fetchone()
        changed = change(json.loads(value))
        changed["digest"] = index._digest_of(changed)
        connection.execute(f"UPDATE store SET value = ? WHERE {where}", (json.dumps(changed),))


@pytest.mark.parametrize("way", OTHERS)
def test_another_tenant_in_the_index_is_found_though_its_digest_fits(
    way: str, settings: Settings, tmp_path: Path
) -> None:
    rewrite_index(tmp_path / DATABASE, OTHERS[way])
    assert faults(settings) == {"t": "its entry in the index has a `tenant` that differs from the chain's"}


@pytest.mark.parametrize("way", OTHERS)
def test_another_tenant_in_the_archive_is_found_though_its_digest_fits(
    way: str, settings: Settings, tmp_path: Path
) -> None:
    def change(kept: dict[str, Any]) -> dict[str, Any]:
        changed = OTHERS[way](kept)
        return {**changed, "digest": archive._digest_of(changed)}

    rewrite_archive(tmp_path / DATABASE, change)
    assert faults(settings) == {"t": "its entry in the archive has a `tenant` that differs from the chain's"}


def test_a_tenant_that_was_added_to_a_thread_without_one_is_found(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings), settings)
    rewrite_index(tmp_path / DATABASE, OTHERS["another"])
    assert faults(settings) == {"t": "its entry in the index has a `tenant` that differs from the chain's"}


@pytest.mark.parametrize("write", [relinked, resealed])
@pytest.mark.parametrize("way", OTHERS)
def test_another_tenant_in_the_chain_differs_from_the_thread_however_well_it_is_linked(
    write: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], way: str, settings: Settings, tmp_path: Path
) -> None:
    rewrite_events(tmp_path / DATABASE, lambda events: write([OTHERS[way](events[0]), *events[1:]]))
    assert faults(settings) in ({"t": "has a tenant that differs from the thread's"}, {"t": "is not what was hashed"})


def test_a_thread_that_has_not_begun_and_is_promised_to_another_tenant_is_found(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    within(settings, lambda runner: runner.admit("t", team_of(settings), tenant="acme"))
    assert faults(settings) == {}
    rewrite_index(tmp_path / DATABASE, OTHERS["another"])
    assert faults(settings) == {"t": "its entry in the index has a `tenant` that differs from the chain's"}


def test_a_thread_at_work_that_is_given_to_another_tenant_is_found(tmp_path: Path) -> None:
    settings, file = settings_at(tmp_path), tmp_path / "team.json"
    file.write_text(json.dumps(human("risk")), encoding="utf-8")
    run(team_of(settings, str(file), voice="rules"), settings, tenant="acme")
    rewrite_index(tmp_path / DATABASE, lambda kept: {**kept, "tenant": "globex", "status": "running"})
    assert faults(settings) == {"t": "its entry in the index has a `tenant` that differs from the chain's"}


def test_another_tenant_in_a_tombstone_is_found(settings: Settings, tmp_path: Path) -> None:
    purge(settings)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("UPDATE tombstones SET events = replace(events, '\"acme\"', '\"globex\"')")
    assert faults(settings) == {"t": "is not what was hashed"}
