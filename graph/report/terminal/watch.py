"""What became of decisions, on a terminal: what holds, what moved towards a limit, and what should be taken again."""

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from rich.console import Console

from graph.drift import Told, causes_in_words, name_of_tripwire
from graph.report.dossier.people import moment
from graph.report.terminal.visible import STYLES, console_on, visible
from graph.report.words import joined, label_of, listed, plain_word, said_value
from policies.assurance.standing import UNREADABLE
from policies.assurance.tripwires import MAX_CHANGED, WatchVerdict
from policies.decision.guards import COMPARISONS
from policies.language import phrase, say, say_count

Plain = Mapping[str, Any]

VERDICTS: Mapping[WatchVerdict, str] = {
    "holds": phrase("holds"),
    "weakened": phrase("weakened"),
    "reopen": phrase("reopen"),
    "unknown": phrase("unknown"),
}
"""What is said of a decision or a tripwire in one word."""

_STYLES = {"holds": "green", "weakened": "yellow", "reopen": "bold red", "unknown": "dim"}

SAID: Mapping[str, str] = {
    "holds": phrase("It holds: every answer is the same, and no limit that is measured is closer."),
    "weakened": phrase("It is weaker: every answer is the same, but something that it rests on moved towards another."),
    "unknown": phrase("Nobody knows: the facts of now cannot be had."),
    "reopen": phrase("It should be taken again: {causes}."),
}
"""What is said of a decision."""

ANSWERS = {"clear": phrase("clear"), "tripped": phrase("tripped"), UNREADABLE: phrase("could not be read")}

SHOWN = 5
"""Facts that moved and are shown."""


class Totals:
    """How many decisions got each verdict."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter(dict.fromkeys(get_args(WatchVerdict), 0))
        self.reopened = self.sourceless = 0

    def add(self, told: Told) -> None:
        """Count what was found of a decision; one that was taken again before counts as that."""
        if told.was_reopened:
            self.reopened += 1
        else:
            self.verdicts[told.finding["verdict"]] += 1
            self.sourceless += told.finding["verdict"] == "unknown" and not told.has_source

    @property
    def unanswered(self) -> int:
        """How many decisions have sources that gave no facts."""
        return self.verdicts["unknown"] - self.sourceless

    def plain(self) -> dict[str, Any]:
        """Return {decisions, holds, weakened, reopen, unknown, sourceless, reopened}."""
        beside = {"sourceless": self.sourceless, "reopened": self.reopened}
        return {"decisions": self.verdicts.total() + self.reopened, **self.verdicts, **beside}


def print_totals(totals: Totals) -> None:
    """Print how many decisions got each verdict."""
    told = say("{holds} hold, {weakened} weakened, {reopen} to reopen, {unknown} unknown", **totals.verdicts)
    if totals.reopened:
        reopened = say_count("{number} reopened before", "{number} reopened before", totals.reopened)
        told = say("{verdicts}, {reopened}", verdicts=told, reopened=reopened)
    if totals.sourceless:
        sourceless = say_count(
            "{number} of these has no source to ask; give it the facts of now with --facts",
            "{number} of these have no source to ask; give them the facts of now with --facts",
            totals.sourceless,
        )
        told = say("{first}; {second}", first=told, second=sourceless)
    number = totals.plain()["decisions"]
    console_on(sys.stdout).print(
        visible(say_count("{number} decision: {verdicts}", "{number} decisions: {verdicts}", number, verdicts=told))
    )


def print_finding(finding: Plain, database: str = "") -> None:
    """Print what was found of a decision: what moved, what it rests on, who owns it, and what to type next."""
    console = console_on(sys.stdout)
    decision = visible(label_of(finding["decision"]), STYLES.get(finding["decision"], ""))
    about = visible(f"{finding['thread_id']}  {finding['team']}  ", "bold")
    console.print(about.append_text(decision))
    console.print(visible(_said(finding), _STYLES[finding["verdict"]]))
    for tripwire in finding["tripwires"]:
        if tripwire["verdict"] in ("reopen", "weakened"):
            _print_tripwire(tripwire, console)
    for line in _lines(finding, database):
        console.print(visible(line))


def _said(finding: Plain) -> str:
    told = say(SAID[finding["verdict"]], causes=listed(causes_in_words(finding)))
    return f"{told} {finding['cause']}" if finding["cause"] else told


def _print_tripwire(tripwire: Plain, console: Console) -> None:
    told = visible(f"  {say(VERDICTS[tripwire['verdict']])}  ", _STYLES[tripwire["verdict"]])
    console.print(told.append_text(visible(_answers(tripwire))))
    for line in _of_tripwire(tripwire):
        console.print(visible(f"    {line}"))


def _answers(tripwire: Plain) -> str:
    name, then, now = name_of_tripwire(tripwire), tripwire["then"]["answer"], tripwire["now"]["answer"]
    if then == now:
        return say("{name} ({hint})", name=name, hint=_answer(then))
    return say("{name}: {value}", name=name, value=f"{_answer(then)} → {_answer(now)}")


def _answer(word: str) -> str:
    return say(ANSWERS[word]) if word in ANSWERS else plain_word(word)


def _of_tripwire(tripwire: Plain) -> Iterator[str]:
    then, now = tripwire["then"], tripwire["now"]
    if tripwire["fact"] is not None:
        fact = f"{tripwire['fact']} = {_moved(then['value'], now['value'])}"
        yield say("{fact}; limit: {limit}", fact=fact, limit=_limit(tripwire)) if tripwire["comparison"] else fact
    if then["distance"] is not None and now["distance"] is not None:
        yield say("distance to the limit: {distance}", distance=_moved(then["distance"], now["distance"]))
    if now["fault"]:
        yield now["fault"]


def _limit(tripwire: Plain) -> str:
    words, moved = (
        COMPARISONS[tripwire["comparison"]].words,
        _moved(tripwire["then"]["limit"], tripwire["now"]["limit"]),
    )
    return say("{comparison} {value}", comparison=say(words), value=moved)


def _moved(then: Any, now: Any) -> str:
    """Return a value, and what it was where it was another."""
    return said_value(now) if _is_same(then, now) else f"{said_value(then)} → {said_value(now)}"


def _is_same(then: Any, now: Any) -> bool:
    return isinstance(then, bool) == isinstance(now, bool) and bool(then == now)


def _lines(finding: Plain, database: str) -> Iterator[str]:
    if finding["changed"]:
        yield say("What moved: {changes}", changes=_changes(finding["changed"]))
    if finding["decided_at"]:
        yield _times(finding)
    yield from _next(finding, database)


def _changes(changed: Sequence[Plain]) -> str:
    told = [say("{name}: {value}", name=each["path"], value=_change(each)) for each in changed[:SHOWN]]
    more = len(changed) - SHOWN
    if len(changed) >= MAX_CHANGED:
        told.append(say("and many more"))
    elif more > 0:
        told.append(say_count("and {number} more", "and {number} more", more))
    return joined(told)


def _change(each: Plain) -> str:
    return f"{said_value(each['then'])} → {said_value(each['now'])}"


def _times(finding: Plain) -> str:
    decided = say("decided {time}", time=moment(finding["decided_at"]))
    until = say("valid until {time}", time=moment(finding["expires_at"])) if finding["expires_at"] else None
    owner = say("owner: {name}", name=finding["owner"]) if finding["owner"] else None
    return joined([decided, until, owner])


def _next(finding: Plain, database: str) -> Iterator[str]:
    """Yield what to do next: look at the thread in which it is taken again, or take it again."""
    thread = shlex.quote(finding["thread_id"])
    if finding["reopened_as"]:
        name = shlex.quote(finding["reopened_as"])
        yield say("It is taken again as {thread}: {command}", thread=name, command=f"accord show {name}{database}")
    elif finding["verdict"] == "reopen":
        yield say("Take it again: {command}", command=f"accord watch {thread} --reopen{database}")
    elif finding["verdict"] == "unknown":
        yield say("Ask again: {command}", command=f"accord watch {thread} --facts FILE{database}")
    elif finding["verdict"] == "weakened":
        yield say("See what would change it: {command}", command=f"accord why {thread}{database}")
