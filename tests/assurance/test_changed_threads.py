"""A thread whose database was changed: `why` and the page say so, and explain nothing that its record does not hold."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from policies.assurance.audit import Event
from tests.assurance.stage import GO, play
from tests.audit.stored import relinked, rewrite_events
from tests.harness import settings_at
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.slow

DATABASE = "accord.sqlite"
GUARD = "guards=[{name: chargebacks, fact: risk_signals.chargeback_alerts, above: 3, cap: no_go}]"
Kept = dict[str, Any]


def rewrite_kept(database: Path, change: Callable[[Kept], None]) -> None:
    """Change what a thread keeps beside its record, in every checkpoint."""
    serializer = JsonPlusSerializer()
    with closing(sqlite3.connect(database)) as connection, connection:
        rows = connection.execute("SELECT rowid, type, checkpoint FROM checkpoints").fetchall()
        for row, kind, blob in rows:
            checkpoint = serializer.loads_typed((kind, blob))
            if checkpoint["channel_values"].get("case"):
                change(checkpoint["channel_values"])
            packed = serializer.dumps_typed(checkpoint)
            connection.execute("UPDATE checkpoints SET type = ?, checkpoint = ? WHERE rowid = ?", (*packed, row))


def placed(*keys: str | int, value: Any) -> Callable[[Kept], None]:
    """A change that puts a value where the keys lead."""

    def change(kept: Kept) -> None:
        inner: Any = kept
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return change


CASE, TEAM = ("case",), ("case", "team")
KEPT: Mapping[str, tuple[Callable[[Kept], None], str]] = {
    "a row": (placed(*TEAM, "policy", "rules", 2, "then", value="go_with_caution"), "policy or guards differs"),
    "a condition": (placed(*TEAM, "policy", "rules", 2, "when", value="go >= 1"), "policy or guards differs"),
    "a reason": (placed(*TEAM, "policy", "rules", 2, "because", value="because"), "policy or guards differs"),
    "the policy's name": (placed(*TEAM, "policy", "name", value="mine"), "policy or guards differs"),
    "the guards": (placed(*TEAM, "guards", value=[]), "policy or guards differs"),
    "a cap": (placed(*TEAM, "guards", 0, "cap", value="go_with_caution"), "policy or guards differs"),
    "a limit": (placed(*TEAM, "guards", 0, "above", value=9), "policy or guards differs"),
    "a guard that is none": (placed(*TEAM, "guards", 0, value="none"), "policy or guards differs"),
    "the votes needed": (placed("limits", "min_go_votes", value=3), "policy or guards differs"),
    "limits that are none": (placed("limits", "min_go_votes", value="three"), "policy or guards differs"),
    "a fact": (placed(*CASE, "facts", "risk_signals", "chargeback_alerts", value=2), "facts differs"),
    "the question": (placed(*CASE, "goal", value="Another one."), "goal differs"),
    "a weight": (placed(*TEAM, "roles", "risk_analyst", "weight", value=9), "team differs"),
    "the team's name": (placed(*TEAM, "name", value="other"), "team differs"),
    "a weight that is none": (placed(*TEAM, "roles", "risk_analyst", "weight", value=[]), "team differs"),
}


@pytest.fixture
def database(accord_home: Path) -> Path:
    """A thread `t` that a guard decided."""
    play(settings_at(accord_home), "t", [(GO, GO, GO)], GUARD, "policy=launch")
    return accord_home / DATABASE


def refuses(capture: Captured, what: str) -> None:
    """`why`, its JSON and the page say what differs, and explain nothing."""
    people, program = accord(capture, "why", "t"), accord(capture, "why", "t", "--json")
    page, text = accord(capture, "show", "t", "--html", "-"), accord(capture, "show", "t", "--markdown")
    sentence = people.out.strip()

    assert (people.code, people.err, "\n" in sentence) == (1, "", False)
    assert sentence.startswith("the thread `t` was changed: its ")
    assert what in sentence
    assert (program.code, json.loads(program.out)["message"]) == (1, sentence)
    assert set(json.loads(program.out)) == {"thread_id", "changed", "message"}
    for shown in (page.out, text.out):
        assert "Changed" in shown
        assert "was changed: its" in shown
        assert "What would have changed it" not in shown
        assert "Power of roles" not in shown
        assert "chargeback_alerts" not in shown.partition("Timeline")[0]
    assert f"warning: {sentence}" in accord(capture, "show", "t").err


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_beside_the_record_is_not_explained_once_it_was_changed(
    name: str, database: Path, capsys: Captured
) -> None:
    change, what = KEPT[name]
    rewrite_kept(database, change)

    refuses(capsys, what)


@pytest.mark.parametrize("keys", [("case", "facts"), ("case", "team", "roles"), ("case", "goal"), ("limits",)])
def test_what_is_not_of_the_form_that_was_kept_is_a_change_as_well(
    keys: tuple[str, ...], database: Path, capsys: Captured
) -> None:
    rewrite_kept(database, placed(*keys, value=None))
    done = accord(capsys, "why", "t")

    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("the thread `t` was changed: its ")


def edited(**fields: Any) -> Callable[[list[Event]], list[Event]]:
    """The record with another outcome."""
    return lambda events: [{**event, **fields} if event["event"] == "outcome" else event for event in events]


def linked(**fields: Any) -> Callable[[list[Event]], list[Event]]:
    """The record with another outcome, its hashes made to fit."""
    return lambda events: relinked(edited(**fields)(events))


FOUND = {
    "name": "chargebacks", "fact": "risk_signals.chargeback_alerts", "comparison": "above", "value": 4, "limit": 3,
    "fault": None, "tripped": True, "cap": "no_go",
}  # fmt: skip
RECORDED: Mapping[str, tuple[Callable[[list[Event]], list[Event]], str]] = {
    "an outcome": (edited(final="go"), "its event 10 differs"),
    "an outcome, its chain made to fit": (linked(final="go"), "its outcome differs"),
    "a vote": (linked(vote="no_go"), "its outcome of the vote alone differs"),
    "a row": (linked(row=0), "its row that decides differs"),
    "a reason": (linked(because="nobody knows"), "its reason differs"),
    "one who joins": (linked(convene="legal_analyst"), "its role that joins differs"),
    "one who leaves": (linked(release="risk_analyst"), "its role that leaves differs"),
    "the end of the rounds": (linked(rounds_ended=True), "its end of the rounds differs"),
    "no tripped guard": (linked(guards=[]), "its tripped guards differs"),
    "a fault": (linked(fault="no row holds"), "its fault differs"),
    "no finding": (linked(findings=[]), "its findings of the guards differs"),
    "another value": (linked(findings=[{**FOUND, "value": 9}]), "its findings of the guards differs"),
    "a clear guard": (linked(findings=[{**FOUND, "tripped": False}]), "its findings of the guards differs"),
    "two of them": (linked(vote="no_go", guards=[]), "its outcome of the vote alone and tripped guards differ"),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_record_that_says_something_else_than_what_is_kept_is_not_explained(
    name: str, database: Path, capsys: Captured
) -> None:
    change, what = RECORDED[name]
    rewrite_events(database, change)

    refuses(capsys, what)


def test_a_thread_that_nobody_changed_is_explained(database: Path, capsys: Captured) -> None:
    rewrite_kept(database, lambda kept: None)
    rewrite_events(database, linked(findings=[FOUND]))
    done, page = accord(capsys, "why", "t"), accord(capsys, "show", "t", "--html", "-")

    assert (done.code, done.err, "was changed" in done.out) == (0, "", False)
    assert (page.err, "was changed: its" in page.out, "What would have changed it" in page.out) == ("", False, True)


@pytest.mark.parametrize("value", [5, "old", [], {"thread": 5}])
def test_a_thread_that_is_said_to_decide_something_again_is_named_as_changed(
    value: object, database: Path, capsys: Captured
) -> None:
    rewrite_kept(database, placed(*CASE, "reopens", value=value))

    for command in (("show", "t"), ("show", "t", "--json"), ("show", "t", "--html", "-"), ("why", "t")):
        done = accord(capsys, *command)
        assert done.code != 70
        assert "changed" in f"{done.out}{done.err}" or "has a `reopens` that differs" in done.err
