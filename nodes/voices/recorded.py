"""The voice `recorded`: replays what was answered in a past run, the brief included, without asking anybody."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from nodes.voices.voice import Answer, BriefQuestion, Question
from policies.budgets import Usage
from policies.contract import Refusal
from policies.seats import Failure
from policies.stop import stop_reason

BRIEF = "brief"
Place = tuple[int, str, int]
"""Round, role and attempt of a question."""


class RecordedVoice:
    """Gives each question the answer its record holds; one that was asked several times gets them in that order."""

    def __init__(self, events: Iterable[Mapping[str, Any]]) -> None:
        self._answers: dict[Place, deque[Answer]] = defaultdict(deque)
        proposed: dict[Place, Mapping[str, Any]] = {}
        for event in events:
            place = (event.get("round", 0), event.get("role", ""), event.get("attempt", 0))
            if event["event"] == "proposed":
                proposed[place] = event
            if event["event"] in _READERS and (event["event"] != "proposed" or event["role"] == BRIEF):
                used = Usage(**proposed.get(place, event)["usage"])
                self._answers[place].append(_READERS[event["event"]](event, used))

    async def propose(self, question: Question) -> Answer:
        """Return what the role answered then."""
        return self._next((question.round, question.name, question.attempt))

    async def write_brief(self, question: BriefQuestion) -> Answer:
        """Return the brief of then."""
        return self._next((question.round, BRIEF, 1))

    def _next(self, place: Place) -> Answer:
        """Return the next answer kept; where the record ends, the run ends as one that was cancelled."""
        kept = self._answers[place]
        return kept.popleft() if kept else Answer(failure=Failure(stop_reason("cancelled")))


def _failed(event: Mapping[str, Any], used: Usage) -> Answer:
    return Answer(failure=Failure(event["reason"]), usage=used)


def _refused(event: Mapping[str, Any], used: Usage) -> Answer:
    return Answer(refusal=Refusal(event["rule"], event["raw"]), usage=used)


def _accepted(event: Mapping[str, Any], used: Usage) -> Answer:
    said = event["contribution"]
    # Evidence that was no list of paths is kept as null; any other value that is none is flagged the same.
    return Answer({**said, "evidence": "" if said["evidence"] is None else said["evidence"]}, usage=used)


def _written(event: Mapping[str, Any], used: Usage) -> Answer:
    return Answer(event["text"], usage=used)


_READERS = {"failed": _failed, "refused": _refused, "accepted": _accepted, "proposed": _written}
