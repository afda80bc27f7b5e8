"""Estimates and the guide to the patterns, for people at a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graph.patterns.guide import tell
from graph.report.terminal.blocks import fitted, rows_shown
from graph.report.terminal.visible import visible
from graph.report.words import counted

Plain = dict[str, Any]

STAGES_SHOWN = 20
COURSES = ("shortest", "longest")


def print_outlook(outlook: Mapping[str, Any], sequence: Sequence[str], console: Console) -> None:
    """Print an estimate: both courses, their stages, who runs on what, who sees whom."""
    console.print(Text.assemble(visible(outlook["team"], "bold"), f", pattern {outlook['pattern']}"))
    console.print(fitted(console, _totals(outlook)))
    same = outlook["shortest"]["stages"] == outlook["longest"]["stages"]
    for name in COURSES[:1] if same else COURSES:
        stages = _stages(outlook[name], "both courses" if same else f"{name} course")
        console.print(fitted(console, stages, is_titled=True))
    console.print(fitted(console, _models(outlook["longest"]["models"]), is_titled=True))
    console.print(visible(f"Who sees whom: {'; '.join(tell(outlook['sees'], sequence))}"))
    limit = outlook["budget"]["max_messages"]
    console.print(
        f"With every repair and replan: at most {counted(outlook['at_most'], 'call')}; max_messages is {limit:,}."
    )
    console.print(
        "Nothing was asked and nothing was spent. Tokens are what a run reserves: bytes / 3, and whole answers."
    )


def _totals(outlook: Mapping[str, Any]) -> Table:
    table = Table("", *COURSES, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    courses = [outlook[name] for name in COURSES]
    for what, key in (("calls", "calls"), ("one after another", "latency_calls"), ("at once, at most", "at_once")):
        table.add_row(what, *(f"{course[key]:,}" for course in courses))
    table.add_row("tokens, at most", *(f"{course['tokens']['total']:,}" for course in courses))
    table.add_row("US dollars, at most", *(_dollars(course["cost_usd"]) for course in courses))
    table.add_row("ends with", *(visible(course["stop_reason"]) for course in courses))
    return table


def _dollars(cost: float | None) -> str:
    return "no price" if cost is None else f"{cost:,.4f}"


def _stages(course: Mapping[str, Any], title: str) -> Table:
    table = Table(title, "calls", "one after another", "at once", "asks", box=box.SIMPLE_HEAD, pad_edge=False)
    rows = list(_rows(course["stages"], ""))
    for cells in rows[:STAGES_SHOWN]:
        table.add_row(*cells)
    if len(rows) > STAGES_SHOWN:
        table.add_row(f"… and {len(rows) - STAGES_SHOWN} more")
    return table


def _rows(stages: Sequence[Mapping[str, Any]], indent: str) -> Iterator[list[Text]]:
    """Yield a row for each stage, the stages of a team within below that of its seat."""
    for stage in stages:
        asks = ", ".join(_seat(each) for each in stage["asks"])
        numbers = [Text(f"{stage[key]:,}") for key in ("calls", "latency_calls", "at_once")]
        yield [visible(f"{indent}{stage['stage']}"), *numbers, visible(asks)]
        for each in stage["asks"]:
            if "stages" in each:
                yield [visible(f"{indent}  {each['seat']}: the team {each['team']}"), *[Text("")] * 4]
                yield from _rows(each["stages"], f"{indent}    ")


def _seat(asked: Mapping[str, Any]) -> str:
    return str(asked["role"]) if asked["seat"] == asked["role"] else f"{asked['seat']} ({asked['role']})"


def _models(models: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("model", "calls", "tokens", "US dollars", "roles", box=box.SIMPLE_HEAD, pad_edge=False)
    for each in models:
        name = visible(each["by"])
        roles = visible(", ".join(each["roles"]))
        table.add_row(name, f"{each['calls']:,}", f"{each['tokens']:,}", _dollars(each["cost_usd"]), roles)
    return table


def print_guide(guide: Sequence[Mapping[str, Any]], agents: int, rounds: int, console: Console) -> None:
    """Print the guide: what each pattern is for and takes, then who sees whom and what may stop it."""
    said = f"{counted(agents, 'agent')}, {counted(rounds, 'round')}; a lead comes on top, and a hierarchy has two teams"
    console.print(said)
    head = ("pattern", "good for", "talk", "complexity", "calls", "one after another", "at once", "example")
    console.print(rows_shown(console, head, [_guided(entry) for entry in guide], lined=True))
    below = [(entry["pattern"], "; ".join(entry["told"]), ", ".join(entry["stop_reasons"])) for entry in guide]
    console.print(rows_shown(console, ("pattern", "who sees whom", "further stop reasons"), below, lined=True))


def _guided(entry: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = [_range(entry["calls"]), _range(entry["latency_calls"]), f"{entry['at_once']:,}"]
    words = [entry[key] for key in ("pattern", "good_for", "talk", "complexity")]
    return (*words, *numbers, entry["example"] or "-")


def _range(numbers: Mapping[str, int]) -> str:
    shortest, longest = numbers["shortest"], numbers["longest"]
    return f"{shortest:,}" if shortest == longest else f"{shortest:,}–{longest:,}"
