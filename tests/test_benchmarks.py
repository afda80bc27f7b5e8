"""The benchmark measures what it says, and what is kept of it is what the page says. No speed is asserted here."""

import json
from typing import Any

import pytest

from benchmarks.page import PAGE, RESULTS, page_of
from benchmarks.server import serve
from benchmarks.targets import MISSED, TARGETS, Target
from benchmarks.worker import CONTENDERS, start

ALWAYS = {"accord"}
"""The others are left to `make test-system`."""


@pytest.fixture
def results() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return kept


def test_the_page_is_made_from_the_kept_results(results: dict[str, Any]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page_of(results)
    assert "{{" not in page_of(results)


def test_the_kept_results_meet_every_target_but_those_that_are_said_to_be_missed(results: dict[str, Any]) -> None:
    assert tuple(target.what for target in TARGETS if not target.is_met(results)) == MISSED


@pytest.mark.parametrize(("value", "most", "least"), [(1.0, True, True), (0.9, True, False), (1.1, False, True)])
def test_a_target_is_a_bound_from_one_side(value: float, most: bool, least: bool) -> None:
    results = {"a": {"b": value}}
    assert Target("x", ("a", "b"), 1.0).is_met(results) is most
    assert Target("x", ("a", "b"), 1.0, is_least=True).is_met(results) is least


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ALWAYS else pytest.mark.system) for name in CONTENDERS]
)
def test_a_contender_does_the_whole_job_one_by_one_and_at_once(name: str) -> None:
    """A worker that finds less than the six positions of two rounds, or another decision, ends without an answer."""
    with serve() as base_url, start(name, f"{base_url}/1/v1") as worker:
        blocks = [worker.do(1), worker.do(3, at_once=3)]
    assert [len(block.run_seconds) for block in blocks] == [1, 3]
    assert all(block.wall_seconds >= 0.003 for block in blocks)
