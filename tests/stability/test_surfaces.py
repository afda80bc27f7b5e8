"""What people read of a check: why, the proof, the estimate, the lines of progress; and that a changed one is found."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from policies.decision.stability import weigh
from policies.team.stability import Stability
from tests.audit.stored import relinked, rewrite_events
from tests.harness import run, scripted, settings_at
from tests.hostile.command import Captured, accord
from tests.stability.stage import CHECK, raw_team, saying, team_from

Plain = dict[str, Any]
Event = dict[str, Any]
DATABASE = "accord.sqlite"


def decided(home: Path, flipped: tuple[int, ...] = (2,), **check: Any) -> None:
    """A run of the thread `t`, whose check found these flips."""
    record = run(team_from(raw_team({**CHECK, **check})), settings_at(home), voices=scripted(saying(flipped)))
    assert record["stability"]["flips"] == len(flipped)


def why(capsys: Captured) -> Plain:
    done = accord(capsys, "why", "t", "--json")
    assert done.code == 0, done
    plain: Plain = json.loads(done.out)
    return plain


@pytest.mark.slow
def test_why_says_who_was_asked_again_what_flipped_and_what_it_led_to(accord_home: Path, capsys: Captured) -> None:
    decided(accord_home)

    assert why(capsys)["stability"] == {
        "samples": 5,
        "completed": 5,
        "flips": 1,
        "rate": 0.2,
        "max_flip_rate": 0.2,
        "announced": "go",
        "acts": "announce",
        "outcomes": ["go", "no_go", "go", "go", "go"],
        "kept": [],
        "interval": [0.005051, 0.716418],
        "asked": ["risk", "legal", "sales"],
    }
    told = " ".join(accord(capsys, "why", "t").out.split())
    flips = "Asked again 5 times, the last round had another outcome in 1 of 5 samples (20%; allowed: 20%)"
    assert f"{flips}, so Go is announced" in told
    assert "the true rate lies between 0.505% and 71.6%, with 95% confidence" in told
    assert "asked again: Risk, Legal and Sales" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("otherwise", "leads"),
    [("escalate", "so people decide in place of Go"), ("stop", "so Go is not announced, and the run stops")],
)
def test_why_says_that_a_decision_was_not_announced(
    accord_home: Path, capsys: Captured, otherwise: str, leads: str
) -> None:
    decided(accord_home, flipped=(1, 2, 3), otherwise=otherwise)
    assert leads in " ".join(accord(capsys, "why", "t").out.split())


def changed_event(**values: Any) -> Callable[[list[Event]], list[Event]]:
    """Every event of a check with other values; the chain is linked anew, as whoever can write it may do."""

    def change(events: list[Event]) -> list[Event]:
        return relinked([{**event, **values} if event["event"] == "stability" else event for event in events])

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        {"flips": 0}, {"rate": 0.0}, {"low": 0.0}, {"high": 0.5}, {"acts": "stop"}, {"final": "no_go"},
        {"completed": 4}, {"announced": "no_go"}, {"outcomes": ["go"] * 5}, {"max_flip_rate": 0.5}, {"samples": 6},
        {"casts": [dict.fromkeys(("risk", "legal", "sales"), "go")] * 5},
    ],
    ids=str,
)  # fmt: skip
def test_a_check_that_says_otherwise_than_its_answers_is_not_explained(
    accord_home: Path, capsys: Captured, values: Plain
) -> None:
    decided(accord_home)
    rewrite_events(accord_home / DATABASE, changed_event(**values))

    done = accord(capsys, "why", "t", "--json")
    assert done.code == 1
    assert json.loads(done.out)["changed"] == ["stability check"]


@pytest.mark.slow
def test_a_checked_thread_is_intact_and_a_check_that_is_changed_alone_is_not(
    accord_home: Path, capsys: Captured
) -> None:
    decided(accord_home)
    assert accord(capsys, "audit", "verify", "t").code == 0

    serializer = JsonPlusSerializer()
    with closing(sqlite3.connect(accord_home / DATABASE)) as connection, connection:
        for row, kind, blob in connection.execute("SELECT rowid, type, checkpoint FROM checkpoints").fetchall():
            checkpoint = serializer.loads_typed((kind, blob))
            if checkpoint["channel_values"].get("stability"):
                checkpoint["channel_values"]["stability"]["acts"] = "escalate"
            packed = serializer.dumps_typed(checkpoint)
            connection.execute("UPDATE checkpoints SET type = ?, checkpoint = ? WHERE rowid = ?", (*packed, row))
    done = accord(capsys, "audit", "verify", "t")
    assert done.code == 1
    assert "has a `stability` that differs from the thread's" in done.out + done.err


def team_file(folder: Path, **changes: Any) -> str:
    path = folder / "checked.yaml"
    path.write_text(json.dumps({**raw_team(), **changes}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("otherwise", "then"), [("escalate", "people decide"), ("stop", "the run stops")])
def test_the_proof_says_what_a_check_adds(accord_home: Path, capsys: Captured, otherwise: str, then: str) -> None:
    file = team_file(accord_home.parent, stability={**CHECK, "otherwise": otherwise})
    done = accord(capsys, "policy", "verify", file)
    told = " ".join(done.out.split())
    assert f"asked 5 more times; where more than 20% of these differ, {then}." in told
    assert "A check never gives a more permissive outcome." in told
    plain = json.loads(accord(capsys, "policy", "verify", file, "--json").out)
    assert plain["stability"] == {**CHECK, "otherwise": otherwise}
    assert json.loads(accord(capsys, "policy", "verify", "checkout_launch", "--json").out)["stability"] is None


def test_whatever_a_check_finds_it_announces_asks_people_or_stops() -> None:
    """So it is never more permissive: what is undecided is below every go."""
    for otherwise, outcome in product(("escalate", "stop"), ("go", "no_go")):
        stability = Stability(samples=1, max_flip_rate=0.0, max_messages=1, otherwise=otherwise)  # type: ignore[arg-type]
        assert weigh("go", [outcome], stability).acts == ("announce" if outcome == "go" else otherwise)  # type: ignore[list-item]


def test_two_teams_that_check_their_decisions_differently_are_not_equivalent(
    accord_home: Path, capsys: Captured
) -> None:
    folder = accord_home.parent
    one = team_file(folder)
    (folder / "other.yaml").write_text(json.dumps(raw_team(None)), encoding="utf-8")
    done = accord(capsys, "policy", "diff", one, str(folder / "other.yaml"), "--json")
    assert (done.code, json.loads(done.out)["limits_differ"]) == (1, ["stability"])
    assert accord(capsys, "policy", "diff", one, one, "--json").code == 0


def test_an_estimate_counts_the_samples_and_shows_each_role_once(accord_home: Path, capsys: Captured) -> None:
    file = team_file(accord_home.parent)
    plain = json.loads(accord(capsys, "estimate", file, "--voice", "model", "--json").out)
    check = next(stage for stage in plain["shortest"]["stages"] if stage["stage"] == "asked again")
    assert (check["calls"], check["latency_calls"], check["at_once"]) == (15, 1, 15)
    assert (plain["shortest"]["calls"], plain["shortest"]["messages"]) == (3 + 15 + 1, 3)
    shown = accord(capsys, "estimate", file).out
    assert shown.count("Risk, Legal, Sales") >= 2


@pytest.mark.slow
def test_progress_says_that_the_round_is_asked_again_and_what_came_of_it(accord_home: Path, capsys: Captured) -> None:
    roles = raw_team()["roles"]
    said = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
    own = {name: {**role, "voice": "rules", "otherwise": said} for name, role in roles.items()}
    done = accord(capsys, "run", team_file(accord_home.parent, roles=own), "--thread", "p")
    assert done.code == 0, done
    lines = done.err.splitlines()
    assert "round 1: asked again 5 times: risk, legal, sales" in lines
    assert (
        "round 1: asked again 5 times, the last round had another outcome in 0 of 5 samples (0%; allowed: 20%) → go"
    ) in lines
    assert any(line.startswith("calls 3/9") for line in lines), lines
