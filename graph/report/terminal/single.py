"""One vote and its ruling for people at a terminal and, as plain values, for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console

from graph.assurance.single import Single
from graph.assurance.subject import Subject
from graph.record import row_name
from graph.report.terminal.proof import word_of
from graph.report.terminal.visible import styled, visible
from graph.report.terminal.why import row_decides
from policies.assurance.counterexamples import shown_casts, shown_place
from policies.decision.table import DECISIONS
from policies.language import in_figures, say
from policies.patterns.vote import asks_people

Plain = dict[str, Any]


def plain_single(found: Single) -> Plain:
    """Return a decided vote as plain values."""
    ruling, subject = found.ruling, found.subject
    row = None if ruling.row is None else subject.policy.rules[ruling.row]
    return {
        "policy": subject.policy.name,
        "on": subject.name,
        "voters": "approvers" if subject.is_of_people else "roles",
        **asdict(found.place),
        "casts": dict(found.casts),
        "vote": ruling.vote,
        "final": ruling.final,
        "row": row_name(ruling.row),
        "when": row.when if row else None,
        "because": ruling.because,
        "fault": ruling.fault,
        "values": dict(found.values),
        "joins": found.change.convene,
        "leaves": found.change.release,
        "stops": _stops(found),
        "tripped": [{"name": guard.name, "cap": guard.cap} for guard in found.tripped],
        "way": found.way,
    }


def print_single(found: Single, console: Console) -> None:
    """Print a decided vote: its place, the outcome, the row and what it read, caps, and whether a run gets there."""
    place, subject = found.place, found.subject
    at = say("{place}; max_rounds {most}", place=shown_place(place), most=place.max_rounds)
    console.print(visible(say("{name}: {value}", name=_head(subject), value=at)))
    streak = say("streak {number} (rounds in a row with a block right before this one)", number=place.rounds_blocked)
    console.print(visible(f"  {streak}"))
    console.print(visible(f"  {shown_casts(found.casts)}"))
    console.print(styled(say("Outcome: {outcome}"), outcome=word_of(found.ruling.final)))
    for line in _reasons(found):
        console.print(visible(line))


def _head(subject: Subject) -> str:
    if subject.is_of_people:
        return say("{policy} on {voters}", policy=subject.policy.name, voters=subject.title)
    if subject.is_team:
        return say("{policy} on the team {team}", policy=subject.policy.name, team=subject.name)
    return subject.policy.name


def _reasons(found: Single) -> Iterator[str]:
    vote, change = found.ruling.vote, found.change
    yield from _row(found)
    if found.ruling.rounds_ended:
        yield f"  {say('It is the last round, so next_round becomes {outcome}', outcome=vote)}"
    for guard in found.tripped:
        yield say("The guard {name} is tripped and caps the outcome at {cap}", name=guard.name, cap=guard.cap)
    if found.tripped:
        yield say("The vote alone gives {outcome}", outcome=vote)
    if _stops(found):
        yield say("The run stops with {reason}", reason=_stops(found))
    if change.convene:
        yield say("{role} joins from the next round on", role=change.convene)
    if change.release:
        yield say("{role} leaves after this round", role=change.release)
    if found.way:
        yield found.way


def _row(found: Single) -> Iterator[str]:
    """Yield which row decides, and what it read."""
    ruling, rows = found.ruling, found.subject.policy.rules
    if ruling.fault:
        yield say("Nothing decides ({fault}), so a human has to", fault=say(ruling.fault))
    elif ruling.row is None:
        yield say("No row holds; the policy's `otherwise` decides")
    else:
        yield row_decides(row_name(ruling.row), ruling.because)
        yield f"  {say('when {condition}', condition=rows[ruling.row].when)}"
    if found.values:
        values = ", ".join(f"{name} = {_shown(value)}" for name, value in found.values.items())
        yield f"  {say('with {values}', values=values)}"


def _stops(found: Single) -> str | None:
    """Return the reason with which a run stops here without a decision and without asking a human."""
    final = found.ruling.final
    if found.subject.is_of_people:
        return None if final in DECISIONS else "human_stopped"
    if found.subject.electorate.is_vote:
        return None if final in DECISIONS or asks_people(found.ruling) else "no_quorum"
    is_last = found.place.round == found.place.max_rounds
    return "max_rounds_reached" if final == "next_round" and is_last else None


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {part}" for key, part in value.items()) + "}"
    if isinstance(value, int | float):
        return in_figures(str(value))
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
