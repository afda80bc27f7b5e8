"""Changing: settings and overrides applied to a team's raw values, also where its facts come from sources."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.facts.loader import facts_at_hand
from graph.facts.table import sources_in
from graph.problems import UsageError
from graph.teams.overrides import Raw, apply_settings, keys_of, merge, merged
from policies.language import phrase, say

FACTS = "facts"
CHANGED = "settings"
"""What the values that a run sets over the facts of sources are called as a source."""


def with_facts_changed(raw: Raw, overrides: Mapping[str, Any], settings: Sequence[str]) -> Raw:
    """Return a team's values with overrides and settings applied.

    Single facts that are set over sources are a source of their own behind these.

    Raises:
        UsageError: a setting has no `=`, or its path does not lead into the team; or a source that is at hand cannot be
            read, so that nothing can be set over it.
    """
    sources = sources_in(raw.get(FACTS))
    if sources is None or not _sets_single_facts(overrides, settings):
        return apply_settings(merge(raw, overrides), settings)
    known = facts_at_hand(sources)
    _refuse_appended(known, settings)
    changed = apply_settings(merge({**raw, FACTS: known or {}}, overrides), settings)
    after = changed[FACTS]
    if not isinstance(after, dict):
        return changed
    over = _difference(known or {}, after)
    if merged(known or {}, over) != after:
        raise UsageError(say("settings cannot take a fact away that a source gives; set it to another value"))
    return {**changed, FACTS: [*raw[FACTS], {"inline": over, "name": CHANGED}] if over else raw[FACTS]}


def _sets_single_facts(overrides: Mapping[str, Any], settings: Sequence[str]) -> bool:
    """Return whether single facts are set, and the facts are not replaced as a whole."""
    paths = [keys_of(setting.partition("=")[0]) for setting in settings]
    if [FACTS] in paths or not isinstance(overrides.get(FACTS, {}), Mapping):
        return False
    return FACTS in overrides or any(path[:1] == [FACTS] for path in (*paths, *map(keys_of, overrides)))


def _refuse_appended(known: Raw | None, settings: Sequence[str]) -> None:
    told = phrase("nothing can be appended to facts that are fetched when the run begins; set the whole list")
    paths = [(setting, setting.partition("=")[0].strip()) for setting in settings]
    problems = [
        f"--set {setting}: {say(told)}"
        for setting, path in paths
        if path.endswith("+") and keys_of(path)[:1] == [FACTS]
    ]
    if known is None and problems:
        raise UsageError(*problems)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Raw:
    """Return what merged over one mapping gives the other, where nothing of it has to go."""
    over: Raw = {}
    for key, value in after.items():
        kept = before.get(key)
        if isinstance(kept, Mapping) and isinstance(value, Mapping):
            inner = _difference(kept, value)
            over |= {key: inner} if inner else {}
        elif key not in before or kept != value or isinstance(kept, bool) != isinstance(value, bool):
            over[key] = value
    return over
