"""A decision that people take, by the commands: they are asked by notice, answer, and hear what was decided."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from graph.cli.main import run
from tests.notices.receiver import Receiver, receiving

pytestmark = pytest.mark.slow


def role(stance: str) -> dict[str, object]:
    says = {"stance": stance, "summary": "As ever.", "actions": ["Do it."]}
    return {"title": stance.title(), "mandate": "Judge.", "otherwise": says}


TEAM = {
    **{"name": "people", "title": "A team with people", "goal": "Launch?", "sequence": ["one", "two"]},
    **{"policy": "launch", "budget": {"max_rounds": 1, "max_messages": 10}},
    "facts": {"rate": 5_550_123, "salary": 777_123},
    "private": ["salary"],
    "roles": {"one": role("go"), "two": role("block")},
    "approvers": {"cfo": {"title": "CFO"}, "cto": {"title": "CTO"}},
    "escalate": {
        "decide": {"by": ["cfo", "cto"], "rule": {"policy": "majority"}},
        "expires_after": "48h",
        "on_timeout": "no_go",
    },
}


@pytest.fixture
def receiver(accord_home: Path) -> Iterator[Receiver]:
    accord_home.mkdir()
    (accord_home.parent / "team.yaml").write_text(json.dumps(TEAM))
    with receiving() as receiver:
        (accord_home / "accord.toml").write_text(f"notify = ['{receiver.address}']\nnotify_seconds = 20\n")
        yield receiver


def accord(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run([*arguments])
    sys.stdout.flush()
    return code, capfd.readouterr().out


def test_people_are_asked_once_answer_and_hear_what_was_decided(
    receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out = accord(capfd, "run", "team.yaml", "--thread", "lot-7", "--json")
    assert code == 4
    [asked] = json.loads(out)["waiting"]
    for command in ("inbox", "notify"):
        assert accord(capfd, command)[0] == 0
    [arrival] = receiver.arrivals
    said = arrival.json["message"].splitlines()
    assert arrival.key == asked["id"]
    assert said[0] == f"{' and '.join(asked['asked'])} are asked."
    assert f"Options: {', '.join(asked['options'])}" in said
    typed = next(line for line in said if line.startswith("Answer: ")).removeprefix("Answer: accord ")
    assert asked["expires_at"][:16].replace("T", " ") in arrival.json["message"]

    for by in asked["asked"]:
        words = (
            typed.partition(" #")[0].replace("ANSWER", "no_go").replace("NAME", by).replace("TEXT", "Enough.").split()
        )
        code, out = accord(capfd, *words, "--json")
        if (decided := json.loads(out))["status"] == "ok":
            break
    assert (code, decided["status"]) == (0, "ok"), decided
    keys = [each.key for each in receiver.arrivals]
    assert len(keys) == 2
    assert keys[1].startswith("lot-7:decided:")
    assert f"Decision: {decided['final_decision'].replace('_', ' ')}" in receiver.arrivals[1].json["message"]
    assert not any(str(fact) in each.body for each in receiver.arrivals for fact in (5_550_123, 777_123))


def test_a_run_that_waits_while_its_receiver_is_down_is_asked_for_by_the_inbox(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    receiver.way = "badly"
    assert accord(capfd, "run", "team.yaml", "--thread", "lot-7", "--json")[0] == 4
    assert len(receiver.arrivals) == 1
    receiver.way = "well"
    with closing(sqlite3.connect(accord_home / "accord.sqlite")) as connection:  # a minute passes
        past = "json_set(value, '$.next_at', '2026-01-01T00:00:00.000+00:00')"
        connection.execute(
            f"UPDATE store SET value = {past} WHERE prefix LIKE 'notices.%' AND prefix <> 'notices.receivers'"
        )
        connection.commit()
    assert accord(capfd, "inbox")[0] == 0
    assert receiver.taken.total() == 1
    assert len({each.key for each in receiver.arrivals}) == 1


def test_a_run_that_died_while_it_waits_is_asked_for_by_whoever_comes_next(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    config = (accord_home / "accord.toml").read_text()
    (accord_home / "accord.toml").write_text("")  # as if it died before it sent anything
    accord(capfd, "run", "team.yaml", "--thread", "lot-7", "--json")
    (accord_home / "accord.toml").write_text(config)
    assert receiver.arrivals == []
    accord(capfd, "notify")
    accord(capfd, "notify")
    assert [each.json["kind"] for each in receiver.arrivals] == ["asked"]
