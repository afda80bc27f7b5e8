"""Stages: what a team is asked next, as the course of its pattern says; what convene opens, and what align closes.

The loop (admission, budgets, calls, seats, repairs, stops) is one for all patterns; a round is a stage that is kept in
the history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from nodes.border import budget_from, name_of, plain_seat, plain_spent, plain_stop, spent_from
from nodes.closing import (
    Closing,
    Ending,
    Update,
    close_round,
    close_stage,
    closed_of,
    nobody_answered,
    plain_ending,
)
from nodes.events import capping_guards, reseatings
from nodes.prompting import brief_prompt, seat_prompt, synthesis_prompt
from nodes.rulings import decision_line, said_by_people
from nodes.samples import before_decision, is_due, reordered, sample_of, seed_of
from nodes.spoken import spoken_in
from nodes.state import State
from nodes.voices.voice import Prompt
from policies.contracts.answers import Accepted, Refusal, Task
from policies.contracts.contribution import Contribution
from policies.contracts.table import judge
from policies.decision.table import DECISIONS, Decision
from policies.patterns.course import PATTERNS, advance
from policies.patterns.stages import Closed, Entry, Finish, Log, Next, Stage, retried
from policies.run.routing import DONE
from policies.run.seats import Reseating, Seat
from policies.run.stop import Stop
from policies.team.team import Budget, Team


@dataclass(frozen=True, slots=True)
class SeatQuestion:
    """What one seat is asked."""

    prompt: Prompt
    task: Task
    team: Team
    facts: Mapping[str, Any]
    seed: int | None = None
    """What the model's choice of words begins with, where the last round is asked again."""

    def accept(self, said: object) -> Accepted | Refusal:
        """Return the answer in what was said, or why it is refused."""
        return judge(said, self.task, self.team)


@dataclass(frozen=True, slots=True)
class _Basis:
    """All of a state that the course depends on."""

    stages: tuple[Any, ...]
    facts: Any
    rest: tuple[Any, ...]

    def is_same(self, other: Self) -> bool:
        """Return whether both hold the same stages and facts, which no node changes in place."""
        pairs = ((self.facts, other.facts), *zip(self.stages, other.stages, strict=False))
        return len(self.stages) == len(other.stages) and self.rest == other.rest and all(a is b for a, b in pairs)


class Stages:
    """The stages of one team."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._is_rounds = PATTERNS[team.pattern].is_rounds
        self._last: tuple[_Basis, Next] | None = None

    def where(self, state: State) -> str:
        """Return the label of the open stage; rounds are numbered through the thread, whatever it did before."""
        return f"round_{state['round']}" if self._is_rounds else self._open(state).label

    def place(self, state: State) -> Update:
        """Return where the team is, as it is shown live: {stage}, or nothing in a round, whose number says it."""
        return {} if self._is_rounds else {"stage": self.where(state)}

    def opens(self, state: State) -> Update:
        """Return the next stage with its empty seats, nothing where one is open, or the stop or end that is reached."""
        stage = self._next(state)
        if isinstance(stage, Stop):
            return {"pending": plain_stop(stage)}
        if isinstance(stage, Finish):
            return {"outcome": DONE, "ending": plain_ending(stage)}
        is_open = _is_open(state)
        seats = [name_of(seat) for seat in state.get("seats", [])]
        if is_open and seats == [task.seat for task in stage.tasks]:
            return {}
        opened = {"seats": [plain_seat(_seat(task)) for task in stage.tasks], "outcome": None}
        if is_open:
            return {"round": state["round"], **opened}
        return {"round": state.get("round", 0) + 1, **opened, **self._granted(state)}

    def forgives(self, state: State) -> Update:
        """Return that failed steps are asked again, where one of them stopped the run."""
        stopped = Stop.find(state.get("stop_reason") or "")
        failed = stopped is not None and stopped.kind == "step_failed"
        return {"forgiven": len(state.get("stages", []))} if failed else {}

    def question(self, state: State, seat: str, repair: str | None) -> SeatQuestion:
        """Return what a seat of the open stage is asked, or of a sample of the last round."""
        if is_due(state):
            return self._asked_again(state, seat)
        task = next(task for task in self._open(state).tasks if task.seat == seat)
        facts = state["case"]["facts"]
        return SeatQuestion(seat_prompt(self._team, task, state, repair), task, self._team, facts)

    def _asked_again(self, state: State, seat: str) -> SeatQuestion:
        """Return what a seat of a sample is asked: as in the last round, with the facts in another order."""
        (role, sample), before = sample_of(seat), before_decision(state)
        task = next(task for task in self._open(before).tasks if task.role == role)
        seed = seed_of(state, sample)
        facts = reordered(state["case"]["facts"], seed)
        shown = {**before, "case": {**state["case"], "facts": facts}}
        prompt = seat_prompt(self._team, task, shown, None, keeps_order=True)
        return SeatQuestion(prompt, replace(task, seat=seat), self._team, facts, seed)

    def asked_before(self, state: State) -> Log:
        """Return the rounds before the one that is asked again."""
        return rounds_of(before_decision(state))

    def counts_absent(self, state: State) -> bool:
        """Return whether the open stage bears a seat that fails."""
        return self._open(state).tolerance != "none"

    def closes(self, state: State, seats: Sequence[Seat]) -> Closing:
        """Return what the seats make, now that each is filled or absent."""
        stage = self._open(state)
        if stage.tolerance == "some" and all(seat.absent for seat in seats):
            return nobody_answered(self.where(state), seats)
        log = [*self._log(state), closed_of(self.where(state), seats)]
        if self._is_rounds:
            return close_round(state, seats, log, self._team)
        follows = advance(self._limited(state), log, state["case"]["facts"])
        return close_stage(state, seats, log, self._team, follows)

    def decided(self, state: State, decision: Decision) -> Update:
        """Return what a decision that people took makes of what is open."""
        if self._is_rounds:
            return {"outcome": decision}
        log = self._log(state)
        follows = advance(self._limited(state), [*log[:-1], replace(log[-1], outcome=decision)], state["case"]["facts"])
        assert isinstance(follows, Finish), "a decision ends the stages"
        return {"outcome": DONE, "ending": plain_ending(follows)}

    def ending(self, state: State) -> Ending:
        """Return the answer that code states, or the question for the brief or the synthesis."""
        if self._is_rounds:
            capping, decision = capping_guards(state), _standing(state)
            prompt, heading = brief_prompt(self._team, state, capping), decision_line(state, decision)
            return Ending(None, prompt, heading, decision, capping, people=said_by_people(state))
        ends = state["ending"]
        heading = decision_line(state, ends["decision"]) if ends["decision"] else ""
        prompt = synthesis_prompt(self._team, state)
        return Ending(ends["answer"], prompt, heading, ends["decision"], results=tuple(ends["results"]))

    def _granted(self, state: State) -> Update:
        """Return the round that is opened as spent; stages are limited by their pattern."""
        if not self._is_rounds:
            return {}
        spent = spent_from(state)
        return {"spent": plain_spent(replace(spent, rounds=spent.rounds + 1))}

    def _open(self, state: State) -> Stage:
        stage = self._next(state)
        assert isinstance(stage, Stage), "convene has opened a stage"
        return stage

    def _next(self, state: State) -> Next:
        """Return what the course asks now; worked out once for all nodes that ask on the same basis."""
        basis = self._basis(state)
        if self._last is None or not self._last[0].is_same(basis):
            self._last = basis, advance(self._limited(state), self._log(state), basis.facts)
        return self._last[1]

    def _basis(self, state: State) -> _Basis:
        kept: Any = state.get("history" if self._is_rounds else "stages", ())
        ruled = _standing(state) if self._is_rounds else None
        rest = (self._limits(state), state.get("since"), state.get("forgiven"), ruled)
        return _Basis(tuple(kept), state["case"]["facts"], rest)

    def _limited(self, state: State) -> Team:
        return self._team.model_copy(update={"budget": self._limits(state)})

    def _limits(self, state: State) -> Budget:
        """Return the budget in force, its `max_rounds` as the log can be checked against it.

        A round that is open was granted, whatever the limit is now; one that was granted and is not in the history,
        since another pattern took over within it, stays spent.
        """
        limits = budget_from(state)
        if not self._is_rounds:
            return limits
        finished, open_rounds = len(state.get("history", [])), int(_is_open(state))
        left_behind = spent_from(state).rounds - finished - open_rounds
        most = max(limits.max_rounds - left_behind, finished + open_rounds)
        return limits.model_copy(update={"max_rounds": most})

    def _log(self, state: State) -> Log:
        return rounds_of(state) if self._is_rounds else log_of(state)


def rounds_of(state: Mapping[str, Any]) -> Log:
    """Return the finished rounds of a state; the last one has its outcome until another is opened."""
    changes, spoken = reseatings(state), spoken_in(state)
    log = [
        Closed(
            f"round_{entry['round']}",
            tuple(_said(spoken[entry["round"], each["agent"]]) for each in entry["contributions"]),
            entry["decision"],
            (changes.get(entry["round"], Reseating()),),
        )
        for entry in state.get("history", [])
    ]
    if not log:
        return log
    standing, last = _standing(state), log[-1]
    if standing:
        return [*log[:-1], replace(last, outcome=standing)]
    return [*log[:-1], replace(last, set_aside=True)] if last.outcome else log


def _is_open(state: Mapping[str, Any]) -> bool:
    return bool(state.get("round")) and state.get("outcome") is None


def _standing(state: Mapping[str, Any]) -> Any:
    """Return the outcome under which no round is open: a decision, or that it waits for a human; None for any other."""
    outcome = state.get("outcome")
    return outcome if outcome in (*DECISIONS, "escalate") else None


def _said(contribution: Contribution) -> Entry:
    return Entry(contribution.agent, contribution.agent, "contribution", contribution.accepted.answer)


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
    return Seat(task.role, label=task.seat if task.seat != task.role else None)
