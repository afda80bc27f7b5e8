"""A query to PostgreSQL, in a transaction that may only read and that the query cannot leave.

The query is declared as a cursor, by the protocol that takes one statement: so it is SELECT, VALUES, TABLE or a WITH of
these, and no COMMIT or SET follows it. The transaction is READ ONLY, which cannot be changed once it has a snapshot; it
is always rolled back. What acts outside of transactions are functions, of which `acting` refuses those that may.
"""

import os
import re
import socket
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

from graph.facts.databases.acting import UNBALANCED, refuse_acting
from graph.facts.databases.asking import (
    STOP_SECONDS,
    Clock,
    Found,
    OverdueError,
    Query,
    QueryError,
    Scalar,
    Take,
    UnreachableError,
    rows_from,
)
from graph.facts.databases.engines import engine_of
from graph.facts.source import SourceError
from policies.language import in_figures, phrase, say
from policies.team.queries import is_named, is_single, parts_of

WORDS = ("SELECT", "VALUES", "WITH", "TABLE")
"""With which of them a query may begin."""

MAX_BYTES = 1_000_000
"""The longest row that is sent, as PostgreSQL writes it in text."""

TOO_LONG = "accord: a row is too long"
WHOLE = (
    "SELECT accord_rows.* FROM (\n{query}\n) AS accord_rows WHERE CASE "
    f"WHEN octet_length(accord_rows::text) <= {MAX_BYTES} THEN true "
    f"ELSE ('{TOO_LONG} ' || octet_length(accord_rows::text))::int > 0 END"
)
"""The query within one that ends with an error before it sends a row that is too long to be held."""

LIMITS = (
    "SELECT set_config('statement_timeout', %(time)s, true), set_config('lock_timeout', %(time)s, true), "
    "set_config('idle_in_transaction_session_timeout', %(time)s, true), "
    "set_config('standard_conforming_strings', 'on', true), set_config('max_parallel_workers_per_gather', '0', true)"
)
"""What ends a query on the server, should its client be gone; it is the first SELECT, and so fixes READ ONLY."""

DRIVERS = ("postgresql", "postgres", "postgresql+psycopg")
PATIENCE: Mapping[str, int] = {"keepalives_idle": 3, "keepalives_interval": 2, "keepalives_count": 2}

REFUSALS = (
    (
        re.compile("password authentication failed|no password supplied"),
        phrase("the server refuses the user or the password"),
    ),
    (
        re.compile("authentication|pg_hba|role .* does not exist|not permitted"),
        phrase("the server does not let the user in"),
    ),
    (re.compile("database .* does not exist"), phrase("the server has no database of that name")),
    (re.compile("[Cc]onnection refused"), phrase("the connection is refused")),
    (
        re.compile("[Nn]ame or service not known|failed to resolve|translate host"),
        phrase("the name of its host is unknown"),
    ),
    (re.compile("SSL|certificate|TLS"), phrase("no TLS that both sides accept can be agreed upon")),
    (re.compile("connection option"), phrase("its address has an option that PostgreSQL does not know")),
    (re.compile("too many|remaining connection slots"), phrase("the server has no connection left")),
    (re.compile("starting up|shutting down|recovery"), phrase("the server is starting or stopping")),
)
"""What is said of a connection that was not made, by words in the driver's message, which has the address in it."""

FAILURES: Mapping[str, str] = {
    "55P03": phrase("the query waits for a lock that was not free in time"),
    "42501": phrase("the user of the database may not read what the query selects"),
    "22012": phrase("the query divides by zero"),
    "57P01": phrase("the server ended the connection"),
}
"""What is said of an error of the server, by its SQLSTATE."""

TOLD = (
    (re.compile(TOO_LONG), phrase("the query gives a row of more than {most} bytes")),
    (re.compile("data-modifying"), phrase("the query may only read, and its WITH writes")),
    (
        re.compile("INTO is not allowed"),
        phrase("the query may only read, and its SELECT has INTO, which makes a table"),
    ),
    (re.compile(r'syntax error at or near "\)"'), UNBALANCED),
)
"""What is said of an error of the server, by words in its message."""

ODD_TIME = re.compile(r"\b(?:date|time|timestamp|timestamptz|timetz|interval|year)\b")
"""Words of the driver about a time that Python has none for; it adds the value, and gives no state."""

TIMES = phrase(
    "the query gives a date or time that has no form as a fact: one that is infinite, before the year 1, after the "
    "year 9999, or at 24:00; convert it in the query, for example with CAST(… AS text)"
)

ABOUT_QUERIES = ("42", "0A")
"""Classes of SQLSTATE whose errors are about the query; others may be about a value, which nobody may see."""

NAMED = re.compile(r'"([^"]*)"')


def read_rows(url: Any, folder: Path, query: Query, clock: Clock, take: Take[Found]) -> Found:
    """Return what is made of the rows that a query to a server gives.

    Raises:
        QueryError: the server cannot be reached, or the query failed.
        OverdueError: the time is over.
    """
    try:
        import psycopg  # noqa: F401, PLC0415
    except ImportError:
        told = say("PostgreSQL needs its driver; install it: {command}", command="pip install 'accord[postgres]'")
        raise QueryError(told) from None
    engine = engine_of(
        url.set(drivername="postgresql+psycopg"),
        use_native_hstore=False,
        isolation_level="REPEATABLE READ",
        connect_args={
            **PATIENCE,
            "tcp_user_timeout": max(1, ceil(clock.seconds_left * 1_000)),
            "connect_timeout": max(2, ceil(clock.seconds_left)),
            "prepare_threshold": None,
            "application_name": "accord",
        },
    )
    try:
        return _taken(engine, query, clock, take)
    except Exception as error:
        raise _told(error, query, clock) from None
    finally:
        engine.dispose()


def _taken(engine: Any, query: Query, clock: Clock, take: Take[Found]) -> Found:
    with _connected(engine, clock) as connection:
        driver = connection.connection.driver_connection
        with clock.ended_by(lambda: driver.cancel_safe(timeout=STOP_SECONDS), lambda: _cut(driver)):
            reader = connection.execution_options(postgresql_readonly=True)
            reader.exec_driver_sql(LIMITS, {"time": f"{max(1, ceil(clock.seconds_left * 1_000))}ms"})
            refuse_acting(reader, query.text)
            streaming = reader.execution_options(stream_results=True, max_row_buffer=1)
            with streaming.exec_driver_sql(_whole(query.text), _typed(query.values)) as result:
                return take((*result.keys(),), rows_from(result.fetchmany, clock))


def _cut(driver: Any) -> None:
    """End the connection under a driver that waits for a server which does not answer."""
    if not driver.closed:
        with socket.socket(fileno=os.dup(driver.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)


def _whole(query: str) -> str:
    """Return what is sent, its bound names as the driver writes them."""
    parts = [part for part in parts_of(query) if part.kind != "end" or not is_single(query)]
    text = "".join(f"%({part.text})s" if part.kind == "bound" else part.text.replace("%", "%%") for part in parts)
    return WHOLE.replace("{query}", text)


def _typed(values: Mapping[str, Scalar]) -> dict[str, Any]:
    """Return values of the types that they have as literals; the driver takes the smallest, which soon overflow."""
    from psycopg.types.numeric import Int4, Int8, IntNumeric  # noqa: PLC0415

    def typed(value: Scalar) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return value
        return Int4(value) if abs(value) < 2**31 else Int8(value) if abs(value) < 2**63 else IntNumeric(value)

    return {name: typed(value) for name, value in values.items()}


def _told(error: Exception, query: Query, clock: Clock) -> Exception:
    """Return what is raised in place of an error."""
    if isinstance(error, SourceError | OverdueError):
        return error
    original = getattr(error, "orig", None) or error
    state = getattr(original, "sqlstate", None)
    if clock.is_over or state == "57014":
        return OverdueError()
    if state is None and ODD_TIME.search(str(original)):
        return QueryError(say(TIMES))
    if state is None:
        kind = type(original).__name__
        return QueryError(say("the connection was lost, or has what the driver does not know ({kind})", kind=kind))
    return QueryError(_said(state, getattr(original, "diag", None), query.text))


def _connected(engine: Any, clock: Clock) -> Any:
    """Return a connection.

    Raises:
        UnreachableError: there is none.
    """
    try:
        return engine.connect()
    except QueryError:
        raise
    except Exception as error:
        words = str(getattr(error, "orig", None) or error)
        told = next((told for pattern, told in REFUSALS if pattern.search(words)), phrase("no connection can be made"))
        raise OverdueError() if clock.is_over else UnreachableError(say(told)) from None


def _said(state: str, diag: Any, query: str) -> str:
    words = " ".join((getattr(diag, "message_primary", None) or "").split())
    told = next((told for pattern, told in TOLD if pattern.search(words)), FAILURES.get(state))
    if told is not None:
        return say(told, most=in_figures(f"{MAX_BYTES:,}"))
    is_known = words.isascii() and all(is_named(name, query) for name in NAMED.findall(words))
    if is_known and state == "25006":
        return say("the query may only read, and PostgreSQL says: {words}", words=words)
    if is_known and state[:2] in ABOUT_QUERIES:
        return say("PostgreSQL refuses the query: {words}", words=words)
    return say("PostgreSQL refuses the query, or a value that it meets (SQLSTATE {state})", state=state)
