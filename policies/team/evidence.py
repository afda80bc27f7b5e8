"""Evidence: how a path that somebody cites is read, and which places of the facts a change altered."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from policies.paths import MISSING

Keys = tuple[str, ...]
"""The keys through which a path leads in the facts; an item of a list has its place, from "0", as a key."""

ROOTS = ("facts", "shared_context")
"""What a path may begin with: the name that conditions have for the facts, and the one that prompts have."""

_PLACE = re.compile(r"0|[1-9][0-9]{0,9}")

_KEY = re.compile(r"""\[\s*("(?:[^"\\]|\\.)*"|'[^'\\]*'|[0-9]+)\s*\]|(?:^|\.)([^.\[\]"']+)""")


def cited_in(facts: Mapping[str, Any], path: str) -> Keys | None:
    """Return the keys through which a path of evidence leads in the facts, or None where it leads nowhere.

    However it is written, with or without what it may begin with, with dots or brackets, it is the same path.

    >>> facts = {"risk": {"rate": 0.1, "a.b": 2}, "items": [{"late": 3}]}
    >>> cited_in(facts, "facts.risk.rate"), cited_in(facts, 'risk["rate"]'), cited_in(facts, "facts['risk']['a.b']")
    (('risk', 'rate'), ('risk', 'rate'), ('risk', 'a.b'))
    >>> cited_in(facts, "items[0].late"), cited_in(facts, "shared_context.items.0.late")
    (('items', '0', 'late'), ('items', '0', 'late'))
    >>> cited_in(facts, "risk.lost") is None, cited_in(facts, "items[1]") is None
    (True, True)
    """
    return next((keys for keys in _readings(path) if keys and value_cited(keys, facts) is not MISSING), None)


def value_cited(keys: Sequence[str], facts: Any) -> Any:
    """Return the value that the keys lead to, through lists, too; or MISSING.

    >>> value_cited(("items", "1"), {"items": [3, 4]}), value_cited(("items", "2"), {"items": [3, 4]}) is MISSING
    (4, True)
    """
    for key in keys:
        if isinstance(facts, list) and _PLACE.fullmatch(key) and int(key) < len(facts):
            facts = facts[int(key)]
        elif isinstance(facts, Mapping) and key in facts:
            facts = facts[key]
        else:
            return MISSING
    return facts


def is_altered(keys: Keys, altered: Collection[Keys]) -> bool:
    """Return whether one of the altered places is this one, above it or below it.

    >>> [is_altered(("risk", "rate"), [place]) for place in (("risk", "rate"), ("risk",), (), ("risk", "loss"))]
    [True, True, True, False]
    """
    return any(all(one == other for one, other in zip(keys, each, strict=False)) for each in altered)


def _readings(path: str) -> Iterator[Keys]:
    """Yield the keys that a path may mean, without what it may begin with, and as it is written."""
    for keys in (tuple(path.split(".")), _in_brackets(path)):
        if keys[1:] and keys[0] in ROOTS:
            yield keys[1:]
        yield keys


def _in_brackets(path: str) -> Keys:
    """Return the keys of a path that may have brackets, `a["b.c"][0].d`; none where it is not written so."""
    found = [*_KEY.finditer(path)]
    return tuple(map(_key, found)) if "".join(each[0] for each in found) == path else ()


def _key(found: re.Match[str]) -> str:
    inside, plain = found.groups()
    if inside is None:
        return plain
    if inside[0] != '"':
        return inside.strip("'")
    try:
        return str(json.loads(inside))
    except ValueError:  # not JSON, so no key of a JSON object
        return inside
