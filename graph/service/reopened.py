"""Reopened: a decision that somebody asks to be taken again, in a thread that the service drives, once."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graph.facts.brought import Brought
from graph.fresh import Ask, Fresh
from graph.problems import ConflictError
from graph.reopening import Reopening
from graph.service.drives import BusyError, Drives
from graph.service.looking import as_clashes
from graph.service.service import Service
from graph.watching import Manner
from policies.language import phrase, say, speaking
from policies.team.team import Team

PATIENCE_SECONDS = 30.0
"""Within this time the sources of the facts must have answered whoever asks for one decision to be taken again."""
SILENT = phrase(
    "Its sources did not answer within {seconds} s; look at it in the list of what is watched, or try again."
)
STILL_RIGHT = phrase("the decision of the thread `{name}` holds on the facts of now, so it is not taken again")
NOT_KNOWN = phrase(
    "the decision of the thread `{name}` is not taken again, since the facts of now are not known: {why}"
)


@dataclass(frozen=True, slots=True)
class DrivenByService:
    """The new thread is promised, and driven when its turn comes."""

    drives: Drives

    async def run(self, thread: str, team: Team, brought: Brought, tenant: str) -> None:
        """Promise to run it; one that another process began is left to that."""
        await self.drives.run(thread, team, brought, tenant)

    async def resume(self, thread: str, tenant: str) -> None:
        """Promise to resume it, unless somebody has it."""
        with suppress(BusyError):
            await self.drives.resume(thread, {}, tenant)


async def reopened(service: Service, thread: str, tenant: str) -> str:
    """Return the thread in which a decision is taken again; it is begun where it was not before.

    The decision is looked at first, as `accord watch --reopen` does, and what is found is noted.

    Raises:
        ConflictError: it need not be taken again, or it cannot be.
        NotFoundError: the tenant has no such thread.
        StorageError: the database failed.
    """
    threads = service.runner.threads
    reopening = Reopening(service.runner, DrivenByService(service.drives))
    fresh = list[Fresh]()
    ask = _noting(fresh, _patient(await service.looking.asking()))
    watching = service.looking.watching(tenant, ask, Manner(reopening=reopening))
    with speaking(await threads.language(thread)):
        with as_clashes():
            finding = (await watching.of(thread)).finding
        if finding["reopened_as"] is None:
            raise ConflictError(_why_not(finding, fresh))
        return str(finding["reopened_as"])


def _why_not(finding: Mapping[str, Any], fresh: Sequence[Fresh]) -> str:
    name, why = finding["thread_id"], finding["cause"]
    if finding["verdict"] in ("holds", "weakened"):
        return say(STILL_RIGHT, name=name)
    is_known = finding["verdict"] == "reopen" and fresh[-1].known is not None
    return str(why) if is_known else say(NOT_KNOWN, name=name, why=why)


def _noting(fresh: list[Fresh], ask: Ask) -> Ask:
    """Return what asks the same, and notes the answers."""

    async def asked(entry: Mapping[str, Any]) -> Fresh:
        fresh.append(await ask(entry))
        return fresh[-1]

    return asked


def _patient(ask: Ask) -> Ask:
    """Return what asks the same, and gives up on sources before whoever waits for a page does."""

    async def asked(entry: Mapping[str, Any]) -> Fresh:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await ask(entry)
        except TimeoutError:
            return Fresh(None, cause=say(SILENT, seconds=round(PATIENCE_SECONDS)))

    return asked
