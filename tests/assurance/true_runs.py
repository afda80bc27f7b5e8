"""True runs: a past run gone through again on the real graph under other rules, its seats answered from its record.

A judge that shares nothing with `policies.assurance`: what is recorded is read from the events, and who resumes a run
is taken over where it stopped as it did then: for the same reason, at the same place, after the same answers.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from graph.record import Record
from graph.runner import Runner
from graph.store.database import Database
from nodes.halt import Halt
from nodes.services import Services
from nodes.voices.recorded import RecordedVoice
from nodes.voices.voice import Utterance
from policies.team.team import Budget, Team
from tests.assurance.random_people import Clock
from tests.assurance.random_runs import Drawn, facts_of
from tests.assurance.true_people import Acts, questions_in, since_changes

Event = Mapping[str, Any]
Place = tuple[int, str, int]
"""Round, seat and attempt of a question."""

Given = frozenset[tuple[Place, int]]
"""How often each question was answered."""

DECISIONS = ("go", "go_with_caution", "no_go")


@dataclass(frozen=True)
class Stopped:
    """Where a past run stopped: why, after which answers, whether before anybody was asked, and how it was resumed."""

    reason: str
    phase: str | None
    given: Given
    is_halted: bool
    changes: dict[str, Any] | None = None


def answers_in(events: Sequence[Event]) -> list[tuple[Place, Event]]:
    """Return the events that are answers of seats which no person fills, each with its question."""
    kinds = ("accepted", "refused", "failed")
    human = {place_of(event) for event in events if event["event"] == "asked" and "question" in event}
    found = [event for event in events if event["event"] in kinds and event["role"] != "brief"]
    return [(place_of(event), event) for event in found if place_of(event) not in human]


def place_of(event: Event) -> Place:
    """Return the question that an event of a seat is about."""
    return (event["round"], event.get("seat") or event["role"], event.get("attempt", 1))


def stops_in(events: Sequence[Event]) -> list[Stopped]:
    """Return where a past run stopped, in order."""
    stops: list[Stopped] = []
    limits, leg = events[0]["limits"], 0
    for at, event in enumerate(events):
        if event["event"] == "resumed":
            changes = {name: value for name, value in event["limits"].items() if value != limits[name]}
            if event["after"] is not None:
                stops[-1] = replace(stops[-1], changes=changes)
            limits, leg = event["limits"], at
        if event["event"] == "finished" and event["stop_reason"] != "success":
            given = frozenset(Counter(place for place, _ in answers_in(events[:at])).items())
            cut = [each for each in events[leg:at] if each["event"] == "failed" and each["reason"] == "cancelled"]
            is_halted = event["stop_reason"] == "cancelled" and not cut
            stops.append(Stopped(event["stop_reason"], event["phase"], given, is_halted))
    return stops


async def heard_by(events: Sequence[Event], _: Any, __: str, number: int) -> list[dict[str, Any]]:
    """Return what was heard from outside in a past run by the time a round of this number opened, as it was said."""
    sent = [event["message"] for event in events if event["event"] == "sent" and event["round"] <= number]
    return [each for each in sent if each["outside"] and each["id"].startswith("s-")]


class HeedingVoice(RecordedVoice):
    """The recorded voice, which notes what it was asked, and whether it ever had no answer."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__(events)
        self.counted: Counter[Place] = Counter()
        self.lacked = False

    @property
    def given(self) -> Given:
        return frozenset(self.counted.items())

    def _next(self, place: tuple[str, int, str, int]) -> Utterance:
        kept = bool(self._answers[place])
        self.lacked = self.lacked or not kept
        if kept and place[2] != "brief":
            self.counted[place[1:]] += 1
        return super()._next(place)


class HaltAsThen(Halt):
    """Set where the past run was stopped before it asked anybody: after the same answers.

    Every step that writes to the record asks for the time, and no seat does. What was answered by then is what counts,
    so that nothing changes while seats are asked.
    """

    def __init__(self, stops: Sequence[Stopped], voice: HeedingVoice) -> None:
        super().__init__()
        self._voice, self.clock = voice, Clock()
        self._given = voice.given
        self.left = [stop for stop in stops if stop.is_halted]

    @property
    def is_set(self) -> bool:
        return any(stop.given == self._given for stop in self.left)

    @is_set.setter
    def is_set(self, _: bool) -> None: ...

    def now(self) -> str:
        """Return the time of a step, and note what was answered by then."""
        self._given = self._voice.given
        return self.clock.at


@dataclass
class TrueRun:
    """What a true run came to, and whether each of its questions was asked, in these words, in the past run."""

    final: str
    outcome: Event | None
    is_known: bool
    strange: list[Place] = field(default_factory=list)


async def run_truly(database: Database, drawn: Drawn, team: Team, thread: str = "truly") -> TrueRun:
    """Run a team on the recorded answers of a past run.

    Where changes were accepted, the run goes as it went until they were for the last time; then the team takes over.
    """
    events = drawn.state["events"]
    stops, voice = stops_in(events), HeedingVoice(events)
    halt = HaltAsThen(stops, voice)
    voices, hears = {"model": voice, "rules": voice}, partial(heard_by, events)
    services = Services(voices, facts_of, halt, clock=lambda: 0.0, now=halt.now, listen=hears)
    runner, at = Runner(database, services), 0
    if drawn.moved is None:
        record = await runner.run(team, thread)
    else:
        record, at = await _moved(runner, drawn, team, thread, halt)
    acts, is_heard = Acts(events), True
    while record["status"] in ("stopped", "waiting") and record["resumable"]:
        if record["status"] == "waiting":
            done = await acts.go(runner, record, halt.clock)
            is_heard = done is not None
            if done is None:
                break
            record = done
            continue
        key = (record["stop_reason"], record.get("phase"), voice.given)
        found = [n for n, stop in enumerate(stops) if n >= at and (stop.reason, stop.phase, stop.given) == key]
        if not found or stops[found[0]].changes is None:
            break
        at = found[0] + 1
        halt.left = [stop for stop in stops[at:] if stop.is_halted]
        leg = drawn.resumes[found[0]]
        facts = None if leg.team else leg.options.get("facts")
        record = await runner.resume(thread, budget=stops[found[0]].changes, facts=facts)
    return _seen(await runner.threads.begun(thread), events, voice, is_heard)


async def _moved(runner: Runner, drawn: Drawn, team: Team, thread: str, halt: HaltAsThen) -> tuple[Record, int]:
    """Let the run go as it went, until changes were accepted for the last time, and go on with the team from there.

    Returns the record, too, with the number of stops so far.
    """
    last, number = drawn.moved or 0, 0
    stops = stops_in(drawn.state["events"])
    record = await runner.run(drawn.first, thread)
    for place, leg in enumerate(drawn.legs[: last + 1]):
        if record["status"] == "stopped":
            assert (record["stop_reason"], record.get("phase")) == (stops[number].reason, stops[number].phase), number
            number += 1
            halt.left = [stop for stop in stops[number:] if stop.is_halted]
        if place < last:
            record = await leg.go(runner, record, halt.clock)
    (*_, then) = (event for event in _resumed_in(drawn.state["events"]) if event["moved"])
    limits = Budget(**then["limits"] | {"min_go_votes": team.budget.min_go_votes})
    is_supplied = any(key[0] == "supply" for key in questions_in(since_changes(drawn.state["events"])))
    facts = team.own_facts if is_supplied else drawn.state["case"]["facts"]  # who supplies them does so again
    own = team.model_copy(update={"budget": limits, "facts": facts})
    record = await runner.run(own, thread, accept_changes=True)
    resumed = _resumed_in((await runner.threads.begun(thread))["events"])
    assert [each for each in resumed if each["moved"]][-1]["limits"] == limits.model_dump(mode="json")
    return record, number


def _resumed_in(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event["event"] == "resumed"]


def _seen(state: Mapping[str, Any], events: Sequence[Event], voice: HeedingVoice, is_heard: bool) -> TrueRun:
    since = max((at for at, event in enumerate(state["events"]) if event.get("moved")), default=0)
    words = [event for event in state["events"][since:] if event["event"] in ("outcome", "ruled")]
    outcomes = [event for event in words if event["event"] == "outcome"]
    final = _final(state, words[-1] if words else None)
    then, now = prompts_in(events), prompts_in(state["events"])
    strange = [place for place in now if now[place] != then.get(place, [])[: len(now[place])]]
    is_known = is_heard and not voice.lacked and not strange
    return TrueRun(final, outcomes[-1] if outcomes else None, is_known, strange)


def _final(state: Mapping[str, Any], last: Event | None) -> str:
    """Return what a run came to: what people gave, or the policy where nobody has to sign it, or why it stopped."""
    said = (last.get("outcome") or last["final"]) if last else None
    is_unsigned = last is not None and last["event"] == "outcome" and state["case"]["team"]["sign_off"]
    return str(said if said in DECISIONS and not is_unsigned else state["stop_reason"] or "waiting")


def prompts_in(events: Sequence[Event]) -> dict[Place, list[str]]:
    """Return the hashes of what was asked, by question, in order."""
    prompts: dict[Place, list[str]] = defaultdict(list)
    for event in events:
        if event["event"] in ("proposed", "failed") and event["role"] != "brief":
            prompts[event["round"], event.get("seat") or event["role"], event["attempt"]].append(event["prompt"])
    return dict(prompts)
