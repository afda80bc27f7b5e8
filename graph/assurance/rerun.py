"""Runs a past run again from its record, through the real graph, in a database of its own; asks no model."""

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from langgraph.store.base import BaseStore

from graph.assurance.hands import Hands
from graph.driver import kept_team
from graph.facts.brought import Brought
from graph.past import Past
from graph.problems import UsageError
from graph.record import Record
from graph.runner import Runner
from graph.store.database import open_database
from nodes.fetched import Fetched
from nodes.mail import heard_in
from nodes.services import Services
from nodes.voices.recorded import RecordedVoice
from policies.language import say
from policies.run.recovery import charge_lost
from policies.run.usage import Reservation, Usage
from policies.team.nesting import teams_within
from policies.team.team import Budget, Team
from policies.team.voices import VOICE_NAMES

VARYING = ("thread_id", "elapsed_seconds", "cause", "held")
"""What differs between two equal runs."""


async def rerun(thread: str, state: Mapping[str, Any]) -> Record:
    """Return the record that a thread's recorded answers give when they are run again.

    Raises:
        UsageError: the thread has not ended, or was resumed with accepted changes: what was before is not kept.
    """
    past = Past.of(state)
    if not past.events_of("admitted") or any(event["moved"] for event in past.events_of("resumed")):
        raise UsageError(
            say(
                "the thread `{thread}` was resumed with accepted changes; what was there before is not kept",
                thread=thread,
            )
        )
    if past.waiting:
        raise UsageError(
            say("the thread `{thread}` waits for people; it can be run again once it has ended", thread=thread)
        )
    if past.is_open:
        raise UsageError(say("the thread `{thread}` has not ended; `accord resume {thread}` resumes it", thread=thread))
    voice, hands = RecordedVoice(past.events), Hands(past)
    voices, facts, hears = dict.fromkeys(_voices_of(past), voice), partial(_facts_then, past), partial(_heard, past)
    services = Services(voices, facts, clock=lambda: 0.0, now=hands.now, listen=hears)
    with tempfile.TemporaryDirectory() as folder:
        location = str(Path(folder) / "replay.sqlite")
        async with open_database(location) as database:
            runner = Runner(database, services, location)
            sources = past.sources if past.has_facts else None
            brought = Brought(sources=sources, reopens=past.case.get("reopens"))
            record = await runner.run(
                _team_at_first(past), thread, on_event=hands.heed, brought=brought, tenant=past.tenant
            )
            return _with_lost(await hands.continued(runner, record), past)


def _voices_of(past: Past) -> set[str]:
    teams = [team for _, team in teams_within(kept_team(past))]
    named = {role.voice for team in teams for role in team.roles.values()} | {team.brief.voice for team in teams}
    return {*VOICE_NAMES, *filter(None, named)}


async def _heard(past: Past, _: BaseStore, __: str, number: int) -> list[dict[str, Any]]:
    """Return what was heard from outside then, as a round or stage of this number opened."""
    return heard_in(past.events, number)


def _with_lost(record: Record, past: Past) -> Record:
    """Return the record with the calls that were under way when a process died: nothing dies in a replay."""
    events = past.events_of("recovered")
    held = [Reservation(call["tokens"], call["cost_usd"]) for event in events for call in event["lost"]]
    used = asdict(charge_lost(Usage(**record["usage"]), held))
    return {**record, "usage": {name: used[name] for name in record["usage"]}, "recoveries": len(events)}


async def _facts_then(past: Past, _: Team) -> Fetched:
    """Return the facts of a run that brought none, and the sources that failed then."""
    return Fetched(dict(past.facts or {}), tuple(past.sources), past.failed)


def _team_at_first(past: Past) -> Team:
    team = kept_team(past)
    begun = [event for event in past.events if event["event"] in ("admitted", "resumed")]
    first = next((event for event in begun if event["hashes"]["facts"]), begun[-1])
    limits = Budget(**first["limits"])
    return team.model_copy(update={"budget": limits, "facts": past.facts if past.has_facts else None})


def differing(first: Record, second: Record) -> list[str]:
    """Return the keys under which two records differ, what always varies left out."""
    one, two = ({**record, "people": _people_in(record)} for record in (first, second))
    return [key for key in dict.fromkeys([*one, *two]) if key not in VARYING and one.get(key) != two.get(key)]


def _people_in(record: Record) -> list[dict[str, Any]]:
    """Return what people were asked and gave, without times, and without what is not done again.

    That is to supply facts, an answer that was declined, and a caller whom a server knew.
    """
    asked = [each for each in record.get("people", []) if each["kind"] != "supply"]
    times, who = ("since", "expires_at", "declined"), ("seq", "at", "identity", "proof")
    return [
        {**_without(each, times), "answers": [_without(answer, who) for answer in each["answers"]]} for each in asked
    ]


def _without(plain: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key not in keys}
