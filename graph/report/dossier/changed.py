"""Changed threads: whether what a thread keeps still gives the outcome that its record holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.past import Past
from graph.report.dossier.basis import Basis, basis_of
from graph.report.dossier.ruling import ruled_otherwise
from graph.report.dossier.stability import checked_otherwise
from graph.report.words import listed
from nodes.agreement import find_disagreement
from nodes.events import decided, standing_outcomes
from nodes.fingerprint import Pin, fingerprint, fingerprints
from policies.assurance.audit import find_break
from policies.decision.guards import examine
from policies.decision.outcome import decide
from policies.language import phrase, say, say_count

WORDS = {
    "team": phrase("team"),
    "policy": phrase("policy or guards"),
    "facts": phrase("facts"),
    "goal": phrase("goal"),
    "vote": phrase("outcome of the vote alone"),
    "final": phrase("outcome"),
    "row": phrase("row that decides"),
    "because": phrase("reason"),
    "convene": phrase("role that joins"),
    "release": phrase("role that leaves"),
    "rounds_ended": phrase("end of the rounds"),
    "guards": phrase("tripped guards"),
    "fault": phrase("fault"),
    "findings": phrase("findings of the guards"),
    "ruled": phrase("what people decided"),
    "stability": phrase("stability check"),
}
"""What may differ, in words: what a thread is pinned to, and what the event of an outcome says."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A thread that was changed, what of it differs from its record, and the same in the language that is spoken."""

    thread: str
    what: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What differs, and what to do."""
        return say_count(
            "the thread `{thread}` was changed: its {what} differs from its record, so its decision is not explained; "
            "`accord audit verify {thread}` checks the record",
            "the thread `{thread}` was changed: its {what} differ from its record, so its decision is not explained; "
            "`accord audit verify {thread}` checks the record",
            len(self.what),
            thread=self.thread,
            what=listed([*self.told]),
        )


def find_change(thread: str, state: Mapping[str, Any]) -> Changed | None:
    """Return what of a thread differs from its record, or None; the decision is made again, too."""
    past = Past.of(state)
    broken = find_break(past.events, fingerprint) if past.events else None
    if broken:
        return Changed(thread, (f"event {broken.place}",), (say("event {number}", number=broken.place),))
    if standing_outcomes(state) and (names := [*_moved(past)] or [*_decided_otherwise(past, basis_of(past))]):
        return _changed(thread, names)
    if names := [*ruled_otherwise(past)]:
        return _changed(thread, names)
    broken = find_disagreement(thread, state)
    if broken is None:
        return None
    after = say("state after event {number}", number=broken.place)
    return Changed(thread, (f"state after event {broken.place}",), (after,))


def _changed(thread: str, names: Sequence[str]) -> Changed:
    return Changed(thread, tuple(WORDS[name] for name in names), tuple(say(WORDS[name]) for name in names))


def _moved(past: Past) -> Iterator[str]:
    """Yield what a thread keeps whose hash is not the one in its record, or that cannot be hashed at all."""
    hashes: Mapping[str, Callable[[], str | None]] = {
        "team": lambda: Pin.kept(past.team).team_hash,
        "policy": lambda: fingerprints(Pin.kept(past.team), past.budget, "", None)["policy"],
        "facts": lambda: fingerprint(past.facts),
        "goal": lambda: fingerprint(past.case["goal"]),
    }
    pinned = [*past.events_of("admitted"), *past.events_of("resumed")][-1]["hashes"]
    for name, hash_of in hashes.items():
        if _tried(hash_of) != pinned[name]:
            yield name


def _tried(hash_of: Callable[[], str | None]) -> str | None:
    try:
        return hash_of()
    except (AttributeError, LookupError, TypeError, ValueError):  # it is not of the form that was kept
        return None


def _decided_otherwise(past: Past, basis: Basis) -> Iterator[str]:
    """Yield what the events of the outcome and of its check say otherwise than the functions that decide."""
    findings = examine(basis.guards, basis.facts)
    ruling = decide(basis.policy, basis.vote, findings)
    again = decided(basis.vote, findings, ruling, basis.event["confidences"])
    yield from (name for name in WORDS if name in again and again[name] != basis.event[name])
    if checked_otherwise(past, basis):
        yield "stability"
