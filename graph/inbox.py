"""The inbox: every question that waits for people, over all threads; what expired is settled on the way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from graph.languages.catalogue import language_of
from graph.opening import open_runner
from graph.past import Past
from graph.people import answers_in
from graph.problems import StorageError, UsageError
from graph.runner import Runner
from graph.settings import Settings
from graph.states import UNREADABLE, DamagedError
from graph.store.index import shared_language
from graph.store.location import located
from nodes.asking import shown_question
from nodes.halt import Halt
from policies.access.answering import may_see
from policies.access.caller import Caller
from policies.language import speaking
from policies.people.answering import Approvers, seat_for
from policies.people.question import Question, is_expired

Entry = dict[str, Any]
Settle = Callable[[str], Awaitable[Any]]


class Inbox:
    """What waits for people in one database."""

    def __init__(self, runner: Runner, now: str, settle: Settle | None = None) -> None:
        """Take what settles an expired question of a thread; by itself the runner continues the thread to its rest."""
        self._runner, self._now, self._settle = runner, now, settle or runner.expire
        self.languages: dict[str, str | None] = {}
        """The language of each thread of which something waits."""
        self.lost: list[str] = []
        """The threads that wait and cannot be read."""
        self.goals: dict[str, str] = {}
        """What each of them is about."""

    async def waiting(
        self, name: str | None = None, tenant: str | None = None, reader: Caller | None = None
    ) -> list[Entry]:
        """Return the open questions of all threads, the oldest first, each with its thread and who may answer.

        With a tenant, only those of its threads.

        With a name, only what that person may answer, or has answered. What others answered so far is shown to readers
        who may know it; where nobody is proved to read, the person of that name does.

        A thread that cannot be read is left to `audit verify`; one whose expired question cannot be settled here, since
        nobody can speak for its roles, is shown with it.
        """
        found, sees = list[Entry](), reader or Caller(person=name or "", scopes=frozenset())
        for entry in await self._runner.threads.index.open(tenant):
            try:
                found += await self._of(entry["thread_id"], name, sees)
            except DamagedError:
                self.lost.append(entry["thread_id"])
            except (StorageError, *UNREADABLE):
                continue
        return sorted(found, key=lambda each: (each["since"], each["id"]))

    async def language(self) -> str | None:
        """Return the language of all threads, where they have the same: in it nothing is said to wait."""
        return shared_language(await self._runner.threads.index.newest())

    async def _of(self, thread: str, name: str | None, reader: Caller) -> list[Entry]:
        past = await self._past(thread)
        self.languages[thread], self.goals[thread] = past.language, past.case["goal"]
        with speaking(language_of(past.language)):
            return await self._shown(thread, past, name, reader)

    async def _shown(self, thread: str, past: Past, name: str | None, reader: Caller) -> list[Entry]:
        if any(is_expired(question, self._now) for question in past.waiting):
            with suppress(UsageError):
                await self._settle(thread)
            past = await self._past(thread)
        told, approvers = {"thread_id": thread, "team": past.team.get("name")}, past.approvers
        return [
            {
                **told,
                **shown_question(each),
                "may_answer": names_for(each, approvers),
                **_answers(past, each, reader),
            }
            for each in past.waiting
            if _concerns(each, name, approvers)
        ]

    async def _past(self, thread: str) -> Past:
        return Past.of(await self._runner.threads.state(thread) or {})


def names_for(question: Question, approvers: Approvers) -> list[str]:
    """Return who may still answer a question: those whose places are free, and their deputies."""
    names = dict.fromkeys((*question.asked, *(each for name in question.asked if (each := approvers[name].deputy))))
    said = [each.by for each in question.answers]
    return [name for name in names if name not in said and seat_for(question, name, approvers) not in question.answered]


def _concerns(question: Question, name: str | None, approvers: Approvers) -> bool:
    """Return whether a question is for a person: may be answered by them, or was; everything is for nobody."""
    if name is None or not question.asked:
        return True
    return name in names_for(question, approvers) or name in [each.by for each in question.answers]


def _answers(past: Past, question: Question, reader: Caller) -> Entry:
    """Return what was answered so far, for whoever may know it; nothing for anybody else."""
    given_by = [each.by for each in question.answers]
    if not given_by or not may_see(reader, given_by):
        return {}
    return {"answers": answers_in(past, question.id)}


@asynccontextmanager
async def open_inbox(settings: Settings, halt: Halt | None = None) -> AsyncIterator[Inbox]:
    """Open the inbox of these settings.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or the folder of its file is missing.
        StorageError: the database cannot be opened.
    """
    located(settings, reads=True)  # nothing waits in a database that is not there: its name is misspelled
    async with open_runner(settings, halt=halt) as runner:
        yield Inbox(runner, runner.now())
