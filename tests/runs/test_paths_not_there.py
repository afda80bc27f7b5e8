"""Guards and checks on paths that are not there or hold another kind, from each place that facts come from."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.memory import InMemoryStore

from graph.build import build_graph
from graph.teams.loader import load_team
from graph.teams.voicing import voiced
from nodes.services import Services
from nodes.voices.rules import RulesVoice
from tests.harness import load_facts, settings_at
from tests.hostile.command import Captured, accord, refused
from tests.runs.recall import FACTS, INLINE, NEAR, facts_file, record, team

pytestmark = pytest.mark.slow

# --- the file's own facts ---------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a misspelt guard": (
        {"guard": "safety.open_recals"},
        f"`guards.0.fact` cannot be used: `safety.open_recals` is not in the facts; {NEAR}",
    ),
    "with the prefix": (
        {"guard": "facts.safety.open_recals"},
        "`guards.0.fact` cannot be used: `safety.open_recals` is not",
    ),
    "a guard on text": (
        {"guard": "safety.region"},
        "`guards.0.fact` cannot be used: `safety.region` is text, not a number",
    ),
    "a guard on null": (
        {"guard": "safety.officer"},
        "`guards.0.fact` cannot be used: `safety.officer` is null, not a number",
    ),
    "a guard on a list": (
        {"guard": "safety.lots"},
        "`guards.0.fact` cannot be used: `safety.lots` is a list, not a number",
    ),
    "a misspelt limit": (
        {"guard": "{name: g, fact: safety.open_recalls, above: facts.safety.max, cap: no_go}"},
        "`guards.0.above` cannot be used: `safety.max` is not in the facts",
    ),
    "text that equals a number": (
        {"guard": "{name: g, fact: safety.region, equals: 1, cap: no_go}"},
        "`guards.0.fact` cannot be used: `safety.region` is text, and its limit is a number",
    ),
    "a misspelt check": (
        {"check": "facts.safety.open_recals > 0"},
        f"`roles.quality.checks.0.when` cannot be used: `safety.open_recals` is not in the facts; {NEAR}",
    ),
    "a check in brackets": (
        {"check": 'facts["safety"]["open_recals"] > 0'},
        f"`safety.open_recals` is not in the facts; {NEAR}",
    ),
    "a check on text": (
        {"check": "facts.safety.region > 0"},
        "`safety.region` is text, and `>` compares it with a number",
    ),
    "text equal to a number": (
        {"check": "facts.safety.region == 1"},
        "`safety.region` is text, and `==` compares it with a number",
    ),
    "a check on null": (
        {"check": "facts.safety.officer > 1"},
        "`safety.officer` is null; correct the path, or the value",
    ),
    "an item of a list": (
        {"check": "facts.safety.lots[0].lat > 1"},
        "`safety.lots[*].lat` is not in the facts; the nearest path is `safety.lots[*].late`",
    ),
    "an item beyond a list": (
        {"check": "facts.safety.lots[7].late > 1"},
        "`roles.quality.checks.0.when` cannot be used: it cannot be evaluated: ",
    ),
    "has() of another path": ({"check": "has(facts.safety.x) && facts.safety.y > 1"}, "`safety.y` is not in the facts"),
    "has() in nothing": (
        {"check": "has(facts.safty.x)"},
        "`safty` is not in the facts; the nearest path is `safety`, an object",
    ),
}


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("source", ["inline", "file"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_whose_own_facts_do_not_fit_is_refused_with_line_field_path_and_what_is_there(
    name: str, source: str, capsys: Captured
) -> None:
    what, said = REFUSED[name]
    facts_file(FACTS)
    path = team(**what, facts=INLINE if source == "inline" else "facts: [{file: facts.json}]")
    line = 8 if "guard" in what else 13

    for command in (["run", path], ["policy", "verify", path], ["estimate", path], ["graph", path]):
        (sentence,) = refused(capsys, *command)
        assert sentence.startswith(f"team.yaml:{line}: `")
        assert said in sentence
        assert "; correct the path, or " in sentence


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize(
    "what",
    [
        {"guard": "facts.safety.open_recalls"},
        {"guard": "{name: g, fact: safety.region, equals: EU, cap: no_go}"},
        {"check": "facts.safety.open_recalls > 0"},
        {"check": "has(facts.safety.x) && facts.safety.x > 1"},
        {"check": '"x" in facts.safety && facts.safety.x > 1'},
        {"check": "facts.safety.officer != null && facts.safety.officer == 'Ada'"},
        {"check": "facts.safety.lots.exists(lot, lot.late > 3)"},
    ],
)
def test_a_file_whose_facts_fit_decides(what: dict[str, str], capsys: Captured) -> None:
    code, found = record(capsys, "run", team(**what))

    assert (code, found["final_decision"], "unread" in found["outcome"]) == (0, "go", False)


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("facts", [INLINE, "facts: {safety: {}}", "facts: {safety: {officer: null}}"])
def test_a_fact_that_the_file_requires_is_one_to_supply(facts: str, capsys: Captured) -> None:
    path = team("safety.officer", "facts.safety.officer > 1", facts=facts, more="requires: [facts.safety.officer]")
    code, found = record(capsys, "run", path)

    assert (code, found["stop_reason"], found["phase"]) == (3, "needs_input:safety.officer", "facts")
    assert found["cause"].startswith("the team requires it: `safety.officer` is n")


@pytest.mark.usefixtures("accord_home")
def test_all_that_does_not_fit_is_told_at_once_with_all_else_that_is_wrong(capsys: Captured) -> None:
    path = team("safety.open_recals", "facts.safety.regoin == 'US'", more="mood: 1")

    sentences = refused(capsys, "run", path)

    assert sorted(said.partition(" ")[2][:60] for said in sentences) == [
        "`guards.0.fact` cannot be used: `safety.open_recals` is not ",
        "`mood` is an unknown key; allowed: name, title, goal, langua",
        "`roles.quality.checks.0.when` cannot be used: `safety.regoin",
    ]


@pytest.mark.usefixtures("accord_home")
def test_a_private_fact_is_judged_as_it_is_and_not_shown(capsys: Captured) -> None:
    facts = f"facts: {json.dumps(FACTS | {'customer': {'name': 'Ada', 'names': 1}})}"
    (sentence,) = refused(capsys, "run", team("customer.nam", facts=facts, more="private: [facts.customer.name]"))

    assert "the nearest path is `customer.names`, a number" in sentence
    assert "Ada" not in sentence


@pytest.mark.usefixtures("accord_home")
def test_a_private_path_with_the_prefix_is_withheld(capsys: Captured) -> None:
    facts = f"facts: {json.dumps(FACTS | {'customer': {'name': 'Ada'}})}"
    accord(capsys, "run", team(facts=facts, more="private: [facts.customer.name]"), "--thread", "t")

    assert "Ada" not in accord(capsys, "show", "t", "--html", "-").out


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["facts.safety.open_recalls=none"], "--set facts.safety.open_recalls=none: `guards.0.fact` cannot be used: "),
        (["facts.safety={}"], "--set facts.safety={}: `guards.0.fact` cannot be used: `safety.open_recalls` is not"),
        (["guards=[{name: g, fact: safety.x, above: 0, cap: no_go}]"], "--set guards=[{name: g, fact: safety.x, above"),
        (["facts.other=1", "guards.0.fact=x"], "team.yaml:8: "),
    ],
)
def test_what_a_setting_brought_is_named_so(settings: list[str], said: str, capsys: Captured) -> None:
    path = team("safety.open_recals" if "other" in settings[0] else "safety.open_recalls")
    (sentence,) = refused(capsys, "run", path, "--set", settings[0])

    assert sentence.startswith(said)


@pytest.mark.usefixtures("accord_home")
def test_a_file_of_facts_that_cannot_be_read_is_unavailable_as_before(capsys: Captured) -> None:
    code, found = record(capsys, "run", team("safety.open_recals", facts="facts: [{file: nowhere.json}]"))

    assert (code, found["stop_reason"]) == (3, "facts_unavailable:nowhere.json")
    assert "nowhere.json: cannot be read" in found["cause"]


INNER = """\
name: outer
title: Outer
goal: Decide.
pattern: pipeline
sequence: [board]
OUTER
roles:
  board:
    title: Board
    mandate: Decide.
    team: INNER
"""


def outer(inner: str, facts: str = "facts: {region: US}") -> str:
    Path("outer.yaml").write_text(INNER.replace("OUTER", facts).replace("INNER", inner), encoding="utf-8")
    return "outer.yaml"


@pytest.mark.usefixtures("accord_home")
def test_a_team_within_is_judged_by_its_own_facts_else_by_those_around_it(capsys: Captured) -> None:
    team("safety.open_recals", name="own.yaml")
    team("safety.open_recalls", facts="", name="bare.yaml")

    (own,) = refused(capsys, "run", outer("own.yaml"))
    (bare,) = refused(capsys, "run", outer("bare.yaml"))
    assert own.startswith("own.yaml:8: `guards.0.fact` cannot be used: `safety.open_recals` is not in the facts")
    assert bare.startswith(
        "outer.yaml:11: `roles.board.team.guards.0.fact` cannot be used: `safety.open_recalls` is not"
    )
    assert bare.endswith("the facts have `region`; correct the path, or add the fact")
    assert record(capsys, "run", outer("bare.yaml", INLINE))[0] == 0


# --- facts given with the run -----------------------------------------------------------------------------------------

RECALLED = {"check": "facts.safety.open_recalls > 0"}
GIVEN: dict[str, tuple[dict[str, str], dict[str, Any], str | None]] = {
    "a check that lacks a fact": (RECALLED, {"safety": {"open_recal": 1}}, "needs_input:safety.open_recalls"),
    "a check on null": (RECALLED, {"safety": {"open_recalls": None}}, "needs_input:safety.open_recalls"),
    "a check on text": (RECALLED, {"safety": {"open_recalls": "none"}}, "condition_failed:quality"),
    "text equal to a number": (
        {"check": "facts.safety.open_recalls == 1"},
        {"safety": {"open_recalls": "1"}},
        "condition_failed:quality",
    ),
    "a required fact": ({"more": "requires: [facts.safety.officer]"}, {"safety": {}}, "needs_input:safety.officer"),
    "has() alone": ({"check": "has(facts.safety.x) && facts.safety.x > 1"}, {"safety": {}}, None),
    "has() in nothing": ({"check": "has(facts.safety.x)"}, {}, "needs_input:safety"),
    "an item beyond a list": (
        {"check": "facts.safety.lots[0].late > 1"},
        {"safety": {"lots": []}},
        "condition_failed:quality",
    ),
    "a division by zero": (
        {"check": "1 / facts.safety.open_recalls > 0"},
        {"safety": {"open_recalls": 0}},
        "condition_failed:quality",
    ),
}
CAUSES = {
    "a check that lacks a fact": (
        "role `quality`, check 1 (`facts.safety.open_recalls > 0`): `safety.open_recalls` is not in the facts; "
        "the nearest path is `safety.open_recal`, a number"
    ),
    "a check on text": (
        "role `quality`, check 1 (`facts.safety.open_recalls > 0`): `safety.open_recalls` is text, "
        "and `>` compares it with a number"
    ),
    "a required fact": (
        "the team requires it: `safety.officer` is not in the facts; the nearest path is `safety`, an object"
    ),
}
FACTS_OF = {"facts": f"facts: {json.dumps({'safety': {'open_recalls': 2, 'lots': [{'late': 2}], 'officer': 'Ada'}})}"}


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("source", ["--facts", "batch", "a graph's input"])
@pytest.mark.parametrize("name", GIVEN)
def test_facts_of_a_run_that_do_not_fit_stop_it_with_a_reason_and_its_cause(
    name: str, source: str, capsys: Captured, accord_home: Path
) -> None:
    what, given, reason = GIVEN[name]
    path = team(**(FACTS_OF | what))
    if source == "--facts":
        code, found = record(capsys, "run", path, "--facts", facts_file(given))
        assert code == (3 if reason else 0)
    elif source == "batch":
        Path("cases.jsonl").write_text(json.dumps({"id": "a", "team": path, "facts": given}), encoding="utf-8")
        done = accord(capsys, "batch", "cases.jsonl")
        found = json.loads(done.out)["result"]
    else:
        found = asyncio.run(_as_a_server_would(path, given, accord_home))

    assert found["stop_reason"] == (reason or "success")
    if reason:
        assert found["phase"] == ("round_1:quality" if reason.startswith("condition_failed") else "facts")
    if name in CAUSES and source != "a graph's input":
        assert found["cause"] == CAUSES[name]
        assert found["resumable"] is True


async def _as_a_server_would(path: str, given: dict[str, Any], home: Path) -> dict[str, Any]:
    team = voiced(load_team(path), settings_at(home))
    graph = build_graph(team, Services({"rules": RulesVoice()}, load_facts)).compile(store=InMemoryStore())
    return dict(await graph.ainvoke({"facts": given}))


@pytest.mark.usefixtures("accord_home")
def test_with_facts_of_a_run_those_of_the_file_are_not_judged(capsys: Captured) -> None:
    path = team("safety.open_recals", "facts.safety.open_recals > 0")

    assert record(capsys, "run", path, "--facts", facts_file({"safety": {"open_recals": 0}}))[0] == 0
    assert (
        record(capsys, "run", path, "--facts", facts_file(FACTS))[1]["stop_reason"] == "needs_input:safety.open_recals"
    )


@pytest.mark.usefixtures("accord_home")
def test_overrides_of_a_batch_line_are_the_file_s_facts(capsys: Captured) -> None:
    path = team("safety.open_recalls")
    lines = [{"safety": {"open_recalls": "none"}}, {"safety": {"other": 1}}]
    cases = [{"id": str(n), "team": path, "overrides": {"facts": facts}} for n, facts in enumerate(lines)]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, cases)), encoding="utf-8")
    bad, good = map(json.loads, accord(capsys, "batch", "cases.jsonl").out.splitlines())

    assert bad["error"].startswith("line 1: `overrides`: `guards.0.fact` cannot be used: `safety.open_recalls` is text")
    assert good["result"]["final_decision"] == "go"


@pytest.mark.usefixtures("accord_home")
def test_a_check_that_failed_goes_on_once_the_facts_fit(capsys: Captured) -> None:
    path = team(**(FACTS_OF | {"check": "facts.safety.open_recalls > 0"}))
    bad, good = facts_file({"safety": {"open_recalls": "0"}}, "bad.json"), facts_file({"safety": {"open_recalls": 0}})
    stopped = accord(capsys, "run", path, "--facts", bad, "--thread", "t")
    again, moved = accord(capsys, "resume", "t"), accord(capsys, "resume", "t", "--facts", good)
    code, found = record(capsys, "resume", "t", "--facts", good, "--accept-changes")

    assert "Stopped: condition_failed:quality at round 1, " in stopped.out
    assert "accord: team.yaml:13: this check could not be evaluated" in stopped.err.splitlines()
    assert "Cause: role `quality`, check 1" in stopped.out
    assert "Correct the facts, then resume it with: accord resume t --facts FILE --accept-changes" in stopped.out
    assert (again.code, moved.code, "Stopped: stale_thread:facts" in moved.out) == (3, 3, True)
    assert (code, found["final_decision"]) == (0, "go")
