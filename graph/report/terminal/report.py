"""The record for people at a terminal: what was said, the decision or the answer, and the brief."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from graph.past import Past
from graph.record import is_of_rounds
from graph.report.patterns.drawing import drawing_of
from graph.report.terminal.visible import STYLES, console_on, visible, visible_lines
from graph.report.terminal.work import shown_sections
from graph.report.words import resume_of, said_reason
from nodes.events import said_guard
from policies.run.stop import Stop


def print_report(record: Mapping[str, Any]) -> None:
    """Print the record to stdout."""
    console = console_on(sys.stdout)
    if is_of_rounds(record):
        _print_rounds(record, console)
    else:
        _print_work(record, console)
    console.print(_ending(record))
    console.print(_footer(record))


def _print_rounds(record: Mapping[str, Any], console: Console) -> None:
    if record.get("history"):
        console.print(_stances(record["history"], _outcomes(record["trace"])))
        console.print(_conflicts(record["history"]))
        for line in _beside(record):
            console.print(line)


def _print_work(record: Mapping[str, Any], console: Console) -> None:
    """Print what another pattern than the rounds did, as far as it came."""
    drawing = drawing_of(record, Past())
    for shown in shown_sections(drawing["sections"]):
        console.print(shown)
    for line in _guarding(record):
        console.print(line)
    if record["status"] != "ok":
        for line in _open_seats(record):
            console.print(line)
    if record.get("ended_early"):
        console.print(Text(drawing["sentences"][-1], style="cyan"))


def _open_seats(record: Mapping[str, Any]) -> Iterator[Text]:
    """Yield who answered in the stage that was not finished; the stages' own answers are shown above."""
    closed = max((output["round"] for output in record["outputs"]), default=0)
    # A round that was set aside when another pattern took over has roles and no seats.
    open_lines = [line for line in record["trace"] if line["round"] > closed and line.get("accepted")]
    seats = [line["seat"] for line in open_lines if "seat" in line]
    if seats:
        yield visible(f"Answered in the stage that was not finished: {', '.join(seats)}")


def _outcomes(trace: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return what each round came to; the history knows decisions alone, the trace also who asked a human."""
    return {line["round"]: line["decision"] for line in trace if "decision" in line}


def _stances(history: Sequence[Mapping[str, Any]], outcomes: Mapping[int, str]) -> Table:
    table = Table("role", box=box.SIMPLE_HEAD, pad_edge=False)
    for entry in history:
        table.add_column(f"round {entry['round']}")
    said = [{each["agent"]: each for each in entry["contributions"]} for entry in history]
    for role in dict.fromkeys(role for each in said for role in each):
        table.add_row(visible(role), *(_stance(each.get(role)) for each in said))
    table.add_row("outcome", *(_word(outcomes[entry["round"]]) for entry in history), style="bold")
    return table


def _stance(said: Mapping[str, Any] | None) -> Text:
    return _word(said["stance"], f"{said['stance']} ({said['confidence']:.2f})") if said else Text("-")


def _word(word: str, shown: str | None = None) -> Text:
    return Text(shown or word, style=STYLES.get(word, ""))


def _conflicts(history: Sequence[Mapping[str, Any]]) -> Text:
    named = [f"round {entry['round']}: {', '.join(entry['conflicts'])}" for entry in history if entry["conflicts"]]
    return Text(f"Conflicts: {'; '.join(named) or 'none'}")


def _beside(record: Mapping[str, Any]) -> Iterator[Text]:
    """Yield what a reader of the decision must not miss: tripped guards, absent roles, flagged answers."""
    yield from _guarding(record)
    for absent in record.get("absent", []):
        yield visible(f"Absent: {absent['role']} in round {absent['round']}, {absent['reason']}")
    for entry in record.get("flags", []):
        yield visible(f"Flagged in round {entry['round']}: {', '.join(entry['flags'])}")


def _guarding(record: Mapping[str, Any]) -> Iterator[Text]:
    outcome = record.get("outcome") or {}
    if outcome.get("guards"):
        unread = outcome.get("unread", {})
        named = Text(", ").join(visible(said_guard(name, unread.get(name))) for name in outcome["guards"])
        yield Text.assemble("Tripped guards: ", named, f"; the vote alone gave {outcome['vote']}")


def _ending(record: Mapping[str, Any]) -> RenderableType:
    if record["status"] == "ok":
        return _answer(record)
    if record["stop_reason"] is None:
        what = "no decision" if is_of_rounds(record) else "no answer"
        return Text(f"The thread is {record['status']}: it has {what} and no stop reason.", style="yellow")
    return Group(*_stop_lines(record))


def _answer(record: Mapping[str, Any]) -> Panel:
    """Return the decision with its brief, or the answer where nothing was decided."""
    decision = record.get("final_decision")
    if not decision:
        return Panel(visible_lines(record["answer"]), title=Text("Answer", style="bold"), expand=True)
    brief = record["answer"].partition("\n\n")[2]
    return Panel(
        visible_lines(brief), title=Text(f"Decision: {decision}", style=f"bold {STYLES[decision]}"), expand=True
    )


def _stop_lines(record: Mapping[str, Any]) -> list[Text]:
    at = f" at {record['phase']}" if record.get("phase") else ""
    lines = [Text.assemble("Stopped: ", visible(record["stop_reason"], "bold red"), visible(at))]
    if not is_of_rounds(record):
        lines.append(visible(said_reason(record["stop_reason"])))
    if "cause" in record:
        lines.append(visible(f"Cause: {record['cause']}"))
    if "raw_contribution" in record:
        offered = json.dumps(record["raw_contribution"], ensure_ascii=False)
        lines.append(Text.assemble("Offered: ", visible(offered[:500])))
    return lines


def _footer(record: Mapping[str, Any]) -> Group:
    lines = [Text.assemble("Thread: ", visible(record["thread_id"]))]
    used = record.get("usage")
    if used and not used["calls"]:
        lines.append(Text("Used: no call to a model"))
    elif used:
        tokens = f"{used['prompt_tokens']} + {used['completion_tokens']} tokens"
        cost = f", {used['cost_usd']:.4f} USD" if used["cost_usd"] else ""
        calls = "1 call" if used["calls"] == 1 else f"{used['calls']} calls"
        lines.append(Text(f"Used: {calls}, {tokens}{cost}, {record['elapsed_seconds']:.1f} s at work"))
    if record.get("estimated"):
        lines.append(Text(f"Estimated: {_answers(record['estimated'])} as reserved, since the endpoint did not count"))
    if record.get("recoveries"):
        lines.append(Text(f"Brought back: {times(record['recoveries'])}, after the process died during calls"))
    for model, learned in record.get("endpoints", {}).items():
        takes = ", ".join(f"{name} {form}" for name, form in learned.items())
        lines.append(visible(f"Learned: {model} takes {takes}"))
    hint = _hint(record)
    return Group(*lines, visible(hint)) if hint else Group(*lines)


def _answers(number: int) -> str:
    return "1 answer counts" if number == 1 else f"{number} answers count"


def times(number: int) -> str:
    """Return a number of times in words.

    >>> times(1), times(3)
    ('once', '3 times')
    """
    return "once" if number == 1 else f"{number} times"


def _hint(record: Mapping[str, Any]) -> str | None:
    """Return how the thread goes on, if it can."""
    stop, resume = Stop.find(record["stop_reason"]), resume_of(record)
    remedy = stop.remedy if stop else ""
    if resume is None:
        return remedy or None
    return (remedy or "Go on with: {resume}").replace("{resume}", resume)
