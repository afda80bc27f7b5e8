"""Processes that want the same thread at the same moment: one has it, the others are `busy`, and nothing forks."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.harness import CHECKOUT_ROLES
from tests.system.chains import not_one_chain
from tests.system.contenders import FILES, TAKERS, TURNS, contend

pytestmark = [pytest.mark.system, pytest.mark.timeout(450)]

TRIALS, HEIRS, OPENERS = 100, 20, 5
CALLS = sorted(f"1/{name}" for name in (*CHECKOUT_ROLES, "brief"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_database"))
    return str(tmp_path / "threads.sqlite")


def _forked(database: str, trials: list[dict[str, Any]]) -> dict[str, str]:
    return asyncio.run(not_one_chain(database, [trial["thread"] for trial in trials]))


def test_of_two_processes_that_run_one_thread_one_proceeds_and_the_other_is_busy(tmp_path: Path, database: str) -> None:
    """They come within a moment of each other, each first about as often; a call is made once."""
    trials = contend("pairs", database, tmp_path, TRIALS)
    wrong = [trial for trial in trials if (trial["codes"], trial["ends"]) != ([0, 0], ["busy", "success"])]
    assert not wrong
    assert len(trials) == TRIALS
    assert not [trial for trial in trials if sorted(trial["asked"]) != CALLS]
    assert _forked(database, trials) == {}


def test_after_a_kill_of_its_holder_a_thread_is_free_at_once_for_a_process_that_waits_for_it(
    tmp_path: Path, database: str
) -> None:
    """The call of the role that had not answered is made again, and no other."""
    trials = contend("heirs", database, tmp_path, HEIRS)
    assert [(trial["codes"], trial["ends"]) for trial in trials] == [([-9, 0], ["success"])] * HEIRS
    assert not [trial for trial in trials if sorted(trial["asked"]) != sorted([*CALLS, "1/risk_analyst"])]
    assert _forked(database, trials) == {}


def test_processes_that_take_a_thread_from_each_other_make_every_round_once_and_in_order(
    tmp_path: Path, database: str
) -> None:
    """Each tries again as soon as it can, so a thread is often asked for while it is being let go."""
    [trial] = contend("turns", database, tmp_path, 1)
    ends = Counter(end.partition(" ")[2] for end in trial["ends"])
    takers = {end.partition(" ")[0] for end in trial["ends"] if end.endswith("max_rounds_reached")}
    assert trial["codes"] == [0] * TAKERS
    assert trial["rounds"] == list(range(1, TURNS + 1))
    assert sorted(trial["asked"]) == sorted(f"{number}/risk_analyst" for number in trial["rounds"])
    assert ends.keys() == {"busy", "max_rounds_reached"}
    assert ends["busy"] >= TURNS // 10
    assert len(takers) == TAKERS
    assert _forked(database, [trial]) == {}


def test_two_processes_that_open_a_fresh_file_at_the_same_moment_both_run(tmp_path: Path) -> None:
    """Both create the file, turn it to WAL and create the tables."""
    trials = contend("openers", str(tmp_path / "fresh.sqlite"), tmp_path, OPENERS)
    assert Counter(end for trial in trials for end in trial["ends"]) == {"success": 2 * OPENERS * FILES}
    assert [trial["codes"] for trial in trials] == [[0, 0]] * OPENERS
