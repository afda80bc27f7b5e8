"""Overrides: values set over a team file, from `--set path=value` or a batch line."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graph.documents import read_yaml
from graph.problems import UsageError
from policies.plain import shown

Raw = dict[str, Any]
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
            raw = _apply(raw, setting)
        except UsageError as error:
            problems.extend(error.problems)
    if problems:
        raise UsageError(*problems)
    return raw


def merge(raw: Raw, overrides: Mapping[str, Any]) -> Raw:
    """Return the team with the overrides merged over it: mappings key by key, everything else replaced."""
    both = {
        key: merge(raw[key], value) if isinstance(value, Mapping) and isinstance(raw.get(key), dict) else value
        for key, value in overrides.items()
    }
    return {**raw, **both}


def keys_of(path: str) -> list[str]:
    """Return the keys of a setting's path; none where it is no path."""
    path = path.strip().removesuffix("+").strip()
    keys = [quoted or bare for quoted, bare in _KEY.findall(path)]
    return keys if _PATH.fullmatch(path) else []


def _apply(raw: Raw, setting: str) -> Raw:
    path, found, text = setting.partition("=")
    is_append = path.endswith("+")
    keys = keys_of(path)
    if not found or not keys:
        raise UsageError(
            f"--set {setting}: is not a setting; allowed: path=value or path+=value, "
            'a key with dots in quotes: prices."gpt-4.1-mini".prompt=0.4'
        )
    value = read_yaml(text.encode("utf-8", "surrogatepass"), f"--set {setting}").value
    return _set(raw, keys, value, is_append, setting)


def _set(raw: Raw, keys: Sequence[str], value: Any, is_append: bool, setting: str) -> Raw:
    key, rest = keys[0], keys[1:]
    if rest:
        inner = raw.get(key) or {}
        if not isinstance(inner, dict):
            raise UsageError(f"--set {setting}: `{key}` is {shown(inner)}, which has no fields")
        return {**raw, key: _set(inner, rest, value, is_append, setting)}
    if not is_append:
        return {**raw, key: value}
    kept = raw.get(key) or []
    if not isinstance(kept, list):
        raise UsageError(f"--set {setting}: `{key}` is not a list, so nothing can be appended")
    return {**raw, key: [*kept, *(value if isinstance(value, list) else [value])]}
