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
from tests.harness import CHECKOUT_ROLES, proposal, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, Done, accord
from tests.hostile.damage import DAMAGES
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
SEEDS = 48
PIECES = 8


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


@pytest.mark.slow
@pytest.mark.parametrize("piece", range(PIECES))
def test_no_damage_breaks_any_command(piece: int, whole: bytes, accord_home: Path, capsys: Captured) -> None:
    database, broken = accord_home / NAME, 0
    for seed in range(piece, SEEDS, PIECES):
        for command in COMMANDS:
            renew(database, whole)
            damage = DAMAGES[seed % len(DAMAGES)]
            damage(database, random.Random(seed))
            done = accord(capsys, *command)
            assert not faults(done), (damage.__name__, seed, command, done)
            broken += done.code != 0
    assert broken


def renew(database: Path, whole: bytes) -> None:
    gc.collect()  # A statement that failed keeps its connection open until then.
    for suffix in ("-wal", "-shm", "-journal"):
        database.with_name(NAME + suffix).unlink(missing_ok=True)
    database.write_bytes(whole)
