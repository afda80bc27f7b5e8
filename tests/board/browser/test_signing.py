"""A person finds what waits for them, reads what was said, decides, and signs it with a key of their own."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.board.browser.conftest import Stage
from tests.board.browser.looks import faults, grave
from tests.board.browser.stories import choose, copied, find_question, sign
from tests.chromium import Tab, open_tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]

REASONS = (
    "Refunds first.",
    'It\'s "risky": $HOME `id` \\n \\\\ %s %% !! #1 – é 10\u00a0% \u202eevil 😀',
    "One line.\nAnother one,\n\n  and a third.",
)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def either(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Tab]:
    """A tab that runs scripts, and one that runs none."""
    with open_tab(browser, scripts=request.param) as opened:
        yield opened


def answers(stage: Stage, thread: str) -> list[dict[str, Any]]:
    """Return the answers in the record of a thread."""
    return [each for each in stage.board.events(thread) if each["event"] == "answered"]


@pytest.mark.parametrize("because", REASONS, ids=["plain", "hostile", "lines"])
def test_a_person_approves_with_the_signature_of_the_text_that_the_page_shows(
    because: str, stage: Stage, either: Tab
) -> None:
    thread = stage.board.begun("launch")
    either.open(stage.board.at("/board/inbox"), 360, 800)
    find_question(either.page, thread)
    expect(either.page.get_by_text("Not possible: Go. The guard fraud forbids it.")).to_be_visible()
    choose(either.page, "No go", because)
    assert stage.board.record(thread)["status"] == "waiting", "nothing is kept before it is signed"
    sign(either, stage.cfo)
    expect(either.page).to_have_url(re.compile(f"/board/runs/{thread}"))
    record = stage.board.record(thread)
    assert (record["status"], record["final_decision"]) == ("ok", "no_go")
    (answer,) = answers(stage, thread)
    assert (answer["by"], answer["outcome"], answer["because"]) == ("cfo", "no_go", because)
    assert answer["signature"].startswith("-----BEGIN SSH SIGNATURE-----")
    assert stage.board.read(f"/v1/runs/{thread}/audit/verify").json()["status"] == "ok"
    assert either.said == []


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(stage: Stage, tab: Tab) -> None:
    thread = stage.board.begun("launch")
    tab.open(stage.board.at(f"/board/runs/{thread}/answer/{stage.board.question(thread)}"), 1280, 800)
    choose(tab.page, "No go", "   ")
    why = tab.page.get_by_label("Why", exact=True)
    expect(why).to_have_attribute("aria-invalid", "true")
    expect(why).to_be_focused()
    expect(why).to_have_accessible_description(re.compile("reason"))
    expect(tab.page.get_by_role("radio", name="No go")).to_be_checked()
    expect(tab.page.get_by_label("You are")).to_have_value("cfo")
    tab.page.wait_for_load_state()
    tab.shoot("answer-refused-1280-light")
    assert grave(tab) == []
    choose(tab.page, "No go", "Refunds first.")
    text = copied(tab, "text")
    tab.page.get_by_label("Signature").fill("-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----")
    tab.page.get_by_role("button", name="Give this answer").click()
    signature = tab.page.get_by_label("Signature")
    expect(signature).to_have_attribute("aria-invalid", "true")
    expect(signature).to_be_focused()
    tab.page.wait_for_load_state()
    tab.shoot("sign-refused-1280-light")
    assert (grave(tab), copied(tab, "text")) == ([], text)
    assert stage.board.record(thread)["status"] == "waiting"
    sign(tab, stage.cfo)
    expect(tab.page).to_have_url(re.compile(f"/board/runs/{thread}"))
    assert stage.board.record(thread)["final_decision"] == "no_go"


def test_who_comes_too_late_is_told_what_became_of_the_question(stage: Stage, browser: Browser) -> None:
    thread = stage.board.begun("launch")
    place = stage.board.at(f"/board/runs/{thread}/answer/{stage.board.question(thread)}")
    with open_tab(browser) as first, open_tab(browser) as late:
        for tab, decision in ((first, "No go"), (late, "Go with caution")):
            tab.open(place, 360, 800)
            choose(tab.page, decision, "So I say.")
        sign(first, stage.cfo)
        expect(first.page).to_have_url(re.compile(f"/board/runs/{thread}"))
        sign(late, stage.cfo)
        expect(late.page.get_by_role("main")).to_contain_text("So I say.")
        assert late.said == ["error: Failed to load resource: the server responded with a status of 409 (Conflict)"]
        late.said.clear()
        assert faults(late, place, "answer-ended") == {}
    assert [each["outcome"] for each in answers(stage, thread)] == ["no_go"]
