"""Grounding: what the numbers of a thread may rest on, as its state says it, and which of them rest on nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from nodes.border import budget_from, spent_from
from nodes.events import events_of
from nodes.mail import open_count
from policies.contracts.contribution import Contribution
from policies.decision.vote import Cast
from policies.grounding.counts import Progress, counts_of
from policies.grounding.derivations import derived
from policies.grounding.grounds import Grounds, grounds_in, texts_in, with_counts
from policies.grounding.said import Ungrounded, find_in_brief, find_ungrounded
from policies.language import say
from policies.team.team import Team

State = Mapping[str, Any]

Plain = dict[str, Any]

Invented = Sequence[Ungrounded]

MAX_NAMED = 20
"""So many numbers are named to the writer of the brief."""

MAX_CASES = 16
"""So many cases are kept as they were read, since many runs may be under way at once."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What the numbers of a case may rest on all through its run, by the hash of its facts."""

    facts_hash: str
    texts: tuple[str, ...]
    titles: tuple[str, ...]
    derive: tuple[tuple[str, str], ...]
    facts: Mapping[str, Any] = field(compare=False)
    team: Team = field(compare=False)


async def read_facts(state: State, team: Team) -> None:
    """Read the facts of a case for their numbers, where the team asks, in a thread: large ones hold up no other run."""
    if team.ground:
        await asyncio.to_thread(_read, _case_of(state, team))


def invented_in_round(state: State, team: Team, said: Sequence[Contribution], casts: Sequence[Cast]) -> Invented:
    """Return the numbers of the open round that rest on nothing; none where the team does not ask."""
    return find_ungrounded(team, said, _grounds_of(state, team, [*_finished(state), casts])) if team.ground else ()


def invented_in_brief(state: State, team: Team, text: str) -> Invented:
    """Return the numbers of the brief that rest on nothing; none where the team does not ask."""
    return find_in_brief(text, _grounds_of(state, team, _finished(state))) if team.ground else ()


def plain_invented(invented: Invented) -> Plain:
    """Return such numbers as an event has them: {ungrounded: [{role, where, number}]}; nothing where there are none."""
    return {"ungrounded": [asdict(each) for each in invented]} if invented else {}


def _finished(state: State) -> list[Sequence[Cast]]:
    return [[*event["casts"].values()] for event in events_of(state, "outcome")]


def _grounds_of(state: State, team: Team, seats: Sequence[Sequence[Cast]]) -> Grounds:
    messages = spent_from(state).messages
    posted = len(state.get("messages", []))
    progress = Progress(budget_from(state), seats, messages, posted, open_count(state))
    return with_counts(_read(_case_of(state, team)), counts_of(progress))


def _case_of(state: State, team: Team) -> _Case:
    case = state["case"]
    texts = (case["goal"], *texts_in(case["task"]))
    titles = (team.title, *(role.title for role in team.roles.values()))
    return _Case(case["hashes"]["facts"], texts, titles, (*team.derive.items(),), case["facts"], team)


@lru_cache(maxsize=MAX_CASES)
def _read(case: _Case) -> Grounds:
    """Return the grounds of a case, which no round changes: its facts are read once."""
    return grounds_in(case.facts, case.texts, case.titles, derived(case.team, case.facts).values())


def told_to_mend(invented: Invented) -> str:
    """Return in words what is wrong with the numbers of a brief.

    >>> told_to_mend([Ungrounded("brief", "brief", "42 %")])
    'numbers that equal no fact, derivation or count of the record: 42 %'
    """
    numbers = [each.number for each in invented]
    told = say("; ").join(numbers[:MAX_NAMED])
    if len(numbers) > MAX_NAMED:
        told = say("{numbers} and {more} more", numbers=told, more=len(numbers) - MAX_NAMED)
    return say("numbers that equal no fact, derivation or count of the record: {numbers}", numbers=told)
