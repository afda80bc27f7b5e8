"""What the tests of facts over HTTP share: a network of loopback servers, a resolver of ours, and a log of connections.

The log is Python's own audit of `socket.connect`: it shares nothing with what is tested, and sees every connection.
"""

import asyncio
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_LOGS: list[list[tuple[str, int]]] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple):
        for log in _LOGS:
            log.append((str(args[1][0]), int(args[1][1])))


sys.addaudithook(_audit)


@contextmanager
def connections() -> Iterator[list[tuple[str, int]]]:
    """Every address that this process connects to within the block."""
    log: list[tuple[str, int]] = []
    _LOGS.append(log)
    try:
        yield log
    finally:
        _LOGS.remove(log)


class Names:
    """A resolver: the answers of each name, one lookup after the other, the last one for ever; and what was asked."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(each) for name, each in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self._answers:
            raise OSError
        answers = self._answers[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def run(work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, on a loop of its own."""
    return asyncio.run(work)
