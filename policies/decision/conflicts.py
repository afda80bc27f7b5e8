"""Conflicts: named disagreements inside one round."""

from collections.abc import Iterable
from typing import Literal

from policies.team.fields import Stance

ConflictName = Literal["no_contributions", "go_vs_caution", "blocking_vs_non_block", "high_divergence"]


def find_conflicts(stances: Iterable[Stance]) -> list[ConflictName]:
    """Return every conflict that holds, in the order of the table; the order of the stances never matters.

    No stance at all is the conflict `no_contributions`.

    >>> find_conflicts(["go", "block"])
    ['blocking_vs_non_block']
    >>> find_conflicts([])
    ['no_contributions']
    """
    present = frozenset(stances)
    table: tuple[tuple[bool, ConflictName], ...] = (
        (not present, "no_contributions"),
        (present == {"go", "caution"}, "go_vs_caution"),
        ("block" in present and len(present) > 1, "blocking_vs_non_block"),
        (len(present) == 3, "high_divergence"),
    )
    return [name for holds, name in table if holds]
