"""Holds: a record that somebody holds is not purged, however old it is, until it is released.

Both are events at the end of the thread's own chain. The run is not touched: it waits as it waited, and ended when it
ended.
"""

from typing import Any

from graph.build import build_reader, run_config
from graph.driver import Driver, kept_team
from graph.facts.loader import ask_nobody
from graph.past import Past
from graph.problems import UsageError
from graph.record import Record, record_of, refused_record, said_hold
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.store.fences import TAKEN, FencedError
from graph.store.location import located, storage_errors
from graph.store.locks import ThreadBusyError
from graph.threads import Threads, blaming, refuse_broken
from graph.tracing import Tracing
from nodes import settle, stop
from nodes.events import recorded
from nodes.services import Services
from policies.language import phrase, say, speaking
from policies.people.answering import MAX_NAME
from policies.people.names import is_readable
from policies.people.question import is_expired
from policies.plain import MAX_TEXT, clean_text, shown
from policies.run.stop import stop_reason

Plain = dict[str, Any]


async def hold(settings: Settings, name: str, by: str, because: str, *, is_release: bool = False) -> Record:
    """Hold the record of the thread that a name means, or release it; return the thread's record, or that it is busy.

    Raises:
        UsageError: there is no such thread, it was purged, it is held already or not held, or is in the middle of a
            step; nothing was written.
        StorageError: the database failed.
    """
    said = {"by": checked("--by", by, MAX_NAME), "because": checked("--because", because, MAX_TEXT)}
    where = located(settings, reads=True)
    async with open_database(where, settings.accord_sqlite_synchronous) as database:
        holds = _Holds(database, Threads(database, settings.database))
        thread = await holds.threads.find(name)
        language = await holds.threads.language(thread)
        with storage_errors(settings.database), speaking(language), Tracing().off():
            try:
                async with database.fences.hold(thread):
                    return await holds.add(thread, {"event": "released" if is_release else "held", **said})
            except FencedError:
                return refused_record(thread, stop_reason("busy"), say(TAKEN))
            except ThreadBusyError:
                return refused_record(thread, stop_reason("busy"))


def checked(option: str, text: str, most: int) -> str:
    """Return a text that becomes part of a record; a name is one line.

    Raises:
        UsageError: it is empty, too long, or a name of more than one line.
    """
    text = clean_text(text).strip()
    if not text:
        raise UsageError(say("{option}: is empty; say who or why in words", option=option))
    if option == "--by" and not is_readable(text):
        raise UsageError(say("{option}: is {text}; allowed: a name in one line", option=option, text=shown(text)))
    if len(text) > most:
        told = phrase("{option}: has {number} characters; allowed: at most {most}")
        raise UsageError(say(told, option=option, number=len(text), most=most))
    return text


class _Holds:
    """Adds to the records of threads that this process holds."""

    def __init__(self, database: Database, threads: Threads) -> None:
        self.threads, self._database = threads, database
        self._services = Services({}, ask_nobody)
        self._driver = Driver(database, self._services, threads, Tracing())

    async def add(self, thread: str, body: Plain) -> Record:
        """Add the event to the record of a thread, and return that."""
        state = await self.threads.begun(thread)
        with blaming(thread, state):
            refuse_broken(thread, state)
            past = Past.of(state)
            _refuse_again(thread, past, body["event"])
            await self._refuse_midway(thread, past)
            await self.threads.go_on(thread)  # what the index calls running is caught up with after a kill
            await self._write(thread, past, body)
        after = await self.threads.begun(thread)
        await self.threads.note(thread, after)
        return record_of(thread, after)

    async def _write(self, thread: str, past: Past, body: Plain) -> None:
        update = recorded(past.state, {}, [body], self._services.now())
        config = run_config(thread, past.team["name"], past.tenant)
        if not past.is_open:
            reader = build_reader().compile(checkpointer=self._database.saver)
            await reader.aupdate_state(config, update, stop.NODE)
            return
        graph = self._driver.graph(kept_team(past))
        await graph.aupdate_state(config, update, settle.NODE)  # which leads back to whom the thread waits for
        if not self._is_late(past):  # they are asked anew: what asked them before is a step behind
            await graph.ainvoke(None, config, durability="sync")

    async def _refuse_midway(self, thread: str, past: Past) -> None:
        """Refuse a thread that is in the middle of a step: answers that nobody has taken yet would get lost."""
        if not past.is_open or (past.waiting and not await self._driver.is_given(thread, past)):
            return
        told = phrase(
            "the thread `{name}` was cut off in the middle of a step; resume it first with `accord resume {name}`. "
            "A thread that has not ended is never purged"
        )
        raise UsageError(say(told, name=thread))

    def _is_late(self, past: Past) -> bool:
        return any(is_expired(question, self._services.now()) for question in past.waiting)


def _refuse_again(thread: str, past: Past, event: str) -> None:
    if event == "held" and past.hold:
        told = phrase("the thread `{name}` is held already, by {by} since {when}: {because}")
        raise UsageError(say(told, name=thread, **said_hold(past.hold)))
    if event == "released" and not past.hold:
        raise UsageError(say("the thread `{name}` is not held, so that nothing can be released", name=thread))
