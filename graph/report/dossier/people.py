"""People in a dossier: what they were asked, who answered when and why and what proves it, and how it ended."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.people import questions_in, typed_for
from graph.report.words import KINDS_ASKED, label_of, listed, plain_word, said_value, titles_of, tone_of, written
from nodes.rulings import silence_in_words
from policies.decision.table import DECISIONS
from policies.people.expiry import rule_expired
from policies.people.question import AGAIN, WORDS

Plain = dict[str, Any]
Question = Mapping[str, Any]

ANYBODY = "anybody"
"""Whose place an answer fills where nobody in particular is asked."""

MAX_ANSWER = 2_000
ON_TIMEOUT = {"no_go": "no go", "again": "another round", "stop": "the run stops"}
"""What a question gives that nobody answers in time."""

HEADINGS = {
    "decide": "A decision that the team may not take alone",
    "contribute": "The answer of a role",
    "supply": "A fact that the team lacks",
    "sign_off": "A name to the decision",
}
"""What people were asked for, as the heading of a question."""


def people_of(past: Past) -> list[Plain]:
    """Return what people were asked in a thread, in order, as it is shown."""
    return [_shown(question, past) for question in questions_in(past)]


def _shown(question: Question, past: Past) -> Plain:
    titles = offices_of(past)
    open_answers = question["status"] == "open"
    return {
        "id": question["id"],
        "kind": question["kind"],
        "heading": f"{HEADINGS[question['kind']]}{_about(question, past)}",
        "question": question["question"],
        "status": question["status"],
        "tone": _tone(question),
        "ended": ended_in_words(question, past),
        "asked": [titled(name, titles) for name in question["asked"]] or ["anybody who says a name"],
        "options": [label_of(option) for option in question["options"]],
        "since": moment(question["since"]),
        "until": question["expires_at"] and moment(question["expires_at"]),
        "command": command_for({**question, "thread_id": _thread(past)}) if open_answers else None,
        "answers": [_answer(each, titles) for each in question["answers"]],
        "table": _table(question),
        "declined": [_declined(each) for each in question["declined"]],
    }


def _thread(past: Past) -> str:
    return str(past.events_of("admitted")[0]["thread"])


def _about(question: Question, past: Past) -> str:
    """Return which role or which fact a question is about."""
    if question["path"]:
        return f": {question['path']}"
    if not question["seat"]:
        return ""
    name = question["seat"]
    return f": {titles_of(past.roles).get(name, name.replace('_', ' '))}"


def offices_of(past: Past) -> dict[str, str]:
    """Return what people call the office of each approver."""
    return {name: str(each["title"]) for name, each in past.team.get("approvers", {}).items()}


def titled(name: str, titles: Mapping[str, str]) -> str:
    """Return an approver with the office, where that is known.

    >>> titled("cfo", {"cfo": "Chief financial officer"}), titled("Ada", {})
    ('cfo (Chief financial officer)', 'Ada')
    """
    return f"{name} ({titles[name]})" if name in titles else name


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
        return "Set aside: what it rested on changed, so nothing came of it."
    if status == "expired":
        gave = ON_TIMEOUT.get(outcome, plain_word(outcome or "stop"))
        silence = silence_in_words(question["answers"])
        return f"{silence[0].upper()}{silence[1:]}, by {moment(question['expires_at'])}: {gave}."
    words = {"supply": "Supplied.", "contribute": "Answered."}
    noted = f" Each reason was a note to round {question['round'] + 1}." if outcome == "again" else ""
    return words.get(question["kind"]) or f"{decided_by(question)}: {label_of(outcome)}.{noted}"


def _waits(question: Question, past: Past) -> str:
    answered = ", ".join(each["by"] for each in question["answers"])
    so_far = f"Answered so far: {answered}; what they said is shown once it is settled. " if answered else ""
    if not question["expires_at"]:
        return f"{so_far}It waits as long as it takes."
    return f"{so_far}It waits until {moment(question['expires_at'])}; then: {_silence_gives(question, past)}."


def _silence_gives(question: Question, past: Past) -> str:
    """Return what follows where nobody answers an open question in time."""
    asked = next(each for each in past.waiting if each.id == question["id"])
    word = rule_expired(asked, (past.team.get("escalate") or {}).get("on_timeout"), past.pattern.is_rounds)
    is_seat_again = question["kind"] == "contribute" and word == AGAIN
    return "it is asked again" if is_seat_again else ON_TIMEOUT[word]


def decided_by(question: Question) -> str:
    """Return who gave what a question gave, with the table over their answers where several were asked.

    >>> one = {"kind": "decide", "answers": [{"by": "cfo", "seat_of": "cfo"}], "policy": "sole"}
    >>> decided_by(one), decided_by({**one, "kind": "sign_off"})
    ('Decided by cfo', 'Signed off by cfo')
    """
    verb = "Signed off by" if question["kind"] == "sign_off" else "Decided by"
    if question["kind"] == "sign_off" and question.get("outcome") in ("again", "stop"):
        verb = "Not signed off by"
    table = question["policy"] if question["policy"] not in (None, "sole") else None
    return f"{verb} {names_in(question['answers'])}{f' ({table})' if table else ''}"


def names_in(answers: Sequence[Mapping[str, Any]]) -> str:
    """Return those who answered, as a sentence lists them; a deputy with the one whose place is filled."""
    return listed([" ".join(who_answered(each, {}).split()) for each in answers])


def signed_in_words(answers: Sequence[Mapping[str, Any]]) -> str:
    """Return whether those who answered proved who they are.

    >>> signed_in_words([{"by": "cfo", "proof": "none", "identity": None, "fault": None}])
    'not signed: says to be cfo'
    """
    proved = [each for each in answers if each["proof"] == "signature"]
    if len(proved) == len(answers):
        return listed([proof_in_words(each) for each in proved])
    others = listed([proof_in_words(each) for each in answers if each not in proved])
    return f"{listed([proof_in_words(each) for each in proved])}; {others}" if proved else f"not signed: {others}"


def who_answered(answer: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return who answered; a deputy with the one whose place is filled.

    >>> who_answered({"by": "vice", "seat_of": "cfo"}, {})
    'vice for cfo'
    """
    seat = answer["seat_of"]
    place = f" for {seat}" if seat not in (answer["by"], ANYBODY) else ""
    return f"{titled(answer['by'], titles)}{place}"


def proof_in_words(answer: Mapping[str, Any]) -> str:
    """Return what proves who answered; a bare name is only what somebody says to be.

    >>> proof_in_words({"by": "cfo", "proof": "signature", "identity": None, "fault": None})
    "signed by cfo's key"
    >>> proof_in_words({"by": "Ada", "proof": "none", "identity": None, "fault": None})
    'says to be Ada'
    """
    by = answer["by"]
    if answer["proof"] == "signature":
        return f"signed by {by}'s key"
    said = f"known to the server as {answer['identity']}" if answer["identity"] else f"says to be {by}"
    return f"{said}; the answer {answer['fault'].partition('; allowed')[0]}" if answer["fault"] else said


def _answer(answer: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
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
        return written(f"{said['stance']}: {said_value(said.get('summary'))}", MAX_ANSWER)
    return label_of(said) if said in WORDS else written(said_value(said), MAX_ANSWER)


def _table(question: Question) -> Plain | None:
    """Return what the table over the answers gave: its row and what each answer counts as; None where none decided."""
    if question["policy"] in (None, "sole") or question["outcome"] not in DECISIONS:
        return None
    row = "No row held" if question["row"] == "otherwise" else f"Row {question['row']}"
    because = f": {question['because']}" if question["because"] else ""
    casts = [{"who": name, "cast": cast, "tone": tone_of(cast)} for name, cast in question["casts"].items()]
    return {"policy": question["policy"], "row": f"{row}{because}", "casts": casts}


def _declined(refused: Mapping[str, Any]) -> Plain:
    return {"who": refused["by"] or "Somebody", "because": refused["because"], "at": moment(refused["at"])}


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


def waiting_in_words(waiting: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what a thread waits for, of whom and until when, from its record.

    >>> print(*waiting_in_words([{"kind": "decide", "asked": ["cfo", "cto"], "answered": ["cto"], "expires_at": None}]))
    a decision of cfo and cto; answered: cto
    """
    for each in waiting:
        whom = listed([*each["asked"]]) or "anybody who says a name"
        answered = f"; answered: {', '.join(each['answered'])}" if each["answered"] else ""
        until = f"; until {moment(each['expires_at'])}" if each["expires_at"] else ""
        about = each.get("path") or each.get("seat")
        named = f" ({about})" if about else ""
        yield f"{KINDS_ASKED[each['kind']]}{named} of {whom}{answered}{until}"
