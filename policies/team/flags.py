"""Flags: what a finished round is flagged with, for the record and for the rows that count flags."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.contracts.contribution import Contribution
from policies.paths import MISSING, value_behind
from policies.team.checks import stance_of
from policies.team.fields import Position, Stance
from policies.team.team import Role, Team
from policies.team.voices import HUMAN

Flag = str
"""`<name>:<role>`; `find_flags` says which names there are."""

MOVED, UNGROUNDED = "moved_without_reason", "ungrounded"
"""The flags that rows may count."""

Keys = tuple[str, ...]
"""The keys through which a path leads in the facts."""

Said = Sequence[Contribution]
"""What the roles of one round said, in order; absent ones are left out."""

_PERMISSIVENESS: dict[Stance, int] = {"block": 0, "caution": 1, "go": 2}

_KEY = re.compile(r"""\[\s*("(?:[^"\\]|\\.)*")\s*\]|\[\s*'([^'\\]*)'\s*\]|(?:^|\.)([^.\[\]"']+)""")


def find_flags(team: Team, said: Said, earlier: Sequence[Said], facts: Mapping[str, Any]) -> tuple[Flag, ...]:
    """Return what a round is flagged with, role by role; `earlier` are the rounds before it on the same facts.

    `contradicts_facts`: the stance is more permissive than the role's own checks allow. `unsupported`: the evidence
    names a path that the facts do not have, or is not a list of paths; or it is empty and the team requires some.
    `moved_without_reason`: the stance is another than the role's last one, and the evidence names no fact that the role
    had not named before. What a named fact is a part of is not new; a part of what was named is, if there are others.

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
            (MOVED, _moved_without_reason(each, team, earlier, facts)),
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


def _moved_without_reason(said: Contribution, team: Team, earlier: Sequence[Said], facts: Mapping[str, Any]) -> bool:
    if not _has_moved(said, team, earlier):
        return False
    known = {keys for before in _spoken(said.agent, earlier) for keys in _cited(before, facts)}
    return all(any(_names_same(keys, before, facts) for before in known) for keys in _cited(said, facts))


def _names_same(keys: Keys, known: Keys, facts: Mapping[str, Any]) -> bool:
    """Return whether a place names no fact next to a known one: it is the same, around it, or all that is in it."""
    if known[: len(keys)] == keys:
        return True
    above = (value_behind(keys[:end], facts) for end in range(len(known), len(keys)))
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


def cited_in(facts: Mapping[str, Any], path: str) -> Keys | None:
    """Return the keys through which a path of evidence leads in the facts, or None where it leads nowhere.

    However it is written, with or without `facts.`, with dots or brackets, it is the same path.

    >>> facts = {"risk": {"rate": 0.1, "a.b": 2}}
    >>> cited_in(facts, "facts.risk.rate"), cited_in(facts, 'risk["rate"]'), cited_in(facts, "facts['risk']['a.b']")
    (('risk', 'rate'), ('risk', 'rate'), ('risk', 'a.b'))
    >>> cited_in(facts, "risk.lost") is None
    True
    """
    return next((keys for keys in _readings(path) if _leads(keys, facts)), None)


def _readings(path: str) -> Iterator[Keys]:
    """Yield the keys that a path may mean, without the `facts` that conditions begin with, and as it is written."""
    for keys in (tuple(path.split(".")), _in_brackets(path)):
        if keys[1:] and keys[0] == "facts":
            yield keys[1:]
        yield keys


def _in_brackets(path: str) -> Keys:
    """Return the keys of a path that may have brackets, `a["b.c"].d`; none where it is not written so."""
    found = [*_KEY.finditer(path)]
    return tuple(map(_key, found)) if "".join(each[0] for each in found) == path else ()


def _key(found: re.Match[str]) -> str:
    quoted, single, plain = found.groups()
    if quoted is None:
        return single if single is not None else plain
    try:
        return str(json.loads(quoted))
    except ValueError:  # not JSON, so no key of a JSON object
        return quoted


def _leads(keys: Sequence[str], facts: Any) -> bool:
    return bool(keys) and value_behind(keys, facts) is not MISSING
