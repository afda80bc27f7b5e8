"""Turns: which of the runs that wait is begun next."""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Set

from graph.store.queue import Promise

_Line = list[tuple[str, str, Promise]]


class Turns:
    """What waits: who was answered first, then each tenant in turn, and of a tenant the oldest first.

    The tenant with the fewest runs at work comes first, of several the one that has waited longest for a turn. So
    a tenant with a thousand runs delays another's by one run at most.
    """

    def __init__(self) -> None:
        self._lines: Mapping[bool, dict[str, _Line]] = {True: defaultdict(list), False: defaultdict(list)}
        self._last: dict[str, int] = {}
        self._turn = 0

    def add(self, promise: Promise) -> None:
        """Let a promise wait for its turn."""
        line = self._lines[promise.is_answered][promise.tenant]
        heapq.heappush(line, (promise.at, promise.thread, promise))

    def take(self, at_work: Mapping[str, int], halted: Set[str] = frozenset()) -> Promise | None:
        """Return the promise whose turn it is, given how many runs each tenant has at work; None where none waits.

        Those of halted tenants wait on.
        """
        lines = self._lines[bool(self._lines[True].keys() - halted)]
        tenants = lines.keys() - halted
        if not tenants:
            return None
        tenant = min(tenants, key=lambda each: (at_work.get(each, 0), self._last.get(each, 0), each))
        self._turn += 1
        self._last[tenant] = self._turn
        _, _, promise = heapq.heappop(lines[tenant])
        if not lines[tenant]:
            del lines[tenant]
        return promise
