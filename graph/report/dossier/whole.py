"""The whole explanation of a thread, beyond what a report has of it: every row of the policy, and other answers."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from graph.past import Past
from graph.report.dossier.basis import basis_of
from graph.report.dossier.changed import Changed
from graph.report.dossier.explanation import explanation_of, unexplained
from graph.report.dossier.offices import offices_of
from graph.report.dossier.people import ANYBODY, waiting_in_words
from graph.report.dossier.rows import table_of
from graph.report.texts import cleaned
from graph.report.words import label_of, listed, plain_word, titles_of, tone_of
from nodes.rulings import silence_in_words
from policies.language import phrase, say, say_count

Plain = dict[str, Any]
Found = Mapping[str, Any]

SETS = 6
"""Sets of answers shown for each outcome."""


def whole_of(thread: str, state: Mapping[str, Any]) -> Plain:
    """Return {table, people, waiting, missing} of a thread that has begun.

    `table` is the policy with the row that decided, as `table_of` says; null where no round was decided. `people` is
    how people took or signed the decision, and what other answers would have given; `waiting` what answers to each open
    question give. `missing` says why nothing is explained; null where something is.
    """
    found = explanation_of(thread, state)
    if found is None or isinstance(found, Changed):
        missing = unexplained(thread, state) if found is None else found.sentence
        tidy: Plain = cleaned({"table": None, "people": None, "waiting": [], "missing": missing})
        return tidy
    past = Past.of(state)
    table = table_of(basis_of(past).policy, titles_of(past.roles), found["row"]) if "vote" in found else None
    people = _taken(found["people"]) if found["people"] else None
    waiting = [_waiting(each, offices_of(past)) for each in found["waiting"]]
    tidy = cleaned({"table": table, "people": people, "waiting": waiting, "missing": None})
    return tidy


def _taken(people: Found) -> Plain:
    label = label_of(people["outcome"])
    return {
        "outcome": label,
        "tone": tone_of(people["outcome"]),
        "said": _how(people, label),
        "row": _row(people) if people["policy"] and people["how"] != "expired" else None,
        "when": people["when"],
        "flips": flips_of(people["flips"]) if people["flips"] else None,
    }


def _how(people: Found, label: str) -> str:
    if people["how"] == "expired":
        told = phrase("People were asked, and {silence}, which gave: {outcome}.")
        return say(told, silence=silence_in_words(people["by"]), outcome=label)
    is_signed = people["kind"] == "sign_off"
    told = phrase("It was signed off by {names}.") if is_signed else phrase("It was the decision of {names}.")
    return say(told, names=listed([*people["by"]]))


def _row(people: Found) -> str:
    if people["row"] == "otherwise":
        return say("{policy}: no row holds, so its `otherwise` decides.", policy=people["policy"])
    if not people["because"]:
        return say("{policy}: row {row} decides.", policy=people["policy"], row=people["row"])
    told = phrase("{policy}: row {row} decides, {because}.")
    return say(told, policy=people["policy"], row=people["row"], because=say(people["because"]))


def _waiting(question: Found, offices: Mapping[str, str]) -> Plain:
    gives = question["gives"]
    said = say("It waits for {what}.", what=next(waiting_in_words([question], offices)))
    return {"id": question["id"], "said": said, "flips": flips_of(gives) if gives else None}


def flips_of(found: Found) -> Plain:
    """Return {outcomes, tried}: the smallest sets of answers for each outcome, each {outcome, tone, sets, more}.

    `tried` says up to which size sets were tried; null where all were.
    """
    tried = say_count(
        "Sets of up to {number} answer were tried.", "Sets of up to {number} answers were tried.", found["searched"]
    )
    return {"outcomes": [*_outcomes(found)], "tried": None if found["is_whole"] else tried}


def _outcomes(found: Found) -> Iterator[Plain]:
    for outcome, flips in groupby(found["flips"], key=lambda flip: flip["outcome"]):
        sets = [each["answers"] for each in flips]
        more = more_sets(len(sets) - SETS, sets[0]) if len(sets) > SETS else None
        said = [set_in_words(each) for each in sets[:SETS]]
        yield {"outcome": label_of(outcome), "tone": tone_of(outcome), "sets": said, "more": more}


def more_sets(sets: int, like: Mapping[str, str]) -> str:
    """Return how many more sets of answers there are, of the size of one of them."""
    of = say_count("{number} answer", "{number} answers", len(like))
    return say_count("or {number} more set of {answers}", "or {number} more sets of {answers}", sets, answers=of)


def set_in_words(answers: Mapping[str, str]) -> str:
    """Return who answers what, in a line."""
    said = {say("anybody") if seat == ANYBODY else seat: plain_word(word) for seat, word in answers.items()}
    return ", ".join(say("{name}: {value}", name=seat, value=word) for seat, word in said.items())
