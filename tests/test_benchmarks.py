"""The benchmark measures what it says, and what is kept of it is what the page says. No speed is asserted here."""

import asyncio
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks import environment, prefixes, server
from benchmarks.case import prompts_of
from benchmarks.contest import APART, CONTENDERS, left_out, start
from benchmarks.job import ROUNDS
from benchmarks.page import PAGE, RESULTS, missed_list, page_of
from benchmarks.server import serve
from benchmarks.targets import ALIKE, TARGETS, Target

ALWAYS = {"accord"}
"""The others are left to `make test-system`."""


@pytest.fixture
def results() -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return kept


@pytest.fixture
def complete(results: dict[str, Any]) -> dict[str, Any]:
    """The kept results with Agno beside all, whether it was there when they were kept or not."""
    added = {"throughput_to_agno": 1.1, "cpu_to_agno": 0.9, "cpu_to_bare": 0.95}
    throughput = {name: at | added for name, at in results["throughput"].items()}
    return {**results, "throughput": throughput, "left_out": {}}


def test_the_page_is_made_from_the_kept_results(results: dict[str, Any]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page_of(results)


def test_a_page_has_every_part_whether_its_results_are_complete_or_not(
    results: dict[str, Any], complete: dict[str, Any]
) -> None:
    to_agno = ("throughput_to_agno", "cpu_to_agno")
    alone = {
        name: {key: value for key, value in at.items() if key not in to_agno}
        for name, at in results["throughput"].items()
        if name != "agno"
    }
    without_agno = {**complete, "throughput": alone, "left_out": {"agno": "it was not there"}}
    pages = [page_of(found) for found in (results, complete, without_agno)]
    assert not [page for page in pages if "{{" in page]
    assert "Left out of this run: **agno**, since it was not there." in pages[-1]
    assert "| throughput to Agno | ≥ 1 | not measured | – |" in pages[-1]
    assert "| throughput to Agno | ≥ 1 | 1.10 | yes |" in pages[1]


def test_the_kept_results_miss_only_targets_that_say_where_the_rest_goes(results: dict[str, Any]) -> None:
    assert not [target.what for target in TARGETS if target.is_missed(results) and not target.rest]


def test_a_target_whose_figure_is_missing_is_neither_met_nor_missed() -> None:
    target = Target("x", ("a", "b"), 1.0)
    without: list[dict[str, Any]] = [{}, {"a": {}}, {"a": None}]
    assert [target.is_met(found) or target.is_missed(found) for found in without] == [False] * 3


def test_the_page_names_every_missed_target_and_where_the_rest_goes(results: dict[str, Any]) -> None:
    for target in TARGETS:
        assert (f"{target.what} (" in missed_list(results)) is target.is_missed(results)
        assert not target.is_missed(results) or target.rest in missed_list(results)


@pytest.mark.parametrize(("value", "most", "least"), [(1.0, True, True), (0.9, True, False), (1.1, False, True)])
def test_a_target_is_a_bound_from_one_side(value: float, most: bool, least: bool) -> None:
    results = {"a": {"b": value}}
    assert Target("x", ("a", "b"), 1.0).is_met(results) is most
    assert Target("x", ("a", "b"), 1.0, is_least=True).is_met(results) is least


def test_a_contender_whose_environment_cannot_be_made_is_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "MADE", tmp_path)
    monkeypatch.setattr(sys, "executable", "false")
    assert left_out() == {"agno": "`python -m venv` ended with 1 when its environment was made"}
    assert not environment.is_made("agno")


def test_a_prefix_counts_as_far_as_an_earlier_round_had_it_and_where_it_is_long_enough() -> None:
    long = b"x" * 4_100
    requests = [prefixes.Request(1, b"abcd"), prefixes.Request(1, long), prefixes.Request(2, b"abxx")]
    requests += [prefixes.Request(2, b"abxxy"), prefixes.Request(3, long + b"y" * 4)]
    found = prefixes.figures_of(requests, discount=0.5)
    assert found["share"] == (2 + 2 + 4_100) / (4 + 5 + 4_104)
    assert found["share_within_round_1"] == 0
    assert (found["kept_tokens"], found["saved_tokens"], found["prompt_tokens"]) == (1025, 512, 2054)
    assert found["saved_share"] == 4_100 * 0.5 / 8_217


@pytest.mark.slow
def test_prompts_that_begin_alike_share_what_was_kept_of_them(results: dict[str, Any]) -> None:
    """These figures are no times: they are the same on every machine as long as the prompts are."""
    measured = prefixes.measure()
    assert measured.keys() == results["prefixes"].keys()
    assert measured[ALIKE]["share"] >= 0.9
    for name, found in measured.items():
        assert found == results["prefixes"][name], "run `python -m benchmarks --only prefixes --keep`"


def marks_of(name: str) -> list[pytest.MarkDecorator]:
    """Tests stay on this machine, so they make no environment; they use one that is there."""
    apart = name in APART and not environment.is_made(name)
    absent = [pytest.mark.skipif(apart, reason=f"`make bench` makes the environment of {name}")]
    return absent if name in ALWAYS else [*absent, pytest.mark.system]


CASES = [pytest.param(name, marks=marks_of(name)) for name in CONTENDERS]


@contextmanager
def listening() -> Iterator[tuple[str, list[list[str]]]]:
    """The server in a thread of this process, and the words of each request that it gets."""
    asked: list[list[str]] = []
    answer, loop = server._answer, asyncio.new_event_loop()

    def heard(body: bytes) -> bytes:
        asked.append([message["content"] for message in json.loads(body)["messages"]])
        return answer(body)

    with pytest.MonkeyPatch.context() as patched, closing(loop), ThreadPoolExecutor() as threads:
        patched.setattr(server, "_answer", heard)
        listener = loop.run_until_complete(loop.create_server(server.Scripted, "127.0.0.1", 0))
        threads.submit(loop.run_forever)
        try:
            yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/0/v1", asked
        finally:
            loop.call_soon_threadsafe(listener.close)
            loop.call_soon_threadsafe(loop.stop)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_contender_does_the_whole_job_one_by_one_and_at_once(name: str) -> None:
    """A worker that finds less than the six positions of two rounds, or another decision, ends without an answer."""
    with serve() as base_url, start(name, f"{base_url}/1/v1") as worker:
        blocks = [worker.do(1), worker.do(3, at_once=3)]
    assert [len(block.run_seconds) for block in blocks] == [1, 3]
    assert all(block.wall_seconds >= 0.003 for block in blocks)


@pytest.mark.slow
@pytest.mark.parametrize("name", [case for case in CASES if case.values[0] in {"bare", "agno"}])
def test_what_is_handed_over_to_a_contender_are_the_words_that_bare_asks(name: str) -> None:
    prompts = prompts_of(ROUNDS)
    foreseen = [*(messages for asked in prompts["rounds"] for messages in asked.values()), prompts["brief"]]
    with listening() as (base_url, asked), start(name, base_url) as worker:
        worker.do(1)
    expected = [[each["content"] for each in messages] for messages in foreseen]
    assert sorted(asked) == sorted(expected)
    assert len(asked) == 7
