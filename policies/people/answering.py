"""Answering: whose place an answer fills, and why one is not taken; each question takes one answer a place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policies.language import say
from policies.nearest import allowed_names
from policies.people.names import is_readable
from policies.people.question import WORDS, Question, Taken, is_expired
from policies.plain import MAX_TEXT, clean_text, shown
from policies.team.people import Approver

Approvers = Mapping[str, Approver]

Verify = Callable[[str, str, Any, str], str | None]
"""Says why an armoured signature is not that of a key over an answer and its reason, or None."""

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Offered:
    """An answer that somebody offers: who they say to be, what they answer and why, and what proves it."""

    by: str
    answer: Any
    because: str = ""
    signature: str | None = None
    identity: str | None = None


Part = Literal["question", "by", "answer", "because", "signature"]
"""A part of an answer, or the question that it is for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer is not taken: the part to change, a sentence, and which check of a contract failed, if one did."""

    part: Part
    told: str
    check: str | None = None


def seat_for(question: Question, by: str, approvers: Approvers) -> str | None:
    """Return whose place somebody may fill: their own, or that of whom they are the deputy; None where no place is.

    Where nobody in particular is asked, anybody fills the one place there is.

    >>> approvers = {"cfo": Approver(title="CFO", deputy="vice"), "vice": Approver(title="Deputy of the CFO")}
    >>> asked = Question("q", "decide", ("cfo",), "?", ("go",), "")
    >>> [seat_for(asked, by, approvers) for by in ("cfo", "vice", "cto")]
    ['cfo', 'cfo', None]
    """
    if not question.asked:
        return "anybody"
    if by in question.asked:
        return by
    deputised = [name for name in question.asked if name in approvers and approvers[name].deputy == by]
    free = [name for name in deputised if name not in question.answered]
    return next(iter(free or deputised), None)


def find_fault(question: Question, offered: Offered, approvers: Approvers, now: str, verify: Verify) -> Fault | None:
    """Return why an answer is not taken, in a sentence that says what is allowed; None where it is taken.

    What it answers is looked at apart: by the options of a decision, the contract of a seat, or as facts are.

    >>> asked = Question("q", "decide", ("cfo",), "?", ("go", "stop"), "")
    >>> find_fault(asked, Offered("cfo", "go"), {}, "", lambda *_: None).part
    'because'
    """
    looks: tuple[tuple[Part, Callable[[], str | None]], ...] = (
        ("question", lambda: _closed(question, now)),
        ("by", lambda: _unnamed(offered)),
        ("because", lambda: _unwritten(offered)),
        ("by", lambda: _stranger(question, offered, approvers)),
        ("by", lambda: _again(question, offered, approvers)),
        ("answer", lambda: _unoffered(question, offered)),
        ("because", lambda: _unexplained(question, offered)),
        ("signature", lambda: _unsigned(question, offered, approvers, verify)),
    )
    return next((Fault(part, told) for part, look in looks if (told := look()) is not None), None)


def _closed(question: Question, now: str) -> str | None:
    if question.is_closed:
        return say("the question is answered already; nothing is changed by another answer")
    return (
        say("the question expired at {expires_at}", expires_at=question.expires_at)
        if is_expired(question, now)
        else None
    )


def _unnamed(offered: Offered) -> str | None:
    by = offered.by
    if is_readable(by) and len(by) <= MAX_NAME:
        return None
    return say(
        "`by` is {by}; allowed: the name of whoever answers, up to {most} characters", by=shown(by), most=MAX_NAME
    )


def _unwritten(offered: Offered) -> str | None:
    because = offered.because
    if len(because) <= MAX_TEXT and clean_text(because) == because:
        return None
    fault = (
        say("too long")
        if len(because) > MAX_TEXT
        else say("not whole text: it holds a NUL character or half a character")
    )
    return say("the reason is {fault}; allowed: up to {most} characters of text", fault=fault, most=MAX_TEXT)


def _stranger(question: Question, offered: Offered, approvers: Approvers) -> str | None:
    if seat_for(question, offered.by, approvers) is not None:
        return None
    deputies = [deputy for name in question.asked if name in approvers and (deputy := approvers[name].deputy)]
    asked = dict.fromkeys((*question.asked, *deputies))
    return say("{by} is not asked{allowed}", by=offered.by, allowed=allowed_names(offered.by, asked))


def _again(question: Question, offered: Offered, approvers: Approvers) -> str | None:
    filled = {taken.seat: taken.by for taken in question.answers}
    if offered.by in filled.values():
        return say("{by} has answered already; each person answers once", by=offered.by)
    seat = seat_for(question, offered.by, approvers)
    if seat in filled:
        return say("{filled} has answered for {seat} already; the two count once", filled=filled[seat], seat=seat)
    return None


def _unoffered(question: Question, offered: Offered) -> str | None:
    if question.kind == "contribute" and offered.answer in WORDS:
        return say(
            "a role's answer is asked for, not {answer}; `accord answer --file FILE` gives one",
            answer=shown(offered.answer),
        )
    if not question.options or offered.answer in question.options:
        return None
    limits = question.guards if question.kind == "decide" else ()
    capping = [str(guard["name"]) for guard in limits if guard["tripped"]]
    within = say(", within the limit that {guards} sets", guards=say(" and ").join(capping)) if capping else ""
    return say(
        "the answer is {answer}; allowed: {options}{within}",
        answer=shown(offered.answer),
        options=", ".join(question.options),
        within=within,
    )


def _unexplained(question: Question, offered: Offered) -> str | None:
    if not question.options or offered.because.strip():
        return None
    return say("the reason is missing; say why, for the record")


def _unsigned(question: Question, offered: Offered, approvers: Approvers, verify: Verify) -> str | None:
    declared = approvers[offered.by].key if offered.by in approvers else None
    if declared is None and offered.signature is not None:
        return say(
            "the answer is signed, and no key is declared for {by}; declare it in `approvers`, or do not sign",
            by=offered.by,
        )
    if declared is None or offered.signature is None:
        return (
            None
            if declared is None
            else say("{by} has a key, so the answer must be signed by it (`--sign KEY`)", by=offered.by)
        )
    fault = verify(declared, offered.signature, offered.answer, offered.because)
    return say("the signature {fault}", fault=fault) if fault else None


def taken(question: Question, offered: Offered, approvers: Approvers, now: str) -> Taken:
    """Return an answer that no fault was found in, as it is kept.

    >>> taken(Question("q", "decide", (), "?", ("go",), ""), Offered("Ada", "go", "Fine."), {}, "now").seat
    'anybody'
    """
    seat = seat_for(question, offered.by, approvers) or ""
    return Taken(seat, offered.by, offered.answer, offered.because, now, offered.signature, offered.identity)


def named(questions: Sequence[Question], name: str | None, by: str, approvers: Approvers) -> Question | str:
    """Return the open question that an answer is for: the one named, else the only one that its author is asked.

    A text is why there is none: which are open, and what to name.
    """
    known = {question.id: question for question in questions}
    if name is not None:
        found = known.get(name)
        return found or say(
            "the question `{name}` does not wait for an answer{allowed}", name=name, allowed=allowed_names(name, known)
        )
    mine = [question for question in questions if seat_for(question, by, approvers) is not None]
    if len(mine) == 1 or len(questions) == 1:
        return (mine or [*questions])[0]
    which = say("; ").join(f"{question.id} ({question.question})" for question in mine or questions)
    return say(
        "{count} questions wait; name the one that is answered: {which}", count=len(mine or questions), which=which
    )


def find_moved_since(asked: Mapping[str, Any], bound: Mapping[str, Any]) -> str | None:
    """Return the first part of what a question was asked about that is not what it was, or None.

    >>> find_moved_since({"facts": "a", "round": 1}, {"facts": "b", "round": 2})
    'facts'
    """
    return next((name for name in asked if asked[name] != bound.get(name)), None)
