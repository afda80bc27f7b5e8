"""Many runs on one SQLite file: at once, from several processes, and a thousand in a process that lives long."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.durability.processes import Desk, Done
from tests.harness import CHECKOUT_ROLES
from tests.scripted_server import Script, ScriptedServer, forever, says, serve, text
from tests.system.thousand_runs import AT_ONCE, EACH, RUNS

pytestmark = [pytest.mark.system, pytest.mark.timeout(450)]

SCRIPT: Script = {**{role: forever(says("go")) for role in CHECKOUT_ROLES}, "brief": forever(text("Agreed."))}
TOGETHER = 64
REPEATED = 3
GROWTH = 1.05


# --- at once ---------------------------------------------------------------------------------------------------------


class GatedServer(ScriptedServer):
    """Answers nobody before all runs have asked all their roles, and then everybody in one burst."""

    def __init__(self, runs: int) -> None:
        super().__init__(SCRIPT)
        self._missing, self._gate = runs * len(CHECKOUT_ROLES), asyncio.Event()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._missing -= 1
        if self._missing == 0:
            self._gate.set()
        await self._gate.wait()
        return await super()._handle(request)


async def _at_once(folder: Path, processes: int) -> tuple[list[Done], int]:
    """Run 64 cases at the same time, in so many `accord batch` processes on one file; return also the calls made."""
    each = TOGETHER // processes
    names = [f"{folder.name}-{number}" for number in range(processes)]
    async with GatedServer(TOGETHER) as server:
        desk = Desk(folder, server.base_url, str(folder.parent / "one.sqlite"))

        def batch(name: str) -> Done:
            lines = "".join(json.dumps({"id": f"{name}-{number}"}) + "\n" for number in range(each))
            return desk.accord("batch", "-", "--concurrency", str(each), stdin=lines.encode())

        done = await asyncio.gather(*(asyncio.to_thread(batch, name) for name in names))
    return done, len(server.calls)


@pytest.mark.parametrize("processes", [1, 4])
def test_sixty_four_runs_at_the_same_time_never_meet_a_locked_database(tmp_path: Path, processes: int) -> None:
    """Again on the same file: the first time it is fresh, then it has the runs of before."""
    for number in range(REPEATED):
        folder = tmp_path / f"time-{number}"
        folder.mkdir()
        done, calls = asyncio.run(_at_once(folder, processes))
        assert not [each.err for each in done if "locked" in each.out + each.err]
        assert [each.code for each in done] == [0] * processes, [each.err for each in done]
        ends = [line["result"]["stop_reason"] for each in done for line in each.lines]
        assert ends == ["success"] * TOGETHER
        assert calls == TOGETHER * (len(CHECKOUT_ROLES) + 1)


# --- in one process --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the process held after each hundred runs, after it closed its runner, and after fifty more runners."""
    with serve(SCRIPT) as server:
        home = tmp_path_factory.mktemp("home")
        command = [sys.executable, "-W", "error", "-m", "tests.system.thousand_runs", server.base_url, str(home)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=400, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list((home / "accord.sqlite.locks").iterdir()) == []
    return [json.loads(line) for line in done.stdout.splitlines()]


def _open(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return held[: RUNS // EACH]


def test_a_thousand_runs_in_one_process_all_end_as_they_should(held: list[dict[str, Any]]) -> None:
    assert [each["ends"] for each in _open(held)] == [{"success": runs} for runs in range(EACH, RUNS + 1, EACH)]


def test_memory_grows_by_less_than_five_percent_after_the_first_hundred_of_a_thousand_runs(
    held: list[dict[str, Any]],
) -> None:
    sizes = [each["rss"] for each in _open(held)]
    assert max(sizes) < GROWTH * sizes[0], sizes


def test_no_task_thread_or_file_is_left_of_a_thousand_runs(held: list[dict[str, Any]]) -> None:
    """Connections to the model are kept, but no more than there were calls at once."""
    first, *later = _open(held)
    for each in later:
        assert (each["tasks"], each["files"]) == (first["tasks"], first["files"]), each["runs"]
        assert each["threads"] <= first["threads"], each["runs"]
        assert each["sockets"] <= AT_ONCE * len(CHECKOUT_ROLES) + 4, each["runs"]


def test_nothing_is_left_of_a_runner_that_was_closed_nor_of_fifty_opened_one_after_the_other(
    held: list[dict[str, Any]],
) -> None:
    closed, reopened = held[RUNS // EACH :]
    for each in (closed, reopened):
        assert (each["tasks"], each["threads"], each["sockets"]) == (0, 1, 0)
    assert closed["files"] == reopened["files"]
