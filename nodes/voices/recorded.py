"""The voice `recorded`: replays what was answered in a past run, the brief included, without asking anybody."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from nodes.voices.voice import BriefQuestion, Question, Utterance
from policies.assurance.keeping import of_the_run
from policies.contracts.answers import Refusal
from policies.run.seats import Failure
from policies.run.stop import stop_reason
from policies.run.usage import Usage

BRIEF = "brief"
Event = Mapping[str, Any]
CallPlace = tuple[str, int, str, int]
"""Namespace of the team, round, seat and attempt of a question."""


class RecordedVoice:
    """Gives each question the answer its record holds; one that was asked several times gets them in that order."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._answers: dict[CallPlace, deque[Utterance]] = defaultdict(deque)
        events = [*events]
        self._end = _end_of(events)
        for scope, record in _records("", events):
            self._take(scope, record)

    async def propose(self, question: Question) -> Utterance:
        """Return what the role answered then."""
        return self._next((question.scope, question.round, question.task.seat, question.attempt))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        """Return the brief, or the synthesis, of then."""
        return self._next((question.scope, question.round, BRIEF, question.attempt))

    def _take(self, scope: str, events: Iterable[Event]) -> None:
        proposed: dict[CallPlace, Event] = {}
        for event in events:
            place = (scope, event.get("round", 0), _seat(event), event.get("attempt", 0))
            if event["event"] == "proposed":
                proposed[place] = event
            if event["event"] in _READERS and (event["event"] != "proposed" or event["role"] == BRIEF):
                said = proposed.pop(place, event)
                answer = _READERS[event["event"]](event, Usage(**said["usage"]))
                more = {"dialect": said.get("dialect", {}), "is_estimated": said.get("estimated", False)}
                more["beyond"] = said.get("beyond", 0)
                self._answers[place].append(replace(answer, **more))

    def _next(self, place: CallPlace) -> Utterance:
        """Return the next answer kept; where the record ends, the run ends, too."""
        kept = self._answers[place]
        return kept.popleft() if kept else Utterance(failure=Failure(self._end))


def _end_of(events: list[Event]) -> str:
    """Return how a replay ends where the record does: as one that was cancelled, or as it ended after a recovery."""
    last = (of_the_run(events) or [{}])[-1]
    is_brought_back = any(event["event"] == "recovered" for event in events)
    if is_brought_back and last["event"] == "finished" and last["stop_reason"] != stop_reason("success"):
        return str(last["stop_reason"])
    return stop_reason("cancelled")


def _records(scope: str, events: list[Event]) -> Iterator[tuple[str, list[Event]]]:
    """Yield the record of a team, and of the teams that answered for its roles, each as it was last recorded."""
    yield scope, events
    told: dict[str, list[Event]] = {}
    for event in events:
        inner = event.get("inner") or (event.get("output") or {}).get("inner")
        if inner:
            told["|".join(filter(None, [scope, inner["scope"]]))] = inner["events"]
    for within, record in told.items():
        yield from _records(within, record)


def _seat(event: Event) -> str:
    return str(event.get("seat") or event.get("role", ""))


def _failed(event: Event, used: Usage) -> Utterance:
    return Utterance(failure=Failure(event["reason"], cause=event.get("cause")), usage=used)


def _refused(event: Event, used: Usage) -> Utterance:
    return Utterance(refusal=Refusal(event["rule"], event["raw"], event.get("check"), event.get("because")), usage=used)


def _accepted(event: Event, used: Usage) -> Utterance:
    offered = {"messages": event["offered"]} if event.get("offered") else {}
    if "output" in event:
        return Utterance({**event["output"]["answer"], **offered}, usage=used)
    said = event["contribution"]
    # Evidence that was not a list of paths is kept as null; any other value that is none is flagged the same.
    return Utterance({**said, "evidence": "" if said["evidence"] is None else said["evidence"], **offered}, usage=used)


def _written(event: Event, used: Usage) -> Utterance:
    return Utterance(event["text"], usage=used)


def _sampled(event: Event, used: Usage) -> Utterance:
    """Return what a seat gave when its round was asked again: the event says all of it."""
    return (_accepted if "contribution" in event else _refused if "rule" in event else _failed)(event, used)


_READERS = {"sampled": _sampled, "failed": _failed, "refused": _refused, "accepted": _accepted, "proposed": _written}
