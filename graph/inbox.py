"""The inbox: every question that waits for people, over all threads; what expired is settled on the way."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from graph.past import Past
from graph.problems import StorageError, UsageError
from graph.runner import Runner, open_runner
from graph.settings import Settings
from graph.threads import UNREADABLE
from nodes.asking import shown_question
from nodes.halt import Halt
from policies.people.answering import Approvers, seat_for
from policies.people.question import Question, is_expired
from policies.team.people import Approver

Entry = dict[str, Any]


class Inbox:
    """What waits for people in one database."""

    def __init__(self, runner: Runner, now: str) -> None:
        self._runner, self._now = runner, now

    async def waiting(self) -> list[Entry]:
        """Return the open questions of all threads, the oldest first, each with its thread and who may answer.

        A thread that cannot be read is left to `audit verify`; one whose expired question cannot be settled here, since
        nobody can speak for its roles, is shown with it.
        """
        found: list[Entry] = []
        for entry in await self._runner.threads.index.open():
            try:
                found += await self._of(entry["thread_id"])
            except (StorageError, *UNREADABLE):
                continue
        return sorted(found, key=lambda each: (each["since"], each["id"]))

    async def _of(self, thread: str) -> list[Entry]:
        past = await self._past(thread)
        if any(is_expired(question, self._now) for question in past.waiting):
            with suppress(UsageError):
                await self._runner.expire(thread)
            past = await self._past(thread)
        approvers = {name: Approver.model_validate(each) for name, each in past.team.get("approvers", {}).items()}
        told = {"thread_id": thread, "team": past.team.get("name")}
        return [{**told, **shown_question(each), "may_answer": names_for(each, approvers)} for each in past.waiting]

    async def _past(self, thread: str) -> Past:
        return Past.of(await self._runner.threads.state(thread) or {})


def names_for(question: Question, approvers: Approvers) -> list[str]:
    """Return who may still answer a question: those whose places are free, and their deputies."""
    names = dict.fromkeys((*question.asked, *(each for name in question.asked if (each := approvers[name].deputy))))
    return [name for name in names if seat_for(question, name, approvers) not in question.answered]


def questions_for(entries: Sequence[Mapping[str, Any]], name: str | None) -> list[Mapping[str, Any]]:
    """Return what one person may answer, or everything for nobody in particular."""
    return [each for each in entries if name is None or not each["asked"] or name in each["may_answer"]]


@asynccontextmanager
async def open_inbox(settings: Settings, halt: Halt | None = None) -> AsyncIterator[Inbox]:
    """Open the inbox of these settings.

    Raises:
        UsageError: the database's URL is not of a kind that is supported, or the folder of its file is missing.
        StorageError: the database cannot be opened.
    """
    async with open_runner(settings, halt=halt) as runner:
        yield Inbox(runner, runner.now())
