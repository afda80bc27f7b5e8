"""However a database is damaged, each command ends with a sentence and a code that fits: nothing is a bug of ours."""

import gc
import json
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nodes.voices.voice import Question
from tests.harness import CHECKOUT_ROLES, proposal, resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, Done, accord
from tests.hostile.damage import DAMAGES, Damage
from tests.hostile.test_storage_faults import NAME
from tests.hostile.test_team_files import GOOD

COMMANDS: Sequence[Sequence[str]] = (
    ("list",),
    ("list", "--json"),
    ("show", "a"),
    ("show", "talk", "--json"),
    ("show", "a", "--html", "page.html", "--markdown", "page.md"),
    ("why", "a"),
    ("messages", "talk"),
    ("audit", "verify"),
    ("audit", "verify", "a"),
    ("audit", "export", "a"),
    ("replay", "a"),
    ("whatif", "--policy", "unanimous", "--all"),
    ("resume", "a"),
    ("resume", "cut"),
    ("resume", "half", "--budget", "max_rounds=2"),
    ("run", "team.yaml", "--thread", "a"),
    ("run", "team.yaml", "--thread", "new"),
    ("batch", "cases.jsonl"),
    ("doctor",),
)
CODES = {0, 1, 2, 3, 5}
each_damage = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)


@pytest.fixture
def whole(accord_home: Path, capsys: Captured) -> bytes:
    """A database with a thread that ended, one that talks, and one that can go on."""
    Path("team.yaml").write_text(GOOD)
    half = GOOD.replace("rate: 0.5", "rate: 5.0").replace("votes: 1", "votes: 1, max_rounds: 1")
    Path("half.yaml").write_text(f"{half}policy: classic\n")
    lines = [{"id": thread, "team": "team.yaml"} for thread in ("a", "fresh")]
    Path("cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for team, thread in (("team.yaml", "a"), ("retrospective", "talk"), ("half.yaml", "half")):
        assert accord(capsys, "run", team, "--thread", thread).code in (0, 3)
    cut_off(accord_home)
    gc.collect()
    return (accord_home / NAME).read_bytes()


def cut_off(home: Path) -> None:
    """Leave a thread whose answers are in the journal alone, as after a kill at the right moment."""
    settings = settings_at(home)

    def speech(question: Question) -> Any:
        if question.name == CHECKOUT_ROLES[-1]:
            raise ZeroDivisionError("the process dies here")
        return proposal(question.name)

    voices = scripted(speech, delays={CHECKOUT_ROLES[-1]: 0.2})
    with pytest.raises(ZeroDivisionError):
        run(team_of(settings), settings, "cut", voices)
    with closing(sqlite3.connect(home / NAME)) as connection:
        newest = "SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = 'cut'"
        connection.execute(f"DELETE FROM writes WHERE checkpoint_id = ({newest})")
        connection.commit()


def faults(done: Done) -> list[str]:
    """What a command must not do, whatever it meets."""
    lines = done.err.splitlines()
    found = [line for line in lines if "Traceback" in line or "unexpected: " in line or line.startswith("  File ")]
    if done.code not in CODES:
        found.append(f"exit code {done.code}")
    if done.code == 2 and not any(line.startswith("accord: ") for line in lines):
        found.append("it said nothing")
    return found


def assert_no_command_breaks(damage: Damage, seed: int, whole: bytes, home: Path, capture: Captured) -> int:
    """Run each command on a database with this damage; return how many of them could do their work."""
    done: list[Done] = []
    for command in COMMANDS:
        renew(home / NAME, whole)
        damage(home / NAME, random.Random(seed))
        done.append(accord(capture, *command))
        assert not faults(done[-1]), (command, done[-1])
    return sum(each.code == 0 for each in done)


@pytest.mark.slow
@each_damage
def test_no_damage_breaks_any_command(damage: Damage, whole: bytes, accord_home: Path, capsys: Captured) -> None:
    assert_no_command_breaks(damage, 0, whole, accord_home, capsys)


@pytest.mark.system
@pytest.mark.parametrize("seed", range(1, 6))
@each_damage
def test_no_more_damage_breaks_any_command(
    damage: Damage, seed: int, whole: bytes, accord_home: Path, capsys: Captured
) -> None:
    assert_no_command_breaks(damage, seed, whole, accord_home, capsys)


@pytest.mark.slow
def test_without_damage_every_command_but_those_that_stop_succeeds(
    whole: bytes, accord_home: Path, capsys: Captured
) -> None:
    assert assert_no_command_breaks(lambda *_: None, 0, whole, accord_home, capsys) == len(COMMANDS) - 1


NESTED = f"'{'[' * 20_000}'"
CHANGES = {
    "metadata too deep": f"UPDATE checkpoints SET metadata = {NESTED}",
    "a checkpoint that is none": "UPDATE checkpoints SET checkpoint = x'c1'",
    "a checkpoint of no type": "UPDATE checkpoints SET type = NULL",
    "a checkpoint of another type": "UPDATE checkpoints SET type = 'pickle'",
    "writes that are none": "UPDATE writes SET value = x'c1'",
    "rows too deep": f"UPDATE store SET value = {NESTED}",
    "rows that are nothing": "UPDATE store SET value = 'null'",
    "rows that are no JSON": "UPDATE store SET value = '{'",
    "rows of bytes": "UPDATE store SET value = x'ff', key = CAST(key AS BLOB)",
    "keys that are no text": "UPDATE store SET key = CAST(key AS BLOB)",
    "times that are none": "UPDATE store SET updated_at = 'yesterday', created_at = x'00'",
    "threads that are no text": "UPDATE checkpoints SET thread_id = CAST(thread_id AS BLOB)",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_values_that_do_not_decode_break_no_command(
    name: str, whole: bytes, accord_home: Path, capsys: Captured
) -> None:
    def change(path: Path, _: random.Random) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(CHANGES[name])
            connection.commit()

    assert assert_no_command_breaks(change, 0, whole, accord_home, capsys) < len(COMMANDS) - 1


def test_an_answer_in_the_journal_that_was_changed_is_asked_for_again(accord_home: Path) -> None:
    cut_off(accord_home)
    settings, changed = settings_at(accord_home), CHECKOUT_ROLES[0]
    with closing(sqlite3.connect(accord_home / NAME)) as connection:
        connection.execute(
            f"UPDATE store SET value = replace(value, '\"go\"', '\"block\"') WHERE key LIKE '%/{changed}/%'"
        )
        assert connection.total_changes == 1
        connection.commit()
    voices = scripted(lambda question: proposal(question.name))

    record = resume(settings, "cut", voices)

    asked = [name for name, _ in voices["rules"].asked]  # type: ignore[attr-defined]
    assert sorted(asked) == sorted([changed, CHECKOUT_ROLES[-1], "brief"])
    assert record["final_decision"] == "go"


def renew(database: Path, whole: bytes) -> None:
    gc.collect()  # A statement that failed keeps its connection open until then.
    for suffix in ("-wal", "-shm", "-journal"):
        database.with_name(NAME + suffix).unlink(missing_ok=True)
    database.write_bytes(whole)
