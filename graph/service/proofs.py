"""Proofs: of the policy of a team that the service offers, once for each policy and language."""

import asyncio
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from graph.assurance.subject import from_team, subjects_in
from graph.languages.catalogue import language_of
from graph.problems import NotFoundError, UsageError
from graph.report.dossier.proof_shown import proofs_shown
from graph.report.terminal.proof import plain_proofs
from graph.service.aside import aside
from graph.settings import Settings
from graph.teams.offered import load_offered, offered_teams, unknown_team
from policies.access.limits import find_foreign
from policies.assurance.ballots import TooManyVotesError
from policies.language import speaking, spoken
from policies.team.team import Team, pinned

KEPT = 64


@dataclass(frozen=True, slots=True)
class Proved:
    """A proof as JSON, as `accord policy verify` gives it, and as a page shows it."""

    told: str
    shown: list[dict[str, Any]]


async def proved(settings: Settings, name: str, tenant: str) -> str:
    """Return the proof of an offered team's policy as JSON, as `accord policy verify` gives it.

    Raises:
        NotFoundError: no team of that name is offered, or the tenant cannot run it.
        UsageError: no policy decides it, or its votes are too many.
    """
    team = await offered(settings, name, tenant)
    with speaking(language_of(team.language)):
        return (await proof_of(name, team)).told


async def offered(settings: Settings, name: str, tenant: str) -> Team:
    """Return a team that is offered to a tenant.

    Raises:
        NotFoundError: no team of that name is offered, or the tenant cannot run it: the sentence is the same.
        UsageError: its file has problems.
    """
    return await aside(_offered, settings, name, tenant)


def _offered(settings: Settings, name: str, tenant: str) -> Team:
    if name not in offered_teams(settings):
        raise NotFoundError(unknown_team(settings, name, tenant))
    team = load_offered(settings, name)  # what is limited is told as what is not there, so it is looked at here
    if find_foreign(team, tenant) is not None:
        raise NotFoundError(unknown_team(settings, name, tenant))
    return team


_Asked = tuple[str, str, str]
_under_way: dict[_Asked, asyncio.Task[Proved]] = {}
"""The proofs that are worked out now: who asks for one of them waits for it, and begins no second one."""


async def proof_of(name: str, team: Team) -> Proved:
    """Return the proof of a team, in the language that is spoken; it is worked out though whoever asked has gone.

    Raises:
        UsageError: no policy decides it, or its votes are too many.
    """
    asked = (name, json.dumps({**pinned(team), "goal": "-"}), spoken().code)
    if asked not in _under_way:
        _under_way[asked] = task = asyncio.create_task(aside(_proved, *asked))
        task.add_done_callback(lambda done: _done(asked, done))
    return await asyncio.shield(_under_way[asked])


def _done(asked: _Asked, task: "asyncio.Task[Proved]") -> None:
    del _under_way[asked]
    if not task.cancelled():
        task.exception()  # nobody may have waited for it


@lru_cache(KEPT)
def _proved(name: str, team: str, language: str) -> Proved:
    """Return a proof; the language is that which is spoken, and here so that each has its own."""
    subjects = subjects_in(replace(from_team(Team.model_validate_json(team)), name=name))
    try:
        proofs = [(subject.prove(), subject) for subject in subjects]
    except TooManyVotesError as error:
        raise UsageError(f"{name}: {error}") from None
    return Proved(json.dumps(plain_proofs(proofs), ensure_ascii=False, indent=2), proofs_shown(proofs))
