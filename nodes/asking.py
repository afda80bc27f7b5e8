"""Asking: the questions that people are asked, as the state keeps them, each with its event."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from nodes.border import budget_from, name_of, spent_from
from nodes.events import Body, events_of, said_guard
from nodes.fingerprint import fingerprint
from policies.decision.guards import cap_of, examine
from policies.decision.stability import said_flips
from policies.decision.table import DECISIONS, Decision
from policies.language import phrase, say
from policies.patterns.course import PATTERNS
from policies.people.answering import find_moved_since
from policies.people.question import Question, QuestionKind, Taken, Word, open_of, options_within
from policies.run.budgets import refuse_round
from policies.team.expecting import expected_in_words
from policies.team.people import seconds_of
from policies.team.team import Team
from policies.team.voices import HUMAN

PEOPLE = "people"
"""Who was asked, in the events of questions to nobody's seat; LangGraph takes `human` for a chat message's role."""

Plain = dict[str, Any]
State = Mapping[str, Any]

ID_LENGTH = 12

STALE = {
    "policy": phrase("is stale: the policy moved since it was asked"),
    "facts": phrase("is stale: the facts moved since it was asked"),
    "round": phrase("is stale: the round moved since it was asked"),
    "stances": phrase("is stale: the stances moved since it was asked"),
}
"""Why a question waits no longer, by what it was asked about that moved."""


def questions_of(state: State) -> list[Question]:
    """Return the questions of a state, those included that were answered and have had no effect yet."""
    return [_question_from(plain) for plain in state.get("questions") or []]


def _question_from(plain: Mapping[str, Any]) -> Question:
    lists = ("asked", "options", "stances", "conflicts", "guards")
    answers = tuple(Taken(**each) for each in plain["answers"])
    return Question(**{**plain, **{name: tuple(plain[name]) for name in lists}, "answers": answers})


def plain_questions(questions: Iterable[Question]) -> list[Plain]:
    """Return questions as the state keeps them."""
    return [_plain(question) for question in questions]


def _plain(question: Question) -> Plain:
    plain = asdict(question)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def waiting_of(state: State) -> list[Question]:
    """Return the questions that a thread waits for; none once it has stopped."""
    return open_of(questions_of(state)) if state.get("stop_reason") is None else []


class Asking:
    """Asks the people of one team."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def to_decide(self, state: State, outcome: Body, now: str) -> Question:
        """Return the question that a round leaves to people; `outcome` is its event, and `state` that after it."""
        told = say(
            "The team may not decide alone: {why}. What is decided? {goal}",
            why=_unstable(state) or _why(outcome),
            goal=state["case"]["goal"],
        )
        deciders = self._team.escalate.decide
        cap = cap_of(examine(self._team.guards, state["case"]["facts"]))
        options = options_within(cap, self.may_go_on(state))
        return self._asked(state, "decide", deciders.by if deciders else (), told, now, outcome, options)

    def to_sign(self, state: State, decision: Decision, now: str) -> Question:
        """Return the question whose answer puts names to a decision of the team."""
        told = say(
            "The team decided: {decision}. Do you put your name to it? {goal}",
            decision=decision,
            goal=state["case"]["goal"],
        )
        options: tuple[Word, ...] = (decision, *self._another(state), "stop")
        outcome = events_of(state, "outcome")[-1]
        return self._asked(state, "sign_off", self._team.sign_off, told, now, outcome, options)

    def to_contribute(self, state: State, ask: Mapping[str, Any], now: str) -> Question:
        """Return the question that a seat is, which a person fills."""
        role = self._team.roles[ask["role"]]
        told = say("{title}: {mandate} {goal}", title=role.title, mandate=role.mandate, goal=state["case"]["goal"])
        asked = self._asked(state, "contribute", role.people, told, now, seat=name_of(ask), attempt=ask["attempt"])
        return replace(asked, seat=name_of(ask), wave=state["wave"]["number"])

    def to_supply(self, state: State, path: str, cause: str, now: str) -> Question | None:
        """Return the question for a fact that the team lacks; None where nobody is named to supply it."""
        names = self._team.escalate.supply.get(path)
        if names is None:
            return None
        told = say("The team needs the fact `{path}` to start: {cause}", path=path, cause=cause)
        words = (expected_in_words(source.expected, path) for source in self._team.sources)
        expected = say("; ").join(each for each in words if each is not None and each not in cause)
        if expected:
            told = say("{question}; expected: {expected}", question=told, expected=expected)
        return replace(self._asked(state, "supply", names, told, now, path=path), path=path)

    def renewed(self, state: State, question: Question) -> Question:
        """Return a question that waits with what may be answered now: a limit that was raised allows another round."""
        if question.kind not in ("decide", "sign_off"):
            return question
        decisions = [option for option in question.options if option in DECISIONS]
        return replace(question, options=(*decisions, *self._another(state), "stop"))

    def _another(self, state: State) -> tuple[Word, ...]:
        return ("again",) if self.may_go_on(state) else ()

    def may_go_on(self, state: State) -> bool:
        """Return whether another round may follow, so that it can be offered."""
        return PATTERNS[self._team.pattern].is_rounds and refuse_round(budget_from(state), spent_from(state)) is None

    def _asked(
        self,
        state: State,
        kind: QuestionKind,
        asked: Sequence[str],
        told: str,
        now: str,
        outcome: Body | None = None,
        options: tuple[Word, ...] = (),
        **where: Any,
    ) -> Question:
        seen, after = outcome or {}, self._team.escalate.expires_after
        hashes = state["case"]["hashes"]
        bound = {"policy": hashes["policy"], "facts": hashes["facts"], "round": state.get("round", 0)}
        bound |= {"stances": dict(seen.get("casts", {}))}
        known = {"kind": kind, "asked": [*asked], "bound": bound, "number": _earlier(state, kind), **where}
        return Question(
            id=fingerprint({"thread": thread_in(state), **known})[:ID_LENGTH],
            kind=kind,
            asked=tuple(asked),
            question=told,
            options=options,
            since=now,
            expires_at=later(now, seconds_of(after)) if after else None,
            round=bound["round"],
            stances=tuple({"agent": role, "stance": cast} for role, cast in bound["stances"].items()),
            conflicts=tuple(_conflicts(state, bound["round"])) if outcome else (),
            guards=tuple(_guard(found) for found in seen.get("findings", ())),
            bound=bound,
        )


def _unstable(state: State) -> str | None:
    """Return that a decision is left to people since it did not hold when it was asked for again; None elsewhere."""
    said = [event for event in state.get("events", []) if event["event"] in ("outcome", "stability")]
    if not said or said[-1]["event"] == "outcome":
        return None
    check = said[-1]
    told = said_flips(check["flips"], check["completed"], check["samples"], check["max_flip_rate"])
    return say("its decision {decision} is not stable: {flips}", decision=check["announced"], flips=told)


def _why(outcome: Body) -> str:
    """Return why people are to decide: what the row or the fault says, or else which row leaves it to them."""
    if reason := outcome["because"] or outcome["fault"]:
        return say(reason)
    if outcome["rounds_ended"]:
        return say("the rounds ended without a decision")
    if outcome["row"] is None:
        return say("no row of its policy holds")
    return say("row {row} of its policy leaves it to people", row=outcome["row"] + 1)


def why_not_taken(thread: str, state: State, name: str | None, problem: str) -> str:
    """Return why an answer is not taken: what became of the question of that name, or else the problem found."""
    waiting = waiting_of(state)
    asked = next((event for event in events_of(state, "asked") if name and event.get("question") == name), None)
    if asked is not None and name not in [each.id for each in waiting]:
        return say("the question `{name}` {became}", name=name, became=_became(state, asked))
    if waiting:
        return problem
    reason = state.get("stop_reason")
    if reason == "success":
        return say("the thread `{thread}` waits for nobody: it has ended", thread=thread)
    if reason:
        return say("the thread `{thread}` waits for nobody: it stopped with {reason}", thread=thread, reason=reason)
    return say("the thread `{thread}` waits for nobody: it asks nobody now", thread=thread)


def _became(state: State, asked: Mapping[str, Any]) -> str:
    """Return what became of a question that waits no longer."""
    ended = ("ruled", "answered") if asked["kind"] == "contribute" else ("ruled",)
    later = [event for kind in ended for event in events_of(state, kind)]
    found = next((event for event in later if event["question"] == asked["question"]), None)
    if found is None:
        return say(STALE[_moved_since(state, asked)])
    if found.get("how") == "expired":
        return say(
            "expired at {expires_at}, before enough was answered; nothing is changed by another answer",
            expires_at=asked["expires_at"],
        )
    by = found["by"] if isinstance(found["by"], str) else ", ".join(found["by"])
    return say("was answered by {by}; nothing is changed by another answer", by=by)


def _moved_since(state: State, asked: Mapping[str, Any]) -> str:
    hashes = state["case"]["hashes"]
    now = {"policy": hashes["policy"], "facts": hashes["facts"], "round": state.get("round", 0)}
    return find_moved_since({name: asked["bound"][name] for name in now}, now) or "stances"


def thread_in(state: State) -> str:
    """Return the id of the thread that a state's record is of; empty before it is admitted."""
    return next((event["thread"] for event in events_of(state, "admitted")), "")


def later(now: str, seconds: int) -> str:
    """Return the time that is some seconds after another, ISO 8601 with milliseconds; at most the last of year 9999.

    >>> later("9800-03-02T10:00:00.000+00:00", 99_999 * 86_400), later("2026-03-02T10:00:00.000+00:00", 60)
    ('9999-12-31T23:59:59.999+00:00', '2026-03-02T10:01:00.000+00:00')
    """
    began = datetime.fromisoformat(now)
    room = datetime.max.replace(tzinfo=began.tzinfo) - began
    return (began + min(timedelta(seconds=seconds), room)).isoformat(timespec="milliseconds")


def _earlier(state: State, kind: QuestionKind) -> int:
    """Return how many questions of a kind were asked before; what else happened in a run leaves no trace in ids."""
    return sum(event.get("kind") == kind for event in events_of(state, "asked"))


def _conflicts(state: State, number: int) -> list[str]:
    return [event["conflict"] for event in events_of(state, "conflict") if event["round"] == number]


def _guard(found: Mapping[str, Any]) -> Plain:
    kept = ("fact", "value", "limit", "tripped", "cap")
    return {"name": said_guard(found), **{key: found[key] for key in kept}}


def where_of(question: Question) -> Body:
    """Return what every event says that is about a question: its round, that people are asked, its id and its kind."""
    return {"round": question.round, "role": PEOPLE, "question": question.id, "kind": question.kind}


def of_seat(question: Question) -> Body:
    """Return what the event of a seat's ask says beyond it where a person is asked."""
    kept = ("question", "kind", "asked", "options", "expires_at", "text", "bound")
    return {key: value for key, value in asked_event(question).items() if key in kept}


def asked_event(question: Question) -> Body:
    """Return the event that people were asked."""
    seat = {"attempt": 1, "voice": HUMAN, "model": None, "repair": None}
    where = {**where_of(question), **seat}
    more = {"asked": list(question.asked), "options": list(question.options), "expires_at": question.expires_at}
    named = {name: value for name in ("seat", "path") if (value := getattr(question, name))}
    return {"event": "asked", **where, **more, "text": question.question, "bound": dict(question.bound), **named}


def shown_question(question: Question) -> Plain:
    """Return a question as people read it: what was said by others is for those who have answered alone."""
    plain = _plain(question)
    kept = ("id", "kind", "asked", "question", "options", "stances", "conflicts", "guards", "since", "expires_at")
    named = {name: plain[name] for name in ("seat", "path") if plain[name]}
    return {**{key: plain[key] for key in kept}, **named, "answered": [each["seat"] for each in plain["answers"]]}
