"""Forms of the board: only what a page of this very place sent, in the browser that it was shown to, does anything."""

import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx
import pytest

from tests.board.conftest import House
from tests.board.visitor import Page, Visitor, visitor
from tests.service.entrances import entrance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def ada(house: House, somebody: Visitor) -> Visitor:
    """Ada, logged in, on a page that has a form."""
    somebody.log_in(house.tokens["ada"])
    somebody.get("/board")
    return somebody


def is_logged_in(visiting: Visitor) -> bool:
    return visiting.get("/board").url.path == "/board"


def origins(url: str) -> Iterator[Mapping[str, str]]:
    """The headers of requests that no page of this place sends."""
    port = urlsplit(url).port or 80
    yield {}
    for origin in ("null", "", "https://evil.example", f"http://localhost:{port}", f"http://127.0.0.1:{port + 1}"):
        yield {"origin": origin}
    yield {"origin": "http://127.0.0.1"}
    yield {"origin": f"{url}/"}
    yield {"origin": f"{url}.evil.example"}
    yield {"origin": f"{url}, https://evil.example"}
    yield {"origin": "https://smith.langchain.com"}
    yield {"referer": f"{url}/board"}
    for site in ("cross-site", "same-site", "none", "", "same-origin, cross-site"):
        yield {"origin": url, "sec-fetch-site": site}


def test_a_form_that_no_page_of_this_place_sent_does_nothing(house: House, ada: Visitor) -> None:
    fields, cookie = ada.page.form("/board/logout").fields, f"accord_board={ada.cookies['accord_board']}"
    for headers in origins(house.served.url):
        answer = house.served.ask("POST", "/board/logout", data=fields, headers={**headers, "cookie": cookie})
        page = Page(answer.text)
        assert (answer.status_code, "did not come from a page of the board" in page.text) == (403, True), headers
        assert is_logged_in(ada), headers
    right = {"origin": house.served.url, "sec-fetch-site": "same-origin", "cookie": cookie}
    assert house.served.ask("POST", "/board/logout", data=fields, headers=right).status_code == 303
    assert not is_logged_in(ada)


def test_a_form_has_what_follows_from_the_cookie_of_the_session(ada: Visitor) -> None:
    wanted = hashlib.sha256(b"form\0" + ada.cookies["accord_board"].encode()).hexdigest()
    assert ada.page.form("/board/logout").fields == {"form": wanted}


def test_a_form_of_another_page_or_of_none_does_nothing(house: House, ada: Visitor, other: Visitor) -> None:
    good = ada.page.form("/board/logout").fields["form"]
    other.log_in(house.tokens["rob"])
    other.get("/board")
    anothers = other.page.form("/board/logout").fields["form"]
    with visitor(house.served.url) as stranger:
        stranger.get("/board/login")
        before = stranger.page.form("/board/login").fields["form"]
        ada.cookies.set("accord_board_form", stranger.cookies["accord_board_form"], path="/board")
    for form in (anothers, before, "", good.upper(), good[:-1], f"{good} ", ada.cookies["accord_board"], "\u00e9"):
        answer = ada.post("/board/logout", {"form": form})
        assert (answer.status_code, "nothing was done" in answer.text) == (403, True), form
    assert ada.post("/board/logout", {}).status_code == 403
    assert ada.post("/board/logout", {"Form": good}).status_code == 403
    assert ada.post(f"/board/logout?form={good}", {}).status_code == 403
    assert is_logged_in(ada)
    assert ada.post("/board/logout", {"form": good}).status_code == 303


def test_a_login_that_another_page_sends_logs_nobody_in(house: House, somebody: Visitor) -> None:
    """Else people would act in the name of whoever made them log in."""
    somebody.get("/board/login")
    fields = {**somebody.page.form("/board/login").fields, "token": house.tokens["gus"]}
    cookie = f"accord_board_form={somebody.cookies['accord_board_form']}"
    for headers in origins(house.served.url):
        answer = house.served.ask("POST", "/board/login", data=fields, headers={**headers, "cookie": cookie})
        assert (answer.status_code, answer.headers.get_list("set-cookie")) == (403, []), headers
    assert somebody.post("/board/login", {**fields, "form": "x"}).status_code == 403
    with visitor(house.served.url) as fresh:
        assert fresh.post("/board/login", fields).status_code == 403
    assert somebody.post("/board/login", fields).status_code == 303


def test_a_page_from_before_a_login_does_nothing_after_it(house: House, ada: Visitor) -> None:
    """Somebody else may have logged in since, in another tab."""
    old = ada.page.form("/board/logout").fields
    ada.log_in(house.tokens["rob"])
    assert ada.post("/board/logout", old).status_code == 403
    ada.get("/board")
    assert "rob" in ada.page.text


def test_a_token_in_a_header_is_no_form(house: House) -> None:
    for headers in ({}, {"origin": house.served.url}, {"origin": "https://evil.example"}):
        for fields in ({}, {"form": "x"}, {"form": hashlib.sha256(b"form\0").hexdigest()}):
            answer = house.served.ask("POST", "/board/logout", house.tokens["ada"], data=fields, headers=headers)
            assert answer.status_code == 403, (headers, fields)


def test_a_header_that_says_who_calls_counts_before_the_cookie(house: House, ada: Visitor) -> None:
    answer = ada.get("/board", authorization="Bearer x")
    assert (answer.status_code, answer.history) == (401, [])
    fields = ada.page.forms
    assert fields == []
    assert ada.get("/board", authorization=f"Bearer {house.tokens['ron']}").status_code == 403


BODIES: tuple[tuple[bytes, str, int], ...] = (
    (b'{"form": "x"}', "application/json", 415),
    (b'--x\r\ncontent-disposition: form-data; name="form"\r\n\r\nx\r\n--x--', "multipart/form-data; boundary=x", 415),
    (b"form=x", "text/plain", 415),
    (b"form=x", "", 415),
    (b"form=x&form=y", URLENCODED, 400),
    (b"form", URLENCODED, 400),
    (b"form=%ff", URLENCODED, 400),
    (b"form=%ed%a0%80", URLENCODED, 400),
    (b"form=\xe9", URLENCODED, 400),
    (b"&".join(b"a%d=x" % number for number in range(101)), URLENCODED, 400),
    (b"form=a%00b", URLENCODED, 422),
    (b"fo%00rm=a", URLENCODED, 422),
    (b"form=" + b"x" * 15_000, URLENCODED, 403),
    (b"form=" + b"x" * 17_000, URLENCODED, 413),
    (b"", URLENCODED, 403),
    (b"form=x", f"{URLENCODED}; charset=utf-8", 403),
)


@pytest.mark.parametrize(("body", "kind", "status"), BODIES)
def test_a_body_that_is_no_form_is_refused_in_a_sentence(
    body: bytes, kind: str, status: int, house: House, somebody: Visitor
) -> None:
    headers = {"origin": house.served.url, **({"content-type": kind} if kind else {})}
    answer = house.served.ask("POST", "/board/login", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    assert len(Page(answer.text).text) > 40


def test_no_header_makes_a_form_of_what_is_only_asked(house: House, ada: Visitor) -> None:
    form = ada.page.form("/board/logout").fields["form"]
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert ada.get("/board", **{name: "POST"}).status_code == 200
    assert ada.get(f"/board/logout?form={form}").status_code == 405
    assert is_logged_in(ada)


def test_without_tokens_forms_are_checked_all_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any page on the web can have a browser send something to this machine."""
    with entrance("alone", tmp_path_factory.mktemp("open")) as served, httpx.Client(base_url=served.url) as client:
        asked = {"content-type": URLENCODED}
        for headers in origins(served.url):
            assert client.post("/board/watch", content=b"form=x", headers={**asked, **headers}).status_code == 403
        assert (
            client.post("/board/watch", content=b"form=x", headers={**asked, "origin": served.url}).status_code == 403
        )


def test_a_form_of_a_browser_that_sends_two_cookies_is_refused_and_the_page_says_what_to_do(house: House) -> None:
    cookie = "; ".join(f"accord_board_form={letter * 43}" for letter in "AB")
    form = hashlib.sha256(b"form\0" + b"A" * 43).hexdigest()
    headers = {"origin": house.served.url, "cookie": cookie}
    answer = house.served.ask("POST", "/board/login", data={"form": form}, headers=headers)
    assert (answer.status_code, "delete the cookies" in answer.text) == (400, True)
