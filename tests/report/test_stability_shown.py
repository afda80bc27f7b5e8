"""How sure a decision is, as people read it: one sentence, what the samples gave, and what it led to."""

import json
import re
from typing import Any

import pytest

from graph.past import Past
from graph.report.dossier.stability import stability_of
from graph.report.terminal.report import print_report
from policies.decision.stability import interval, weigh
from policies.decision.table import Outcome
from policies.team.stability import Stability
from tests.report.conftest import Telling

pytestmark = pytest.mark.slow

Captured = pytest.CaptureFixture[str]

STEADY = (
    "Asked again 5 times, the last round had another outcome in 1 of 5 samples (20%; allowed: 20%), so Go is announced."
)
RATE = "The true rate lies between 0.505% and 71.6%, with 95% confidence."


def words_of(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup.replace("<wbr>", "")).split())


def on_terminal(name: str, story: Telling, capsys: Captured) -> str:
    capsys.readouterr()
    print_report(story(name).record, story(name).state)
    return " ".join(capsys.readouterr().out.split())


def section_of(page: str) -> str:
    return page.partition('<section class="part" aria-labelledby="stability">')[2].partition("</section>")[0]


def test_a_steady_decision_says_so_in_a_sentence_on_every_medium(story: Telling, capsys: Captured) -> None:
    told = story("steady")
    for shown in (words_of(section_of(told.page)), told.markdown, on_terminal("steady", story, capsys)):
        assert STEADY in shown
        assert RATE in shown
        assert "Asked again: Risk, Legal and Sales." in shown


def test_the_samples_are_counted_by_their_outcomes_the_announced_one_first(story: Telling) -> None:
    outcomes = story("unsteady").dossier["stability"]["outcomes"]
    assert [(each["label"], each["times"], each["is_other"]) for each in outcomes] == [
        ("Go", "2 times", False),
        ("No go", "3 times", True),
    ]


def test_the_drawing_has_its_places_and_says_the_same_in_words(story: Telling) -> None:
    told = story("unsteady")
    drawn = told.dossier["stability"]["drawing"]
    low, high = interval(3, 5)
    assert (drawn["rate"], drawn["limit"], drawn["low"]) == (60.0, 20.0, round(100 * low, 2))
    assert drawn["low"] + drawn["width"] == pytest.approx(100 * high, abs=0.02)
    (title,) = re.findall(r'<title id="rate">(.*?)</title>', told.page)
    assert title == told.dossier["stability"]["said"]


def test_people_who_are_asked_read_why_in_their_question_and_not_twice(story: Telling, capsys: Captured) -> None:
    shown = on_terminal("unsteady", story, capsys)
    why = "asked again 5 times, the last round had another outcome in 3 of 5 samples (60%; allowed: 20%)"
    assert shown.lower().count(why) == 1
    assert f"The team may not decide alone: its decision go is not stable: {why}" in shown
    assert "Otherwise it came out as: No go (3 times)." in shown
    assert "so people decide in place of Go." in words_of(story("unsteady").page)


def test_a_run_that_stops_says_why_and_what_to_do(story: Telling, capsys: Captured) -> None:
    told = story("unstable")
    shown = on_terminal("unstable", story, capsys)
    assert "Stopped: unstable_decision at round 1" in shown
    assert "To ask the last round again, with messages of its own: accord resume t" in shown
    assert "so Go is not announced, and the run stops." in words_of(section_of(told.page))
    assert "accord resume t" in told.page
    assert "accord resume t" in told.markdown


def test_nothing_is_drawn_and_no_rate_is_said_where_no_sample_has_all_its_answers(story: Telling) -> None:
    told = story("unsampled")
    found = told.dossier["stability"]
    assert (found["drawing"], found["outcomes"]) == (None, [])
    assert found["said"] == (
        "Asked again 5 times, the last round had no sample with all its answers, so people decide in place of Go."
    )
    assert "confidence" not in json.dumps(found)
    assert '<svg class="gauge' not in section_of(told.page)


def test_a_team_that_is_not_checked_says_nothing_of_it(story: Telling, capsys: Captured) -> None:
    assert story("go").dossier["stability"] is None
    assert section_of(story("go").page) == ""
    assert "## Stability" not in story("go").markdown
    assert "sked again" not in on_terminal("go", story, capsys)


def test_the_timeline_has_a_line_for_all_answers_of_a_check(story: Telling) -> None:
    lines = [line for group in story("steady").dossier["timeline"] for line in group["lines"]]
    told = [(line["what"], line["detail"]) for line in lines if "again" in line["what"] or "check" in line["what"]]
    assert told == [
        ("The round is asked again", "5 times; Risk, Legal and Sales"),
        ("Answered again", "15 answers"),
        ("Stability check", "announced would be Go; 1 of 5 otherwise"),
    ]
    without = [line for group in story("unsampled").dossier["timeline"] for line in group["lines"]]
    assert "0 answers; 15 seats without an answer" in [line["detail"] for line in without]


def check(flips: int, completed: int, **changes: Any) -> dict[str, Any]:
    """The event of a check in which so many of the completed samples flipped."""
    rules = Stability(samples=max(completed, 1), max_flip_rate=0.5, max_messages=50)
    outcomes: list[Outcome] = ["no_go" if number < flips else "go" for number in range(completed)]
    found = weigh("go", outcomes, rules)
    told = {"flips": flips, "rate": found.rate, "low": found.low, "high": found.high, "acts": found.acts}
    known = {"event": "stability", "seq": 9, "round": 2, "attempt": 1, "samples": rules.samples, "kept": []}
    return {
        **known,
        "completed": completed,
        "outcomes": [*found.outcomes],
        "announced": "go",
        "max_flip_rate": 0.5,
        **told,
        **changes,
    }


def told_of(*checks: dict[str, Any]) -> dict[str, Any]:
    asked = [{**each, "event": "sampling", "asked": ["risk"]} for each in checks]
    shown = stability_of(Past.of({"events": [*asked, *checks]}), {"risk": "Risk", "legal": "Legal"})
    assert shown is not None
    return shown


def test_every_rate_is_drawn_within_its_scale() -> None:
    for completed in range(1, 51, 7):
        for flips in range(completed + 1):
            drawn = told_of(check(flips, completed))["drawing"]
            assert 0 <= drawn["low"] <= drawn["rate"] <= round(drawn["low"] + drawn["width"], 2) <= 100.01


def test_who_is_not_asked_again_is_named() -> None:
    shown = told_of(check(0, 3, kept=["legal"]))
    assert "Kept, since people answer: Legal." in shown["notes"]


def test_earlier_checks_are_told_below_the_last_one() -> None:
    first, second = check(3, 3), check(0, 3, attempt=2)
    shown = told_of(first, second)
    assert "0 of 3 samples" in shown["said"]
    assert [note for note in shown["notes"] if note.startswith("Round 2: ") and "3 of 3 samples" in note]
