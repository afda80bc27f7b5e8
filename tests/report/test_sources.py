"""Where facts come from, as people read it: on the page, in Markdown, at a terminal, and in what `accord why` says."""

import sys
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from graph.report.dossier.explanation import explanation_of
from graph.report.dossier.facts import MAX_PLACES, age_of, facts_of, origin_in, said_age
from graph.report.dossier.start_lines import fetched_from
from graph.report.terminal.report import print_report
from graph.report.terminal.visible import console_on
from graph.report.terminal.why import print_why
from tests.report.conftest import Telling
from tests.report.stage import FACTS
from tests.report.world import DIGEST, FETCHED, SOURCES, source

pytestmark = pytest.mark.slow

Captured = pytest.CaptureFixture[str]
SHORT = DIGEST[:12]


def on_terminal(name: str, story: Telling, capsys: Captured) -> str:
    capsys.readouterr()
    told = story(name)
    print_report(told.record, told.state, hindsight=told.hindsight)
    return " ".join(capsys.readouterr().out.split())


def test_every_source_is_named_with_its_kind_its_time_its_age_its_places_and_its_digest(story: Telling) -> None:
    desk, limits, *_ = story("sources").dossier["facts"]["sources"]
    assert desk == {
        **{"name": "risk desk", "kind": "http", "fetched": "2026-03-02 09:59:00", "age": "12 minutes"},
        **{"digest": SHORT, "places": ["risk_signals"], "more": None, "fault": None},
    }
    assert limits["age"] == "4 days"


@pytest.mark.parametrize("medium", ["page", "markdown"])
def test_all_of_it_is_shown(medium: str, story: Telling) -> None:
    shown = getattr(story("sources"), medium).replace("<wbr>", "").replace("\\_", "_")
    for each in SOURCES:
        assert each["source"] in shown
        assert all(place in shown for place in each["places"])
    assert all(word in shown for word in ("2026-03-02 09:59:00", "12 minutes", "4 days", f"{SHORT}…"))


def test_a_terminal_shows_the_sources_as_a_table(story: Telling, capsys: Captured) -> None:
    shown = on_terminal("sources", story, capsys)
    assert f"risk desk http 2026-03-02 09:59:00 12 minutes risk_signals {SHORT}" in shown


def test_a_fact_has_its_source_with_it_wherever_it_is_named(story: Telling, capsys: Captured) -> None:
    told = story("sources")
    guard = told.dossier["guards"][0]
    assert (guard["source"], guard["limit_source"]) == ("risk desk", "limits.csv")
    assert "<bdi>risk desk</bdi>" in told.page.partition('id="guards"')[2].partition("</section>")[0]
    assert "`risk_signals.failed_payment_rate` (risk desk) = 0.034" in told.markdown
    assert "Guard payment failures: risk_signals.failed_payment_rate (risk desk) = 0.034" in on_terminal(
        "sources", story, capsys
    )
    rows = {row["path"]: row["source"] for row in told.dossier["facts"]["rows"]}
    assert rows["region"] == "team"
    assert rows["finance_signals.expected_margin_pct"] == "warehouse"


def test_why_says_where_the_facts_of_guards_are_from(story: Telling, capsys: Captured) -> None:
    found = explanation_of("t", story("sources").state)
    assert isinstance(found, dict)
    print_why(found, console_on(sys.stdout, columns=200))
    assert "risk_signals.failed_payment_rate (risk desk) = 0.034" in " ".join(capsys.readouterr().out.split())


def test_facts_that_nobody_fetched_say_so_in_few_words_and_have_no_table(story: Telling, capsys: Captured) -> None:
    told = story("given_facts")
    assert told.dossier["facts"]["sources"] == []
    assert "<summary>13 facts, given with the run</summary>" in told.page
    assert "13 facts, given with the run." in told.markdown
    assert "SHA-256" not in on_terminal("given_facts", story, capsys)
    assert {row["source"] for row in told.dossier["facts"]["rows"]} == {None}


def test_a_run_that_fetched_nothing_is_told_in_as_many_lines_as_before(story: Telling, capsys: Captured) -> None:
    told = story("go")
    assert told.dossier["facts"]["sources"] == []
    assert "<summary>13 facts, of the team file</summary>" in told.page
    assert "Sources of the facts" not in told.page
    assert " Facts " not in on_terminal("go", story, capsys)
    assert facts_of(FACTS, [])["said"] == "13 facts"
    assert facts_of(FACTS, [source("given", "given", *FACTS)])["said"] == "13 facts, given with the run"


def test_a_source_that_failed_says_why_everywhere(story: Telling, capsys: Captured) -> None:
    told = story("source_failed")
    cause = "the query took longer than 10 seconds"
    assert cause in told.page
    assert cause in told.markdown
    assert f"warehouse: {cause}" in on_terminal("source_failed", story, capsys)
    assert fetched_from({"sources": told.state["case"]["sources"]}) == "facts from risk desk and warehouse (failed)"


def test_the_timeline_names_no_source_of_facts_that_nobody_fetched() -> None:
    assert fetched_from({}) is None
    assert fetched_from({"sources": [source("given", "given", "a")]}) is None


def test_a_source_that_failed_is_shown_though_there_are_no_facts() -> None:
    shown = facts_of({}, [source("w", "sql", digest=None, fetched_at=None, cause="HTTP 500")])
    assert (shown["rows"], shown["sources"][0]["fault"], shown["sources"][0]["digest"]) == ([], "HTTP 500", None)


def test_many_places_are_counted(story: Telling) -> None:
    each = story("many_sources").dossier["facts"]["sources"][3]
    assert (len(each["places"]), each["more"]) == (MAX_PLACES, "and 18 more places")


@pytest.mark.parametrize(
    "lacking", [{}, {"fetched_at": "soon", "as_of": "then"}, {"fetched_at": FETCHED, "as_of": None}, {"places": None}]
)
def test_what_a_source_does_not_say_is_left_open(lacking: dict[str, Any]) -> None:
    shown = facts_of(FACTS, [{"source": "a", "kind": "http", **lacking}, {"source": "b", "kind": "http"}])
    assert [each["age"] for each in shown["sources"]] == [None, None]


def test_the_source_of_a_fact_is_the_one_with_the_longest_place_above_it() -> None:
    """Held against a walk over every pair of a place and a path."""
    random = Random(19)
    for _ in range(300):
        keys = ["a", "b", "ab", "c"]
        places = {".".join(random.choices(keys, k=random.randint(1, 4))) for _ in range(6)}
        owners = {place: random.choice(["crm", "file"]) for place in places}
        sources = [source(name, "http", *(p for p in places if owners[p] == name)) for name in ("crm", "file")]
        path = ".".join(random.choices(keys, k=random.randint(1, 5)))
        above = [place for place in places if f"{path}.".startswith(f"{place}.")]
        expected = owners[max(above, key=len)] if above else None
        assert origin_in(sources)(path) == expected


def test_an_age_is_said_in_the_largest_unit_of_which_there_are_two() -> None:
    """Held against units counted one by one."""
    for seconds in (*range(0, 400, 7), *range(400, 500_000, 997)):
        units = [("day", 86_400), ("hour", 3_600), ("minute", 60)]
        name, size = next(((name, size) for name, size in units if seconds // size >= 2), ("second", 1))
        number = seconds // size
        expected = f"{number} {name}{'' if number == 1 else 's'}" if number else "less than a second"
        assert said_age(seconds) == expected


def test_the_age_of_a_time_without_a_zone_is_taken_as_utc() -> None:
    then = datetime.fromisoformat(FETCHED) - timedelta(minutes=3)
    assert age_of({"fetched_at": FETCHED, "as_of": then.replace(tzinfo=None).isoformat()}) == 180.0
