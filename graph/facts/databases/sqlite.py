"""A query to a SQLite file, which is opened for reading alone and is let do nothing else.

The file is opened as read-only and `query_only` is on; besides, SQLite asks an authorizer before anything that a query
wants to do, and it allows only what reads. So no other file is attached, made or written.
"""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graph.facts.databases.asking import (
    Clock,
    Found,
    OverdueError,
    Query,
    QueryError,
    Take,
    UnreachableError,
    rows_from,
)
from graph.facts.databases.engines import engine_of
from graph.facts.source import SourceError
from policies.language import in_figures, phrase, say
from policies.team.queries import is_named, said_names

WORDS = ("SELECT", "VALUES", "WITH")
"""With which of them a query may begin."""

STEPS = 10_000
"""Steps of SQLite's machine between two looks at the clock."""

MAX_BYTES = 1_000_000
"""The longest text or blob, or row, that SQLite may make or read."""

LIMITS: Mapping[int, int] = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_BYTES,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,  # a comparison takes longer with each `%`, and cannot be ended
}

PRAGMAS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "cache_size = -8000")
"""What is set before the query: no writing, no trust in what the file's own views and triggers call, little memory."""

VIRTUAL = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'"
"""Tables such as those of full-text search, which declare their columns when they are read first, as if they wrote."""

READS = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE)
ACTS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "sqlite_log", "regexp"})
"""Functions that reach beyond the database where SQLite has them; and SQLAlchemy's `regexp`, which nothing can end."""

ACTIONS: Mapping[int, str] = {
    getattr(sqlite3, f"SQLITE_{name}"): name.replace("_", " ")
    for name in (
        *("CREATE_INDEX", "CREATE_TABLE", "CREATE_TEMP_INDEX", "CREATE_TEMP_TABLE", "CREATE_TEMP_TRIGGER"),
        *("CREATE_TEMP_VIEW", "CREATE_TRIGGER", "CREATE_VIEW", "CREATE_VTABLE", "DELETE", "DROP_INDEX", "DROP_TABLE"),
        *("DROP_TEMP_INDEX", "DROP_TEMP_TABLE", "DROP_TEMP_TRIGGER", "DROP_TEMP_VIEW", "DROP_TRIGGER", "DROP_VIEW"),
        *("DROP_VTABLE", "INSERT", "PRAGMA", "TRANSACTION", "UPDATE", "ATTACH", "DETACH", "ALTER_TABLE", "REINDEX"),
        *("ANALYZE", "SAVEPOINT"),
    )
}
"""What SQLite asks leave for besides reading, as SQL calls it."""

PASSED_ON = tuple(
    re.compile(pattern)
    for pattern in (
        r'near "(?P<name>.+)": syntax error',
        r"incomplete input",
        r"no such (?:table|column|function|collation sequence|module): (?P<name>.+)",
        r"ambiguous column name: (?P<name>.+)",
        r"wrong number of arguments to function (?P<name>.+)\(\)",
        r'unrecognized token: "(?P<name>.+)"',
        r"misuse of (?:aggregate|window function)(?:: |\()?(?P<name>\w*).*",
        r"unable to use function (?P<name>.+) in the requested context",
        r"no tables specified",
        r"(?:all VALUES must have|SELECTs to the left and right of \w+(?: ALL)? do not have) the same number of .*",
        r"sub-select returns \d+ columns - expected \d+",
        r"too many columns in result set",
        r"a GROUP BY clause is required before HAVING",
        r"circular reference: (?P<name>.+)",
    )
)
"""What SQLite says of a query. The name in it is passed on where it is in the query: anything else may be a value."""

FAILURES: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: phrase("the file is locked by somebody who writes to it, and was not free in time"),
    sqlite3.SQLITE_LOCKED: phrase("the file is locked by somebody who writes to it, and was not free in time"),
    sqlite3.SQLITE_NOTADB: phrase("the file is not a SQLite database, or is encrypted"),
    sqlite3.SQLITE_CORRUPT: phrase("the file is damaged"),
    sqlite3.SQLITE_CANTOPEN: phrase("the file, or its `-wal` or `-shm` file, cannot be opened for reading"),
    sqlite3.SQLITE_PERM: phrase("the file may not be read"),
    sqlite3.SQLITE_READONLY: phrase("the query may only read, and SQLite needs to write for it"),
    sqlite3.SQLITE_IOERR: phrase("the file cannot be read to its end"),
    sqlite3.SQLITE_FULL: phrase("the disk is full"),
    sqlite3.SQLITE_NOMEM: phrase("the query needs more memory than there is"),
    sqlite3.SQLITE_TOOBIG: phrase("the query makes or reads a value, or a row, of more than {most} bytes"),
}
"""What is said of a failure, by SQLite's code for it."""


def read_rows(url: Any, folder: Path, query: Query, clock: Clock, take: Take[Found]) -> Found:
    """Return what is made of the rows that a query to a file gives; a path that is not absolute starts at the folder.

    Raises:
        QueryError: the file cannot be read, or the query failed.
        OverdueError: the time is over.
    """
    path, gate = _path_of(url, folder), Gate()
    engine = engine_of("sqlite://", creator=lambda: _opened(path, clock))
    try:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            with clock.ended_by(driver.interrupt):
                _close_in(driver, gate, clock)
                result = connection.exec_driver_sql(query.text, dict(query.values))
                return take((*result.keys(),), rows_from(result.fetchmany, clock))
    except Exception as error:
        raise _told(error, query, gate, clock) from None
    finally:
        engine.dispose()


def _path_of(url: Any, folder: Path) -> Path:
    named = url.database or ""
    if url.host or url.username or url.query or not named or named.startswith((":memory:", "file:")):
        raise UnreachableError(say("its address names no file; allowed: sqlite:///PATH, without a host and options"))
    try:
        path = folder / Path(named).expanduser()
        is_file = path.is_file()
    except (OSError, ValueError, RuntimeError):  # too long a name, one with a NUL, or the home of nobody
        is_file = False
    if not is_file:
        raise UnreachableError(say("its file does not exist, or is not a file"))
    return path


def _opened(path: Path, clock: Clock) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?mode=ro"
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=clock.seconds_left, check_same_thread=False, cached_statements=0
    )


class Gate:
    """What SQLite asks leave for: it is given for reading alone, and what was refused first is kept."""

    def __init__(self) -> None:
        self.refused: str | None = None

    def allows(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        """Return SQLite's word for yes or no."""
        if action in READS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            return self._answer(second not in ACTS, f"{second}()")
        is_version = (
            action == sqlite3.SQLITE_PRAGMA and first == "data_version" and second is None
        )  # full-text search asks
        return self._answer(is_version, ACTIONS.get(action, say("an action that is unknown here")))

    def _answer(self, is_allowed: bool, words: str) -> int:
        if not is_allowed:
            self.refused = self.refused or words
        return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _close_in(driver: sqlite3.Connection, gate: Gate, clock: Clock) -> None:
    """Let a connection do nothing but read, within limits and until the time is over."""
    driver.set_progress_handler(lambda: clock.is_over, STEPS)
    for pragma in PRAGMAS:
        driver.execute(f"PRAGMA {pragma}")
    for limit, most in LIMITS.items():
        driver.setlimit(limit, most)
    for (name,) in driver.execute(VIRTUAL).fetchall():
        with suppress(sqlite3.OperationalError):  # of a module that this SQLite lacks; the query says so if it needs it
            driver.execute('SELECT 1 FROM "{}" LIMIT 0'.format(name.replace('"', '""')))
    driver.set_authorizer(gate.allows)


def _told(error: Exception, query: Query, gate: Gate, clock: Clock) -> Exception:
    """Return what is raised in place of an error."""
    if isinstance(error, SourceError | OverdueError):
        return error
    if clock.is_over:
        return OverdueError()
    if gate.refused:
        # A table of a pragma is made first, for which SQLite asks leave to change its schema.
        pragma = next((name for name in said_names(query.text) if name.lower().startswith("pragma_")), None)
        what = pragma or gate.refused
        return QueryError(say("the query may only read, and SQLite did not allow `{what}`", what=what))
    return QueryError(_said(getattr(error, "orig", None) or error, query.text))


def _said(error: BaseException, query: str) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in FAILURES:
        return say(FAILURES[code & 0xFF], most=in_figures(f"{MAX_BYTES:,}"))
    if str(error).startswith("Could not decode to UTF-8"):
        return say("a text in the database is not UTF-8; select CAST(… AS blob), or hex(…)")
    if isinstance(error, sqlite3.Warning | sqlite3.ProgrammingError) and "one statement" in str(error):
        return say("the query has more than one statement; allowed: one")
    words = next((found for pattern in PASSED_ON if (found := pattern.fullmatch(str(error)))), None)
    if words and all(is_named(name, query) for name in words.groupdict().values() if name):
        return say("SQLite refuses the query: {words}", words=words[0])
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return say("SQLite refuses the query, or a value that it meets ({name})", name=name)
