"""A disk that is full, and an output that takes no more: a sentence, and nothing is lost or half written."""

import asyncio
import json
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.batch import Batch, BatchResult, run_lines
from graph.opening import open_runner
from tests.harness import proposal, run, scripted, settings_at, show, team_of, without_times
from tests.hostile.command import Captured, Done, accord, process, without_progress
from tests.hostile.stage import TEAM
from tests.hostile.test_team_files import GOOD
from tests.scripted_server import Script, forever, says, serve

NAME = "accord.sqlite"
# From nothing at all, over a schema half made and rounds half run, to a run whose last note alone does not fit.
KILOBYTES = [0, pytest.param(96, marks=pytest.mark.system), 240, pytest.param(384, marks=pytest.mark.system)]
AMPLE = 4_096


def no_file_over(kilobytes: int) -> Callable[[], None]:
    """Return what makes every longer file of a process fail, as a full disk does."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1_024, kilobytes * 1_024))


def assert_disk_is_full(done: Done, folder: Path) -> None:
    sentences = without_progress(done).sentences
    assert (done.code, done.out) == (2, ""), done
    assert [said.split(":")[0] for said in sentences] == [str(folder / "home" / NAME)]
    assert sentences[0].endswith(("disk I/O error", "database or disk is full"))


@pytest.mark.slow
@pytest.mark.needs("file_size_limit")
@pytest.mark.parametrize("kilobytes", KILOBYTES)
def test_a_run_on_a_full_disk_goes_on_from_where_it_was_once_there_is_room(kilobytes: int, tmp_path: Path) -> None:
    clean, settings = settings_at(tmp_path / "clean"), settings_at(tmp_path / "home")
    wanted = run(team_of(clean), clean)

    done = process(tmp_path, "run", "--thread", "t", "--json", before=no_file_over(kilobytes))
    resumed = run(team_of(settings), settings)

    assert_disk_is_full(done, tmp_path)
    assert without_times(resumed) == without_times(wanted)
    assert show(settings) == resumed


@pytest.mark.slow
@pytest.mark.needs("file_size_limit")
def test_where_there_is_room_enough_the_limit_changes_nothing(tmp_path: Path) -> None:
    done = process(tmp_path, "run", "--thread", "t", "--json", before=no_file_over(AMPLE))

    assert (done.code, json.loads(done.out)["final_decision"]) == (0, "go")


def calls_around_a_full_disk(folder: Path, kilobytes: int) -> tuple[list[str], list[str]]:
    """Return the roles a process asked until its disk was full, and those asked when the run went on with room."""
    (folder / "small.yaml").write_text(TEAM.replace("voice: rules", "voice: model"))
    script: Script = {"risk": forever(says("go")), "brief": forever(says("go"))}
    with serve(script) as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url}
        arguments = ("run", "small.yaml", "--thread", "t", "--json")
        done = process(folder, *arguments, env=env, before=no_file_over(kilobytes))
        before = [call.role for call in server.calls]
        settings = settings_at(folder / "home", server.base_url)
        resumed = run(team_of(settings, str(folder / "small.yaml")), settings)
    assert_disk_is_full(done, folder)
    assert resumed["final_decision"] == "go"
    return before, [call.role for call in server.calls][len(before) :]


SIZES = (260, 300, 348)


@pytest.mark.system
@pytest.mark.needs("file_size_limit")
def test_an_answer_that_was_written_before_the_disk_was_full_is_not_asked_for_again(tmp_path: Path) -> None:
    """All that may be lost is the last answer, if it was the one that found no room."""
    repeated: list[str] = []
    for kilobytes in SIZES:
        (tmp_path / str(kilobytes)).mkdir()

        before, after = calls_around_a_full_disk(tmp_path / str(kilobytes), kilobytes)

        twice = [role for role in after if role in before]
        assert before == ["risk", "brief"][: len(before)] != []
        assert twice in ([], before[-1:])
        assert sorted({*before, *after}) == ["brief", "risk"]
        repeated += twice
    assert len(repeated) < len(SIZES), "an answer that found room is kept"


@pytest.mark.slow
@pytest.mark.needs("file_size_limit")
def test_each_case_of_a_batch_fails_alone_on_a_full_disk_and_the_same_batch_goes_on(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(GOOD)
    lines = [{"id": f"case-{number}", "facts": {"rate": number / 10}} for number in range(10)]
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    arguments = ("batch", "cases.jsonl", "--team", "team.yaml", "--concurrency", "3")

    done = process(tmp_path, *arguments, before=no_file_over(400))
    again = process(tmp_path, *arguments)

    results: list[dict[str, Any]] = [json.loads(line) for line in done.out.splitlines()]
    failed = [each for each in results if each["result"] is None]
    assert [each["id"] for each in results] == [each["id"] for each in lines]
    assert (done.code, again.code) == (2, 0)
    assert failed
    assert all("the database failed: " in each["error"] for each in failed)
    assert "Traceback" not in done.err
    assert [json.loads(line)["id"] for line in again.out.splitlines()] == [each["id"] for each in lines]


COMMANDS = [["run", "--thread", "new", "--json"], ["list"], ["--help"]]
MORE_COMMANDS = [["show", "t"], ["resume", "t"], ["batch", "cases.jsonl"], ["doctor"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [*COMMANDS, *(pytest.param(each, marks=pytest.mark.system) for each in MORE_COMMANDS)],
    ids=" ".join,
)
def test_an_output_that_takes_no_more_gets_a_sentence_and_the_run_is_kept(
    command: list[str], accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    accord(capsys, "run", "--thread", "t")
    Path("cases.jsonl").write_text("".join(f'{{"id": "case-{number}"}}\n' for number in range(12)))

    with Path("/dev/full").open("w") as full:
        done = process(tmp_path, *command, stdout=full)

    assert (done.code, without_progress(done).sentences) == (
        2,
        ["the output cannot be written: No space left on device"],
    )
    assert json.loads(accord(capsys, "show", "t", "--json").out)["status"] == "ok"
    if command[0] == "run":
        assert json.loads(accord(capsys, "show", "new", "--json").out)["status"] == "ok"


@pytest.mark.slow
def test_a_batch_whose_reader_is_gone_ends_quietly_and_the_same_batch_has_the_results(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    Path("cases.jsonl").write_text("".join(f'{{"id": "case-{number}"}}\n' for number in range(12)))

    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        assert reader.stdin is not None
        done = process(tmp_path, "batch", "cases.jsonl", stdout=reader.stdin.fileno())
    again = accord(capsys, "batch", "cases.jsonl")

    assert (done.code, "Traceback" in done.err) == (0, False)
    assert again.code == 0
    assert len(again.out.splitlines()) == 12


@pytest.mark.slow
def test_cases_that_nobody_waits_for_any_more_end_before_their_database_closes(accord_home: Path) -> None:
    settings = settings_at(accord_home)
    voices = scripted(lambda question: proposal(question.name), delays={"finance_analyst": 30.0})
    quick = '{"id": "quick", "overrides": {"sequence": ["demand_analyst", "risk_analyst"]}}'
    lines = [quick.encode(), *(f'{{"id": "slow-{number}"}}'.encode() for number in range(6))]

    async def main() -> tuple[BatchResult, set[str]]:
        async with open_runner(settings, voices) as runner:
            batch = Batch(runner, lambda case: team_of(settings, overrides=case.overrides), lambda: False, 7)
            before = asyncio.all_tasks()
            results = run_lines(lines, batch)
            first = await anext(results)
            assert len(asyncio.all_tasks() - before) >= 6
            await results.aclose()
            await asyncio.sleep(1)  # LangGraph ends writing what was done
            left = {task.get_name() for task in asyncio.all_tasks() - before}
            return first, left

    first, left = asyncio.run(main())

    assert (first.id, first.record and first.record["stop_reason"], left) == ("quick", "success", set())
