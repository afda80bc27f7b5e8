"""The file of a SQLite database: private to its user when it is made, in WAL, and copied where it may only be read."""

import errno
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from graph.problems import StorageError
from graph.store.location import shown
from policies.language import say

Synchronous = Literal["NORMAL", "FULL"]
BUSY_TIMEOUT_SECONDS = 30.0
UNSCRUBBED = "user_version"
"""The number in a file that SQLite leaves to its users: not 0 while what was deleted may be found in its bytes."""
WAL_PAUSE_SECONDS = 0.05
WAL_ATTEMPTS = 300


def locks_of(path: Path) -> Path:
    """Return the folder of the locks of a database's threads."""
    return _beside(path, ".locks")


def make_folder(folder: Path, like: Path | None = None) -> None:
    """Make a folder, and those above it that are missing, for its user alone; what is there already stays as it is.

    Made by the superuser, it is given to the user whose file it is to be `like`, as SQLite does with its own.
    """
    if folder.is_dir():
        return
    if not folder.parent.exists():
        make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    if like is not None and os.geteuid() == 0:
        owner = like.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)


def connect(path: Path, synchronous: Synchronous) -> sqlite3.Connection:
    """Return a connection in WAL that begins no transaction by itself.

    `NORMAL` is safe when a process is killed, `FULL` also when power is lost.
    """
    make_folder(path.parent)
    with suppress(FileExistsError):
        # Here and not by SQLite, which would leave the file to the umask; its companions take the mode of the file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    if not path.is_file():
        raise OSError(errno.EINVAL, say("it is not a regular file"))
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False, isolation_level=None)
    try:
        _turn_to_wal(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _turn_to_wal(connection: sqlite3.Connection) -> None:
    """Turn the file to WAL; where another process does the same to a fresh file, SQLite fails at once, unwaited."""
    for attempt in range(WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == WAL_ATTEMPTS - 1:
                raise
            time.sleep(WAL_PAUSE_SECONDS)


def scrubbed(connection: sqlite3.Connection) -> bool:
    """Write a file anew without what was deleted from it; return whether nothing of that is left, not even in the WAL.

    Where somebody reads meanwhile, or no room is left, it is done the next time.
    """
    found = _unscrubbed(connection)
    if not found:
        return True
    try:
        connection.execute("VACUUM")
        ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:
        return False
    if is_busy:
        return False
    connection.execute("BEGIN IMMEDIATE")
    if _unscrubbed(connection) == found:  # else somebody has deleted more meanwhile
        connection.execute(f"PRAGMA {UNSCRUBBED}=0")
    connection.execute("COMMIT")
    return True


def begin_deleting(connection: sqlite3.Connection) -> None:
    """Note in the open transaction that rows are deleted which are to be scrubbed from the file."""
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute(f"PRAGMA {UNSCRUBBED}={_unscrubbed(connection) % 1_000_000 + 1}")


def _unscrubbed(connection: sqlite3.Connection) -> int:
    ((number,),) = connection.execute(f"PRAGMA {UNSCRUBBED}")
    return int(number)


def guard_of(path: Path, location: str) -> Callable[[], None]:
    """Return what fails once the file that is there now was deleted or replaced: SQLite itself would carry on.

    Raises:
        StorageError: when it is called, and the file is another one or gone.
    """

    def identity() -> tuple[int, int] | None:
        try:
            there = path.stat()
        except OSError:
            return None
        return there.st_dev, there.st_ino

    opened = identity()

    def guard() -> None:
        if identity() != opened:
            told = say("was deleted or replaced while it was in use; what was written to it is lost")
            raise StorageError(f"{shown(location)}: {told}")

    return guard


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Yield the path of a database to read; where nothing can be written, or nothing is there, that of a private copy.

    SQLite cannot merely read: in WAL every reader writes next to the file, and whoever finds a thread that ended
    unnoticed notes it.
    """
    if _is_writable(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="accord-") as folder:
        copy = Path(folder) / path.name
        with suppress(FileNotFoundError):
            _copy(path, copy)
        yield copy


def _is_writable(path: Path) -> bool:
    is_effective = os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=is_effective) for place in (path, path.parent))


def _copy(path: Path, copy: Path) -> None:
    if _beside(path, "-shm").exists():
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as kept:
            with closing(sqlite3.connect(copy)) as made:
                kept.backup(made)
            return
    # Nobody has it open: the file and what was not yet carried over into it are all there is.
    shutil.copyfile(path, copy)
    with suppress(FileNotFoundError):
        shutil.copyfile(_beside(path, "-wal"), _beside(copy, "-wal"))


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
