"""Overrides: values set over a team file, from `--set path=value` or a batch line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graph.documents import read_yaml
from graph.problems import UsageError
from policies.language import phrase, say
from policies.nearest import allowed_names, nearest
from policies.plain import shown

Raw = dict[str, Any]
Place = tuple[str | int, ...]
ROLES = "roles"
"""The field whose keys are names of the team's own."""

FACTS = "facts"

_KEY = re.compile(r'"([^"]+)"|([^."]+)')
_PATH = re.compile(r'("[^"]+"|[^."]+)(\.("[^"]+"|[^."]+))*')


def apply_settings(raw: Raw, settings: Sequence[str]) -> Raw:
    """Return the team with each `path=value` set, and each `path+=value` appended to a list.

    Raises:
        UsageError: a setting has no `=`, or its path does not lead into the team; all such settings at once.
    """
    problems: list[str] = []
    for setting in settings:
        try:
            raw = _apply(raw, f"--set {setting}")
        except UsageError as error:
            problems.extend(error.problems)
    if problems:
        raise UsageError(*problems)
    return raw


def merge(raw: Raw, overrides: Mapping[str, Any]) -> Raw:
    """Return the team with the overrides merged over it: mappings key by key, everything else replaced.

    A key with dots is a path, as in `--set`, and its value replaces what is there.

    Raises:
        UsageError: a path does not lead into the team.
    """
    paths = {key: value for key, value in overrides.items() if len(keys_of(key)) > 1}
    changed = merged(raw, {key: value for key, value in overrides.items() if key not in paths})
    for path, value in paths.items():
        changed = _set(changed, keys_of(path), value, is_append=False, setting=f"`overrides`: {path}")
    return changed


def is_changed_by(place: Place, overrides: Mapping[str, Any]) -> bool:
    """Return whether overrides have a value in a place of a team, or in one that it is within."""
    paths = [tuple(keys_of(key)) for key in overrides if len(keys_of(key)) > 1]
    return any(place[: len(path)] == path for path in paths) or _has_value(place, overrides)


def _has_value(place: Place, overrides: Any) -> bool:
    if not place or not isinstance(overrides, Mapping):
        return True
    return place[0] in overrides and _has_value(place[1:], overrides[place[0]])


def merged(raw: Mapping[str, Any], over: Mapping[str, Any]) -> Raw:
    """Return values with others over them: mappings key by key, everything else replaced.

    >>> merged({"risk": {"rate": 0.1, "alerts": 4}, "region": "US"}, {"risk": {"alerts": 0}})
    {'risk': {'rate': 0.1, 'alerts': 0}, 'region': 'US'}
    """
    both = {
        key: merged(raw[key], value) if isinstance(value, Mapping) and isinstance(raw.get(key), dict) else value
        for key, value in over.items()
    }
    return {**raw, **both}


def keys_of(path: str) -> list[str]:
    """Return the keys of a setting's path; none where it is not a path."""
    path = path.strip().removesuffix("+").strip()
    keys = [quoted or bare for quoted, bare in _KEY.findall(path)]
    return keys if _PATH.fullmatch(path) else []


def _apply(raw: Raw, setting: str) -> Raw:
    path, found, text = setting.removeprefix("--set ").partition("=")
    is_append = path.endswith("+")
    keys = keys_of(path)
    if not found or not keys:
        told = say(
            "is not a setting; allowed: path=value or path+=value, a key with dots in quotes: {example}",
            example='prices."gpt-4.1-mini".prompt=0.4',
        )
        raise UsageError(f"{setting}: {told}")
    value = read_yaml(text.encode("utf-8", "surrogatepass"), setting).value
    return _set(raw, keys, value, is_append, setting)


def _set(raw: Raw, keys: Sequence[str], value: Any, is_append: bool, setting: str) -> Raw:
    key, rest = keys[0], keys[1:]
    if rest:
        inner = raw.get(key) or {}
        if not isinstance(inner, dict):
            told = say("`{key}` is {value}, which has no fields", key=key, value=shown(inner))
            raise UsageError(f"{setting}: {told}")
        is_new_role = len(rest) == 1 and isinstance(value, dict)
        if key == ROLES and inner and rest[0] not in inner and not is_new_role:
            allowed = allowed_names(rest[0], inner)
            told = say("`{role}` is not a role of this team{allowed}", role=rest[0], allowed=allowed)
            raise UsageError(f"{setting}: {told}")
        if key == FACTS and not is_append:
            _refuse_misspelled(inner, rest, setting)
        return {**raw, key: _set(inner, rest, value, is_append, setting)}
    if not is_append:
        return {**raw, key: value}
    kept = raw.get(key) or []
    if not isinstance(kept, list):
        raise UsageError(f"{setting}: {say('`{key}` is not a list, so nothing can be appended', key=key)}")
    return {**raw, key: [*kept, *(value if isinstance(value, list) else [value])]}


def _refuse_misspelled(facts: Any, keys: Sequence[str], setting: str) -> None:
    """Refuse a fact that is not there, but one of nearly that name is: nobody would notice that it changes nothing."""
    for key in keys:
        if not isinstance(facts, dict):
            return
        meant = None if key in facts else nearest(key, map(str, facts))
        if meant and not _differ_by_digits(key, meant):
            told = phrase("`{key}` is not in the facts; did you mean `{meant}`? A new fact comes with --facts FILE")
            raise UsageError(f"{setting}: {say(told, key=key, meant=meant)}")
        facts = facts.get(key)


def _differ_by_digits(one: str, other: str) -> bool:
    """Return whether two names are one with another number, as those of two years are."""
    return re.sub(r"\d", "", one) == re.sub(r"\d", "", other)
