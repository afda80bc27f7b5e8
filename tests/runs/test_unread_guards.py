"""A guard whose path could not be read: tripped, and everything that shows the decision says which path."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord
from tests.runs.recall import facts_file, record, team

pytestmark = pytest.mark.slow

UNREAD = [
    ({"safety": {}}, "is not in the facts"),
    ({"safety": {"open_recalls": None}}, "is null, not a number"),
    ({"safety": {"open_recalls": "none"}}, "is text, not a number"),
    ({"safety": {"open_recalls": [0]}}, "is a list, not a number"),
]


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize(("given", "found"), UNREAD)
@pytest.mark.parametrize("fact", ["safety.open_recalls", "facts.safety.open_recalls"])
def test_a_guard_that_could_not_be_read_is_tripped_and_everything_says_so(
    fact: str, given: dict[str, Any], found: str, capsys: Captured
) -> None:
    path, words = team(fact), "could not be read: safety.open_recalls"
    code, told = record(capsys, "run", path, "--facts", facts_file(given), "--thread", "t")
    people = accord(capsys, "run", path, "--facts", facts_file(given), "--thread", "u").out
    why, plain = accord(capsys, "why", "t").out, json.loads(accord(capsys, "why", "t", "--json").out)
    page, text = accord(capsys, "show", "t", "--html", "-").out, accord(capsys, "show", "t", "--markdown").out
    Path("cases.jsonl").write_text(json.dumps({"id": "a", "team": path, "facts": given}), encoding="utf-8")
    line = json.loads(accord(capsys, "batch", "cases.jsonl").out)["result"]

    assert (code, told["final_decision"], told["outcome"]["guards"]) == (0, "no_go", ["recalls"])
    for each in (told, line):
        assert each["outcome"]["unread"] == {"recalls": f"{words} (it {found})"}
        assert each["answer"].startswith(f"Decision: no_go (capped by recalls ({words}); the vote alone gave go)")
    assert f"The vote alone gave go; the guard recalls ({words}) allowed no more than no go." in " ".join(
        people.split()
    )
    assert f"capped to no go by recalls ({words})" in why
    assert "with a value at most 0 for safety.open_recalls" in " ".join(why.split())
    assert plain["guards"][0]["fault"] == f"{words} (it {found})"
    for shown in (page, text):
        assert f"Could not be read: safety.open_recalls (it {found})" in re.sub(r"<wbr>|[\\`]", "", shown)
        assert "exceeded" not in shown
    assert "exceeded" not in why
