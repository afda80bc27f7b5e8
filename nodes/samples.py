"""Samples: the last round as it is asked again before its decision is announced, as the state says it.

A sample has one seat for each role that is asked again. Its prompts are those of the round, with the keys of the facts
in an order of their own, and a seed for the model.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

from nodes.asking import thread_in
from nodes.events import events_of
from nodes.fingerprint import canonical
from nodes.rulings import ruling_of
from policies.assurance.audit import Event
from policies.decision.table import DECISIONS

MARK = "~"
"""What comes between a role and the number of its sample in the name of a seat; no role has it in its name."""
MAX_SEED = 2**31
"""Seeds are below it: some endpoints take no larger ones."""

Plain = dict[str, Any]
State = Mapping[str, Any]


def seat_named(role: str, sample: int) -> str:
    """Return the name of a role's seat in a sample.

    >>> seat_named("risk", 2)
    'risk~2'
    """
    return f"{role}{MARK}{sample}"


def sample_of(seat: str) -> tuple[str, int]:
    """Return the role of a seat in a sample, and the number of the sample.

    >>> sample_of("risk~2")
    ('risk', 2)
    """
    role, _, number = seat.partition(MARK)
    return role, int(number)


def is_due(state: State) -> bool:
    """Return whether the team decided, and its decision is still to be checked before it is announced."""
    if not state["case"]["team"].get("stability") or state.get("outcome") not in DECISIONS:
        return False
    return ruling_of(state) is None and (newest_check(state) or {}).get("acts") != "announce"


def newest_check(state: State) -> Plain | None:
    """Return the newest check of the round that is decided now, whether it is under way or not; None before any."""
    last: Plain | None = state.get("stability")
    return last if last and last["round"] == state["round"] else None


def decided_in(state: State) -> Event:
    """Return the event of the outcome that is to be announced."""
    return events_of(state, "outcome")[-1]


def before_decision(state: State) -> Any:
    """Return the state as it was when its last round was asked and closed: open, under the limits of then."""
    outcome = decided_in(state)
    return {
        **state,
        "outcome": None,
        "history": state["history"][:-1],
        "events": state["events"][: outcome["seq"]],
        "limits": {**state["limits"], "max_rounds": outcome["max_rounds"]},
    }


def seed_of(state: State, sample: int) -> int:
    """Return the seed of a sample: another one for each thread, round, check and sample, and always the same."""
    check = (newest_check(state) or {}).get("number", 1)
    told = canonical([thread_in(state), state["case"]["revision"], state["round"], check, sample])
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8]) % MAX_SEED


def reordered(value: Any, seed: int) -> Any:
    """Return a value with the keys of all its objects in an order that the seed gives; lists keep theirs.

    >>> reordered({"a": 1, "b": {"c": [3, 2], "d": 4}}, seed=1)
    {'b': {'d': 4, 'c': [3, 2]}, 'a': 1}
    """
    return _reordered(value, random.Random(seed))  # an order, and no secret


def _reordered(value: Any, rng: random.Random) -> Any:
    if isinstance(value, Mapping):
        keys = sorted(value)  # a database may reorder keys
        rng.shuffle(keys)
        return {key: _reordered(value[key], rng) for key in keys}
    return [_reordered(each, rng) for each in value] if isinstance(value, list) else value


def seats_in(check: Mapping[str, Any]) -> Iterator[Plain]:
    """Yield the seats of a check that hold nothing yet."""
    return (seat for seat in check["seats"] if seat["accepted"] is None and seat["absent"] is None)
