"""Each pattern killed ten times over its run, on SQLite and PostgreSQL, and from outside: it ends as it would have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability.claims import faults, told
from tests.durability.pattern_teams import TEAMS, PatternServer, write_team
from tests.durability.processes import Desk, journaled
from tests.durability.strikes import KINDS, Struck, strike
from tests.scripted_server import served

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

POINTS = len(KINDS)


@pytest.fixture
def server() -> Iterator[PatternServer]:
    with served(PatternServer()) as server:
        yield server


def _check(whole: Struck, *killed: Struck) -> None:
    assert (whole.record["status"], len(whole.asked), whole.asked_again) == ("ok", whole.record["usage"]["calls"], [])
    assert len({each.point for each in killed}) == POINTS
    assert faults(whole, killed) == {}


@pytest.mark.parametrize("pattern", TEAMS)
def test_a_pattern_killed_at_ten_points_is_finished_as_if_nobody_had_killed_it(
    server: PatternServer, tmp_path: Path, pattern: str
) -> None:
    _check(*strike(pattern, server, tmp_path / "struck", POINTS))


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("pattern", ["hierarchy", "workspace"])
def test_the_same_holds_on_postgresql(
    server: PatternServer, tmp_path: Path, postgres_database: str, pattern: str
) -> None:
    _check(*strike(pattern, server, tmp_path / "struck", POINTS, postgres_database))


@pytest.fixture
def slow_server() -> Iterator[PatternServer]:
    """Slow enough that a run does not end while it is looked at."""
    with served(PatternServer(pause_seconds=0.15)) as server:
        yield server


@pytest.mark.parametrize("pattern", TEAMS)
def test_the_installed_command_finishes_what_was_killed_from_outside_in_mid_run(
    slow_server: PatternServer, tmp_path: Path, pattern: str
) -> None:
    """Killed as soon as half of the calls are in the journal; wherever that is, what it lacks is asked, and no more."""
    desks = {name: Desk(tmp_path, f"{slow_server.base_url}/{pattern}-{name}") for name in ("whole", "first", "last")}
    file, asked = str(write_team(pattern, tmp_path)), slow_server.asked
    whole = desks["whole"].accord("run", file, "--thread", "t", "--json", "--db", str(tmp_path / "whole.sqlite"))
    assert whole.code == 0, whole.err
    calls = whole.record["usage"]["calls"]
    with desks["first"].started("run", file, "--thread", "t", "--json") as running:
        running.wait_for(lambda: asked[f"{pattern}-first"], "somebody was asked")
        running.wait_for(lambda: len(journaled(desks["first"])) >= calls // 2, "half of the calls were journaled")
        running.kill()
    kept = len(journaled(desks["first"]))
    assert desks["last"].accord("show", "t", "--json").record["status"] == "interrupted"
    done = desks["last"].accord("resume", "t", "--json")
    assert done.code == 0, done.err
    assert told(done.record) == told(whole.record)
    assert calls // 2 <= kept < calls == kept + len(asked[f"{pattern}-last"])
