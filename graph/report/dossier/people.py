"""People in a dossier: what they were asked, who answered when and why and what proves it, and how it ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.people import questions_in, typed_for
from graph.report.dossier.offices import NO_OFFICES, Titles, offices_of, titled
from graph.report.dossier.people_table import table_of
from graph.report.words import (
    KINDS_ASKED,
    joined,
    label_of,
    listed,
    plain_word,
    said_stage,
    said_value,
    titles_of,
    tone_of,
    written,
)
from nodes.rulings import silence_in_words
from policies.decision.table import DECISIONS
from policies.language import phrase, say
from policies.people.expiry import rule_expired
from policies.people.question import AGAIN, WORDS

Plain = dict[str, Any]
Question = Mapping[str, Any]

ANYBODY = "anybody"
"""Whose place an answer fills where nobody in particular is asked."""

MAX_ANSWER = 2_000
ON_TIMEOUT = {"no_go": phrase("no go"), "again": phrase("another round"), "stop": phrase("the run stops")}
"""What a question gives that nobody answers in time."""

HEADINGS = {
    "decide": phrase("A decision that the team may not take alone"),
    "contribute": phrase("The answer of a role"),
    "supply": phrase("A fact that the team lacks"),
    "sign_off": phrase("A name to the decision"),
}
"""What people were asked for, as the heading of a question."""

DECIDED_BY = {
    "decide": phrase("Decided by {names}"),
    "sign_off": phrase("Signed off by {names}"),
    "refused": phrase("Not signed off by {names}"),
}
"""Who gave what a question gave; `refused` where a signature was asked for and not given."""


def people_of(past: Past) -> list[Plain]:
    """Return what people were asked in a thread, in order, as it is shown."""
    return [_shown(question, past) for question in questions_in(past)]


def _shown(question: Question, past: Past) -> Plain:
    titles = offices_of(past)
    thread = str(past.events_of("admitted")[0]["thread"])
    return {
        "id": question["id"],
        "kind": question["kind"],
        "heading": heading_of(question, past),
        "question": question["question"],
        "status": question["status"],
        "tone": _tone(question),
        "ended": ended_in_words(question, past),
        "asked": [titled(name, titles) for name in question["asked"]] or [say("anybody who says a name")],
        "options": [label_of(option) for option in question["options"]],
        "since": moment(question["since"]),
        "until": question["expires_at"] and moment(question["expires_at"]),
        "command": command_for({**question, "thread_id": thread}) if question["status"] == "open" else None,
        "answers": [answer_shown(each, titles) for each in question["answers"]],
        "table": table_of(question),
        "declined": [_declined(each) for each in question["declined"]],
    }


def heading_of(question: Question, past: Past) -> str:
    """Return what people were asked for, and which role or which fact it is about."""
    heading, name = say(HEADINGS[question["kind"]]), question["seat"]
    about = question["path"] or (name and (titles_of(past.roles).get(name) or said_stage(name)))
    return say("{heading}: {about}", heading=heading, about=about) if about else heading


def moment(at: str) -> str:
    """Return a time as people read it.

    >>> moment("2026-03-02T10:15:30.123+00:00")
    '2026-03-02 10:15:30 UTC'
    """
    return f"{at[:19].replace('T', ' ')} UTC"


def _tone(question: Question) -> str:
    if question["status"] == "open":
        return "human"
    return tone_of(question["outcome"]) if question["outcome"] in DECISIONS else "done"


def ended_in_words(question: Question, past: Past) -> str:
    """Return how a question ended, or until when it waits and what follows then."""
    status, outcome = question["status"], question["outcome"]
    if status == "open":
        return _waits(question, past)
    if status == "set_aside":
        return say("Set aside: what it rested on changed, so nothing came of it.")
    if status == "expired":
        silence = silence_in_words(question["answers"])
        begun = f"{silence[0].upper()}{silence[1:]}"
        return say(
            "{silence}, by {time}: {outcome}.",
            silence=begun,
            time=moment(question["expires_at"]),
            outcome=on_timeout(outcome),
        )
    words = {"supply": say("Supplied."), "contribute": say("Answered.")}
    if question["kind"] in words:
        return words[question["kind"]]
    told = say("{decided_by}: {outcome}.", decided_by=decided_by(question, offices_of(past)), outcome=label_of(outcome))
    noted = say("Each reason was a note to round {round}.", round=question["round"] + 1)
    return f"{told} {noted}" if outcome == "again" else told


def on_timeout(outcome: str | None) -> str:
    """Return what a question gives that nobody answers in time."""
    return say(ON_TIMEOUT[outcome]) if outcome in ON_TIMEOUT else plain_word(outcome or "stop")


def _waits(question: Question, past: Past) -> str:
    answered = ", ".join(each["by"] for each in question["answers"])
    told = say("Answered so far: {names}; what they said is shown once it is settled.", names=answered)
    return f"{told} {_waits_until(question, past)}" if answered else _waits_until(question, past)


def _waits_until(question: Question, past: Past) -> str:
    if not question["expires_at"]:
        return say("It waits as long as it takes.")
    gives = silence_gives(question, past)
    return say("It waits until {time}; then: {outcome}.", time=moment(question["expires_at"]), outcome=gives)


def silence_gives(question: Question, past: Past) -> str:
    """Return what follows where nobody answers an open question in time."""
    asked = next(each for each in past.waiting if each.id == question["id"])
    word = rule_expired(asked, (past.team.get("escalate") or {}).get("on_timeout"), past.pattern.is_rounds)
    is_seat_again = question["kind"] == "contribute" and word == AGAIN
    return say("it is asked again") if is_seat_again else say(ON_TIMEOUT[word])


def decided_by(question: Question, titles: Titles = NO_OFFICES) -> str:
    """Return who gave what a question gave, with the table over their answers where several were asked.

    >>> one = {"kind": "decide", "answers": [{"by": "cfo", "seat_of": "cfo"}], "policy": "sole"}
    >>> decided_by(one), decided_by({**one, "kind": "sign_off"})
    ('Decided by cfo', 'Signed off by cfo')
    """
    kind = "sign_off" if question["kind"] == "sign_off" else "decide"
    is_refused = kind == "sign_off" and question.get("outcome") in ("again", "stop")
    told = say(DECIDED_BY["refused" if is_refused else kind], names=names_in(question["answers"], titles))
    return f"{told}{counted_by(question)}"


def counted_by(question: Question) -> str:
    """Return the table over the answers of several, in parentheses; nothing where one person was enough."""
    return "" if question["policy"] in (None, "sole") else f" ({question['policy']})"


def names_in(answers: Sequence[Mapping[str, Any]], titles: Titles = NO_OFFICES) -> str:
    """Return those who answered, as a sentence lists them; a deputy with the one whose place is filled."""
    return listed([" ".join(who_answered(each, titles).split()) for each in answers])


def signed_in_words(answers: Sequence[Mapping[str, Any]]) -> str:
    """Return whether those who answered proved who they are.

    >>> signed_in_words([{"by": "cfo", "proof": "none", "identity": None, "fault": None}])
    'not signed: says to be cfo'
    """
    proved = [each for each in answers if each["proof"] == "signature"]
    if len(proved) == len(answers):
        return listed([proof_in_words(each) for each in proved])
    others = listed([proof_in_words(each) for each in answers if each not in proved])
    if not proved:
        return say("not signed: {others}", others=others)
    return joined([listed([proof_in_words(each) for each in proved]), others])


def who_answered(answer: Mapping[str, Any], titles: Titles) -> str:
    """Return who answered; a deputy with the one whose place is filled.

    >>> who_answered({"by": "vice", "seat_of": "cfo"}, {})
    'vice for cfo'
    """
    seat = answer["seat_of"]
    who = titled(answer["by"], titles)
    return (
        who if seat in (answer["by"], ANYBODY) else say("{who} for {approver}", who=who, approver=titled(seat, titles))
    )


def proof_in_words(answer: Mapping[str, Any]) -> str:
    """Return what proves who answered; a bare name is only what somebody says to be.

    >>> proof_in_words({"by": "cfo", "proof": "signature", "identity": None, "fault": None})
    "signed by cfo's key"
    >>> proof_in_words({"by": "Ada", "proof": "none", "identity": None, "fault": None})
    'says to be Ada'
    """
    by = answer["by"]
    if answer["proof"] == "signature":
        return say("signed by {name}'s key", name=by)
    known = answer["identity"]
    said = say("known to the server as {identity}", identity=known) if known else say("says to be {name}", name=by)
    return joined([said, say("the answer {fault}", fault=_short(answer["fault"]))]) if answer["fault"] else said


def _short(fault: str) -> str:
    """Return what is wrong with a signature, without what would be allowed, which is behind the last semicolon."""
    return (fault.rpartition(";")[0] or fault).rstrip()


def answer_shown(answer: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    """Return an answer as it is shown; where what it says may not be known yet, that there is one."""
    said = answer["answer"]
    return {
        "seq": answer["seq"],
        "who": who_answered(answer, titles),
        "said": None if said is None else said_in_words(said),
        "tone": tone_of(_word(said)) if _word(said) else "human",
        "because": answer["because"] or None,
        "at": moment(answer["at"]),
        "proof": proof_in_words(answer),
        "is_forged": answer["fault"] is not None,
    }


def _word(said: Any) -> str | None:
    """Return the stance or the outcome in an answer."""
    found = said.get("stance") if isinstance(said, Mapping) else said
    return found if isinstance(found, str) and found != "stop" else None


def said_in_words(said: Any) -> str:
    """Return what somebody answered: a decision, a stance with its summary, or a value."""
    if isinstance(said, Mapping) and isinstance(said.get("stance"), str):
        return written(say("{name}: {value}", name=said["stance"], value=said_value(said.get("summary"))), MAX_ANSWER)
    return label_of(said) if said in WORDS else written(said_value(said), MAX_ANSWER)


def _declined(refused: Mapping[str, Any]) -> Plain:
    return {"who": refused["by"] or say("Somebody"), "because": refused["because"], "at": moment(refused["at"])}


def command_for(entry: Mapping[str, Any]) -> str:
    """Return the command that answers a question: of whoever may still answer, the first.

    >>> command_for({"id": "q", "asked": ["cfo"], "options": [], "thread_id": "t"})
    'accord answer t --id q --file FILE --by cfo'
    """
    by = (entry.get("may_answer") or free_in(entry) or ["NAME"])[0]
    return typed_for(entry.get("thread_id", "THREAD"), entry, by)


def free_in(entry: Mapping[str, Any]) -> list[str]:
    """Return those who are asked and whose places are free."""
    filled = [*entry.get("answered", ()), *(each["seat_of"] for each in entry.get("answers", ()) if "seat_of" in each)]
    return [name for name in entry["asked"] if name not in filled]


def waiting_in_words(waiting: Sequence[Mapping[str, Any]], titles: Titles = NO_OFFICES) -> Iterator[str]:
    """Yield what a thread waits for, of whom and until when, from its record.

    >>> print(*waiting_in_words([{"kind": "decide", "asked": ["cfo", "cto"], "answered": ["cto"], "expires_at": None}]))
    a decision of cfo and cto; answered: cto
    """
    for each in waiting:
        answered = (
            say("answered: {names}", names=", ".join(titled(name, titles) for name in each["answered"]))
            if each["answered"]
            else None
        )
        yield joined([asked_for(each, each.get("path") or each.get("seat"), titles), answered, waits_until(each)])


def asked_for(asked: Mapping[str, Any], about: str | None, titles: Titles = NO_OFFICES) -> str:
    """Return what people are asked for, the role or the fact it is about, and of whom."""
    what = say(KINDS_ASKED[asked["kind"]])
    whom = listed([titled(name, titles) for name in asked["asked"]]) or say("anybody who says a name")
    asked_about = f"{what} ({about})" if about else what
    return say("{what} of {names}", what=asked_about, names=whom)


def waits_until(asked: Mapping[str, Any]) -> str | None:
    """Return until when people may answer; None where that is as long as it takes."""
    return say("until {time}", time=moment(asked["expires_at"])) if asked["expires_at"] else None
