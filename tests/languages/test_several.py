"""What is told of several threads or teams at once: in the language of all of them, or of the one named first."""

import json
from pathlib import Path

import pytest

from graph.cli.main import run
from graph.report.dossier.people import said_in_words
from graph.teams.fitting import find_misfitting
from graph.teams.loader import load_team
from policies.language import Language, speaking
from policies.run.staleness import changes_in_words
from tests.languages.pseudo import unsaid

pytestmark = pytest.mark.slow

TEAM, ENGLISH_TEAM = "checkout_launch_fr", "checkout_launch"
ROLES = " ".join(
    [
        "demand_analyst finance_analyst risk_analyst",
        *(role.title for name in (TEAM, ENGLISH_TEAM) for role in load_team(name).roles.values()),
    ]
)


@pytest.fixture(autouse=True)
def _pseudo(pseudo_typed: None) -> None:
    """Before all other fixtures."""


def said(typed: str, capsys: pytest.CaptureFixture[str], *data: str) -> list[str]:
    """The plain words of what a command says."""
    capsys.readouterr()
    run(typed.split())
    shown = capsys.readouterr()
    return unsaid(shown.out + shown.err, "accord", typed, *data)


def test_a_list_speaks_the_language_that_all_its_threads_have(capsys: pytest.CaptureFixture[str]) -> None:
    assert "threads" in said("list", capsys)
    run(["run", TEAM, "--thread", "a"])
    run(["run", TEAM, "--thread", "b"])
    assert said("list", capsys, TEAM, "ok go") == []
    run(["run", ENGLISH_TEAM, "--thread", "c"])
    assert {"thread", "status"} <= {*said("list", capsys)}
    run(["resume", "b"])
    run(["run", TEAM, "--thread", "d"])
    assert said("list --limit 1", capsys, TEAM, "ok go") == []


def test_the_language_of_a_thread_is_no_part_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    run(["run", TEAM, "--thread", "a"])
    capsys.readouterr()
    run(["list", "--json"])
    assert "language" not in json.loads(capsys.readouterr().out)[0]
    assert run(["audit", "verify"]) == 0


def test_an_inbox_in_which_nothing_waits(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Nothing" in said("inbox", capsys)
    run(["run", TEAM])
    assert said("inbox", capsys) == []
    run(["run", ENGLISH_TEAM])
    assert "Nothing" in said("inbox", capsys)


def test_what_if_speaks_the_language_of_the_runs_where_a_policy_decides(capsys: pytest.CaptureFixture[str]) -> None:
    run(["run", TEAM, "--thread", "a"])
    words = f"go {TEAM}"
    for typed in (f"--team {TEAM}", "", "--all", f"--team {TEAM} --since x"):
        assert said(f"whatif --policy weighted {typed}", capsys, words) == [], typed
    run(["run", ENGLISH_TEAM, "--thread", "b"])
    assert said(f"whatif --policy weighted --team {TEAM}", capsys, words) == []
    assert said(f"whatif --policy {TEAM} --team {ENGLISH_TEAM}", capsys, words) == []
    assert "runs" in said("whatif --policy weighted", capsys, words)
    assert "run" in said(f"whatif --policy weighted --team {ENGLISH_TEAM}", capsys, words)


def test_a_comparison_speaks_the_language_of_the_team_named_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(f"policy diff {TEAM} {ENGLISH_TEAM}", capsys, ROLES) == []
    assert said(f"policy diff {TEAM} classic", capsys, ROLES) == []
    assert said(f"policy diff classic {TEAM}", capsys, ROLES) == []
    assert "equivalent" in said(f"policy diff {ENGLISH_TEAM} {TEAM}", capsys, ROLES)


def test_what_is_wrong_with_a_line_is_said_in_the_language_of_its_team(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"language": "Frensh"}
    cases = [{"id": name, "team": name, "overrides": wrong} for name in (TEAM, ENGLISH_TEAM)]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, cases)))
    run(["batch", "cases.jsonl"])
    french, english = [each for each in capsys.readouterr().err.splitlines() if each.startswith("accord: ")]
    assert unsaid(french, "accord overrides language Frensh") == []
    assert english.startswith("accord: line 2: ")


COLON = Language(
    "fr", "French", {"; ": " ; ", "{said}; {hint}": "{said} ; {hint}", "{name}: {value}": "{name} : {value}"}
)


def test_what_joins_sentences_is_of_the_language_too() -> None:
    team = {"guards": [{"name": "g", "fact": "risk.rat", "above": 1, "cap": "no_go"}], "facts": {"sales": 1}}
    with speaking(COLON):
        told = changes_in_words({"a": 1, "b": 1}, {"a": 2, "b": 2})
        said_so = said_in_words({"stance": "go", "summary": "Oui."})
        misfits = [each.problem.message for each in find_misfitting(team, are_given=False)]
    assert told == "`a` : 1 → 2 ; `b` : 1 → 2"
    assert said_so == "go : Oui."
    assert "is not in the facts ; the facts have `sales`" in misfits[0]
