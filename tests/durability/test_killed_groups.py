"""A process killed within a group, each write of it released and none committed, leaves nothing of that group."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from graph.store.database import open_database
from tests.durability.lanes import occupied

pytestmark = pytest.mark.slow

BEFORE, WITHIN = "before", "within"
THREADS = ("one", "two")


async def write_and_die(location: str, statement: str) -> None:
    """Keep a row, then have two threads write as one group, and die as it comes to the statement after both."""
    async with (
        open_database(location) as database,
        database.fences.hold(THREADS[0]),
        database.fences.hold(THREADS[1]),
    ):
        store, lane = database.store, database.saver.lane  # type: ignore[attr-defined]  # of SQLite
        await store.aput(("calls", THREADS[0]), BEFORE, {}, index=False)
        told = list[str]()

        def die(said: str) -> None:
            told.append(said)
            if told.count("RELEASE job") == len(THREADS) and said.startswith(statement):
                os.kill(os.getpid(), signal.SIGKILL)

        async with occupied(lane):
            lane.connection.set_trace_callback(die)
            asked = [asyncio.ensure_future(store.aput(("calls", each), WITHIN, {}, index=False)) for each in THREADS]
            await asyncio.sleep(0)
        await asyncio.gather(*asked)


async def kept(location: str) -> list[tuple[str, str]]:
    """Return the thread and the key of each call that a new process sees."""
    async with open_database(location) as database:
        return [(each.namespace[1], each.key) for each in await database.store.asearch(("calls",))]


@pytest.mark.parametrize(("statement", "is_kept"), [("RELEASE", False), ("COMMIT", False), ("BEGIN", True)])
def test_a_group_is_there_as_a_whole_or_not_at_all(tmp_path: Path, statement: str, is_kept: bool) -> None:
    location = str(tmp_path / "t.sqlite")
    killed = subprocess.run([sys.executable, "-m", __name__, location, statement], capture_output=True, text=True)
    # Nothing begins after the commit, so the process that waits for that ends by itself.
    assert (killed.returncode, killed.stderr) == (0 if is_kept else -signal.SIGKILL, "")
    both = [(each, WITHIN) for each in THREADS] if is_kept else []
    assert sorted(asyncio.run(kept(location))) == sorted([(THREADS[0], BEFORE), *both])


if __name__ == "__main__":
    asyncio.run(write_and_die(*sys.argv[1:3]))
