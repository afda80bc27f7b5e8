"""Facts from several sources in a run: merged in order, with where they come from, fetched once and pinned."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.runs.desk import BEGIN, Desk
from tests.runs.people import team
from tests.runs.sources import AS_OF, World, asking

URL = "https://status.example.com/risk.json"
LIVE = {"http": URL, "name": "status"}
BLOCK = {"when": "facts.risk.rate > 0.5", "stance": "block", "summary": "High.", "actions": ["Wait."]}


def of(*sources: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return team(facts=[*sources], **changes)


def told(source: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(source[key] for key in ("source", "kind", "places", "cause"))


def test_sources_are_merged_in_order_and_each_says_what_came_from_it(tmp_path: Path) -> None:
    (tmp_path / "stock.json").write_text(json.dumps({"data": {"lots": 3, "risk": {"alerts": 1}}}))
    data = {"risk": {"rate": 0.2, "alerts": 2}}
    own = {"inline": {"region": "US", "risk": {"rate": 0.1}}}
    at = Desk(tmp_path, of(own, {"file": "stock.json", "select": "data"}, LIVE))
    with asking(World({URL: data})) as world:
        record = at.run()

    assert world.asked == [URL]
    assert at.state()["case"]["facts"] == {"region": "US", "risk": {"rate": 0.2, "alerts": 2}, "lots": 3}
    assert [told(each) for each in record["sources"]] == [
        ("team", "inline", ["region"], None),
        ("stock.json", "file", ["lots"], None),
        ("status", "http", ["risk.rate", "risk.alerts"], None),
    ]
    live = record["sources"][2]
    assert live["digest"] == hashlib.sha256(rfc8785.dumps(data)).hexdigest()
    assert live["as_of"] == AS_OF.isoformat(timespec="milliseconds")
    assert record["sources"][0]["as_of"] is None
    assert [event["sources"] for event in at.events("admitted")] == [record["sources"]]


def test_data_goes_where_the_source_says(tmp_path: Path) -> None:
    with asking(World({URL: [1, 2]})):
        at = Desk(tmp_path, of({**LIVE, "into": "counts.daily"}))
        record = at.run()
        refused = Desk(tmp_path / "top", of(LIVE))
        refused.folder.mkdir()
        stopped = refused.run()

    assert (at.state()["case"]["facts"], record["sources"][0]["places"]) == ({"counts": {"daily": [1, 2]}}, ["counts"])
    assert (stopped["stop_reason"], stopped["cause"]) == (
        "facts_unavailable:status",
        "status: its data is a list; allowed: an object, or name with `into` where it goes",
    )


def test_a_source_that_fails_stops_the_run_with_its_cause_and_is_asked_again_on_resume(tmp_path: Path) -> None:
    at = Desk(tmp_path, of({"inline": {"region": "US"}}, LIVE))
    with asking(World({URL: "status.example.com answered with status 500"})) as world:
        record = at.run()
        again = at.resume()
        world.gives[URL] = {"risk": {"rate": 0.1}}
        resumed = at.resume()

    assert (record["stop_reason"], record["phase"]) == ("facts_unavailable:status", "facts")
    assert (record["cause"], record["hashes"]["facts"]) == ("status.example.com answered with status 500", None)
    assert [told(each) for each in record["sources"]] == [
        ("team", "inline", ["region"], None),
        ("status", "http", [], record["cause"]),
    ]
    assert again["stop_reason"] == record["stop_reason"]
    assert (resumed["status"], len(world.asked)) == ("ok", 3)
    assert at.state()["case"]["facts"] == {"region": "US", "risk": {"rate": 0.1}}
    assert [event["cause"] for event in at.events("finished") if event.get("cause")] == [record["cause"]] * 2


def test_facts_given_for_a_source_that_fails_are_added_to_those_of_the_others(tmp_path: Path) -> None:
    at = Desk(tmp_path, of({"inline": {"region": "US"}}, LIVE))
    with asking(World({URL: "no answer"})):
        at.run()
        record = at.resume(facts={"risk": {"rate": 0.3}})

    assert record["status"] == "ok"
    assert at.state()["case"]["facts"] == {"region": "US", "risk": {"rate": 0.3}}
    assert [told(each) for each in record["sources"]] == [
        ("team", "inline", ["region"], None),
        ("status", "http", [], "no answer"),
        ("given", "given", ["risk"], None),
    ]


def test_many_facts_that_were_given_stay_when_the_sources_are_asked_again(tmp_path: Path) -> None:
    given = {f"k{number}": number for number in range(150)}
    at = Desk(tmp_path, of({"inline": {"region": "US"}}, LIVE))
    with asking(World({URL: "no answer"})) as world:
        at.run()
        at.resume(facts={"risk": given, "region": "EU"}, budget={"max_messages": 1})
        stopped = at.state()["case"]["facts"]
        world.gives[URL] = {"risk": {"rate": 0.3}}
        moved = at.resume(refresh=True, accept_changes=True, budget={"max_messages": 20})

    assert stopped == {"region": "EU", "risk": given}
    assert at.state()["case"]["facts"] == {"region": "EU", "risk": {"rate": 0.3, **given}}
    (shown,) = [each["places"] for each in moved["sources"] if each["source"] == "given"]
    assert (len(shown), shown[-1]) == (101, "…")


# --- a person supplies what a source lacks ----------------------------------------------------------------------------

EXPECTED = {**LIVE, "into": "risk", "expect": {"rate": "number", "alerts": "integer"}}
SUPPLY = {"escalate": {"supply": {"risk.rate": ["coo"], "risk.alerts": ["cto"]}}}


@pytest.mark.parametrize(("gives", "asks"), [("no answer", ["coo", "cto"]), ({"rate": 0.1}, ["cto"])])
def test_people_are_asked_one_after_the_other_for_what_a_source_should_have_given(
    gives: Any, asks: list[str], tmp_path: Path
) -> None:
    at = Desk(tmp_path, of({"inline": {"region": "US"}}, EXPECTED, **SUPPLY))
    facts = {"coo": ("risk.rate", 0.2), "cto": ("risk.alerts", 4)}
    with asking(World({URL: gives})) as world:
        record = at.run()
        for who in asks:
            (question,) = record["waiting"]
            assert (question["kind"], question["path"], question["asked"]) == ("supply", facts[who][0], [who])
            assert record["hashes"]["facts"] is None
            record = at.answer(who, facts[who][1])

    rate = 0.2 if gives == "no answer" else 0.1
    assert (record["status"], len(world.asked)) == ("ok", 1)
    assert at.state()["case"]["facts"] == {"region": "US", "risk": {"rate": rate, "alerts": 4}}
    supplied = [(who, "supplied", [facts[who][0]], None) for who in asks]
    if len(asks) == 2:
        supplied = [("coo", "supplied", ["risk.rate"], None), ("cto", "supplied", ["risk.alerts"], None)]
    assert [told(each) for each in record["sources"]][2:] == supplied
    assert record["sources"][2]["fetched_at"] == BEGIN


def test_a_refresh_answers_the_question_for_a_fact_once_the_source_gives_it(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(EXPECTED, **SUPPLY))
    with asking(World({URL: {"rate": 0.1}})) as world:
        assert at.run()["status"] == "waiting"
        assert (at.resume()["status"], at.resume(refresh=True)["status"], len(world.asked)) == ("waiting", "waiting", 2)
        world.gives[URL] = {"rate": 0.2, "alerts": 1}
        assert at.resume(refresh=True)["status"] == "ok"

    assert at.state()["case"]["facts"] == {"risk": {"rate": 0.2, "alerts": 1}}
    assert [event["kind"] for event in at.events("asked") if "kind" in event] == ["supply"]


def test_a_source_of_which_a_person_may_not_supply_all_stops_the_run(tmp_path: Path) -> None:
    at = Desk(tmp_path, of({"inline": {}}, EXPECTED, escalate={"supply": {"risk.rate": ["coo"]}}))
    with asking(World({URL: "no answer"})):
        assert at.run()["stop_reason"] == "facts_unavailable:status"


def test_an_optional_fact_may_be_missing(tmp_path: Path) -> None:
    at = Desk(tmp_path, of({**LIVE, "expect": {"rate": "number", "note": {"kind": "text", "optional": True}}}))
    with asking(World({URL: {"rate": 1}})):
        assert at.run()["status"] == "ok"


def test_what_was_supplied_stays_when_the_sources_are_asked_again(tmp_path: Path) -> None:
    more = {"requires": ["owner"], **SUPPLY}
    at = Desk(tmp_path, of(EXPECTED, **more))
    with asking(World({URL: {"rate": 0.1}})) as world:
        at.run()
        stopped = at.answer("cto", 4)
        world.gives[URL] = {"rate": 0.7, "alerts": 0, "owner": "Ada"}
        still = at.resume()
        record = at.resume(facts={"owner": "Ada"})

    assert [each["stop_reason"] for each in (stopped, still)] == ["needs_input:owner"] * 2
    assert record["status"] == "ok"
    assert at.state()["case"]["facts"] == {"risk": {"rate": 0.7, "alerts": 4, "owner": "Ada"}, "owner": "Ada"}
