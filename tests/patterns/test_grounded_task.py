"""Grounded numbers of a team within another: its task is what a model said, and bears no number out; the goals do."""

from pathlib import Path

import pytest

from policies.team.team import Team
from tests.patterns.stage import answering, output, play, team_of
from tests.scripted_server import says, text

pytestmark = pytest.mark.slow

SOUND = "Is it sound for 17 shops?"


def pipeline() -> Team:
    within = answering("rounds", "tester", "legal", goal=SOUND, ground=True)
    return team_of("pipeline", "writer", "council", roles={"council": within}, goal="Prepare 63 launches.")


@pytest.mark.parametrize(("said", "asked"), [("Some 42 carts fail.", 2), ("17 shops and 63 launches.", 1)])
def test_a_task_bears_no_number_out_and_a_goal_does(tmp_path: Path, said: str, asked: int) -> None:
    lines = {
        "writer": output("A draft for 42 carts."),
        "tester": says("go"),
        "legal": says("go"),
        "brief": [text(said), text("It is sound.")],
    }
    played = play(tmp_path, pipeline(), lines)
    assert (played.record["status"], played.asked["brief"]) == ("ok", asked)
