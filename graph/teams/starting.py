"""A team file to start from: the rounds as `new/team.yaml` has them, and each other pattern made from that file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from string import Template
from textwrap import dedent, fill, indent
from typing import Any

from graph.documents import read_yaml
from graph.problems import UsageError
from policies.language import say
from policies.nearest import allowed_names
from policies.patterns.course import PATTERNS, pattern_named

WIDTH = 120
LIMITS = """max_messages: 24     # answers asked for, repairs included
max_seconds: 120     # time at work"""


def new_team_file(pattern: str | None) -> str:
    """Return a commented team file of a pattern, by default of the rounds, that runs as it is.

    Raises:
        UsageError: there is no such pattern.
    """
    if pattern is not None and pattern not in PATTERNS:
        allowed = allowed_names(pattern, PATTERNS)
        raise UsageError(say("there is no pattern `{name}`{allowed}", name=pattern, allowed=allowed))
    if pattern is None or pattern_named(pattern).is_rounds:
        return _text("team.yaml")
    lines: Mapping[str, Any] = read_yaml(_text("patterns.yaml").encode(), "patterns.yaml").value[pattern]
    written = Template(_text("pattern.yaml")).substitute(_parts(pattern, lines, _text("team.yaml").split("\n\n")))
    return re.sub(r"\n{3,}", "\n\n", written)


def _parts(pattern: str, lines: Mapping[str, Any], shared: Sequence[str]) -> dict[str, str]:
    """Return what goes into each place of the file; facts, guards and roles are those of the rounds."""
    start = next(index for index, text in enumerate(shared) if text.startswith("roles:"))
    roles = [dedent(text.removeprefix("roles:\n")).rstrip() for text in shared[start:]]
    return {
        "pattern": pattern,
        "good_for": pattern_named(pattern).good_for,
        "about": fill(" ".join(lines["about"].split()), WIDTH - 2).replace("\n", "\n# "),
        **{key: lines.get(key, "") for key in ("goal", "work", "policy")},
        "budget": indent("\n".join(filter(None, [lines.get("budget"), LIMITS])), "  "),
        "facts": next(text for text in shared if "\nfacts:" in text),
        "guards": next(text for text in shared if "\nguards:" in text) if pattern_named(pattern).count else "",
        "roles": indent("\n\n".join(_roles(lines, {text.partition(":")[0]: text for text in roles})), "  "),
    }


def _roles(lines: Mapping[str, Any], roles: Mapping[str, str]) -> Iterator[str]:
    """Yield the text of each role: the lead, then the people, or the teams that they are in."""
    if "lead" in lines:
        yield lines["lead"]
    for name, team in lines.get("teams", {}).items():
        own = indent("\n\n".join(roles[role] for role in team["roles"]), "      ")
        head = f"{name}:\n  title: {team['title']}\n  mandate: {team['mandate']}\n  team:\n"
        yield f"{head}    pattern: {team['pattern']}\n    sequence: [{', '.join(team['roles'])}]\n    roles:\n{own}"
    if "teams" not in lines:
        yield from roles.values()


def _text(name: str) -> str:
    return (files("graph") / "teams" / "new" / name).read_text(encoding="utf-8")
