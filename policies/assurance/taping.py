"""Taping: the tape of a past run as plain values, from the events of its record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.assurance.keeping import of_the_run
from policies.decision.table import DECISIONS, Outcome
from policies.decision.vote import rounds_blocked
from policies.patterns.course import pattern_named
from policies.patterns.vote import CAST
from policies.run.stop import stop_reason
from policies.team.fields import Stance

Plain = dict[str, Any]
Event = Mapping[str, Any]

BRIEF, PEOPLE = "brief", "people"
"""Who is asked besides the seats of a round."""
ANSWERS = ("accepted", "refused", "failed")
OF_OUTCOME = ("round", "casts", "final", "marks", "convene", "release")


def taped(events: Sequence[Event]) -> Plain:
    """Return the tape of a record as plain values: {start, steps}.

    >>> taped([{"event": "admitted", "pattern": "rounds", "limits": {}, "max_repairs": 1}])["steps"]
    []
    """
    events = of_the_run(events)
    moves = [place for place, event in enumerate(events) if event.get("moved")]
    begun = moves[-1] if moves else 0
    steps = _Taping()
    for event in events[begun + 1 :]:
        steps.take(event)
    return {"start": _start(events[:begun], events[begun:]), "steps": steps.taken}


@dataclass(slots=True)
class _Taping:
    """The steps of the events taken so far."""

    taken: list[Plain] = field(default_factory=list)
    last: str = ""
    heard: bool = False
    waits: bool = False
    """Whether the run waits for people."""
    noted: bool = False
    """Whether somebody who is asked wants another round."""

    def take(self, event: Event) -> None:
        """Take the next event; those that say nothing of how the run went leave no step."""
        kind = event["event"]
        self.noted = self.noted or (kind == "answered" and event["outcome"] == "again")
        if event.get("role") == BRIEF or (event.get("role") == PEOPLE and kind not in ("asked", "ruled")):
            return
        if event.get("role") == PEOPLE and kind == "asked":
            self.waits, self.noted = event["kind"] != "supply", False
            return
        if kind in ANSWERS:
            self.answer(event)
        elif kind in _TAKES:
            _TAKES[kind](self, event)
        self.last = kind

    def ask(self, event: Event) -> None:
        """Add the seat to those asked at once: convene writes them one after the other, each once."""
        seat = seat_of(event)
        self.waits = "question" in event
        if self.last != "asked" or seat in (pair[0] for pair in self.taken[-1]["asked"]):
            heard, self.heard = {"heard": True} if self.heard else {}, False
            self.taken.append({"round": event["round"], "asked": [], **heard})
        self.taken[-1]["asked"].append([seat, None])

    def answer(self, event: Event) -> None:
        """Add an answer to whoever was asked; apart from the asking where something else happened meanwhile."""
        self.waits = False
        if "asked" not in self.taken[-1]:
            self.taken.append({"round": event["round"], "asked": [], "late": True})
        asked = self.taken[-1]["asked"]
        if self.taken[-1].get("late"):
            asked.append([seat_of(event), None])
        next(pair for pair in asked if pair[0] == seat_of(event))[1] = _plain_reply(event)

    def close(self, event: Event) -> None:
        """Add the end of a round."""
        self.taken.append({key: event[key] for key in OF_OUTCOME})

    def check(self, event: Event) -> None:
        """Add what a check of a decision found in its completed samples."""
        parts = zip(event["numbers"], event["casts"], event["confidences"], event["marks"], strict=True)
        keys = ("number", "casts", "confidences", "marks")
        completed = [dict(zip(keys, part, strict=True)) for part in parts]
        self.taken.append({"round": event["round"], "checked": event["samples"], "completed": completed})

    def rule(self, event: Event) -> None:
        """Add what people gave; a fact that they supplied is in the case."""
        if event["kind"] != "supply":
            self.waits = event["kind"] == "contribute"
            noted = {"noted": True} if self.noted else {}
            self.taken.append({"ruled": event["outcome"], "kind": event["kind"], "round": event["round"], **noted})

    def stop(self, event: Event) -> None:
        """Add the stop of the run, unless it succeeded."""
        if event["stop_reason"] != stop_reason("success"):
            self.taken.append({"stopped": event["stop_reason"], "phase": event["phase"], "resumed": None})

    def set_back(self, event: Event) -> None:
        """Leave out the seats that were not asked again when the run was brought back: as if they never were."""
        if event["set_back"] and "asked" in self.taken[-1]:  # what a check asks is not on the tape
            asked = self.taken.pop()
            left = [pair for pair in asked["asked"] if pair[0] not in event["set_back"]]
            self.taken += [{**asked, "asked": left}] if left else []
            self.heard = not left and asked.get("heard", False)

    def resume(self, event: Event) -> None:
        """Note with what the run was resumed."""
        if event["after"] is None:
            self.taken.append({"stopped": None, "phase": "human" if self.waits else None})
        self.taken[-1] |= {"resumed": event["limits"], "max_repairs": event["max_repairs"]}

    def hear(self, event: Event) -> None:
        """Note that the seats asked next have messages from outside."""
        self.heard = self.heard or event["message"].get("outside", False)


_TAKES: Mapping[str, Callable[[_Taping, Event], None]] = {
    "asked": _Taping.ask,
    "outcome": _Taping.close,
    "stability": _Taping.check,
    "ruled": _Taping.rule,
    "finished": _Taping.stop,
    "resumed": _Taping.resume,
    "recovered": _Taping.set_back,
    "sent": _Taping.hear,
}
"""What each kind of event leaves on the tape; answers go to the seats that were asked."""


def seat_of(event: Event) -> str:
    """Return the name of the seat that an event is about: its own, or its role's."""
    return str(event.get("seat") or event["role"])


def _plain_reply(event: Event) -> Plain:
    if event["event"] == "refused":
        return {"refused": event["rule"]}
    if event["event"] == "failed":
        return {"failed": event["reason"], **({"own_limit": True} if event.get("own_limit") else {})}
    if "output" not in event:
        offers = {"offers": True} if event.get("offered") else {}
        return {"cast": event["contribution"]["stance"], "confidence": event["contribution"]["confidence"], **offers}
    contract, answer = event["output"]["contract"], event["output"]["answer"]
    return {"cast": CAST[answer["vote"]], "confidence": 1.0} if contract == "ballot" else {"output": contract}


@dataclass(slots=True)
class _Beginning:
    """Where the loop is after the events taken so far, as far as what follows rests on it."""

    round: int = 0
    outcome: Outcome | None = None
    pattern: str | None = None
    before: str | None = None
    stances: list[dict[str, Stance]] = field(default_factory=list)
    changes: list[list[str | None]] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take the next event; `pattern` is in force, and was `before` until somebody resumed the run."""
        kind = event["event"]
        if kind in ("admitted", "resumed"):
            self.before, self.pattern = self.pattern, event["pattern"]
        elif kind == "asked" and event["role"] not in (BRIEF, PEOPLE):
            self.round, self.outcome = event["round"], None
        elif kind == "ruled" and event["outcome"] in DECISIONS:
            self.outcome = event["outcome"]
        elif kind == "ruled" and event["kind"] in ("decide", "sign_off"):
            self.outcome = "next_round" if event["outcome"] == "again" else self.outcome
        elif kind == "superseded":
            self._reopen(event["round"])
        elif kind == "outcome":
            self.outcome = event["final"]
            self.changes.append([event["convene"], event["release"]])
            if pattern_named(self.pattern).is_rounds:
                self.stances.append({role: event["casts"][role] for role in event["confidences"]})

    def _reopen(self, number: int) -> None:
        """Take back the open round: it is asked again, but the stages of another pattern begin with a new one."""
        if not pattern_named(self.before).is_rounds or self.outcome in (*DECISIONS, "escalate"):
            self.outcome = "next_round"
        elif number != self.round:
            self.outcome = None
        self.round = number


def _start(before: Sequence[Event], standing: Sequence[Event]) -> Plain:
    """Return where the standing part of a record begins, after the events before it."""
    begun = _Beginning()
    for event in (*before, standing[0], *(each for each in standing[1:2] if each["event"] == "superseded")):
        begun.take(event)
    return {
        "limits": standing[0]["limits"],
        "max_repairs": standing[0]["max_repairs"],
        "round": begun.round,
        "outcome": begun.outcome,
        "spent": standing[0]["spent"] if before else {},
        "rounds_blocked": rounds_blocked([[*said.values()] for said in begun.stances]),
        "changes": begun.changes,
        "stances": {role: stance for said in begun.stances for role, stance in said.items()},
    }
