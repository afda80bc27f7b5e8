"""The sheet: all that a page shows of an open question to whoever reads it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from graph.past import Past
from graph.people import answers_in
from graph.report.dossier.facts import facts_of, said_age
from graph.report.dossier.gauges import effect_in_words, status_in_words
from graph.report.dossier.offices import offices_of, titled
from graph.report.dossier.people import answer_shown, command_for, heading_of, moment, silence_gives
from graph.report.words import label_of, listed, said_conflict, said_value, titles_of, tone_of
from graph.service.questions import Asked, Plain, question_in, sees_answers
from nodes.asking import shown_question
from nodes.spoken import spoken_in
from policies.access.caller import Caller
from policies.decision.table import DECISIONS
from policies.language import phrase, say, say_count
from policies.people.question import Question

MEANS = {
    "decide": phrase("That is the decision."),
    "votes": phrase("You are for this decision; the table over all answers decides."),
    "sign_off": phrase("You put your name to it."),
    "again": phrase("The team talks once more, and every role reads your reason as a note from you."),
    "stop": phrase("The run ends without a decision."),
}
"""What an option leads to; a decision by what is asked."""


def sheet_of(asked: Asked, reader: Caller, now: str) -> Plain:
    """Return what is shown of a question, in words."""
    past, question = asked.past, asked.question
    told = question_in(past, question.id) or {}
    entry = {**shown_question(question), "may_answer": asked.free, "thread_id": asked.thread}
    return {
        "id": question.id,
        "kind": question.kind,
        "thread": asked.thread,
        "team": past.team.get("title") or past.team.get("name"),
        "heading": heading_of(told, past),
        "goal": past.case["goal"],
        "question": question.question,
        "times": times_of(question.since, question.expires_at, now),
        "then": silence_gives(told, past) if question.expires_at else None,
        "progress": progress_of(entry),
        "people": [*_people(asked)],
        "answers": _answers(asked, reader),
        "problem": question.problem,
        "stances": [*_stances(past, question)],
        "conflicts": [said_conflict(each) for each in question.conflicts],
        "guards": [_guard(each) for each in question.guards],
        "facts": facts_of(past.case.get("facts") or {}, past.sources),
        "options": [*_options(question)],
        "withheld": _withheld(question),
        "needs_reason": bool(question.options),
        "terminal": command_for(entry),
    }


def times_of(since: str, until: str | None, now: str) -> Plain:
    """Return since when and until when something waits, each {at, shown, words}; None where it waits without end."""
    return {
        "since": {"at": since, "shown": moment(since), "words": say("{time} ago", time=said_age(_seconds(since, now)))},
        "until": {"at": until, "shown": moment(until), "words": _left(until, now)} if until else None,
    }


def _left(until: str, now: str) -> str:
    seconds = _seconds(now, until)
    return say("in {time}", time=said_age(seconds)) if seconds > 0 else say("the time is over")


def _seconds(first: str, second: str) -> float:
    return max((datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds(), 0.0)


def progress_of(entry: Mapping[str, Any]) -> str:
    """Return how many have answered, of how many.

    >>> progress_of({"kind": "sign_off", "asked": ["cfo", "cto"], "answered": ["cto"]})
    '1 of 2 has answered; each has to'
    >>> progress_of({"kind": "supply", "asked": [], "answered": []})
    'Nobody has answered; one answer is enough'
    """
    done, most = len(entry["answered"]), len(entry["asked"])
    if most < 2 or entry["kind"] in ("contribute", "supply"):
        return say("Nobody has answered; one answer is enough")
    told = {"number": done, "most": most}
    if entry["kind"] == "sign_off":
        return say_count(
            "{number} of {most} has answered; each has to",
            "{number} of {most} have answered; each has to",
            done,
            **told,
        )
    return say_count(
        "{number} of {most} has answered; it is decided once the others cannot change it",
        "{number} of {most} have answered; it is decided once the others cannot change it",
        done,
        **told,
    )


def _people(asked: Asked) -> Sequence[Plain]:
    """Return those who are asked, each with who may answer for them, and whether the place is filled."""
    approvers, titles = asked.past.approvers, offices_of(asked.past)
    filled = {each.seat: each.by for each in asked.question.answers}
    return [
        {
            "who": titled(name, titles),
            "deputy": approvers[name].deputy and titled(str(approvers[name].deputy), titles),
            "signs": bool(asked.key_of(name)),
            "by": name in filled and titled(filled[name], titles),
            "is_deputy": filled.get(name, name) != name,
        }
        for name in asked.question.asked
    ]


def _answers(asked: Asked, reader: Caller) -> list[Plain]:
    """Return what was answered so far, for whoever may know it; nothing for anybody else."""
    if not sees_answers(asked, reader):
        return []
    titles = offices_of(asked.past)
    return [answer_shown(each, titles) for each in answers_in(asked.past, asked.question.id)]


def _stances(past: Past, question: Question) -> Iterator[Plain]:
    titles, spoken = titles_of(past.roles), spoken_in(past.state)
    for each in question.stances:
        role, word = each["agent"], each["stance"]
        said = spoken.get((question.round, role))
        yield {
            "role": titles.get(role, role),
            "word": label_of(word).capitalize(),
            "tone": tone_of(word),
            "said": said.summary if said else None,
        }


def _guard(guard: Mapping[str, Any]) -> Plain:
    return {
        "name": guard["name"],
        "fact": guard["fact"],
        "value": said_value(guard["value"]),
        "limit": said_value(guard["limit"]),
        "tripped": guard["tripped"],
        "status": status_in_words(guard["tripped"]),
        "effect": effect_in_words(str(guard["cap"]), guard["tripped"]),
    }


def _options(question: Question) -> Iterator[Plain]:
    own = "sign_off" if question.kind == "sign_off" else "votes" if len(question.asked) > 1 else "decide"
    for word in question.options:
        means = own if word in DECISIONS else word
        yield {"word": word, "label": label_of(word), "tone": tone_of(word), "means": say(MEANS[means])}


def _withheld(question: Question) -> str | None:
    """Return which decisions cannot be taken, and which limits forbid them; None where all can."""
    missing = [label_of(each) for each in DECISIONS if each not in question.options]
    capping = [str(each["name"]) for each in question.guards if each["tripped"]]
    if question.kind != "decide" or not missing:
        return None
    told = phrase("Not possible: {decisions}. The guard {guards} forbids it.")
    return say(told, decisions=listed(missing), guards=listed(capping))
