"""Which of index, archive and checkpoints know a thread, what cannot be read, and what a changed thread may do."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.build import build_graph
from graph.store.database import open_database
from graph.threads import open_threads
from nodes.services import InputRefusedError, Services
from tests.audit.anatomy import changed, decoded, encoded
from tests.audit.gallery import NAME, gallery
from tests.audit.showing import settings_on
from tests.harness import load_facts, proposal, resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord, process, refused, without_progress

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of the gallery's database."""
    shutil.copyfile(gallery(), tmp_path / NAME)
    return tmp_path / NAME


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount, statement


def found(capture: Captured, path: Path, *names: str) -> tuple[int, dict[str, Any]]:
    """Return how the verification ends, and what it says of each thread that is broken."""
    done = accord(capture, "audit", "verify", *names, "--json", "--db", path)
    assert done.err == ""
    return done.code, {each["name"]: each for each in json.loads(done.out) if each["broken"]}


FROM_STORE = "DELETE FROM store WHERE key = 'by_rules'"
GONE: dict[str, tuple[str, list[str], str]] = {
    "index": ("DELETE FROM store WHERE prefix = 'threads' AND key = 'by_rules'", ["index"], "the index lacks it"),
    "archive": (
        "DELETE FROM store WHERE prefix LIKE 'archive.%' AND key = 'by_rules'",
        ["archive"],
        "the archive lacks it",
    ),
    "checkpoints": (
        "DELETE FROM checkpoints WHERE thread_id = 'by_rules'",
        ["checkpoints"],
        "its checkpoints are gone, and the index and the archive know of it",
    ),
}


@pytest.mark.parametrize("place", GONE)
def test_a_thread_that_one_place_lacks_is_named_with_the_place(place: str, path: Path, capsys: Captured) -> None:
    statement, missing, message = GONE[place]
    execute(path, statement)

    code, broken = found(capsys, path)
    one = found(capsys, path, "by_rules")

    assert (code, list(broken)) == (1, ["by_rules"])
    assert broken["by_rules"]["missing"] == missing
    assert broken["by_rules"]["broken"] == {"event": None, "message": message}
    assert one == (1, broken)
    assert accord(capsys, "audit", "verify", "by_rules", "--db", path).out.endswith(f", BROKEN: {message}\n")


def test_a_thread_that_nothing_knows_is_a_sentence(path: Path, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "audit", "verify", "nobody", "--db", path)

    assert sentence.startswith("there is no thread `nobody` in ")


CUT: dict[str, str] = {
    "an interrupted thread": "cut_5",
    "one that was cut off after a resume": "cut_again",
    "one of another pattern": "cut_conversation",
    "one of a server": "served_cut",
    "a stopped one": "limited_later",
}


@pytest.mark.parametrize("what", CUT)
def test_a_thread_cut_back_by_a_step_is_found(what: str, path: Path, capsys: Captured) -> None:
    newest = f"SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = '{CUT[what]}' AND checkpoint_ns = ''"
    execute(path, f"DELETE FROM checkpoints WHERE thread_id = '{CUT[what]}' AND checkpoint_id = ({newest})")

    code, broken = found(capsys, path)

    assert (code, list(broken)) == (1, [CUT[what]])
    assert broken[CUT[what]]["broken"]["message"] == "its newest checkpoint is not the one that was written last"


def test_a_thread_that_somebody_works_on_is_verified_as_it_is(path: Path, capsys: Captured) -> None:
    async def held() -> Any:
        async with open_database(str(path)) as database, database.locks.hold("cut_5"):
            return await asyncio.to_thread(found_all, path)

    done = asyncio.run(held())
    (finding,) = [each for each in json.loads(done.out) if each["name"] == "cut_5"]

    assert (done.code, finding["status"], finding["broken"]) == (0, "running", None)


def found_all(path: Path) -> Any:
    return process(path.parent, "audit", "verify", "--json", "--db", str(path))


def test_what_was_admitted_and_has_not_begun_is_intact_until_it_is_changed(path: Path, capsys: Captured) -> None:
    done = accord(capsys, "audit", "verify", "not_begun", "--db", path)
    assert (done.code, done.out) == (0, "not_begun: not begun, intact\n")
    where = "prefix = 'threads' AND key = 'not_begun'"
    execute(path, f"UPDATE store SET value = replace(value, 'US', 'EU') WHERE {where}")

    assert list(found(capsys, path)[1]) == ["not_begun"]
    listed = json.loads(accord(capsys, "list", "--limit", "99", "--json", "--db", path).out)
    (entry,) = [each for each in listed if each["thread_id"] == "not_begun"]
    assert (entry["status"], entry["goal"]) == ("damaged", None)
    (sentence,) = refused(capsys, "show", "not_begun", "--db", path)
    assert sentence == "what the index says of `not_begun` was changed; see `accord audit verify not_begun`"


UNREADABLE: dict[str, str] = {
    "bytes that are no MessagePack": "UPDATE checkpoints SET checkpoint = x'c1c1' WHERE thread_id = 'limited'",
    "another kind of bytes": "UPDATE checkpoints SET type = 'pickle' WHERE thread_id = 'limited'",
    "no bytes": "UPDATE checkpoints SET checkpoint = NULL WHERE thread_id = 'limited'",
    "a number": "UPDATE checkpoints SET checkpoint = 7 WHERE thread_id = 'limited'",
    "metadata that is no JSON": "UPDATE checkpoints SET metadata = x'7b' WHERE thread_id = 'limited'",
    "damaged text": "UPDATE checkpoints SET parent_checkpoint_id = CAST(x'ff' AS TEXT) WHERE thread_id = 'limited'",
    "an entry that is no JSON": "UPDATE store SET value = '{' WHERE key = 'limited' AND prefix = 'threads'",
    "an entry that is a number": "UPDATE store SET value = 7 WHERE key = 'limited' AND prefix = 'threads'",
    "an entry that is a list": "UPDATE store SET value = '[]' WHERE key = 'limited' AND prefix LIKE 'archive%'",
    "a time that is none": "UPDATE store SET created_at = 'now' WHERE key = 'limited' AND prefix = 'threads'",
    "a key that is damaged": "UPDATE store SET key = CAST(x'ff' AS TEXT) WHERE key = 'limited' AND prefix = 'threads'",
}
SHOWING: list[list[str]] = [
    *([["show"], ["show", "--json"], ["show", "--markdown", "-"], ["show", "--html", "-"], ["why"], ["messages"]]),
    *([["audit", "export"], ["replay"]]),
]
OVERALL: list[list[str]] = [["list"], ["list", "--json"], ["whatif", "--policy", "launch", "--json"]]


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_a_finding_about_its_thread(what: str, path: Path, capsys: Captured) -> None:
    execute(path, UNREADABLE[what])

    code, broken = found(capsys, path)

    assert code == 1
    assert "limited" in broken
    assert_only_sentences(capsys, path, ["limited"])


def assert_only_sentences(capture: Captured, path: Path, names: list[str]) -> None:
    """No command breaks over a database that was changed: it shows what it finds, or says a sentence."""
    for command in [*([*each, name] for each in SHOWING for name in names), *OVERALL]:
        arguments = [*command[:1], command[-1], *command[1:-1]] if command[0] == "show" else command
        done = without_progress(accord(capture, *arguments, "--db", path))
        assert done.code != 70, (command, done)
        assert done.code != 2 or len(done.sentences) >= 1, (command, done)


FILES: dict[str, Callable[[bytes], bytes]] = {
    "no database": lambda data: b"This is text, not a database. " * 1_000,
    "a part of one": lambda data: data[: len(data) // 2],
    "a header alone": lambda data: data[:100],
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_database_is_refused(what: str, path: Path, capsys: Captured) -> None:
    path.write_bytes(FILES[what](path.read_bytes()))

    (sentence,) = refused(capsys, "audit", "verify", "--db", path)

    assert sentence.startswith(f"{path}: the database failed: ")


# --- going on with a changed thread -----------------------------------------------------------------------------------


def blocking(question: Any) -> Any:
    return proposal(question.name, "block" if question.name == "risk_analyst" else "go")


def test_a_thread_that_was_changed_can_be_shown_and_not_resumed(tmp_path: Path, capsys: Captured) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings, "checkout_launch", "budget.max_rounds=1"), settings, voices=scripted(blocking))
    forge(tmp_path / NAME)
    asked: list[Any] = []

    with pytest.raises(Exception, match="is broken at event"):
        resume(settings, voices=scripted(lambda question: asked.append(question)), budget={"max_rounds": 3})

    assert asked == []
    done = without_progress(accord(capsys, "resume", "t", "--budget", "max_rounds=3", "--db", tmp_path / NAME))
    (sentence,) = done.sentences
    assert done.code == 2
    assert sentence.startswith("the record of the thread `t` is broken at event ")
    assert sentence.endswith("; see `accord audit verify t`")
    done = accord(capsys, "show", "t", "--db", tmp_path / NAME)
    assert (done.code, "warning: the thread `t` was changed: its state after event " in done.err) == (3, True)


def test_a_server_does_not_go_on_with_a_thread_that_was_changed(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", "budget.max_rounds=1")
    run(team, settings, voices=scripted(blocking))
    forge(tmp_path / NAME)

    async def served() -> None:
        async with open_database(settings.database) as database, database.fences.hold("t"):
            builder = build_graph(team, Services(scripted(blocking), load_facts))
            graph = builder.compile(checkpointer=database.saver, store=database.store)
            await graph.ainvoke({"budget": {"max_rounds": 3}}, {"configurable": {"thread_id": "t"}})

    with pytest.raises(InputRefusedError, match="the thread's record is broken at event"):
        asyncio.run(served())


COUNTERS = "counters_since_delta_snapshot"
UNCOUNTABLE: dict[str, tuple[tuple[str, ...], Any, str]] = {
    "a counter of another form": ((COUNTERS, "events"), {"0": 1}, COUNTERS),
    "a counter of texts": ((COUNTERS, "events"), ["1", 2], COUNTERS),
    "counters in a list": ((COUNTERS,), [1], COUNTERS),
    "a step that is text": (("step",), "x", "cannot be read"),
    "metadata in a list": ((), ["step"], "cannot be read"),
}


@pytest.mark.parametrize("what", UNCOUNTABLE)
def test_a_thread_whose_own_notes_of_langgraph_are_damaged_is_not_resumed(
    what: str, tmp_path: Path, capsys: Captured
) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings, "checkout_launch", "budget.max_rounds=1"), settings, voices=scripted(blocking))
    steps, value, named = UNCOUNTABLE[what]
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        (data,) = connection.execute("SELECT metadata FROM checkpoints ORDER BY checkpoint_id DESC LIMIT 1").fetchone()
        put = encoded(changed(decoded(data, "checkpoints"), steps, lambda _: value), data)
        connection.execute(
            "UPDATE checkpoints SET metadata = ? WHERE checkpoint_id = (SELECT max(checkpoint_id) FROM checkpoints)",
            (put,),
        )

    done = without_progress(accord(capsys, "resume", "t", "--budget", "max_rounds=3", "--db", tmp_path / NAME))

    assert (done.code, len(done.sentences)) == (2, 1), done
    assert "`t` can" in done.sentences[0]
    assert named in done.sentences[0]


def forge(path: Path) -> None:
    """Turn the risk analyst's block into a go, in the seats of the open round."""
    with closing(sqlite3.connect(path)) as connection, connection:
        where = "checkpoint_id = (SELECT max(checkpoint_id) FROM checkpoints)"
        (data,) = connection.execute(f"SELECT checkpoint FROM checkpoints WHERE {where}").fetchone()
        steps = ("channel_values", "seats", 2, "accepted", "answer", "stance")
        turned = changed(decoded(data, "checkpoints"), steps, {"block": "go"}.__getitem__)
        connection.execute(f"UPDATE checkpoints SET checkpoint = ? WHERE {where}", (encoded(turned, data),))


def test_a_list_is_made_of_the_events_times(path: Path) -> None:
    """Of the run's: a hold makes no thread younger."""

    async def read() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        async with open_threads(settings_on(path)) as threads:
            entries = await threads.newest(99)
            return entries, {each["thread_id"]: await threads.state(each["thread_id"]) for each in entries}

    entries, states = asyncio.run(read())
    begun = [entry for entry in entries if states[entry["thread_id"]]]

    assert len(begun) == len(entries) - 1
    for entry in begun:
        events = [each for each in states[entry["thread_id"]]["events"] if each["event"] not in ("held", "released")]
        assert (entry["started_at"], entry["updated_at"]) == (events[0]["at"], events[-1]["at"])
    assert [each["updated_at"] for each in entries] == sorted((each["updated_at"] for each in entries), reverse=True)
