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
    """Yield the accepted answers, the last of each seat, that the history or the stages tell otherwise."""
    last = {(event["round"], str(event.get("seat", event["role"]))): event for event in events_of(state, "accepted")}
    told, closed = _told(state)
    for place, event in last.items():
        if place[0] in closed and told.get(place) != _answer(event):
            yield event, f"{'output' if 'output' in event else 'contribution'} of {place[1]}"


def _told(state: State) -> tuple[dict[tuple[int, str], Any], set[int]]:
    """Return the answers by round and seat, as the finished rounds and stages hold them, and which those are."""
    history, stages = state.get("history", []), state.get("stages", [])
    told = {(entry["round"], said["agent"]): said for entry in history for said in entry["contributions"]}
    outputs = {(stage["round"], entry["seat"]): _output(entry) for stage in stages for entry in stage["entries"]}
    return told | outputs, {entry["round"] for entry in (*history, *stages)}


def _answer(event: Event) -> Any:
    if "output" in event:
        return event["output"]
    return {key: value for key, value in event["contribution"].items() if key != "evidence"}


def _output(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: entry[key] for key in ("contract", "answer", "inner")}
    return {"agent": entry["role"], **kept}


def _ended(state: State) -> Iterator[tuple[Event, str]]:
    for event in events_of(state, "finished")[-1:]:
        for name in ("stop_reason", "final_decision"):
            if state.get("stop_reason") is not None and event[name] != state.get(name):
                yield event, name.replace("_", " ")
    rounds = {event["round"]: event for event in events_of(state, "outcome")}
    for message, event in zip(state.get("messages", []), events_of(state, "sent"), strict=False):
        if message != event["message"]:
            yield event, f"message {message['id']}"
    for entry in state.get("history", []):
        outcome = rounds.get(entry["round"])
        if outcome and entry["decision"] not in (outcome["final"], None):
            yield outcome, "outcome"
