"""Writes a report's file whole or not at all."""

import os
from pathlib import Path

from graph.problems import UsageError


def write_file(name: str, data: bytes) -> None:
    """Write what the database holds to a file, in place of one that may be there; its user alone may read it.

    Raises:
        UsageError: it cannot be written.
    """
    _write(name, data, 0o600)


def write_new_file(name: str, data: bytes) -> None:
    """Write a file that anybody may read, where none is.

    Raises:
        UsageError: it cannot be written, or is there already.
    """
    path = Path(name)
    if path.exists() or path.is_symlink():
        raise UsageError(f"{name}: is there already; name another file, or move it away")
    _write(name, data, 0o666)


def _write(name: str, data: bytes, mode: int) -> None:
    try:
        _replace(Path(name), data, mode)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{name}: cannot be written: {reason or error}") from None


def _replace(path: Path, data: bytes, mode: int) -> None:
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(None, "is no regular file")
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
        temporary.replace(target)
    except FileExistsError:
        raise
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
