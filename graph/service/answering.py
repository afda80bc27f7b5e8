"""Answering: what a caller of the service answers to a thread, and why an answer is refused."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from graph.past import Past
from graph.problems import ConflictError, NotFoundError, StorageError, UsageError
from graph.service.drives import BusyError
from graph.service.service import Service
from policies.access.answering import find_false_name
from policies.access.caller import Caller
from policies.language import speaking
from policies.people.answering import seat_for
from policies.people.question import is_expired

Said = dict[str, Any]
PATIENCE_SECONDS, PAUSE_SECONDS = 10.0, 0.1


class NotThemselvesError(UsageError):
    """Somebody answers in the name of somebody else."""


async def answered(service: Service, thread: str, said: Mapping[str, Any], caller: Caller) -> None:
    """Give an answer, as {question?, by?, answer, because?, signature?}; it is in the record once this returns.

    Raises:
        NotThemselvesError: the caller's token is another person's than `by`.
        ConflictError: the question is settled, or answered by them, or has moved.
        UsageError: there is no such thread, or the answer is not one of those that are allowed: nothing is changed.
        StorageError: the database failed.
    """
    with speaking(await service.runner.threads.language(thread)):
        given = {**said, "by": _who(said.get("by"), caller)}
        try:
            await _given(service, thread, given, caller)
        except (StorageError, NotFoundError, ConflictError):
            raise
        except UsageError as error:
            past = Past.of(await service.runner.threads.state(thread) or {})
            if is_clash(past, given, service.runner.now()):
                raise ConflictError(*error.problems) from None
            raise


async def _given(service: Service, thread: str, given: Said, caller: Caller) -> None:
    """Give an answer; what another person's answer leads to is awaited, where the thread asks for this one, too."""
    identity, until = caller.person if caller.is_proved else None, time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            await service.drives.answer(thread, given, caller.tenant, identity)
            return
        except BusyError:
            past = Past.of(await service.runner.threads.state(thread) or {})
            if not past.waiting or time.monotonic() > until:
                raise
        await asyncio.sleep(PAUSE_SECONDS)


def _who(by: str | None, caller: Caller) -> str | None:
    check_name(by, caller)
    return caller.person if caller.is_proved else by


def check_name(by: object, caller: Caller) -> None:
    """Refuse to answer in somebody else's name.

    Raises:
        NotThemselvesError: the caller's token is another person's.
    """
    told = find_false_name(by, caller)
    if told is not None:
        raise NotThemselvesError(told)


def is_clash(past: Past, said: Mapping[str, Any], now: str) -> bool:
    """Return whether an answer that was not taken came too late, or again, rather than being wrong in itself."""
    waiting, name, by = past.waiting, said.get("question"), said.get("by") or ""
    if not waiting or (name is not None and name not in [each.id for each in waiting]):
        return not waiting or any(event.get("question") == name for event in past.events_of("asked"))
    for question in waiting if name is None else [each for each in waiting if each.id == name]:
        seat = seat_for(question, by, past.approvers)
        is_filled = by in [each.by for each in question.answers] or seat in question.answered
        if is_filled or is_expired(question, now):
            return True
    return False
