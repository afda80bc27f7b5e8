"""Resuming: the command that resumes a thread, as people type it."""

from collections.abc import Mapping
from typing import Any

from policies.run.stop import Stop
from policies.run.stop_table import StopInput

NEEDS: Mapping[StopInput | None, str] = {
    None: "",
    "facts": " --facts FILE",
    "corrected_facts": " --facts FILE --accept-changes",
}
"""What a resume needs besides a raised limit."""


def resume_of(record: Mapping[str, Any]) -> str | None:
    """Return the command that resumes a thread, with what it needs; None where nothing can, or it works or waits."""
    if record["status"] in ("running", "waiting") or not record["resumable"]:
        return None
    rule = Stop.parse(record["stop_reason"]).rule if record["stop_reason"] else None
    limit = f" --budget {rule.raised_by}=N" if rule and rule.raised_by else ""
    return f"accord resume {record['thread_id']}{NEEDS[rule.needs] if rule else ''}{limit}"
