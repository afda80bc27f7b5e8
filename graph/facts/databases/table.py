"""The databases that facts can be read from, by the beginning of their address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.facts.databases import postgres, sqlite


@dataclass(frozen=True, slots=True)
class Database:
    """One kind of database."""

    read_rows: Callable[..., Any]
    """Makes something of the rows of a query; it is given the address, a folder, the query, a clock and a taker."""
    words: tuple[str, ...]
    """With which of them a query may begin."""


_POSTGRES = Database(postgres.read_rows, postgres.WORDS)
DATABASES: Mapping[str, Database] = {
    "sqlite": Database(sqlite.read_rows, sqlite.WORDS),
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
}
"""Every kind, by the word before `://`, of which what follows a `+` is left out."""
