"""The record for people at a terminal: the decision and why, what was said, the brief or the answer."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from graph.past import Past
from graph.record import is_of_rounds, said_hold
from graph.report.dossier.dossier import NOTHING, dossier_of
from graph.report.patterns.drawing import drawing_of
from graph.report.resuming import NEEDS, asks_again, resume_of
from graph.report.terminal.answers import answers_shown
from graph.report.terminal.later import (
    drift_shown,
    reopening_shown,
    sources_shown,
    stability_shown,
    with_source,
)
from graph.report.terminal.people import closed_shown, commands_of, decision_shown, open_shown
from graph.report.terminal.roles import words_shown
from graph.report.terminal.visible import console_on, styled, visible, visible_lines
from graph.report.terminal.work import shown_sections
from graph.report.words import said_reason, titles_of
from policies.language import in_figures, phrase, say, say_count
from policies.run.stop import Stop

Plain = Mapping[str, Any]

OPEN_ENDED = {
    ("running", True): phrase("The thread is running: it has no decision and no stop reason."),
    ("running", False): phrase("The thread is running: it has no answer and no stop reason."),
    ("interrupted", True): phrase("The thread is interrupted: it has no decision and no stop reason."),
    ("interrupted", False): phrase("The thread is interrupted: it has no answer and no stop reason."),
}
"""What is said of a thread that has not ended, by its status and whether it has rounds."""


@dataclass(frozen=True, slots=True)
class Handle:
    """How a thread is named on the command line, not at all where it is the last one, its database, and the board."""

    thread: str | None
    database: str = ""
    board: str | None = None
    """The address of the board, where one is known."""

    @property
    def words(self) -> str:
        """What follows the command."""
        return f"{f' {self.thread}' if self.thread else ''}{self.database}"


def print_report(
    record: Mapping[str, Any],
    state: Mapping[str, Any],
    *,
    is_full: bool = False,
    is_verbose: bool = False,
    typed: Handle | None = None,
    hindsight: Mapping[str, Any] = NOTHING,
) -> None:
    """Print the record to stdout: the decision and why, who said what, the brief, and what to type next.

    The state is that of the thread; it is empty where it has not begun, or was not touched. `typed` is how the thread
    is named in what to type next, `hindsight` what the database knows of the thread that its record does not have.
    """
    console, titles = console_on(sys.stdout), titles_of(Past.of(state).roles)
    named = typed or Handle(record["thread_id"])
    if "trace" in record:
        dossier = dossier_of(record["thread_id"], record, state, hindsight)
        around = (*reopening_shown(dossier), *drift_shown(dossier, console, named.database))
        for shown in (*_headline(record, dossier, titles), *around, *_said(record, dossier, console, is_full)):
            console.print(shown)
        if record["status"] == "ok" or dossier["brief"]:  # a brief that waits to be signed is shown, too
            console.print(_answer(record, dossier))
        for shown in sources_shown(dossier, console, record.get("cause")):
            console.print(shown)
    else:
        console.print(Group(*_stop_lines(record, titles)))
    if is_verbose:
        console.print(answers_shown(Past.of(state), console))
    console.print(_footer(record, named))


def _headline(record: Mapping[str, Any], dossier: Plain, titles: Mapping[str, str]) -> Iterator[Text]:
    """Yield the decision, and in code's words why; where a pattern decides nothing its result; or why it stopped."""
    if record["status"] != "ok":
        yield from open_shown(dossier) if record["status"] == "waiting" else _not_done(record, dossier, titles)
        yield from closed_shown(dossier)
        yield from stability_shown(dossier)
        yield Text()
        return
    decision = record.get("final_decision")
    if decision is None:
        yield styled(say("Result: {result}"), result=visible(dossier["verdict"]["label"], "bold"))
        yield Text()
    else:
        yield decision_shown(decision, dossier)
        yield from closed_shown(dossier)
        yield from map(visible, dossier["verdict"]["people"][1:])
        yield from map(visible, why_lines(dossier))
        yield from stability_shown(dossier)
        yield Text()


def why_lines(dossier: Plain) -> Iterator[str]:
    """Yield the reasons for a decision: the votes, the row with its numbers, the guards that capped it."""
    why = dossier["why"]
    counts, *capped = dossier["verdict"]["sentences"] or [""]
    yield from filter(None, [counts])
    if why:
        yield _row_said(why)
        if why["rounds_ended"]:
            yield say("It was the last round, so a next round became: {vote}.", vote=why["vote"])
    yield from capped
    for guard in dossier["guards"]:
        if guard["tripped"] and not guard["fault"]:  # what could not be read is named beside the cap
            named = {**guard, "fact": with_source(guard["fact"], guard["source"])}
            yield say("Guard {name}: {fact} = {value}; it trips while {comparison} {limit}, {room}.", **named)


def _row_said(why: Plain) -> str:
    values = ", ".join(f"{each['name']} = {each['value']}" for each in why["readings"])
    if not why["when"]:
        return say("{row} ({values}).", row=why["row"], values=values)
    if not why["because"]:
        return say("Row {row} decides ({values}).", row=why["number"], values=values)
    return say("Row {row} decides: {because} ({values}).", row=why["number"], because=why["because"], values=values)


def _said(record: Mapping[str, Any], dossier: Plain, console: Console, is_full: bool) -> Iterator[RenderableType]:
    if is_of_rounds(record):
        yield from words_shown(dossier, console, is_full=is_full)
        return
    yield from shown_sections(dossier["work"])
    if record["status"] != "ok":
        yield from _open_seats(record)
    if record.get("ended_early"):
        yield Text(drawing_of(record, Past())["sentences"][-1], style="cyan")


def _open_seats(record: Mapping[str, Any]) -> Iterator[Text]:
    """Yield who answered in the stage that was not finished; the stages' own answers are shown above."""
    closed = max((output["round"] for output in record["outputs"]), default=0)
    # A round that was set aside when another pattern took over has roles and no seats.
    open_lines = [line for line in record["trace"] if line["round"] > closed and line.get("accepted")]
    seats = [line["seat"] for line in open_lines if "seat" in line]
    if seats:
        yield visible(say("Answered in the stage that was not finished: {seats}", seats=", ".join(seats)))


def _not_done(record: Mapping[str, Any], dossier: Plain, titles: Mapping[str, str]) -> list[Text]:
    """Return why a thread has no result: where it stopped and why, or that nobody has ended it."""
    if record["stop_reason"] is None:
        told = OPEN_ENDED[record["status"], is_of_rounds(record)]
        return [visible(say(told), "yellow")]
    return _stop_lines(record, titles, dossier["verdict"]["phase"])


def _answer(record: Mapping[str, Any], dossier: Plain) -> RenderableType:
    """Return the brief of a decision, or the answer where nothing was decided."""
    if not is_of_rounds(record):
        title = None if record.get("final_decision") else visible(say("Answer"), "bold")
        return Panel(visible_lines(dossier["brief"] or ""), title=title, expand=True)
    warning = [visible(each, "yellow") for each in [dossier["contradiction"]] if each]
    by = f"{dossier['writer'][:1].lower()}{dossier['writer'][1:]}"
    writer = visible(say("Brief, {writer}:", writer=by), "bold")
    return Group(Text(), *warning, writer, Padding(visible_lines(dossier["brief"] or ""), (0, 0, 1, 4)))


def _stop_lines(record: Mapping[str, Any], titles: Mapping[str, str], place: str | None = None) -> list[Text]:
    reason = visible(record["stop_reason"], "bold red")
    at = say("Stopped: {reason} at {place}") if place else say("Stopped: {reason}")
    lines = [styled(at, reason=reason, place=visible(place or ""))]
    stop = Stop.find(record["stop_reason"])
    if "trace" in record or not (stop and stop.rule.remedy):  # what was not touched is told by what to type next
        lines.append(visible(said_reason(record["stop_reason"], titles)))
    if "cause" in record:
        lines.append(visible(say("Cause: {cause}", cause=record["cause"])))
    if "raw_contribution" in record:
        offered = json.dumps(record["raw_contribution"], ensure_ascii=False)
        lines.append(visible(say("Offered: {answer}", answer=offered[:500])))
    return lines


def _footer(record: Mapping[str, Any], typed: Handle) -> Group:
    lines = [visible(say("Thread: {thread}", thread=record["thread_id"]))]
    if record.get("held"):
        told = phrase("Held: by {by} since {when}, so that it is not purged: {because}")
        lines.append(visible(say(told, **said_hold(record["held"])), "yellow"))
    used = record.get("usage")
    if used and not used["calls"]:
        lines.append(visible(say("Requests to a model: none")))
    elif used:
        lines.append(visible(_used(used, record["elapsed_seconds"])))
    if record.get("estimated"):
        lines.append(visible(_estimated(record["estimated"])))
    if record.get("recoveries"):
        lines.append(visible(_recovered(record["recoveries"])))
    for model, learned in record.get("endpoints", {}).items():
        takes = ", ".join(f"{name} {form}" for name, form in learned.items())
        lines.append(visible(say("Learned: {model} takes {fields}", model=model, fields=takes)))
    return Group(*lines, *map(visible, _hints(record, typed)))


def _used(used: Plain, seconds: float) -> str:
    told = {
        "calls": used["calls"],
        "sent": used["prompt_tokens"],
        "received": used["completion_tokens"],
        "seconds": in_figures(f"{seconds:.1f}"),
    }
    if not used["cost_usd"]:
        return say("Requests to a model: {calls}, {sent} tokens in, {received} out, {seconds} s at work", **told)
    cost = in_figures(f"{used['cost_usd']:.4f}")
    return say(
        "Requests to a model: {calls}, {sent} tokens in, {received} out, ${cost}, {seconds} s at work",
        cost=cost,
        **told,
    )


def _estimated(answers: int) -> str:
    return say_count(
        "Estimated: {number} answer counts as reserved, since the endpoint did not count",
        "Estimated: {number} answers count as reserved, since the endpoint did not count",
        answers,
    )


def _recovered(number: int) -> str:
    return say_count(
        "Brought back: once, after the process died during calls",
        "Brought back: {number} times, after the process died during calls",
        number,
    )


def _hints(record: Mapping[str, Any], typed: Handle) -> Iterator[str]:
    """Yield what to type next: how the thread is resumed, if it can be, else what shows more of it."""
    stop, resume = Stop.find(record["stop_reason"]), resume_of(record)
    typed_resume = f"{resume}{typed.database}"
    remedy = stop.remedy(typed_resume) if stop else ""
    if record["status"] == "waiting":
        yield from commands_of(record, typed.database, typed.board)
    elif resume or remedy:
        yield remedy or say("Resume it with: {resume}", resume=typed_resume)
        if asks_again(record):
            yield say("Or give the facts yourself: {resume}", resume=f"{resume}{NEEDS['facts']}{typed.database}")
    elif record["status"] == "ok":
        why = f"accord why{typed.words} · " if record.get("outcome") else ""
        yield say("Next: {commands}", commands=f"{why}accord show{typed.words} --html FILE")
