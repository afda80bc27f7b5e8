"""Agreement: whether a thread's state says what its events say, so that neither can be changed alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from nodes.events import events_of
from nodes.fingerprint import fingerprint
from policies.assurance.audit import Break, Event

State = Mapping[str, Any]


def find_disagreement(thread: str, state: State) -> Break | None:
    """Return the first event that the state contradicts, or None; the events themselves are taken to be intact."""
    found = (*_pinned(thread, state), *_said(state), *_ended(state))
    return next((Break(event["seq"], f"says another {what} than the thread") for event, what in found), None)


def _pinned(thread: str, state: State) -> Iterator[tuple[Event, str]]:
    for event in events_of(state, "admitted"):
        if event["thread"] != thread:
            yield event, "thread id"
    for event in [*events_of(state, "admitted"), *events_of(state, "resumed")][-1:]:
        case, hashes = state["case"], event["hashes"]
        for name in ("goal", "facts"):
            if hashes[name] is not None and fingerprint(case[name]) != hashes[name]:
                yield event, name


def _said(state: State) -> Iterator[tuple[Event, str]]:
    """Yield the accepted answers, the last of each seat, that the history tells otherwise."""
    last = {(event["round"], event["role"]): event for event in events_of(state, "accepted")}
    told = {
        (entry["round"], said["agent"]): said for entry in state.get("history", []) for said in entry["contributions"]
    }
    decided = {entry["round"] for entry in state.get("history", [])}
    for place, event in last.items():
        said = {key: value for key, value in event["contribution"].items() if key != "evidence"}
        if place[0] in decided and told.get(place) != said:
            yield event, f"contribution of {place[1]}"


def _ended(state: State) -> Iterator[tuple[Event, str]]:
    for event in events_of(state, "finished")[-1:]:
        for name in ("stop_reason", "final_decision"):
            if state.get("stop_reason") is not None and event[name] != state.get(name):
                yield event, name.replace("_", " ")
    rounds = {event["round"]: event for event in events_of(state, "outcome")}
    for entry in state.get("history", []):
        outcome = rounds.get(entry["round"])
        if outcome and entry["decision"] not in (outcome["final"], None):
            yield outcome, "outcome"
