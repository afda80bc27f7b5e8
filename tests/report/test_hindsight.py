"""What a database knows of a thread later, shown by the commands: looks at decisions, and decisions taken again."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from graph.cli.exits import Exit
from graph.cli.main import run as accord
from policies.assurance.audit import Break

pytestmark = pytest.mark.slow

Captured = pytest.CaptureFixture[str]

TEAM: dict[str, Any] = {
    **{"name": "rollout", "title": "Rollout", "goal": "For everybody?", "sequence": ["payments"], "policy": "launch"},
    **{"facts": [{"file": "rates.json"}], "budget": {"min_go_votes": 1}, "watch": {"owner": "Ada"}},
    "guards": [{"name": "failures", "fact": "failed", "at_least": 0.03, "cap": "no_go"}],
    "roles": {
        "payments": {
            **{"title": "Head of payments", "mandate": "Judge.", "voice": "rules"},
            "checks": [
                {"when": "facts.failed > 0.025", "stance": "caution", "summary": "Close.", "actions": ["Look."]}
            ],
            "otherwise": {"stance": "go", "summary": "Fine.", "actions": ["Start."]},
        }
    },
}


@pytest.fixture
def decided(accord_home: Path) -> Path:
    """A folder with a thread that decided on facts in a file, and with other facts."""
    Path("rates.json").write_text('{"failed": 0.018}')
    Path("friday.json").write_text('{"failed": 0.034}')
    Path("rollout.yaml").write_text(json.dumps(TEAM))
    assert accord(["run", "rollout.yaml", "--thread", "old"]) == Exit.DONE
    return accord_home


def shown(capsys: Captured, *command: str) -> str:
    """What a command shows, on one line."""
    capsys.readouterr()
    accord([*command])
    return " ".join(re.sub(r"<[^>]+>", " ", capsys.readouterr().out.replace("<wbr>", "")).split())


MEDIA: tuple[list[str], ...] = ([], ["--html", "-"], ["--markdown", "-"])


@pytest.mark.usefixtures("decided")
class TestHindsight:
    @pytest.mark.parametrize("options", MEDIA)
    def test_show_says_what_the_last_look_found(self, options: list[str], capsys: Captured) -> None:
        before = shown(capsys, "show", "old", *options)
        accord(["watch", "old", "--facts", "friday.json"])
        after = shown(capsys, "show", "old", *options)

        assert "later look" not in before
        for told in ("A later look", "It should be taken again", "Guard failures", "0.034", "Watched by Ada"):
            assert told in after
        assert "2 of 2 tripwires give another answer than when it was decided." in after

    def test_the_record_for_programs_has_nothing_of_it(self, capsys: Captured) -> None:
        before = shown(capsys, "show", "old", "--json")
        accord(["watch", "old", "--facts", "friday.json"])
        assert shown(capsys, "show", "old", "--json") == before

    def test_a_look_at_the_sources_names_them(self, capsys: Captured) -> None:
        Path("rates.json").write_text('{"failed": 0.02}')
        accord(["watch", "old"])
        assert "Facts from rates.json." in shown(capsys, "show", "old")

    def test_a_look_without_facts_says_why(self, capsys: Captured) -> None:
        Path("rates.json").unlink()
        accord(["watch", "old"])
        after = shown(capsys, "show", "old")
        assert "It is not known whether it holds" in after
        assert "rates.json" in after.partition("gave no facts that can be used: ")[2]

    @pytest.mark.parametrize("options", MEDIA)
    def test_both_threads_of_a_decision_that_was_taken_again_name_each_other(
        self, options: list[str], capsys: Captured
    ) -> None:
        accord(["watch", "old", "--facts", "friday.json", "--reopen"])
        old, new = (shown(capsys, "show", thread, *options) for thread in ("old", "old.r1"))

        assert re.search(r"It is taken again as the thread `?\s?old\.r1", old)
        assert "accord watch old --reopen" not in old
        assert re.search(r"decides again what the thread `?\s?old\s?`? decided: Go\s?, of 20", new)
        assert "asked for another decision: guard failures and the checks of Head of payments." in new
        assert "0.018" in new

    def test_a_thread_whose_old_one_is_gone_says_so(self, capsys: Captured, decided: Path) -> None:
        accord(["watch", "old", "--facts", "friday.json", "--reopen"])
        with sqlite3.connect(decided / "accord.sqlite") as database:
            for table in ("checkpoints", "writes"):
                database.execute(f"DELETE FROM {table} WHERE thread_id = 'old'")
            database.execute("DELETE FROM store WHERE key = 'old'")
        new = shown(capsys, "show", "old.r1")
        assert "This thread decides again what the thread old decided." in new
        assert "What it decided is not known here any more: there is no thread `old`" in new

    def test_a_look_that_was_changed_is_not_told(self, capsys: Captured, decided: Path) -> None:
        accord(["watch", "old", "--facts", "friday.json", "--reopen"])
        with sqlite3.connect(decided / "accord.sqlite") as database:
            rows = database.execute("SELECT prefix, value FROM store WHERE prefix LIKE 'watches%'").fetchall()
            changed = json.loads(rows[0][1]) | {"reopened_as": "somebody"}
            database.execute("UPDATE store SET value = ? WHERE prefix = ?", (json.dumps(changed), rows[0][0]))
        assert "later look" not in shown(capsys, "show", "old")

    def test_an_old_thread_that_was_changed_is_not_told(
        self, capsys: Captured, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accord(["watch", "old", "--facts", "friday.json", "--reopen"])
        monkeypatch.setattr("graph.hindsight.find_disagreement", lambda *_: Break(3, "differs"))
        new = shown(capsys, "show", "old.r1")
        assert "is not known here any more: its record is broken; see `accord audit verify old`." in new
        assert "decided: Go" not in new

    def test_a_look_in_a_thread_without_a_decision_is_no_matter(self, capsys: Captured) -> None:
        accord(
            [
                "run",
                "rollout.yaml",
                "--thread",
                "stopped",
                "--set",
                "budget.max_messages=1",
                "--set",
                "budget.max_rounds=1",
            ]
        )
        assert "later look" not in shown(capsys, "show", "stopped")
