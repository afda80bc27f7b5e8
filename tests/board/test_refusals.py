"""Refusals under /board: whoever refuses, people get a page with the status, a sentence and a way back."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.board.conftest import House
from tests.board.visitor import Page, Visitor, visitor
from tests.service.entrances import new_token
from tests.service.process import PATIENCE_SECONDS, Served, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

UNKNOWN = "00000000-0000-4000-8000-000000000000"
THREAD = (
    *("GET /board/runs/{}", "GET /board/runs/{}/live", "GET /board/runs/{}/events", "GET /board/runs/{}/why"),
    *("GET /board/runs/{}/report", "GET /board/runs/{}/answer/q", "POST /board/runs/{}/answer/q"),
    "POST /board/runs/{}/reopen",
)
"""What is about a thread, as the design of the board lists it."""


def page_of(answer: httpx.Response, status: int) -> Page:
    """Return the page that a refusal is."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    page = Page(answer.text)
    assert ("cache-control", "no-store") in answer.headers.items()
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    if status == 401:
        assert [link.partition("?")[0] for link in page.links if link.startswith("/")] == ["/board/login"]
    else:
        assert any(link.startswith("/board") for link in page.links[3:])
    assert len(page.title) > len(" – Accord")
    return page


def test_every_refusal_is_a_page(house: House, somebody: Visitor) -> None:
    served, ada = house.served, house.tokens["ada"]
    own = {"origin": served.url}
    asked = {
        "no page": (served.ask("GET", "/board/x", ada), 404),
        "no page, nobody": (served.ask("GET", "/board/x"), 404),
        "no file": (served.ask("GET", "/board/static/x.js"), 404),
        "no method": (served.ask("DELETE", "/board", ada), 405),
        "no method of a page": (served.ask("PUT", "/board/login"), 405),
        "no scope": (served.ask("GET", "/board", house.tokens["ron"]), 403),
        "no scope to decide": (
            served.ask("POST", f"/board/runs/{UNKNOWN}/answer/q", house.tokens["rob"], headers=own),
            403,
        ),
        "no form": (served.ask("POST", "/board/logout", ada, headers=own), 403),
        "no session": (served.ask("POST", "/board/logout", headers=own), 401),
        "no token": (served.ask("GET", "/board", "accord_x"), 401),
        "no thread": (served.ask("GET", f"/board/runs/{UNKNOWN}", ada), 404),
        "no parameter": (served.ask("GET", "/board?x=y", ada), 422),
        "no status": (served.ask("GET", "/board?status=x", ada), 422),
        "no origin": (served.ask("POST", "/board/logout"), 403),
        "no page of ours": (served.ask("GET", "/board", headers={"origin": "https://evil.example"}), 403),
        "no host of ours": (served.ask("GET", "/board", headers={"host": "evil.example"}), 421),
        "no such path": (served.ask("GET", "/board//runs"), 400),
        "no path at all": (served.ask("GET", "/board/", ada), 400),
        "no text": (served.ask("GET", "/board?team=%00", ada), 400),
        "no token in an address": (served.ask("GET", f"/board/runs/{ada}"), 400),
        "no end of headers": (served.ask("GET", "/board", headers={f"x-{n}": "y" for n in range(101)}), 431),
        "no page for who takes none": (served.ask("GET", "/board", ada, headers={"accept": "image/png"}), 406),
    }
    for what, (answer, status) in asked.items():
        assert page_of(answer, status).text.strip(), what
    assert asked["no method"][0].headers["allow"] == "GET"
    assert asked["no token"][0].headers["www-authenticate"] == "Bearer"
    assert "application/problem+json" in served.ask("GET", "/v1/x", ada).headers["content-type"]
    assert "application/problem+json" in served.ask("GET", "/boardroom", ada).headers["content-type"]


@pytest.mark.parametrize("line", THREAD)
def test_another_tenants_thread_is_byte_for_byte_an_unknown_one(
    line: str, house: House, somebody: Visitor, other: Visitor
) -> None:
    method, template = line.split(" ")
    thread = house.thread_of("ada")
    somebody.log_in(house.tokens["gus"])
    somebody.get("/board")
    fields = somebody.page.forms[0].fields

    def asked(name: str) -> tuple[bytes, dict[str, str]]:
        path = template.format(name)
        answer = somebody.get(path) if method == "GET" else somebody.post(path, fields)
        assert answer.status_code == 404
        page_of(answer, 404)
        headers = {key: value for key, value in answer.headers.items() if key not in ("date", "x-request-id")}
        return answer.content.replace(name.encode(), b"THREAD"), headers

    assert asked(thread) == asked(UNKNOWN)


def test_a_refusal_of_a_known_person_says_who_they_are_and_how_to_log_out(house: House, somebody: Visitor) -> None:
    somebody.log_in(house.tokens["ron"])
    page = page_of(somebody.get("/board"), 403)
    assert "this needs the scope read; the token of ron has run" in page.text
    somebody.page = page
    assert somebody.send("/board/logout").status_code == 303
    assert page_of(somebody.get("/board/x"), 404).forms == []


LANGUAGES = {
    "fr": "fr",
    "fr-CA, en;q=0.5": "fr",
    "de, fr;q=0.8, en;q=0.9": "en",
    "de, fr;q=0.9, en;q=0.8": "fr",
    "en-GB,fr": "en",
    "": "en",
    "*": "en",
    "de": "en",
    "fr;q=0": "en",
    "fr;q=x": "en",
    "xx-" * 900: "en",
    "../../etc, fr": "fr",
    "FR": "fr",
}


@pytest.mark.parametrize("accepts", LANGUAGES)
def test_a_page_speaks_the_language_that_its_reader_likes_best(accepts: str, house: House) -> None:
    wanted = LANGUAGES[accepts]
    for path in ("/board/x", "/board/login", f"/board/runs/{UNKNOWN}", "/board"):
        answer = house.served.ask("GET", path, house.tokens["ada"], headers={"accept-language": accepts})
        page = Page(answer.text)
        assert page.language == wanted, path
        assert ("Aller au contenu" in page.text) == (wanted == "fr"), path
    told = house.served.ask("GET", "/board/x", headers={"accept-language": accepts})
    assert ("le tableau n'a pas de page" in unescape(told.text)) == (wanted == "fr")
    for path in ("/v1/x", "/health/"):
        other = house.served.ask("GET", path, headers={"accept-language": "fr"})
        assert "tableau" not in other.text


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A service that takes 30 requests a minute, and small bodies."""
    home = tmp_path_factory.mktemp("strict")
    (home / "accord.toml").write_text("[serve]\nrequests_per_minute = 30\nmax_bytes = 1_000\n")
    with serving(home) as served:
        yield served, home


def test_what_is_too_much_or_too_often_is_refused_on_a_page(strict: tuple[Served, Path]) -> None:
    served, home = strict
    token = new_token(home, "admin")
    with visitor(served.url) as visiting, visitor(served.url) as stranger:
        visiting.log_in(token)
        large = visiting.post("/board/watch", {"form": "x" * 2_000})
        assert "1,000 bytes" in page_of(large, 413).text
        statuses = [stranger.post("/board/login", {"token": "x"}).status_code for _ in range(40)]
        assert {*statuses} == {403, 429}
        refused = stranger.get("/board/login")
        assert "requests a minute" in page_of(refused, 429).text
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert visiting.get("/board").status_code == 200, "who is known is served, however many strangers try"


def test_a_database_that_does_not_answer_is_said_on_a_page(tmp_path: Path) -> None:
    token = new_token(tmp_path, "admin")
    with serving(tmp_path) as served, visitor(served.url) as visiting:
        visiting.get("/board/login")
        with closing(sqlite3.connect(tmp_path / "accord.sqlite", timeout=30)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            answer = visiting.send("/board/login", {"token": token})
            assert "try again later" in page_of(answer, 503).text
            assert answer.headers["retry-after"] == "5"
            assert "accord.sqlite" not in answer.text
            assert visiting.get("/board/static/board.css").status_code == 200
            connection.rollback()
        assert visiting.log_in(token).status_code == 303


def test_a_head_gets_no_body_and_what_is_not_http_is_closed(house: House) -> None:
    served = house.served
    for path in ("/board", "/board/login", "/board/x", "/board/static/board.css", "/v1/runs"):
        status, answer = served.send(f"HEAD {path} HTTP/1.1\nHost: {served.place}")
        assert status == (404 if path == "/board/x" else 405), path
        assert answer.endswith(b"\r\n\r\n"), path
    with socket.create_connection((urlsplit(served.url).hostname, urlsplit(served.url).port), PATIENCE_SECONDS) as raw:
        raw.sendall(b"POST /board/login HTTP/1.1\r\nHost: x\r\n\r\n")
        assert raw.recv(4_096).startswith(b"HTTP/1.1 421")
