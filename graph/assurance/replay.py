"""Decides past runs again under other rules; asks nobody, and keeps none of them in memory."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from graph.assurance.subject import load_subject
from graph.problems import StorageError, UsageError
from graph.states import UNREADABLE
from graph.store.archive import entry_of, is_decided_by_policy, is_whole, past_run
from graph.store.location import storage_errors
from graph.store.spool import open_spool
from graph.teams.loader import load_team
from graph.threads import Threads, refuse_broken
from policies.assurance.past import People, Rules, Verdict
from policies.assurance.whatif import decide_again
from policies.conditions.condition import ConditionError
from policies.language import say

ReplayEntry = Mapping[str, Any]


def rules_named(name: str) -> Rules:
    """Return what decides under a policy (the run's own guards and limits stay), or under a team with all of its own.

    Raises:
        UsageError: there is no such policy or team, or no policy decides that team.
    """
    subject = load_subject(name)
    if not subject.is_team:
        return Rules(subject.policy)
    team = load_team(name)
    people = People(team.escalate, team.sign_off)
    decides = (team.policy, team.guards, team.budget.min_go_votes, team.weights, team.vetoers)
    return Rules(*decides, team.sequence, people, team.stability)


def read_date(text: str) -> date:
    """Return a date written as YYYY-MM-DD.

    Raises:
        UsageError: it is not one.
    """
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(say("--since {text}: is not a date; allowed: YYYY-MM-DD", text=text)) from None


async def verdicts(
    threads: Threads, rules: Rules, team: str | None = None, since: date | None = None
) -> AsyncIterator[Verdict | None]:
    """Yield the verdict on every archived run, of one team if named, that ended on that day (UTC) or later.

    The run that ended last comes first; before them all, None for each run of a pattern that no policy decides.
    """
    await threads.catch_up()
    with storage_errors(threads.location), open_spool() as spool:
        async for entry in threads.archive.entries():
            if not isinstance(entry, Mapping):
                raise StorageError(
                    say("an entry of the archive cannot be read; `accord audit verify` names its thread")
                )
            ended = _ended(entry)
            if team not in (None, entry.get("team")) or (since is not None and ended.date() < since):
                continue
            if not is_decided_by_policy(entry):
                yield None
            else:
                verdict = await _verdict(threads, entry, rules)
                spool.add([-ended.timestamp(), verdict.thread], vars(verdict))
        for each in spool.ordered():
            yield Verdict(**{**each, "guards": tuple(each["guards"])})


def _ended(entry: ReplayEntry) -> datetime:
    """Return when a run ended; where its entry does not say so, long ago."""
    try:
        return datetime.fromisoformat(str(entry.get("ended_at")))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


async def _verdict(threads: Threads, entry: ReplayEntry, rules: Rules) -> Verdict:
    """Return the verdict on a run; from the thread itself where its entry was changed or cannot be read."""
    thread = str(entry.get("thread_id"))
    try:
        if is_whole(entry):
            return decide_again(past_run(entry), rules)
        state = await threads.begun(thread)
        refuse_broken(thread, state)
        return decide_again(past_run(entry_of(thread, state)), rules)
    except ConditionError as error:
        reason = say(
            "the policy leaves no room for what a vote adds to it: {fault}", fault=error.told_of(say("the whole"))
        )
    except (*UNREADABLE, StorageError, UsageError):
        reason = say("what was kept of it has been changed; see `accord audit verify {thread}`", thread=thread)
    return Verdict(thread, "refused", str(entry.get("ended")), None, reason=reason)
