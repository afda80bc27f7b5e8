"""Grounding: what the numbers of a thread may rest on, as its state says it, and which of them rest on nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nodes.border import budget_from, spent_from
from nodes.events import events_of
from nodes.mail import open_count
from policies.contracts.contribution import Contribution
from policies.decision.vote import Cast
from policies.grounding.counts import Progress, counts_of
from policies.grounding.derivations import derived
from policies.grounding.grounds import Grounds, grounds_in, texts_in
from policies.grounding.said import Ungrounded, find_in_brief, find_ungrounded
from policies.language import say
from policies.team.team import Team

State = Mapping[str, Any]

Plain = dict[str, Any]

Invented = Sequence[Ungrounded]

MAX_NAMED = 20
"""So many numbers are named to the writer of the brief."""


def invented_in_round(state: State, team: Team, said: Sequence[Contribution], casts: Sequence[Cast]) -> Invented:
    """Return the numbers of the open round that rest on nothing; none where the team does not ask."""
    return find_ungrounded(said, _grounds_of(state, team, [*_finished(state), casts])) if team.ground else ()


def invented_in_brief(state: State, team: Team, text: str) -> Invented:
    """Return the numbers of the brief that rest on nothing; none where the team does not ask."""
    return find_in_brief(text, _grounds_of(state, team, _finished(state))) if team.ground else ()


def plain_invented(invented: Invented) -> Plain:
    """Return such numbers as an event has them: {ungrounded: [{role, where, number}]}; nothing where there are none."""
    return {"ungrounded": [asdict(each) for each in invented]} if invented else {}


def _finished(state: State) -> list[Sequence[Cast]]:
    return [[*event["casts"].values()] for event in events_of(state, "outcome")]


def _grounds_of(state: State, team: Team, seats: Sequence[Sequence[Cast]]) -> Grounds:
    case = state["case"]
    messages = spent_from(state).messages
    posted = len(state.get("messages", []))
    progress = Progress(budget_from(state), seats, messages, posted, open_count(state))
    return grounds_in(
        case["facts"],
        texts=[case["goal"], *texts_in(case["task"])],
        names=[team.title, *(role.title for role in team.roles.values())],
        derived=derived(team, case["facts"]).values(),
        counts=counts_of(progress),
    )


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
