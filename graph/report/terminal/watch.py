"""What became of decisions, on a terminal: what holds, what moved towards a limit, and what should be taken again."""

import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from rich.text import Text

from graph.drift import Told, causes_in_words
from graph.report.dossier.look import VERDICTS, command_to_reopen, row_of
from graph.report.dossier.people import moment
from graph.report.terminal.later import TONES
from graph.report.terminal.visible import STYLES, console_on, visible
from graph.report.words import joined, label_of, listed, said_value
from policies.assurance.tripwires import MAX_CHANGED, WatchVerdict
from policies.language import say, say_count

Plain = Mapping[str, Any]

SHOWN = 5
"""Facts that moved and are shown."""


class Totals:
    """How many decisions got each verdict."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter(dict.fromkeys(get_args(WatchVerdict), 0))
        self.reopened = self.sourceless = 0
        self.cut_off = False
        """Whether there are more, which were not looked at."""

    def add(self, told: Told) -> None:
        """Count what was found of a decision; one that was taken again before counts as that."""
        if told.was_reopened:
            self.reopened += 1
        else:
            self.verdicts[told.finding["verdict"]] += 1
            self.sourceless += told.is_sourceless

    @property
    def unanswered(self) -> int:
        """How many decisions have sources that gave no facts."""
        return self.verdicts["unknown"] - self.sourceless

    def plain(self) -> dict[str, Any]:
        """Return {decisions, holds, weakened, reopen, unknown, sourceless, reopened, cut_off}."""
        beside = {"sourceless": self.sourceless, "reopened": self.reopened, "cut_off": self.cut_off}
        return {"decisions": self.verdicts.total() + self.reopened, **self.verdicts, **beside}


def print_totals(totals: Totals) -> None:
    """Print how many decisions got each verdict."""
    told = say("{holds} hold, {weakened} weakened, {reopen} to reopen, {unknown} unknown", **totals.verdicts)
    if totals.reopened:
        reopened = say_count("{number} reopened before", "{number} reopened before", totals.reopened)
        told = say("{verdicts}, {reopened}", verdicts=told, reopened=reopened)
    if totals.sourceless:
        sourceless = say_count(
            "{number} of these has no source to ask; give it the current facts with --facts",
            "{number} of these have no source to ask; give them the current facts with --facts",
            totals.sourceless,
        )
        told = say("{first}; {second}", first=told, second=sourceless)
    if totals.cut_off:
        told = say("{first}; {second}", first=told, second=say("stopped before it had looked at all"))
    number = totals.plain()["decisions"]
    console_on(sys.stdout).print(
        visible(say_count("{number} decision: {verdicts}", "{number} decisions: {verdicts}", number, verdicts=told))
    )


def print_finding(finding: Plain, facts: str = "", database: str = "") -> None:
    """Print what was found of a decision: what moved, what it rests on, who owns it, and what to type next."""
    console = console_on(sys.stdout)
    decision = visible(label_of(finding["decision"]), STYLES.get(finding["decision"], ""))
    about = visible(f"{finding['thread_id']}  {finding['team']}  ", "bold")
    console.print(about.append_text(decision))
    label, tone = VERDICTS[finding["verdict"]]
    console.print(visible(_said(say(label), finding), TONES[tone]))
    for tripwire in finding["tripwires"]:
        if tripwire["verdict"] in ("reopen", "weakened"):
            for line in _of_tripwire(row_of(tripwire)):
                console.print(line)
    for text in _lines(finding, facts, database):
        console.print(visible(text))


def _said(label: str, finding: Plain) -> str:
    causes = causes_in_words(finding)
    told = say("{name}: {value}.", name=label, value=listed(causes)) if causes else say("{first}.", first=label)
    return f"{told} {finding['cause']}" if finding["cause"] else told


def _of_tripwire(row: Plain) -> Iterator[Text]:
    """Yield what a later look says of one tripwire: its answer then and now, and under it how far it is."""
    then, now = row["then"], row["now"]
    moved = _moved(then["answer"], now["answer"])
    yield visible(f"  {row['label']}  ", TONES[row["tone"]]).append_text(
        visible(say("{name}: {value}", name=row["what"], value=moved))
    )
    if row["fact"]:
        fact = f"{row['fact']} = {_moved(then['value'], now['value'])}" if row["comparison"] else row["fact"]
        limit = f"{row['comparison']} {row['limit']}"
        yield visible(f"    {say('{fact}; limit: {limit}', fact=fact, limit=limit) if row['comparison'] else fact}")
    if then["room"] and now["room"]:
        yield visible(f"    {_moved(then['room'], now['room'])}")
    if now["fault"]:
        yield visible(f"    {now['fault']}")


def _moved(then: str, now: str) -> str:
    """Return what is shown of a tripwire, and what was where that was another."""
    return now if then == now else f"{then} → {now}"


def _lines(finding: Plain, facts: str, database: str) -> Iterator[str]:
    if finding["changed"]:
        yield say("What moved: {changes}", changes=_changes(finding["changed"]))
    if finding["decided_at"]:
        yield _times(finding)
    yield from _next(finding, facts, database)


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


def _next(finding: Plain, facts: str, database: str) -> Iterator[str]:
    """Yield what to do next: look at the thread in which it is taken again, or take it again."""
    thread = shlex.quote(finding["thread_id"])
    if finding["reopened_as"]:
        name = shlex.quote(finding["reopened_as"])
        yield say("It is taken again as {thread}: {command}", thread=name, command=f"accord show {name}{database}")
    elif finding["verdict"] == "reopen":
        yield say("Take it again: {command}", command=f"{command_to_reopen(finding['thread_id'], facts)}{database}")
    elif finding["verdict"] == "unknown":
        yield say("Ask again: {command}", command=f"accord watch {thread} --facts FILE{database}")
    elif finding["verdict"] == "weakened":
        yield say("See what would change it: {command}", command=f"accord why {thread}{database}")
