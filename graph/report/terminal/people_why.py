"""What people decided, explained for people at a terminal; and what each answer to what waits would give."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.text import Text

from graph.report.dossier.people import command_for, waiting_in_words
from graph.report.terminal.visible import STYLES, visible
from graph.report.words import counted, label_of, listed, plain_word
from nodes.rulings import silence_in_words

Plain = Mapping[str, Any]

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
        yield Text.assemble(f"People were asked, and {silence_in_words(people['by'])}, which gave: ", label)
        return
    verb = "signed off by" if people["kind"] == "sign_off" else "the people's decision, taken by"
    yield Text.assemble(f"It was {verb} ", visible(listed([*people["by"]])), ": ", label)
    if people["policy"]:
        yield from _row(people)
    yield from _flips(people["flips"], "It would have been", "with")


def _row(people: Plain) -> Iterator[Text]:
    because = f": {people['because']}" if people["because"] else ""
    row = "no row holds, so its `otherwise` decides" if people["row"] == "otherwise" else f"row {people['row']} decides"
    yield visible(f"  {people['policy']}: {row}{because}")
    if people["when"]:
        yield visible(f"  when {people['when']}")
    yield visible(f"  with {', '.join(f'{seat}: {plain_word(word)}' for seat, word in people['said'].items())}")


def _waiting(question: Plain, thread: str) -> Iterator[Text]:
    yield Text.assemble("It waits for ", visible(next(waiting_in_words([question])), "magenta"))
    yield visible(question["question"])
    if question["gives"]:
        yield Text("What answers give, as if nobody had answered yet:")
        yield from (Text.assemble("  ", line) for line in _flips(question["gives"], "", "from"))
    yield visible(f"Answer it with: {command_for({**question, 'thread_id': thread})}")


def _flips(found: Plain, would: str, by: str) -> Iterator[Text]:
    for outcome, flips in groupby(found["flips"], key=lambda flip: flip["outcome"]):
        sets = [*flips]
        yield Text.assemble(f"{would} ".lstrip(), Text(plain_word(outcome), style=STYLES.get(outcome, "")), f" {by}")
        yield from (visible(f"  {_set(each['answers'])}") for each in sets[:SHOWN])
        if len(sets) > SHOWN:
            more, size = counted(len(sets) - SHOWN, "more set"), counted(len(sets[0]["answers"]), "answer")
            yield Text(f"  or {more} of {size}")
    if not found["is_whole"]:
        yield Text(f"Sets of up to {counted(found['searched'], 'answer')} were tried.")


def _set(answers: Mapping[str, str]) -> str:
    return ", ".join(f"{seat}: {plain_word(word)}" for seat, word in answers.items())
