"""Holds: events at the end of a record, which change nothing of its run; what is held is never purged."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph.assurance.rerun import differing, rerun
from graph.build import build_reader, run_config
from graph.problems import UsageError
from graph.retention.holds import hold as held_by
from graph.settings import Settings
from graph.store.archive import is_whole as is_whole_entry
from graph.store.archive import past_run
from graph.store.database import open_database
from graph.threads import open_threads
from nodes import stop
from policies.assurance.audit import Head
from tests.durability.rows import all_rows
from tests.harness import answer, proposal, resume, run, scripted, settings_at, show, team_of
from tests.retention.desks import events_of, faults, hold, purge, unlinked, verified_with

pytestmark = pytest.mark.slow

ASKS = {"policy": {"name": "asks", "rules": [], "otherwise": "escalate"}}


def entries_of(settings: Settings, thread: str) -> tuple[Any, Any]:
    """The entries of a thread in the index and in the archive."""

    async def main() -> tuple[Any, Any]:
        async with open_threads(settings) as threads:
            return await threads.index.entry(thread), await threads.archive.entry(thread)

    return asyncio.run(main())


def without(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in ("digest", *keys)}


def test_a_hold_and_a_release_are_events_and_leave_the_run_as_it_was(settings: Settings) -> None:
    before = run(team_of(settings), settings)
    line, kept = entries_of(settings, "t")
    events = events_of(settings, "t")

    record = hold(settings, "t", "A claim.")
    held = {"by": "legal", "because": "A claim.", "at": events_of(settings, "t")[-1]["at"]}
    assert record == show(settings) == {**before, "held": held}
    now = entries_of(settings, "t")
    assert without(now[0], "held") == without(line)
    assert now[0]["held"] == held
    assert without(now[1], "head") == without(kept, "head")
    assert past_run(now[1]) == past_run(kept)
    assert is_whole_entry(now[1])
    assert faults(settings) == {}

    assert hold(settings, "t", "It is over.", is_release=True) == show(settings) == before
    assert without(entries_of(settings, "t")[0]) == without(line)
    after = events_of(settings, "t")
    assert after[: len(events)] == events
    assert [(each["event"], each["by"], each["because"]) for each in after[len(events) :]] == [
        ("held", "legal", "A claim."),
        ("released", "legal", "It is over."),
    ]
    assert unlinked(after) == []
    assert faults(settings) == {}


def test_a_head_that_was_noted_before_a_hold_still_verifies_and_no_earlier_one(settings: Settings) -> None:
    run(team_of(settings), settings)
    ended = events_of(settings, "t")
    hold(settings, "t")
    hold(settings, "t", is_release=True)

    heads = [Head(number, events_of(settings, "t")[number - 1]["hash"]) for number in range(1, len(ended) + 3)]
    found = [verified_with(settings, "t", head) for head in heads]
    assert [message is None for message in found] == [False] * (len(ended) - 1) + [True] * 3
    assert "is not the end: " in str(found[0])


def test_a_thread_that_waits_can_be_held_and_still_be_answered(settings: Settings) -> None:
    waiting = run(team_of(settings, overrides=ASKS), settings)
    held = hold(settings, "t")

    assert (held["status"], held["waiting"]) == ("waiting", waiting["waiting"])
    assert faults(settings) == {}
    assert hold(settings, "t", is_release=True)["waiting"] == waiting["waiting"]
    hold(settings, "t")
    done = answer(settings, "go")
    assert (done["status"], done["final_decision"], done["held"]["by"]) == ("ok", "go", "legal")
    assert faults(settings) == {}


def test_a_thread_that_waits_still_asks_its_people_after_a_hold(settings: Settings) -> None:
    run(team_of(settings, overrides=ASKS), settings)

    async def interrupts() -> int:
        async with open_threads(settings) as threads:
            return len(await threads.interrupts("t"))

    assert asyncio.run(interrupts()) == 1
    hold(settings, "t")
    assert asyncio.run(interrupts()) == 1


def test_a_thread_that_stopped_can_be_held_and_resumed_and_stays_held(settings: Settings) -> None:
    team = team_of(settings, overrides={"budget": {"max_messages": 2}})
    assert run(team, settings)["stop_reason"] == "max_messages"
    hold(settings, "t")
    done = resume(settings, budget={"max_messages": 9})
    assert (done["status"], done["held"]["because"]) == ("ok", "A claim.")
    assert faults(settings) == {}
    assert [each.because for each in purge(settings).kept] == ["held"]


def test_a_held_run_replays_to_what_it_was(tmp_path: Path) -> None:
    """Also one that people answered, held before and after: nothing of the hold counts as something that they did."""
    settings = settings_at(tmp_path)
    run(team_of(settings, overrides=ASKS), settings)
    hold(settings, "t")
    answer(settings, "go")
    hold(settings, "t", is_release=True)
    hold(settings, "t")

    async def again() -> Any:
        async with open_threads(settings) as threads:
            return await rerun("t", await threads.begun("t"))

    assert differing(show(settings), asyncio.run(again())) == []


def refusal(settings: Settings, thread: str, **how: Any) -> str:
    with pytest.raises(UsageError) as refused:
        hold(settings, thread, **how)
    return str(refused.value)


def test_what_cannot_be_held_or_released_is_a_sentence_and_changes_nothing(settings: Settings) -> None:
    run(team_of(settings), settings)
    said = "the thread `t` is not held, so that nothing can be released"
    assert refusal(settings, "t", is_release=True) == said
    held = hold(settings, "t")["held"]
    rows = all_rows(settings.database, "t")
    when = held["at"][:16].replace("T", " ")
    assert refusal(settings, "t") == f"the thread `t` is held already, by legal since {when} UTC: A claim."
    assert refusal(settings, "t", because=" \x00 ") == "--because: is empty; say who or why in words"
    assert "--because: has 20001 characters; allowed: at most 20000" in refusal(settings, "t", because="x" * 20_001)
    assert refusal(settings, "nobody").startswith("there is no thread `nobody` in ")
    assert all_rows(settings.database, "t") == rows


def test_a_thread_at_work_is_busy(settings: Settings) -> None:
    run(team_of(settings), settings)

    async def main() -> Any:
        async with open_database(settings.database) as other, other.fences.hold("t"):
            return await held_by(settings, "t", "legal", "A claim.")

    assert asyncio.run(main())["stop_reason"] == "busy"
    assert "held" not in show(settings)


def test_a_thread_that_has_not_begun_or_was_cut_off_is_refused_with_what_to_do(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)

    def dies(question: Any) -> Any:
        if question.name == "risk_analyst":
            raise KeyboardInterrupt
        return proposal(question.name)

    with pytest.raises(KeyboardInterrupt):
        run(team_of(settings), settings, voices=scripted(dies))
    rows = all_rows(settings.database, "t")
    assert "the thread `t` was cut off in the middle of a step; resume it first with `accord resume t`. " in refusal(
        settings, "t"
    )
    assert all_rows(settings.database, "t") == rows
    assert resume(settings)["status"] == "ok"
    assert hold(settings, "t")["held"]["by"] == "legal"


def test_a_record_that_was_changed_is_not_added_to(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings), settings)

    async def main() -> None:
        async with open_database(settings.database) as database, database.fences.hold("t"):
            reader = build_reader().compile(checkpointer=database.saver)
            await reader.aupdate_state(run_config("t", "x", "local"), {"final_decision": "no_go"}, stop.NODE)

    asyncio.run(main())
    assert "is broken at event " in refusal(settings, "t")
    assert [each.because for each in purge(settings).kept] == ["damaged"]
    assert json.dumps(events_of(settings, "t")).count('"held"') == 0
