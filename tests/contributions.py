"""The contribution contract, as the tests hold proposals against it."""

from typing import Any

from policies.contracts.answers import Refusal, Task
from policies.contracts.contribution import Contribution, contribution_of
from policies.contracts.table import judge
from policies.team.access import Access
from policies.team.team import Role, Team


def accept(proposal: object, role: str, access: Access, *, lenient: bool = False) -> Contribution | Refusal:
    """Return what the contract makes of a proposal of a role, in a team that knows and enables these."""
    roles = {name: Role(title=name, mandate="Judge.", enabled=name in access.enabled) for name in access.known}
    named: Any = {"roles": roles, "lenient_agent": lenient}
    team = Team.model_construct(**named)
    found = judge(proposal, Task(role, role, "contribution"), team)
    return found if isinstance(found, Refusal) else contribution_of(found)
