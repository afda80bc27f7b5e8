"""Recovery: what the death of a process costs a run, and how often in a row a run is brought back."""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.run.stop import stop_reason
from policies.run.usage import Reservation, Usage, add_usage
from policies.team.team import Budget


@dataclass(frozen=True, slots=True)
class Recoveries:
    """How often a run was brought back: in all, in a row without progress, and how much was answered by the last time.

    `answered` counts the answers that fill a seat; more of them than the last time are progress.
    """

    made: int = 0
    in_a_row: int = 0
    answered: int = 0


def one_more(before: Recoveries, answered: int) -> Recoveries:
    """Return the recoveries with one more; an answer that filled a seat since the last one begins a new row.

    >>> one_more(Recoveries(made=4, in_a_row=4, answered=2), answered=2).in_a_row
    5
    >>> one_more(Recoveries(made=4, in_a_row=4, answered=2), answered=3).in_a_row
    1
    """
    in_a_row = before.in_a_row + 1 if answered == before.answered else 1
    return Recoveries(before.made + 1, in_a_row, answered)


def refuse_recovery(budget: Budget, recoveries: Recoveries) -> str | None:
    """Return the stop reason where a run was brought back too often in a row, or None.

    >>> refuse_recovery(Budget(max_recoveries=5), Recoveries(made=6, in_a_row=6))
    'recovery_exhausted'
    """
    return stop_reason("recovery_exhausted") if recoveries.in_a_row > budget.max_recoveries else None


def charge_lost(usage: Usage, lost: Iterable[Reservation]) -> Usage:
    """Return the usage with calls that were under way when a process died: calls, tokens and cost, never seconds.

    What such a call used is not known, so it counts as reserved.

    >>> charge_lost(Usage(calls=1, seconds=2.0), [Reservation(tokens=900)])
    Usage(calls=2, prompt_tokens=900, completion_tokens=0, cost_usd=0.0, seconds=2.0)
    """
    for each in lost:
        usage = add_usage(usage, Usage(1, each.tokens, 0, each.cost_usd))
    return usage
