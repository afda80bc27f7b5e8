"""Proofs: of the policy of a team that the service offers, once for each policy and language."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from graph.assurance.subject import from_team, subjects_in
from graph.problems import UsageError
from graph.report.terminal.proof import plain_proofs
from graph.service.aside import aside
from graph.teams.offered import load_offered
from graph.settings import Settings
from graph.languages.catalogue import language_of
from policies.assurance.ballots import TooManyVotesError
from policies.language import spoken, speaking
from policies.team.team import Team, pinned

KEPT = 64


async def proved(settings: Settings, name: str) -> str:
    """Return the proof of an offered team's policy as JSON, as `accord policy verify` gives it.

    Raises:
        UsageError: there is no team of that name, no policy decides it, or its votes are too many.
    """
    team = await aside(load_offered, settings, name)
    with speaking(language_of(team.language)):
        return await aside(_proved, name, json.dumps({**pinned(team), "goal": "-"}), spoken().code)


@lru_cache(KEPT)
def _proved(name: str, team: str, language: str) -> str:
    """Return a proof; the language is that which is spoken, and here so that each has its own."""
    subjects = subjects_in(replace(from_team(Team.model_validate_json(team)), name=name))
    try:
        told: dict[str, Any] = plain_proofs([(subject.prove(), subject) for subject in subjects])
    except TooManyVotesError as error:
        raise UsageError(f"{name}: {error}") from None
    return json.dumps(told, ensure_ascii=False, indent=2)
