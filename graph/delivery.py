"""Delivery: hands batches to an endpoint from a thread of its own, and never holds a process up for long.

The thread is a daemon, so an endpoint that accepts and never answers keeps nobody from leaving.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

PAUSE_SECONDS = 0.25
"""How long a batch gathers."""
MAX_BATCH = 100
MAX_WAITING = 20_000
ALONE = "feedback"
"""What is sent by itself, so that it is not sent twice where what came with it failed."""
LAST_ATTEMPTS = 3
"""How often a process that ends tries again where the endpoint answered before."""
POSTPONEMENTS = 20
"""How often an item is put behind the others where the endpoint is not ready for it yet."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
UNKNOWN_SECONDS = 0.7
"""How long a process that ends waits for an endpoint that has not answered yet."""
PATIENCE_SECONDS = 10.0
"""How long it waits for the next answer of an endpoint that has answered before."""

Item = tuple[str, dict[str, Any]]


def status_of(error: BaseException | None) -> int | None:
    """Return the status that an endpoint answered; None where it gave no answer."""
    while error is not None:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        error = error.__cause__ or error.__context__
    return None


class UnreachableError(Exception):
    """The endpoint did not answer, or is busy; the same may be sent again."""


class EarlyError(Exception):
    """The endpoint is not ready for what was sent, such as feedback on a trace that it has not read yet."""


class RefusedError(Exception):
    """The endpoint answered that it does not take what was sent."""


class Delivery:
    """A queue of items, and the thread that sends them.

    `greet` asks the endpoint for the smallest thing, `send` sends a batch; both raise one of the errors above.
    `on_loss` is called with the first loss when it happens. Whatever else goes wrong is a loss, too, and stops nothing.
    """

    def __init__(self, greet: Callable[[], None], send: Callable[[Sequence[Item]], None]) -> None:
        self._greet, self._send = greet, send
        self.on_loss: Callable[[str], None] | None = None
        self._parts, self._apart = deque[Item](), deque[Item]()
        self._sent_parts = False
        self._postponed: Counter[str] = Counter()
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
            if self._waiting >= MAX_WAITING or self._is_done:
                self.lost += 1
                return
            self._queue_of(kind).append((kind, item))
            self._change.notify_all()

    @property
    def _waiting(self) -> int:
        return len(self._parts) + len(self._apart)

    def _queue_of(self, kind: str) -> deque[Item]:
        return self._apart if kind == ALONE else self._parts

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
            self.lost += self._waiting
            self._parts.clear()
            self._apart.clear()
            self._is_done = True
        return (self.problem or "it did not answer in time") if self.lost else ""

    def _until(self, began: float) -> float:
        if self._answered_at is None:
            return began + UNKNOWN_SECONDS
        return max(began, self._answered_at) + PATIENCE_SECONDS

    def _work(self) -> None:
        self._try(self._greet)
        while batch := self._gathered():
            if self._try(partial(self._send, batch)):
                self._take(batch)
                continue
            with self._change:
                self._apart.rotate(-1)  # the next one may get through
            if not self._is_closing:
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
        except EarlyError as error:
            self._postpone(str(error))
        except RefusedError as error:
            self._lose(str(error))
        except Exception as error:  # of the library, or a bug: nothing of a run may rest on it
            self._lose(type(error).__name__)
        return True

    def _lose(self, problem: str) -> None:
        self.problem, self.lost = problem, self.lost + 1
        if self.on_loss is not None and self.lost == 1:
            self.on_loss(problem)

    def _postpone(self, problem: str) -> None:
        """Put the first item behind the others, or lose it where that was done too often."""
        kind, item = self._apart[0]
        self._postponed[item["id"]] += 1
        if self._postponed[item["id"]] > POSTPONEMENTS:
            del self._postponed[item["id"]]
            return self._lose(problem)
        with self._change:
            self._apart.append((kind, item))
            is_alone = self._waiting == 2
        if is_alone:
            time.sleep(PAUSE_SECONDS)
        return None

    def _gathered(self) -> list[Item]:
        """Return the next batch once it has gathered; an empty one where nothing is left and nothing will come.

        Parts of traces and what is sent by itself take turns, so that neither holds up the other.
        """
        with self._change:
            while not self._waiting and not self._is_closing:
                self._change.wait()
        self._pause(PAUSE_SECONDS, until=MAX_BATCH)
        with self._change:
            self._sent_parts = bool(self._parts) and not (self._sent_parts and self._apart)
            return [*islice(self._parts, MAX_BATCH)] if self._sent_parts else [*islice(self._apart, 1)]

    def _take(self, batch: Sequence[Item]) -> None:
        with self._change:
            for kind, _ in batch:
                self._queue_of(kind).popleft()

    def _pause(self, seconds: float, until: int = MAX_WAITING) -> None:
        with self._change:
            self._change.wait_for(lambda: self._is_closing or self._waiting >= until, seconds)
