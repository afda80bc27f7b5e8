"""Writes a report's file whole or not at all."""

import os
from pathlib import Path

from graph.problems import UsageError


def write_file(name: str, data: bytes, may_replace: bool = True) -> None:
    """Write the file at once, in place of one that may be there.

    Raises:
        UsageError: it cannot be written, or is there and may not be replaced.
    """
    path = Path(name)
    if not may_replace and (path.exists() or path.is_symlink()):
        raise UsageError(f"{name}: is there already; name another file, or move it away")
    try:
        _replace(path, data)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{name}: cannot be written: {reason or error}") from None


def _replace(path: Path, data: bytes) -> None:
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(None, "is no regular file")
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(data)
        temporary.replace(target)
    except FileExistsError:
        raise
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
