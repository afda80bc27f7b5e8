"""Lines: one event of a run in one line, contract by contract, for live progress."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.text import Text

from graph.report.terminal.visible import STYLES, visible
from graph.report.words import CONFLICTS, plain_word
from policies.contracts.table import CONTRACTS

Event = Mapping[str, Any]

WIDTH = 90
"""Characters of an answer that are shown live."""

COLOURS = {**STYLES, "approve": "green", "abstain": "yellow", "reject": "red"}


def line_of(event: Event) -> Text | None:
    """Return what an event says in one line; None for a question that is still open."""
    return _LINES[event["event"]](event)


def place_of(event: Event) -> str:
    """Return where an event happened: the round or stage, and the teams it is within."""
    within = "".join(f"{name} > " for name in event.get("within", ()))
    where = event["stage"] if isinstance(event.get("stage"), str) else f"round {event['round']}"
    return f"{within}{where.replace('_', ' ')}"


def speaker_of(event: Event) -> str:
    """Return who was asked: the role, after the seat's own name where it has one that says more than the stage."""
    seat = event.get("seat")
    return f"{seat.replace('_', ' ')} {event['role']}" if seat and seat != event.get("stage") else event["role"]


def headed(event: Event) -> str:
    """Return what a line begins with: where it happened and who speaks, each said once."""
    is_named_so = event.get("stage") == event["role"] and not event.get("within")
    return event["role"] if is_named_so else f"{place_of(event)}  {speaker_of(event)}"


def short(text: object) -> str:
    """Return the beginning of a text, on one line.

    >>> short("Fine. " * 40)[-4:]
    'n...'
    """
    line = " ".join(str(text).split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 3].rstrip()}..."


def _answered(event: Event) -> Text:
    contract = CONTRACTS[event["contract"]]
    return visible(short(contract.told(event["answer"])), COLOURS.get(contract.word(event["answer"]) or "", ""))


def _failed(event: Event) -> Text:
    return visible(f"{event['event']}: {event['reason']}", "red")


def _round(event: Event) -> Text:
    named = [CONFLICTS.get(name, name) for name in event["conflicts"]]
    conflicts = f" ({', '.join(named)})" if named else ""
    return Text(f"{place_of(event)}: {plain_word(event['decision'])}{conflicts}")


def _stage(event: Event) -> Text | None:
    """Say who was absent; that a stage is done shows by itself."""
    return visible(f"{place_of(event)}: absent: {', '.join(event['absent'])}", "yellow") if event["absent"] else None


def _stopped(event: Event) -> Text:
    cause = f" ({event['cause']})" if event.get("cause") else ""
    within = "".join(f"{name} > " for name in event.get("within", ()))
    return visible(f"{within}stopped: {event['reason']}{cause}", "red")


def _recovered(event: Event) -> Text:
    under_way = "call was" if event["calls"] == 1 else "calls were"
    return visible(f"brought back: {event['calls']} {under_way} under way when the process died", "yellow")


_LINES: Mapping[str, Callable[[Event], Text | None]] = {
    "asked": lambda _: None,
    "answered": _answered,
    "refused": _failed,
    "failed": _failed,
    "round": _round,
    "stage": _stage,
    "decided": lambda _: Text("written"),
    "recovered": _recovered,
    "stopped": _stopped,
}
