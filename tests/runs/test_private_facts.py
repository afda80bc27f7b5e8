"""Private facts: withheld before anything is stored, sent to a model or decided."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from graph.teams.loader import load_team
from tests.harness import run, settings_at, team_of
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, go_on, play, script, state_of
from tests.scripted_server import says, status, text

SECRET = "Ada Lovelace, 12 St James's Square"
CUSTOMER: dict[str, Any] = {"name": SECRET, "segment": "gold"}
PRIVATE = "private=[customer.name]"
FACTS = {"report_date": "2026-03-02", "customer": CUSTOMER}
WITHHELD = {"report_date": "2026-03-02", "customer": {"name": "(withheld)", "segment": "gold"}}


def stored(home: Path) -> str:
    """Everything the database's files hold, as it would be found there by eye."""
    with sqlite3.connect(home / "accord.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return "".join(path.read_bytes().decode("latin-1") for path in home.iterdir() if path.is_file())


def test_no_role_no_brief_no_state_and_no_file_ever_has_a_private_fact(tmp_path: Path) -> None:
    played = play(tmp_path, script(), PRIVATE, changes={"facts": FACTS})

    assert played.record["status"] == "ok"
    for role in (DEMAND, FINANCE, RISK):
        assert played.seen(role, 1)[0]["shared_context"] == WITHHELD
    assert not [call for call in played.server.calls if SECRET in str(call.body)]
    assert state_of(settings_at(tmp_path))["case"]["facts"] == WITHHELD
    assert SECRET not in stored(tmp_path)
    assert "gold" in stored(tmp_path)


def test_facts_from_a_file_are_withheld_too(tmp_path: Path) -> None:
    facts = load_team("checkout_launch").own_facts or {}
    kept = {**facts, "customer": {"name": SECRET, "segment": "gold"}}
    (tmp_path / "facts.yaml").write_text(json.dumps(kept))
    sets = (PRIVATE, f"facts=[{{file: {tmp_path / 'facts.yaml'}}}]")
    home = tmp_path / "home"
    home.mkdir()
    played = play(home, script(), *sets)

    assert played.record["status"] == "ok"
    assert played.seen(RISK, 1)[0]["shared_context"] == {**facts, "customer": WITHHELD["customer"]}
    assert SECRET not in stored(home)


@pytest.mark.parametrize("answer", [status(401), says("go")], ids=["stopped", "finished"])
def test_the_same_run_again_is_not_stale_although_its_facts_were_withheld(tmp_path: Path, answer: Any) -> None:
    first = play(tmp_path, script(risk_analyst=answer), PRIVATE, changes={"facts": FACTS})
    lines = {} if first.record["status"] == "ok" else {RISK: says("go"), "brief": text(BRIEF)}
    again = play(tmp_path, lines, PRIVATE, changes={"facts": FACTS})

    assert (again.record["status"], again.record["final_decision"]) == ("ok", "go")
    assert len(again.asked) == len(lines)
    assert SECRET not in stored(tmp_path)


def test_facts_given_at_the_resume_are_withheld_and_another_private_value_is_no_other_fact(tmp_path: Path) -> None:
    play(tmp_path, script(risk_analyst=status(401)), PRIVATE, changes={"facts": FACTS})
    other = {**FACTS, "customer": {**CUSTOMER, "name": "Charles Babbage"}}
    resumed = go_on(tmp_path, {RISK: says("go"), "brief": text(BRIEF)}, facts=other)

    assert (resumed.record["status"], resumed.asked) == ("ok", {RISK: 1, "brief": 1})
    assert "Babbage" not in stored(tmp_path)


def test_facts_accepted_at_the_resume_are_withheld_before_a_role_sees_them(tmp_path: Path) -> None:
    first = play(tmp_path, script(risk_analyst=status(401)), PRIVATE, changes={"facts": FACTS})
    assert first.team is not None
    lines = {(role, 1): says("go") for role in first.team.sequence} | {"brief": text(BRIEF)}
    moved = {**FACTS, "report_date": "2026-03-03"}
    resumed = go_on(tmp_path, lines, facts=moved, accept_changes=True)

    assert resumed.record["status"] == "ok"
    assert resumed.seen(RISK, 1)[0]["shared_context"] == {**WITHHELD, "report_date": "2026-03-03"}
    assert SECRET not in stored(tmp_path)


def test_a_private_fact_that_a_run_does_not_have_is_no_problem(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", "private=[customer.name, region.code]")

    assert run(team, settings)["final_decision"] == "go"


def test_a_fact_that_a_team_requires_may_be_private(tmp_path: Path) -> None:
    sets = (PRIVATE, "requires=[customer.name]")
    played = play(tmp_path, script(), *sets, changes={"facts": FACTS})

    assert (played.record["status"], "(withheld)" in str(played.seen(RISK, 1))) == ("ok", True)
