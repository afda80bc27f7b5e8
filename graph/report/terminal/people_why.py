"""What people decided, explained for people at a terminal; and what each answer to what waits would give."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.text import Text

from graph.report.dossier.people import command_for, waiting_in_words
from graph.report.dossier.whole import more_sets, set_in_words
from graph.report.terminal.visible import STYLES, styled, visible
from graph.report.words import label_of, listed, plain_word
from nodes.rulings import silence_in_words
from policies.language import phrase, say, say_count

Plain = Mapping[str, Any]

WOULD_BE = phrase("It would have been {outcome} with")
GIVEN_BY = phrase("{outcome} from")

SHOWN = 6
"""Sets of answers shown for each outcome; `--json` has all that were kept."""


def people_why(found: Plain) -> Iterator[Text]:
    """Yield how people took or signed a decision, and what other answers would have given; and what waits."""
    if found["people"]:
        yield from _decided(found["people"])
    for question in found["waiting"]:
        yield from _waiting(question, found["thread_id"])


def _decided(people: Plain) -> Iterator[Text]:
    label = Text(label_of(people["outcome"]), style=STYLES.get(people["outcome"], ""))
    if people["how"] == "expired":
        told = say("People were asked, and {silence}, which gave: {outcome}")
        yield styled(told, silence=visible(silence_in_words(people["by"])), outcome=label)
        return
    is_signed = people["kind"] == "sign_off"
    taken = phrase("It was the people's decision, taken by {names}: {outcome}")
    told = say(phrase("It was signed off by {names}: {outcome}") if is_signed else taken)
    yield styled(told, names=visible(listed([*people["by"]])), outcome=label)
    if people["policy"]:
        yield from _row(people)
    yield from _flips(people["flips"], WOULD_BE)


def _row(people: Plain) -> Iterator[Text]:
    yield visible(f"  {say('{name}: {value}', name=people['policy'], value=_row_said(people))}")
    if people["when"]:
        yield visible(f"  {say('when {condition}', condition=people['when'])}")
    yield visible(f"  {say('with {values}', values=set_in_words(people['said']))}")


def _row_said(people: Plain) -> str:
    if people["row"] == "otherwise":
        return say("no row holds, so its `otherwise` decides")
    if not people["because"]:
        return say("row {row} decides", row=people["row"])
    return say("row {row} decides: {because}", row=people["row"], because=say(people["because"]))


def _waiting(question: Plain, thread: str) -> Iterator[Text]:
    yield styled(say("It waits for {what}"), what=visible(next(waiting_in_words([question])), "magenta"))
    yield visible(question["question"])
    if question["gives"]:
        yield visible(say("What answers give, as if nobody had answered yet:"))
        yield from (Text.assemble("  ", line) for line in _flips(question["gives"], GIVEN_BY))
    yield visible(say("Answer it with: {command}", command=command_for({**question, "thread_id": thread})))


def _flips(found: Plain, heading: str) -> Iterator[Text]:
    """Yield the sets of answers of each outcome below a heading, which has a place for it."""
    for outcome, flips in groupby(found["flips"], key=lambda flip: flip["outcome"]):
        sets = [*flips]
        yield styled(say(heading), outcome=Text(plain_word(outcome), style=STYLES.get(outcome, "")))
        yield from (visible(f"  {set_in_words(each['answers'])}") for each in sets[:SHOWN])
        if len(sets) > SHOWN:
            yield visible(f"  {more_sets(len(sets) - SHOWN, sets[0]['answers'])}")
    if not found["is_whole"]:
        tried = say_count(
            "Sets of up to {number} answer were tried.", "Sets of up to {number} answers were tried.", found["searched"]
        )
        yield visible(tried)
