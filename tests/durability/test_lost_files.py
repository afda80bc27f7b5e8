"""A database that is deleted, replaced or has no room, and files that cannot be opened: a sentence."""

import asyncio
import json
import os
import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph.batch import FILES_KEPT_FREE, Batch, BatchResult, room_for, run_lines
from graph.opening import open_runner
from graph.problems import StorageError
from nodes.voices.voice import Question
from tests.harness import proposal, resume, run, scripted, settings_at, show, team_of
from tests.hostile.command import Done, process, without_progress
from tests.hostile.test_full_disk import no_file_over
from tests.hostile.test_team_files import GOOD
from tests.scripted_server import Script, forever, says, serve

LOST = "was deleted or replaced while it was in use; what was written to it is lost"


def deleted(database: Path) -> None:
    database.unlink()


def deleted_with_all(database: Path) -> None:
    shutil.rmtree(database.parent)


def moved(database: Path) -> None:
    database.rename(database.with_name("elsewhere"))


def replaced(database: Path) -> None:
    database.with_name("other").write_bytes(database.read_bytes())
    database.with_name("other").replace(database)


def replaced_by_a_folder(database: Path) -> None:
    database.unlink()
    database.mkdir()


LOSSES: list[Callable[[Path], None]] = [deleted, deleted_with_all, moved, replaced, replaced_by_a_folder]
each_loss = pytest.mark.parametrize("lose", LOSSES, ids=lambda loss: loss.__name__)


def losing(lose: Callable[[Path], None], database: Path, role: str = "finance_analyst") -> Callable[[Question], Any]:
    """A voice that says go, under which the database gets lost while the role is asked."""

    def speech(question: Question) -> Any:
        if question.name == role and "lose me" in question.prompt.user:
            lose(database)
        return proposal(question.name)

    return speech


@each_loss
def test_a_run_whose_database_is_lost_meanwhile_claims_nothing(lose: Callable[[Path], None], tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    database = Path(settings.database)
    team = team_of(settings, goal="lose me")

    with pytest.raises(StorageError) as failed:
        run(team, settings, voices=scripted(losing(lose, database)))

    assert str(failed.value) == f"{database}: {LOST}"


@each_loss
def test_a_resume_whose_database_is_lost_meanwhile_claims_nothing(lose: Callable[[Path], None], tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    blocking = scripted(lambda question: proposal(question.name, "block" if "risk" in question.name else "go"))
    team = team_of(settings, "checkout_launch", "budget.max_rounds=1", goal="lose me")
    assert run(team, settings, voices=blocking)["stop_reason"] == "max_rounds_reached"

    with pytest.raises(StorageError, match=LOST):
        resume(settings, voices=scripted(losing(lose, Path(settings.database))), budget={"max_rounds": 2})


def test_the_cases_that_ended_before_the_database_was_lost_are_reported_and_no_others(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    voices = scripted(losing(deleted, Path(settings.database)))
    goals = ["fine", "fine", "lose me", "fine"]
    results: list[BatchResult] = []

    async def main() -> None:
        async with open_runner(settings, voices) as runner:
            batch = Batch(runner, lambda case: team_of(settings, goal=case.goal), lambda: False, concurrency=1)
            lines = [json.dumps({"id": f"c{n}", "goal": goal}).encode() for n, goal in enumerate(goals)]
            results.extend([result async for result in run_lines(lines, batch)])

    with pytest.raises(StorageError, match=LOST):
        asyncio.run(main())
    assert [result.record and result.record["final_decision"] for result in results] == ["go", "go", None, None]
    assert [result.error for result in results[2:]] == [f"line {n}: {settings.database}: {LOST}" for n in (3, 4)]
    assert not any(result.is_unexpected for result in results)


def test_a_writer_beside_us_is_no_loss(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")

    def write(database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")

    team = team_of(settings, goal="lose me")
    record = run(team, settings, voices=scripted(losing(write, Path(settings.database))))
    assert record["final_decision"] == "go"
    assert show(settings) == record


# --- no room ---------------------------------------------------------------------------------------------------------


@pytest.mark.system
@pytest.mark.needs("file_size_limit")
def test_a_page_that_finds_no_room_is_named_and_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    """What SQLite itself writes in order to read has 32 kB."""
    assert process(tmp_path, "run", "--thread", "t").code == 0
    (tmp_path / "out").write_text("before")

    done = process(tmp_path, "show", "t", "--html", "out", before=no_file_over(33))

    assert (done.code, done.out, done.sentences) == (2, "", ["out: cannot be written: File too large"])
    assert (tmp_path / "out").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out"]


@pytest.mark.slow
@pytest.mark.needs("mounts")
@pytest.mark.parametrize("kilobytes", [64, 300])
def test_a_run_on_a_file_system_that_is_full_ends_with_a_sentence(kilobytes: int, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    script = f'mount -t tmpfs -o size={kilobytes}k none "$0" && exec "$@"'
    done = process(
        tmp_path,
        *("run", "--thread", "t", "--json"),
        under=("unshare", "--mount", "--map-root-user", "sh", "-c", script, str(tmp_path / "home")),
    )

    (said,) = without_progress(done).sentences
    assert (done.code, done.out) == (2, "")
    assert said.startswith(f"{tmp_path / 'home' / 'accord.sqlite'}: the database failed: "), said


# --- no file to be opened --------------------------------------------------------------------------------------------


def no_more_files_than(count: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def batched(folder: Path, files: int, cases: int, **options: Any) -> Done:
    (folder / "team.yaml").write_text(options.pop("team", GOOD))
    (folder / "cases.jsonl").write_text("".join(f'{{"id": "c{number}"}}\n' for number in range(cases)))
    arguments = ("batch", "cases.jsonl", "--team", "team.yaml", "--concurrency", str(cases))
    return process(folder, *arguments, before=no_more_files_than(files), **options)


def decisions(done: Done) -> list[str]:
    return [json.loads(line)["result"]["final_decision"] for line in done.out.splitlines()]


@pytest.mark.system
@pytest.mark.needs("file_size_limit")
@pytest.mark.parametrize("files", [24, 64])
def test_where_few_files_may_be_open_fewer_cases_run_at_once_and_all_decide(files: int, tmp_path: Path) -> None:
    done = batched(tmp_path, files, 64)

    assert (done.code, decisions(done)) == (0, ["go"] * 64)
    assert done.err.startswith(
        "accord: warning: 64 cases at once would open more files than are allowed (`ulimit -n`); at once"
    )


@pytest.mark.system
@pytest.mark.needs("file_size_limit")
def test_where_few_files_may_be_open_the_calls_of_models_have_room(tmp_path: Path) -> None:
    roles = ("risk",)
    script: Script = {role: forever(says("go", evidence=[])) for role in (*roles, "brief")}
    with serve(script) as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        done = batched(tmp_path, 64, 64, env=env, team=GOOD.replace("voice: rules", "voice: model"))

    assert (done.code, decisions(done)) == (0, ["go"] * 64), done.err


@pytest.mark.slow
@pytest.mark.needs("file_size_limit")
@pytest.mark.parametrize(
    "files", [pytest.param(6, marks=pytest.mark.system), 8, pytest.param(10, marks=pytest.mark.system)]
)
def test_where_hardly_a_file_may_be_open_a_sentence_says_so(files: int, tmp_path: Path) -> None:
    done = batched(tmp_path, files, 4)

    assert (done.code, done.out) == (2, "")
    assert done.sentences


def test_the_room_is_what_may_still_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    open_now = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (open_now + FILES_KEPT_FREE + 27, -1))
    assert (room_for(100, calls_models=False), room_for(5, calls_models=False)) == (27, 5)
    assert room_for(100, calls_models=True) == 3
    monkeypatch.setattr(resource, "getrlimit", lambda _: (open_now, -1))
    assert room_for(100, calls_models=False) == 1
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, -1))
    assert room_for(100, calls_models=True) == 100
