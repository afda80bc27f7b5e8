"""Tokens: who may call the HTTP service, kept in the database of the threads under the hash of each token."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from langgraph.store.base import BaseStore

from graph.problems import UsageError
from policies.access.tokens import RANDOM_BYTES, Token, digest_of, token_of
from policies.language import phrase, say

NAMESPACE = ("tokens",)
MAX_ROWS = 1_000_000


class Tokens:
    """The tokens of one database; what is written is seen by every process with its next request."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def create(self, token: Token) -> str:
        """Keep a new token; return it as its holder sends it, which nothing keeps."""
        text = token_of(secrets.token_bytes(RANDOM_BYTES))
        await self._put(digest_of(text), token)
        return text

    async def find(self, text: str, now: str) -> Token | None:
        """Return what is kept of a token; None of one that nobody was given, or that expired or was revoked."""
        return await self.of_digest(digest_of(text), now)

    async def of_digest(self, digest: str, now: str) -> Token | None:
        """Return the token that is kept under a digest; None of one that expired or was revoked."""
        item = await self._store.aget(NAMESPACE, digest, refresh_ttl=False)
        token = _read(item.value) if item else None
        return token if token and token.is_good(now) else None

    async def exist(self) -> bool:
        """Return whether a token was ever created; one that expired or was revoked counts, or the last would open all.

        A service that has none is open to this machine.
        """
        return bool(await self._store.asearch(NAMESPACE, limit=1, refresh_ttl=False))

    async def listed(self) -> list[Token]:
        """Return all tokens, the oldest first."""
        return [token for _, token in await self._rows()]

    async def revoke(self, name: str, now: str) -> Token:
        """Refuse a token from now on, by its id; one that was revoked stays as it is.

        Raises:
            UsageError: there is no such token.
        """
        for key, token in await self._rows():
            if token.id == name:
                revoked = token if token.revoked_at else replace(token, revoked_at=now)
                await self._put(key, revoked)
                return revoked
        told = phrase("there is no token `{id}`; `accord token list` shows those there are")
        raise UsageError(say(told, id=name[:80]))

    async def _put(self, key: str, token: Token) -> None:
        await self._store.aput(NAMESPACE, key, {**asdict(token), "scopes": [*token.scopes]}, index=False)

    async def _rows(self) -> list[tuple[str, Token]]:
        items = await self._store.asearch(NAMESPACE, limit=MAX_ROWS, refresh_ttl=False)
        rows = [(item.key, _read(item.value)) for item in items]
        return sorted(rows, key=lambda row: (row[1].created_at, row[1].id))


def new_id() -> str:
    """Return an id for a new token; it is shown where the token is not."""
    return secrets.token_hex(6)


def _read(kept: Mapping[str, Any]) -> Token:
    return Token(**{**kept, "scopes": tuple(kept["scopes"])})
