"""What waits, on the commands that a person types: run, inbox, decide, why, list and batch."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord

pytestmark = [pytest.mark.usefixtures("accord_home")]
APPROVERS = "approvers={cfo: {title: CFO, deputy: vice}, cto: {title: CTO}, vice: {title: Deputy}}"
SIGN = ("--set", APPROVERS, "--set", "sign_off=[cfo, cto]")
SECRET = "A reason that nobody else reads yet."


@pytest.fixture(autouse=True)
def _here(accord_home: Path) -> None:
    """The working directory is the test's own."""


def begin(capsys: Captured) -> Any:
    return accord(capsys, "run", "cold_storage", "--thread", "lot", *SIGN)


def waiting(capsys: Captured, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(accord(capsys, "inbox", "--json", *more).out)
    return found


def test_a_run_that_waits_says_of_whom_and_how_to_answer(capsys: Captured) -> None:
    done = begin(capsys)
    assert done.code == 4
    (question,) = waiting(capsys)
    assert "Waiting: A name to the decision" in done.out
    command = (
        f"accord decide lot --id {question['id']} ANSWER --by cfo --because TEXT # ANSWER: go_with_caution, again, stop"
    )
    assert f"Answer it with: {command}" in " ".join(done.out.split())
    assert "resume" not in done.out
    assert "waits for a name to a decision of cfo and cto" in done.err


def test_the_inbox_keeps_back_what_was_said_but_to_those_who_have_answered(capsys: Captured) -> None:
    begin(capsys)
    accord(capsys, "decide", "lot", "go_with_caution", "--by", "vice", "--because", SECRET)
    surfaces = [
        accord(capsys, *typed) for typed in (("inbox",), ("inbox", "--for", "cto"), ("why", "lot"), ("show", "lot"))
    ]
    surfaces += [accord(capsys, *typed, "--json") for typed in (("inbox",), ("why", "lot"), ("show", "lot"), ("list",))]
    assert all(SECRET not in done.out + done.err for done in surfaces)
    assert SECRET in accord(capsys, "audit", "export", "lot").out

    (own,) = waiting(capsys, "--for", "vice")
    assert [(each["by"], each["seat_of"], each["answer"], each["because"]) for each in own["answers"]] == [
        ("vice", "cfo", "go_with_caution", SECRET)
    ]
    shown = " ".join(accord(capsys, "inbox", "--for", "vice").out.split())
    assert f"vice for cfo answered Go with caution: {SECRET}" in shown
    assert "says to be vice" in shown
    (others,) = waiting(capsys, "--for", "cto")
    assert "answers" not in others
    assert waiting(capsys, "--for", "cfo") == []
    assert accord(capsys, "inbox", "--for", "cfo").out == "Nothing waits for cfo.\n"


def test_once_it_is_settled_all_is_shown(capsys: Captured) -> None:
    begin(capsys)
    accord(capsys, "decide", "lot", "go_with_caution", "--by", "cfo", "--because", SECRET)
    done = accord(capsys, "decide", "lot", "go_with_caution", "--by", "cto", "--because", "Mine, too.")
    assert done.code == 0
    assert done.out.startswith("Decision: Go with caution, signed off by CFO (cfo) and CTO (cto)\n")
    assert SECRET in done.out
    assert "cto has answered" in done.err
    assert "It was signed off by cfo and cto: Go with caution" in accord(capsys, "why", "lot").out


def test_the_list_says_what_a_thread_waits_for(capsys: Captured) -> None:
    begin(capsys)
    accord(capsys, "decide", "lot", "go_with_caution", "--by", "cfo", "--because", SECRET)
    line = next(line for line in accord(capsys, "list").out.splitlines() if line.startswith("lot"))
    assert "waiting" in line
    assert "a name to a decision of cfo and cto; answered: cfo" in line


def test_a_batch_counts_what_waits_and_says_where_it_is_seen(capsys: Captured) -> None:
    overrides = {"sign_off": ["cfo"], "approvers": {"cfo": {"title": "CFO"}}}
    cases = [{"id": "one", "team": "cold_storage", "overrides": overrides}, {"id": "two", "team": "cold_storage"}]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, cases)))
    done = accord(capsys, "batch", "cases.jsonl")
    assert "1 waiting for people" in done.err
    assert done.err.splitlines()[-1] == "1 waits for people: accord inbox"
    assert "--retry-failed" not in done.err
    assert [json.loads(line)["result"]["status"] for line in done.out.splitlines()] == ["waiting", "ok"]


def test_why_of_a_thread_that_waits_for_a_fact_says_so(capsys: Captured) -> None:
    sets = ("--set", APPROVERS, "--set", "escalate={supply: {batch.lost: [cto]}}", "--set", "requires=[batch.lost]")
    assert accord(capsys, "run", "cold_storage", "--thread", "fact", *sets).code == 4
    done = accord(capsys, "why", "fact")
    assert done.code == 0
    assert "It waits for a fact (batch.lost) of cto" in done.out
    assert "Answer it with: accord answer fact --id" in done.out
