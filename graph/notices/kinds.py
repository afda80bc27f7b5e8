"""The kinds of notices: what people are notified of, derived from its record alone.

Nothing is noted of a notice when it becomes due, so nothing can be lost: whoever looks at the thread finds it again,
under the same key.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graph.drift import causes_in, drift_of
from graph.past import Past
from graph.record import Record
from graph.store.watches import WatchRow
from nodes.fingerprint import fingerprint

KEY_LENGTH = 12
LAST_PART = 4
"""A deadline nears once less than this part of the time is left: a quarter."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to send: its key, under which receivers know it again, what it is about, and since when.

    `question` is the question as the record has it under `waiting`; None where a decision fell.
    """

    key: str
    kind: str
    thread: str
    at: str
    goal: str
    team: str
    question: Mapping[str, Any] | None = None
    decision: str | None = None
    language: str | None = None
    """The language that the team asks for."""
    finding: Mapping[str, Any] | None = None
    """What `accord watch` found, where a decision should be taken again."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A thread as it was seen at a moment."""

    record: Record
    past: Past
    now: datetime
    watched: WatchRow | None = None
    """What was noted of its decision, where that is watched."""

    def notice(self, kind: str, key: str, at: str, **about: Any) -> Notice:
        """Return a notice about this thread."""
        thread, team, goal = self.record["thread_id"], self.record["team"], self.past.case["goal"]
        return Notice(key, kind, thread, at, goal, team, language=self.past.language, **about)


def _asked(sight: Sight) -> Iterator[Notice]:
    """Yield a notice for each open question."""
    for question in sight.record["waiting"]:
        yield sight.notice("asked", question["id"], question["since"], question=question)


def _deadline(sight: Sight) -> Iterator[Notice]:
    """Yield a notice for each open question of which the time is nearly over."""
    for question in sight.record["waiting"]:
        if question["expires_at"] is None:
            continue
        since, until = moment(question["since"]), moment(question["expires_at"])
        near = until - (until - since) / LAST_PART
        if near < sight.now < until:
            yield sight.notice("deadline", f"{question['id']}:deadline", iso(near), question=question)


def _decided(sight: Sight) -> Iterator[Notice]:
    """Yield a notice that a decision fell; of one that falls anew the key is another, since its event is."""
    if sight.record["status"] != "ok" or not sight.record.get("final_decision"):
        return
    last = sight.past.events_of("finished")[-1]
    key = f"{sight.record['thread_id']}:decided:{last['seq']}"
    yield sight.notice("decided", key, last["at"], decision=sight.record["final_decision"])


def _reopen(sight: Sight) -> Iterator[Notice]:
    """Yield a notice that a decision should be taken again; its key is what asks for that, so that it is sent once."""
    row = sight.watched
    finding = drift_of(row, sight.past) if row is not None and row["verdict"] == "reopen" else None
    if row is None or finding is None:
        return
    causes = fingerprint(causes_in(finding))
    key = f"{sight.record['thread_id']}:reopen:{causes[:KEY_LENGTH]}"
    yield sight.notice("reopen", key, row["at"], decision=finding["decision"], finding=finding)


KINDS: Mapping[str, Callable[[Sight], Iterator[Notice]]] = {
    "asked": _asked,
    "deadline": _deadline,
    "decided": _decided,
    "reopen": _reopen,
}
"""How each kind is derived."""


def notices_of(record: Record, past: Past, now: datetime, watched: WatchRow | None = None) -> list[Notice]:
    """Return the notices of a thread that has begun."""
    return [notice for kind in KINDS.values() for notice in kind(Sight(record, past, now, watched))]


def moment(text: str) -> datetime:
    """Return the moment that an event or a question names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def iso(at: datetime) -> str:
    """Return a moment as events have it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
