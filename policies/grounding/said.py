"""Said: the numbers in contributions and in the brief that nothing known bears out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policies.contracts.contribution import Contribution
from policies.grounding.grounds import Grounds, ungrounded
from policies.team.flags import UNGROUNDED
from policies.team.team import Team

BRIEF = "brief"
"""Who is flagged for a number in the brief."""

Where = Literal["summary", "actions", "brief"]


@dataclass(frozen=True, slots=True)
class Ungrounded:
    """A number that equals nothing known: who said it, where, and how it is written."""

    role: str
    where: Where
    number: str


def find_ungrounded(team: Team, said: Sequence[Contribution], grounds: Grounds) -> tuple[Ungrounded, ...]:
    """Return the numbers of a round that equal nothing known, role by role, each once in the summary and the actions.

    People are left out: they answer in their own name, and may know what the facts do not say.

    >>> team = Team.model_construct(roles={})
    >>> said = Contribution("risk", "block", "42 % failed.", 1.0, ("Cap it at 5 %.", "Cap it at 5 %."))
    >>> [(each.where, each.number) for each in find_ungrounded(team, [said], Grounds())]
    [('summary', '42 %'), ('actions', '5 %')]
    """
    asked = (each for each in said if each.agent not in team.human_roles)
    return tuple(found for each in asked for found in _in_contribution(each, grounds))


def _in_contribution(said: Contribution, grounds: Grounds) -> Iterator[Ungrounded]:
    texts: tuple[tuple[Where, str], ...] = (("summary", said.summary), ("actions", "\n".join(said.actions)))
    for where, text in texts:
        yield from (Ungrounded(said.agent, where, number) for number in ungrounded(text, grounds))


def find_in_brief(text: str, grounds: Grounds) -> tuple[Ungrounded, ...]:
    """Return the numbers of the brief that equal nothing known, each once.

    >>> [each.number for each in find_in_brief("42 % failed.", Grounds())]
    ['42 %']
    """
    return tuple(Ungrounded(BRIEF, "brief", number) for number in ungrounded(text, grounds))


def flags_of(found: Sequence[Ungrounded]) -> tuple[str, ...]:
    """Return the flag of each who said such numbers, once.

    >>> flags_of([Ungrounded("risk", "summary", "42"), Ungrounded("risk", "actions", "43")])
    ('ungrounded:risk',)
    """
    return tuple(dict.fromkeys(f"{UNGROUNDED}:{each.role}" for each in found))
