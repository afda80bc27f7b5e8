"""Logging in and out as people do, and what two tenants see of each other."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.board.browser.guarded import Guarded, log_in
from tests.board.browser.looks import faults, grave
from tests.chromium import open_tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium"), pytest.mark.timeout(300)]

ELSEWHERE = ("//evil.invalid", "https://evil.invalid/", "javascript:alert(1)", "/\\evil.invalid", "/board/../v1/runs")
SECRET = "What nobody else may read."


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_logs_in_where_they_wanted_to_go_and_out_again(
    scripts: bool, guard: Guarded, browser: Browser
) -> None:
    with open_tab(browser, scripts) as tab:
        tab.open(guard.board.at("/board/inbox"), 360, 800)
        log_in(tab.page, "accord_wrong")
        field = tab.page.get_by_label("Token")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("not accepted"))
        expect(field).to_have_value("")
        expect(field).to_be_focused()
        if scripts:
            tab.page.wait_for_load_state()
            tab.shoot("login-refused-360-light")
            assert grave(tab) == []
        log_in(tab.page, guard.tokens["cfo"])
        expect(tab.page).to_have_url(guard.board.at("/board/inbox"))
        (cookie,) = [each for each in tab.page.context.cookies() if each.get("name") == "accord_board"]
        assert (cookie.get("httpOnly"), cookie.get("sameSite"), cookie.get("path")) == (True, "Strict", "/board")
        tab.page.get_by_role("button", name="Log out").click()
        expect(tab.page).to_have_url(guard.board.at("/board/login?out=yes"))
        expect(tab.page.get_by_role("status")).to_have_text("You are logged out.")
        tab.page.go_back()
        expect(tab.page.get_by_label("Token")).to_be_visible()


def test_the_login_can_be_used_by_everybody(guard: Guarded, browser: Browser) -> None:
    with open_tab(browser) as tab:
        assert faults(tab, guard.board.at("/board/login?next=/board/watch"), "login") == {}


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_a_login_leads_to_the_board_alone(wanted: str, guard: Guarded, browser: Browser) -> None:
    with open_tab(browser) as tab:
        tab.open(guard.board.at(f"/board/login?next={wanted}"), 360, 800)
        log_in(tab.page, guard.tokens["cfo"])
        expect(tab.page.get_by_role("heading", name="Runs")).to_be_visible()
        expect(tab.page).to_have_url(guard.board.at("/board"))
        assert not [url for url in tab.asked if not url.startswith(guard.board.served.url)]
        assert tab.said == []


def test_what_another_tenant_has_is_as_if_it_were_not(guard: Guarded, browser: Browser) -> None:
    theirs = guard.board.begun("launch", guard.tokens["cfo"])
    question = guard.board.question(theirs, guard.tokens["cfo"])
    with guard.logged_in(browser, "gus") as tab:
        for path in ("", "/live", "/why", "/report", f"/answer/{question}"):
            shown = []
            for thread in (theirs, "0000"):
                assert tab.open(guard.board.at(f"/board/runs/{thread}{path}"), 360, 800) == 404, path
                shown.append(tab.page.content().replace(thread, "THREAD"))
            assert shown[0] == shown[1], path
        for path in ("/board", "/board/inbox", "/board/watch"):
            tab.open(guard.board.at(path), 360, 800)
            assert theirs not in tab.page.content(), path
    with guard.logged_in(browser, "cfo") as tab:
        tab.open(guard.board.at("/board"), 360, 800)
        assert theirs in tab.page.content()


def test_who_may_only_read_is_shown_no_button_that_would_be_refused(guard: Guarded, browser: Browser) -> None:
    waiting = guard.board.begun("launch", guard.tokens["cfo"])
    question = guard.board.question(waiting, guard.tokens["cfo"])
    with guard.logged_in(browser, "ron") as tab:
        for path in ("/board/watch", f"/board/runs/{waiting}", f"/board/runs/{waiting}/answer/{question}"):
            assert tab.open(guard.board.at(path), 1280, 800) == 200, path
            buttons = [each.inner_text() for each in tab.page.get_by_role("button").all()]
            assert buttons in (["Log out"], ["Show", "Log out"], ["Log out", "Show"]), path
