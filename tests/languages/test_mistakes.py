"""A mistake on a command line is told in the language of the team or the thread that the line names."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from graph.cli.main import run
from policies.language import ENGLISH, spoken
from tests.languages.pseudo import unsaid

pytestmark = pytest.mark.slow

TEAM = "checkout_launch_fr"
ALLOWED = "go go_with_caution no_go again stop task result question feedback proposal vote note"
"""Machine words that are allowed where one is wrong."""


@pytest.fixture(autouse=True)
def _pseudo(pseudo_typed: None) -> None:
    """Before all other fixtures."""


@pytest.fixture
def _thread(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", TEAM, "--thread", "g"]) == 0
    capsys.readouterr()


def told(typed: str, capsys: pytest.CaptureFixture[str], *data: str) -> list[str]:
    """The plain words of what a line that cannot be understood is answered."""
    assert run(typed.split()) == 2, typed
    return unsaid(capsys.readouterr().err, "accord", "ANSWER TEXT CSV VOTES help", ALLOWED, typed, *data)


OF_TEAMS: Sequence[str] = [
    f"run {TEAM} --bogus",
    f"run --bogu {TEAM}",
    f"run {TEAM} --voice model,rules",
    f"run {TEAM} more than that",
    f"run {TEAM} --goal",
    f"run {TEAM} --accept-changes=yes",
    f"policy diff {TEAM} checkout_launch --roles x",
    f"policy diff {TEAM} --roles 99",
    f"policy table {TEAM} --roles 1.5",
    f"policy decide {TEAM} --confidence 7",
    f"policy decide {TEAM} --moved -1",
    f"policy test . --policy {TEAM} --threshold nan",
    f"policy evaluate votes.csv --policy {TEAM} --id a --id b",
    f"policy evaluate votes.csv --policy {TEAM} --voters ,",
    f"policy verif {TEAM}",
    f"batch cases.jsonl --team={TEAM} --concurrency 0",
    f"whatif --policy {TEAM} --policies x",
    f"runn {TEAM}",
    f"--config none.toml run {TEAM} --bogus",
]


@pytest.mark.parametrize("typed", OF_TEAMS)
def test_of_a_team(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(typed, capsys, "decide diff evaluate table test verify run") == []
    assert spoken() is ENGLISH


OF_THREADS: Sequence[str] = [
    "decide g maybe",
    "decide g go",
    "decide g go --by",
    "say g hi --to all --from me --kind zz",
    "show g --json x",
    "show --bogus",
    "resume g --budget x=1",
    "resume g --budget",
    "audit verify g --bogus",
    "audit verif g",
    "answer g",
    "answer g --file bad.json --by Ada",
    "answer g --file none.json --by Ada",
    "resume g --facts list.json",
    "resume g --budget nothing",
    "audit verify g --head abc",
    "feedback g --score 2",
    "feedback g --score nan",
]
KEPT = "LANGSMITH_TRACING LANGSMITH_API_KEY LangSmith JSON supply suppliers LIMIT VALUE"
"""Names, and the examples of what is allowed."""


@pytest.mark.usefixtures("_thread")
def test_of_a_thread(capsys: pytest.CaptureFixture[str]) -> None:
    limits = "max_rounds max_messages max_seconds max_tokens max_cost_usd max_recoveries min_go_votes"
    Path("bad.json").write_text('{"a": 1')
    Path("list.json").write_text("[1]")
    for typed in OF_THREADS:
        assert told(typed, capsys, "by because file verify export", limits, KEPT) == [], typed


@pytest.mark.usefixtures("_thread")
def test_of_a_thread_in_a_database_that_is_named(accord_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = (accord_home / "accord.sqlite").rename("other.sqlite")
    for named in (["--db", str(moved)], [f"--db={moved}"]):
        assert run(["show", "g", *named, "--bogus"]) == 2
        assert unsaid(capsys.readouterr().err, "accord show --bogus --help") == []


def test_of_a_file_that_asks_for_a_language(capsys: pytest.CaptureFixture[str]) -> None:
    Path("own.yaml").write_text("language: fr\nnothing: else\n")
    assert told("run own.yaml --bogus", capsys) == []
    assert told("batch own.jsonl --team own.yaml --concurrency 0", capsys) == []


@pytest.mark.parametrize(
    "typed",
    [
        "run checkout_launch --bogus",
        "run nothing_of_this_name --bogus",
        f"run checkout_launch --facts {TEAM}.json --bogus",
        "show nothing_of_this_name --bogus",
        "show g --db",
        "show g --db postgresql:x --bogus",
        f"list {TEAM}",
        "nothing",
    ],
)
def test_of_anything_else_is_told_in_english(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert {"has", "needs", "does"} & {*told(typed, capsys)}
