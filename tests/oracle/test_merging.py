"""Facts from several sources, their origin and what is withheld of them, against the oracle."""

import asyncio
import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from graph.problems import UsageError
from graph.teams.changing import with_facts_changed
from policies.team.provenance import Gathered
from policies.team.team import Team, pinned
from tests.harness import load_facts
from tests.oracle import merging
from tests.runs.people import team as plain_team

SEEDS = range(400)


def in_order(value: Any) -> str:
    """A value as text in which the order of keys counts, and 1 is not true."""
    return json.dumps(value)


def team_of(sources: list[dict[str, Any]], private: list[str]) -> Team:
    plain = plain_team(facts=sources, private=private)
    policy = {"name": "one", "rules": [{"when": "go >= 1", "then": "go"}]}
    return Team.model_validate({**plain, "policy": policy}, strict=False)


def gathered_of(datas: list[dict[str, Any]], kinds: list[str]) -> Gathered:
    gathered = Gathered()
    for number, (data, kind) in enumerate(zip(datas, kinds, strict=True)):
        gathered = gathered.plus({"source": str(number), "kind": kind}, data)
    return gathered


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_and_their_places_are_what_the_oracle_finds(seed: int) -> None:
    rng = random.Random(f"merge {seed}")
    datas = [merging.any_object(rng) for _ in range(rng.randint(1, 5))]
    gathered = gathered_of(datas, ["file"] * len(datas))

    assert in_order(gathered.facts) == in_order(merging.merged(datas))
    for number, source in enumerate(gathered.placed):
        assert sorted(source["places"]) == merging.dotted(merging.places(datas, number))
    again = Gathered.kept(gathered.facts, gathered.placed)
    assert (again.facts, again.placed) == (gathered.facts, gathered.placed)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_brought_stays_over_whatever_the_sources_give_next(seed: int) -> None:
    rng = random.Random(f"brought {seed}")
    first, given, second = (merging.any_object(rng) for _ in range(3))
    before = gathered_of([first, given], ["http", rng.choice(["given", "supplied"])])
    after = gathered_of([second], ["http"]).with_brought(before)

    kept = merging.merged([first, given])
    brought: dict[str, Any] = {}
    for keys in merging.places([first, given], 1):
        value = merging.at(kept, keys)
        for key in reversed(keys):
            value = {key: value}
        brought = merging.merged([brought, value])
    assert after.facts == merging.merged([second, brought])


@pytest.mark.parametrize("seed", range(150))
def test_loaded_facts_are_withheld_and_digested_as_the_oracle_says(seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"load {seed}")
    sources: list[dict[str, Any]] = []
    for number in range(rng.randint(1, 4)):
        data, into = merging.any_object(rng), rng.choice([None, "a", "b.c"])
        source: dict[str, Any] = {"inline": data}
        if rng.random() < 0.5:
            source = {"file": str(tmp_path / f"{number}.json")}
        if "file" in source:
            Path(source["file"]).write_text(json.dumps(data))
        sources.append({**source, **({"into": into} if into else {}), "name": str(number)})
    private = sorted({merging.any_path(rng) for _ in range(rng.randint(0, 2))})
    team = team_of(sources, private)
    datas = [_given(source) for source in sources]
    for path in private:
        datas = [merging.withheld(data, (*path.split("."),)) for data in datas]

    for each in (team, Team.model_validate({**pinned(team), "goal": "-"}, strict=False)):
        fetched = asyncio.run(load_facts(each))
        whole = merging.merged(datas)
        assert (in_order(fetched.facts), fetched.failed) == (in_order(whole), ())
        assert whole == _withheld_after(whole, private)
        for number, source in enumerate(fetched.sources):
            assert source["digest"] == hashlib.sha256(rfc8785.dumps(datas[number])).hexdigest()
            assert sorted(source["places"]) == merging.dotted(merging.places(datas, number))


def _given(source: dict[str, Any]) -> Any:
    data = source["inline"] if "inline" in source else json.loads(Path(source["file"]).read_text())
    return merging.placed(data, source.get("into"))


def _withheld_after(facts: Any, private: list[str]) -> Any:
    for path in private:
        facts = merging.withheld(facts, (*path.split("."),))
    return facts


@pytest.mark.parametrize("seed", range(200))
def test_single_facts_that_are_set_over_sources_are_set_as_over_facts_of_the_file(seed: int) -> None:
    rng = random.Random(f"set {seed}")
    datas = [merging.any_object(rng) for _ in range(rng.randint(1, 3))]
    settings = [f"facts.{merging.any_path(rng)}={json.dumps(merging.any_value(rng, 1))}" for _ in range(2)]
    raw = {"facts": [{"inline": data} for data in datas]}
    plain, after = changed({"facts": merging.merged(datas)}, settings), changed(raw, settings)
    if isinstance(plain, str) or isinstance(after, str):
        assert after == plain or "cannot take a fact away" in after
        return
    assert merging.merged([each["inline"] for each in after]) == plain
    assert after[: len(datas)] == raw["facts"]


def changed(raw: dict[str, Any], settings: list[str]) -> Any:
    """The facts of a team after settings, or what is wrong with these."""
    try:
        return with_facts_changed(raw, {}, settings)["facts"]
    except UsageError as error:
        return str(error)
