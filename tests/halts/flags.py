"""What the tests of halts share: halts and cancels set on a connection of their own, as by another process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from graph.opening import open_runner
from graph.record import Record
from graph.runner import Runner
from graph.settings import Settings
from graph.store.cancels import Cancels
from graph.store.database import open_database
from graph.store.halts import Halts, Release
from nodes.voices.rules import RulesVoice
from nodes.voices.voice import BriefQuestion, Question, Utterance, Voice
from policies.run.stoppage import Stoppage

AT = "2026-11-30T02:10:00.000+00:00"
OPS = Stoppage("ops", AT, "Wrong prices.")
ACME = Stoppage("ops", AT, "Wrong prices.", tenant="acme")
HALTED = "ops halted all runs on 2026-11-30 02:10 UTC: Wrong prices; to release them: `accord halt --release --by NAME`"

PATIENCE_SECONDS = 30.0

Does = Callable[[Any], Awaitable[Any]]
"""Does something to the store of a database."""


async def elsewhere(settings: Settings, does: Does) -> Any:
    async with open_database(settings.database) as database:
        return await does(database.store)


def at_once(settings: Settings, does: Does) -> Any:
    return asyncio.run(elsewhere(settings, does))


def halts(stoppage: Stoppage = OPS) -> Does:
    return lambda store: Halts(store).halt(stoppage)


def releases(tenant: str | None = None) -> Does:
    return lambda store: Halts(store).release(tenant, Release("ops", AT))


def cancels(thread: str = "t", because: str = "") -> Does:
    return lambda store: Cancels(store).put(thread, Stoppage("ann", AT, because, thread=thread))


def during(
    settings: Settings,
    work: Callable[[Runner], Awaitable[Any]],
    ready: Callable[[], bool],
    does: Does,
    voices: Mapping[str, Voice] | None = None,
) -> Any:
    """Return what the work on a runner returns, during which something is done once it is ready for that."""

    async def main() -> Any:
        async with open_runner(settings, voices) as runner:
            task = asyncio.ensure_future(work(runner))
            while not ready():
                assert not task.done(), task.result()
                await asyncio.sleep(0.01)
            await elsewhere(settings, does)
            return await asyncio.wait_for(task, PATIENCE_SECONDS)

    return asyncio.run(main())


def ended(record: Record) -> tuple[Any, Any]:
    """The reason for which a run ended, and the cause."""
    return record["stop_reason"], record.get("cause")


class StuckVoice:
    """Answers by the rules; a seat that `is_stuck` gets no answer until it is let go."""

    def __init__(self, is_stuck: Callable[[Question], bool]) -> None:
        self._is_stuck, self._rules = is_stuck, RulesVoice()
        self.stuck: list[str] = []
        self.asked: list[str] = []

    async def propose(self, question: Question) -> Utterance:
        self.asked.append(question.task.seat)
        while self._is_stuck(question):
            self.stuck.append(question.task.seat)
            await asyncio.sleep(PATIENCE_SECONDS)
        return await self._rules.propose(question)

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        self.asked.append("brief")
        return await self._rules.write_brief(question)
