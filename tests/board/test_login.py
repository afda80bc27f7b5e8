"""Logging in at the board: what a session is, where it counts, and when it ends."""

import hashlib
import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.board.conftest import House
from tests.board.visitor import Page, Visitor, attributes_of, visitor
from tests.service.entrances import accord, entrance, ids, new_token
from tests.service.process import serving
from tests.service.test_tokens import expire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SESSION, FORM = "accord_board", "accord_board_form"
PAST = "2026-01-01T00:00:00.000+00:00"


def sessions_in(home: Path) -> dict[str, dict[str, Any]]:
    """Return what the database has of sessions."""
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=30)) as connection:
        rows = connection.execute("SELECT key, CAST(value AS TEXT) FROM store WHERE prefix = 'sessions'")
        return {key: json.loads(value) for key, value in rows}


def end_sessions(home: Path, at: str) -> None:
    """Let all sessions have ended at a time."""
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=30)) as connection:
        connection.execute(
            "UPDATE store SET value = CAST(json_set(CAST(value AS TEXT), '$.ends_at', ?) AS BLOB) "
            "WHERE prefix = 'sessions'",
            (at,),
        )
        connection.commit()


def is_in(visiting: Visitor, path: str = "/board") -> bool:
    """Return whether a page is shown; else the visitor is asked to log in."""
    answer = visiting.get(path)
    assert answer.status_code == 200, answer.text
    assert (answer.url.path == "/board/login") == any(each.action == "/board/login" for each in visiting.page.forms)
    return answer.url.path != "/board/login"


def test_a_person_logs_in_where_they_wanted_to_go_and_out_again(house: House, somebody: Visitor) -> None:
    asked = somebody.get("/board?team=checkout_launch")
    assert [each.status_code for each in (*asked.history, asked)] == [303, 200]
    assert str(asked.url).endswith("/board/login?next=%2Fboard%3Fteam%3Dcheckout_launch")
    answer = somebody.send("/board/login", {"token": house.tokens["ada"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/board?team=checkout_launch")
    assert is_in(somebody)
    assert "ada" in somebody.page.text
    out = somebody.send("/board/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/board/login?out=yes")
    assert SESSION not in somebody.cookies
    assert not is_in(somebody)


def test_the_login_says_what_this_is_leads_nowhere_else_and_says_who_has_logged_out(
    house: House, somebody: Visitor
) -> None:
    somebody.get("/board/inbox")
    page = somebody.page
    assert [link for link in page.links if link.startswith("/board")] == []
    assert "what teams of roles decided and why" in page.text
    assert [values["id"] for tag, values in page.tags if tag == "input" and "autofocus" in values] == ["token"]
    assert "You are logged out." not in page.text
    somebody.log_in(house.tokens["ada"])
    somebody.get("/board")
    somebody.get(somebody.send("/board/logout").headers["location"])
    assert "You are logged out." in somebody.page.text


def test_the_cookie_is_for_the_board_and_for_no_script_and_the_database_has_its_hash_alone(
    house: House, somebody: Visitor
) -> None:
    before = sessions_in(house.served.home)
    answer = somebody.log_in(house.tokens["ada"])
    given = {name: (value, rest) for name, value, rest in map(attributes_of, answer.headers.get_list("set-cookie"))}
    value, rest = given[SESSION]
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", value)
    assert rest == {"httponly", "samesite=strict", "path=/board", "max-age=43200"}
    assert given[FORM][0] in ("", '""')
    kept = {key: row for key, row in sessions_in(house.served.home).items() if key not in before}
    digest = hashlib.sha256(house.tokens["ada"].encode()).hexdigest()
    assert {*kept} == {hashlib.sha256(value.encode()).hexdigest()}
    assert [{*row} for row in kept.values()] == [{"token", "ends_at"}]
    assert [row["token"] for row in kept.values()] == [digest]
    for file in house.served.home.iterdir():
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file.name


def test_the_cookie_counts_at_the_board_alone(house: House, somebody: Visitor) -> None:
    somebody.log_in(house.tokens["ada"])
    cookie = {"cookie": f"{SESSION}={somebody.cookies[SESSION]}"}
    assert house.served.ask("GET", "/board", headers=cookie).status_code == 200
    paths = ["/v1/runs", "/v1/inbox", "/metrics", "/v1/openapi.json", "/boardroom", "/v1/board"]
    paths += ["/threads/search", "/info"] if house.served.kind == "mounted" else []
    for path in paths:
        answer = house.served.ask("GET", path, headers=cookie)
        assert answer.status_code in (401, 404, 405), path
        assert "text/html" not in answer.headers["content-type"]


def test_a_session_ends_with_its_token_in_every_process(tmp_path: Path) -> None:
    tokens = {person: new_token(tmp_path, "read", person=person) for person in ("ada", "bob", "eve")}
    with serving(tmp_path) as one, serving(tmp_path) as two:
        for served in (one, two):
            for person, at in (("ada", one), ("bob", two), ("eve", one)):
                with visitor(at.url) as visiting, visitor(served.url) as same:
                    visiting.log_in(tokens[person])
                    same.cookies.update({SESSION: visiting.cookies[SESSION]})
                    assert is_in(same)
                    if served is two and person == "ada":
                        assert accord(tmp_path, "token", "revoke", ids(tmp_path)["ada"]).returncode == 0
                        assert not is_in(same)
                        assert not is_in(visiting)
                    if served is two and person == "bob":
                        expire(tmp_path, "bob", PAST)
                        assert not is_in(same)
                    if served is two and person == "eve":
                        end_sessions(tmp_path, PAST)
                        assert not is_in(same)
                        visiting.log_in(tokens["eve"])
                        assert is_in(visiting)


def lasting(answer: httpx.Response) -> int:
    """Return for how many seconds the browser keeps the cookie of a session."""
    given = {name: rest for name, _, rest in map(attributes_of, answer.headers.get_list("set-cookie"))}
    return int(next(each.partition("=")[2] for each in given[SESSION] if each.startswith("max-age=")))


def test_a_session_lasts_twelve_hours_and_no_longer_than_its_token(tmp_path: Path) -> None:
    named = ("--tenant", "local", "--scope", "read", "--person")
    made = [
        accord(tmp_path, "token", "create", *named, *rest)
        for rest in (["long"], ["short", "--expires", "1h"], ["longer", "--expires", "30d"])
    ]
    began, lasts = datetime.now(UTC), list[int]()
    with serving(tmp_path) as served:
        for each in made:
            with visitor(served.url) as visiting:
                lasts.append(lasting(visiting.log_in(each.stdout.strip())))
    over = datetime.now(UTC)
    listed = {each["person"]: each for each in json.loads(accord(tmp_path, "token", "list", "--json").stdout)}
    short, *rest = sorted(row["ends_at"] for row in sessions_in(tmp_path).values())
    assert short == listed["short"]["expires_at"]
    assert [began <= datetime.fromisoformat(each) - timedelta(hours=12) <= over for each in rest] == [True, True]
    assert (lasts[0], lasts[2], 0 < lasts[1] <= 3600) == (43200, 43200, True)


def test_sessions_that_ended_are_deleted(tmp_path: Path) -> None:
    token = new_token(tmp_path, "read")
    with serving(tmp_path) as served, visitor(served.url) as visiting:
        visiting.log_in(token)
    end_sessions(tmp_path, PAST)
    assert len(sessions_in(tmp_path)) == 1
    with serving(tmp_path) as served, visitor(served.url) as visiting:
        visiting.log_in(token)
        assert [row["ends_at"] > PAST for row in sessions_in(tmp_path).values()] == [True]


def test_who_logs_in_has_a_cookie_that_nobody_knew_before_and_the_old_session_is_over(
    house: House, somebody: Visitor, other: Visitor
) -> None:
    somebody.log_in(house.tokens["ada"])
    old = somebody.cookies[SESSION]
    somebody.log_in(house.tokens["rob"])
    assert somebody.cookies[SESSION] != old
    other.cookies.set(SESSION, old)
    assert not is_in(other)
    asked = house.served.ask("GET", "/board/login")
    (form,) = map(attributes_of, asked.headers.get_list("set-cookie"))
    fixed = "A" * 43
    answer = house.served.ask(
        "POST",
        "/board/login",
        data={**Page(asked.text).form("/board/login").fields, "token": house.tokens["ada"]},
        headers={"origin": house.served.url, "cookie": f"{SESSION}={fixed}; {FORM}={form[1]}"},
    )
    given = {name: value for name, value, _ in map(attributes_of, answer.headers.get_list("set-cookie"))}
    assert (answer.status_code, given[SESSION] != fixed) == (303, True)
    assert house.served.ask("GET", "/board", headers={"cookie": f"{SESSION}={fixed}"}).status_code == 303


def test_what_is_not_a_session_is_none(house: House, somebody: Visitor) -> None:
    somebody.log_in(house.tokens["ada"])
    good = somebody.cookies[SESSION]
    wrong = ["", "x", good[:-1], f"{good}A", good.swapcase(), house.tokens["ada"], f'"{good}"', quote(good) + "%20"]
    for each in [*wrong, hashlib.sha256(good.encode()).hexdigest()]:
        answer = house.served.ask("GET", "/board", headers={"cookie": f"{SESSION}={each}"})
        assert answer.status_code == 303, each
    for name in ("ACCORD_BOARD", "accord_boar", "xaccord_board", "__Host-accord_board", FORM):
        assert house.served.ask("GET", "/board", headers={"cookie": f"{name}={good}"}).status_code == 303, name
    for form in ("a=b; {}; c", "{};a=b", "x;{}"):
        cookie = form.format(f"{SESSION}={good}")
        assert house.served.ask("GET", "/board", headers={"cookie": cookie}).status_code == 200, cookie


def test_two_cookies_of_the_name_are_none_and_the_page_says_what_to_do(house: House, somebody: Visitor) -> None:
    """Another service on the same host can set one for a longer path, and it comes first."""
    somebody.log_in(house.tokens["ada"])
    good = f"{SESSION}={somebody.cookies[SESSION]}"
    for cookie in (f"{SESSION}=x; {good}", f"{good}; {SESSION}={'B' * 43}", f"{good}; {good}"):
        answer = house.served.ask("GET", "/board", headers={"cookie": cookie})
        assert (answer.status_code, "delete the cookies" in answer.text) == (400, True), cookie
        assert house.served.ask("GET", "/board/login", headers={"cookie": cookie}).status_code == 200


WRONG = ("", "x", "accord_", "accord_" + "A" * 43, "Bearer {}", "{}x", "{}, {}")


@pytest.mark.parametrize("form", WRONG)
def test_who_shows_no_token_is_asked_again_and_it_is_not_written_on_the_page(
    form: str, house: House, somebody: Visitor
) -> None:
    somebody.get("/board/login?next=/board/inbox")
    typed = form.format(house.tokens["ada"], house.tokens["rob"])
    answer = somebody.send("/board/login", {"token": typed})
    page = Page(answer.text)
    assert (answer.status_code, SESSION in somebody.cookies) == (403, False)
    assert "the token is not accepted" in page.text
    assert page.form("/board/login").fields["next"] == "/board/inbox"
    assert page.form("/board/login").fields["token"] == ""
    assert house.tokens["ada"] not in answer.text
    somebody.page = page
    assert somebody.send("/board/login", {"token": house.tokens["ada"]}).status_code == 303


@pytest.mark.parametrize("form", [" {}", "{}\r\n", "\t{} ", "\u00a0{}", "{}".join(("", " \n"))])
def test_a_token_may_be_pasted_with_spaces_around_it(form: str, house: House, somebody: Visitor) -> None:
    somebody.log_in(form.format(house.tokens["ada"]))
    assert is_in(somebody)


ELSEWHERE = (
    *(
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "/board@evil",
    ),
    *("/board\\..\\..\\x", "/board/../v1/runs", "/board/%2e%2e/v1", "/board/..%2f..%2fv1", "/board//evil.example"),
    *(
        "/board\r\nset-cookie: x=y",
        "/board%0d%0aset-cookie: x=y",
        "/board\0",
        "javascript:alert(1)",
        "data:text/html,x",
    ),
    *("/boardroom", "/v1/runs", "board", "", " /board", "/board#x", "/board/login", "/board/logout", "/board/\u00e9"),
    *("/board?x=<script>", "/board?x=\r\n", "http:/board", "/board" + "/x" * 300, "https:evil.example", "/%09/evil"),
)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_led_to_another_place(wanted: str, house: House, somebody: Visitor) -> None:
    answer = house.served.ask("GET", f"/board/login?next={quote(wanted, safe='')}")
    if answer.status_code == 200:
        assert Page(answer.text).form("/board/login").fields["next"] == "/board"
    else:
        assert (answer.status_code, "location" in answer.headers) in ((400, False), (422, False))
    somebody.get("/board/login")
    sent = somebody.send("/board/login", {"token": house.tokens["ada"], "next": wanted})
    assert (sent.status_code, sent.headers.get("location")) in ((303, "/board"), (422, None))
    assert "x=y" not in str(sent.headers.get_list("set-cookie"))


def test_a_log_has_neither_a_token_nor_a_cookie(tmp_path: Path) -> None:
    token = new_token(tmp_path, "read")
    with serving(tmp_path) as served, visitor(served.url) as visiting:
        visiting.log_in(token)
        cookie, before = visiting.cookies[SESSION], visiting.page.form("/board/login").fields["form"]
        assert is_in(visiting)
        visiting.get(f"/board/login?next=/board/{token}")
        visiting.post("/board/login", {"token": f"{token}x", "form": "x"})
        visiting.get("/board/teams/x")
        visiting.get("/board")
        visiting.send("/board/logout")
    log = (tmp_path / "serve.log").read_text()
    assert '"route": "/board/login"' in log
    for secret in (token, token.removeprefix("accord_"), cookie, before):
        assert secret not in log


def test_without_tokens_the_board_needs_no_login_and_then_it_does(tmp_path: Path) -> None:
    with entrance("alone", tmp_path) as served, visitor(served.url) as visiting:
        assert is_in(visiting)
        assert [each.action for each in visiting.page.forms if each.method == "post"] == []
        assert visiting.get("/board/login?next=/board/inbox").url.path == "/board/inbox"
        for name in ("x-forwarded-for", "forwarded"):
            far = served.ask("GET", "/board", headers={name: "192.0.2.1"})
            assert (far.status_code, "text/html" in far.headers["content-type"]) == (403, True)
        new_token(served.home, "read")
        assert not is_in(visiting)
        assert not is_in(visiting)


def test_who_follows_a_link_from_elsewhere_is_led_to_the_page_by_one_of_ours(house: House, somebody: Visitor) -> None:
    """A strict cookie is not sent with such a request, so nobody is asked to log in before it was asked again."""
    linked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    answer = house.served.ask("GET", "/board/inbox?after=x", headers=linked)
    page = Page(answer.text)
    assert (answer.status_code, page.forms) == (200, [])
    assert "/board/inbox?after=x" in page.links
    (leads,) = [values["content"] for tag, values in page.tags if values.get("http-equiv") == "refresh"]
    assert leads == "0; url=/board/inbox?after=x"
    assert answer.headers.get_list("set-cookie") == []
    again = house.served.ask("GET", "/board/inbox?after=x", headers={**linked, "sec-fetch-site": "same-origin"})
    assert again.status_code == 303


def test_scripts_that_ask_without_a_session_are_not_led_to_a_page(house: House) -> None:
    for mode in ("cors", "same-origin", "no-cors"):
        answer = house.served.ask("GET", "/board/runs/x/live", headers={"sec-fetch-mode": mode})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_cookie_goes_by_https_alone_where_the_service_is_reached_so(tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text('public_url = "https://accord.example.org/"\n')
    token = new_token(tmp_path, "read")
    with serving(tmp_path) as served, httpx.Client(base_url=served.url) as client:
        public = {"host": "accord.example.org", "origin": "https://accord.example.org"}
        asked = client.get("/board/login", headers=public)
        (form,) = map(attributes_of, asked.headers.get_list("set-cookie"))
        assert {"secure", "httponly", "samesite=lax", "path=/board"} == form[2]
        fields = {**Page(asked.text).form("/board/login").fields, "token": token}
        cookie = {"cookie": f"{FORM}={form[1]}"}
        for origin in ("http://accord.example.org", "https://accord.example.org:444", served.url):
            wrong = client.post("/board/login", data=fields, headers={**public, **cookie, "origin": origin})
            assert wrong.status_code == 403, origin
        answer = client.post("/board/login", data=fields, headers={**public, **cookie})
        assert answer.status_code == 303
        assert all("secure" in rest for _, _, rest in map(attributes_of, answer.headers.get_list("set-cookie")))
