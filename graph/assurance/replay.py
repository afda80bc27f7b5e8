"""Decides past runs again under another policy; asks nobody, and keeps none of them in memory."""

import re
from collections.abc import AsyncIterator
from datetime import date, datetime

from graph.assurance.subject import load_subject
from graph.problems import UsageError
from graph.store.archive import is_decided_by_policy, past_run
from graph.threads import Threads
from policies.assurance.whatif import Rules, Verdict, decide_again


def rules_named(name: str) -> Rules:
    """Return what decides under a policy (the run's own guards and limits stay), or under a team with all of its own.

    Raises:
        UsageError: there is no such policy or team.
    """
    subject = load_subject(name)
    if not subject.is_team:
        return Rules(subject.policy)
    team = subject.electorate
    return Rules(subject.policy, subject.guards, team.min_go_votes, team.weights, team.vetoers)


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
    async for entry in threads.archive.entries():
        if team is not None and entry["team"] != team:
            continue
        if not is_decided_by_policy(entry):
            continue
        if since is not None and datetime.fromisoformat(entry["ended_at"]).date() < since:
            continue
        yield decide_again(past_run(entry), rules)
