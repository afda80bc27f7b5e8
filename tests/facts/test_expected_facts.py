"""Facts that are not as a team expects them, or too old: a sentence, and none of them in the state."""

import asyncio
import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.documents import read_yaml
from graph.facts.loader import load_facts
from graph.facts.settings import FactSettings
from graph.facts.source import Reading
from graph.problems import UsageError
from graph.teams.loader import load_team
from nodes.fetched import Fetched
from tests.runs.desk import Desk
from tests.runs.people import team

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
EXPECT = {"rate": {"kind": "number", "at_least": 0, "at_most": 1}, "cases": {"kind": "integer", "optional": True}}


def fetch(folder: Path, *sources: dict[str, Any], **changes: Any) -> Fetched:
    file = folder / "team.json"
    file.write_text(json.dumps(team(facts=[*sources], **changes)), encoding="utf-8")
    return asyncio.run(load_facts(load_team(str(file)), Reading(FactSettings(), lambda: NOW)))


def written(folder: Path, name: str, content: Any, **age: float) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    time = (NOW - timedelta(**age)).timestamp()
    os.utime(path, (time, time))
    return path


def causes(found: Fetched) -> list[str]:
    assert all(each["cause"] is None or each["digest"] is None or found.facts for each in found.sources)
    return [each.cause for each in found.failed]


def test_facts_that_are_as_expected_are_taken(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", {"risk": {"rate": 0.02, "cases": 3}})
    found = fetch(tmp_path, {"file": "risk.json", "select": "risk", "into": "today.risk", "expect": EXPECT})
    assert found.facts == {"today": {"risk": {"rate": 0.02, "cases": 3}}}
    assert causes(found) == []


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ({"rate": "0.02"}, "`risk.rate` is '0.02'; expected: a number, at least 0, at most 1"),
        ({"rate": True}, "`risk.rate` is True; expected: a number, at least 0, at most 1"),
        ({"rate": 1.5}, "`risk.rate` is 1.5; expected: a number, at least 0, at most 1"),
        ({"rate": 0, "cases": 2.0}, "`risk.cases` is 2.0; expected: a whole number"),
        ('{"rate": 0, "cases": 9007199254740993}', "`risk.cases` is an integer beyond ±(2^53-1)"),
        ('{"rate": 1e999}', "`risk.rate` is inf; allowed: finite numbers"),
        (
            {"rate": -1, "cases": "x"},
            "`risk.rate` is -1; expected: a number, at least 0, at most 1; and 1 more is not as expected",
        ),
        (
            [{"rate": 1}, {"rate": None}],
            "`risk[1].rate` is null; expected: a number, at least 0, at most 1",
        ),
    ],
)
def test_facts_that_are_not_as_expected_are_left_out_with_a_sentence(tmp_path: Path, content: Any, cause: str) -> None:
    written(tmp_path, "risk.json", content)
    found = fetch(tmp_path, {"inline": {"region": "EU"}}, {"file": "risk.json", "into": "risk", "expect": EXPECT})
    assert causes(found) == [f"risk.json: {cause}"]
    assert found.failed[0].paths == ("risk.rate",)
    assert found.facts == {"region": "EU"}
    assert found.sources[1]["digest"] is None


def test_nan_is_refused_where_the_file_is_read(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", '{"rate": NaN}')
    [cause] = causes(fetch(tmp_path, {"file": "risk.json", "expect": EXPECT}))
    assert cause.endswith("`NaN` is not JSON; allowed: finite numbers")


def test_what_is_missing_is_told_apart_from_what_is_wrong(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", {"cases": 3})
    found = fetch(tmp_path, {"file": "risk.json", "expect": {**EXPECT, "region": "text"}})
    assert causes(found) == [
        "risk.json: `rate` is missing; expected: a number, at least 0, at most 1; and 1 more is not as expected"
    ]
    assert found.failed[0].paths == ("rate", "region")
    assert found.facts == {"cases": 3}


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=10), timedelta(seconds=-60)])
def test_a_file_may_be_as_old_as_is_allowed(tmp_path: Path, age: timedelta) -> None:
    written(tmp_path, "risk.json", {"rate": 0.5}, seconds=age.total_seconds())
    found = fetch(tmp_path, {"file": "risk.json", "max_age": "10m"})
    assert (found.facts, causes(found)) == ({"rate": 0.5}, [])
    assert found.sources[0]["as_of"] == (NOW - age).isoformat(timespec="milliseconds")


def test_a_file_that_is_too_old_is_not_used(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", {"rate": 0.5}, minutes=12)
    found = fetch(tmp_path, {"file": "risk.json", "max_age": "10m", "expect": EXPECT})
    assert causes(found) == [
        "`risk.json` is 12 minutes old; allowed: at most 10m; bring the source up to date, or raise `max_age`"
    ]
    assert found.facts == {}
    assert found.sources[0]["as_of"] == "2026-01-31T11:48:00.000+00:00"


@pytest.mark.parametrize(
    ("at", "cause"),
    [
        ("2026-01-31T12:50:00+01:00", None),
        (
            "2026-01-31T11:48:00Z",
            "`risk.json` is 12 minutes old; allowed: at most 10m; bring the source up to date, or raise `max_age`",
        ),
        (
            "2026-01-31T13:00:00Z",
            "`risk.json` is dated 1 hour ahead of now (2026-01-31T13:00:00+00:00); allowed: at most 1 minute; correct "
            "its clock or its time",
        ),
        (
            "2026-01-31 11:59:00",
            "risk.json: `day.at` is '2026-01-31 11:59:00', which has no time zone; allowed: a time such as "
            "2026-01-31T09:30:00Z",
        ),
        (
            1_769_860_000,
            "risk.json: `day.at` is 1769860000, which is not an ISO 8601 time; allowed: a time such as "
            "2026-01-31T09:30:00Z",
        ),
        (None, "risk.json: `day.at` is missing; allowed: a time such as 2026-01-31T09:30:00Z"),
    ],
)
def test_what_the_data_says_of_its_age_counts_more_than_the_file(tmp_path: Path, at: Any, cause: str | None) -> None:
    """The file itself is of this minute."""
    written(tmp_path, "risk.json", {"rate": 0.5, "at": at})
    source = {"file": "risk.json", "into": "day", "max_age": "10m", "as_of": "at"}
    assert causes(fetch(tmp_path, source)) == ([cause] if cause else [])


def test_a_row_of_a_csv_file_is_its_facts_and_all_rows_are_a_list(tmp_path: Path) -> None:
    written(tmp_path, "one.csv", "rate,region,open\n0.02,EU,\n")
    written(tmp_path, "lots.csv", "lot,late\nA,1\nB,0\n")
    lots = {"file": "lots.csv", "rows": "all", "into": "lots", "expect": {"late": {"kind": "integer", "below": 1}}}
    found = fetch(tmp_path, {"file": "one.csv", "expect": {"rate": "number"}}, lots)
    assert found.facts == {"rate": 0.02, "region": "EU", "open": None}
    assert causes(found) == ["lots.csv: `lots[0].late` is 1; expected: a whole number, below 1"]


def test_a_private_fact_is_judged_and_not_shown(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", {"name": "Ada", "rate": 0.5})
    found = fetch(tmp_path, {"file": "risk.json", "expect": {"name": "number"}}, private=["name"])
    assert "Ada" not in str(found)
    assert causes(found) == ["risk.json: `name` is private, so that its value is not shown; expected: a number"]


SUPPLIED = {"supply": {"rate": ["coo"]}}


def test_a_fact_that_is_missing_is_asked_of_people_and_their_answer_is_judged(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", {"cases": 3})
    at = Desk(tmp_path, team(facts=[{"file": "risk.json", "expect": EXPECT}], escalate=SUPPLIED))
    [question] = at.run()["waiting"]
    assert question["question"] == (
        "The team needs the fact `rate` to start: risk.json: `rate` is missing; expected: a number, at least 0, "
        "at most 1"
    )
    for wrong in ("high", True, 2, -0.1):
        with pytest.raises(UsageError, match=r"the fact `rate` is .*; expected: a number, at least 0, at most 1"):
            at.answer("coo", wrong)
    assert at.state()["stop_reason"] is None
    record = at.answer("coo", 0.2)
    assert record["status"] == "ok"
    assert at.state()["case"]["facts"] == {"cases": 3, "rate": 0.2}


def test_people_are_told_what_is_expected_of_a_fact_whose_source_is_too_old(tmp_path: Path) -> None:
    path = written(tmp_path, "risk.json", {"rate": 0.5})
    path.touch()
    at = Desk(tmp_path, team(facts=[{"file": "risk.json", "max_age": "10m", "expect": EXPECT}], escalate=SUPPLIED))
    an_hour_ago = datetime.now(UTC).timestamp() - 3_600
    os.utime(path, (an_hour_ago, an_hour_ago))
    [question] = at.run()["waiting"]
    assert question["path"] == "rate"
    assert "`risk.json` is 1 hour" in question["question"]
    assert question["question"].endswith("; expected: a number, at least 0, at most 1")


def test_facts_that_another_source_gave_do_not_hide_that_one_failed(tmp_path: Path) -> None:
    written(tmp_path, "live.json", {"rate": "none"})
    sources = [{"inline": {"rate": 0.01}}, {"file": "live.json", "expect": EXPECT}]
    record = Desk(tmp_path, team(facts=sources)).run()
    assert record["stop_reason"] == "facts_unavailable:live.json"

    at = Desk(tmp_path, team(facts=sources, escalate=SUPPLIED), database=str(tmp_path / "asked.sqlite"))
    assert at.run()["waiting"][0]["path"] == "rate"
    assert at.answer("coo", 0.2)["status"] == "ok"
    assert at.state()["case"]["facts"] == {"rate": 0.2}


def test_a_guard_waits_for_a_fact_that_is_expected_of_a_source_and_missing(tmp_path: Path) -> None:
    written(tmp_path, "risk.json", {"cases": 3})
    guard = {"name": "rate", "fact": "rate", "above": 0.1, "cap": "no_go"}
    sources = [{"file": "risk.json", "expect": EXPECT}]
    at = Desk(tmp_path, team(facts=sources, guards=[guard], escalate=SUPPLIED))
    assert at.run()["waiting"][0]["path"] == "rate"
    assert at.answer("coo", 0.2)["outcome"]["final"] == "no_go"


def examples() -> list[list[dict[str, Any]]]:
    page = (Path(__file__).parents[2] / "docs" / "facts.md").read_text(encoding="utf-8")
    return [
        read_yaml(each.encode(), "facts.md").value["facts"]
        for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    ]


def test_the_first_example_of_the_page_on_facts_can_be_loaded_and_asks_only_hosts_that_are_listed(
    tmp_path: Path,
) -> None:
    written(tmp_path, "stock.json", {"lots": 12})
    [first, _] = examples()
    found = fetch(tmp_path, *first)
    assert found.facts == {"region": "EU", "risk": {"max_open_incidents": 0}, "stock": {"lots": 12}}
    assert [(each.source, each.paths) for each in found.failed] == [
        ("status.example.com", ("risk.open_incidents", "risk.failed_payment_rate"))
    ]


def test_the_example_of_the_page_on_what_is_expected_gives_its_facts(tmp_path: Path) -> None:
    today = {"failed_payment_rate": 0.02, "chargeback_alerts": 3, "region": "EU", "measured_at": "2026-01-31T11:30:00Z"}
    written(tmp_path, "risk.json", {"today": today})
    written(tmp_path, "lots.csv", "lot,open,share\n007,true,0.5\n008,false,1\n")
    [_, second] = examples()
    found = fetch(tmp_path, *second)
    assert causes(found) == []
    assert found.facts == {
        "limits": {"failed_payment_rate": 0.03},
        "risk": today,
        "lots": [{"lot": "007", "open": True, "share": 0.5}, {"lot": "008", "open": False, "share": 1}],
    }


def test_a_file_that_is_not_a_regular_one_is_no_source_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "risk.json")
    cause = f"{tmp_path / 'risk.json'}: is not a regular file, and a source may be read more than once; name a file"
    began = time.monotonic()
    assert causes(fetch(tmp_path, {"file": "risk.json", "into": "risk"})) == [cause]
    assert time.monotonic() - began < 5


def test_a_source_whose_facts_lie_in_places_too_long_to_be_kept_gives_none(tmp_path: Path) -> None:
    key = "k" * 10_000
    many = {key: {f"x{number}": 0 for number in range(100)}}
    written(tmp_path, "many.json", many)
    written(tmp_path, "risk.json", {key: {"rate": 1}})
    found = fetch(tmp_path, {"file": "many.json"}, {"file": "risk.json"})
    [cause] = causes(found)
    assert cause.startswith("risk.json: lies among the facts of other sources in so many places that their paths have")
    assert found.facts == many
