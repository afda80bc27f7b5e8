"""Whether a team may ever ask people."""

from policies.patterns.course import decides_by_policy
from policies.team.team import Team


def may_ask_people(team: Team) -> bool:
    """Return whether a run of the team may wait for a person: for a decision, a seat, a fact or a name.

    >>> may_ask_people(Team.model_construct(pattern="pipeline", roles={}, sign_off=()))
    False
    """
    return decides_by_policy(team) or bool(team.human_roles or team.sign_off or team.escalate.supply)
