"""Logs: a line of JSON for each request, and for the beginning and the end of each drive.

A line never has a body, a token or a fact: of an error it has the kind and the places in the code, not the message.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

import structlog

from graph.service.hearing import BROKEN_OFF, Drive

REQUEST = "accord.request"
"""Under this key the scope of a request has its id."""
CAUSE = "accord.cause"
"""Under this key the scope of a request has what the log alone is to know of its problem."""
MAX_TEXT = 500
PLACES = 12

Write = Callable[..., Any]
"""Writes one line: its event, then its values by name."""


def to_stream(stream: TextIO) -> Write:
    """Return what writes a line of JSON to a stream; a stream that is closed or full holds nobody up."""
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
    )

    def write(event: str, level: str = "info", **values: Any) -> None:
        with suppress(OSError, ValueError):
            getattr(logger, level)(event, **values)

    return write


def to_server(event: str, level: str = "info", **values: Any) -> None:
    """Write a line into the log of the LangGraph server, in its form."""
    getattr(structlog.stdlib.get_logger("accord"), level)(event, **values)


def note_drives(write: Write) -> Callable[[Drive], None]:
    """Return what notes the beginning and the end of drives."""

    def note(drive: Drive) -> None:
        values = {"thread": drive.thread, "tenant": drive.tenant}
        if drive.has_begun:
            write("drive begins", **values)
            return
        record = drive.record or {"status": BROKEN_OFF}
        ended = {"status": record["status"], "stop_reason": record.get("stop_reason"), "cause": drive.cause}
        told = {name: value for name, value in ended.items() if value is not None}
        write("drive ends", **values, **told, ms=round(drive.seconds * 1_000))

    return note


def places_of(error: BaseException) -> list[str]:
    """Return where in the code an error was raised, the innermost place last."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames]


class Lines(logging.Handler):
    """Writes what libraries log as lines of JSON, too."""

    def __init__(self, write: Write) -> None:
        super().__init__(logging.WARNING)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; of an exception its kind and its places alone."""
        error = record.exc_info[1] if record.exc_info else None
        beside: dict[str, Any] = {"error": type(error).__name__, "places": places_of(error)} if error else {}
        told = record.getMessage().partition("\n")[0][:MAX_TEXT]
        level = "error" if record.levelno >= logging.ERROR else "warning"
        self._write("library", level, logger=record.name, told=told, **beside)


def log_libraries(write: Write) -> None:
    """Send what libraries log through the same lines, from now on."""
    logging.root.handlers = [Lines(write)]


def to_stderr() -> Write:
    """Return what writes lines to stderr."""
    return to_stream(sys.stderr)
