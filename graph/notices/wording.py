"""The wording of notices: plain text, in which nothing that comes from a team, a person or a model is markup."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.drift import causes_in_words
from graph.languages.catalogue import language_of
from graph.notices.kinds import Notice, moment
from graph.people import place_of, typed_for
from graph.problems import neutral
from graph.receivers import Service
from policies.language import phrase, say, say_count, speaking

LONGEST, LONGEST_TITLE = 1_000, 120
FULL_WIDTH = 0xFEE0
"""How far after a character of ASCII the one lies that looks like it and is twice as wide."""
LOOK_ALIKES = {ord(each): ord(each) + FULL_WIDTH for each in "<>@*`[]~|\\"}
"""What a chat would read as a mention, a link or a style, and what is written instead."""

DECISIONS = {"go": phrase("go"), "go_with_caution": phrase("go with caution"), "no_go": phrase("no go")}

_EDGES = re.compile(r"(?<!\w)_+|_+(?!\w)")
"""Low lines that would begin or end slanted text; those within a word do not."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a title of one line, and a text; `fields` are for receivers that read them."""

    title: str
    text: str
    key: str
    fields: Mapping[str, str]


def message_of(notice: Notice, service: Service, public_url: str | None = None) -> Message:
    """Return a notice in its team's language, as it is sent to a kind of receiver, with a link to a board there is."""
    with speaking(language_of(notice.language)):
        return _worded(notice, service, public_url)


def _worded(notice: Notice, service: Service, public_url: str | None) -> Message:
    lines = [*LINES[notice.kind](notice)]
    if public_url:
        lines.append(_linked(notice, public_url))
    if not service.takes_fields:
        lines.append(say("Key: {key}", key=notice.key))
    shown = [_plain(each, service.has_markup) for each in (_title(notice), *lines)]
    fields = {"key": notice.key, "kind": notice.kind, "thread": notice.thread}
    return Message(_cut(shown[0], LONGEST_TITLE), "\n".join(shown[1:]), notice.key, fields)


def _linked(notice: Notice, public_url: str) -> str:
    """Return where the board has the thread, or the form of what is asked."""
    if notice.question is None:
        return say("See: {link}", link=place_of(public_url, notice.thread))
    return say("Answer on the board: {link}", link=place_of(public_url, notice.thread, notice.question["id"]))


def _title(notice: Notice) -> str:
    if notice.kind == "asked":
        return say("Accord asks: {question}", question=_question(notice)["question"])
    if notice.kind == "deadline":
        question = _question(notice)
        until = _time(question["expires_at"])
        return say("Accord still waits, until {time}: {question}", time=until, question=question["question"])
    if notice.kind == "reopen":
        return say("Accord asks for another decision: {goal}", goal=notice.goal)
    return say("Accord decided {decision}: {goal}", decision=_decision(notice), goal=notice.goal)


def _asked(notice: Notice) -> Iterator[str]:
    question = _question(notice)
    names = _names(question["asked"])
    yield say_count("{names} is asked.", "{names} are asked.", len(question["asked"]) or 1, names=names)
    yield from _of_question(notice, question)


def _deadline(notice: Notice) -> Iterator[str]:
    question = _question(notice)
    open_ones = [name for name in question["asked"] if name not in question.get("answered", ())]
    names = _names(open_ones or question["asked"])
    yield say("The time to answer is nearly over. Waiting for: {names}.", names=names)
    yield from _of_question(notice, question)


def _of_question(notice: Notice, question: Mapping[str, Any]) -> Iterator[str]:
    yield say("Question: {question}", question=_cut(question["question"]))
    if question["question"] != notice.goal:
        yield say("About: {goal}", goal=_cut(notice.goal))
    if question["options"]:
        yield say("Options: {options}", options=", ".join(question["options"]))
    expires = question["expires_at"]
    yield say("Until: {time}", time=_time(expires)) if expires else say("Until: no limit")
    yield say("Answer: {command}", command=typed_for(notice.thread, question))


def _decided(notice: Notice) -> Iterator[str]:
    yield say("Decision: {decision}", decision=_decision(notice))
    yield say("Question: {question}", question=_cut(notice.goal))
    yield say("Team: {team}", team=notice.team)
    yield say("Decided: {time}", time=_time(notice.at))
    yield say("Why: {command}", command=f"accord why {shlex.quote(notice.thread)}")


def _reopen(notice: Notice) -> Iterator[str]:
    finding = notice.finding or {}
    if finding["owner"]:
        yield say("{owner} owns the decision.", owner=_cut(finding["owner"], LONGEST_TITLE))
    decided = {"decision": _decision(notice), "time": _time(finding["decided_at"])}
    yield say("Decision: {decision}, of {time}. It should be taken again.", **decided)
    yield say("Question: {question}", question=_cut(notice.goal))
    yield say("Why: {causes}", causes=_cut(say("; ").join(causes_in_words(finding))))
    name = shlex.quote(finding["reopened_as"] or notice.thread)
    if finding["reopened_as"]:
        yield say("It is taken again as {thread}: {command}", thread=name, command=f"accord show {name}")
    else:
        yield say("Take it again: {command}", command=f"accord watch {name} --reopen")


LINES: Mapping[str, Callable[[Notice], Iterator[str]]] = {
    "asked": _asked,
    "deadline": _deadline,
    "decided": _decided,
    "reopen": _reopen,
}
"""The lines of a notice, by its kind."""


def _question(notice: Notice) -> Mapping[str, Any]:
    assert notice.question is not None
    return notice.question


def _names(names: Sequence[str]) -> str:
    *others, last = names or [say("Whoever can answer")]
    return say("{others} and {last}", others=", ".join(others), last=last) if others else last


def _decision(notice: Notice) -> str:
    return say(DECISIONS[str(notice.decision)])


def _time(at: str) -> str:
    return f"{moment(at):%Y-%m-%d %H:%M} UTC"


def _plain(line: str, has_markup: bool) -> str:
    """Return one line that is only shown, also where the receiver has markup."""
    shown = neutral(" ".join(line.split()))
    if not has_markup:
        return shown
    return _EDGES.sub(lambda found: chr(ord("_") + FULL_WIDTH) * len(found[0]), shown.translate(LOOK_ALIKES))


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
