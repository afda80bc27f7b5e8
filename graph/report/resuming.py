"""Resuming: the command that resumes a thread, as people type it."""

from collections.abc import Mapping
from typing import Any

from nodes.provenance import INLINE
from policies.run.stop import Stop
from policies.run.stop_table import StopInput
from policies.team.provenance import BROUGHT

NEEDS: Mapping[StopInput | None, str] = {
    None: "",
    "facts": " --facts FILE",
    "corrected_facts": " --facts FILE --accept-changes",
}
"""What a resume needs besides a raised limit."""


def asks_again(record: Mapping[str, Any]) -> bool:
    """Return whether a resume asks again the sources that gave no facts, so that it needs nothing else.

    >>> asks_again({"stop_reason": "facts_unavailable:crm", "sources": [{"kind": "http", "cause": "crm: down"}]})
    True
    >>> asks_again({"stop_reason": "facts_unavailable:team", "sources": []})
    False
    """
    stop = Stop.find(record["stop_reason"])
    failed = {each["kind"] for each in record.get("sources") or () if each["cause"]}
    return bool(stop and stop.kind == "facts_unavailable" and failed.difference((*BROUGHT, INLINE)))


def resume_of(record: Mapping[str, Any]) -> str | None:
    """Return the command that resumes a thread, with what it needs; None where nothing can, or it works or waits."""
    if record["status"] in ("queued", "running", "waiting") or not record["resumable"]:
        return None
    rule = Stop.parse(record["stop_reason"]).rule if record["stop_reason"] else None
    limit = f" --budget {rule.raised_by}=N" if rule and rule.raised_by else ""
    needs = NEEDS[rule.needs] if rule and not asks_again(record) else ""
    return f"accord resume {record['thread_id']}{needs}{limit}"
