"""What commands tell of a French team, or of its thread, is said in French; walked in a language that marks it."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from graph.cli.main import run
from policies.language import ENGLISH, spoken
from policies.team.team import Budget
from tests.languages.pseudo import unsaid

pytestmark = pytest.mark.slow

TEAM = "checkout_launch_fr"
ROLES = "demand_analyst finance_analyst risk_analyst legal_analyst"
CAMPAIGN = "Campagne Checkout v2, marché US classic"
"""The team's title and its policy's name, which progress begins with."""


@pytest.fixture(autouse=True)
def _pseudo(pseudo_typed: None) -> None:
    """Before all other fixtures."""


@pytest.fixture
def _thread(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", TEAM, "--thread", "done"]) == 0
    assert run(["run", TEAM, "--thread", "cut", "--set", "budget.max_messages=2"]) == 3
    capsys.readouterr()


Line = tuple[str, Iterable[str]]
TEAMS: Sequence[Line] = [
    ("--set nothing", "prices gpt mini prompt"),
    ("--set goal.x=1", "Prépare un brief go no-go pour Checkout v2 sur le marché US au U"),
    ("--set goal+=1", ""),
    ("--set facts.risk_signals.failed_payment_rat=1", "failed_payment_rate"),
    ("--set language=Frensh", ""),
    ("--voice model", ROLES),
    ("--thread last", ""),
    ("--thread a/b", ""),
    ("--set x={a", ""),
    ("--set x=*a", ""),
    ("--facts none.json", ""),
]


@pytest.mark.parametrize(("typed", "data"), TEAMS, ids=[typed for typed, _ in TEAMS])
def test_what_is_wrong_with_a_team(typed: str, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", TEAM, *typed.split()]) == 2
    assert unsaid(capsys.readouterr().err, "accord", typed, data) == []


THREADS: Sequence[Line] = [
    ("say done hi --to all --from me", "success"),
    ("show done --html page.html", ""),
    ("audit verify done", ""),
    ("audit export done --out x.jsonl", ""),
    ("audit export done --signed keys", ""),
    ("replay done", "go"),
    ("messages done", ""),
    ("resume cut --budget nothing", "LIMIT VALUE max_rounds"),
    ("resume cut --budget nothing=1", Budget.model_fields),
    ("resume cut --facts none.json", ""),
    ("answer cut --file none.json --by x", ""),
    ("answer cut --file facts.json --by x", ""),
    ("decide cut go --by x --because y", "max_messages"),
    ("say done hi --to all --from me --open a --conversation b", ""),
    ("show done --html page.html --markdown page.html", ""),
    ("audit export done --out x.jsonl --signed keys", ""),
    ("audit verify done --head x", ""),
    ("feedback done --key /", ""),
    ("feedback done --score nan", ""),
]


@pytest.mark.usefixtures("_thread")
def test_what_is_told_of_a_thread(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, list[str]] = {}
    for typed, data in THREADS:
        run(typed.split())
        shown = capsys.readouterr()
        told = [word for word in unsaid(shown.out + shown.err, "accord", typed, data) if not _is_hash(word)]
        found.update({typed: told} if told else {})
    assert found == {}


def _is_hash(word: str) -> bool:
    return set(word) <= set("abcdef")


def test_who_answered_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    for voice in ([], ["--voice", "rules"]):
        run(["run", TEAM, *voice])
        told = capsys.readouterr().out.splitlines()[-1]
        assert unsaid(told, "OPENAI_API_KEY voice") == []


def test_a_check_that_cannot_be_evaluated_is_found_by_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("facts.json")
    folder.write_text(json.dumps({"risk_signals": {"failed_payment_rate": 0.01}}))
    assert run(["run", TEAM, "--facts", str(folder)]) == 3
    told = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("accord: "))
    assert unsaid(told.rpartition(":")[2]) == []


BATCH = [
    '{"id": "a"}',
    '{"id": "a"}',
    "x",
    "[]",
    '{"id": "b", "id": "b"}',
    '{"x": 1}',
]


def test_what_is_wrong_with_the_cases_of_a_batch(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cases.jsonl").write_text("\n".join(BATCH))
    assert run(["batch", "cases.jsonl", "--team", TEAM, "--out", "out.jsonl"]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("accord: ")]
    assert len(told) == 5
    assert unsaid("\n".join(told), "accord JSON id team goal facts overrides x") == []
    lines = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert unsaid(" ".join(each.get("error", "") for each in lines), "JSON id team goal facts overrides x") == []


def test_each_case_of_a_batch_speaks_the_language_of_its_team(capsys: pytest.CaptureFixture[str]) -> None:
    teams = [TEAM, "checkout_launch", TEAM]
    cases = [{"id": str(number), "team": team, "overrides": {"goal.x": 1}} for number, team in enumerate(teams)]
    Path("cases.jsonl").write_text("\n".join(map(json.dumps, cases)))
    assert run(["batch", "cases.jsonl"]) == 2
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("accord: ")]
    assert ["no fields" in line for line in told] == [False, True, False]


def test_the_language_of_a_command_ends_with_it() -> None:
    run(["run", TEAM])
    assert spoken() is ENGLISH


def test_the_inbox_speaks_to_each_of_its_threads_people_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    for thread, language in (("a", "fr"), ("b", "en"), ("c", "fr")):
        run(["run", "checkout_launch_escalates", "--thread", thread, "--set", f"language={language}"])
    capsys.readouterr()
    run(["inbox"])
    first, second, third = capsys.readouterr().out.split("\n\n")
    assert ["answer it" in part for part in (first, second, third)] == [False, True, False]
