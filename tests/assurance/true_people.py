"""What people did to a past run, done again to a true run where it asks them the same: read from the events alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.record import Record
from graph.runner import Runner
from tests.assurance.random_people import Clock

Event = Mapping[str, Any]
Asked = tuple[str, int, str | None, str | None, int]
"""Kind, round, seat and fact of a question, and how many of that kind came before."""


class Acts:
    """What people did to a past run since changes were last accepted, in order, each once."""

    def __init__(self, events: Sequence[Event]) -> None:
        events = since_changes(events)
        self._asked = questions_in(events)
        self._ids = {event["question"]: key for key, event in self._asked.items()}
        acts = [(event, self._open_at(events, at)) for at, event in enumerate(events) if _is_act(event)]
        self._left = [(event, about) for event, about in acts if about]  # where nobody waits, the facts had come
        self._limits = {id(event): _before(events, at) for at, event in enumerate(events) if _is_act(event)}

    def _open_at(self, events: Sequence[Event], at: int) -> set[Asked]:
        """Return the questions that an act is about: the one it names, or all that were open."""
        if events[at].get("question"):
            return {self._ids[events[at]["question"]]}
        closed = {event["question"] for event in events[:at] if event["event"] == "ruled"}
        closed |= {event["question"] for event in events[:at] if _fills(event)}
        asked = [event["question"] for event in events[:at] if event["event"] == "asked" and "question" in event]
        return {self._ids[name] for name in asked if name not in closed}

    async def go(self, runner: Runner, record: Record, clock: Clock) -> Record | None:
        """Do the next thing to a run that waits; None where people are asked something else than then."""
        thread = record["thread_id"]
        asked = questions_in(since_changes((await runner.threads.begun(thread))["events"]))
        names = {key: event["question"] for key, event in asked.items()}
        open_now = [key for key in asked if names[key] in [each["id"] for each in record["waiting"]]]
        if any(_told(asked[key]) != _told(self._asked.get(key, {})) for key in open_now):
            return None
        for place, (act, about) in enumerate(self._left):
            if about & {*open_now}:
                self._left = self._left[place + 1 :]
                return await self._again(runner, thread, act, names, clock)
        return None

    async def _again(self, runner: Runner, thread: str, act: Event, names: Mapping[Asked, str], clock: Clock) -> Record:
        if act["event"] == "answered":
            said = {"answer": act["outcome"], "because": act["because"], "by": act["by"]}
            return await runner.answer(thread, said | {"question": names[self._ids[act["question"]]]})
        if act["event"] == "resumed":
            limits = self._limits[id(act)]
            changes = {name: value for name, value in act["limits"].items() if value != limits[name]}
            return await runner.resume(thread, budget=changes)
        clock.at = max(clock.at, act["at"])
        return await runner.expire(thread)


def since_changes(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events since changes were last accepted."""
    return events[max((at for at, event in enumerate(events) if event.get("moved")), default=0) :]


def questions_in(events: Sequence[Event]) -> dict[Asked, Event]:
    """Return the events of questions to people, each under what it asks for the how manieth time."""
    found: dict[Asked, Event] = {}
    for event in events:
        if event["event"] == "asked" and "question" in event:
            where = (event["kind"], event["round"], _seat(event), event.get("path"))
            found[*where, sum(key[:4] == where for key in found)] = event
    return found


def _seat(event: Event) -> str | None:
    return event.get("seat") or (event["role"] if event["kind"] == "contribute" else None)


def _told(event: Event) -> Any:
    """Return what people see of a question: who is asked, what may be answered, and who said what."""
    return [event.get("asked"), event.get("options"), event.get("bound", {}).get("stances")]


def _is_act(event: Event) -> bool:
    if event["event"] == "resumed":
        return bool(event["after"] is None and not event["moved"])
    return bool(event["event"] == "answered" or (event["event"] == "ruled" and event["how"] == "expired"))


def _fills(event: Event) -> bool:
    return event["event"] == "answered" and event["kind"] in ("contribute", "supply")


def _before(events: Sequence[Event], at: int) -> Mapping[str, Any]:
    """Return the limits that were in force before an event."""
    return next(event["limits"] for event in reversed(events[:at]) if "limits" in event)
