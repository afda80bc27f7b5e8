"""A thread that goes on under another pattern can be shown at every moment."""

from pathlib import Path

import pytest

from tests.assurance.stage import team_file
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.usefixtures("accord_home")
STOPPED = ("--set", "budget.max_messages=1")


@pytest.mark.parametrize("second", ["retrospective", "change_freeze", "market_scan", "onboarding_ideas"])
def test_a_thread_that_stopped_again_under_another_pattern_is_shown(second: str, capsys: Captured) -> None:
    assert accord(capsys, "run", "checkout_launch", "--thread", "t", *STOPPED).code == 3

    again = accord(capsys, "run", second, "--thread", "t", "--accept-changes", *STOPPED)
    shown = accord(capsys, "show", "t")

    assert (again.code, shown.code) == (3, 3)
    assert "The limit of messages was reached" in shown.out
    assert accord(capsys, "audit", "verify", "t").code == 0


def test_a_graph_is_drawn_with_what_hides_replaced(capsys: Captured) -> None:
    path = Path(team_file("launch", roles=("risk", "legal")))
    path.write_text(path.read_text().replace("title: risk", 'title: "Risk\\u202e\\u009b2J\\u3164"'))

    drawn = accord(capsys, "graph", path)

    assert drawn.code == 0, drawn
    assert not {"\u202e", "\u009b", "\u3164"} & {*drawn.out}
