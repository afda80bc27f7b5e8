"""What may be typed for a thread: `last`, the beginning of an id, an alias; never what can mean several."""

import json
from pathlib import Path
from random import Random

import pytest

from graph.problems import UsageError
from graph.store.names import aliases_of, thread_named
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.usefixtures("accord_home")
CASES = [("lot-7", "cold_storage"), ("launch-a", "checkout_launch"), ("launch-b", "checkout_launch")]


def entry(thread: str, team: str | None = "launch", started: str | None = "2026-01") -> dict[str, str | None]:
    return {"thread_id": thread, "team": team, "started_at": started}


@pytest.fixture
def kept(accord_home: Path, capsys: Captured) -> None:
    for thread, team in CASES:
        accord(capsys, "run", team, "--thread", thread)


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("name", "thread"),
    [
        ("launch-a", "launch-a"),
        ("last", "launch-b"),
        ("lot", "lot-7"),
        ("cold_storage-1", "lot-7"),
        ("checkout_launch-1", "launch-a"),
        ("checkout_launch-2", "launch-b"),
    ],
)
@pytest.mark.parametrize("command", ["show", "why", "messages", "replay", "resume"])
def test_a_name_means_a_thread(command: str, name: str, thread: str, capsys: Captured) -> None:
    found = json.loads(accord(capsys, command, name, "--json").out)
    assert found["thread_id"] == thread


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
def test_what_only_reads_takes_the_thread_touched_last(capsys: Captured) -> None:
    for command in (["show"], ["why"], ["messages"], ["replay"]):
        assert json.loads(accord(capsys, *command, "--json").out)["thread_id"] == "launch-b"
    exported = accord(capsys, "audit", "export").out.splitlines()
    assert exported == accord(capsys, "audit", "export", "launch-b").out.splitlines()
    assert accord(capsys, "audit", "verify", "lot").out.startswith("lot-7: ")
    assert accord(capsys, "resume").code == 2


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("command", ["show", "why", "messages", "replay", "resume"])
def test_a_name_that_can_mean_several_is_refused_with_all_of_them(command: str, capsys: Captured) -> None:
    done = accord(capsys, command, "launch")
    assert (done.code, done.out) == (2, "")
    assert done.err == "accord: `launch` can mean several threads: `launch-b`, `launch-a`; type more of the id\n"


def test_where_there_are_no_threads_it_says_what_starts_one(capsys: Captured) -> None:
    done = accord(capsys, "show")
    assert (done.code, done.out) == (2, "")
    assert done.err == "accord: there are no threads yet; `accord run` starts one\n"


def test_the_list_shows_each_alias(capsys: Captured) -> None:
    accord(capsys, "run", "--thread", "first")
    assert json.loads(accord(capsys, "list", "--json").out)[0]["alias"] == "checkout_launch-1"
    assert "checkout_launch-1" in accord(capsys, "list").out


def test_an_alias_counts_the_threads_of_a_team_from_the_oldest_in_whatever_order_they_come() -> None:
    entries = [entry(f"t{number}", "ab"[number % 2], f"2026-{number:02}") for number in range(1, 10)]
    expected = {f"t{number}": f"{'ab'[number % 2]}-{(number + 1) // 2}" for number in range(1, 10)}
    for seed in range(20):
        Random(seed).shuffle(entries)
        assert aliases_of(entries) == expected


def test_a_damaged_thread_has_no_alias_and_is_found_by_its_id() -> None:
    entries = [entry("whole"), entry("broken", None, None)]
    assert aliases_of(entries) == {"whole": "launch-1"}
    assert thread_named("bro", entries) == "broken"


def test_of_many_threads_five_are_named() -> None:
    with pytest.raises(UsageError, match="`t0`, `t1`, `t2`, `t3`, `t4` and 2 more; type more"):
        thread_named("t", [entry(f"t{number}") for number in range(7)])


def test_an_id_of_its_own_goes_before_an_alias_and_the_beginning_of_another(capsys: Captured) -> None:
    for thread in ("checkout_launch-2", "checkout_launch-2b"):
        accord(capsys, "run", "--thread", thread)
        assert json.loads(accord(capsys, "show", thread, "--json").out)["thread_id"] == thread
