"""Steadiness in words: what asking a round again gave, for people who do no statistics."""

from collections.abc import Mapping
from typing import Any

from policies.language import in_figures, phrase, say, say_count

ACTS = {
    "announce": phrase("announced"),
    "escalate": phrase("people were asked"),
    "stop": phrase("the run stopped"),
}
"""What a round that was asked again led to."""


def stability_in_words(found: Mapping[str, Any]) -> str:
    """Return what a round that was asked again gave, what was allowed, and what it led to, as one sentence.

    >>> found = {"samples": 5, "completed": 5, "flips": 1, "rate": 0.2, "low": 0.00505, "high": 0.71642}
    >>> print(stability_in_words({**found, "max_flip_rate": 0.2, "acts": "announce"}).partition(":")[2])
     1 of 5 came out otherwise (20%; the true rate lies between 0.5% and 71.6% with 95% confidence), at most 20% allowed: announced.
    """  # noqa: E501
    acts = say(ACTS[found["acts"]])
    if not found["completed"]:
        told = phrase("{asked}, but not once did every role answer, so nobody knows how sure the decision is: {acts}.")
        return say(told, asked=_asked(found), acts=acts)
    limit = said_limit(found["max_flip_rate"])
    return say("{found}, at most {limit} allowed: {acts}.", found=_found(found), limit=limit, acts=acts)


def unsteady_in_words(found: Mapping[str, Any]) -> str:
    """Return why a decision was not announced that a round asked again did not bear out, as part of a sentence.

    >>> unsteady_in_words({"samples": 2, "completed": 0})[:31]
    'asked again 2 times with the fa'
    """
    if not found["completed"]:
        told = say("{asked}, not once did every role answer", asked=_asked(found))
    else:
        limit = said_limit(found["max_flip_rate"])
        told = say("{found}, and at most {limit} is allowed", found=_found(found), limit=limit)
    return f"{told[:1].lower()}{told[1:]}"


def _asked(found: Mapping[str, Any]) -> str:
    return say_count(
        "Asked again once with the facts in another order",
        "Asked again {number} times with the facts in another order",
        found["samples"],
    )


def _found(found: Mapping[str, Any]) -> str:
    rate = said_rate(found["rate"])
    if found.get("low") is not None and found.get("high") is not None:
        rate = say(
            "{rate}; the true rate lies between {low} and {high} with {sure} confidence",
            rate=rate,
            low=said_rate(found["low"]),
            high=said_rate(found["high"]),
            sure=said_rate(0.95),
        )
    return say("{asked}: {flips} ({rate})", asked=_asked(found), flips=_flips(found), rate=rate)


def _flips(found: Mapping[str, Any]) -> str:
    completed = found["completed"]
    if completed < found["samples"]:
        return say_count(
            "of the {completed} in which every role answered, {number} came out otherwise",
            "of the {completed} in which every role answered, {number} came out otherwise",
            found["flips"],
            completed=completed,
        )
    return say_count(
        "{number} of {completed} came out otherwise",
        "{number} of {completed} came out otherwise",
        found["flips"],
        completed=completed,
    )


def said_rate(share: float) -> str:
    """Return a share of 1 in percent, to a tenth.

    >>> said_rate(0.2), said_rate(1 / 3), said_rate(0.00505)
    ('20%', '33.3%', '0.5%')
    """
    return say("{number}%", number=in_figures(f"{100 * share:.1f}".removesuffix(".0")))


def said_limit(share: float) -> str:
    """Return a limit in percent, with the digits that it was given with.

    >>> said_limit(0.29), said_limit(0.0025)
    ('29%', '0.25%')
    """
    return say("{number}%", number=in_figures(f"{100 * share:.6g}"))
