"""Writes the file of a report, or a folder, whole or not at all."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from graph.problems import UsageError, missing_folder
from policies.language import say


def write_file(name: str, data: bytes) -> None:
    """Write what the database holds to a file, in place of one that may be there; its user alone may read it.

    Raises:
        UsageError: it cannot be written.
    """
    with _named(name), writing_file(name) as file:
        file.write(data)


def write_new_file(name: str, data: bytes) -> None:
    """Write a file that anybody may read, where none is.

    Raises:
        UsageError: it cannot be written, or is there already.
    """
    path = Path(name)
    if path.exists() or path.is_symlink():
        raise UsageError(say("{name}: already exists; name another file, or move it away", name=name))
    with _named(name), writing_file(name, 0o666) as file:
        file.write(data)


def write_new_folder(name: str, files: Mapping[str, bytes]) -> None:
    """Write a folder of what the database holds, where none is: whole or not at all; its user alone may read it.

    Raises:
        UsageError: it cannot be written, or something of that name is there already.
    """
    with _named(name):
        if not name:
            raise OSError(None, say("it has no name"))
        folder = Path(os.path.abspath(name))
        if folder.exists() or folder.is_symlink():
            raise UsageError(say("{name}: already exists; name another folder, or move it away", name=name))
        temporary = folder.with_name(f".{folder.name[:100]}.{os.getpid()}")
        temporary.mkdir(mode=0o700)
        try:
            for each, data in files.items():
                with os.fdopen(os.open(temporary / each, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(data)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


@contextmanager
def writing_file(name: str, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Open a file to write what the database holds bit by bit; it takes its place when all of it is written.

    Raises:
        UsageError: it cannot be written.
    """
    with _named(name):
        target, temporary, file = _begun(Path(name), mode)
    try:
        yield file
        with _named(name):
            file.close()
            temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            file.close()
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        missing = missing_folder(Path(name)) if isinstance(error, FileNotFoundError) else None
        reason = missing or (error.strerror if isinstance(error, OSError) else str(error))
        if isinstance(error, PermissionError):
            reason = say("{reason}; name a file in a folder where you may write", reason=reason)
        raise UsageError(say("{name}: cannot be written: {reason}", name=name, reason=reason or error)) from None


def _begun(path: Path, mode: int) -> tuple[Path, Path, IO[bytes]]:
    """Return the file to replace, and the one next to it that is written first."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OSError(None, say("it is not a regular file"))
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}")
    return target, temporary, os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")
