"""Gathered teams: a team made of agents, each of them a role as a team file has it, for one task."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph.teams.language import language_problems, with_language
from graph.teams.policies import policy_problems, with_policy
from graph.teams.presets import preset_problems, shipped_presets, with_presets
from policies.language import phrase, say
from policies.nearest import allowed_names
from policies.patterns.course import PATTERNS
from policies.team import rules as team_rules
from policies.team.fields import ROLE_PATTERN
from policies.team.reserved import RESERVED_NAMES
from policies.team.rules import Problem, parse_team
from policies.team.team import PatternName, Team

NAME = "agents"
"""What such a team is called."""
USUAL: PatternName = "orchestrator"
MAX_TITLE = 200
BUDGET = {"max_messages": 36, "max_seconds": 240}
"""The limits of such a team, where others are not asked for."""
LEADS: Mapping[PatternName, tuple[str, str]] = {
    **dict.fromkeys(("orchestrator", "manager", "hierarchy"), ("orchestrator", "orchestrator")),
    "debate": ("judge", "reviewer"),
}
"""Who leads where nobody is named: the agent of this name, or else this preset under the name."""

ALONE: PatternName = "pipeline"
"""How an agent is checked that nobody works with yet."""
WITHIN: PatternName = "parallel"
"""How agents work that are a team within."""

Raw = dict[str, Any]
_NAME = re.compile(ROLE_PATTERN.strip("^$"))


@dataclass(frozen=True, slots=True)
class Gathering:
    """Agents by name, and what they are to do; what is None is as for any team of agents."""

    agents: Mapping[str, Raw]
    sequence: Sequence[str]
    goal: str
    pattern: PatternName = USUAL
    facts: Raw | None = None
    budget: Raw | None = None
    lead: str | None = None
    teams: Mapping[str, Sequence[str]] | None = None
    policy: str | None = None
    language: str | None = None


def gathered(asked: Gathering) -> Team | list[Problem]:
    """Return the team, or every problem of it."""
    filled = with_presets({"roles": {**asked.agents}})["roles"]
    return [*_strangers(asked)] or parsed(_raw(replace(asked, agents=filled)))


def parsed(raw: Raw) -> Team | list[Problem]:
    """Return the team of these raw values, which name no files, or every problem of it."""
    raw = with_policy(with_language(with_presets(raw)))
    return [*policy_problems(raw), *preset_problems(raw), *language_problems(raw)] or parse_team(raw)


def role_problems(name: str, role: Raw) -> list[Problem]:
    """Return what is wrong with an agent, in the words of a team file; the paths begin at the agent."""
    alone = {"name": NAME, "title": NAME, "goal": NAME, "sequence": [name], "roles": {name: role}}
    found = parsed({**alone, "policy": "classic", "pattern": ALONE})
    whole: team_rules.Path = () if _NAME.fullmatch(name) and name not in RESERVED_NAMES else ("name",)
    return [
        Problem(each.path[2:] or whole, each.message, each.allowed)
        for each in ([] if isinstance(found, Team) else found)
        if each.path[:1] == ("roles",)
    ]


def _strangers(asked: Gathering) -> list[Problem]:
    """Return who is named and is not among the agents."""
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("agents", index), name) for index, name in enumerate(asked.sequence)
    ]
    for team, names in (asked.teams or {}).items():
        named += [(("teams", team, index), name) for index, name in enumerate(names)]
    if asked.lead is not None and asked.lead not in shipped_presets():
        named.append((("lead",), asked.lead))
    told = phrase("is {name}, and there is no such agent{allowed}")
    strangers = [(where, name) for where, name in named if name not in asked.agents]
    problems = [
        Problem(where, say(told, name=repr(name), allowed=allowed_names(name, asked.agents)))
        for where, name in strangers
    ]
    if asked.teams is not None and not PATTERNS[asked.pattern].assigns_teams:
        readers = ", ".join(name for name, each in PATTERNS.items() if each.assigns_teams)
        found = say("is read by {readers}, and not by `{pattern}`", readers=readers, pattern=asked.pattern)
        problems.append(Problem(("teams",), found))
    return problems


def _raw(asked: Gathering) -> Raw:
    lead, roles = _led(asked)
    sequence = [name for name in asked.sequence if name != lead]
    if PATTERNS[asked.pattern].assigns_teams:
        teams = asked.teams or {name: [name] for name in sequence}
        sequence, roles = [*teams], {**roles, **{name: _team(asked, names) for name, names in teams.items()}}
    return {
        **{"name": NAME, "title": _title(roles), "goal": asked.goal, "language": asked.language},
        **{"pattern": asked.pattern, "sequence": sequence, "facts": asked.facts or {}},
        **{"budget": {**BUDGET, **(asked.budget or {})}, "messages": {}},
        **({} if lead is None else {"lead": lead}),
        **({} if asked.policy is None else {"policy": asked.policy}),
        "roles": {name: roles[name] for name in dict.fromkeys([*([] if lead is None else [lead]), *sequence])},
    }


def _title(roles: Mapping[str, Raw]) -> str:
    return ", ".join(str(role.get("title", name)) for name, role in roles.items())[:MAX_TITLE]


def _led(asked: Gathering) -> tuple[str | None, dict[str, Raw]]:
    """Return who leads, where somebody does, and the roles with the one who does."""
    roles = {name: asked.agents[name] for name in asked.sequence}
    if asked.lead is not None:
        return asked.lead, {asked.lead: asked.agents.get(asked.lead) or _preset(asked.lead), **roles}
    if PATTERNS[asked.pattern].lead is None:
        return None, roles
    if asked.pattern not in LEADS:
        return next(iter(asked.sequence), None), roles
    name, preset = LEADS[asked.pattern]
    return name, {name: _preset(preset), **roles}


def _preset(name: str) -> Raw:
    filled: Raw = with_presets({"roles": {name: {"preset": name}}})["roles"][name]
    return filled


def _team(asked: Gathering, names: Sequence[str]) -> Raw:
    """Return the role that a team of agents answers for, side by side."""
    roles = {name: asked.agents[name] for name in names}
    title = _title(roles)
    team = {"name": NAME, "title": title, "goal": title, "pattern": WITHIN, "sequence": [*names], "roles": roles}
    limits = {"budget": {**BUDGET, **(asked.budget or {})}, "options": {"synthesis": False}}
    return {"title": title, "mandate": title, "team": with_policy({**team, **limits})}
