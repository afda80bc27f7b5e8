"""Signed answers: whether each answer in a thread's events has the signature that its author's key asks for.

A thread pins the keys of its approvers where it is admitted, and anew where it is resumed. So its events alone say
which key counted when an answer was given.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nodes.fingerprint import digest
from nodes.signatures import decision_bytes, find_forgery
from policies.assurance.audit import Break, Event
from policies.decision.table import DECISIONS, PASSING
from policies.language import say
from policies.people.keys import read_key
from policies.people.panel import PERMITS, REFUSES
from policies.plain import shown

BOUND = ("policy", "facts")
"""The hashes of what a question was asked about, which an answer to it is signed with."""

Keys = Mapping[str, str]


def declared_keys(team: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys that a team, in its plain form, declares for its approvers; each without its comment."""
    approvers = team.get("approvers") or {}
    return {name: str(read_key(each["key"])) for name, each in approvers.items() if each.get("key")}


@dataclass(slots=True)
class Signing:
    """What is known of a thread on the way through its events: its id, the keys in force, what was asked."""

    thread: str = ""
    keys: Keys = field(default_factory=dict)
    since: int = 0
    """The number of the event that pinned the keys."""
    bound: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    asked: dict[str, Sequence[str]] = field(default_factory=dict)
    """Who was asked each question; nobody in particular where it names nobody."""
    said: dict[str, dict[str, Event]] = field(default_factory=dict)
    """The answers to each question, by whose place they fill."""

    def learn(self, event: Event) -> None:
        """Take in what an event pins or asks."""
        if event["event"] == "admitted":
            self.thread = event["thread"]
        if event["event"] in ("admitted", "resumed") and event.get("keys", {}) != self.keys:
            self.keys, self.since = event.get("keys", {}), event["seq"]
        if event["event"] == "asked" and event.get("question") is not None:
            self.bound.setdefault(event["question"], event["bound"])
            self.asked.setdefault(event["question"], event["asked"])
        if event["event"] == "answered":
            self.said.setdefault(event["question"], {})[event["seat_of"]] = event


def signings(events: Iterable[Event], kinds: Collection[str] = ("answered",)) -> Iterator[tuple[Event, Signing]]:
    """Yield each answer of a person, with what was known when it was given; or events of other kinds."""
    known = Signing()
    for event in events:
        known.learn(event)
        if event["event"] in kinds:
            yield event, known


def pinned_keys(events: Iterable[Event]) -> Keys:
    """Return the keys that are in force at the end of some events."""
    known = Signing()
    for event in events:
        known.learn(event)
    return known.keys


def find_unsigned(events: Iterable[Event]) -> Break | None:
    """Return the first answer that was not signed as its author's key asks, or that is counted as another one, or None.

    The events are those of an unbroken chain. What was signed has to be what was answered: the thread, the question,
    the hashes that it was asked about, the outcome and the reason.
    """
    for event, known in signings(events, ("answered", "ruled")):
        message = _find_unsigned(event, known) if event["event"] == "answered" else _find_uncounted(event, known)
        if message is not None:
            return Break(event["seq"], message)
    return None


def find_faults(events: Iterable[Event]) -> dict[int, str]:
    """Return the faults of the answers that are not signed as their authors' keys ask, by the numbers of the events."""
    found = {event["seq"]: _find_unsigned(event, known) for event, known in signings(events)}
    return {number: fault for number, fault in found.items() if fault is not None}


def _find_unsigned(event: Event, known: Signing) -> str | None:
    by, question, signature = event["by"], event["question"], event.get("signature")
    if question not in known.bound:
        return say("answers the question {question}, which was not asked", question=shown(question))
    key, seat = known.keys.get(by), event["seat_of"]
    if known.asked[question] and seat not in known.asked[question]:
        return say("fills the place of {seat}, who was not asked", seat=shown(seat))
    if key is None and seat in known.keys:
        return say("fills the place of {seat}, whose key the team declares, without a signature", seat=seat)
    if signature is None:
        return None if key is None else say("lacks the signature of {by}, whose key the team declares", by=by)
    if key is None:
        return say("has a signature of {by}, for whom the team declares no key", by=shown(by))
    return _find_unlike(event, known) or _find_forged(event, key)


def _find_unlike(event: Event, known: Signing) -> str | None:
    """Return the first part of what was signed that is not what was answered."""
    asked = known.bound[event["question"]]
    own = {"thread": known.thread, "question": event["question"], **{name: asked[name] for name in BOUND}}
    own |= {name: event[name] for name in ("outcome", "because")}
    signed = event["signed"]
    for name in {**own, **signed}:
        if name not in own or name not in signed or digest(own[name]) != digest(signed[name]):
            return say("has a signature over a `{name}` that differs from the answer's", name=name)
    return None


def _find_forged(event: Event, key: str) -> str | None:
    if not isinstance(event["signature"], str):
        return say("has a signature of {by} that is not text", by=event["by"])
    fault = find_forgery(event["signature"], decision_bytes(**event["signed"]), key)
    return say("has a signature of {by} that {fault}", by=event["by"], fault=fault) if fault else None


def _find_uncounted(event: Event, known: Signing) -> str | None:
    """Return how an event that counts answers differs from the answers; else whoever wrote it need not sign any."""
    said = known.said.get(event["question"], {})
    absent = [name for name in event["by"] if name not in [each["by"] for each in said.values()]]
    if absent:
        return say("counts an answer of {absent}, who gave none", absent=shown(absent[0]))
    return _find_miscounted(event, said) or _find_unfounded(event, said, known.asked.get(event["question"], ()))


def _find_miscounted(event: Event, said: Mapping[str, Event]) -> str | None:
    """Return which answer is counted as another one."""
    for seat, cast in event.get("casts", {}).items():
        word: Any = said[seat]["outcome"] if seat in said else None
        if cast not in ((PERMITS[word], REFUSES[word]) if word in PERMITS else ("absent",)):
            if not word:
                return say("counts {cast} for {seat}, whose answer is missing", cast=shown(cast), seat=seat)
            return say(
                "counts {cast} for {seat}, whose answer is {word}", cast=shown(cast), seat=seat, word=shown(word)
            )
    return None


def _find_unfounded(event: Event, said: Mapping[str, Event], asked: Sequence[str]) -> str | None:
    """Return what a ruling lacks of the answers that it needs: a cast of each who was asked, or each name under it."""
    outcome, words = event["outcome"], [each["outcome"] for each in said.values()]
    if event["how"] == "expired":
        return say("is {outcome}, which silence never gives", outcome=shown(outcome)) if outcome in PASSING else None
    if event["kind"] == "sign_off" and outcome not in words:
        return say("is {outcome}, which nobody answered", outcome=shown(outcome))
    counted = {"decide": event.get("casts", {}), "sign_off": said if outcome in DECISIONS else asked}
    lacking = [name for name in asked if name not in counted.get(event["kind"], asked)]
    if lacking:
        return say("counts no answer of {lacking}, who was asked", lacking=lacking[0])
    return say("counts no answer at all") if event["kind"] == "decide" and not words else None
