"""Unknowns: why nobody can know how a past run would have ended, in words."""

from policies.language import phrase, say
from policies.run.stop import Stop

OTHER_MEANS = phrase("the run had other limits on time, tokens or cost by then, or was cut by them")


def resumed_perhaps(stop: Stop) -> str:
    """Return why it is unknown what follows a stop that the run did not have: people might have resumed it."""
    if not stop.phase:
        return say("it would have stopped with {reason}, and might have been resumed", reason=stop.reason)
    return say(
        "it would have stopped with {reason} at {phase}, and might have been resumed",
        reason=stop.reason,
        phase=stop.phase,
    )


def not_opened(round: int, is_noted: bool) -> str:
    """Return why nothing is known of a round: it was opened with the reasons that people gave, or not at all."""
    if is_noted:
        return say("people gave reasons for round {round}", round=round)
    return say("round {round} never took place", round=round)


def stopped_where(stop: Stop, next_round: int) -> str:
    """Return where a run stopped.

    >>> stopped_where(Stop("max_messages"), 2), stopped_where(Stop("busy", "facts"), 2)
    ('stopped before round 2', 'stopped at facts')
    """
    if stop.phase:
        return say("stopped at {phase}", phase=stop.phase)
    return say("stopped before round {round}", round=next_round)


def asked_elsewhen(round: int) -> str:
    """Return why silence in a round says nothing."""
    return say("who was silent in round {round} would have been asked at another moment", round=round)


def unasked(name: str, round: int, stays: bool, joins: bool, is_again: bool) -> str:
    """Return why a seat has no answer that could be counted: it stays or joins only now, or was asked less often.

    >>> unasked("risk", 2, stays=False, joins=False, is_again=True)
    'risk was not asked again in round 2'
    """
    if stays:
        return say("{name} would have stayed in round {round}", name=name, round=round)
    if joins:
        return say("{name} would have joined in round {round}", name=name, round=round)
    if is_again:
        return say("{name} was not asked again in round {round}", name=name, round=round)
    return say("{name} was not asked in round {round}", name=name, round=round)
