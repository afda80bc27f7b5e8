"""Teams whose outcomes flip with a known rate, run on the real graph: the interval on the record covers that rate."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from nodes.voices.voice import Question
from tests.harness import proposal, scripted, settings_at
from tests.stability.stage import ROLES, raw_team, sample_in, team_from

pytestmark = pytest.mark.slow
SAMPLES = 20
RUNS = 60
TWO_BLOCK = {"name": "two", "rules": [{"when": "block >= 2", "then": "no_go"}], "otherwise": "go"}


def flipping(rate: float, seed: str) -> Any:
    """A speech of which one role blocks in every sample, which flips nothing, and two with a known rate."""

    def speech(question: Question) -> Any:
        sample = sample_in(question)
        rng = random.Random(f"{seed} {question.labels['thread']} {sample}")
        blocking = rng.sample(ROLES, k=2 if rng.random() < rate else 1)
        return proposal(question.name, "block" if sample is not None and question.name in blocking else "go")

    return speech


async def checks_of(home: Path, rate: float, runs: int) -> list[dict[str, Any]]:
    """Return what the record of each run says of its check."""
    check = {"samples": SAMPLES, "max_flip_rate": 1.0, "max_messages": 3 * SAMPLES}
    team = team_from(raw_team(check, policy=TWO_BLOCK))
    async with open_runner(settings_at(home), scripted(flipping(rate, f"rate {rate}"))) as runner:
        return [(await runner.run(team, f"t{number}"))["stability"] for number in range(runs)]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3])
def test_the_interval_on_the_record_covers_the_rate_in_93_of_100_runs(tmp_path: Path, rate: float) -> None:
    checks = asyncio.run(checks_of(tmp_path, rate, RUNS))

    covered = sum(each["interval"][0] <= rate <= each["interval"][1] for each in checks)
    assert covered >= 0.93 * RUNS
    assert {each["completed"] for each in checks} == {SAMPLES}
    found = sum(each["flips"] for each in checks) / (SAMPLES * RUNS)
    assert found == pytest.approx(rate, abs=0.04)
