"""Forms: what a visitor sent from a page of the board that was shown in their own browser.

Another site can make a browser send a form here, but that form counts for nothing. Its Origin is not this service,
which the gate checks, and its hidden field cannot be right: that follows from a cookie that this browser alone has.
"""

import hmac
import secrets

from fastapi import Request
from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.service.service import Service
from graph.web.bodies import aside, read_form, replayed
from graph.web.calls import is_outer_request
from graph.web.gate.visits import FORM_COOKIE, TWICE, visitor_in
from graph.web.problems import problem
from policies.access.cookies import cookies_named, form_value
from policies.access.returning import BOARD, is_board
from policies.access.tokens import RANDOM_BYTES, text_of
from policies.language import phrase, say

FORM = "accord.form"
"""Under this key the scope of a request has the fields of its form."""
FIELD = "form"
"""The hidden field that shows of which page a form is."""


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of the form that a request carries; it was checked to be of a page of this visitor's."""
    fields: dict[str, str] = request.scope[FORM]
    return dict(fields)


class Forms:
    """The middleware behind the limits: no route of the board sees a form that is not of a page of this visitor's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse its form."""
        if not is_outer_request(scope) or scope["method"] != "POST" or not is_board(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        fields = await aside(len(body), read_form, body) if body else {}
        cookie, given = visitor_in(scope), fields.pop(FIELD, "")
        scope[FORM] = fields
        if cookie is not None and hmac.compare_digest(form_value(cookie).encode(), given.encode()):
            await self._app(scope, replayed(body, receive), send)
        else:
            await _not_theirs(scope)(scope, receive, send)


class FormField:
    """What a template calls as `form_field()` in each form; it notes the cookie that the browser is to get for it."""

    def __init__(self, scope: Scope) -> None:
        self._cookie, self._is_new = visitor_in(scope), False
        self._service: Service = scope["app"].state.service

    def __call__(self) -> Markup:
        """Return the hidden field."""
        if self._cookie is None:
            self._cookie, self._is_new = text_of(secrets.token_bytes(RANDOM_BYTES)), True
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_value(self._cookie))

    def note(self, answer: Response) -> None:
        """Give the browser its cookie, where it got a new one.

        `lax`: a link from elsewhere must not replace it, which would spoil the pages that are open.
        """
        if self._is_new and self._cookie is not None:
            is_https = is_secure(self._service)
            answer.set_cookie(FORM_COOKIE, self._cookie, path=BOARD, secure=is_https, httponly=True, samesite="lax")


def is_secure(service: Service) -> bool:
    """Return whether browsers reach the service by https, so that its cookies never go any other way."""
    return (service.terms.public or "").startswith("https:")


def _not_theirs(scope: Scope) -> Response:
    if len(cookies_named(FORM_COOKIE, Headers(scope=scope).getlist("cookie"))) > 1:
        return problem(400, say(TWICE, name=FORM_COOKIE))
    told = phrase(
        "the form is not of a page that this browser was shown, or somebody has logged in or out since; nothing was "
        "done: open the page again"
    )
    return problem(403, say(told))
