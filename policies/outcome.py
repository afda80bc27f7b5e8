"""Outcomes: what one finished round decides."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

from policies.contract import Stance

Decision = Literal["go", "go_with_caution", "no_go"]
"""`go`: do it. `go_with_caution`: do it under the conditions raised. `no_go`: do not."""

Outcome = Literal["go", "go_with_caution", "no_go", "next_round"]
"""A decision, or `next_round`: the team talks once more."""

DECISIONS: tuple[Decision, ...] = get_args(Decision)


def decide(stances: Iterable[Stance], min_go_votes: int) -> Outcome:
    """Return the outcome of the `classic` policy: the first row that holds.

    | when | outcome |
    |---|---|
    | two or more `block` | `no_go` |
    | one `block` | `next_round` |
    | `go` votes >= `min_go_votes` and no `caution` | `go` |
    | `go` votes >= `min_go_votes` | `go_with_caution` |
    | otherwise, and with no stance at all | `next_round` |

    Only the counts matter, never the order.

    >>> decide(["go", "go", "caution"], min_go_votes=2)
    'go_with_caution'
    """
    votes = Counter(stances)
    enough = votes["go"] >= min_go_votes
    rows: tuple[tuple[bool, Outcome], ...] = (
        (votes["block"] >= 2, "no_go"),
        (votes["block"] == 1, "next_round"),
        (enough and not votes["caution"], "go"),
        (enough, "go_with_caution"),
    )
    return next((outcome for holds, outcome in rows if holds), "next_round")
