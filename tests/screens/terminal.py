"""A real terminal: a command on a pseudo terminal of some size, and what its screen shows at the end."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[2]
ROWS = 24
KEPT = 2_000
"""Lines above the screen that can be scrolled back to."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command left: its exit code, all lines of its screen, those scrolled away included, and its colours.

    `written` is what it wrote, escape sequences included.
    """

    code: int
    lines: tuple[str, ...]
    colours: frozenset[str]
    written: str

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)


def on_screen(
    columns: int, *arguments: object, cwd: Path | None = None, path: Path = ROOT, env: Mapping[str, str] | None = None
) -> Shown:
    """Run `accord` at a terminal of so many columns; modules are looked for in `path` first, then in the checkout."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": f"{path}:{ROOT}", **(env or {})}
    for name in ("COLUMNS", "LINES", "CI"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "graph", *map(str, arguments)]
    screen = pyte.HistoryScreen(columns, ROWS, history=KEPT)
    stream, written = pyte.ByteStream(screen), b""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=cwd) as process:
        os.close(theirs)
        while data := _read(ours):
            stream.feed(data)
            written += data
    os.close(ours)
    above = ["".join(row[column].data for column in range(columns)) for row in screen.history.top]
    lines = [line.rstrip() for line in (*above, *screen.display)]
    while lines and not lines[-1]:
        lines.pop()
    colours = {cell.fg for row in (*screen.history.top, *screen.buffer.values()) for cell in row.values()}
    return Shown(process.returncode, tuple(lines), frozenset(colours - {"default"}), written.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when the last one on the other side has closed it
        return b""
