"""Visits: what a browser at the board shows of itself: its session, and of which page its forms are."""

from starlette.datastructures import Headers
from starlette.types import Scope

from graph.web.gate.arrival import SESSION_COOKIE, Arrival
from graph.web.problems import ProblemError
from policies.access.cookies import cookies_named, find_cookie
from policies.access.places import Place, is_own_page
from policies.language import phrase, say

FORM_COOKIE = "accord_board_form"
"""Stands for a browser in which nobody is logged in, so that forms can be of its pages."""
SESSION = "accord.session"
"""Under this key the gate puts the cookie of a session that is good into the scope of a request."""
TWICE = phrase("the browser sends the cookie `{name}` more than once; delete the cookies of this host in it")
SAFE = frozenset(("GET", "HEAD"))
SAME = "same-origin"


def check_own_page(asked: Arrival, place: Place) -> None:
    """Refuse what a page of another place asks of the board, and what changes something and is of no page.

    Pages that may call the service may not act at the board: it is for people, and shows them who they are.

    Raises:
        ProblemError: it is so.
    """
    origins, sites = asked.headers.getlist("origin"), asked.headers.getlist("sec-fetch-site")
    is_own = len(origins) == 1 and _is_own(origins[0], place, asked.service.terms.public)
    is_safe = asked.method != "POST" and not origins
    if is_safe or (is_own and (not sites or sites == [SAME])):
        return
    told = phrase("this did not come from a page of the board at this very address; open the page there, and try again")
    raise ProblemError(403, say(told))


def _is_own(origin: str, place: Place, public: str | None) -> bool:
    """Return whether a page is of this very place; of the public one, by its scheme too, which a proxy hides."""
    if public is not None and is_own_page(public, place):
        return origin == public
    return is_own_page(origin, place)


def no_session(asked: Arrival) -> ProblemError:
    """Return what to raise where nobody is logged in; another service on this host may have set a second cookie."""
    if len(cookies_named(SESSION_COOKIE, asked.headers.getlist("cookie"))) > 1:
        return ProblemError(400, say(TWICE, name=SESSION_COOKIE))
    told = phrase("nobody is logged in here, or the session has ended; log in with your token")
    return ProblemError(401, say(told), headers={"www-authenticate": "Bearer"})


def visitor_in(scope: Scope) -> str | None:
    """Return the cookie that forms of a visitor are bound to: of their session, else of their browser."""
    found: str | None = scope.get(SESSION)
    return found or find_cookie(FORM_COOKIE, Headers(scope=scope).getlist("cookie"))
