"""Whatever is changed in the database file is found by `accord audit verify`, or nothing that is shown has changed."""

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.assurance import verification
from tests.audit.anatomy import KEYS, changed, decoded, encoded, parts_of
from tests.audit.gallery import NAME, gallery, threads_of
from tests.audit.judging import (
    EARLIER,
    JOURNAL,
    NOTHING,
    OWN,
    TIMES,
    UNDER_WAY,
    UNSHOWN,
    check_seed,
    judged,
    verified,
)
from tests.audit.people import CUT
from tests.audit.showing import settings_on, shown
from tests.audit.surgery import Cut, Surgeon
from tests.harness import show
from tests.hostile.command import Captured, accord

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SEEDS = 8
"""A share; `make soak` judges a thousand."""

WAYS = frozenset(
    {
        *("another value", "a bit", "another column", "deleted", "doubled", "foreign", "renamed"),
        *("swapped values", "swapped keys"),
    }
)

ENDINGS = {
    "escalated": None,
    "escalated_again": "success",
    "people_ended": "human_stopped",
    "silent": "success",
    "cancelled": "cancelled",
    "unauthorized": "llm_auth",
    "late": "max_seconds",
    "unreadable": "condition_failed:risk_analyst",
    "no_facts": "facts_unavailable:late.json",
    "facts_later": "success",
    "no_quorum": "no_quorum",
    "talked_out": "max_turns_reached",
}
"""How the threads end that end neither with a decision of the team nor for want of an answer; None: they wait."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of the gallery's database."""
    shutil.copyfile(gallery(), tmp_path / NAME)
    return tmp_path / NAME


def test_nothing_that_is_shown_is_changed_unseen() -> None:
    results = Counter(check_seed(seed) for seed in range(SEEDS))

    assert results["found"] > 0
    assert {part for each in results for part in each.split("; ")} <= {"found", NOTHING, *UNSHOWN}


def test_the_fields_that_the_judge_lets_pass_are_those_that_the_documentation_names() -> None:
    page = (Path(__file__).parents[2] / "docs" / "record.md").read_text()
    table = page.partition("## What the chain does not show")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")][1:]

    assert len(rows) == len(UNSHOWN) <= 5
    for field, row in zip((JOURNAL, UNDER_WAY, EARLIER, OWN, TIMES), rows, strict=True):
        assert field in row
    assert "a whole new chain" in table


def test_the_gallery_is_intact_and_shows_threads_of_every_kind(path: Path) -> None:
    code, said, broken = verified(path)
    found = {each["name"]: each["status"] for each in json.loads(said)}

    assert (code, broken) == (0, set())
    assert sorted(found) == threads_of(path)
    assert {*found.values()} == {"ok", "stopped", "waiting", "interrupted", "not begun", "purged"}
    assert {name: show(settings_on(path), name)["stop_reason"] for name in ENDINGS} == ENDINGS


def test_what_the_judge_compares_is_what_the_commands_print(
    path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCORD_DATABASE_URL", str(path))
    names = ["three_rounds", "a_hierarchy", "cut_5", "limited"]
    judged_by = shown(path, names)
    commands = {"show --json": ["show", "--json"], "show": ["show"], "show --markdown": ["show", "--markdown", "-"]}
    commands |= {
        "why --json": ["why", "--json"],
        "audit export": ["audit", "export"],
        "show --html": ["show", "--html", "-"],
    }
    for name in names:
        for what, (command, *options) in commands.items():
            arguments = [command, *options[:1], name, *options[1:]] if command == "audit" else [command, name, *options]
            done = accord(capsys, *arguments)  # without --db, which would be a part of what to type next
            if done.code != 2:
                assert done.out.strip() == judged_by[f"{name} {what}"].strip(), (name, what)
    listed = json.loads(accord(capsys, "list", "--limit", "10000", "--json", "--db", path).out)
    assert judged_by["list"].startswith(json.dumps([listed], ensure_ascii=False)[:-1])


def test_the_surgeon_reaches_every_table_and_column_and_every_way(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        unreached = {(name, row[1]) for name in KEYS for row in connection.execute(f"PRAGMA table_info({name})")}
    untried, seeds = set(WAYS), iter(range(1_200))
    while unreached or untried:
        cut = operated(path, next(seeds))
        unreached -= {(cut.table, column) for column in (cut.column or "").split(", ")}
        assert cut.way in WAYS
        untried.discard(cut.way)


def operated(path: Path, seed: int) -> Cut:
    """Return what the surgeon does to the file; it is not kept."""
    with closing(sqlite3.connect(path)) as connection:
        cut = Surgeon(connection, seed).operate()
        connection.rollback()
    return cut


# --- the judge itself can fail ----------------------------------------------------------------------------------------


def rewrite(path: Path, table: str, column: str, where: str, steps: tuple[Any, ...], value: Any) -> Cut:
    """Change a value within a value of one row."""
    with closing(sqlite3.connect(path)) as connection, connection:
        found = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {where} ORDER BY rowid DESC LIMIT 1")
        row, old = found.fetchone()
        new = encoded(changed(decoded(old, table), steps, lambda _: value), old)
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
    return Cut(table, column, "by hand", f"{where} at {steps}")


CHANNEL = "thread_id = 'three_rounds' AND checkpoint_ns = ''"
ARCHIVED, LISTED = "key = 'three_rounds' AND prefix LIKE 'archive%'", "key = 'three_rounds' AND prefix = 'threads'"
SIGNED = "thread_id = 'signed' AND checkpoint_ns = ''"
ARCHIVED_PEOPLE = "key = 'people_decided' AND prefix LIKE 'archive%'"
GUARDED = ("channel_values", "case", "team", "guards")
BY_HAND: dict[str, tuple[str, str, str, tuple[Any, ...], Any]] = {
    "the brief": ("checkpoints", "checkpoint", CHANNEL, ("channel_values", "answer"), "Decision: no_go\n\nNo."),
    "the guards": (
        "checkpoints",
        "checkpoint",
        "thread_id = 'guarded'",
        ("channel_values", "case", "team", "guards"),
        [],
    ),
    "the trace": ("writes", "value", f"{CHANNEL} AND channel = 'trace'", (0, "round"), 9),
    "a stance": ("writes", "value", f"{CHANNEL} AND channel = 'history'", (0, "contributions", 0, "stance"), "block"),
    "an event": ("writes", "value", f"{CHANNEL} AND channel = 'events'", (0, "at"), "2020-01-01T00:00:00.000+00:00"),
    "the archive": (
        "store",
        "value",
        "key = 'three_rounds' AND prefix LIKE 'archive%'",
        ("tape", "steps", 2, "casts", "risk_analyst"),
        "go",
    ),
    "a word of a person": ("writes", "value", f"{SIGNED} AND channel = 'events'", (1, "outcome"), "no_go"),
    "who answered": ("writes", "value", f"{SIGNED} AND channel = 'events'", (0, "by"), "cto"),
    "what people gave, archived": ("store", "value", ARCHIVED_PEOPLE, ("tape", "steps", 4, "ruled"), "no_go"),
    "who is asked, archived": ("store", "value", ARCHIVED_PEOPLE, ("escalate", "decide", "by"), ["cfo"]),
    "who signs, archived": ("store", "value", ARCHIVED_PEOPLE, ("sign_off",), ["cfo"]),
    "whose seats people fill, archived": ("store", "value", ARCHIVED_PEOPLE, ("human",), ["risk"]),
    "the index": ("store", "value", LISTED, ("final_decision",), "no_go"),
    "a time": ("store", "value", LISTED, ("updated_at",), "2020-01-01T00:00:00"),
    "what was admitted": ("store", "value", "key = 'not_begun' AND prefix = 'threads'", ("goal",), "Another?"),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_what_was_once_found_by_nothing_is_found(what: str, path: Path) -> None:
    assert judged(path, rewrite(path, *BY_HAND[what])) == "found"


NEIGHBOURS = ("three_rounds", "not_begun", "people_decided")
"""Of the threads beside one that is rewritten: one that ended, one that has not begun, one that people decided."""


def keep(path: Path, *threads: str) -> None:
    """Leave these threads alone in a database, so that each verification reads no more of it than it is to tell of."""
    of_store = "CASE WHEN prefix LIKE 'calls.%' THEN replace(substr(prefix, 7), '%2E', '.') ELSE key END"
    of_thread = ("checkpoints", "writes", "newest_checkpoints", "tombstones")
    owners = {**dict.fromkeys(of_thread, "thread_id"), "fences": "thread", "store": of_store}
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, owner in owners.items():
            connection.execute(f"DELETE FROM {table} WHERE {owner} NOT IN {threads}")


@pytest.mark.parametrize("thread", ["asked", "asked_heard_one", "seats_wait", "unsigned", "a_fact_is_asked", *CUT])
def test_each_value_of_a_question_that_waits_is_committed_to(thread: str, path: Path) -> None:
    where = f"thread_id = '{thread}' AND checkpoint_ns = ''"
    with closing(sqlite3.connect(path)) as connection:
        found = f"SELECT checkpoint FROM checkpoints WHERE {where} ORDER BY checkpoint_id DESC LIMIT 1"
        (kept,) = connection.execute(found).fetchone()
    at = ("channel_values", "questions")
    questions = decoded(kept, "checkpoints")["channel_values"]["questions"]
    places = [steps for steps, value in parts_of(questions) if not isinstance(value, dict | list) or not value]
    assert len(places) >= 15
    keep(path, thread, *NEIGHBOURS)
    assert verified(path)[0] == 0
    for steps in places:
        rewritten = path.with_suffix(".changed")
        shutil.copyfile(path, rewritten)
        rewrite(rewritten, "checkpoints", "checkpoint", where, (*at, *steps), "another value")
        code, _, broken = verified(rewritten)
        assert (code, broken) == (1, {thread}), steps


def test_threads_that_wait_verify_whatever_was_answered_by_then(path: Path, capsys: Captured) -> None:
    for thread in ("asked", "asked_heard_one", "seats_wait", "unsigned", "a_fact_is_asked", *CUT):
        done = accord(capsys, "audit", "verify", thread, "--json", "--db", path)
        (found,) = json.loads(done.out)
        assert (done.code, found["status"]) == (0, "waiting"), done


BLIND: dict[str, tuple[str, Any, list[str]]] = {
    "the chain": ("_chained", lambda *_: iter(()), ["the brief", "the trace", "an event", "a stance"]),
    "index and archive": ("_known", lambda *_: iter(()), ["the archive"]),
    "rows of the store": ("_misplaced", lambda *_: iter(()), ["what was admitted"]),
}


@pytest.mark.parametrize("what", BLIND)
def test_a_verification_that_is_blind_for_something_is_noticed(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, blind, unseen = BLIND[what]
    monkeypatch.setattr(verification, name, blind)
    for number, each in enumerate(unseen):
        copy = tmp_path / str(number)
        shutil.copyfile(gallery(), copy)
        cut = rewrite(copy, *BY_HAND[each])
        with pytest.raises(AssertionError, match="not found"):
            judged(copy, cut)


def test_a_write_that_lies_in_another_step_of_the_same_list_changes_nothing_that_is_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        own = "thread_id = 'escalated_again' AND checkpoint_ns = ''"
        steps = [step for (step,) in connection.execute(f"SELECT checkpoint_id FROM checkpoints WHERE {own}")]
        last = f"SELECT max(checkpoint_id) FROM writes WHERE {own} AND channel = 'trace'"
        (written,) = connection.execute(last).fetchone()
        after = min(step for step in steps if step > written)
        assert after < max(steps)
        where = f"{own} AND channel = 'trace' AND checkpoint_id = '{written}'"
        moved = connection.execute(f"UPDATE writes SET checkpoint_id = '{after}' WHERE {where}").rowcount

    assert moved >= 1
    assert judged(path, Cut("writes", "checkpoint_id", "by hand", where)) == OWN
