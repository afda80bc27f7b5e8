"""Examples: the shipped team that shows a pattern."""

from collections.abc import Mapping
from functools import cache

from graph.teams.loader import DEFAULT_TEAM, load_team, shipped_teams
from policies.team.team import PatternName


@cache
def examples() -> Mapping[PatternName, str]:
    """Return the name of the shipped team of each pattern; of several the default one, else the first by name."""
    found: dict[PatternName, str] = {}
    for name in sorted(shipped_teams(), key=lambda name: (name != DEFAULT_TEAM, name)):
        found.setdefault(load_team(name).pattern, name)
    return found
