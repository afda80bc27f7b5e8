"""Limiting: a tenant runs only teams of which it may use every role and source."""

from graph.problems import UsageError
from policies.access.limits import find_foreign, limit_in_words
from policies.team.team import Team


def refuse_foreign(team: Team, tenant: str) -> None:
    """Refuse to run a team for a tenant that may not use all of it, teams within included.

    Raises:
        UsageError: a role or a source of facts is limited to other tenants.
    """
    found = find_foreign(team, tenant)
    if found is not None:
        raise UsageError(limit_in_words(found, tenant))
