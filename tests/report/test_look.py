"""A later look at a decision, as people read it: what moved, what it means, and that the record has none of it."""

import re
from typing import Any

import pytest

from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.look import MAX_CHANGED, look_of
from graph.report.dossier.ties import held_of
from graph.report.html.page import page_of
from graph.report.markdown.report import markdown_of
from graph.report.terminal.report import print_report
from graph.report.texts import cleaned
from tests.report.conftest import Telling
from tests.report.stage import HOSTILE
from tests.report.world import LATER, TRIPWIRES, look, reading

pytestmark = pytest.mark.slow

Captured = pytest.CaptureFixture[str]
NOTE = (
    "Found by code alone, on the facts of that time. It is not part of the record of the decision, which is as it was."
)


def shown_of(name: str, story: Telling, capsys: Captured) -> dict[str, str]:
    """What each medium shows, on one line and without its markup."""
    told = story(name)
    capsys.readouterr()
    print_report(told.record, told.state, hindsight=told.hindsight)
    page = re.sub(r"<[^>]+>", " ", re.sub("<wbr>", "", told.page.partition("<main>")[2]))
    return {
        medium: " ".join(text.split())
        for medium, text in (
            ("page", page),
            ("markdown", told.markdown.replace("\\_", "_")),
            ("terminal", capsys.readouterr().out),
        )
    }


def test_each_medium_says_what_moved_and_that_it_is_not_of_the_record(story: Telling, capsys: Captured) -> None:
    for medium, shown in shown_of("drifted", story, capsys).items():
        assert "A later look" in shown, medium
        assert NOTE in shown, medium
        assert "2026-06-01 08:00:00 UTC" in shown, medium
        assert "It should be taken again" in shown, medium
        assert "It was valid until 2026-05-31 09:00:00 UTC, and has expired." in shown, medium
        assert "1 of 4 tripwires gives another answer than when it was decided." in shown, medium
        assert "Watched by Head of launches." in re.sub(r" +\.", ".", shown), medium
        assert "accord watch t --reopen" in shown, medium
        assert "risk_signals.failed_payment_rate" in shown, medium


def test_a_row_says_fact_limit_then_and_now_and_how_far_it_is(story: Telling) -> None:
    row = story("drifted").dossier["drift"]["rows"][0]
    assert row == {
        **{"what": "Guard payment failures", "fact": "risk_signals.failed_payment_rate", "comparison": "at least"},
        **{"limit": "0.03", "label": "another answer", "tone": "block"},
        "then": {"value": "0.028", "answer": "clear", "room": "0.002 from the limit", "fault": None},
        "now": {"value": "0.034", "answer": "tripped", "room": "0.004 from the limit", "fault": None},
    }


def test_a_check_is_said_by_its_role_and_by_its_condition_where_it_compares_no_numbers(story: Telling) -> None:
    *_, risk, demand = story("drifted").dossier["drift"]["rows"]
    assert (risk["what"], risk["fact"], risk["comparison"], risk["limit"]) == (
        *("The checks of Risk analyst", "risk_signals.critical_incidents"),
        *("above", "0"),
    )
    assert risk["now"]["room"] == "at the limit"
    assert (demand["fact"], demand["comparison"], demand["now"], demand["label"]) == (
        *('facts.region == "EU"', None),
        *(None, "not known"),
    )


def test_a_limit_that_moved_is_shown_then_and_now() -> None:
    wire = {**TRIPWIRES[0], "now": reading("clear", 0.028, 0.05, 0.022)}
    shown = look_of(look("weakened", tripwires=[wire]))
    assert shown is not None
    assert shown["rows"][0]["limit"] == "0.03 → 0.05"


def test_a_tripwire_that_cannot_be_read_says_why() -> None:
    wire = {**TRIPWIRES[0], "now": reading("unreadable", None, 0.03, fault="could not be read: a.b")}
    shown = look_of(look(tripwires=[wire]))
    assert shown is not None
    now = shown["rows"][0]["now"]
    assert (now["answer"], now["value"], now["fault"]) == ("could not be read", "none", "could not be read: a.b")


def test_each_medium_says_why_a_tripwire_cannot_be_read(story: Telling, capsys: Captured) -> None:
    for medium, shown in shown_of("drift_unreadable", story, capsys).items():
        assert "could not be read: a.b" in shown, medium


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drift_holds", "It holds"),
        ("drift_unknown", "It is not known whether it holds"),
        ("drift_reopened", "It is taken again as the thread"),
    ],
)
def test_every_verdict_is_said(name: str, said: str, story: Telling, capsys: Captured) -> None:
    for medium, shown in shown_of(name, story, capsys).items():
        assert said in shown, medium
        assert "accord watch t --reopen" not in shown, medium


def test_facts_that_cannot_be_had_say_why(story: Telling, capsys: Captured) -> None:
    for medium, shown in shown_of("drift_unknown", story, capsys).items():
        assert "HTTP 500" in shown, medium


def test_a_decision_that_nobody_looked_at_says_nothing_of_it(story: Telling, capsys: Captured) -> None:
    assert story("go").dossier["drift"] is None
    for medium, shown in shown_of("go", story, capsys).items():
        assert "later look" not in shown, medium


def test_what_was_found_later_changes_nothing_else_that_is_said(story: Telling) -> None:
    told = story("drifted")
    without = dossier_of("t", told.record, told.state)
    assert {**told.dossier, "drift": None} == without
    page, bare = page_of(told.dossier), page_of(without)
    start, end = (
        page.index('<section class="part" aria-labelledby="later">'),
        page.index("</section>") + len("</section>"),
    )
    assert "".join((page[:start] + page[end:]).split()) == "".join(bare.split())
    assert told.markdown.partition("## Goal")[2] == markdown_of(without).partition("## Goal")[2]


def test_nothing_is_said_of_a_later_look_at_a_thread_that_was_changed(story: Telling) -> None:
    told = story("drifted")
    events = [{**each, "prev_hash": "0"} if each["seq"] == 3 else each for each in told.state["events"]]
    dossier = dossier_of("t", told.record, {**told.state, "events": events}, told.hindsight)
    assert (dossier["drift"], dossier["stability"], dossier["facts"]["sources"]) == (None, None, [])


def test_many_facts_that_moved_are_counted() -> None:
    moved = [{"path": f"f{number}", "then": number, "now": None} for number in range(MAX_CHANGED + 60)]
    shown = look_of(look(changed=moved))
    assert shown is not None
    assert (len(shown["changed"]), shown["more"], shown["changed"][2]) == (
        *(MAX_CHANGED, 60),
        {"path": "f2", "then": "2", "now": "none"},
    )


def test_long_and_hostile_texts_are_cut_and_only_shown(story: Telling) -> None:
    each: Any = story("hostile_world")
    assert "<script>alert(1)" not in each.page
    shown = look_of(look(owner=HOSTILE, cause="x" * 9_000))
    assert shown is not None
    assert len(shown["said"][0]) < 400


def test_the_look_is_of_its_own_time(story: Telling) -> None:
    assert story("drifted").dossier["drift"]["at"] == f"{LATER[:19].replace('T', ' ')} UTC"


def test_a_record_that_somebody_holds_says_who_and_why_in_one_line(story: Telling) -> None:
    held = held_of({"held": {"by": "ada", "at": LATER, "because": HOSTILE}})
    dossier = {**story("go").dossier, "held": cleaned(held)}
    for shown in (page_of(dossier), markdown_of(dossier)):
        assert "by ada since 2026-06-01 08:00:00 UTC" in shown
        assert "<script>alert(1)" not in shown
    assert "Held" not in story("go").page
