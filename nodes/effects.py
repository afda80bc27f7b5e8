"""Effects: what an answered or expired question leads to in the run, each question exactly once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nodes.asking import plain_questions, questions_of, where_of
from nodes.border import plain_stop
from nodes.closing import Update
from nodes.events import Body, announced
from nodes.provenance import with_supplied
from nodes.stages import Stages
from nodes.state import State
from policies.decision.guards import examine
from policies.decision.table import DECISIONS
from policies.language import say
from policies.paths import keys_of, with_value
from policies.patterns.course import PATTERNS
from policies.people.expiry import rule_expired
from policies.people.panel import Panel, panel_of, rule_panel
from policies.people.question import AGAIN, STOP, Question, Word
from policies.people.sign_off import rule_sign_off
from policies.run.stop import Stop, stop_reason
from policies.team.provenance import Gathered
from policies.team.team import Team

PHASE = "human"
"""Where a run stopped that a person ended."""

ENDED = {"answer": None, "final_decision": None}
"""What a run has no more whose decision was not signed."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What the state and the record get."""

    update: Update
    events: Sequence[Body] = ()


@dataclass(frozen=True, slots=True)
class _Ruled:
    """What a question gave, and how."""

    outcome: str
    how: str = "answered"
    told: Mapping[str, Any] = field(default_factory=dict)


class Effects:
    """The effects of the answers of the people of one team."""

    def __init__(self, team: Team, stages: Stages) -> None:
        self._team, self._stages = team, stages

    def of_answer(self, state: State, asked: Question, questions: Sequence[Question]) -> Effect:
        """Return what a question leads to that has one more answer; `questions` are all of them after it."""
        if asked.kind == "contribute":
            closed = [replace(each, is_closed=True) if each.id == asked.id else each for each in questions]
            return Effect({"questions": plain_questions(closed)})
        if asked.kind == "supply":
            return self._supplied(state, asked)
        ruled = self._ruled(state, asked)
        return (
            Effect({"questions": plain_questions(questions)}) if ruled is None else self._settled(state, asked, ruled)
        )

    def of_expiry(self, state: State, asked: Question) -> Effect:
        """Return what a question leads to that nobody answered in time."""
        word = rule_expired(asked, self._team.escalate.on_timeout, PATTERNS[self._team.pattern].is_rounds)
        if asked.kind == "supply":
            stop = plain_stop(
                Stop(stop_reason("needs_input", asked.path), "facts"),
                cause=say("nobody supplied it by {expires_at}", expires_at=asked.expires_at),
            )
            return Effect({"questions": [], "pending": stop}, [_event(asked, _Ruled(STOP, "expired"))])
        if asked.kind == "contribute" and word == AGAIN:  # closed without an answer, the seat is asked once more
            left = [replace(each, is_closed=each.is_closed or each.id == asked.id) for each in questions_of(state)]
            return Effect({"questions": plain_questions(left)}, [_event(asked, _Ruled(AGAIN, "expired"))])
        return self._settled(state, asked, _Ruled(word, "expired"))

    def _supplied(self, state: State, asked: Question) -> Effect:
        case, given = state["case"], asked.answers[-1]
        fact = with_value({}, keys_of(asked.path or ""), given.answer)
        gathered = with_supplied(Gathered.kept(case["facts"] or {}, case["sources"]), fact, given.by, given.at)
        supplied = {"facts": gathered.facts, "sources": gathered.placed}
        event = _event(asked, _Ruled("supplied"))
        return Effect({"questions": [], "case": {**case, **supplied}, "pending": None}, [event])

    def _ruled(self, state: State, asked: Question) -> _Ruled | None:
        """Return what the answers give so far; None while more are needed."""
        said: dict[str, Word] = {each.seat: each.answer for each in asked.answers}
        if asked.kind == "sign_off":
            word = rule_sign_off(asked.asked, said)
            return _Ruled(word) if word else None
        found = rule_panel(self._panel, said, asked.options, examine(self._team.guards, state["case"]["facts"]))
        if found is None:
            return None
        row = {"row": found.ruling.row, "because": found.ruling.because, "policy": self._panel.policy.name}
        return _Ruled(found.outcome, told={"casts": dict(found.casts), **row})

    @property
    def _panel(self) -> Panel:
        return panel_of(self._team.escalate.decide)

    def _settled(self, state: State, asked: Question, ruled: _Ruled) -> Effect:
        """Return what a decision, another round or a stop leads to."""
        update: Update = {"questions": [], "pending": None}
        if asked.kind == "sign_off" and ruled.outcome == state["final_decision"]:
            return self._signed(state, asked, ruled)
        if asked.kind == "sign_off":
            update |= ENDED
        if ruled.outcome == AGAIN:
            update["outcome"] = "next_round"
        elif ruled.outcome == STOP:
            update["pending"] = plain_stop(Stop(stop_reason("human_stopped"), PHASE), cause=_why_stopped(asked, ruled))
        elif ruled.outcome in DECISIONS:
            update |= self._stages.decided(state, ruled.outcome)
        return Effect(update, [_event(asked, ruled)])

    def _signed(self, state: State, asked: Question, ruled: _Ruled) -> Effect:
        last = announced(state["final_decision"])
        return Effect({"questions": [], "stop_reason": last["stop_reason"]}, [_event(asked, ruled), last])


def _why_stopped(asked: Question, ruled: _Ruled) -> str:
    """Return who wanted the run to stop, or that not enough was answered in time."""
    if ruled.how == "expired":
        if asked.answers:
            return say("not everybody answered by {expires_at}", expires_at=asked.expires_at)
        return say("nobody answered by {expires_at}", expires_at=asked.expires_at)
    return " ".join(each.because for each in asked.answers if each.answer == STOP)


def _event(asked: Question, ruled: _Ruled) -> Body:
    by = [each.by for each in asked.answers]
    return {"event": "ruled", **where_of(asked), "outcome": ruled.outcome, "how": ruled.how, "by": by, **ruled.told}
