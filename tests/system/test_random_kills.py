"""A hundred kills at seeded random moments over one batch: it ends as if there had been none, and repeats no answer."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.durability.processes import without
from tests.harness import CHECKOUT_ROLES
from tests.system.chains import not_one_chain
from tests.system.planned import Asked, Key
from tests.system.siege import CASES, CONCURRENCY, KILLS, Siege, Start, besiege

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

AT_ONCE = CONCURRENCY * len(CHECKOUT_ROLES)
OUT_OF_ORDER_SECONDS = 0.1
"""Two answers so close to each other may be journaled in either order."""


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Siege:
    return besiege(tmp_path_factory.mktemp("siege"))


def _wrong(starts: Iterable[Start], find: Callable[[Start], Any]) -> dict[str, Any]:
    """What is wrong, by the kill after which it is, for a message that names all of them."""
    return {str(start): found for start in starts if (found := find(start))}


def _keys(asked: Iterable[Asked]) -> list[Key]:
    return sorted(each.key for each in asked)


def test_the_batch_that_nobody_killed_asks_each_call_once_and_comes_to_every_kind_of_end(siege: Siege) -> None:
    records = [line["result"] for line in siege.calm.done.lines]
    assert _keys(siege.calm.asked) == sorted(siege.calm.seen.journaled)
    assert len(records) == CASES
    assert {record["stop_reason"] for record in records} == {
        "success",
        "invalid_contribution:confidence_range",
        "max_rounds_reached",
    }
    assert {record["rounds_used"] for record in records if record["status"] == "ok"} == {1, 2, 3}


def test_all_kills_hit_one_unfinished_batch_from_the_start_of_a_process_to_its_work(siege: Siege) -> None:
    assert [start.done.code for start in siege.killed] == [-9] * KILLS
    assert all(len(start.seen.journaled) < len(siege.calm.seen.journaled) for start in siege.killed)
    assert len(siege.killed[-1].seen.finished) >= CASES // 3
    assert sum(not start.asked for start in siege.killed) >= KILLS // 20
    assert sum(bool(start.unanswered) for start in siege.killed) >= KILLS // 2


def test_every_case_of_the_killed_batch_comes_to_the_record_of_the_batch_nobody_killed(siege: Siege) -> None:
    assert siege.last.done.code == siege.calm.done.code, siege.last.done.err
    ignored = ("elapsed_seconds", "usage", "recoveries", "fetched_at")
    assert without(siege.last.done.lines, *ignored) == without(siege.calm.done.lines, *ignored)


def test_the_calls_that_were_lost_are_counted_and_no_others(siege: Siege) -> None:
    used, usual = (
        sum(line["result"]["usage"]["calls"] for line in start.done.lines) for start in (siege.last, siege.calm)
    )
    recoveries = [line["result"]["recoveries"] for line in siege.last.done.lines]
    lost = sum(len(start.unanswered) for start in siege.killed)
    assert any(recoveries)
    assert usual + lost <= used <= usual + lost + len(siege.killed) * AT_ONCE, "a call may be noted and not yet be sent"


def test_a_result_that_was_printed_before_a_kill_is_the_one_printed_in_the_end(siege: Siege) -> None:
    """Those of cases that may go on are left out: what a limit stopped is looked at again."""
    final = {line["id"]: line for line in siege.last.done.lines}

    def find(start: Start) -> list[str]:
        printed = [json.loads(line) for line in start.printed]
        return [line["id"] for line in printed if not line["result"]["resumable"] and line != final[line["id"]]]

    assert sum(bool(start.printed) for start in siege.killed) >= KILLS // 3
    assert not _wrong(siege.killed, find)


def test_no_call_that_was_journaled_before_a_kill_is_asked_after_it(siege: Siege) -> None:
    again = {str(start): set(_keys(start.asked)) & before.journaled for start, before in siege.with_what_was_before()}
    assert not {start: keys for start, keys in again.items() if keys}


def test_a_call_is_asked_again_only_if_a_kill_came_before_its_answer_was_journaled(siege: Siege) -> None:
    """A process asks a call once, and at most those of the cases at work can be open when it is killed."""
    starts = [*siege.killed, siege.last]
    asked = sum(len(start.asked) for start in starts)
    repeated = asked - len(siege.last.seen.journaled)
    assert not _wrong(starts, lambda start: [key for key, n in Counter(_keys(start.asked)).items() if n > 1])
    assert not _wrong(starts, lambda start: start.unanswered[AT_ONCE:])
    assert repeated == sum(len(start.unanswered) for start in siege.killed)


def test_every_answer_was_journaled_before_the_case_went_on(siege: Siege) -> None:
    """Nobody is asked in a wave before all answers of the waves before it are in the journal."""
    calls = siege.calm.seen.journaled

    def find(start: Start) -> list[Key]:
        reached: dict[str, tuple[int, int]] = {}
        for key in _keys(start.asked):
            reached[key.case] = max(key.wave, reached.get(key.case, key.wave))
        must = {key for key in calls if key.case in reached and key.wave < reached[key.case]}
        return sorted(must - start.seen.journaled)

    assert not _wrong(siege.killed, find)


def test_no_answer_waited_for_its_entry_in_the_journal_while_later_ones_got_theirs(siege: Siege) -> None:
    """However slow the machine is: it is slow for all answers alike."""

    def find(start: Start) -> list[Key]:
        newest = max((each.due for each in start.asked if each.key in start.seen.journaled), default=0.0)
        return _keys(each for each in start.unanswered if each.due < newest - OUT_OF_ORDER_SECONDS)

    assert not _wrong(siege.killed, find)


def test_the_journal_holds_each_call_once_in_the_end_and_lost_none_at_any_kill(siege: Siege) -> None:
    lost = {str(start): before.journaled - start.seen.journaled for start, before in siege.with_what_was_before()}
    assert not {start: keys for start, keys in lost.items() if keys}
    assert siege.last.seen.journaled == siege.calm.seen.journaled


def test_a_case_that_is_done_for_good_is_never_worked_on_again(siege: Siege) -> None:
    """Not one checkpoint is added to it, by any process that comes later."""

    def moved(start: Start, before: dict[str, str]) -> list[str]:
        return [case for case, newest in before.items() if start.seen.finished.get(case) != newest]

    touched = {str(start): moved(start, dict(before.finished)) for start, before in siege.with_what_was_before()}
    assert not {start: cases for start, cases in touched.items() if cases}


def test_the_checkpoints_of_every_killed_case_form_one_chain(siege: Siege) -> None:
    cases = [line["id"] for line in siege.last.done.lines]
    assert asyncio.run(not_one_chain(siege.location, cases)) == {}
