"""Nothing is lost when a sender dies, and two at once do not send twice. The receiver's own log is the judge."""

import random
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from graph.store.index import Index
from tests.forked import Command
from tests.harness import run, team_of
from tests.notices.desks import Office
from tests.notices.receiver import Receiver, receiving

pytestmark = pytest.mark.slow

THREADS = [f"t-{number}" for number in range(6)]
ROOT = Path(__file__).parents[2]


def sender(office: Office, minutes: float, seconds: float = 60) -> "subprocess.Popen[str]":
    now = (office.clock.now + timedelta(minutes=minutes)).isoformat()
    words = [str(office.home), office.database, now, str(seconds), *office.addresses]
    return Command(
        words, module="tests.notices.sending", cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0


def decided(office: Office, threads: Sequence[str] = THREADS) -> None:
    office.know()
    office.decide(*threads)


def threads_taken(receiver: Receiver) -> Counter[str]:
    counted: Counter[str] = Counter()
    for key, times in receiver.taken.items():
        counted[key.partition(":")[0]] += times
    return counted


@pytest.mark.parametrize("seed", range(2))
def test_a_sender_that_is_killed_loses_nothing_and_repeats_at_most_what_was_under_way(
    seed: int, database: str, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    with receiving("slowly") as receiver:
        office = Office(tmp_path, database, [receiver.address])
        decided(office)
        kills, most = 0, 2.0
        for start in range(6):
            process = sender(office, start * 20)
            assert line_of(process) == "ready"
            time.sleep(chance.uniform(0, most))
            is_alive = process.poll() is None
            kills, most = kills + is_alive, most if is_alive else most / 4
            process.kill()
            process.communicate()
        last = sender(office, 200)
        finish(last)
        taken = threads_taken(receiver)
    assert kills > 0
    assert set(taken) == set(THREADS)
    assert sum(taken.values()) - len(THREADS) <= kills
    assert {row["status"] for row in office.rows()} == {"delivered"}
    assert {row["thread"] for row in office.rows()} == set(THREADS)


def test_two_senders_at_once_send_each_notice_once(database: str, tmp_path: Path) -> None:
    with receiving() as receiver:
        office = Office(tmp_path, database, [receiver.address])
        decided(office)
        both = [sender(office, 1), sender(office, 1), sender(office, 1)]
        finish(*both)
        assert threads_taken(receiver) == Counter(THREADS)


def test_what_a_dead_sender_had_claimed_is_sent_once_its_claim_is_over(database: str, tmp_path: Path) -> None:
    with receiving("silent") as receiver:
        office = Office(tmp_path, database, [receiver.address])
        decided(office, ["t"])
        process = sender(office, 1)
        while not receiver.arrivals:
            time.sleep(0.02)
        process.kill()
        process.communicate()
        receiver.way = "well"
        office.clock.move(minutes=1.5)
        [standing] = office.notify()
        assert (standing.sent, standing.waiting) == (0, 1), "somebody may still be sending it"
        office.clock.move(minutes=1)
        office.notify()
        assert receiver.taken.total() == 1
        assert len({each.key for each in receiver.arrivals}) == 1


def test_a_run_that_died_before_anything_was_noted_is_found_by_whoever_comes_next(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        office = Office(tmp_path, database, [receiver.address])
        office.know()

        async def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Index, "note", die)  # after the last checkpoint, before the index
            with pytest.raises(KeyboardInterrupt):
                run(team_of(office.settings, "cold_storage"), office.settings, "t")
        office.notify()
        office.notify()
        assert threads_taken(receiver) == Counter({"t": 1})


def test_a_process_that_sends_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with receiving() as receiver:
        office = Office(tmp_path, str(tmp_path / "threads.sqlite"), [receiver.address])
        decided(office, ["t"])
        receiver.way = "drips"  # no timeout of a read ends that
        process = sender(office, 1, seconds=10)
        while not receiver.arrivals:
            time.sleep(0.02)
        process.kill()
        process.communicate()
        deadline = time.monotonic() + 60
        while not receiver.lost and time.monotonic() < deadline:
            time.sleep(0.1)
        assert receiver.lost == 1
