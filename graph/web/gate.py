"""The gate: stands before every route, ours and the LangGraph server's, and says who calls.

In this order: is the request meant for this service, and its path one that all read alike; does it come from a page
that may call; is the route open; who calls; may they; is the thread theirs.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.problems import UsageError
from graph.service.service import Service
from graph.store.location import storage_errors
from graph.store.tokens import Tokens
from graph.web.asked import (
    Asked,
    answer_to,
    asked_in,
    check_near,
    check_page,
    check_place,
    no_method,
    no_path,
    no_token,
)
from graph.web.calls import CALLER
from graph.web.pages import is_preflight, preflight, readable_by
from graph.web.problems import ProblemError, problem
from graph.web.rights import BEGINS, OPEN, OURS, THREAD, Right
from policies.access.caller import NOBODY, Caller
from policies.access.caller import Scope as Kind
from policies.access.places import is_loopback
from policies.access.routes import Found, Routes
from policies.access.scopes import may_any
from policies.access.tokens import Token, find_token
from policies.language import phrase, say

INSIDE = "/noauth"
"""The root path of what the LangGraph server asks itself, in this process; no request can set one."""

Owner = Callable[[Service, str], Awaitable[str | None]]
"""Returns whose a thread is; None where there is no thread."""


async def owner_kept(service: Service, thread: str) -> str | None:
    """Return whose a thread is, as the database says."""
    return await service.runner.threads.owner(thread)


class Gate:
    """The outermost middleware; what it lets through has a caller in its scope."""

    def __init__(
        self,
        app: ASGIApp,
        rights: Mapping[str, Right] = OURS,
        pages: Collection[str] = (),
        owner: Owner = owner_kept,
    ) -> None:
        """Let in what the rights list; `pages` are the origins that may call besides those of `accord.toml`."""
        self._app, self._routes, self._pages, self._owner = app, Routes(rights), pages, owner
        self._has_tokens = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer it here."""
        if scope["type"] == "lifespan" or _is_inside(scope):
            await self._app({**scope, CALLER: NOBODY}, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._judge(asked_in(scope), receive, send)

    async def _judge(self, asked: Asked, receive: Receive, send: Send) -> None:
        try:
            origin = check_page(asked, check_place(asked), self._pages)
        except ProblemError as error:
            await answer_to(error)(asked.scope, receive, send)
            return
        send = send if origin is None else readable_by(origin, send)
        try:
            if is_preflight(asked.method, asked.headers):
                await preflight(asked.headers, self._methods(asked))(asked.scope, receive, send)
            else:
                await self._serve(asked, receive, send)
        except ProblemError as error:
            await answer_to(error)(asked.scope, receive, send)

    async def _serve(self, asked: Asked, receive: Receive, send: Send) -> None:
        found = self._find(asked)
        caller = await self._caller(asked, found.right)
        if isinstance(found.right, tuple):
            _check_scope(caller, found.right)
        begun = await self._begun(asked, found, caller)
        if begun is not None:
            send = _missing_alike(_no_thread(begun), asked, receive, send)
        if found.right != OPEN and isinstance(found.right, str):
            raise ProblemError(403, say(found.right, asked=f"{asked.method} {asked.path}"))
        await self._app({**asked.scope, CALLER: caller, "headers": _without_origin(asked.scope)}, receive, send)

    def _methods(self, asked: Asked) -> Collection[str]:
        methods = self._routes.methods(asked.path)
        if not methods:
            raise no_path(asked)
        return methods

    def _find(self, asked: Asked) -> Found[Right]:
        found = self._routes.find(asked.method, asked.path)
        if found is None:
            raise no_method(asked, self._methods(asked))
        return found

    async def _caller(self, asked: Asked, right: Right) -> Caller:
        if right == OPEN and (self._has_tokens or is_loopback(asked.client)):
            return NOBODY  # also where the database does not answer
        with _as_problems(), storage_errors(asked.service.runner.threads.location):
            token = await self._token(asked)
        if token is not None:
            return token.caller()
        if not self._has_tokens:
            check_near(asked)
        elif right != OPEN:
            raise no_token(asked)
        return NOBODY

    async def _token(self, asked: Asked) -> Token | None:
        """Return the token that a request carries, if it is taken; note whether the service has any."""
        tokens = Tokens(asked.service.database.store)
        text = find_token(asked.headers.getlist("authorization"), asked.headers.getlist("x-api-key"))
        token = await tokens.find(text, asked.service.runner.now()) if text else None
        # Never forgotten: no token is ever deleted.
        self._has_tokens = self._has_tokens or token is not None or await tokens.exist()
        return token

    async def _begun(self, asked: Asked, found: Found[Right], caller: Caller) -> str | None:
        """Return the thread that a request may begin, one that is not there; refuse another tenant's."""
        thread = next((found.values[name] for name in THREAD if name in found.values), None)
        if thread is None:
            return None
        with _as_problems():
            owner = await self._owner(asked.service, thread)
        if owner == caller.tenant:
            return None
        if owner is None and found.template in BEGINS:
            return thread
        raise _no_thread(thread)


def _is_inside(scope: Scope) -> bool:
    root = scope.get("root_path", "")
    return scope["type"] == "http" and (root == INSIDE or root.startswith(f"{INSIDE}/"))


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise ProblemError(503, str(error)) from None


def _check_scope(caller: Caller, needed: Collection[Kind]) -> None:
    if not may_any(caller, needed):
        told = phrase("this needs the scope {needed}; the token of {person} has {scopes}")
        has = ", ".join(sorted(caller.scopes))
        raise ProblemError(403, say(told, needed=say(" or ").join(needed), person=caller.person, scopes=has))


def _no_thread(thread: str) -> ProblemError:
    return ProblemError(404, say("there is no thread `{name}`", name=thread))


def _without_origin(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers without Origin: pages are judged here alone, and two answers about them would clash."""
    return [(name, value) for name, value in scope["headers"] if name.lower() != b"origin"]


def _missing_alike(missing: ProblemError, asked: Asked, receive: Receive, send: Send) -> Send:
    """Return how answers are sent where no thread is begun: they say no more than those about another's thread."""
    replaced = False

    async def sent(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start" and message["status"] == 404:
            replaced = True
            await answer_to(missing)(asked.scope, receive, send)
        elif not replaced:
            await send(message)

    return sent
