"""The gate: judges every request first, for our routes and the LangGraph server's, and says who calls.

In this order: is the request meant for this service, and its path one that all read alike; does it come from a page
that may call; were there too many; is the route open; who calls; may they; is the thread theirs.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.problems import NotFoundError, StorageError
from graph.store.location import silent, storage_errors
from graph.store.tokens import Tokens
from graph.web.calls import CALLER, is_inside
from graph.web.gate.arrival import (
    Arrival,
    arrival_in,
    check_address,
    check_near,
    check_page,
    check_place,
    no_token,
)
from graph.web.gate.heads import check_head
from graph.web.gate.lasting import Lasting
from graph.web.gate.pages import is_preflight, preflight, readable_by
from graph.web.gate.rates import Rates
from graph.web.gate.rights import OPEN, OPEN_PATHS, OURS, THREAD, Right
from graph.web.gate.visits import SESSION, check_own_page, no_session
from graph.web.problems import AGAIN_SECONDS, ProblemError, is_ours, no_route, not_allowed, problem
from graph.web.watched import NOTES
from policies.access.caller import NOBODY, Caller
from policies.access.places import is_loopback
from policies.access.returning import is_board
from policies.access.routes import Found, Routes
from policies.access.scopes import STRANGER, find_lacking
from policies.access.tokens import Token, digest_of
from policies.language import say

PATIENCE_SECONDS = 5.0
"""How long the database may take to say who calls."""
METRICS = frozenset({"/metrics", "/v1/metrics"})
SOON = METRICS | OPEN_PATHS
SOON_SECONDS = 1.0
"""How long, of what is asked to see whether all is well."""


class Gate:
    """A middleware; what it lets through has a caller in its scope."""

    def __init__(self, app: ASGIApp, rights: Mapping[str, Right] = OURS, pages: Collection[str] = ()) -> None:
        """Let in what the rights list; `pages` are the origins that may call besides those of `accord.toml`."""
        self._app, self._routes, self._pages = app, Routes(rights), pages
        self._has_tokens: bool | None = None
        self._rates = Rates()
        self._watchers: dict[str, Caller] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer it here."""
        if scope["type"] == "lifespan" or is_inside(scope):
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await _no_websocket(scope, receive, send)
        else:
            await self._judge(arrival_in(scope), receive, send)

    async def _judge(self, asked: Arrival, receive: Receive, send: Send) -> None:
        answer: ASGIApp
        try:
            check_head(asked.scope)
            origin = self._page(asked)
            send = readable_by(origin, send) if origin else send
            check_address(asked)
            answer = self._preflight(asked) or await self._counted(asked)
        except ProblemError as error:
            answer = problem(error.status, error.detail, error.errors, error.headers)
        await answer(asked.scope, receive, send)

    def _page(self, asked: Arrival) -> str | None:
        """Return the origin of the page that may read the answer; None where none may, but those of this place.

        Raises:
            ProblemError: the request comes from a page that may not send it.
        """
        place = check_place(asked)
        if is_board(asked.path):
            check_own_page(asked, place)
            return None
        return check_page(asked, place, self._pages)

    def _preflight(self, asked: Arrival) -> Response | None:
        methods = self._routes.methods(asked.path)
        return preflight(asked.headers, methods) if methods and is_preflight(asked.method, asked.headers) else None

    async def _counted(self, asked: Arrival) -> ASGIApp:
        """Return the application, or the answer where no route is open; counted in either case.

        Raises:
            ProblemError: there were too many requests, or they may not ask for this.
        """
        found, notes = self._found(asked), asked.scope.setdefault(NOTES, {})
        notes |= {"route": found.path} if found else {}
        await self._rates.check(asked)
        return await self._let_in(asked, found, notes) if found else self._closed(asked)

    def _found(self, asked: Arrival) -> Found[Right] | None:
        """Return the route that is asked for; ours serve no HEAD, wherever they are mounted."""
        return None if asked.method == "HEAD" and is_ours(asked.path) else self._routes.find(asked.method, asked.path)

    def _closed(self, asked: Arrival) -> Response:
        """Return the answer where no route is open."""
        methods = ", ".join(self._routes.methods(asked.path))
        return not_allowed(asked.method, asked.path, methods) if methods else no_route(asked.method, asked.path)

    async def _let_in(self, asked: Arrival, found: Found[Right], notes: dict[str, Any]) -> ASGIApp:
        """Return the application, and note for it who calls.

        Raises:
            ProblemError: they may not ask for this.
        """
        with _as_problems(notes):
            asked.scope[CALLER] = caller = await self._caller(asked, found.right)
            notes |= {"tenant": caller.tenant, "person": caller.person}
            _check_right(asked, found, caller)
            if asked.path in METRICS:  # who could read them can also while the database fails, when they are needed
                self._watchers[_key_of(asked)] = caller
            if THREAD in found.values:
                await asked.service.check_owner(caller, found.values[THREAD])
        asked.scope["headers"] = _without_origin(asked.scope)
        lost = _unknown(asked)
        refusal = problem(lost.status, lost.detail, headers=lost.headers)
        return Lasting(self._app, partial(self._may_still, asked, found.right, caller), refusal)

    async def _may_still(self, asked: Arrival, right: Right, caller: Caller) -> bool:
        """Return whether a request would still be let in as this caller's; where the database fails it is."""
        try:
            return await self._caller(asked, right) == caller
        except ProblemError:
            return False
        except StorageError:
            return True

    async def _caller(self, asked: Arrival, right: Right) -> Caller:
        if right == OPEN and is_loopback(asked.client) and not asked.has_credential and self._has_tokens is not None:
            return STRANGER if self._has_tokens else NOBODY  # not even the database is asked
        try:
            token = await self._token(asked, None if right == OPEN else asked.session)
        except StorageError:
            if right == OPEN and (self._has_tokens or is_loopback(asked.client)):
                return STRANGER
            watcher = self._watchers.get(_key_of(asked)) if asked.path in METRICS else None
            if watcher is None:
                raise
            return watcher
        return token.caller() if token else self._without_token(asked, right)

    def _without_token(self, asked: Arrival, right: Right) -> Caller:
        if not self._has_tokens:
            check_near(asked)
            return NOBODY
        if right == OPEN:
            return STRANGER
        raise _unknown(asked)

    async def _token(self, asked: Arrival, session: str | None) -> Token | None:
        """Return the token that a request carries or its session has, if it is accepted; note whether there is any."""
        service, text = asked.service, session or asked.token
        tokens, where, now = Tokens(service.database.store), service.runner.threads.location, service.runner.now()
        seconds = SOON_SECONDS if asked.path in SOON else PATIENCE_SECONDS
        try:
            async with asyncio.timeout(seconds):
                with storage_errors(where):
                    begun = await service.sessions.find(session, now) if session else None
                    digest = begun.token if begun else digest_of(asked.token) if asked.token else None
                    token = await tokens.of_digest(digest, now) if digest else None
                    # Never forgotten: no token is ever deleted.
                    self._has_tokens = self._has_tokens or token is not None or await tokens.exist()
        except TimeoutError:
            raise StorageError(silent(where, seconds)) from None
        self._rates.know(text, token)
        if token is None and self._has_tokens:
            self._watchers.pop(_key_of(asked), None)
        if session and token:
            asked.scope[SESSION] = session
        return token


def _unknown(asked: Arrival) -> ProblemError:
    """Return what to raise where nobody is proved to call."""
    return no_session(asked) if is_board(asked.path) and not asked.has_credential else no_token(asked)


def _key_of(asked: Arrival) -> str:
    """Return under what it is kept who may read the numbers: the hash of a token, or the address without one."""
    return digest_of(asked.token) if asked.token else str(asked.client)


def _check_right(asked: Arrival, found: Found[Right], caller: Caller) -> None:
    right = found.right
    if isinstance(right, str) and right != OPEN:
        raise ProblemError(403, say(right, asked=f"{asked.method} {asked.path}"))
    lacks = find_lacking(caller, right) if isinstance(right, tuple) else None
    if lacks:
        raise ProblemError(403, lacks)


@contextmanager
def _as_problems(notes: dict[str, Any]) -> Iterator[None]:
    """Turn what fails before a route is reached into problems."""
    try:
        yield
    except NotFoundError as error:
        raise ProblemError(404, str(error)) from None
    except StorageError as error:
        notes["cause"] = str(error)  # it names the database, and a client need not know that
        told = say("the database does not answer; try again later")
        raise ProblemError(503, told, headers={"retry-after": AGAIN_SECONDS}) from None


def _without_origin(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers without Origin: pages are judged here alone, and two answers about them would clash."""
    return [(name, value) for name, value in scope["headers"] if name.lower() != b"origin"]


async def _no_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket: with a problem, where the server can send one."""
    if "websocket.http.response" in scope.get("extensions", {}):
        told = say("the service has no WebSockets; events are streamed as text/event-stream")
        await problem(403, told)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})
