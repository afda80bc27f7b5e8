"""The board while somebody else holds the lock of the database: answered in time, and nothing said of where it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.board.watching import Reader, lay, open_source, refusal_in, team
from tests.service.callers import accord
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 25.0
"""Less than a statement waits for the lock of a database."""


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the lock of the database; what is in it can still be read."""
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=60, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def test_a_locked_database_is_said_not_to_answer_and_in_time(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_source() as source:
        lay(home, source, {"bare": team("bare", {"risk": {"rate": 0.01, "alerts": 2}, "limits": {"rate": 0.03}})})
    (home / "today.json").write_text('{"risk": {"rate": 0.07, "alerts": 2}, "limits": {"rate": 0.03}}')
    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        thread = reader.run("bare")
        assert accord(home, "watch", thread, "--facts", str(home / "today.json")).returncode == 1
        assert reader.look("nobody").status_code == 404  # there is a form from now on
        client.timeout = PATIENCE_SECONDS
        for path in (f"/board/runs/{thread}/reopen", "/board/watch"):
            with locked(home):
                answer = reader.send(path)
            assert answer.status_code == 503
            assert "he database does not answer; try again later" in refusal_in(answer)
            assert "sqlite" not in answer.text
        assert reader.reopen(thread).status_code == 303
