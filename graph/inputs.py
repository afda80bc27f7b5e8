"""Input files of any kind, read in bounded memory; one that never comes is not waited for."""

import errno
import io
import os
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from graph.problems import UsageError, reason_of
from policies.language import phrase, say
from policies.nearest import nearest

PATIENCE_SECONDS = 10.0
"""How long a pipe or a device may be silent; stdin may be for ever."""

STDIN = "-"
PIECE = 1024 * 1024
MAX_REST = 100 * 1024 * 1024
"""Bytes after which a line that is too long is taken to have no end."""

MAX_LINES = 2_000_000
MAX_ENTRIES = 5_000
"""Files of a folder among which the nearest name is looked for."""


class _Patient(io.RawIOBase):
    """Reads what may be silent, and gives up when it is for too long."""

    def __init__(self, file: int, name: str) -> None:
        self._file, self._name = file, name
        self._poll = select.poll()
        self._poll.register(file, select.POLLIN)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is anything.

        Raises:
            UsageError: nothing came for too long.
        """
        if not self._poll.poll(PATIENCE_SECONDS * 1_000):
            told = phrase("is not a regular file, and nothing was written to it for {seconds} seconds; name a file")
            raise UsageError(f"{self._name}: {say(told, seconds=f'{PATIENCE_SECONDS:.0f}')}")
        return os.readv(self._file, [buffer])

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._file)
        super().close()


def read_input(path: str | Path, limit: int, name: str | None = None) -> bytes:
    """Return the beginning of a text file that the user named, one byte more than the limit at most.

    What is wrong with it is said by `name` where one is given, and no other file is named.

    Nothing is read after a piece with a NUL: it is not text, and a device may never end.

    Raises:
        UsageError: it cannot be read, or is silent for too long.
    """
    data = bytearray()
    with open_input(path, name) as file, _said(path, name):
        while piece := file.read(min(PIECE, limit + 1 - len(data))):
            data += piece
            if b"\0" in piece:
                break
    return bytes(data)


def read_stdin(limit: int) -> bytes:
    """Return the beginning of stdin, one byte more than the limit at most.

    Raises:
        UsageError: it is closed, or cannot be read.
    """
    with _said("stdin"), _stdin() as file:
        return file.read(limit + 1)


@contextmanager
def open_input(path: str | Path, name: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file that the user named: a regular one, a pipe or a device; `name` is as `read_input` has it.

    Raises:
        UsageError: it cannot be opened.
    """
    with _said(path, name):
        # Without waiting: a pipe that nobody writes to cannot be opened otherwise.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        may_be_silent = _may_be_silent(file)
    patient = partial(io.BufferedReader, buffer_size=PIECE)
    with patient(_Patient(file, name or str(path))) if may_be_silent else os.fdopen(file, "rb") as opened:
        yield opened


@contextmanager
def _said(path: str | Path, name: str | None = None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(
            f"{_unread(name or path, reason_of(error))}{'' if name else _nearest_file(Path(path))}"
        ) from None
    except OSError as error:
        raise UsageError(_unread(name or path, reason_of(error))) from None
    except ValueError as error:  # a NUL in the path
        raise UsageError(_unread(name or repr(str(path)), error)) from None


def _unread(name: str | Path, why: object) -> str:
    return f"{name}: {say('cannot be read: {why}', why=why)}"


def _nearest_file(path: Path) -> str:
    """Return the end of a sentence that names the file in the same folder that was probably meant."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MAX_ENTRIES)]
    except OSError:
        return ""
    found = nearest(path.name, names)
    return say("; did you mean `{name}`?", name=path.parent / found) if found else ""


def _may_be_silent(file: int) -> bool:
    mode = os.fstat(file).st_mode
    if stat.S_ISDIR(mode):
        os.close(file)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return not stat.S_ISREG(mode)


def bounded_lines(file: IO[bytes], limit: int, name: str | Path) -> Iterator[bytes]:
    """Yield the lines of a file with their ends; of a longer one the first `limit` bytes and one more.

    Raises:
        UsageError: the file cannot be read, or a line has no end.
    """

    def read(size: int) -> bytes:
        with _said(name):
            return file.readline(size)

    number = 0
    while line := read(limit + 1):
        number += 1
        rest, passed = line, 0
        while rest and not rest.endswith(b"\n") and len(line) > limit:
            rest = read(PIECE)
            passed += len(rest)
            if passed > MAX_REST:
                told = say(
                    "line {number}: does not end; allowed: at most {most} bytes a line", number=number, most=limit
                )
                raise UsageError(f"{name}: {told}")
        yield line


@contextmanager
def open_lines(name: str, limit: int) -> Iterator[Callable[[], Iterator[bytes]]]:
    """Open a file of lines, or stdin for `-`; what is yielded reads them from the start, as often as it is called.

    What can be read once only is kept in a file that has no name, so that memory does not grow with it.

    Raises:
        UsageError: it cannot be read, has a line without end, or too many lines.
    """
    with _stdin() if name == STDIN else open_input(name) as file, ExitStack() as stack:
        if not _is_regular(file):
            file = stack.enter_context(_kept(file, limit, name))
        start = file.tell()

        def lines() -> Iterator[bytes]:
            file.seek(start)
            return bounded_lines(file, limit, name)

        yield lines


@contextmanager
def _kept(file: IO[bytes], limit: int, name: str) -> Iterator[IO[bytes]]:
    with TemporaryFile() as kept:
        for number, line in enumerate(bounded_lines(file, limit, name), 1):
            if number > MAX_LINES:
                raise UsageError(f"{name}: {say('has more than {most} lines; split it', most=MAX_LINES)}")
            kept.write(line if line.endswith(b"\n") else line + b"\n")
        kept.seek(0)
        yield kept


def _is_regular(file: IO[bytes]) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


@contextmanager
def _stdin() -> Iterator[IO[bytes]]:
    if sys.stdin is None:
        raise UsageError(_unread("-", say("stdin is closed")))
    yield sys.stdin.buffer
