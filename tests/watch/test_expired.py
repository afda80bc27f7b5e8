"""A decision that expired is taken again, also where nobody can be asked for other facts."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from graph.settings import Settings
from nodes.services import Services
from tests.harness import show
from tests.hostile.command import Captured, accord
from tests.watch.stage import FACTS, decide, watch, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow

LATER = partial(Services, now=lambda: "2999-01-01T00:00:00.000+00:00")
EXPIRES: dict[str, Any] = {"watch": {"expires_after": "2d"}}


@pytest.mark.parametrize("facts", [FACTS, [{"file": "facts.json"}]])
def test_it_is_taken_again_on_the_facts_that_are_known(
    facts: Any, settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "t", facts=facts, **EXPIRES)
    with monkeypatch.context() as later:
        later.setattr("graph.opening.Services", LATER)
        seen = accord(capsys, "watch", "--all")
        code, found = watch(capsys, "t", "--reopen")
    again = watch_all(capsys, "--reopen")

    assert (seen.code, "Take it again: accord watch t --reopen" in seen.out) == (1, True)
    assert (code, found["verdict"], found["reopened_as"], found["cause"]) == (1, "reopen", "t.r1", None)
    assert {each["verdict"] for each in found["tripwires"]} == {"holds"}
    assert (show(settings, "t.r1")["reopens"], show(settings, "t.r1")["final_decision"]) == ("t", "go")
    assert (again.code, again.findings["t"]["reopened_as"]) == (0, "t.r1")


def test_facts_that_came_with_the_run_are_known(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "other", **EXPIRES)
    write_facts(with_rate(0.02), "given.json")
    accord(capsys, "run", "team.yaml", "--facts", "given.json", "--thread", "t")
    with monkeypatch.context() as later:
        later.setattr("graph.opening.Services", LATER)
        found = watch(capsys, "t", "--reopen")[1]

    assert found["reopened_as"] == "t.r1"
    assert [each["kind"] for each in show(settings, "t.r1")["sources"]] == ["given"]
    facts = json.loads(accord(capsys, "show", "t.r1", "--json").out)["sources"]
    assert facts[0]["places"] == show(settings, "t")["sources"][0]["places"]


def test_facts_that_a_source_does_not_give_are_not_known(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "t", **EXPIRES)
    Path("facts.json").unlink()
    with monkeypatch.context() as later:
        later.setattr("graph.opening.Services", LATER)
        code, found = watch(capsys, "t", "--reopen")

    assert (code, found["verdict"], found["reopened_as"]) == (1, "reopen", None)
    assert found["cause"].startswith("The source `facts.json` gave no facts that can be used: ")


def test_why_facts_are_not_known_is_one_sentence(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t", facts=FACTS)
    watch(capsys, "t")
    shown = " ".join(accord(capsys, "show", "t").out.split())

    assert "Its facts came with the run or are in the team file, so no source can be asked;" in shown
    assert "give current ones with --facts. " in shown
    assert "The facts could not be had" not in shown
