"""Hands: what people did to a run from outside, done again in order: they resumed it, answered it, or were silent."""

from graph.live import OnEvent
from graph.past import Past
from graph.record import Record
from graph.runner import Runner
from policies.assurance.audit import Event
from policies.assurance.keeping import of_the_run

SETTLED = ("taken", "expired")
"""What is shown live once a question has its answer, or none in time: what follows it was later."""


class Hands:
    """Does again what people did to a past run, each at its time.

    Facts that were supplied are there from the beginning, so nobody supplies one again; for one that never was, the run
    waits as long as it did.
    """

    def __init__(self, past: Past) -> None:
        has_facts = past.case["hashes"]["facts"] is not None
        self._acts = [event for event in past.events if _is_act(event, has_facts)]
        said = [event for event in of_the_run(past.events) if event["event"] != "declined"]
        starts = [event["seq"] for event in self._acts]
        self._ends = [_last_before(said, seq) for seq in (*starts, len(past.events))]
        self._now = self._ends[0]

    def now(self) -> str:
        """Return the time at which the run was, ISO 8601 in UTC."""
        return self._now

    def heed(self, event: Event) -> None:
        """Let time pass once a question is settled: what it led to was asked as late as the run got by then."""
        if event["event"] in SETTLED:
            self._now = self._ends[0]

    async def continued(self, runner: Runner, record: Record) -> Record:
        """Return the record of a run that people did all of that to."""
        thread = record["thread_id"]
        for act in self._acts:
            self._ends.pop(0)
            self._now = self._ends[0] if act["event"] == "resumed" else act["at"]
            record = await _again(runner, thread, act, self.heed)
        return record


def _is_act(event: Event, has_facts: bool) -> bool:
    """Return whether an event is something people did, or did not do in time, with the run as it is done again."""
    if event["event"] == "resumed":
        return bool(event["phase"] != "facts")
    if event["event"] == "ruled" and event["how"] == "expired":
        return not (event["kind"] == "supply" and has_facts)
    return bool(event["event"] == "answered" and event["kind"] != "supply")


def _last_before(events: list[Event], seq: int) -> str:
    """Return the time of the last event before another; the run had got so far when somebody did something."""
    return next((event["at"] for event in reversed(events) if event["seq"] < seq), "")


async def _again(runner: Runner, thread: str, act: Event, on_event: OnEvent) -> Record:
    if act["event"] == "resumed":
        return await runner.resume(thread, budget=act["limits"], on_event=on_event)
    if act["event"] == "ruled":
        return await runner.expire(thread, on_event)
    given = {"answer": act["outcome"]} | {key: act[key] for key in ("question", "by", "because", "signature")}
    return await runner.answer(thread, given, on_event)
