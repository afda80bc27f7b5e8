"""One case of a batch can fail in any way; the others go on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.batch import Batch, BatchResult, read_case, run_lines
from graph.opening import open_runner
from graph.problems import UsageError
from tests.harness import proposal, scripted, settings_at, team_of


def test_an_error_nobody_expected_ends_its_own_case_alone(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)

    def speech(question: Any) -> Any:
        if "case 1" in question.prompt.user:
            raise ZeroDivisionError("a bug")
        return proposal(question.name)

    async def results() -> list[BatchResult]:
        async with open_runner(settings, scripted(speech)) as runner:
            batch = Batch(runner, lambda case: team_of(settings, goal=case.goal), lambda: False, concurrency=4)
            lines = [b'{"id": "c%d", "goal": "case %d"}' % (n, n) for n in range(4)]
            return [result async for result in run_lines(lines, batch)]

    done = asyncio.run(results())

    assert [result.id for result in done] == ["c0", "c1", "c2", "c3"]
    assert [result.record is not None for result in done] == [True, False, True, True]
    assert done[1].is_unexpected
    assert "line 2: unexpected: ZeroDivisionError" in str(done[1].error)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="the key `id` is there twice"):
        read_case(b'{"id": "a", "id": "b"}')
