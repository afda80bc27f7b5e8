"""What is asked: a request before it is let in, and what is refused whoever sends it."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from graph.service.service import Service
from graph.web.problems import ProblemError
from policies.access.cookies import find_cookie
from policies.access.places import Place, is_loopback, is_own_page, is_served, place_in
from policies.access.returning import is_board
from policies.access.routes import is_plain
from policies.access.tokens import find_token, holds_token
from policies.language import phrase, say

FORWARDED = frozenset(("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"))
"""Headers by which a proxy names who asked it."""
CREDENTIALS = frozenset(("authorization", "x-api-key"))
SESSION_COOKIE = "accord_board"
"""Says who is logged in; it counts at the board alone."""
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request: its scope, its headers, and the path as the routers will see it."""

    scope: Scope
    headers: Headers
    path: str

    @property
    def method(self) -> str:
        """The method."""
        return str(self.scope["method"])

    @property
    def service(self) -> Service:
        """The service of the process."""
        service: Service = self.scope["app"].state.service
        return service

    @property
    def token(self) -> str | None:
        """The token that the request carries, if there is one and no other."""
        return find_token(self.headers.getlist("authorization"), self.headers.getlist("x-api-key"))

    @property
    def session(self) -> str | None:
        """The cookie of a session at the board, if there is one and no other, and no header says who calls."""
        if not is_board(self.path) or self.has_credential:
            return None
        return find_cookie(SESSION_COOKIE, self.headers.getlist("cookie"))

    @property
    def has_credential(self) -> bool:
        """Whether the request says who calls, truly or not."""
        return not CREDENTIALS.isdisjoint(self.headers.keys())

    @property
    def client(self) -> str | None:
        """The address that the client has."""
        return self.scope["client"][0] if self.scope.get("client") else None

    @property
    def peer(self) -> str:
        """The address of the client, or one name for all behind proxies: any client nearby can claim any address.

        The LangGraph server takes the address of such a client from what a near proxy says.
        """
        return (self.client or "-") if FORWARDED.isdisjoint(self.headers.keys()) else "forwarded"

    @property
    def here(self) -> str | None:
        """The address that the client reached."""
        return self.scope["server"][0] if self.scope.get("server") else None


def arrival_in(scope: Scope) -> Arrival:
    """Return what a scope asks for."""
    root, path = scope.get("root_path", ""), scope["path"]
    return Arrival(scope, Headers(scope=scope), path[len(root) :] if root and path.startswith(f"{root}/") else path)


def check_place(asked: Arrival) -> Place:
    """Return the place that a request is meant for.

    Raises:
        ProblemError: it names none, or one that is not this service, or a path that others may read differently.
    """
    place = place_in(asked.headers.getlist("host"))
    if place is None:
        raise ProblemError(400, say("the header Host must be there once, as HOST or HOST:PORT"))
    if not is_served(place, asked.service.terms.hosts, asked.here):
        told = phrase("{host} is not a name of this service; whoever runs it adds names under [serve] hosts")
        raise ProblemError(421, say(told, host=place.host[:MAX_SHOWN]))
    if not is_plain(asked.scope["path"], asked.scope.get("raw_path")):
        raise ProblemError(400, say("the path has a part that is empty, dotted, or encoded where it need not be"))
    return place


def check_page(asked: Arrival, place: Place, pages: Collection[str]) -> str | None:
    """Return the origin of the page that a request comes from; None where it comes from none.

    Raises:
        ProblemError: the page is neither one of these, nor of `accord.toml`, nor of this very place.
    """
    origins = asked.headers.getlist("origin")
    if not origins:
        return None
    known = {*pages, *asked.service.terms.origins}
    if len(origins) == 1 and (origins[0] in known or is_own_page(origins[0], place)):
        return origins[0]
    told = phrase("pages of {origin} may not call this service; whoever runs it adds pages under [serve] origins")
    raise ProblemError(403, say(told, origin=", ".join(origins)[:MAX_SHOWN]))


def check_address(asked: Arrival) -> None:
    """Refuse a token in the path or in the query, before others log them.

    Raises:
        ProblemError: there is one.
    """
    query = asked.scope["query_string"].decode("latin-1")
    named = (name.lower() for name, _ in parse_qsl(query, keep_blank_values=True))
    if holds_token(asked.scope["path"]) or holds_token(query) or not CREDENTIALS.isdisjoint(named):
        told = phrase(
            "the address of the request has a token in it, and addresses get into logs; revoke that token, and send "
            "the next one as `Authorization: Bearer TOKEN`"
        )
        if is_board(asked.scope["path"]):
            told = phrase(
                "the address of the page has a token in it, and addresses get into logs; have that token revoked, and "
                "log in with another"
            )
        raise ProblemError(400, say(told))


def check_near(asked: Arrival) -> None:
    """Refuse, without tokens, who is not on this machine, or may not be.

    Raises:
        ProblemError: they are elsewhere, or a proxy sent the request, behind which everybody looks near.
    """
    if not is_loopback(asked.client):
        told = phrase("without tokens this service serves its own machine alone; `accord token create` makes the first")
        raise ProblemError(403, say(told))
    if not FORWARDED.isdisjoint(asked.headers.keys()):
        told = phrase("a proxy sent this, and without tokens all behind it could call; `accord token create` makes one")
        raise ProblemError(403, say(told))


def no_token(asked: Arrival) -> ProblemError:
    """Return what to raise where nobody is proved to call."""
    told = phrase("the token is not accepted: it is not known, it expired or was revoked, or two are named")
    if not asked.has_credential:
        told = phrase("a token is needed, as `Authorization: Bearer TOKEN`; `accord token create` makes one")
        told = phrase("a token is needed; log in with yours") if is_board(asked.scope["path"]) else told
    return ProblemError(401, say(told), headers={"www-authenticate": "Bearer"})
