"""Decides past runs again under another policy; asks nobody, and keeps none of them in memory."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any

from graph.assurance.subject import load_subject
from graph.problems import StorageError, UsageError
from graph.store.archive import is_decided_by_policy, past_run
from graph.store.location import storage_errors
from graph.threads import Threads
from nodes.agreement import MISREAD
from policies.assurance.whatif import Rules, Verdict, decide_again


def rules_named(name: str) -> Rules:
    """Return what decides under a policy (the run's own guards and limits stay), or under a team with all of its own.

    Raises:
        UsageError: there is no such policy or team.
    """
    subject = load_subject(name)
    if not subject.is_team:
        return Rules(subject.policy)
    voters = subject.voters
    return Rules(subject.policy, subject.guards, voters.min_go_votes, voters.weights, voters.vetoers)


def read_date(text: str) -> date:
    """Return a date written as YYYY-MM-DD.

    Raises:
        UsageError: it is none.
    """
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since {text}: is no date; allowed: YYYY-MM-DD") from None


async def verdicts(
    threads: Threads, rules: Rules, team: str | None = None, since: date | None = None
) -> AsyncIterator[Verdict]:
    """Yield the verdict on every archived run, of one team if named, that ended on that day (UTC) or later.

    Runs of patterns that no decision table decides are left out.
    """
    await threads.catch_up()
    with storage_errors(threads.location):
        async for entry in threads.archive.entries():
            try:
                verdict = decide_again(past_run(entry), rules) if _is_meant(entry, team, since) else None
            except MISREAD as error:
                name = entry.get("thread_id") if isinstance(entry, dict) else None
                raise StorageError(
                    f"the archive's entry of `{name}` cannot be decided again, {type(error).__name__}: {error}; "
                    "see `accord audit verify`"
                ) from None
            if verdict is not None:
                yield verdict


def _is_meant(entry: Mapping[str, Any], team: str | None, since: date | None) -> bool:
    if (team is not None and entry["team"] != team) or not is_decided_by_policy(entry):
        return False
    return since is None or datetime.fromisoformat(entry["ended_at"]).date() >= since
