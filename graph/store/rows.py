"""The rows of a thread: everything that a database keeps under its id, as one list for whoever deletes a thread whole.

A test fails where a table or a namespace appears that is neither here nor among what belongs to no thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graph.store.archive import NAMESPACE as ARCHIVE
from graph.store.archive import prefix_of
from graph.store.index import NAMESPACE as INDEX
from graph.store.traces import NAMESPACE as TRACES
from nodes.journal import NAMESPACE as CALLS
from nodes.journal import part_of, thread_of_calls
from nodes.said import NAMESPACE as SAID

NOTICES = "notices"
"""Under which namespace the outbox has its rows, by receiver; each names its thread."""
WATCHES = "watches"
"""Under which namespace the results of `accord watch` are, by thread."""
CANCELS = "cancels"
"""Under which namespace the cancels of runs are, by thread."""
QUEUE = "queue"
"""Under which namespace the promises of the service are, by thread."""
CLAIMS = "claims"
"""Under which namespace the tenants are that threads were made for over HTTP, by thread."""
REQUESTS = "requests"
"""Under which namespace the digests are of the requests by which threads were begun, by thread."""
GUESTS = (WATCHES, CANCELS, QUEUE, CLAIMS, REQUESTS)
"""Namespaces with a row for each thread that anybody may write until the thread is purged."""
KEYS, ANSWERS = "keys", "answers"
"""Under which namespaces the requests under idempotency keys are, and their answers, the latter by thread."""
AGENT_RUNS = "agent_runs"
"""Under which namespace the threads of each agent are, by agent."""
STORE = "store"

Statement = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some of the rows of a thread: what they are called, their table, and the condition under which they are its own.

    `values` are the condition's parameters, `?`. What may be written by who does not hold the thread is `owned`: the
    query for the owners of all such rows, and what a thread is from what it returns.
    """

    name: str
    table: str
    where: str
    values: Callable[[str], tuple[str, ...]] = lambda thread: (thread,)
    owned: tuple[str, Callable[[str], str]] | None = None

    def deleted(self, thread: str) -> Statement:
        """Return the statement that deletes them."""
        return f"DELETE FROM {self.table} WHERE {self.where}", self.values(thread)

    def looked_for(self, thread: str) -> Statement:
        """Return the query that finds one of them."""
        return f"SELECT 1 FROM {self.table} WHERE {self.where} LIMIT 1", self.values(thread)


def _table(name: str) -> Rows:
    return Rows(name, name, "thread_id = ?")


def _under(space: str, owned: tuple[str, Callable[[str], str]] | None = None) -> Rows:
    """Return the row of a thread in a namespace that has one for each."""
    return Rows(space, STORE, "prefix = ? AND key = ?", lambda thread: (space, thread), owned)


def _within(space: str, owned: tuple[str, Callable[[str], str]] | None = None) -> Rows:
    """Return the rows of a thread in a namespace of its own."""
    return Rows(space, STORE, "prefix = ?", lambda thread: (f"{space}.{part_of(thread)}",), owned)


def _notices(those: str, thread: str) -> Rows:
    return Rows(
        NOTICES, STORE, f"{those} AND {thread} = ?", owned=(f"SELECT DISTINCT {thread} FROM {STORE} WHERE {those}", str)
    )


def _is_within(space: str) -> str:
    return f"substr(prefix, 1, {len(space) + 1}) = '{space}.'"


def _owners_within(space: str) -> tuple[str, Callable[[str], str]]:
    """Return how the threads are found that have rows in a namespace of their own."""
    query = f"SELECT DISTINCT substr(prefix, {len(space) + 2}) FROM {STORE} WHERE {_is_within(space)}"
    return query, thread_of_calls


_ANSWERED = Rows(
    KEYS,
    STORE,
    f"prefix = '{KEYS}' AND key IN (SELECT key FROM {STORE} WHERE prefix = ?)",
    lambda thread: (f"{ANSWERS}.{part_of(thread)}",),
    _owners_within(ANSWERS),
)
"""Before the answers, which say what the keys are of."""
_TOOK_PART = Rows(
    AGENT_RUNS,
    STORE,
    f"{_is_within(AGENT_RUNS)} AND key = ?",
    owned=(f"SELECT DISTINCT key FROM {STORE} WHERE {_is_within(AGENT_RUNS)}", str),
)
_IN_STORE = (
    _under(*INDEX),
    Rows(ARCHIVE, STORE, "prefix = ? AND key = ?", lambda thread: (prefix_of(thread), thread)),
    _under(*TRACES),
    _within(CALLS),
    _within(SAID, _owners_within(SAID)),
    _ANSWERED,
    _within(ANSWERS, _owners_within(ANSWERS)),
    _TOOK_PART,
    *(_under(each, (f"SELECT DISTINCT key FROM {STORE} WHERE prefix = '{each}'", str)) for each in GUESTS),
)
_FENCE = Rows("fences", "fences", "thread = ?")
"""Last: without it nobody may write to the thread."""

_IN_FILE = f"prefix > '{NOTICES}.' AND prefix < '{NOTICES}/' AND json_valid(CAST(value AS TEXT))"
_IN_POOL = f"substr(prefix, 1, {len(NOTICES) + 1}) = '{NOTICES}.'"

ROWS_IN_FILE: Sequence[Rows] = (
    *map(_table, ("checkpoints", "writes", "newest_checkpoints")),
    *_IN_STORE,
    _notices(_IN_FILE, "json_extract(CAST(value AS TEXT), '$.thread')"),
    _FENCE,
)
"""The rows of a thread in a SQLite file."""

ROWS_IN_POOL: Sequence[Rows] = (
    *map(_table, ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "newest_checkpoints")),
    *_IN_STORE,
    _notices(_IN_POOL, "value->>'thread'"),
    _FENCE,
)
"""The rows of a thread in a PostgreSQL database."""

TOMBSTONES = "tombstones"
"""The table that has a row of each thread that was purged, in place of all others."""

STAYING = ("newest_checkpoints", "fences")
"""Tables in which a row may stay of a purged thread: the note of its tombstone, and the fence of who asked for it."""
