"""Promises that one door keeps alone, each asked of that door: what stands before it would hide that it is open."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from graph.build import build_graph
from graph.report.resuming import resume_of
from graph.store.database import Database, open_database
from graph.store.locks import ThreadBusyError
from graph.threads import Threads
from nodes.halt import Halt
from nodes.services import InputRefusedError, Services
from nodes.voices.wire.endpoint import Endpoint
from nodes.voices.wire.keys import CUT, Cutter
from policies.run.seats import Failure
from tests.harness import load_facts, proposal, run, scripted, settings_at, team_of

KEY = "sk-canary-3f9c1d7e-0123456789"
CONFIG: Any = {"configurable": {"thread_id": "t"}}


def graph_of(home: Path, say: Any, *sets: str) -> Any:
    """Return a graph as a server has it, which nobody's command line stands before."""
    services = Services(scripted(say), load_facts)
    return build_graph(team_of(settings_at(home), "checkout_launch", *sets), services).compile(
        checkpointer=InMemorySaver(), store=InMemoryStore()
    )


def test_facts_that_come_with_an_input_are_withheld_when_they_are_admitted(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, lambda question: proposal(question.name), "private=[customer.name]")
    facts = {**(team_of(settings_at(tmp_path)).own_facts or {}), "customer": {"name": "Ada", "segment": "gold"}}

    async def main() -> Any:
        await graph.ainvoke({"facts": facts}, CONFIG)
        return (await graph.aget_state(CONFIG)).values["case"]["facts"]["customer"]

    assert asyncio.run(main()) == {"name": "(withheld)", "segment": "gold"}


def test_a_thread_whose_record_was_changed_is_not_resumed(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, lambda question: Failure("llm_timeout"))

    async def main() -> Mapping[str, Any]:
        await graph.ainvoke({}, CONFIG)
        await graph.aupdate_state(CONFIG, {"case": {**(await values())["case"], "goal": "Another one."}})
        with pytest.raises(InputRefusedError, match="the thread's record is broken at event"):
            await graph.ainvoke({"accept_changes": True}, CONFIG)
        return await values()

    async def values() -> Mapping[str, Any]:
        found: Mapping[str, Any] = (await graph.aget_state(CONFIG)).values
        return found

    assert asyncio.run(main())["stop_reason"] == "llm_timeout"


def test_after_the_halt_nobody_is_asked_for_the_brief(tmp_path: Path) -> None:
    halt, voices = Halt(), scripted(lambda question: proposal(question.name), brief="Go.")
    settings = settings_at(tmp_path)

    def stop(event: Mapping[str, Any]) -> None:
        if event["event"] == "round":
            halt.set()

    record = run(team_of(settings), settings, voices=voices, halt=halt, on_event=stop)

    assert record["stop_reason"] == "cancelled"
    assert "brief" not in [name for name, _ in voices["rules"].asked]  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def test_one_process_does_not_take_the_lock_of_a_thread_twice(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    location = str(tmp_path / "a.sqlite") if kind == "sqlite" else request.getfixturevalue("postgres_database")

    async def main() -> None:
        async with open_database(location) as database, database.locks.hold("t"):
            with pytest.raises(ThreadBusyError):
                async with database.locks.hold("t"):
                    pass
            async with database.locks.hold("u"):
                pass

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def test_any_number_ask_at_once_whether_somebody_works_on_a_thread_and_take_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    location = str(tmp_path / "a.sqlite") if kind == "sqlite" else request.getfixturevalue("postgres_database")

    async def answers(*databases: Database) -> set[bool]:
        asked = [Threads(each).is_held("t") for each in databases for _ in range(20)]
        return {*await asyncio.gather(*asked)}

    async def main() -> None:
        async with open_database(location) as one, open_database(location) as other:
            for _ in range(5):
                assert await answers(one, other) == {False}
                asking = asyncio.create_task(answers(one, other))
                async with one.locks.hold("t"):
                    assert await answers(one, other) == {True}
                    assert not await Threads(other).is_held("u")
                await asking

    asyncio.run(main())


@pytest.mark.parametrize(
    "spelled",
    [KEY, KEY.replace("s", "\\u0073", 1), KEY.replace("-", "%2d"), KEY.replace("k", "&#107;", 1)],
    ids=["as it is", "in JSON", "in an address", "in HTML"],
)
def test_a_key_is_cut_out_of_texts_and_bodies_however_it_is_spelled(spelled: str) -> None:
    cutter = Cutter([KEY])
    assert cutter.text(f"Bearer {spelled}, ok") == f"Bearer {CUT}, ok"
    assert cutter.body(f"Bearer {spelled}, ok".encode()) == f"Bearer {CUT}, ok".encode()


def test_a_key_in_a_header_or_a_query_is_a_secret() -> None:
    endpoint = Endpoint("k" * 20, f"http://127.0.0.1:9/v1?sig={'q' * 9}", "m", headers={"X-Api-Key": KEY})
    assert {KEY, "k" * 20, "q" * 9} <= set(endpoint.secrets)


def test_a_run_that_somebody_works_on_is_not_to_be_resumed() -> None:
    record = {"thread_id": "t", "stop_reason": None, "resumable": True}
    assert resume_of({**record, "status": "running"}) is None
    assert resume_of({**record, "status": "interrupted"}) == "accord resume t"
