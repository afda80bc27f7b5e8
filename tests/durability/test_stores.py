"""SQLite and PostgreSQL keep the same: equal records, any text, many writers at once, checkpoints that grow slowly."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.opening import open_runner
from graph.problems import UsageError
from graph.settings import Settings
from nodes.voices.voice import Question
from tests.durability.processes import Desk, Done, without
from tests.harness import CHECKOUT_ROLES, proposal, resume, run, scripted, settings_at, show, team_of

pytestmark = pytest.mark.slow

TIMES = ("seconds", "elapsed_seconds", "fetched_at")
HOSTILE = "a\x00b \ud800 \udfff \u202e \x1b[31m 𝄞 é \\u0000"
CLEANED = "ab \ufffd \ufffd \u202e \x1b[31m 𝄞 é \\u0000"


def _at(tmp_path: Path, database: str) -> Settings:
    return settings_at(tmp_path, accord_database_url=database)


def _two_rounds(question: Question) -> Any:
    is_first = json.loads(question.prompt.user)["round"] == 1
    return proposal(question.name, "block" if is_first and question.name == "risk_analyst" else "go")


# --- the same on both ------------------------------------------------------------------------------------------------


@pytest.mark.needs("postgres")
def test_two_rounds_give_equal_records_on_sqlite_and_postgresql(tmp_path: Path, postgres_database: str) -> None:
    both = [_at(tmp_path, str(tmp_path / "t.sqlite")), _at(tmp_path, postgres_database)]
    records = [run(team_of(settings), settings, voices=scripted(_two_rounds)) for settings in both]
    assert records[0]["rounds_used"] == 2
    assert json.dumps(without(records[0], *TIMES)) == json.dumps(without(records[1], *TIMES))
    assert [show(settings) for settings in both] == records


@pytest.mark.system
@pytest.mark.needs("postgres")
def test_accord_takes_a_postgresql_url_from_db_and_from_the_environment(tmp_path: Path, postgres_database: str) -> None:
    desk = Desk(tmp_path)
    by_option = desk.accord("run", "--thread", "t", "--json", "--db", postgres_database)
    by_variable = desk.accord("show", "t", "--json", ACCORD_DATABASE_URL=postgres_database)
    assert (by_option.code, by_variable.code) == (0, 0), by_option.err + by_variable.err
    assert by_option.record == by_variable.record
    settings = settings_at(tmp_path)
    assert without(run(team_of(settings), settings), *TIMES) == without(by_option.record, *TIMES)


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_a_postgresql_that_cannot_be_reached_is_told_in_a_sentence_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql://accord:sesame@localhost/nothing?host={tmp_path}"
    done = Desk(tmp_path).accord("run", "--db", url)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("accord: postgresql://localhost/nothing: the database failed: ")
    assert "sesame" not in done.err
    assert "Traceback" not in done.err


# --- any text --------------------------------------------------------------------------------------------------------


def test_nul_and_lone_surrogates_in_what_models_say_are_cleaned_and_kept(tmp_path: Path, database: str) -> None:
    settings = _at(tmp_path, database)
    voices = scripted(
        lambda question: proposal(question.name, summary=HOSTILE, actions=[HOSTILE], **{"\x00\ud800": HOSTILE}),
        brief=HOSTILE,
    )
    record = run(team_of(settings), settings, voices=voices)
    assert record["final_decision"] == "go"
    [entry] = record["history"]
    assert [said["summary"] for said in entry["contributions"]] == [CLEANED] * 3
    assert [said["actions"] for said in entry["contributions"]] == [[CLEANED]] * 3
    assert record["answer"] == f"Decision: go\n\n{CLEANED}"
    assert show(settings) == record


def test_nul_and_lone_surrogates_in_a_refused_proposal_are_kept_as_an_excerpt(tmp_path: Path, database: str) -> None:
    settings = _at(tmp_path, database)
    said = proposal("demand_analyst", HOSTILE, **{"\x00key": [HOSTILE]})
    record = run(team_of(settings, "checkout_launch", "max_repairs=0"), settings, voices=scripted(lambda _: said))
    assert record["stop_reason"] == "invalid_contribution:stance"
    assert isinstance(record["raw_contribution"], str)
    record["raw_contribution"].encode()
    assert "\x00" not in record["raw_contribution"]
    assert show(settings) == record


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"], ids=["NUL", "surrogate"])
@pytest.mark.parametrize(
    "changes",
    [lambda text: {"goal": text}, lambda text: {"facts": {"a": [text]}}, lambda text: {"facts": {text: 1}}],
    ids=["goal", "facts", "a fact's name"],
)
def test_nul_and_lone_surrogates_in_what_people_give_are_a_sentence(
    tmp_path: Path, changes: Callable[[str], dict[str, Any]], text: str
) -> None:
    settings = settings_at(tmp_path)
    with pytest.raises(UsageError) as refused:
        run(team_of(settings, **changes(text)), settings)
    assert next(iter(changes(text))) in str(refused.value)
    assert "\n" not in str(refused.value)


# --- many writers ----------------------------------------------------------------------------------------------------

EACH = 16


@pytest.mark.system
def test_two_processes_with_sixteen_runs_each_on_one_fresh_database_all_succeed(tmp_path: Path, database: str) -> None:
    """Both also create the tables, at the same time."""
    desk = Desk(tmp_path, database=database)

    def batch(name: str) -> Done:
        lines = "".join(json.dumps({"id": f"{name}{number}"}) + "\n" for number in range(EACH))
        return desk.accord("batch", "-", "--concurrency", str(EACH), stdin=lines.encode())

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(batch, ["a", "b"]))
    for name, each in zip("ab", done, strict=True):
        assert each.code == 0, each.err
        assert [line["id"] for line in each.lines] == [f"{name}{number}" for number in range(EACH)]
        assert {line["result"]["final_decision"] for line in each.lines} == {"go"}


@pytest.mark.slow
def test_two_runners_in_one_process_share_a_database(tmp_path: Path, database: str) -> None:
    settings = _at(tmp_path, database)
    team = team_of(settings)

    async def main() -> list[Any]:
        async with open_runner(settings) as first, open_runner(settings) as second:
            runs = [
                runner.run(team, f"{name}{n}") for n in range(EACH) for name, runner in (("a", first), ("b", second))
            ]
            return list(await asyncio.gather(*runs))

    records = asyncio.run(main())
    assert [record["final_decision"] for record in records] == ["go"] * 2 * EACH


def test_eight_runners_can_open_one_fresh_database_at_the_same_moment(tmp_path: Path, database: str) -> None:
    settings, met = _at(tmp_path, database), asyncio.Barrier(8)

    async def open_and_list() -> list[Any]:
        async with open_runner(settings) as runner:
            await met.wait()
            return await runner.threads.newest(1)

    async def main() -> list[list[Any]]:
        return list(await asyncio.gather(*(open_and_list() for _ in range(8))))

    assert asyncio.run(main()) == [[]] * 8


# --- how checkpoints grow --------------------------------------------------------------------------------------------

SQLITE_BYTES = (
    "SELECT sum(length(checkpoint) + length(metadata)) FROM checkpoints",
    "SELECT sum(length(value)) FROM writes",
)
POSTGRES_BYTES = (
    "SELECT sum(pg_column_size(checkpoint) + pg_column_size(metadata)) FROM checkpoints",
    "SELECT sum(length(blob)) FROM checkpoint_blobs",
    "SELECT sum(length(blob)) FROM checkpoint_writes",
)


def _bytes(location: str, queries: Sequence[str]) -> int:
    opened: Any = psycopg.connect(location) if "://" in location else sqlite3.connect(location)
    with closing(opened) as connection:
        return sum(int(connection.execute(query).fetchone()[0] or 0) for query in queries)


def _lasting_block(length: int) -> Callable[[Question], Any]:
    """One role blocks for ever, so that every round leads to the next; each says so much."""

    def speech(question: Question) -> Any:
        stance = "block" if question.name == CHECKOUT_ROLES[-1] else "go"
        return proposal(question.name, stance, summary="x" * length)

    return speech


@pytest.mark.slow
def test_ten_times_the_rounds_take_at_most_fourteen_times_the_bytes(tmp_path: Path, database: str) -> None:
    queries = SQLITE_BYTES if database.endswith(".sqlite") else POSTGRES_BYTES
    settings, sizes = _at(tmp_path, database), [0]
    for rounds in (3, 30):
        sets = (f"budget.max_rounds={rounds}", "budget.max_messages=1000", "budget.max_seconds=600")
        team = team_of(settings, "checkout_launch", *sets)
        record = run(team, settings, f"t{rounds}", scripted(_lasting_block(500)))
        assert (record["stop_reason"], len(record["history"])) == ("max_rounds_reached", rounds)
        sizes.append(_bytes(database, queries))
    factor = (sizes[2] - sizes[1]) / sizes[1]
    assert 6 < factor <= 14


def test_a_record_of_thirty_rounds_is_whole_after_it_was_read_back(tmp_path: Path) -> None:
    """The growing lists are kept as differences; what comes back must be the lists."""
    settings = settings_at(tmp_path)
    sets = ("budget.max_rounds=30", "budget.max_messages=90", "budget.max_seconds=600")
    record = run(team_of(settings, "checkout_launch", *sets), settings, voices=scripted(_lasting_block(5)))
    assert record == show(settings)
    assert [entry["round"] for entry in record["history"]] == list(range(1, 31))
    assert len(record["trace"]) == 30 * 4
    more = resume(settings, voices=scripted(_lasting_block(5)), budget={"max_rounds": 31, "max_messages": 93})
    assert more["history"][:30] == record["history"]
    assert len(more["history"]) == 31
