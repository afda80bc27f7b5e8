"""What a batch says at its end, where its results go, and when it begins no further case."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.report.terminal.batch import Tally
from graph.report.words import thousands
from tests.hostile.command import Captured, accord
from tests.runs.stage import script
from tests.scripted_server import ScriptedServer, forever, says, serve, status

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("accord_home")]
GOOD: dict[str, Any] = {"id": "good"}
LACKS: dict[str, Any] = {"id": "lacks", "facts": {"x": 1}}
DENIED: dict[str, Any] = {"id": "denied", "overrides": {"sequence": ["risk_analyst", "legal_analyst"]}}
OTHER: dict[str, Any] = {"id": "other", "team": "cold_storage"}


@pytest.fixture(autouse=True)
def _here(accord_home: Path) -> None:
    """The working directory is the test's own."""


def written(*cases: Any) -> Path:
    path = Path("cases.jsonl")
    path.write_text("\n".join(case if isinstance(case, str) else json.dumps(case) for case in cases))
    return path


def test_the_summary_counts_each_end_and_says_what_to_run_next(capsys: Captured) -> None:
    done = accord(capsys, "batch", written(GOOD, LACKS, DENIED, OTHER, "nope", {**GOOD, "id": "again"}))
    *_, ends, used, again = done.err.splitlines()
    assert ends.startswith("6 cases: 2 go, 1 ")
    assert {"1 go with caution", "1 agent_denied:legal_analyst", "1 not usable"} <= set(ends[9:].split(", "))
    assert used.startswith("calls 0   slowest ")
    assert again == "Try again what stopped: accord batch cases.jsonl --retry-failed"


def test_what_to_run_next_keeps_the_options_that_were_typed(capsys: Captured) -> None:
    options = ("--team", "cold_storage", "--voice", "rules", "--out", "the results.jsonl", "--db", "other.sqlite")
    done = accord(capsys, "batch", written(LACKS), *options, "--fail-fast")
    again = "accord batch cases.jsonl --team cold_storage --out 'the results.jsonl' --voice rules --db other.sqlite"
    assert done.err.splitlines()[-2] == f"Try again what stopped: {again} --retry-failed"


@pytest.mark.needs("postgres")
def test_what_to_run_next_never_shows_the_password_of_a_database(capsys: Captured, postgres_database: str) -> None:
    address = postgres_database.replace("postgres:@", "postgres:very-secret@")
    done = accord(capsys, "batch", written(LACKS), "--db", address)
    assert "very-secret" in address
    assert (done.err.splitlines()[-1][:20], "very-secret" in done.err) == ("Try again what stopp", False)


def test_what_calls_took_is_counted_over_all_cases(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({**script(), "brief": forever(says("go"))}) as server:
        environment(server, monkeypatch)
        done = accord(capsys, "batch", written(GOOD, {"id": "more"}))
    used = [json.loads(line)["result"]["usage"] for line in done.out.splitlines()]
    calls, tokens = (sum(each[key] for each in used) for key in ("calls", "prompt_tokens"))
    assert done.err.splitlines()[-1].startswith(f"calls {calls}   tokens {thousands(tokens)} in ")
    assert calls == 8


def test_results_go_to_a_file_that_is_there_when_all_are(capsys: Captured) -> None:
    cases = written(GOOD, OTHER)
    Path("results.jsonl").write_text("old")
    done = accord(capsys, "batch", cases, "--out", "results.jsonl")
    assert (done.code, done.out, done.err.splitlines()[-1]) == (0, "", "wrote results.jsonl")
    assert [json.loads(line)["id"] for line in Path("results.jsonl").read_text().splitlines()] == ["good", "other"]
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["cases.jsonl", "results.jsonl"]


def test_older_results_stay_where_a_batch_ends_early(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("results.jsonl").write_text("old")
    with serve({role: forever(status(401)) for role in script()}) as server:
        environment(server, monkeypatch)
        done = accord(capsys, "batch", written(GOOD, {"id": "more"}), "--fail-fast", "--out", "results.jsonl")
    assert Path("results.jsonl").read_text() == "old"
    assert done.err.splitlines()[-1] == "accord: results.jsonl: is left as it was, since not every case has a result"
    assert done.code == 3


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (
            "nowhere/results.jsonl",
            "nowhere/results.jsonl: cannot be written: the folder `nowhere` does not exist; "
            "make it with `mkdir -p nowhere`",
        ),
        (".", ".: cannot be written: it is not a regular file"),
        ("cases.jsonl", "--out cases.jsonl: is the file of cases; name another file"),
    ],
)
def test_a_file_that_cannot_take_them_is_refused_before_any_case_is_begun(
    out: str, sentence: str, capsys: Captured
) -> None:
    done = accord(capsys, "batch", written(GOOD), "--out", out)
    assert (done.code, done.out, done.err) == (2, "", f"accord: {sentence}\n")
    assert json.loads(Path("cases.jsonl").read_text()) == GOOD
    assert accord(capsys, "list").out == "No threads yet; `accord run` starts one.\n"


def test_with_fail_fast_a_key_that_is_refused_is_tried_once(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = {role: forever(status(401)) for role in script()}
    with serve(refuses) as server:
        environment(server, monkeypatch)
        done = accord(capsys, "batch", written(*({"id": f"c{number}"} for number in range(40))), "--fail-fast")
    first, *others = map(json.loads, done.out.splitlines())
    assert first["result"]["stop_reason"] == "llm_auth"
    assert {other["error"].partition(": ")[2] for other in others} == {"not begun, since the batch was ended"}
    assert len(others) == 39
    assert len(server.calls) <= 3
    assert done.err.splitlines()[-3:] == [
        "40 cases: 1 llm_auth, 39 not begun",
        done.err.splitlines()[-2],
        "Run the rest: accord batch cases.jsonl",
    ]


def test_with_fail_fast_the_first_that_fails_ends_a_batch_of_good_cases_too(capsys: Captured) -> None:
    cases = [{"id": f"c{number}"} for number in range(4)]
    done = accord(capsys, "batch", written(*cases, LACKS, *({"id": f"d{n}"} for n in range(200))), "--fail-fast")
    results = [json.loads(line)["result"] for line in done.out.splitlines()]
    assert [result["final_decision"] for result in results[:4]] == ["go"] * 4
    assert results[-1] is None
    assert len(results) == 205
    assert done.code == 3


def environment(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)


def test_a_tally_of_nothing_and_of_many_kinds() -> None:
    tally = Tally()
    assert [*tally.lines("x")] == ["0 cases: none"]
    for number in range(7):
        tally.add(f"c{number}", {"status": "stopped", "stop_reason": f"agent_denied:a{number}", "resumable": False})
    (ends, _) = tally.lines("x")
    assert ends.endswith("1 agent_denied:a4, 2 ended otherwise")
