"""Pages: how those of the board are drawn, and what a browser may do with them."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment
from starlette.responses import HTMLResponse

from graph.people import run_path
from graph.report.html.page import FOLDER as REPORT
from graph.report.html.page import environment_of
from graph.service.aside import aside
from graph.web.board.forms import FormField
from graph.web.calls import CALLER
from graph.web.gate.visits import SESSION
from policies.language import spoken

FOLDER = Path(__file__).parent / "templates"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""A page loads what is the board's own, sends its forms to the board, and is framed by nobody."""
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}


ON_A_PAGE = 50
"""So many entries a page of a list has."""


def address_of(path: str, **query: str | None) -> str:
    """Return the address of a page, with what of its query says anything.

    >>> address_of("/board", status="ok", team=""), address_of("/board", after=None)
    ('/board?status=ok', '/board')
    """
    said = {name.rstrip("_"): value for name, value in query.items() if value}
    return f"{path}?{urlencode(said)}" if said else path


@cache
def _environment() -> Environment:
    environment = environment_of(FOLDER, REPORT)
    environment.globals["run_path"] = run_path
    return environment


async def shown(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return the page that a template draws, in the language that is spoken; every value in it is escaped.

    Besides `values` a template has `here`, the path of the page; `language`, the code of its language; `person`, who is
    logged in; and `form_field()`, which each form has in it.
    """
    page, field = _environment().get_template(template), FormField(request.scope)
    beside = {"here": request.url.path, "language": spoken().code, "person": _person(request), "form_field": field}
    answer = HTMLResponse((await aside(page.render, **beside, **values)).encode("utf-8", "replace"), status, HEADERS)
    field.note(answer)
    return answer


def _person(request: Request) -> str | None:
    """Return who has a session; None where nobody has."""
    return request.scope[CALLER].person if SESSION in request.scope else None
