"""Offices: what people call those who answer for a team."""

from collections.abc import Mapping

from graph.past import Past

Titles = Mapping[str, str]

NO_OFFICES: Titles = {}
"""Whose offices are not known where a sentence is said."""


def offices_of(past: Past) -> dict[str, str]:
    """Return what people call the office of each approver."""
    return {name: str(each["title"]) for name, each in past.team.get("approvers", {}).items()}


def titled(name: str, titles: Titles) -> str:
    """Return an approver, the office first where that is known.

    >>> titled("cfo", {"cfo": "Chief financial officer"}), titled("Ada", {}), titled("cfo", {"cfo": "cfo"})
    ('Chief financial officer (cfo)', 'Ada', 'cfo')
    """
    return f"{titles[name]} ({name})" if titles.get(name, name) != name else name
