"""Sessions: who is logged in at the board, kept in the database of the threads under the hash of each cookie."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from langgraph.store.base import BaseStore

from policies.access.tokens import RANDOM_BYTES, Token, digest_of, text_of, time_after

NAMESPACE = ("sessions",)
LASTS = "12h"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept of a session: the digest of the token that it was begun with, and when it ends."""

    token: str
    ends_at: str

    def is_over(self, now: str) -> bool:
        """Return whether it has ended at this time."""
        return datetime.fromisoformat(now) >= datetime.fromisoformat(self.ends_at)

    def seconds_left(self, now: str) -> int:
        """Return how many whole seconds it still lasts.

        >>> Session("digest", "2026-03-01T18:00:00Z").seconds_left("2026-03-01T17:59:58.500+00:00")
        1
        """
        return int((datetime.fromisoformat(self.ends_at) - datetime.fromisoformat(now)).total_seconds())


class Sessions:
    """The sessions of one database; every process sees with its next request which there are."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def begin(self, text: str, token: Token, now: str) -> tuple[str, Session]:
        """Begin a session of whoever holds a token; return its cookie, which nothing keeps, and what is kept."""
        cookie, session = text_of(secrets.token_bytes(RANDOM_BYTES)), Session(digest_of(text), ends_of(token, now))
        kept = asdict(session)
        await self._store.aput(NAMESPACE, digest_of(cookie), kept, index=False)
        return cookie, session

    async def find(self, cookie: str, now: str) -> Session | None:
        """Return the session that a cookie is of; None where there is none, or it is over."""
        item = await self._store.aget(NAMESPACE, digest_of(cookie), refresh_ttl=False)
        session = Session(**item.value) if item else None
        return None if session is None or session.is_over(now) else session

    async def end(self, cookie: str) -> None:
        """End a session; one that is not there stays so."""
        await self._store.adelete(NAMESPACE, digest_of(cookie))

    async def sweep(self, now: str) -> int:
        """Delete the sessions that are over; return how many those were."""
        over: list[str] = []
        seen = 0
        while page := await self._store.asearch(NAMESPACE, limit=PAGE, offset=seen, refresh_ttl=False):
            seen += len(page)
            over += [item.key for item in page if Session(**item.value).is_over(now)]
        for key in over:
            await self._store.adelete(NAMESPACE, key)
        return len(over)


def ends_of(token: Token, now: str) -> str:
    """Return when a session that begins now ends: after twelve hours, or with its token.

    >>> token = Token("1", "acme", "ada", ("read",), "2026-03-01T00:00:00Z", expires_at="2026-03-02T00:00:00Z")
    >>> ends_of(token, "2026-03-01T06:00:00+00:00"), ends_of(token, "2026-03-01T18:00:00+00:00")
    ('2026-03-01T18:00:00.000+00:00', '2026-03-02T00:00:00Z')
    """
    latest = time_after(now, LASTS)
    ends = [each for each in (latest, token.expires_at) if each]
    return min(ends, key=datetime.fromisoformat)
