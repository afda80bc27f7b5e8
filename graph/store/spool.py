"""A spool: plain values kept on disk and read back in order, so that memory does not grow with their number."""

import heapq
import json
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

PIECE = 1_000
"""Values that are held in memory at most, and sorted at once."""

Line = tuple[list[Any], Any]


class Spool:
    """Values under keys that are lists of plain values."""

    def __init__(self, file: IO[bytes], piece: int = PIECE) -> None:
        self._file, self._piece = file, piece
        self._held: list[Line] = []
        self._pieces: list[tuple[int, int]] = []

    def add(self, key: list[Any], value: Any) -> None:
        """Keep a value under a key."""
        self._held.append((key, value))
        if len(self._held) >= self._piece:
            self._write()

    def ordered(self) -> Iterator[Any]:
        """Yield the values by their keys, the lowest first."""
        self._write()
        pieces = [self._read(start, end) for start, end in self._pieces]
        return (value for _, value in heapq.merge(*pieces, key=lambda line: line[0]))

    def _write(self) -> None:
        start = self._file.seek(0, 2)
        for line in sorted(self._held, key=lambda line: line[0]):
            self._file.write(json.dumps(line).encode() + b"\n")
        self._pieces.append((start, self._file.tell()))
        self._held = []

    def _read(self, start: int, end: int) -> Iterator[Line]:
        while start < end:
            self._file.seek(start)
            line = self._file.readline()
            start += len(line)
            key, value = json.loads(line)
            yield key, value


@contextmanager
def open_spool(piece: int = PIECE) -> Iterator[Spool]:
    """Open a spool in a file that has no name and is gone afterwards."""
    with TemporaryFile() as file:
        yield Spool(file, piece)
