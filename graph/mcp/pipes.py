"""Pipes: the standard streams of a process as the protocol's own; whatever else is printed goes to stderr.

Both ends are threads that may be left behind: a read of a pipe that nobody writes to ends with the process alone.
"""

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress

CHUNK = 65_536
Line = bytes | None
"""A line; None where it is too long."""
_Written = tuple[bytes, Callable[[bool], None]]


class Pipes:
    """The lines of stdin, and the way to stdout."""

    def __init__(self, most: int) -> None:
        """Take both streams of the process, and how many bytes a line may have."""
        self._loop, self._most = asyncio.get_running_loop(), most
        self._lines: asyncio.Queue[Line | EOFError] = asyncio.Queue(1)
        self._out: queue.SimpleQueue[_Written] = queue.SimpleQueue()
        source, target = _taken(0, os.open(os.devnull, os.O_RDONLY)), _taken(1, os.dup(2))
        for work, fd in ((self._read, source), (self._write, target)):
            threading.Thread(target=work, args=(fd,), daemon=True).start()

    async def line(self) -> Line:
        """Return the next line, None in place of one that is too long.

        Raises:
            EOFError: there is none.
        """
        found = await self._lines.get()
        if isinstance(found, EOFError):
            raise found
        return found

    async def send(self, data: bytes) -> bool:
        """Write a line; return whether anybody could read it."""
        done: asyncio.Future[bool] = self._loop.create_future()

        def tell(is_written: bool) -> None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(lambda: None if done.done() else done.set_result(is_written))

        self._out.put((data + b"\n", tell))
        return await done

    def _read(self, fd: int) -> None:
        kept, is_skipped = b"", False
        with suppress(RuntimeError, OSError):  # the loop is closed; the pipe is broken
            while chunk := os.read(fd, CHUNK):
                *lines, kept = (kept + chunk).split(b"\n")
                for line in lines:
                    self._put(None if is_skipped or len(line) > self._most else line)
                    is_skipped = False
                if len(kept) > self._most:
                    kept, is_skipped = b"", True
            if kept:
                self._put(kept)
        with suppress(RuntimeError):
            self._put(EOFError())

    def _put(self, found: Line | EOFError) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run_coroutine_threadsafe(self._lines.put(found), self._loop).result()

    def _write(self, fd: int) -> None:
        while True:
            data, tell = self._out.get()
            try:
                while data:
                    data = data[os.write(fd, data) :]
            except OSError:
                tell(False)
            else:
                tell(True)


def _taken(fd: int, instead: int) -> int:
    """Return a descriptor of our own for a standard stream, which leads elsewhere from now on."""
    try:
        own = os.dup(fd)
    except OSError:  # it is closed
        own = os.open(os.devnull, os.O_RDWR)
    os.dup2(instead, fd)
    os.close(instead)
    return own
