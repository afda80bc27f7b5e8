"""Budgets: what a run may still do, checked before it does it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from policies.language import say
from policies.nearest import allowed_names
from policies.run.stop import stop_reason
from policies.run.usage import NOTHING_HELD, NOTHING_USED, Reservation, Usage
from policies.team.team import Budget
from policies.wording import refusal


@dataclass(frozen=True, slots=True)
class Charge:
    """What a team that answers for a role has used so far, and was charged to the run already."""

    messages: int = 0
    usage: Usage = NOTHING_USED


@dataclass(frozen=True, slots=True)
class Spent:
    """What counts against the budget: messages and rounds granted, reservations of the calls under way, usage."""

    messages: int = 0
    rounds: int = 0
    reserved: Reservation = NOTHING_HELD
    usage: Usage = NOTHING_USED


def change_budget(budget: Budget, changes: Mapping[str, Any]) -> Budget:
    """Return the budget with some limits changed.

    Raises:
        ValueError: an unknown limit, or a value that is not allowed; the message names every one.

    >>> change_budget(Budget(), {"max_rounds": 5}).max_rounds
    5
    """
    try:
        return Budget.model_validate({**budget.model_dump(), **changes})
    except ValidationError as error:
        raise ValueError(say("; ").join(_problem(detail) for detail in error.errors(include_url=False))) from None


def _problem(detail: ErrorDetails) -> str:
    where = f"budget.{'.'.join(map(str, detail['loc']))}"
    if detail["type"] == "extra_forbidden":
        return say(
            "{where} is not a limit{allowed}",
            where=where,
            allowed=allowed_names(str(detail["loc"][-1]), Budget.model_fields),
        )
    return f"{where} {refusal(detail)}"


def grant(spent: Spent, reservation: Reservation) -> Spent:
    """Return the spending after one more ask was granted with its reservation."""
    held = Reservation(
        spent.reserved.tokens + reservation.tokens, round(spent.reserved.cost_usd + reservation.cost_usd, 9)
    )
    return replace(spent, messages=spent.messages + reservation.messages, reserved=held)


def grant_longer(budget: Budget, spent: Spent, reservation: Reservation) -> Spent | None:
    """Return the spending where an answer that is cut may be asked for again, twice as long; None where it may not.

    Under a limit a guess is not taken twice.

    >>> held = Reservation(tokens=802, longer_tokens=1602)
    >>> grant_longer(Budget(max_tokens=2403), Spent(reserved=held), held)
    >>> grant_longer(Budget(max_tokens=2404), Spent(reserved=held), held).reserved.tokens
    2404
    """
    is_limited = budget.max_tokens is not None or budget.max_cost_usd is not None
    longer = Reservation(reservation.longer_tokens, reservation.longer_usd, messages=0)
    if (is_limited and reservation.is_guess) or refuse_call(budget, spent, longer):
        return None
    return grant(spent, longer)


def refuse_message(budget: Budget, spent: Spent, reservation: Reservation) -> str | None:
    """Return the stop reason that forbids one more message, or None while it fits.

    >>> refuse_message(Budget(max_messages=1), Spent(messages=1), Reservation())
    'max_messages'
    """
    if spent.messages + reservation.messages > budget.max_messages:
        return stop_reason("max_messages")
    return refuse_call(budget, spent, reservation)


def refuse_call(budget: Budget, spent: Spent, reservation: Reservation) -> str | None:
    """Return the stop reason that forbids one more call, messages aside, or None while it fits."""
    tokens = spent.usage.tokens + spent.reserved.tokens + reservation.tokens
    cost = spent.usage.cost_usd + spent.reserved.cost_usd + reservation.cost_usd
    if seconds_left(budget, spent) <= 0:
        return stop_reason("max_seconds")
    if budget.max_tokens is not None and tokens > budget.max_tokens:
        return stop_reason("max_tokens")
    if budget.max_cost_usd is not None and round(cost, 9) > budget.max_cost_usd:
        return stop_reason("max_cost")
    return None


def refuse_round(budget: Budget, spent: Spent) -> str | None:
    """Return the stop reason that forbids one more round, or None while it fits.

    >>> refuse_round(Budget(max_rounds=3), Spent(rounds=3))
    'max_rounds_reached'
    """
    return stop_reason("max_rounds_reached") if spent.rounds >= budget.max_rounds else None


def reserve_team(inner: Budget, charged: Charge, budget: Budget, spent: Spent) -> Reservation:
    """Return what a team that answers for a role may use: its own limits as far as they go, within what is left.

    One that used up its own messages is granted none, and stops again; `raised` lets it continue.

    >>> reserve_team(Budget(max_messages=4), Charge(), Budget(max_messages=12), Spent(messages=9)).messages
    3
    """
    used, total = charged.usage, spent.usage
    left = budget.max_messages - spent.messages
    messages = 1 if left < 1 else int(_allotted(inner.max_messages, charged.messages, left) or 0)
    tokens = _allotted(inner.max_tokens, used.tokens, _left(budget.max_tokens, total.tokens))
    cost = _allotted(inner.max_cost_usd, used.cost_usd, _left(budget.max_cost_usd, total.cost_usd))
    return Reservation(int(tokens or 0), round(cost or 0.0, 9), messages)


def raised(inner: Budget, before: Budget, now: Budget) -> Budget:
    """Return the limits of a team that answers for a role, those raised that were raised for the run.

    >>> raised(Budget(max_messages=4), Budget(max_messages=12), Budget(max_messages=20)).max_messages
    20
    """
    limits = ("max_rounds", "max_messages", "max_seconds", "max_tokens", "max_cost_usd")
    changes = {name: _raised(*(getattr(each, name) for each in (inner, before, now))) for name in limits}
    return inner.model_copy(update=changes)


def _raised(own: float | None, before: float | None, now: float | None) -> float | None:
    if own is None or before is None or (now is not None and now <= before):
        return own
    return None if now is None else max(own, now)


def limits_of_team(inner: Budget, charged: Charge, messages: int, budget: Budget, spent: Spent) -> dict[str, Any]:
    """Return the budget with which a team answers for a role that was granted so many messages.

    >>> limits_of_team(Budget(), Charge(), 5, Budget(max_seconds=30.0), Spent())["max_seconds"]
    30.0
    """
    used, total = charged.usage, spent.usage
    seconds = _allotted(inner.max_seconds, used.seconds, seconds_left(budget, spent)) or 0.0
    tokens = _allotted(inner.max_tokens, used.tokens, _left(budget.max_tokens, total.tokens))
    cost = _allotted(inner.max_cost_usd, used.cost_usd, _left(budget.max_cost_usd, total.cost_usd))
    return {
        "max_messages": charged.messages + messages,
        "max_seconds": max(round(used.seconds + seconds, 6), 1e-6),
        "max_tokens": None if tokens is None else max(used.tokens + int(tokens), 1),
        "max_cost_usd": None if cost is None else max(round(used.cost_usd + cost, 9), 1e-9),
    }


def _left(limit: float | None, used: float) -> float | None:
    return None if limit is None else max(limit - used, 0)


def _allotted(own: float | None, used: float, left: float | None) -> float | None:
    """Return what may be used beyond what was: the own limit within what is left; None for no limit."""
    still = None if own is None else max(own - used, 0)
    return min((each for each in (still, left) if each is not None), default=None)


def charge(total: Charge, charged: Charge) -> Charge:
    """Return what a team used since it was charged last.

    >>> charge(Charge(5, Usage(calls=4)), Charge(2, Usage(calls=2)))
    Charge(messages=3, usage=Usage(calls=2, prompt_tokens=0, completion_tokens=0, cost_usd=0.0, seconds=0.0))
    """
    now, before = total.usage, charged.usage
    return Charge(
        total.messages - charged.messages,
        Usage(
            now.calls - before.calls,
            now.prompt_tokens - before.prompt_tokens,
            now.completion_tokens - before.completion_tokens,
            round(now.cost_usd - before.cost_usd, 9),
            round(now.seconds - before.seconds, 6),
        ),
    )


def seconds_left(budget: Budget, spent: Spent) -> float:
    """Return the seconds at work that are left; never below 0.

    >>> seconds_left(Budget(max_seconds=40), Spent(usage=Usage(seconds=38.5)))
    1.5
    """
    return max(0.0, budget.max_seconds - spent.usage.seconds)
