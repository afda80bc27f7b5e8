"""Routing: where the graph goes next. Total and pure: a router that raises is never run again on resume."""

from collections.abc import Sequence
from typing import Literal

from policies.decision.table import DECISIONS
from policies.run.budgets import Spent, refuse_round
from policies.run.stop import ESCALATED, Stop
from policies.team.team import Budget

GOES_ON, DONE = "next_stage", "done"
"""The outcomes of a stage that nobody votes in: another one follows, or none."""

Step = Literal["convene", "finalize", "stop", "human"]
"""A node to go to."""


def is_over(outcome: object) -> bool:
    """Return whether the team is done and only the ending is left: it decided, or its stages reached their end.

    >>> is_over("go"), is_over("done"), is_over("next_round"), is_over(None)
    (True, True, False, False)
    """
    return outcome in DECISIONS or outcome == DONE


def refuse_next_round(outcome: object, budget: Budget, spent: Spent) -> Stop | None:
    """Return the stop where no round may follow, or None; one that was escalated still waits for a human.

    >>> refuse_next_round("next_round", Budget(max_rounds=1), Spent(rounds=1))
    Stop(reason='max_rounds_reached', phase=None)
    >>> refuse_next_round("escalate", Budget(max_rounds=1), Spent(rounds=1)) == ESCALATED
    True
    """
    reason = refuse_round(budget, spent)
    if reason is None:
        return None
    return ESCALATED if outcome == "escalate" else Stop(reason)


def next_step(outcome: object, pending_stop: object, is_unchecked: bool = False) -> Step:
    """Return where align leads: the end to finalize, another round or stage or an empty seat to convene, else to stop.

    A pending stop wins over everything; a decision that is still to be checked goes back to convene; what is escalated
    waits for a human; an outcome nobody knows stops.

    >>> next_step("go", None), next_step("next_round", None), next_step(None, None), next_step("escalate", None)
    ('finalize', 'convene', 'convene', 'human')
    >>> next_step("go", {"reason": "cancelled", "phase": None}), next_step("go", None, is_unchecked=True)
    ('stop', 'convene')
    """
    if pending_stop is not None:
        return "stop"
    if is_over(outcome):
        return "convene" if is_unchecked else "finalize"
    if outcome == "escalate":
        return "human"
    return "convene" if outcome in (None, "next_round", GOES_ON) else "stop"


def next_after_people(
    waits: bool, fills_seats: bool, outcome: object, pending_stop: object, stop_reason: object
) -> str:
    """Return where an answer leads: to whoever has not answered, to align with the seats that are filled, else on.

    >>> next_after_people(True, False, "escalate", None, None), next_after_people(False, True, None, None, None)
    ('human', 'align')
    >>> next_after_people(False, False, "go", None, None), next_after_people(False, False, "go", None, "success")
    ('finalize', 'end')
    """
    if stop_reason is not None:
        return "end"
    if pending_stop is None and waits:
        return "human"
    return "align" if pending_stop is None and fills_seats else next_step(outcome, pending_stop)


def next_nodes(
    asks: Sequence[str],
    outcome: object,
    pending_stop: object,
    stop_reason: object,
    waits: bool = False,
    is_unchecked: bool = False,
) -> list[str]:
    """Return where convene leads: nowhere on a finished thread, to who is asked, roles in parallel, else on.

    A decision that is still to be checked goes to align where nobody is asked for it any more.

    >>> next_nodes(["risk", "finance"], None, None, None), next_nodes(["legal"], None, None, None, waits=True)
    (['risk', 'finance'], ['human'])
    >>> next_nodes([], "go", None, None), next_nodes([], None, None, None), next_nodes([], None, None, "success")
    (['finalize'], ['align'], ['end'])
    """
    if stop_reason is not None:
        return ["end"]
    if pending_stop is not None:
        return ["stop"]
    if waits:
        return ["human"]
    if asks:
        return list(asks)
    return ["finalize"] if is_over(outcome) and not is_unchecked else ["align"]
