"""Kill -9 in a run of each pattern, and finish it with the command line: it ends as if nobody had killed it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability.claims import faults
from tests.durability.pattern_teams import TEAMS, PatternServer
from tests.durability.strikes import KINDS, WITHIN, chosen, strike
from tests.scripted_server import served

pytestmark = pytest.mark.slow

POINTS = 3
SIDES = ("before", "after")


@pytest.fixture(scope="module")
def server() -> Iterator[PatternServer]:
    with served(PatternServer()) as server:
        yield server


@pytest.mark.parametrize("pattern", TEAMS)
def test_a_killed_run_of_any_pattern_is_finished_as_if_nobody_had_killed_it(
    server: PatternServer, tmp_path: Path, pattern: str
) -> None:
    whole, *killed = strike(pattern, server, tmp_path / "struck", points=POINTS)
    assert (whole.record["status"], len(whole.asked), whole.asked_again) == ("ok", whole.record["usage"]["calls"], [])
    assert len({each.point for each in killed}) == POINTS
    assert faults(whole, killed) == {}


def test_points_are_chosen_of_every_kind_and_all_over_a_run() -> None:
    moments = ["call", "journal", "checkpoint", "writes", "node ada", "node finalize", "node panel/legal"]
    points = [
        f"{moment}, {side} #{number}" for number in range(1, 9) for moment in moments for side in ("before", "after")
    ]
    picked = chosen(points, 10, seed="any")
    kinds = [(point.partition(" #")[0].partition(", ")) for point in picked]
    assert [(WITHIN if "/" in kind else kind.removeprefix("node "), side) for kind, _, side in kinds] == [*KINDS]
    assert sorted(int(point.partition(" #")[2]) for point in picked) == [1, 2, 3, 3, 4, 5, 6, 7, 7, 8]


def test_where_no_team_is_within_other_nodes_are_chosen_and_none_twice() -> None:
    kinds = ["call", "journal", "checkpoint", "writes", "node finalize", "node ada", "node align"]
    points = [f"{kind}, {side} #1" for kind in kinds for side in SIDES]
    assert len({*chosen(points, 10, seed="any")}) == 10
