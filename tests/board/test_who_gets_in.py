"""Who gets in at the board: an oracle that was written from the design alone, against a service, over many requests.

A case says what a request carries, and the oracle what comes of it; nothing of the program is read.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.board.test_login import end_sessions
from tests.board.visitor import visitor
from tests.service.entrances import accord, ids, new_token
from tests.service.process import Served, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COOKIES = ("none", "good", "garbage", "unknown", "out", "revoked", "over", "twice", "reader")
HEADERS = ("none", "good", "bad", "reader")
ORIGINS = ("own", "none", "null", "foreign", "port", "scheme")
SITES = ("none", "same-origin", "same-site", "cross-site")
FORMS = ("right", "none", "wrong", "anothers", "of the browser")
METHODS = ("GET", "POST")
PAGES = {"GET": "/board", "POST": "/board/watch"}
"""The list needs the scope read, and to look now the scope run."""


@dataclass(frozen=True)
class Case:
    """What a request carries."""

    method: str
    cookie: str
    header: str
    origin: str
    site: str
    form: str


def wanted(case: Case, has_tokens: bool) -> str:
    """Return what is to come of it: `in`, `login`, or the status of a refusal."""
    is_post = case.method == "POST"
    if case.origin not in (("own",) if is_post else ("own", "none")):
        return "403"
    if case.origin == "own" and case.site not in ("none", "same-origin"):
        return "403"
    who = _who(case) if has_tokens else "nobody"
    if who in ("401", "400", "login"):
        return "401" if is_post and who == "login" else "again" if _is_linked(case, who) else who
    if is_post and who == "reader":
        return "403"
    return "in" if not is_post or _has_form(case, who, has_tokens) else "403"


def _is_linked(case: Case, who: str) -> bool:
    return who == "login" and case.site == "cross-site"


def _who(case: Case) -> str:
    """Return who calls: a header says so alone; else the session, while it and its token last."""
    if case.header != "none":
        return {"good": "ada", "bad": "401", "reader": "reader"}[case.header]
    return {"good": "ada", "reader": "reader", "twice": "400"}.get(case.cookie, "login")


def _has_form(case: Case, who: str, has_tokens: bool) -> bool:
    """Return whether the field follows from the session that counts; where none does, from the browser's own cookie."""
    is_session = has_tokens and case.header == "none"
    return case.form == ("right" if is_session else "of the browser")


BROWSER, UNKNOWN = "B" * 43, "U" * 43


@dataclass(frozen=True)
class Place:
    """A service, the cookies of sessions by what became of them, and tokens."""

    served: Served
    client: httpx.Client
    sessions: dict[str, str]
    tokens: dict[str, str]
    has_tokens: bool

    def ask(self, case: Case) -> str:
        """Ask as the case says; return what came of it."""
        data = {"form": self.form(case)} if case.form != "none" else {"x": "y"}
        self.client.cookies.clear()
        told: dict[str, Any] = {"data": data} if case.method == "POST" else {}
        return came_of(self.client.request(case.method, PAGES[case.method], headers=self.headers(case), **told))

    def headers(self, case: Case) -> dict[str, str]:
        """Return the headers of a case."""
        port = urlsplit(self.served.url).port or 0
        origin = {
            **{"own": self.served.url, "null": "null", "foreign": "https://evil.example"},
            **{"port": f"http://127.0.0.1:{port - 1}", "scheme": "http://127.0.0.1"},
        }.get(case.origin)
        token = {"good": self.tokens.get("ada"), "reader": self.tokens.get("rob"), "bad": "accord_" + "A" * 43}
        said = {"origin": origin, "sec-fetch-site": None if case.site == "none" else case.site}
        held = token.get(case.header) if self.has_tokens else None
        said |= {"authorization": f"Bearer {held}" if held else None, "cookie": self.cookies(case)}
        return {name: value for name, value in said.items() if value}

    def cookies(self, case: Case) -> str:
        """Return the cookies of a case: a browser always has the one of its forms."""
        good = self.sessions.get("good", UNKNOWN)
        value = {"none": "", "garbage": "x", "unknown": UNKNOWN, "twice": f"{good}; accord_board={UNKNOWN}"}
        session = value.get(case.cookie, self.sessions.get(case.cookie, UNKNOWN))
        return f"accord_board_form={BROWSER}" + (f"; accord_board={session}" if session else "")

    def form(self, case: Case) -> str:
        """Return what the hidden field has."""
        session = self.sessions.get(case.cookie, UNKNOWN)
        cookie = {"right": session, "anothers": self.sessions.get("spare", "S" * 43), "of the browser": BROWSER}
        return hashlib.sha256(b"form\0" + cookie[case.form].encode()).hexdigest() if case.form in cookie else "wrong"


def came_of(answer: httpx.Response) -> str:
    """Return what came of a request, in the oracle's words."""
    if answer.headers.get("location", "").startswith("/board/login"):
        return "login"
    if "http-equiv" in answer.text:
        return "again"
    return str(answer.status_code) if answer.status_code in (400, 401, 403) else "in"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service with tokens, and a session of each fate."""
    home = tmp_path_factory.mktemp("closed")
    people = {person: new_token(home, "admin", person=person) for person in ("ada", "eve", "old")}
    people["rob"] = new_token(home, "read", person="rob")
    sessions: dict[str, str] = {}
    with serving(home) as served, served.client() as client:
        for fate, person in (
            *(
                ("over", "old"),
                ("good", "ada"),
                ("spare", "ada"),
                ("out", "ada"),
                ("revoked", "eve"),
                ("reader", "rob"),
            ),
        ):
            with visitor(served.url) as visiting:
                visiting.log_in(people[person])
                sessions[fate] = visiting.cookies["accord_board"]
                if fate == "out":
                    visiting.get("/board")
                    assert visiting.send("/board/logout").status_code == 303
                if fate == "over":
                    end_sessions(home, "2026-01-01T00:00:00.000+00:00")
        assert accord(home, "token", "revoke", ids(home)["eve"]).returncode == 0
        yield Place(served, client, sessions, people, has_tokens=True)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service without tokens."""
    with serving(tmp_path_factory.mktemp("opened")) as served, served.client() as client:
        yield Place(served, client, {}, {}, has_tokens=False)


def cases() -> list[Case]:
    """All cases that a browser makes by itself, and others drawn at random."""
    everything = [Case(*each) for each in product(METHODS, COOKIES, HEADERS, ORIGINS, SITES, FORMS)]
    usual = [
        each for each in everything if (each.header, each.form) == ("none", "right") and each.origin in ("own", "none")
    ]
    return [*usual, *Random(21).sample(everything, 400)]


def test_the_oracle_has_all_answers() -> None:
    found = {wanted(each, has_tokens) for each in cases() for has_tokens in (True, False)}
    assert found == {"in", "login", "again", "400", "401", "403"}


def test_who_gets_in_where_there_are_tokens(closed: Place) -> None:
    wrong = {case: (came, wanted(case, True)) for case in cases() if (came := closed.ask(case)) != wanted(case, True)}
    assert wrong == {}


def test_who_gets_in_where_there_are_none(opened: Place) -> None:
    wrong = {case: (came, wanted(case, False)) for case in cases() if (came := opened.ask(case)) != wanted(case, False)}
    assert wrong == {}
