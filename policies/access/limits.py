"""Limits: roles and sources of facts that only some tenants may use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.language import phrase, say
from policies.team.nesting import Within, teams_within
from policies.team.team import Team

LIMITED = {
    "role": phrase(
        "the role `{name}` of the team `{team}`{within} is limited to tenants other than `{tenant}`; run another team"
    ),
    "source": phrase(
        "the source of facts {name} of the team `{team}`{within} is limited to tenants other than `{tenant}`; "
        "run another team"
    ),
}
"""What is said of each kind of thing that a tenant may not use."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What of a team a tenant may not use: a role or a source, by name, and the roles whose team it is within."""

    kind: Literal["role", "source"]
    name: str
    team: str
    within: Within = ()


def find_foreign(team: Team, tenant: str) -> Foreign | None:
    """Return the first role or source that is limited to other tenants, teams within included; None where none is.

    A role that may not speak is limited all the same: nobody has to know of a switch to know whose team it is.
    """
    return next(_foreign(team, tenant), None)


def _foreign(team: Team, tenant: str) -> Iterator[Foreign]:
    for within, inner in teams_within(team):
        for name, role in inner.roles.items():
            if not is_open_to(role.tenants, tenant):
                yield Foreign("role", name, inner.name, within)
        for number, source in enumerate(inner.sources, 1):
            if not is_open_to(source.tenants, tenant):
                yield Foreign("source", f"`{source.name}`" if source.name else str(number), inner.name, within)


def is_open_to(tenants: Sequence[str] | None, tenant: str) -> bool:
    """Return whether what is limited to these tenants is open to one; what is limited to none in particular, to all.

    >>> is_open_to(None, "acme"), is_open_to(("acme",), "acme"), is_open_to(("globex",), "acme")
    (True, True, False)
    """
    return tenants is None or tenant in tenants


def limit_in_words(found: Foreign, tenant: str) -> str:
    """Return in a sentence what a tenant may not use; which tenants may is not for others to read.

    >>> limit_in_words(Foreign("role", "pricing", "desk"), "acme")
    'the role `pricing` of the team `desk` is limited to tenants other than `acme`; run another team'
    """
    within = say(", which answers for `{role}`,", role=".".join(found.within)) if found.within else ""
    return say(LIMITED[found.kind], name=found.name, team=found.team, within=within, tenant=tenant)
