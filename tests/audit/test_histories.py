"""An honest thread is intact, whatever it went through: stops, resumes, other patterns, kills, a server."""

from itertools import product
from pathlib import Path

import pytest

from graph.teams.examples import examples
from policies.team.team import PatternName
from tests.audit.gallery import NAME
from tests.audit.histories import check_seed
from tests.audit.judging import verified
from tests.harness import resume, run, settings_at, team_of

pytestmark = pytest.mark.slow

SEEDS = 16
BATCH = 8
KILLED_TWICE = 627
SECOND: tuple[PatternName, ...] = ("rounds", "vote", "conversation", "hierarchy")
PAIRS = [*product(examples(), SECOND)]


def test_a_resume_that_goes_on_twice_and_is_killed_leaves_the_thread_intact() -> None:
    """It finishes what was cut off, notes the stop, goes on under the raised budget, and dies there."""
    check_seed(KILLED_TWICE)


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_a_random_history_leaves_the_thread_intact_after_every_step(first: int) -> None:
    for seed in range(first, first + BATCH):
        check_seed(seed)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_paused_thread_that_goes_on_with_another_pattern_is_intact(
    first: PatternName, second: PatternName, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    paused = run(team_of(settings, examples()[first], "budget.max_messages=1"), settings)
    assert paused["stop_reason"] == "max_messages"
    changed = run(team_of(settings, examples()[second]), settings, accept_changes=True)
    resumed = resume(settings, budget={"max_messages": 60})

    assert resumed["status"] == "ok", (changed, resumed)
    code, said, broken = verified(tmp_path / NAME)
    assert (code, broken) == (0, set()), said
