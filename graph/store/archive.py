"""The archive of runs that ended: an index over their state, with all that is needed to decide each again.

An entry follows from the thread's own events and case and names their head; it can be made again from them.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

from langgraph.store.base import BaseStore

from graph.past import Past
from graph.store.tripwires import watched_in
from nodes.events import standing_word
from policies.access.caller import LOCAL
from policies.access.owners import owned_by, tenant_of
from policies.assurance.audit import head_of
from policies.assurance.past import PastRun, People
from policies.assurance.tape import tape_from
from policies.assurance.taping import taped
from policies.decision.guards import Guard
from policies.decision.table import DECISIONS
from policies.patterns.course import pattern_named
from policies.team.access import Access
from policies.team.people import Escalation
from policies.team.stability import Stability
from policies.team.voices import HUMAN

NAMESPACE = "archive"
BUCKETS = 256
"""Parts the archive is read in, so that no more than one of them is held in memory."""

DIGEST = "digest"
"""What an entry says of itself: of one that was changed, nothing is shown."""

MAX_BUCKET = 10_000_000
ArchiveEntry = dict[str, Any]


class Archive:
    """One entry a thread that ended: {thread_id, team, policy, ended_at, ended, tape, facts, head, digest, …}."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    async def keep(self, thread: str, state: Mapping[str, Any]) -> None:
        """Keep the result of a thread that ended."""
        await self._store.aput(_bucket(thread), thread, entry_of(thread, state), index=False)

    async def drop(self, thread: str) -> None:
        """Drop the entry of a thread that is resumed: it is archived again when it ends."""
        await self._store.adelete(_bucket(thread), thread)

    async def entry(self, thread: str) -> ArchiveEntry | None:
        """Return the entry of a thread, or None."""
        item = await self._store.aget(_bucket(thread), thread, refresh_ttl=False)
        return item.value if item else None

    async def entries(self, tenant: str | None = None) -> AsyncIterator[ArchiveEntry]:
        """Yield every entry, in no order that means anything; memory does not grow with their number.

        With a tenant, only those that say they are its own; who changed one may have changed that, too.
        """
        of = owned_by(tenant or LOCAL) or None
        for number in range(BUCKETS):
            space = (NAMESPACE, f"{number:02x}")
            for item in await self._store.asearch(space, filter=of, limit=MAX_BUCKET, refresh_ttl=False):
                if tenant is None or not isinstance(item.value, Mapping) or tenant_of(item.value) == tenant:
                    yield item.value


def prefix_of(thread: str) -> str:
    """Return the namespace of a thread's entry, as the database writes it."""
    return ".".join(_bucket(thread))


def _bucket(thread: str) -> tuple[str, str]:
    return (NAMESPACE, hashlib.sha256(thread.encode()).hexdigest()[:2])


def entry_of(thread: str, state: Mapping[str, Any]) -> ArchiveEntry:
    """Return the entry of a thread that ended: it follows from the events and the case of its state alone."""
    past = Past.of(state)
    case, team, events = past.case, past.team, past.events
    roles = team["roles"]
    entry = {
        "thread_id": thread,
        **owned_by(past.tenant),
        "team": team["name"],
        "pattern": team["pattern"],
        "policy": team["policy"]["name"],
        "ended_at": past.ended_at,
        "ended": ended_with(past),
        "tape": taped(events) if past.pattern.count else None,
        "sequence": team["sequence"],
        "lead": team.get("lead"),
        "enabled": [name for name, role in roles.items() if role["enabled"]],
        "has_messages": team.get("messages") is not None,
        "human": [name for name, role in roles.items() if role["voice"] == HUMAN],
        "escalate": team["escalate"],
        "sign_off": team["sign_off"],
        "grounds": team["ground"],
        "stability": team.get("stability"),
        "weights": {name: role["weight"] for name, role in roles.items()},
        "vetoers": [name for name, role in roles.items() if role["veto"]],
        "guards": team["guards"],
        "facts": past.facts or {},
        **watched_in(past),
        "hashes": case["hashes"],
        "head": asdict(head_of(events)),
    }
    return {**entry, DIGEST: _digest_of(entry)}


def is_whole(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is as it was written."""
    return entry.get(DIGEST) == _digest_of(entry)


def _digest_of(entry: Mapping[str, Any]) -> str:
    """Return the digest of an entry without it; PostgreSQL keeps no order of keys."""
    kept = {key: value for key, value in entry.items() if key != DIGEST}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def ended_with(past: Past) -> str:
    """Return the decision of a run, also of one whose brief failed, or the reason why it stopped without one."""
    decided = (standing_word(past.state), past.final_decision)  # what a team within decided is no word of a round
    ends = str(past.events_of("finished")[-1]["stop_reason"])
    return next((each for each in decided if each in DECISIONS), ends)


def past_run(entry: Mapping[str, Any]) -> PastRun:
    """Return the run that an entry keeps."""
    enabled = frozenset(entry["enabled"])
    return PastRun(
        entry["thread_id"],
        entry["ended"],
        tape_from(entry["tape"]),
        tuple(entry["sequence"]),
        Access(enabled, enabled),
        entry["facts"],
        tuple(Guard.model_validate(guard) for guard in entry["guards"]),
        entry["weights"],
        frozenset(entry["vetoers"]),
        entry["lead"] if pattern_named(entry["pattern"]).is_ballot else None,
        entry["has_messages"],
        frozenset(entry["human"]),
        People(Escalation.model_validate(entry["escalate"], strict=False), tuple(entry["sign_off"])),
        entry["grounds"],
        Stability.model_validate(entry["stability"]) if entry.get("stability") else None,
    )


def is_decided_by_policy(entry: Mapping[str, Any]) -> bool:
    """Return whether a decision table decided the run, or would have."""
    return pattern_named(entry.get("pattern")).count is not None
