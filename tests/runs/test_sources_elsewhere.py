"""Sources of facts beside a plain run: private facts, settings, batch lines, estimates, teams within, and the door."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph.build import Door
from graph.facts.brought import Brought
from graph.opening import open_runner
from graph.serving import own_facts
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import voiced
from nodes.state import Input, RunInput
from tests.harness import settings_at
from tests.hostile.command import Captured, accord, refused
from tests.runs.desk import Desk
from tests.runs.people import team
from tests.runs.sources import World, asking
from tests.runs.test_facts_from_sources import LIVE, URL, of, told
from tests.runs.test_private_facts import SECRET


def everything_in(folder: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*.sqlite*") if path.is_file())


def test_private_facts_of_no_source_are_kept_anywhere(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text(json.dumps({"customer": {"name": SECRET, "segment": "gold"}}))
    customer = {"inline": {"all": {"owner": SECRET}}, "select": "all", "into": "customer"}
    at = Desk(
        tmp_path,
        of(
            {"file": "people.json"},
            customer,
            LIVE,
            private=["customer.name", "customer.owner", "cell"],
            budget={"max_messages": 1},
        ),
    )
    with asking(World({URL: {"cell": {"number": SECRET}, "rate": 1}})):
        record = at.run()
        (tmp_path / "people.json").write_text(json.dumps({"customer": {"name": SECRET, "segment": "silver"}}))
        refreshed = at.resume(refresh=True)

    withheld = "(withheld)"
    assert record["stop_reason"] == "max_messages"
    assert at.state()["case"]["facts"] == {
        "customer": {"name": withheld, "segment": "gold", "owner": withheld},
        "cell": withheld,
        "rate": 1,
    }
    assert refreshed["cause"] == "`customer.segment`: 'gold' → 'silver'"
    assert [told(each)[2] for each in record["sources"]] == [
        ["customer.name", "customer.segment"],
        ["customer.owner"],
        ["cell", "rate"],
    ]
    found = everything_in(tmp_path)
    assert "silver" not in found
    assert "gold" in found
    assert SECRET not in found + json.dumps([record, refreshed])


def test_one_fact_set_over_sources_is_a_source_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "team.json"
    file.write_text(json.dumps(of({"inline": {"risk": {"rate": 1}, "lots": [1]}})))
    found = load_team(str(file), Changes(settings=["facts.risk.rate=2", "facts.lots+=2"]))
    assert [source.model_dump(exclude_unset=True) for source in found.sources] == [
        {"inline": {"risk": {"rate": 1}, "lots": [1]}},
        {"inline": {"risk": {"rate": 2}, "lots": [1, 2]}, "name": "settings"},
    ]
    given = load_team(str(file), Changes(settings=["facts={rate: 3}"]))
    assert given.facts == {"rate": 3}
    over = load_team(str(file), Changes(overrides={"facts": {"rate": 3}}))
    assert [source.name for source in over.sources] == [None, "settings"]


@pytest.mark.parametrize(
    ("facts", "setting", "sentence"),
    [
        ("[{inline: {risk: {rate: 1}}}]", "facts.risk={}", "settings cannot take a fact away that a source gives"),
        ("[{inline: {rate: 1}}]", "facts.rat=2", "--set facts.rat=2: `rat` is not in the facts; did you mean `rate`?"),
        ("[{http: 'https://x'}]", "facts.rates+=2", "--set facts.rates+=2: nothing can be appended to facts that are"),
        ("[{file: gone.json}]", "facts.rate=2", "gone.json: cannot be read: No such file or directory"),
    ],
)
def test_a_setting_that_cannot_be_set_over_sources_is_refused(
    facts: str, setting: str, sentence: str, tmp_path: Path, capsys: Captured
) -> None:
    plain = json.dumps({key: value for key, value in team().items() if key != "facts"})
    (tmp_path / "team.yaml").write_text(f"{plain[:-1]}, facts: {facts}}}")
    (said,) = refused(capsys, "run", tmp_path / "team.yaml", "--set", setting)
    assert said.removeprefix(f"{tmp_path}/").startswith(sentence)


def test_a_fact_set_over_a_live_source_is_set_when_the_source_is_asked(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "team.json").write_text(json.dumps(of(LIVE)))
    with asking(World({URL: {"rate": 1, "region": "US"}})):
        done = accord(capsys, "run", tmp_path / "team.json", "--set", "facts.rate=2", "--voice", "rules", "--json")
    record = json.loads(done.out)
    assert [told(each) for each in record["sources"]] == [
        ("status", "http", ["region"], None),
        ("settings", "inline", ["rate"], None),
    ]


def test_facts_given_with_a_run_or_a_line_take_the_place_of_the_sources(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    file = tmp_path / "team.json"
    file.write_text(json.dumps(of(LIVE)))
    (tmp_path / "today.json").write_text('{"rate": 5}')
    line = json.dumps({"id": "b", "team": str(file), "facts": {"rate": 5}})
    (tmp_path / "cases.jsonl").write_text(line)
    with asking(World()) as world:
        done = accord(capsys, "run", file, "--facts", tmp_path / "today.json", "--voice", "rules", "--json")
        batch = accord(capsys, "batch", tmp_path / "cases.jsonl", "--voice", "rules")
    records = [json.loads(done.out), json.loads(batch.out)["result"]]
    assert [[told(each) for each in record["sources"]] for record in records] == [
        [("given", "given", ["rate"], None)],
    ] * 2
    assert world.asked == []


def test_an_estimate_and_a_form_ask_nobody(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "team.json"
    file.write_text(json.dumps(of(LIVE)))
    with asking(World()) as world:
        done = accord(capsys, "estimate", file)
        form = asyncio.run(own_facts(load_team(str(file))))
    assert (done.code, form, world.asked) == (0, None, [])
    assert "the team has no facts" in done.out + done.err


def test_a_team_within_has_sources_of_its_own(tmp_path: Path) -> None:
    inner = team(facts=[{"inline": {"cell": SECRET}}, LIVE], private=["cell"], sequence=["demand"])
    inner = {key: value for key, value in inner.items() if key not in ("name", "title", "goal", "approvers")}
    plain = team(facts={"outer": 1}, pattern="parallel", sequence=["crew"], policy="classic")
    plain["roles"]["crew"] = {"title": "Crew", "mandate": "Judge.", "team": {**inner, "budget": {"min_go_votes": 1}}}
    at = Desk(tmp_path, plain)
    with asking(World({URL: {"rate": 1}})) as world:
        record = at.run()
    assert (record["status"], record.get("cause"), world.asked) == ("ok", None, [URL])
    (within,) = [event["output"]["inner"] for event in at.events("accepted") if event["role"] == "crew"]
    begun = within["events"][0]
    assert [told(each) for each in begun["sources"]] == [
        ("team", "inline", ["cell"], None),
        ("status", "http", ["rate"], None),
    ]
    assert SECRET not in everything_in(tmp_path)


def test_a_run_may_say_where_its_facts_come_from_and_which_decision_it_reopens(tmp_path: Path) -> None:
    file = tmp_path / "team.json"
    file.write_text(json.dumps(team()))
    settings = settings_at(tmp_path)
    source = {"source": "status", "kind": "http", "fetched_at": "then", "as_of": None, "digest": "d", "cause": None}
    sources = [{**source, "places": ["rate"]}]
    again = {"thread": "old", "head": "h", "record": {"final_decision": "go"}}

    async def main() -> tuple[Any, Any]:
        async with open_runner(settings) as runner:
            brought = Brought(sources=sources, reopens=again)
            record = await runner.run(voiced(load_team(str(file)), settings, "rules"), "new", brought=brought)
            return record, await runner.threads.begun("new")

    record, state = asyncio.run(main())
    assert (record["reopens"], record["sources"]) == ("old", sources)
    assert (state["case"]["reopens"], state["case"]["sources"]) == (again, sources)
    assert state["events"][0]["reopens"] == again


def test_no_server_takes_from_its_callers_where_facts_come_from() -> None:
    assert Door().given is Input
    assert RunInput.model_fields.keys() - Input.model_fields.keys() == {"sources", "reopens", "refresh", "tenant"}
    assert Input.model_config["extra"] == "forbid"
