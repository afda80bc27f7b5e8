"""Ties of a thread: the decision that it takes again, and who holds its record."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.drift import causes_in_words
from graph.past import Past
from graph.report.dossier.look import MAX_VALUE, moved_in
from graph.report.dossier.people import moment
from graph.report.words import label_of, listed, written
from graph.store.tripwires import expiry_in, watched_in
from policies.language import phrase, say

Plain = dict[str, Any]


def held_of(record: Mapping[str, Any]) -> str | None:
    """Return who holds the record of a thread, since when and why, so that no purge takes it; None where nobody does.

    >>> held_of({"held": {"by": "ada", "at": "2026-03-02T10:15:30.123+00:00", "because": "A claim is open."}})
    'by ada since 2026-03-02 10:15:30 UTC: A claim is open.'
    """
    held = record.get("held")
    return held and say(
        "by {name} since {time}: {because}", name=held["by"], time=moment(held["at"]), because=held["because"]
    )


def watched_of(past: Past) -> list[str]:
    """Return who owns the decision of a thread, and until when it is valid; nothing where its team says neither."""
    kept: Plain = watched_in(past) if past.stop_reason else {"decided_at": None}
    if not kept["decided_at"]:
        return []
    owner, until = kept["watch"]["owner"], expiry_in(kept)
    told = [say("Watched by {owner}.", owner=owner)] if owner else []
    return [*told, say("It is valid until {time}.", time=moment(until))] if until else told


def reopens_of(past: Past, reopened: Mapping[str, Any] | None) -> Plain | None:
    """Return which decision a thread takes again, and what moved; None where it takes none again.

    `reopened` is what the database still knows of it. Keys: {thread, decision, at, said, changed, more}; decision and
    time are null where they are not known any more.
    """
    reopens = past.case.get("reopens")
    return tie_to(reopens["thread"], reopened) if reopens else None


def tie_to(thread: str, reopened: Mapping[str, Any] | None = None) -> Plain:
    """Return the decision of a thread that is taken again, as `reopens_of` does; of which nothing else may be known."""
    old = reopened or {"decision": None, "decided_at": None, "look": None, "lost": None}
    return {
        "thread": thread,
        "decision": label_of(old["decision"]) if old["decision"] else None,
        "at": moment(old["decided_at"]) if old["decided_at"] else None,
        "said": [*_said(old)],
        **moved_in(old["look"]["changed"] if old["look"] else ()),
    }


def takes_again(found: Mapping[str, Any], thread: str, decision: str | None) -> str:
    """Return that a thread takes a decision again, with what names the other thread and what it decided."""
    if not found["decision"]:
        return say("This thread decides again what the thread {thread} decided.", thread=thread)
    told = phrase("This thread decides again what the thread {thread} decided: {decision}, of {time}.")
    return say(told, thread=thread, decision=decision, time=found["at"])


def _said(old: Mapping[str, Any]) -> Iterator[str]:
    look = old["look"]
    if old["lost"]:
        yield say("What it decided is not known here any more: {why}.", why=written(old["lost"], MAX_VALUE))
    if look and (causes := causes_in_words(look)):
        time = moment(look["at"])
        yield say("A later look, on {time}, asked for another decision: {causes}.", time=time, causes=listed(causes))
