"""On PostgreSQL the same is verified: what was changed in its tables is found, and an honest thread is intact."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.audit.chronicle import speech, told
from tests.harness import resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord

pytestmark = [pytest.mark.slow, pytest.mark.needs("postgres")]

CHANGES: dict[str, tuple[str, str]] = {
    "an entry of the archive": (
        """UPDATE store SET value = replace(value::text, '"go"', '"block"')::jsonb WHERE prefix LIKE 'archive%'""",
        "its entry in the archive has a `tape` that differs from the chain's",
    ),
    "an entry of the index": (
        """UPDATE store SET value = jsonb_set(value, '{status}', '"stopped"') WHERE prefix = 'threads'""",
        "its entry in the index was changed",
    ),
    "no entry of the archive": ("DELETE FROM store WHERE prefix LIKE 'archive%'", "the archive lacks it"),
    "the brief": (
        """UPDATE checkpoints SET checkpoint = jsonb_set(checkpoint, '{channel_values,answer}', '"Decision: no_go"')""",
        "has a `answer` that differs from the thread's",
    ),
    "a last checkpoint less": (
        "DELETE FROM checkpoints WHERE checkpoint_id = (SELECT max(checkpoint_id) FROM checkpoints)",
        "its newest checkpoint is not the one that was written last",
    ),
    "no trace": (
        "DELETE FROM checkpoint_writes WHERE channel = 'trace'",
        "has a `trace` that differs from the thread's",
    ),
    "a damaged list": (
        "UPDATE checkpoint_writes SET blob = '\\xc1' WHERE channel = 'history'",
        "cannot be read",
    ),
}


def verified(capture: Captured, database: str) -> tuple[int, list[dict[str, Any]]]:
    done = accord(capture, "audit", "verify", "--json", "--db", database)
    assert done.err == ""
    return done.code, json.loads(done.out)


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_in_its_tables_is_found(
    what: str, postgres_database: str, tmp_path: Path, capsys: Captured
) -> None:
    statement, message = CHANGES[what]
    told(tmp_path, database=postgres_database)
    assert verified(capsys, postgres_database)[0] == 0
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        assert connection.execute(statement.encode()).rowcount

    code, (found,) = verified(capsys, postgres_database)

    assert (code, found["name"]) == (1, "t")
    assert message in found["broken"]["message"]


def test_threads_that_nobody_touched_are_intact(postgres_database: str, tmp_path: Path, capsys: Captured) -> None:
    settings = settings_at(tmp_path, accord_database_url=postgres_database)
    told(tmp_path, "finished", postgres_database)
    facts = {**(team_of(settings).own_facts or {}), "large": [1e16, 1e22, 5e-324, -0.0, 1.0, 2**53 - 1], "b": 1, "a": 2}
    run(team_of(settings, facts=facts), settings, "numbers", scripted(speech))
    for number, said in enumerate((1e22, -0.0, 1.0, 2.5e-7)):
        odd = scripted(lambda question, said=said: said)  # type: ignore[misc]
        run(team_of(settings, "checkout_launch", "max_repairs=0"), settings, f"odd_{number}", odd)

    def cut(question: Question) -> Any:
        return Failure("llm_auth") if question.round == 2 else speech(question)

    run(team_of(settings), settings, "resumed", scripted(cut))
    resume(settings, "resumed", scripted(speech))
    run(team_of(settings), settings, "changed", scripted(cut))
    run(team_of(settings, "market_scan"), settings, "changed", accept_changes=True)

    code, found = verified(capsys, postgres_database)

    assert (code, [each for each in found if each["broken"]]) == (0, [])
    assert len(found) == 8
