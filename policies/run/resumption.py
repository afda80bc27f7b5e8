"""Resumption: what it means to resume a thread."""

from dataclasses import dataclass
from typing import Literal

from policies.run.stop import Stop, stop_reason

Way = Literal["refuse", "show", "enter", "continue"]
"""`refuse` what differs, `show` its result, `enter` with the input given, `continue` where it was cut off."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a thread is resumed, and what else that takes; `refused_as` is the stop reason of a refusal."""

    way: Way
    refused_as: str | None = None
    charges_lost: bool = False
    """Whether the calls of a process that died are charged first; a run that ends over that continues to its end."""
    enters_after: bool = False
    """Whether it is entered with the limits that are given, where it continues to a stop that can be resumed."""


def resumption_of(
    reason: str | None,
    moved: str | None = None,
    accepts_changes: bool = False,
    raises_limits: bool = False,
    waits: bool = False,
) -> Resumption:
    """Return how to resume a thread that its process left, or that stopped for a `reason`.

    `moved` is the first field of the input that differs from what the thread was started with. A thread that can no
    longer be resumed accepts no change. One that was cut off and is to have other limits is continued under its own.
    One that `waits` for people is shown, unless something is given that changes what they are asked.

    >>> resumption_of(None).way, resumption_of("max_messages").way, resumption_of("success").way
    ('continue', 'enter', 'show')
    >>> resumption_of("success", moved="goal", accepts_changes=True).refused_as
    'stale_thread:goal'
    >>> resumption_of(None, waits=True).way, resumption_of(None, raises_limits=True, waits=True).way
    ('show', 'enter')
    """
    is_finished = reason is not None and not Stop.parse(reason).rule.is_resumable
    if moved is not None and (is_finished or not accepts_changes):
        return Resumption("refuse", refused_as=stop_reason("stale_thread", moved))
    if is_finished:
        return Resumption("show")
    if reason is not None:
        return Resumption("enter")
    if waits:
        return Resumption("enter" if moved is not None or raises_limits else "show")
    if moved is not None:
        return Resumption("enter", charges_lost=True)
    return Resumption("continue", charges_lost=True, enters_after=raises_limits)
