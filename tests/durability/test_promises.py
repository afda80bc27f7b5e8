"""What a run promises at its tightest moments: an answer is kept before it counts, and steps before the next begins."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite import SqliteSaver

from graph.store.database import open_database
from graph.store.locks import FileLocks, ThreadBusyError
from nodes.call import Call, make_call
from nodes.halt import Halt
from nodes.journal import CallKey, calls_under_way, read_call
from nodes.services import Services
from nodes.voices.voice import BriefQuestion, Limits, Meter, Prompt, Question, Utterance
from policies.contracts.contribution import Contribution
from policies.run.usage import Reservation
from tests.harness import CHECKOUT_ROLES, proposal, run, scripted, settings_at, team_of

KEY = CallKey("t", 1, 1, "risk_analyst", 1)
REPLY = {
    "kind": "accepted",
    "accepted": Contribution("risk_analyst", "go", "Fine.", 0.9, ("Ship it.",)).accepted.answer,
}


def call(ask: Callable[[], Awaitable[Utterance]]) -> Call:
    """A call of a model, whose answer is taken as it comes."""
    limits, held = Limits(800, 60.0), Reservation(900, 0.5)
    return Call(KEY, ask, lambda _: dict(REPLY), Prompt("Judge.", "{}"), Meter(), limits, held, None)


def kinds_in(file: Path) -> list[str]:
    """What the journal holds for whoever opens the file now: committed, and nothing else."""
    with closing(sqlite3.connect(file)) as opened:
        rows = opened.execute("SELECT value FROM store WHERE prefix LIKE 'calls%'").fetchall()
    return [json.loads(value)["kind"] for (value,) in rows]


def services() -> Services:
    return Services({}, lambda *_: {})  # type: ignore[arg-type]  # no facts are read here


def test_an_answer_is_in_the_file_when_the_call_returns_and_the_call_is_in_it_while_it_is_made(tmp_path: Path) -> None:
    file, seen = tmp_path / "a.sqlite", list[list[str]]()

    async def ask() -> Utterance:
        seen.append(kinds_in(file))
        return Utterance("{}")

    async def main() -> None:
        async with open_database(str(file)) as database, database.fences.hold("t"):
            await make_call(call(ask), database.store, services())
            seen.append(kinds_in(file))

    asyncio.run(main())
    assert seen == [["under_way"], ["accepted"]]


def test_an_answer_that_is_in_the_journal_is_not_asked_for_again_by_another_process(tmp_path: Path) -> None:
    file, asked = tmp_path / "a.sqlite", list[str]()

    async def ask() -> Utterance:
        asked.append("once")
        return Utterance("{}")

    async def main() -> dict[str, Any]:
        async with open_database(str(file)) as database, database.fences.hold("t"):
            return await make_call(call(ask), database.store, services())

    first, second = asyncio.run(main()), asyncio.run(main())
    assert (first, asked) == ({key: second[key] for key in first}, ["once"])


@pytest.mark.parametrize(("grows", "tokens"), [(False, 900), (True, 2_600)])
def test_a_call_is_noted_with_all_that_it_may_cost(grows: bool, tokens: int, tmp_path: Path) -> None:
    """One that may be asked again, twice as long, can be lost in its second attempt, with the first one's tokens."""
    noted = list[Any]()

    async def main() -> None:
        async with open_database(str(tmp_path / "a.sqlite")) as database, database.fences.hold("t"):

            async def ask() -> Utterance:
                noted.extend(await calls_under_way(database.store, "t"))
                return Utterance("{}")

            limits = Limits(800, 60.0, grows)
            held = Reservation(900, 0.5, longer_tokens=1_700, longer_usd=0.9)
            await make_call(replace(call(ask), limits=limits, reservation=held), database.store, services())

    asyncio.run(main())
    assert [(each["tokens"], each["cost_usd"]) for each in noted] == [(tokens, 1.4 if grows else 0.5)]


def test_a_call_that_failed_leaves_nothing_and_is_made_again(tmp_path: Path) -> None:
    asked = list[str]()

    async def ask() -> Utterance:
        asked.append("again")
        raise TimeoutError

    async def main() -> None:
        async with open_database(str(tmp_path / "a.sqlite")) as database, database.fences.hold("t"):
            for _ in range(2):
                reply = await make_call(call(ask), database.store, services())
                assert reply["reason"] == "max_seconds"
            assert await read_call(database.store, KEY) is None
            assert await calls_under_way(database.store, "t") == []

    asyncio.run(main())
    assert asked == ["again", "again"]


class Hanging:
    """A voice that answers nobody, and notes who was cut off."""

    def __init__(self, halt: Halt) -> None:
        self.halt = halt
        self.cut: list[str] = []

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        asyncio.get_running_loop().call_later(0.05, self.halt.set)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cut.append(question.name)
            raise
        raise AssertionError("nobody stopped the call")

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        raise AssertionError("there is no brief")


def test_a_halt_cuts_off_every_call_under_way_at_once(tmp_path: Path) -> None:
    settings, halt = settings_at(tmp_path), Halt()
    voice = Hanging(halt)
    record = run(team_of(settings), settings, voices={"rules": voice, "model": voice}, halt=halt)
    assert (record["stop_reason"], record["resumable"], sorted(voice.cut)) == ("cancelled", True, [*CHECKOUT_ROLES])
    assert record["elapsed_seconds"] < 30


def test_nobody_is_asked_before_the_step_that_granted_it_is_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write of a checkpoint is slow here, so that whoever does not wait for it comes too early."""
    settings, put = settings_at(tmp_path), SqliteSaver.put
    stored = list[list[str]]()

    def slowly(self: SqliteSaver, *args: Any, **options: Any) -> Any:
        time.sleep(0.1)
        return put(self, *args, **options)

    def speech(question: Question) -> Any:
        with closing(sqlite3.connect(tmp_path / "accord.sqlite")) as opened:
            steps = opened.execute("SELECT json_extract(metadata, '$.step') FROM checkpoints ORDER BY checkpoint_id")
            stored.append([str(step) for (step,) in steps])
        return proposal(question.name)

    monkeypatch.setattr(SqliteSaver, "put", slowly)
    assert run(team_of(settings), settings, voices=scripted(speech))["status"] == "ok"
    assert stored == [["-1", "0", "1"]] * len(CHECKOUT_ROLES), "the input, the start, and what convene granted"


def test_releasing_a_lock_whose_file_was_replaced_leaves_the_other_holder_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        first, second, third = FileLocks(tmp_path).hold("t"), FileLocks(tmp_path).hold("t"), FileLocks(tmp_path)
        await first.__aenter__()
        (file,) = tmp_path.glob("*.lock")
        file.unlink()
        async with second:
            await first.__aexit__(None, None, None)
            with pytest.raises(ThreadBusyError):
                async with third.hold("t"):
                    raise AssertionError("two hold the thread")

    asyncio.run(main())
