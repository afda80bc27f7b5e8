"""Attention: what a decision that is watched asks of its owner, and which decisions come first in a list."""

from typing import Literal, get_args

from policies.assurance.tripwires import WatchVerdict

Attention = Literal["reopen", "unknown", "weakened", "unseen", "holds", "sourceless", "reopened"]
"""What a decision asks for, the most urgent first.

`unseen`: nobody has looked at it yet. `sourceless`: nobody can, since its facts have no source. `reopened`: it is taken
again, so that another thread has the decision now.
"""
URGENCY: tuple[Attention, ...] = get_args(Attention)


def attention_of(
    verdict: WatchVerdict | None, *, has_source: bool = True, is_expired: bool = False, is_reopened: bool = False
) -> Attention:
    """Return what a decision asks for, by what the last look at it found (None: there was none), and its time now.

    >>> attention_of("holds"), attention_of("holds", is_expired=True), attention_of("reopen", is_reopened=True)
    ('holds', 'reopen', 'reopened')
    >>> attention_of(None), attention_of("unknown"), attention_of(None, has_source=False)
    ('unseen', 'unknown', 'sourceless')
    """
    if is_reopened:
        return "reopened"
    if is_expired:
        return "reopen"
    if verdict in (None, "unknown") and not has_source:
        return "sourceless"
    return verdict or "unseen"


def urgency_of(attention: Attention) -> int:
    """Return where a decision comes in a list, from 0.

    >>> urgency_of("reopen") < urgency_of("unknown") < urgency_of("holds") < urgency_of("reopened")
    True
    """
    return URGENCY.index(attention)
