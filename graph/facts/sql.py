"""Facts from a query of a database, which `accord.toml` lists by name. It may only read, and its time is limited."""

import asyncio
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any

from graph.config.entries import DatabaseEntry
from graph.facts.databases.asking import Clock, OverdueError, Query, QueryError, UnreachableError, asked
from graph.facts.databases.engines import read_url
from graph.facts.databases.table import DATABASES
from graph.facts.rows import facts_from_rows, plain_cell
from graph.facts.settings import FactSettings
from graph.facts.source import Raw, Reading, SourceError, SourceKind
from graph.settings import variable
from policies.language import in_figures, say
from policies.team.queries import first_word, is_single
from policies.team.sources import SqlSource

PLAIN = (str, bool, int, float, list, dict, NoneType)
"""What a cell may be when it has its form as a fact."""


async def read(spec: SqlSource, reading: Reading) -> Raw:
    """Return the rows that a query gives.

    Raises:
        SourceError: there are none of use; the sentence has neither the address nor a value of the database.
    """
    entry = _entry_of(spec.sql, reading.settings)
    try:
        # In a thread: in its event loop a server refuses to read files, such as `.env` and those of a library.
        url = await asyncio.to_thread(_url_of, entry)
        return Raw(await asked(lambda clock: _facts(spec, url, reading.settings, clock), spec.timeout))
    except OverdueError:
        told = say(
            "gave no answer within {seconds} s; make the query faster, or raise the source's `timeout`",
            seconds=in_figures(f"{spec.timeout:g}"),
        )
    except UnreachableError as error:
        place = entry.url_env or say("`url` in [facts.sql.{name}]", name=spec.sql)
        told = say("cannot be read: {why}; its address is in {place}", why=error, place=place)
    except SourceError as error:
        told = str(error)
    raise SourceError(_said_of(spec.sql, told))


def _said_of(name: str, told: str) -> str:
    return say("database `{name}`: {why}", name=name, why=told)


def _entry_of(name: str, settings: FactSettings) -> DatabaseEntry:
    entry = settings.databases.get(name)
    if entry is None:
        told = say(
            'is not listed in accord.toml; add [facts.sql.{name}] and below it url_env = "{variable}", and put its '
            "address into that variable",
            name=name,
            variable=f"{name.upper().replace('-', '_')}_URL",
        )
        raise SourceError(_said_of(name, told))
    return entry


def _url_of(entry: DatabaseEntry) -> Any:
    address = entry.url or variable(entry.url_env or "")
    if not address:
        told = say(
            "the variable {variable} is not set; put its address into it, for example "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH",
            variable=entry.url_env,
        )
        raise QueryError(told)
    return read_url(address.strip())


def _facts(spec: SqlSource, url: Any, settings: FactSettings, clock: Clock) -> Any:
    """Return what a query gives as facts; it runs in a thread of its own."""
    database = DATABASES.get(url.drivername.partition("+")[0])
    if database is None:
        raise UnreachableError(say("facts cannot come from its kind of database; allowed: SQLite, PostgreSQL"))
    _refuse_form(spec.query, database.words)

    def take(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
        return facts_from_rows(columns, (_usable(columns, row) for row in rows), spec.rows)

    return database.read_rows(url, settings.folder, Query(spec.query, spec.params), clock, take)


def _usable(columns: Sequence[str], row: Sequence[Any]) -> Sequence[Any]:
    """Return a row of which each cell has a form as a fact.

    Raises:
        QueryError: one has none.
    """
    for column, cell in zip(columns, row, strict=True):
        if not isinstance(plain_cell(cell), PLAIN):
            told = say(
                "the column `{column}` has a value of the type {kind}, which cannot be a fact; convert it in the "
                "query, for example with CAST({column} AS text)",
                column=column,
                kind=type(cell).__name__,
            )
            raise QueryError(told)
    return row


def _refuse_form(query: str, words: Sequence[str]) -> None:
    """Refuse what is not one statement that begins as one which reads.

    Raises:
        QueryError: it is not.
    """
    if not is_single(query):
        raise QueryError(say("the query has more than one statement; allowed: one"))
    word = first_word(query)
    if word not in words:
        told = say(
            "the query may only read, and begins with `{word}`; allowed: {words}",
            word=word or query.strip()[:20],
            words=", ".join(words),
        )
        raise QueryError(told)


KIND = SourceKind(SqlSource, "sql", read, called=lambda spec: spec.sql)
