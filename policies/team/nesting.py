"""Nesting: the teams within a team, those that answer for its roles, and for the roles of these."""

from collections.abc import Callable, Iterable, Iterator

from policies.team.team import Team

Within = tuple[str, ...]
"""The roles, from the outside in, that a team answers for; none: it is the outermost team."""


def _every_role(team: Team) -> Iterable[str]:
    return team.roles


def teams_within(
    team: Team, through: Callable[[Team], Iterable[str]] = _every_role, deepest: int | None = None, within: Within = ()
) -> Iterator[tuple[Within, Team]]:
    """Yield a team, then each team that answers for a role of it: the outer one first, in the order of the roles.

    `through` returns the roles of a team that are looked into; at most `deepest` teams within each other are.
    """
    yield within, team
    if deepest is None or len(within) + 1 < deepest:
        for name in through(team):
            inner = team.roles[name].team
            if inner is not None:
                yield from teams_within(inner, through, deepest, (*within, name))


def each_changed(team: Team, change: Callable[[Team], Team]) -> Team:
    """Return the team after a change to it, and to each team within it: the outer one is changed first."""
    changed = change(team)
    roles = {
        name: role if role.team is None else role.model_copy(update={"team": each_changed(role.team, change)})
        for name, role in changed.roles.items()
    }
    return changed.model_copy(update={"roles": roles})
