"""Reenactment: the loop gone through again along the tape of a past run, under other rules, without asking anybody.

Whom to ask, what the answers make of the seats, whether a round may follow and what it decides is worked out by the
very functions that run the loop. The tape gives the answers, and where the run was stopped from outside and resumed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from policies.assurance.past import PastAnswer, PastRun, Rules, Verdict
from policies.assurance.tape import Exchange, Pause, RoundEnd, Ruled, TapeStep
from policies.assurance.unknowns import OTHER_MEANS, asked_elsewhen, not_opened, resumed_perhaps, stopped_where, unasked
from policies.contracts.answers import Refusal
from policies.decision.guards import Finding
from policies.decision.outcome import Ruling, decide
from policies.decision.table import DECISIONS, Outcome, Policy
from policies.decision.vote import Cast, Vote
from policies.language import say
from policies.run.budgets import Spent
from policies.run.seats import Failure, Reply, Reseating, Seat, forgive, is_full
from policies.run.stop import Stop
from policies.run.waves import Wave, first_asked, plan_wave, settle
from policies.team.fields import Stance
from policies.team.team import Budget

BETWEEN, FINALIZE = (None, "facts"), "finalize"  # phases of a stop from outside: before a round, before a signature

AskedAgain = tuple[Wave, Mapping[str, Reply]]
"""A wave as it is asked, and what its seats give."""


class Talk(Protocol):
    """What a talk in rounds and a vote do each in their own way."""

    def where(self, now: "Reenactment") -> int | str:
        """Return the number of the round, or the label of the stage."""

    def refuses(self, now: "Reenactment") -> Stop | None:
        """Return the stop where nothing more may be opened, or None."""

    def seats(self, now: "Reenactment") -> tuple[Seat, ...]:
        """Return the empty seats of the round or stage."""

    def counts_absent(self, now: "Reenactment") -> bool:
        """Return whether a seat that fails may be absent."""

    def closes(self, now: "Reenactment") -> Verdict | None:
        """Close the full round or stage; return the verdict where that ends the run."""


@dataclass(slots=True)
class Reenactment:
    """Where a reenactment is, on the tape and in the loop.

    It is on the tape, before the step `at`, while all that the run did is done again. Where something else is done it
    has `left` the tape; it is back where a round ends with the casts that it had.
    """

    run: PastRun
    rules: Rules
    course: Talk
    max_repairs: int
    limits: Budget
    spent: Spent
    round: int
    outcome: Outcome | None
    changes: list[Reseating]
    earlier: list[list[Stance]]
    findings: tuple[Finding, ...]
    seats: tuple[Seat, ...] = ()
    at: int = 0
    left: bool = False
    taken: Counter[str] = field(default_factory=Counter)
    offering: frozenset[str] = frozenset()
    questions: int | None = 0
    checked: bool = False  # whether the decision that the last vote gave was checked
    asked: Wave | None = None  # the last that was asked as it was in the run
    vote: Vote | None = None
    ruling: Ruling | None = None

    @property
    def is_open(self) -> bool:
        """Whether a round is open."""
        return self.round > 0 and self.outcome is None

    def turn(self) -> Verdict | None:
        """Go through one visit of convene, the seats and align; return the verdict once there is one."""
        pause = self.pause()
        if pause is not None and self.comes_again(pause):
            return self.passed(pause)
        return self._talk() if self.is_open else self._open()

    # --- stops -------------------------------------------------------------------------------------------------------

    def step(self) -> TapeStep | None:
        """Return the next step of the tape, while the reenactment is on it."""
        steps = self.run.tape.steps
        return steps[self.at] if not self.left and self.at < len(steps) else None

    def pause(self) -> Pause | None:
        """Return the next step of the tape where it is a pause."""
        step = self.step()
        return step if isinstance(step, Pause) else None

    def comes_again(self, pause: Pause) -> bool:
        """Return whether the run was stopped, or cut off, from outside at this moment."""
        if pause.reason is None:
            return pause.phase is None or self.outcome != "next_round"
        if Stop.parse(pause.reason).rule.follows_from is not None:
            return False
        return self.is_open or pause.phase in BETWEEN or (pause.phase == FINALIZE and self.outcome in DECISIONS)

    def passed(self, pause: Pause) -> Verdict | None:
        """Continue as whoever resumed the run did; return the verdict where nobody did, or not with these limits."""
        if pause.resumed is None:
            return self._ended(Stop(pause.reason or "", pause.phase))
        if pause.limits != self.limits:
            return self.unknown(say("whoever resumed it found limits that this run does not have"))
        self.at, self.limits, self.max_repairs = self.at + 1, pause.resumed, pause.max_repairs
        if pause.reason is not None:
            self.seats = forgive(self.seats)
        return None

    def stopped(self, stop: Stop) -> Verdict | None:
        """Return the verdict of a stop; None where the run was stopped so at this moment, and was resumed."""
        pause = self.pause()
        if pause is not None and (pause.reason, pause.phase) == (stop.reason, stop.phase):
            return self.passed(pause)
        if Stop.parse(stop.reason).rule.is_resumable and self.run.tape.is_resumed_from(self.at):
            return self.unknown(resumed_perhaps(stop))
        return self._ended(stop)

    # --- between rounds ----------------------------------------------------------------------------------------------

    def _open(self) -> Verdict | None:
        """Open the next round, where it may follow and took place."""
        stop, pause = self.course.refuses(self), self.pause()
        if stop is not None:
            return self.stopped(stop)
        if self.left:
            return self.unknown(say("round {round} would have followed on other answers", round=self.round + 1))
        if pause is not None and pause.reason and Stop.parse(pause.reason).rule.follows_from == "vote":
            self.at += 1  # the run was stopped here, and this one is not: it keeps the limits it has
            return None
        if allowed := self.run.tape.after_people(self.at):  # the round follows by itself here
            self.at = allowed
            return None
        if self.step() is None or self._was_decided():
            noted, opened = isinstance(step := self.step(), Ruled) and step.noted, self.round + 1
            return self.unknown(not_opened(opened, bool(noted)))
        self.round, self.outcome, self.taken, self.offering = self.round + 1, None, Counter(), frozenset()
        self.spent = replace(self.spent, rounds=self.spent.rounds + 1)
        self.seats = self.course.seats(self)
        return None

    def _was_decided(self) -> bool:
        before = self.run.tape.steps[self.at - 1] if self.at else None
        return isinstance(self.step(), Ruled) or (isinstance(before, RoundEnd) and before.final in DECISIONS)

    # --- in a round --------------------------------------------------------------------------------------------------

    def _talk(self) -> Verdict | None:
        """Ask the empty seats, settle their answers, and close the round once every seat is filled or absent."""
        where, repairs = self.course.where(self), self.max_repairs
        first = first_asked(self.seats, self.run.human)
        wave = plan_wave(first, where, self.run.access, self.limits, self.spent, repairs, {})
        asked = self._late() or self._answered(wave)
        if not isinstance(asked, tuple):
            return asked
        wave, replies = asked
        settled = settle(self.seats, replies, wave, where, repairs, self.course.counts_absent(self))
        self.seats = settled.seats
        if settled.stop is not None:
            return self.stopped(settled.stop)
        self._leave_where_stopped_by(replies)
        return self.course.closes(self) if is_full(self.seats) else None

    def _late(self) -> AskedAgain | None:
        """Return what people answered to the last wave after something else happened; None where they did not."""
        step = self.step()
        if not isinstance(step, Exchange) or not step.is_late or self.asked is None:
            return None
        self.at += 1
        wave = replace(self.asked, spent=self.spent)
        return self._taken(wave, {seat: reply for seat, reply in step.replies.items() if reply}, step.offering)

    def _answered(self, wave: Wave) -> AskedAgain | Verdict | None:
        """Return the wave with its answers; None where the work was cut off before there were any."""
        names, step = [ask.name for ask in wave.asks], self.step()
        if not names:
            return wave, {}
        if isinstance(step, Exchange) and step.round == self.round:
            kept = [*step.replies]
            left = [name for name in names if name not in kept]
            if kept == names or (kept == [name for name in names if name in kept] and self._are_kept_back(left)):
                return self._as_then(wave, step)
        self.left = True
        return self._as_known(wave, names)

    def _are_kept_back(self, names: list[str]) -> bool:
        """Return whether these seats waited for their tokens or cost to fit, since all were at the table."""
        return _is_metered(self.limits) and all(name in self.run.table_in(self.round) for name in names)

    def _as_then(self, wave: Wave, step: Exchange) -> AskedAgain | Verdict | None:
        """Return the wave as it was asked at this moment."""
        if means(step.limits) != means(self.limits):
            return self.unknown(say(OTHER_MEANS))
        number = len(step.replies)
        if number < len(wave.asks):
            asks = tuple(ask for ask in wave.asks if ask.name in step.replies)
            wave = Wave(asks, None, replace(self.spent, messages=self.spent.messages + number))
        self.at, self.asked = self.at + 1, wave
        replies = {seat: reply for seat, reply in step.replies.items() if reply is not None}
        asked = self._taken(wave, replies, step.offering)
        return asked if asked[1] else None

    def _as_known(self, wave: Wave, names: list[str]) -> AskedAgain | Verdict:
        """Return the wave with the next answers that its seats gave in this round, at whatever moment."""
        found = {name: self.run.tape.answers(self.round, name)[self.taken[name] :] for name in names}
        unasked = [name for name, answers in found.items() if not answers]
        if unasked:
            return self.unknown(self._unasked(unasked[0]))
        if self.run.tape.was_silent(self.round):
            return self.unknown(asked_elsewhen(self.round))
        given = {name: answers[0] for name, answers in found.items()}
        found_means = {means(step.limits) for _, step in given.values()}
        if _is_metered(self.limits) or found_means != {means(self.limits)}:
            return self.unknown(say(OTHER_MEANS))
        offering = frozenset(name for name, (_, step) in given.items() if name in step.offering)
        return self._taken(wave, {name: reply for name, (reply, _) in given.items()}, offering)

    def _unasked(self, name: str) -> str:
        sat = {role for number in range(1, self.round) for role in self.run.table_in(number)}
        stays = name in sat and name not in self.run.table_in(self.round)
        joins = name in self.run.joining(self.rules.policy) and not self.taken[name]
        return unasked(name, self.round, stays, joins, is_again=bool(self.taken[name]))

    def _taken(self, wave: Wave, replies: Mapping[str, Reply], offering: frozenset[str]) -> AskedAgain:
        self.spent, self.offering = wave.spent, self.offering | offering
        self.taken.update(replies.keys())
        return wave, replies

    def _leave_where_stopped_by(self, replies: Mapping[str, Reply]) -> None:
        """Leave the tape where one of these answers stopped the run, and does not stop this one."""
        pause = self.pause()
        reasons = [reply.reason for reply in replies.values() if isinstance(reply, Refusal | Failure)]
        self.left = self.left or (pause is not None and pause.reason in reasons)

    # --- votes and verdicts ------------------------------------------------------------------------------------------

    def known_end(self, casts: Mapping[str, Cast]) -> RoundEnd | None:
        """Return how the open round ended in the run, to continue from there; None where it had other casts."""
        at, end = self.run.tape.end_of(self.round) or (0, None)
        self.left = end is None or end.casts != casts
        self.at = self.at if self.left else at + 1
        return None if self.left else end

    def rule(self, policy: Policy, vote: Vote) -> Outcome:
        """Return the outcome of a vote, which closes the round."""
        self.vote, self.ruling = vote, decide(policy, vote, self.findings)
        self.changes.append(Reseating(self.ruling.convene, self.ruling.release))
        self.outcome, self.checked = self.ruling.final, False
        return self.outcome

    def decided(self, now: str) -> Verdict:
        """Return the verdict that the last vote gives."""
        return self.verdict(now, None, is_ruled=True)

    def unknown(self, reason: str) -> Verdict:
        """Return the verdict that nobody can know, and why."""
        return self.verdict(None, reason, is_ruled=not self.is_open)

    def _ended(self, stop: Stop) -> Verdict:
        if Stop.parse(stop.reason).rule.follows_from == "vote":
            return self.decided(stop.reason)
        return self.verdict(stop.reason, stopped_where(stop, self.round + 1), is_ruled=False)

    def verdict(self, now: str | None, reason: str | None, is_ruled: bool) -> Verdict:
        """Return the verdict; `is_ruled` says whether it rests on the last vote."""
        run, vote, ruling = self.run, self.vote, self.ruling
        known: PastAnswer = "same" if now == run.ended else "flipped"
        answer = known if now is not None else "undetermined"
        if vote is None or ruling is None or not is_ruled:
            return Verdict(run.thread, answer, run.ended, now, reason=reason)
        return Verdict(
            run.thread, answer, run.ended, now, vote.round, ruling.row, reason or ruling.because, ruling.guards
        )


def means(limits: Budget) -> tuple[float | None, ...]:
    """Return the limits whose use is not on the tape."""
    return (limits.max_seconds, limits.max_tokens, limits.max_cost_usd)


def _is_metered(limits: Budget) -> bool:
    return limits.max_tokens is not None or limits.max_cost_usd is not None
