"""What is asked to be run: a team that the service offers, or agents of the tenant's own, with what a run changes."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.languages.catalogue import language_of
from graph.problems import UsageError
from graph.service.words import pattern_meant
from graph.settings import Settings
from graph.store.agents import Agent
from graph.teams.approval import approved
from graph.teams.gathered import USUAL, Gathering, gathered
from graph.teams.limiting import refuse_foreign
from graph.teams.loader import Changes, TeamError
from graph.teams.offered import load_offered
from graph.teams.voicing import voiced
from policies.language import phrase, say, speaking
from policies.nearest import allowed_names
from policies.plain import clean_text
from policies.team.rules import Problem
from policies.team.team import PATTERN_NAMES, PatternName, Team
from policies.team.voices import VoiceName

MAX_SHOWN = 80
Plain = dict[str, Any]


class NotAllowedError(UsageError):
    """A body has what is not allowed; `faults` has a {field, detail} for each problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.faults = faults_in(problems)
        super().__init__(*(each["detail"] for each in self.faults))


def faults_in(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as the faults of a body: {field, detail} of each."""
    return [_fault(each) for each in problems]


def _fault(problem: Problem) -> dict[str, Any]:
    field = ".".join(map(str, problem.path))
    allowed = allowed_names(str(problem.path[-1]), problem.allowed) if problem.allowed else ""
    named = f"`{field}`" if field else say("the agent")
    return {"field": field, "detail": f"{named} {problem.message}{allowed}"}


class UnknownPatternError(UsageError):
    """No pattern has the name that was given."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked: what is None is as the team has it, or as for any team of agents."""

    team: str | None = None
    agents: tuple[str, ...] | None = None
    goal: str | None = None
    pattern: str | None = None
    facts: Plain | None = None
    budget: Plain | None = None
    voice: VoiceName | None = None
    lead: str | None = None
    teams: Mapping[str, Sequence[str]] | None = None
    policy: str | None = None
    language: str | None = None


async def team_asked(settings: Settings, asked: RunRequest, tenant: str, known: Sequence[Agent]) -> Team:
    """Return the team that a tenant asks for, voiced and with an approved policy; `known` are its agents.

    Raises:
        UsageError: every problem of it.
    """
    return await asyncio.to_thread(_team_asked, settings, asked, tenant, known)


def _team_asked(settings: Settings, asked: RunRequest, tenant: str, known: Sequence[Agent]) -> Team:
    pattern = None if asked.pattern is None else _pattern(asked.pattern)
    offered = None if asked.team is None else _offered(settings, asked, asked.team, pattern, tenant)
    team = offered or _of_agents(asked, pattern, known)
    with speaking(language_of(team.language)):
        refuse_foreign(team, tenant)
        return approved(voiced(team, settings, asked.voice))


def _pattern(word: str) -> PatternName:
    found = pattern_meant(word)
    if found is None:
        told, name = phrase("there is no pattern `{name}`{allowed}"), clean_text(word[:MAX_SHOWN])
        raise UnknownPatternError(say(told, name=name, allowed=allowed_names(name, PATTERN_NAMES)))
    return found


def _offered(settings: Settings, asked: RunRequest, name: str, pattern: PatternName | None, tenant: str) -> Team:
    _refuse_of_agents(asked)
    given = {"pattern": pattern, "budget": asked.budget}
    overrides = {key: value for key, value in given.items() if value is not None}
    changes = Changes(asked.goal, asked.facts, overrides=overrides)
    try:
        return load_offered(settings, name, changes=changes, tenant=tenant)
    except TeamError as error:
        if not error.brought:  # the file's own
            raise
        raise NotAllowedError(error.brought) from None


def _refuse_of_agents(asked: RunRequest) -> None:
    given = [key for key in ("agents", "lead", "teams", "policy", "language") if getattr(asked, key) is not None]
    if given:
        told = say("is not possible together with `team`; it is for runs of agents")
        raise NotAllowedError([Problem((key,), told) for key in given])


def _of_agents(asked: RunRequest, pattern: PatternName | None, known: Sequence[Agent]) -> Team:
    if not known and asked.agents is None:
        told = phrase("says neither `team` nor `agents`, and no agent is defined; POST /v1/agents defines one")
        raise UsageError(say("the body {fault}", fault=say(told)))
    if asked.goal is None:
        raise NotAllowedError([Problem(("goal",), say("is missing"))])
    agents = {each.name: each.role for each in known}
    gathering = Gathering(
        agents,
        [*agents] if asked.agents is None else asked.agents,
        asked.goal,
        pattern or USUAL,
        facts=asked.facts,
        budget=asked.budget,
        lead=asked.lead,
        teams=asked.teams,
        policy=asked.policy,
        language=asked.language,
    )
    found = gathered(gathering)
    if isinstance(found, Team):
        return found
    raise NotAllowedError(found)
