"""Proofs: of the policy of a team that the service offers, once for each policy and language."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from graph.assurance.subject import from_team, subjects_in
from graph.languages.catalogue import language_of
from graph.problems import NotFoundError, UsageError
from graph.report.terminal.proof import plain_proofs
from graph.service.aside import aside
from graph.settings import Settings
from graph.teams.offered import load_offered, offered_teams, unknown_team
from policies.access.limits import find_foreign
from policies.assurance.ballots import TooManyVotesError
from policies.language import speaking, spoken
from policies.team.team import Team, pinned

KEPT = 64


async def proved(settings: Settings, name: str, tenant: str) -> str:
    """Return the proof of an offered team's policy as JSON, as `accord policy verify` gives it.

    Raises:
        NotFoundError: no team of that name is offered, or the tenant cannot run it.
        UsageError: no policy decides it, or its votes are too many.
    """
    team = await aside(_offered, settings, name, tenant)
    with speaking(language_of(team.language)):
        return await aside(_proved, name, json.dumps({**pinned(team), "goal": "-"}), spoken().code)


def _offered(settings: Settings, name: str, tenant: str) -> Team:
    if name not in offered_teams(settings):
        raise NotFoundError(unknown_team(settings, name, tenant))
    team = load_offered(settings, name)  # what is limited is told as what is not there, so it is looked at here
    if find_foreign(team, tenant) is not None:
        raise NotFoundError(unknown_team(settings, name, tenant))
    return team


@lru_cache(KEPT)
def _proved(name: str, team: str, language: str) -> str:
    """Return a proof; the language is that which is spoken, and here so that each has its own."""
    subjects = subjects_in(replace(from_team(Team.model_validate_json(team)), name=name))
    try:
        told: dict[str, Any] = plain_proofs([(subject.prove(), subject) for subject in subjects])
    except TooManyVotesError as error:
        raise UsageError(f"{name}: {error}") from None
    return json.dumps(told, ensure_ascii=False, indent=2)
