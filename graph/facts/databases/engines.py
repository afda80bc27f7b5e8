"""Engines of SQLAlchemy that keep no connection and write no log."""

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from graph.facts.databases.asking import QueryError
from policies.language import say

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.engine import ExceptionContext

LOGGED_AS = "accord.facts"
LOGGERS = (f"sqlalchemy.engine.Engine.{LOGGED_AS}", f"sqlalchemy.pool.impl.NullPool.{LOGGED_AS}", "psycopg")
"""They would write queries, values, rows and addresses wherever a program that uses Accord turns logging on."""


def engine_of(address: "URL | str", **options: Any) -> "Engine":
    """Return an engine whose connections are closed as soon as they are given back.

    Raises:
        QueryError: SQLAlchemy is not installed.
    """
    sqlalchemy = _sqlalchemy()
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    engine: Engine = sqlalchemy.create_engine(
        address,
        poolclass=sqlalchemy.NullPool,
        hide_parameters=True,
        logging_name=LOGGED_AS,
        pool_logging_name=LOGGED_AS,
        **options,
    )
    sqlalchemy.event.listen(engine, "handle_error", _close_cursor)
    return engine


def _close_cursor(failure: "ExceptionContext") -> None:
    """Close the cursor of a failure; SQLAlchemy leaves one open whose connection is lost."""
    cursor = getattr(failure.execution_context, "cursor", None)
    if cursor is not None:
        with suppress(Exception):
            cursor.close()


def read_url(text: str) -> "URL":
    """Return the address that a text is.

    Raises:
        QueryError: SQLAlchemy is not installed, or it is none.
    """
    sqlalchemy = _sqlalchemy()
    try:
        url: URL = sqlalchemy.make_url(text)
    except Exception:  # of several types, and with the text in it
        told = say(
            "its address is not one of a database; allowed: postgresql://USER:PASSWORD@HOST:PORT/NAME with special "
            "characters in USER and PASSWORD percent-encoded, or sqlite:///PATH"
        )
        raise QueryError(told) from None
    return url


def _sqlalchemy() -> Any:
    # Imported here: it is an extra, for queries alone.
    try:
        import sqlalchemy  # noqa: PLC0415
    except ImportError:
        told = say("queries need SQLAlchemy; install it: {command}", command="pip install 'accord[sql]'")
        raise QueryError(told) from None
    return sqlalchemy
