"""Titles: what people call the roles of a team, so that no two are called the same."""

from collections import Counter
from collections.abc import Mapping


def distinct_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Return the title of each role by its name; where two have one title, the name of each is added.

    >>> distinct_titles({"risk": "Risk", "one": "Analyst", "two": "Analyst"})
    {'risk': 'Risk', 'one': 'Analyst (one)', 'two': 'Analyst (two)'}
    """
    counts = Counter(titles.values())
    return {name: title if counts[title] == 1 else f"{title} ({name})" for name, title in titles.items()}
