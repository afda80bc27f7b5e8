"""Taking: an answer that was given, judged by the question it is for, and taken, or declined with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nodes.asking import PEOPLE, questions_of, thread_in, waiting_of, where_of, why_not_taken
from nodes.border import plain_accepted
from nodes.events import Body
from nodes.signatures import decision_bytes, find_forgery
from nodes.stages import Stages
from nodes.state import State
from policies.contracts.answers import Refusal
from policies.contracts.table import said_check
from policies.decision.guards import find_unreadable
from policies.language import say
from policies.paths import find_above, keys_of, with_value
from policies.people import answering
from policies.people.answering import Fault, Offered, named, taken
from policies.people.question import Question
from policies.plain import clean_text, find_unplain, shown
from policies.run.stop import Stop
from policies.team.expecting import find_unfit
from policies.team.team import Team

KEYS = ("question", "by", "answer", "because", "signature")
"""What an answer may say."""

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """What came of an answer: the questions after it, the event, and which question it is for, where that is known.

    `problem` says why it was not taken; None where it was.
    """

    questions: Sequence[Question]
    event: Body
    question: Question | None
    problem: str | None = None


class Taking:
    """Takes the answers of the people of one team."""

    def __init__(self, team: Team, stages: Stages) -> None:
        self._team, self._stages = team, stages

    def take(self, state: State, said: object, identity: str | None, now: str) -> Given:
        """Return what comes of an answer, as whoever resumed the run gave it."""
        waiting = waiting_of(state)
        offered = offered_from(said, identity)
        if isinstance(offered, str):
            return _declined(state, None, said, offered)
        asked = named(waiting, _name_in(said), offered.by, self._team.approvers)
        if isinstance(asked, str):
            return _declined(state, None, said, why_not_taken(thread_in(state), state, _name_in(said), asked))
        fault = self.find_fault(state, asked, offered, now)
        if fault is not None:
            return _declined(state, asked, said, fault.told)
        return self._taken(state, asked, offered, now)

    def find_fault(self, state: State, asked: Question, offered: Offered, now: str) -> Fault | None:
        """Return why an answer to a question is not taken; None where it is."""
        verify = partial(self._find_forgery, state, asked)
        fault = answering.find_fault(asked, offered, self._team.approvers, now, verify)
        if fault is None and asked.kind == "contribute":
            return self._breach(state, asked, offered.answer)
        if fault is None and asked.kind == "supply":
            unusable = self._unusable(state, asked, offered.answer)
            return None if unusable is None else Fault("answer", unusable)
        return fault

    def _find_forgery(
        self, state: State, asked: Question, key: str, signature: str, answer: Any, why: str
    ) -> str | None:
        return find_forgery(signature, decision_bytes(**signed_part(state, asked, answer, why)), key)

    def _breach(self, state: State, asked: Question, answer: Any) -> Fault | None:
        """Return what of an answer cannot be kept, or which check of the seat's contract it fails."""
        fault = find_unplain(answer)
        if fault:
            return Fault("answer", say("the answer cannot be kept: {fault}", fault=fault))
        judged = self._judged(state, asked, answer)
        if not isinstance(judged, Refusal):
            return None
        stop = Stop.parse(judged.reason)
        check = judged.check or stop.detail
        because = f" ({judged.because})" if judged.because else ""
        told = say(
            "the answer is not what the seat asks for: {check}{because}",
            check=said_check(stop.kind, check),
            because=because,
        )
        return Fault("answer", told, check)

    def _judged(self, state: State, asked: Question, answer: Any) -> Any:
        question = self._stages.question(state, asked.seat or "", None)
        said = {"agent": question.task.role, **answer} if isinstance(answer, dict) else answer
        return question.accept(said)

    def _unusable(self, state: State, asked: Question, value: Any) -> str | None:
        """Return why a value cannot be the fact that is asked for."""
        path = asked.path or ""
        if value is None:
            return say("the fact `{path}` is null; allowed: a value", path=path)
        fault = find_unplain(value, path)
        if fault:
            return say("the fact {fault}", fault=fault)
        unfit = next((each for source in self._team.sources for each in find_unfit(source.expected, path, value)), None)
        if unfit is not None:
            return say("the fact {fault}", fault=unfit.told)
        above = find_above(state["case"]["facts"] or {}, keys_of(path))
        if above is not None:
            return say(
                "the fact `{path}` would replace `{above}`, which is not an object; resume with other facts",
                path=path,
                above=".".join(above),
            )
        return self._unreadable(with_value(state["case"]["facts"] or {}, keys_of(path), value), path)

    def _unreadable(self, facts: Plain, path: str) -> str | None:
        """Return which guard could not use the fact at a path."""
        for guard in self._team.guards:
            for unread in find_unreadable(guard, facts):
                if keys_of(unread.path) == keys_of(path):
                    return say(
                        "the fact `{path}` {found}, so that the guard {guard} cannot be read",
                        path=path,
                        found=say(unread.found),
                        guard=shown(guard.name),
                    )
        return None

    def _taken(self, state: State, asked: Question, offered: Offered, now: str) -> Given:
        if asked.kind == "contribute":
            answer: Any = plain_accepted(self._judged(state, asked, offered.answer))
        else:
            answer = offered.answer
        kept = taken(asked, replace(offered, answer=answer), self._team.approvers, now)
        after = replace(asked, answers=(*asked.answers, kept), problem=None)
        questions = [after if each.id == asked.id else each for each in questions_of(state)]
        signed = {"signed": signed_part(state, asked, offered.answer, offered.because)} if offered.signature else {}
        who = {"by": kept.by, "seat_of": kept.seat, "identity": kept.identity}
        event = {
            "event": "answered",
            **where_of(asked),
            **who,
            "outcome": offered.answer,
            "because": offered.because,
            **signed,
            "signature": offered.signature,
        }
        return Given(questions, event, after)


def signed_part(state: State, asked: Question, answer: Any, because: str) -> Plain:
    """Return what a person signs: which question of which thread was answered how and why, under which rules."""
    bound = {name: asked.bound[name] for name in ("policy", "facts")}
    return {"thread": thread_in(state), "question": asked.id, **bound, "outcome": answer, "because": because}


def with_question(said: Mapping[str, Any], state: State, team: Team) -> Plain:
    """Return an answer with the question that it is for, where only one can be meant; else as it is.

    So it is for what was asked when it was given, whatever is asked once that is settled which is due.
    """
    offered = offered_from(said)
    if isinstance(offered, str) or _name_in(said) is not None:
        return dict(said)
    asked = named(waiting_of(state), None, offered.by, team.approvers)
    return dict(said) if isinstance(asked, str) else {**said, "question": asked.id}


def offered_from(said: object, identity: str | None = None) -> Offered | str:
    """Return the answer that somebody gave, or what is wrong with its form."""
    if not isinstance(said, Mapping):
        return say("the answer is {said}; allowed: an object with {keys}", said=shown(said), keys=", ".join(KEYS))
    unknown = [str(key) for key in said if key not in KEYS]
    if unknown:
        return say(
            "the answer has {unknown}; allowed: {keys}", unknown=", ".join(map(shown, unknown)), keys=", ".join(KEYS)
        )
    texts = {name: said.get(name) for name in ("question", "by", "because", "signature")}
    wrong = [name for name, value in texts.items() if value is not None and not isinstance(value, str)]
    if wrong:
        return say("`{name}` is {value}; allowed: text", name=wrong[0], value=shown(texts[wrong[0]]))
    if "answer" not in said:
        return say("`answer` is missing")
    by = texts["by"] or identity or ""
    return Offered(by, said["answer"], texts["because"] or "", texts["signature"], identity)


def _name_in(said: object) -> str | None:
    found = said.get("question") if isinstance(said, Mapping) else None
    return found if isinstance(found, str) else None


def _declined(state: State, asked: Question | None, said: object, problem: str) -> Given:
    """Return an answer that is not taken; what was offered is not kept, since it may be anything at all."""
    by = said.get("by") if isinstance(said, Mapping) else None
    where = where_of(asked) if asked else {"round": state.get("round", 0), "role": PEOPLE, "question": None}
    told = {"by": clean_text(by)[:200] if isinstance(by, str) else None, "because": clean_text(problem)[:1_000]}
    event = {"event": "declined", **where, **told}
    questions = [
        replace(each, problem=problem) if asked is None or each.id == asked.id else each for each in questions_of(state)
    ]
    return Given(questions, event, asked, problem)
