"""The list of a thread's rows is complete: a table or a namespace that it does not know is found here."""

import ast
import asyncio
from itertools import chain
from pathlib import Path

import pytest

from graph.settings import Settings
from graph.store.rows import (
    AGENT_RUNS,
    ANSWERS,
    CANCELS,
    CLAIMS,
    KEYS,
    NOTICES,
    QUEUE,
    REQUESTS,
    ROWS_IN_FILE,
    ROWS_IN_POOL,
    STORE,
    TOMBSTONES,
    WATCHES,
)
from graph.store.tombstones import Tombstones
from tests.durability.test_schema import execute
from tests.retention.desks import begin

ROOT = Path(__file__).parents[2]

WRITERS = {
    "graph/doctor.py": ["doctor"],
    "graph/notices/outbox.py": [NOTICES],
    "graph/store/agents.py": ["agents", AGENT_RUNS],
    "graph/store/archive.py": ["archive"],
    "graph/store/cancels.py": [CANCELS],
    "graph/store/claims.py": [CLAIMS],
    "graph/store/halts.py": ["halts"],
    "graph/store/index.py": ["threads"],
    "graph/store/keys.py": [KEYS, ANSWERS],
    "graph/store/looks.py": ["looks"],
    "graph/store/queue.py": [QUEUE],
    "graph/store/requests.py": [REQUESTS],
    "graph/store/sessions.py": ["sessions"],
    "graph/store/tokens.py": ["tokens"],
    "graph/store/traces.py": ["traces"],
    "graph/store/watches.py": [WATCHES],
    "nodes/journal.py": ["calls"],
    "nodes/said.py": ["said"],
}
"""The files that write to the store, and the namespaces that each of them has."""
WRITES = ("aput", "put_whole", "PutOp")
OF_NO_THREAD = {"agents", "doctor", "halts", "looks", "sessions", "tokens"}
"""Namespaces whose rows belong to no thread."""

OF_ALL_THREADS = {"accord_schema", "store_migrations", "checkpoint_migrations", "sqlite_sequence", STORE, TOMBSTONES}
"""Tables that belong to no thread, or say of each row whose it is."""


def files_that_write() -> set[str]:
    found = set()
    for path in sorted((*ROOT.glob("graph/**/*.py"), *ROOT.glob("nodes/**/*.py"))):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        names = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
        if names.intersection(WRITES):
            found.add(str(path.relative_to(ROOT)))
    return found - {"graph/store/lane.py", "graph/store/pools.py"}  # the store itself, and the saver's own method


def test_every_namespace_of_the_store_is_known_to_a_purge() -> None:
    assert files_that_write() == {*WRITERS}
    known = {rows.name for rows in ROWS_IN_FILE if rows.table == STORE}
    assert known == {rows.name for rows in ROWS_IN_POOL if rows.table == STORE}
    assert {*chain(*WRITERS.values())} == known | OF_NO_THREAD


@pytest.mark.slow
def test_every_table_is_known_to_a_purge(settings: Settings) -> None:
    """Fails where Accord or LangGraph makes a table that a purge would leave."""
    begin(settings, "t")
    is_postgres = "://" in settings.database
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    if not is_postgres:
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = {name for (name,) in execute(settings.database, names)}
    rows = ROWS_IN_POOL if is_postgres else ROWS_IN_FILE
    assert tables == {each.table for each in rows} | (OF_ALL_THREADS & tables)


def test_the_fence_goes_last_and_is_no_part_of_what_is_left() -> None:
    """Without it nobody may write to the thread, so the rest could not be deleted."""
    for rows in (ROWS_IN_FILE, ROWS_IN_POOL):
        assert [each.name for each in rows].index("fences") == len(rows) - 1
    asked = []

    async def select(query: str, *_: str) -> list[tuple[int]]:
        asked.append(query)
        return []

    async def write(*_: object) -> None:
        raise AssertionError

    async def scrub() -> bool:
        raise AssertionError

    assert asyncio.run(Tombstones(ROWS_IN_FILE, select, write, scrub).left("t")) == []
    assert not any("fences" in query for query in asked)
