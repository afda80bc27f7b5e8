"""Where a database is: a file or a PostgreSQL URL, how it is named to people, and what its failures are called."""

import errno
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from langgraph.store.base import GetOp, Op, SearchOp

from graph.problems import StorageError, UsageError, missing_folder
from graph.settings import Settings
from policies.language import phrase, say

POSTGRES = ("postgresql", "postgres")
BROKEN = (sqlite3.Error, OSError, UnicodeDecodeError, json.JSONDecodeError, MemoryError)
"""What SQLite raises (of a row that says it is huge: no memory), and what comes of reading damaged text or JSON."""

READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_READONLY_DIRECTORY}


@contextmanager
def storage_errors(location: str) -> Iterator[None]:
    """Turn a driver's error into a sentence that names the database.

    Raises:
        StorageError: whatever the driver raised.
    """
    try:
        yield
    except Exception as raised:
        error = raised.__cause__ if isinstance(raised, ValueError) and raised.__cause__ else raised  # by the store
        if not isinstance(error, BROKEN) and not is_postgres_error(error):
            raise
        if _may_only_read(location, error):
            told = say(
                "cannot be written; allow writing to the file and its folder, or name another database with --db"
            )
            raise StorageError(f"{shown(location)}: {told}") from None
        told = say("the database failed: {why}", why=_said(error))
        raise StorageError(f"{shown(location)}: {told}") from None


def silent(location: str, seconds: float) -> str:
    """Return a sentence on a database that did not answer in time."""
    return f"{shown(location)}: {say('the database did not answer within {seconds} s', seconds=round(seconds))}"


def _may_only_read(location: str, error: BaseException) -> bool:
    """Return whether a file that may be read, or one to be made, was refused because nothing may be written there."""
    is_refused = isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
    is_refused |= getattr(error, "sqlite_errorcode", None) in READ_ONLY
    path = sqlite_path(location) if is_refused else None
    return path is not None and (not path.exists() or os.access(path, os.R_OK))


def _said(error: BaseException) -> str:
    if type(error).__name__ in ("PoolClosed", "PoolTimeout"):  # by name: the driver is needed for PostgreSQL alone
        return say("no connection to the server can be had any more")
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return "; ".join(" ".join(line.split()) for line in said.splitlines() if line.strip())


@contextmanager
def row_errors(ops: Iterable[Op]) -> Iterator[None]:
    """Turn what comes of a damaged row of the store, which operations read, into a sentence.

    Raises:
        StorageError: a row has a time, a key or a value that nobody can have written.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        places = [f"`{place}`" for place in dict.fromkeys(map(_read_at, ops)) if place]
        if error.__cause__ is not None or not places:  # the database's own failure, or a write
            raise
        said = " ".join(str(error).split())
        told = phrase("a row under {places} in the store cannot be read: {why}; see `accord audit verify`")
        raise StorageError(say(told, places=say(" or ").join(places[:3]), why=said)) from None


def _read_at(op: Op) -> str:
    """Return where an operation reads rows, nowhere for a write."""
    if isinstance(op, GetOp):
        return ".".join(op.namespace)
    return ".".join(op.namespace_prefix) if isinstance(op, SearchOp) else ""


def shown(location: str) -> str:
    """Return the location without user, password and options, also where it is not a proper URL."""
    scheme, found, rest = location.partition("://")
    place, _, options = rest.partition("?")
    if not found:
        return location
    return f"{scheme}://..." if "@" in options else f"{scheme}://{place.rpartition('@')[2]}"


def sqlite_path(location: str) -> Path | None:
    """Return the path of a SQLite file, links followed so that all who use it share its locks, or None for PostgreSQL.

    Raises:
        UsageError: the URL is not of a kind that is supported, or the path cannot be one.
    """
    scheme, found, rest = location.partition("://")
    named = re.match(r"(postgres(ql)?|sqlite)(:|//)", location)
    if not found and named:  # without the rest, which may have a password
        told = say("the address has no `://`; allowed: a file, sqlite:///FILE, postgresql://...")
        raise UsageError(f"{named[0]}...: {told}")
    if not found:
        return _resolved(location)
    if scheme == "sqlite":
        return _resolved(rest.removeprefix("/"))
    if scheme in POSTGRES:
        return None
    told = phrase("`{scheme}` is not a kind of database; allowed: a file, sqlite:///FILE, postgresql://...")
    raise UsageError(f"{shown(location)}: {say(told, scheme=scheme)}")


def located(settings: Settings, *, reads: bool = False) -> str:
    """Return where the database is; a file of a folder other than the data directory needs that folder to exist.

    So a path that is misspelled never begins an empty database in a new folder. The data directory is made. Who only
    `reads` a database that is named needs its file.

    Raises:
        UsageError: the folder is missing, or the file for who reads, or as `sqlite_path`.
    """
    path = sqlite_path(settings.database)
    if reads and settings.accord_database_url and path is not None and path.parent.is_dir() and _is_missing(path):
        told = phrase("there is no database {place}; correct the path, or begin it with `accord run`")
        raise UsageError(say(told, place=shown(settings.database)))
    if path is not None and settings.home.expanduser().resolve() not in path.parents:
        typed = path if "://" in settings.database else Path(settings.database).expanduser()
        missing = missing_folder(typed)
        if missing is not None:
            told = say("{what}, or correct the path", what=missing)
            raise UsageError(f"{shown(settings.database)}: {told}")
    return settings.database


def _is_missing(path: Path) -> bool:
    """Return whether nothing is there; what cannot be looked at is for whoever opens it to name."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _resolved(name: str) -> Path:
    try:
        path = Path(name).expanduser().resolve()
    except (RuntimeError, ValueError) as error:  # an unknown user, a circle of links, a NUL
        raise UsageError(f"{name}: {say('names no file: {why}', why=error)}") from None
    if not path.name:
        raise UsageError(f"{name}: {say('names no file: it is the root folder')}")
    return path


def is_postgres_error(error: BaseException) -> bool:
    """Return whether PostgreSQL's driver raised this."""
    return type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool")


def check_url(url: str) -> None:
    """Refuse a URL that libpq cannot read in words of our own: its own may quote the password.

    Raises:
        UsageError: it is not an address, or nothing is installed that could connect to it.
    """
    # Imported here: the driver is an extra, for PostgreSQL alone.
    try:
        import psycopg_pool  # noqa: F401, PLC0415
        from psycopg import ProgrammingError  # noqa: PLC0415
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError:
        told = say("PostgreSQL needs its driver; install it: {command}", command="pip install 'accord[postgres]'")
        raise UsageError(f"{shown(url)}: {told}") from None
    try:
        is_read = re.fullmatch(r"[0-9,]*", str(conninfo_to_dict(url).get("port", "")))
    except (ProgrammingError, UnicodeError):
        is_read = None
    if not is_read:
        told = say(
            "is not the address of a database; allowed: postgresql://USER:PASSWORD@HOST:PORT/NAME, "
            "special characters in USER and PASSWORD percent-encoded"
        )
        raise UsageError(f"{shown(url)}: {told}")
