"""Delivery: hands batches to an endpoint from a thread of its own, and never holds a process up for long.

The thread is a daemon, so an endpoint that accepts and never answers keeps nobody from leaving.
"""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

PAUSE_SECONDS = 0.25
"""How long a batch gathers."""
MAX_BATCH = 100
MAX_WAITING = 20_000
ALONE = "feedback"
"""What is sent by itself, so that it is not sent twice where what came with it failed."""
LAST_ATTEMPTS = 3
"""How often who leaves tries again where the endpoint answered before."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
UNKNOWN_SECONDS = 0.7
"""How long who leaves waits for an endpoint that has not answered yet."""
PATIENCE_SECONDS = 10.0
"""How long who leaves waits for the next answer of an endpoint that has answered before."""

Item = tuple[str, dict[str, Any]]


class UnreachableError(Exception):
    """The endpoint did not answer, or is busy; the same may be sent again."""


class RefusedError(Exception):
    """The endpoint answered that it does not take what was sent."""


class Delivery:
    """A queue of items, and the thread that sends them.

    `greet` asks the endpoint for the smallest thing, `send` sends a batch; both raise one of the errors above.
    """

    def __init__(self, greet: Callable[[], None], send: Callable[[Sequence[Item]], None]) -> None:
        self._greet, self._send = greet, send
        self._waiting: list[Item] = []
        self._change = threading.Condition()
        self._is_closing = self._is_done = False
        self._answered_at: float | None = None
        self._failures, self.lost, self.problem = 0, 0, ""
        self._thread = threading.Thread(target=self._work, name="accord-traces", daemon=True)

    def put(self, kind: str, item: dict[str, Any]) -> None:
        """Queue an item; one too many is lost."""
        with self._change:
            if not self._thread.is_alive() and not self._is_done:
                self._thread.start()
            if len(self._waiting) >= MAX_WAITING or self._is_done:
                self.lost += 1
                return
            self._waiting.append((kind, item))
            self._change.notify_all()

    def answered(self) -> None:
        """Note that the endpoint has just answered, whatever it said."""
        self._answered_at = time.monotonic()

    def close(self) -> str:
        """Wait for what is under way; return why something was not delivered, or nothing."""
        began = time.monotonic()
        with self._change:
            self._is_closing = True
            self._change.notify_all()
            while self._thread.is_alive() and not self._is_done and time.monotonic() < self._until(began):
                self._change.wait(0.02)
            self.lost += len(self._waiting)
            self._waiting, self._is_done = [], True
        return (self.problem or "it did not answer in time") if self.lost else ""

    def _until(self, began: float) -> float:
        if self._answered_at is None:
            return began + UNKNOWN_SECONDS
        return max(began, self._answered_at) + PATIENCE_SECONDS

    def _work(self) -> None:
        self._try(self._greet)
        while batch := self._gathered():
            if self._try(partial(self._send, batch)):
                self._take(len(batch))
            elif not self._is_closing:
                self._pause(min(FIRST_WAIT_SECONDS * 2.0 ** (self._failures - 1), LONGEST_WAIT_SECONDS))
            elif self._answered_at is None or self._failures > LAST_ATTEMPTS:
                break
            else:
                time.sleep(PAUSE_SECONDS)
        with self._change:
            self._is_done = True
            self._change.notify_all()

    def _try(self, do: Callable[[], None]) -> bool:
        """Return whether it is over with, sent or refused; what was refused is lost."""
        try:
            do()
            self._failures = 0
        except UnreachableError as error:
            self._failures, self.problem = self._failures + 1, str(error)
            return False
        except RefusedError as error:
            self.problem, self.lost = str(error), self.lost + 1
        return True

    def _gathered(self) -> list[Item]:
        """Return the next batch once it has gathered; an empty one where nothing is left and nothing will come."""
        with self._change:
            while not self._waiting and not self._is_closing:
                self._change.wait()
        self._pause(PAUSE_SECONDS, until=MAX_BATCH)
        with self._change:
            size = next((at for at, (kind, _) in enumerate(self._waiting) if kind == ALONE), MAX_BATCH)
            return self._waiting[: min(max(size, 1), MAX_BATCH)]

    def _take(self, count: int) -> None:
        with self._change:
            del self._waiting[:count]

    def _pause(self, seconds: float, until: int = MAX_WAITING) -> None:
        with self._change:
            self._change.wait_for(lambda: self._is_closing or len(self._waiting) >= until, seconds)
