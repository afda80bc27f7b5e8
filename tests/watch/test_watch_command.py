"""`accord watch`: decisions checked against current facts, in words, in JSON and by exit code."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from graph.drift import Told
from graph.facts.settings import FactSettings
from graph.facts.source import Reading
from graph.fresh import asked_sources
from graph.settings import Settings
from graph.watching import open_watching
from nodes.halt import Halt
from nodes.services import Services
from tests.harness import run, team_of
from tests.hostile.command import Captured, accord, refused
from tests.watch.stage import FACTS, FINDING, decide, kept, watch, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow

BESIDE = {"sourceless": 1, "reopened": 0, "cut_off": False}
LATER = partial(Services, now=lambda: "2999-01-01T00:00:00.000+00:00")
"""What nodes may use, long after."""


@pytest.mark.parametrize(
    ("facts", "code", "verdict"),
    [
        (FACTS, 0, "holds"),
        (with_rate(0.005), 0, "holds"),
        (with_rate(0.02), 0, "weakened"),
        (with_rate(0.03), 1, "reopen"),
        (with_rate(0.01, alerts=4), 0, "weakened"),
        (with_rate(0.01, alerts=6), 1, "reopen"),
        ({}, 1, "reopen"),
        ([1], 3, "unknown"),
    ],
)
def test_the_sources_are_asked_again(facts: Any, code: int, verdict: str, settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    before = kept(capsys)
    write_facts(facts)
    found = watch(capsys)

    assert (found[0], found[1]["verdict"]) == (code, verdict)
    assert found[1].keys() == FINDING
    assert kept(capsys) == before


def test_pinned_facts_are_never_looked_at_instead(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    Path("facts.json").unlink()
    code, found = watch(capsys)

    assert (code, found["verdict"], found["changed"]) == (3, "unknown", [])
    assert found["cause"].startswith("The source `facts.json` gave no facts that can be used: ")
    assert {each["now"] for each in found["tripwires"]} == {None}


def test_what_was_found_is_told_in_words(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04, alerts=3))
    done = accord(capsys, "watch", "t")

    assert done.code == 1
    assert [line for line in done.out.splitlines() if not line.startswith("decided ")] == [
        "t  small  Go",
        "It should be taken again: guard fraud.",
        "  another answer  Guard fraud: clear → tripped",
        "    risk.rate = 0.01 → 0.04; limit: at least 0.03",
        "    0.02 from the limit → 0.01 past the limit",
        "  closer to its limit  The checks of Risk: go",
        "    risk.alerts = 2 → 3; limit: above 5",
        "    3 from the limit → 2 from the limit",
        "What moved: risk.rate: 0.01 → 0.04; risk.alerts: 2 → 3",
        "Take it again: accord watch t --reopen",
    ]
    assert done.out.splitlines()[-2].endswith("; owner: Head of risk")


def test_what_cannot_be_read_any_more_says_so(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    write_facts({"risk": {"rate": "high"}, "limits": {"rate": 1}})
    out = accord(capsys, "watch").out

    assert "  another answer  Guard fraud: clear → could not be read\n" in out
    assert "    could not be read: risk.rate (it is text, not a number)\n" in out
    assert "  another answer  The checks of Risk: go → could not be read\n" in out


def test_facts_in_a_file_are_taken_instead_of_the_sources(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04))
    write_facts(with_rate(0.02), "today.json")

    assert watch(capsys, "t", "--facts", "today.json")[1]["verdict"] == "weakened"
    assert watch_all(capsys, "--facts", "today.json").verdicts == {"t": "weakened"}
    assert watch(capsys)[1]["verdict"] == "reopen"


def test_facts_that_came_with_the_run_have_no_source(settings: Settings, capsys: Captured) -> None:
    run(team_of(settings, "cold_storage"), settings, "t")
    code, found = watch(capsys)

    assert (code, found["verdict"]) == (3, "unknown")
    assert "no source can be asked; give current ones with --facts" in found["cause"]
    write_facts({}, "today.json")
    assert watch(capsys, "t", "--facts", "today.json")[0] == 1


def test_private_facts_stay_withheld(settings: Settings, capsys: Captured) -> None:
    write_facts({**FACTS, "customer": {"name": "Ada"}})
    decide(settings, "t", private=["customer.name"])
    write_facts({**with_rate(0.02), "customer": {"name": "Bob"}}, "today.json")
    found = watch(capsys, "t", "--facts", "today.json")[1]

    assert found["changed"] == [{"path": "risk.rate", "then": 0.01, "now": 0.02}]
    assert "Bob" not in json.dumps(found)


def test_all_decisions_are_counted_and_what_holds_is_not_shown(settings: Settings, capsys: Captured) -> None:
    decide(settings, "a", "b")
    run(team_of(settings, "cold_storage"), settings, "c")
    write_facts(with_rate(0.02))
    found = watch_all(capsys)
    out = accord(capsys, "watch", "--all").out
    write_facts()

    assert (found.code, found.verdicts) == (0, {"a": "weakened", "b": "weakened", "c": "unknown"})
    assert found.totals == {"decisions": 3, "holds": 0, "weakened": 2, "reopen": 0, "unknown": 1, **BESIDE}
    sourceless = "1 of these has no source to ask; give it the current facts with --facts"
    assert " ".join(out.split()).endswith(f" 3 decisions: 0 hold, 2 weakened, 0 to reopen, 1 unknown; {sourceless}")
    assert accord(capsys, "watch", "--all").out.count("  small  Go") == 0


def test_only_what_ended_with_a_decision_is_watched(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    decide(settings, "stopped", budget={"max_messages": 1})
    decide(settings, "asking", policy={"name": "ask", "rules": [], "otherwise": "escalate"})
    run(team_of(settings, "market_scan"), settings, "scan")

    assert watch_all(capsys).verdicts == {"t": "holds"}
    without = "the thread `{}` ended without a decision, so there is nothing to watch"
    assert refused(capsys, "watch", "stopped") == [without.format("stopped")]
    assert refused(capsys, "watch", "scan") == [without.format("scan")]
    assert refused(capsys, "watch", "asking") == [
        "the thread `asking` has not ended, so there is no decision to watch yet"
    ]
    assert refused(capsys, "watch", "t", "--all") == ["--all watches every decision; name a thread or --all"]
    assert refused(capsys, "watch", "nobody")[0].startswith("there is no thread `nobody`")


def test_a_decision_by_people_is_watched_and_what_they_missed_is_settled(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = {"name": "ask", "rules": [], "otherwise": "escalate"}
    people: dict[str, Any] = {"approvers": {"cfo": {"title": "CFO"}}, "policy": asks}
    people["escalate"] = {"decide": {"by": ["cfo"]}, "expires_after": "1h", "on_timeout": "no_go"}
    decide(settings, "said", "late", **people)
    accord(capsys, "decide", "said", "go", "--by", "cfo", "--because", "Now.")
    write_facts(with_rate(0.02))
    assert watch_all(capsys).verdicts == {"said": "weakened"}

    monkeypatch.setattr("graph.opening.Services", LATER)
    assert watch(capsys, "late")[1]["decision"] == "no_go"


def test_a_decision_expires(settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(settings, "t", watch={"expires_after": "2d"})
    assert watch(capsys)[0] == 0
    monkeypatch.setattr("graph.opening.Services", LATER)
    code, found = watch(capsys)

    assert (code, found["verdict"], found["expired"], found["owner"]) == (1, "reopen", True, None)
    assert "It should be taken again: its time is over.\n" in accord(capsys, "watch", "t").out


def test_a_team_in_french_is_watched_in_french(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t", language="fr")
    write_facts(with_rate(0.04))
    out = accord(capsys, "watch", "t").out

    assert "It should be taken again" not in out
    assert "arde-fou fraud" in out


def test_nothing_more_is_looked_at_once_it_is_stopped(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    halt = Halt()
    halt.set()

    async def seen() -> list[Told]:
        async with open_watching(settings, asked_sources(Reading(FactSettings())), halt=halt) as watching:
            return [told async for told in watching.all()]

    assert asyncio.run(seen()) == []
