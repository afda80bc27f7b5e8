"""A decision is taken again once: clicked twice, in two processes, beside the command line, and killed in between."""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.board.watching import Reader, Source, exported, lay, team
from tests.service.callers import accord
from tests.service.process import serving, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MOVED = {"rate": 0.05, "alerts": 2}
DECISIONS = 4


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def test_many_clicks_in_two_processes_and_a_command_begin_one_thread(
    kind: str, home: Path, source: Source, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "postgres":
        monkeypatch.setenv("ACCORD_DATABASE_URL", str(request.getfixturevalue("postgres_database")))
    with serving(home) as one, serving(home) as other, one.client() as first, other.client() as second:
        readers = [Reader(first), Reader(second)]
        threads = [readers[0].run("small") for _ in range(DECISIONS)]
        records = {thread: exported(home, thread) for thread in threads[:2]}
        source.risk = MOVED
        environment = {**os.environ, "ACCORD_HOME": str(home)}
        command = [sys.executable, "-m", "graph", "watch", "--all", "--reopen"]
        beside = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with ThreadPoolExecutor(8) as pool:
            assert [reader.look("nobody").status_code for reader in readers] == [
                404,
                404,
            ]  # they have a form from now on
            clicks = [(reader, thread) for thread in threads for reader in (*readers, *readers)]
            answers = [*pool.map(lambda click: (click[1], click[0].reopen(click[1])), clicks)]
        assert beside.wait(60) in (0, 1)

        assert {each.status_code for _, each in answers} == {303}
        assert {(thread, each.headers["location"]) for thread, each in answers} == {
            (thread, f"/board/runs/{thread}.r1") for thread in threads
        }
        assert all(readers[0].rested(f"{thread}.r1")["final_decision"] == "no_go" for thread in threads)
        assert readers[1].threads() == {*threads, *(f"{thread}.r1" for thread in threads)}
        assert {thread: exported(home, thread) for thread in records} == records
    assert accord(home, "audit", "verify").returncode == 0


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_it_is_begun_once_and_continued(seed: int, home: Path, source: Source) -> None:
    draw = random.Random(seed)
    served = start(home)
    with served.client() as client:
        reader = Reader(client)
        threads = [reader.run("small") for _ in range(DECISIONS)]
        assert reader.look("nobody").status_code == 404  # they have a form from now on
        source.risk = MOVED
        with ThreadPoolExecutor(DECISIONS) as pool:
            clicks = [pool.submit(_click, reader, thread) for thread in threads]
            clicks[draw.randrange(2)].result() if draw.random() < 0.5 else None
            served.kill()
            said = {thread: click.result() for thread, click in zip(threads, clicks, strict=True)}
    with serving(home) as again, again.client() as client:
        reader = Reader(client)
        begun = [thread for thread, answer in said.items() if answer is not None]
        assert all(reader.rested(f"{thread}.r1")["status"] == "ok" for thread in begun)  # an answer is a promise
        locations = {thread: reader.reopen(thread).headers["location"] for thread in threads}
        assert locations == {thread: f"/board/runs/{thread}.r1" for thread in threads}
        assert {reader.rested(f"{thread}.r1")["final_decision"] for thread in threads} == {"no_go"}
        assert reader.threads() == {*threads, *(f"{thread}.r1" for thread in threads)}
        assert {each.sign for each in reader.see().items} == {"done", "plain"}
    assert accord(home, "audit", "verify").returncode == 0


def _click(reader: Reader, thread: str) -> httpx.Response | None:
    """Return the answer to a click; None where the service died before."""
    try:
        return reader.reopen(thread)
    except httpx.TransportError:
        return None


def test_an_id_that_somebody_else_has_is_left_to_them(home: Path, source: Source) -> None:
    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        thread = reader.run("small")
        taken = accord(home, "run", str(home / "small.json"), "--thread", f"{thread}.r1")
        assert taken.returncode == 0, taken.stderr
        record = exported(home, f"{thread}.r1")
        source.risk = MOVED
        assert reader.reopen(thread).headers["location"] == f"/board/runs/{thread}.r2"
        assert exported(home, f"{thread}.r1") == record


def test_a_new_thread_that_stopped_leaves_the_old_decision_to_be_taken_again_by_resuming_it(
    home: Path, source: Source
) -> None:
    lay(home, source, {"small": team("small", source.facts, requires=["risk.region"])})
    source.risk = {"rate": 0.01, "alerts": 2, "region": "EU"}
    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        thread = reader.run("small")
        source.risk = MOVED
        assert reader.reopen(thread).headers["location"] == f"/board/runs/{thread}.r1"
        assert reader.rested(f"{thread}.r1")["stop_reason"] == "needs_input:risk.region"
        shown = reader.see().of(thread)
        assert (shown.sign, shown.forms) == ("block", ("/board/watch",))
        assert f"It is taken again as the thread {thread}.r1." in shown.text
        assert reader.reopen(thread).headers["location"] == f"/board/runs/{thread}.r1"
        assert reader.threads() == {thread, f"{thread}.r1"}
