"""Flags: what a finished round is flagged with, for the record and for the rows that count flags."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from policies.contracts.contribution import ACTIONS_KEPT, Contribution
from policies.contracts.reading import tidied
from policies.team.checks import stance_of
from policies.team.evidence import Keys, cited_in, is_altered, value_cited
from policies.team.fields import Position, Stance
from policies.team.team import Role, Team
from policies.team.voices import HUMAN

Flag = str
"""`<name>:<role>`; `find_flags` says which names there are."""

MOVED, UNGROUNDED = "moved_without_reason", "ungrounded"
"""The flags that rows may count."""

Said = Sequence[Contribution]
"""What the roles of one round said, in order; absent ones are left out."""

_PERMISSIVENESS: dict[Stance, int] = {"block": 0, "caution": 1, "go": 2}


def find_flags(
    team: Team,
    said: Said,
    earlier: Sequence[Said],
    facts: Mapping[str, Any],
    altered: Sequence[Collection[Keys]] = (),
) -> tuple[Flag, ...]:
    """Return what a round is flagged with, role by role; `earlier` are the rounds before it.

    `altered` has for each of these the places of the facts that were altered since; nothing was where it is empty.

    `contradicts_facts`: the stance is more permissive than the role's own checks allow. `unsupported`: the evidence
    names a path that the facts do not have, or is not a list of paths; or it is empty and the team requires some.
    `moved_without_reason`: the stance is another than the role's last one, and the evidence names no fact that the role
    had not named before. What a named fact is a part of is not new; a part of what was named is, if there are others.
    What was altered since is new again. What its checks say has a reason: the facts.

    >>> team = Team.model_validate({"name": "launch", "title": "Launch", "goal": "Go?", "sequence": ["risk"],
    ...     "roles": {"risk": {"title": "Risk", "mandate": "Judge."}},
    ...     "policy": {"name": "one", "rules": [], "otherwise": "next_round"}})
    >>> before = [Contribution("risk", "block", "Too high.", 1.0, ("Wait.",), ("rate",))]
    >>> after = [Contribution("risk", "go", "Fine.", 1.0, ("Go.",), ("facts.rate",))]
    >>> find_flags(team, after, [before], {"rate": 0.1})
    ('moved_without_reason:risk',)
    """
    return tuple(
        f"{name}:{each.agent}"
        for each in said
        for name, holds in (
            ("contradicts_facts", _contradicts(each, team.roles[each.agent], facts)),
            ("unsupported", _is_unsupported(each, team, facts)),
            (MOVED, _moved_without_reason(each, team, earlier, facts, altered)),
        )
        if holds
    )


def find_moves(team: Team, said: Said, earlier: Sequence[Said]) -> tuple[str, ...]:
    """Return the roles whose stance is another than in the last round in which they spoke.

    People are left out: they answer in their own name, and nobody asks them for paths.
    """
    return tuple(each.agent for each in said if _has_moved(each, team, earlier))


def carrying(flags: Sequence[Flag], name: str) -> int:
    """Return how many roles carry a flag.

    >>> carrying(("unsupported:risk", "moved_without_reason:risk", "moved_without_reason:legal"), MOVED)
    2
    """
    return len({flag for flag in flags if flag.partition(":")[0] == name})


def _contradicts(said: Contribution, role: Role, facts: Mapping[str, Any]) -> bool:
    allowed = stance_of(role, facts) if role.otherwise is not None else None
    return isinstance(allowed, Position) and _PERMISSIVENESS[said.stance] > _PERMISSIVENESS[allowed.stance]


def _is_unsupported(said: Contribution, team: Team, facts: Mapping[str, Any]) -> bool:
    if said.evidence is None or any(cited_in(facts, path) is None for path in said.evidence):
        return True
    return team.require_evidence and not said.evidence and team.roles[said.agent].voice not in (HUMAN, "rules")


def _moved_without_reason(
    said: Contribution,
    team: Team,
    earlier: Sequence[Said],
    facts: Mapping[str, Any],
    altered: Sequence[Collection[Keys]],
) -> bool:
    if not _has_moved(said, team, earlier) or _is_by_checks(said, team.roles[said.agent], facts):
        return False
    new = _cited(said, facts)
    for before, since in zip(earlier, altered or [()] * len(earlier), strict=True):
        known = {keys for each in _spoken(said.agent, [before]) for keys in _cited(each, facts)}
        named = {keys for keys in new if any(_names_same(keys, each, facts) for each in known)}
        new = {keys for keys in new if keys not in named or is_altered(keys, since)}
    return not new


def _is_by_checks(said: Contribution, role: Role, facts: Mapping[str, Any]) -> bool:
    """Return whether somebody says what the role's checks say, word for word: then these answered for it."""
    position = stance_of(role, facts) if role.otherwise is not None else None
    if not isinstance(position, Position):
        return False
    actions = tuple(map(tidied, position.actions[:ACTIONS_KEPT]))
    return said == Contribution(said.agent, position.stance, tidied(position.summary), 1.0, actions)


def _names_same(keys: Keys, known: Keys, facts: Mapping[str, Any]) -> bool:
    """Return whether a place names no fact next to a known one: it is the same, around it, or all that is in it."""
    if known[: len(keys)] == keys:
        return True
    above = (value_cited(keys[:end], facts) for end in range(len(known), len(keys)))
    return keys[: len(known)] == known and all(len(each) == 1 for each in above)


def _has_moved(said: Contribution, team: Team, earlier: Sequence[Said]) -> bool:
    before = [*_spoken(said.agent, earlier)]
    return bool(before) and before[-1].stance != said.stance and team.roles[said.agent].voice != HUMAN


def _spoken(role: str, earlier: Sequence[Said]) -> Iterator[Contribution]:
    """Yield what a role said in earlier rounds, in order; it may have been absent, or not there, in between."""
    return (each for said in earlier for each in said if each.agent == role)


def _cited(said: Contribution, facts: Mapping[str, Any]) -> set[Keys]:
    """Return the places of the facts that evidence names; a path that leads nowhere names none."""
    found = (cited_in(facts, path) for path in said.evidence or ())
    return {keys for keys in found if keys is not None}
