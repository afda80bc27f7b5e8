"""Rates: how often somebody may ask; counted before a request costs the database anything."""

import time
from math import ceil

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from graph.web.gate.arrival import Arrival
from graph.web.gate.rights import OPEN_PATHS
from graph.web.problems import ProblemError
from policies.access.tokens import Token, digest_of
from policies.language import phrase, say


class Rates:
    """The requests of one process in the last minute, by person, and by address of those that no token proves yet.

    So false tokens are counted together, and who is known is served though somebody at their address sends many.
    """

    def __init__(self) -> None:
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._known: dict[str, tuple[str, str]] = {}

    async def check(self, asked: Arrival) -> None:
        """Count a request.

        Raises:
            ProblemError: there were too many.
        """
        if asked.path in OPEN_PATHS:
            return
        text = asked.token or asked.session
        known = self._known.get(digest_of(text)) if text else None
        who = ("person", *known) if known else ("address", asked.peer)
        most = asked.service.terms.requests_per_minute
        if not await self._counts.hit(RateLimitItemPerMinute(most), *who):
            raise await self._too_many(most, who)

    def know(self, text: str | None, token: Token | None) -> None:
        """Note whose token a text is, now that the database was asked; None of one that is refused."""
        if text and token:
            self._known[digest_of(text)] = (token.tenant, token.person)
        elif text:
            self._known.pop(digest_of(text), None)

    async def _too_many(self, most: int, who: tuple[str, ...]) -> ProblemError:
        stats = await self._counts.get_window_stats(RateLimitItemPerMinute(most), *who)
        seconds = max(1, ceil(stats.reset_time - time.time()))
        told = phrase("more than {most} requests a minute; ask again in {seconds} s")
        headers = {"retry-after": str(seconds)}
        return ProblemError(429, say(told, most=most, seconds=seconds), headers=headers)
