"""Saying: what a person or a program says to a thread, kept in the store until its team next opens a round or stage.

The thread itself is not touched, and its lock is not taken: somebody may be at work on it.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from graph.driver import kept_team
from graph.past import Past
from graph.problems import UsageError
from graph.settings import Settings
from graph.store.database import Database, open_database
from graph.store.location import located, storage_errors
from graph.store.locks import Locks
from graph.store.turns import turn
from graph.threads import Threads, blaming
from nodes.fingerprint import digest
from nodes.mail import as_if_heard, listening_of
from nodes.said import keep_said, offers_to, said_to
from nodes.services import utc_now
from policies import language
from policies.language import in_figures, phrase
from policies.messages.message import message_from, plain_message
from policies.messages.outside import accept_said, find_misplaced
from policies.plain import shown
from policies.run.stop import Stop

MAX_SAID = 1_000
"""Messages that a thread takes from outside, in all."""
PROVED = "proved_person"
"""The key of metadata under which the service keeps who a token proves the sender to be; nobody else may write it."""

Plain = dict[str, Any]
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Speech:
    """What somebody says: a message as it is offered, whether it opens its conversation, and an id of their own.

    `person` is who says it, where a token proves that.
    """

    offered: Mapping[str, Any]
    opens: bool = False
    id: str | None = None
    person: str | None = None

    def as_said(self) -> Plain:
        """Return what is said with an id and the time."""
        id = f"s-{uuid.uuid4().hex[:12]}" if self.id is None else self.id
        return {**self.signed, "id": id, "at": utc_now()}

    @property
    def signed(self) -> Plain:
        """What is offered, with the person in its metadata where one is proved."""
        if self.person is None:
            return {**self.offered}
        return {**self.offered, "metadata": {**(self.offered.get("metadata") or {}), PROVED: self.person}}


async def say(settings: Settings, name: str, speech: Speech) -> tuple[str, Plain]:
    """Say something to the thread that a name means; return its id, and the message as it is kept.

    Whatever is said twice under one id is said once.

    Raises:
        UsageError: there is no such thread, it has finished, or the message is refused; nothing was written.
        StorageError: the database failed.
    """
    where = located(settings, reads=True)
    async with open_database(where, settings.accord_sqlite_synchronous) as database:
        threads = Threads(database, settings.database)
        thread = await threads.find(name)
        return thread, await say_to(database, threads, thread, speech)


async def say_to(database: Database, threads: Threads, thread: str, speech: Speech) -> Plain:
    """Say something to a thread of a database that is open, and return the message as it is kept.

    Raises:
        UsageError: as `say`.
        StorageError: the database failed.
    """
    with storage_errors(threads.location), language.speaking(await threads.language(thread)):
        async with turn_to_say(database.locks, thread):
            return await _say(database, threads, thread, speech)


async def _say(database: Database, threads: Threads, thread: str, speech: Speech) -> Plain:
    state, _ = await threads.look(thread)
    kept, offered = await said_to(database.store, thread), digest([speech.signed, speech.opens])
    again = next((each for each in kept if each["id"] == speech.id), None)
    if again is not None:
        return _said_before(again, (await offers_to(database.store, thread))[again["id"]] == offered)
    with blaming(thread, state):
        message = _checked(thread, state, kept, speech)
    await keep_said(database.store, thread, message, offered)
    return message


def _checked(thread: str, state: State, kept: Sequence[Plain], speech: Speech) -> Plain:
    """Return what is said as it is kept."""
    past = Past.of({**state, "case": {"goal": "-", **Past.of(state).case}})
    _refuse_finished(thread, past)
    _refuse_signed(speech.offered.get("metadata"))
    if len(kept) >= MAX_SAID:
        many = {"number": in_figures(f"{len(kept):,}"), "most": in_figures(f"{MAX_SAID:,}")}
        told = phrase("the thread `{name}` has {number} messages from outside; allowed: at most {most}")
        raise UsageError(language.say(told, name=thread, **many))
    listening = listening_of(kept_team(past))
    before = as_if_heard(state, listening, kept)
    message = accept_said(speech.as_said(), before, listening)
    if isinstance(message, str):
        raise UsageError(message)
    fault = message.conversation and find_misplaced(message.conversation, message.sender, speech.opens, before)
    if fault:
        raise UsageError(fault)
    return plain_message(message)


def _refuse_finished(thread: str, past: Past) -> None:
    stop = Stop.find(past.stop_reason or "")
    if stop is not None and not stop.rule.is_resumable:
        told = language.say(
            "the thread `{name}` has finished ({reason}), so that nobody would read the message; "
            "`accord run` starts another",
            name=thread,
            reason=past.stop_reason,
        )
        raise UsageError(told)


def _refuse_signed(metadata: Any) -> None:
    if isinstance(metadata, Mapping) and PROVED in metadata:
        told = phrase("`metadata` has the key `{key}`, which says whose token sent a message; leave it out")
        raise UsageError(language.say(told, key=PROVED))


def _said_before(again: Plain, is_same: bool) -> Plain:
    if not is_same:
        told = phrase("the id {id} was used for another message; allowed: another id, or no --id for one of ours")
        raise UsageError(language.say(told, id=shown(again["id"])))
    return again


def turn_to_say(locks: Locks, thread: str) -> AbstractAsyncContextManager[None]:
    """Wait for a turn to say something, so that it is checked against all that was said before."""
    told = phrase("somebody has been saying something to the thread `{name}` for too long; try again")
    return turn(locks, f"/said/{thread}", language.say(told, name=thread))


async def read_said(settings: Settings, name: str) -> tuple[str, State, list[Plain]]:
    """Return the id of the thread that a name means, its state, and what was said to it from outside, oldest first.

    Raises:
        UsageError: there is no such thread.
        StorageError: the database failed.
    """
    async with open_database(located(settings, reads=True), settings.accord_sqlite_synchronous, reads=True) as database:
        threads = Threads(database, settings.database)
        thread = await threads.find(name)
        return thread, *await read_of(database, threads, thread)


async def read_of(database: Database, threads: Threads, thread: str) -> tuple[State, list[Plain]]:
    """Return the state of a thread of a database that is open, and what was said to it from outside, oldest first.

    Raises:
        UsageError: there is no such thread.
        StorageError: the database failed.
    """
    state, _ = await threads.look(thread)
    with storage_errors(threads.location):
        return state, await said_to(database.store, thread)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message from outside that no role reads yet, or never will, and why."""

    message: Plain
    because: str


def undelivered(thread: str, state: State, said: Sequence[Plain]) -> list[Undelivered]:
    """Return what was said to a thread and not posted, oldest first."""
    past = Past.of(state)
    refused = {event["said"]: event["because"] for event in past.events_of("message_refused") if "said" in event}
    there = {message["id"] for message in past.messages}
    stop = Stop.find(past.stop_reason or "")
    waits = language.say("waits until the next round or stage opens")
    if stop is not None:
        until = language.say("waits until `accord resume {name}`", name=thread)
        waits = until if stop.rule.is_resumable else language.say("said too late: the thread had finished")
    left = [each for each in said if each["id"] not in there]
    return [Undelivered(plain_message(message_from(each)), refused.get(each["id"], waits)) for each in left]
