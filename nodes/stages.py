"""The stages: every other pattern than the rounds, as its course asks for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from nodes.border import budget_from, name_of, plain_seat, plain_stop
from nodes.events import decided, decision_line
from nodes.pattern import Asked, Closing, Ending, Update
from nodes.prompting import stage_prompt, synthesis_prompt
from nodes.state import State
from policies.contracts.answers import Task
from policies.contracts.table import judge
from policies.guards import examine
from policies.patterns.course import advance, count_of
from policies.patterns.stages import Closed, Entry, Finish, Log, Next, Stage, retried
from policies.seats import Seat, phase_at
from policies.stop import Stop
from policies.team import Team

GOES_ON = "next_stage"
DONE = "done"


@dataclass(frozen=True, slots=True)
class _Basis:
    """All of a state that the course depends on."""

    stages: tuple[Any, ...]
    facts: Any
    rest: tuple[Any, ...]

    @classmethod
    def of(cls, state: State) -> Self:
        rest = (state["limits"], state.get("since"), state.get("forgiven"))
        return cls(tuple(state.get("stages", ())), state["case"]["facts"], rest)

    def is_same(self, other: Self) -> bool:
        """Tell whether both hold the same stages and facts, which no node changes in place."""
        pairs = ((self.facts, other.facts), *zip(self.stages, other.stages, strict=False))
        return len(self.stages) == len(other.stages) and self.rest == other.rest and all(a is b for a, b in pairs)


class Stages:
    """The pattern of a team that works in stages."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._last: tuple[_Basis, Next] | None = None

    def where(self, state: State) -> str:
        """Return the label of the open stage."""
        return self._open(state).label

    def opens(self, state: State) -> Update:
        """Return the next stage with its empty seats, or the stop that the course comes to."""
        stage = self._next(state)
        if isinstance(stage, Stop):
            return {"pending": plain_stop(stage)}
        if isinstance(stage, Finish):
            return {"outcome": DONE, "ending": _plain_ending(stage)}
        seats = [name_of(seat) for seat in state.get("seats", [])]
        if state.get("outcome") is None and seats == [task.seat for task in stage.tasks]:
            return {}
        reopened = state.get("round") and state.get("outcome") is None
        number = state["round"] if reopened else state.get("round", 0) + 1
        return {"round": number, "seats": [plain_seat(_seat(task)) for task in stage.tasks], "outcome": None}

    def forgives(self, state: State) -> Update:
        """Return that failed steps are asked again, where one of them stopped the run."""
        failed = Stop.parse(state.get("stop_reason") or "success").kind == "step_failed"
        return {"forgiven": len(state.get("stages", []))} if failed else {}

    def question(self, state: State, seat: str, repair: str | None) -> Asked:
        """Return what a seat of the open stage is asked."""
        task = self.task(state, seat)
        prompt = stage_prompt(self._team, task, state, repair)
        return Asked(prompt, task, lambda said: judge(said, task, self._team))

    def task(self, state: State, seat: str) -> Task:
        """Return the task of a seat of the open stage."""
        return next(task for task in self._open(state).tasks if task.seat == seat)

    def counts_absent(self, state: State) -> bool:
        """Tell whether the open stage bears a seat that fails."""
        return self._open(state).tolerance != "none"

    def closes(self, state: State, seats: Sequence[Seat]) -> Closing:
        """Return what a full stage leads to: another stage, the end, or a stop."""
        stage = self._open(state)
        if stage.tolerance == "some" and all(seat.absent for seat in seats):
            return _nobody(stage, seats)
        place = {"round": state["round"], "stage": stage.label}
        line = {**place, "absent": [seat.name for seat in seats if seat.absent]}
        closed = {**place, "entries": [_entry(seat) for seat in seats]}
        after: Any = {**state, "stages": [*state.get("stages", []), closed]}
        follows = self._next(after)
        update: Update = {"outcome": GOES_ON, "stages": [closed], "trace": [line]}
        if isinstance(follows, Finish):
            update |= {"outcome": DONE, "ending": _plain_ending(follows)}
        elif isinstance(follows, Stop):
            update["pending"] = plain_stop(follows)
        return Closing(update, self._counted(after), {"event": "stage", **line})

    def accepted(self, state: State, seat: Seat) -> dict[str, Any]:
        """Return {round, seat, agent, contract, accepted}."""
        contract = seat.accepted.contract if seat.accepted else ""
        return {"round": state["round"], "seat": seat.name, "agent": seat.role, "contract": contract, "accepted": True}

    def ending(self, state: State) -> Ending:
        """Return the answer that code states, or the question for the synthesis."""
        ends = state["ending"]
        prompt = synthesis_prompt(self._team, state)
        heading = decision_line(state, ends["decision"]) if ends["decision"] else ""
        return Ending(ends["answer"], prompt, heading, results=tuple(ends["results"]))

    def _open(self, state: State) -> Stage:
        stage = self._next(state)
        assert isinstance(stage, Stage), "convene has opened a stage"
        return stage

    def _next(self, state: State) -> Next:
        """Return what the course asks now; worked out once for all nodes that ask on the same basis."""
        basis = _Basis.of(state)
        if self._last is None or not self._last[0].is_same(basis):
            team = self._team.model_copy(update={"budget": budget_from(state)})
            self._last = basis, advance(team, log_of(state), basis.facts)
        return self._last[1]

    def _counted(self, state: State) -> list[dict[str, Any]]:
        """Return the event of the vote that was counted, if the stage was one."""
        facts = state["case"]["facts"]
        counted = count_of(self._team.model_copy(update={"budget": budget_from(state)}), log_of(state), facts)
        if counted is None:
            return []
        outcome = decided(counted.vote, examine(self._team.guards, facts), counted.ruling, {})
        return [{**outcome, "round": state["round"], "flags": []}]


def log_of(state: Mapping[str, Any]) -> Log:
    """Return the finished stages of a state; absences of steps that are asked again are left out."""
    since = state.get("since", 0)
    log = [
        Closed(stage["stage"], tuple(Entry(*(entry[key] for key in ENTRY)) for entry in stage["entries"]))
        for stage in state.get("stages", [])[since:]
    ]
    return retried(log, max(state.get("forgiven", 0) - since, 0))


ENTRY = ("seat", "role", "contract", "answer", "absent")


def _seat(task: Task) -> Seat:
    return Seat(task.role, task=task.seat if task.seat != task.role else None)


def _entry(seat: Seat) -> dict[str, Any]:
    said = seat.accepted
    return {
        "seat": seat.name,
        "role": seat.role,
        "contract": said.contract if said else "output",
        "answer": dict(said.answer) if said else None,
        "absent": seat.absent,
        "inner": dict(said.inner) if said and said.inner else None,
    }


def _nobody(stage: Stage, seats: Sequence[Seat]) -> Closing:
    """Return the stop of a stage in which every seat failed; the seats stay open, so that they can be asked again."""
    first = seats[0]
    reopened = [plain_seat(replace(seat, absent=None)) for seat in seats]
    stop = Stop(first.absent or "", phase_at(stage.label, first))
    return Closing({"seats": reopened, "pending": plain_stop(stop)}, [])


def _plain_ending(finish: Finish) -> dict[str, Any]:
    return {
        "results": [dict(result) for result in finish.results],
        "answer": finish.answer,
        "decision": finish.decision,
        "ended_early": finish.ended_early,
        "details": dict(finish.details),
    }
