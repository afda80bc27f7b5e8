"""Estimates and the guide to the patterns, for people at a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from graph.live import WITHIN
from graph.patterns.guide import tell
from graph.report.terminal.blocks import fitted, rows_shown
from graph.report.terminal.visible import styled, visible
from graph.report.words import said_stage
from policies.language import in_figures, phrase, say, say_count
from policies.rehearsal.timeline import BRIEF
from policies.team.nesting import teams_within
from policies.team.team import Team
from policies.team.titles import distinct_titles

Plain = dict[str, Any]
Titles = Mapping[str, str]

STAGES_SHOWN = 20
COURSES = ("shortest", "longest")
NAMES = {"shortest": phrase("shortest"), "longest": phrase("longest")}
"""The heading of a course's numbers."""

TITLES = {
    "shortest": phrase("shortest course"),
    "longest": phrase("longest course"),
    "both": phrase("both courses"),
}
"""The heading of a course's stages; both courses have one where they have the same."""

TOTALS = {
    "calls": phrase("calls"),
    "latency_calls": phrase("one after another"),
    "at_once": phrase("at once, at most"),
}
GUIDE = (
    phrase("pattern"),
    phrase("good for"),
    phrase("talk"),
    phrase("complexity"),
    phrase("calls"),
    phrase("one after another"),
    phrase("at once"),
    phrase("example"),
)
GUIDE_BELOW = (phrase("pattern"), phrase("who sees whom"), phrase("further stop reasons"))


def print_outlook(outlook: Mapping[str, Any], team: Team, console: Console) -> None:
    """Print the estimate of a team: both courses, their stages, who runs on what, who sees whom."""
    titles = _titles(team)
    name, pattern = visible(outlook["team"], "bold"), visible(outlook["pattern"])
    console.print(styled(say("{team}, pattern {pattern}"), team=name, pattern=pattern))
    console.print(fitted(console, _totals(outlook)))
    same = outlook["shortest"]["stages"] == outlook["longest"]["stages"]
    for course in COURSES[:1] if same else COURSES:
        stages = _stages(outlook[course], say(TITLES["both" if same else course]), titles)
        console.print(fitted(console, stages, is_titled=True))
    console.print(fitted(console, _models(outlook["longest"]["models"], titles), is_titled=True))
    sees = {
        titles.get(reader, reader): [titles.get(each, each) for each in seen]
        for reader, seen in outlook["sees"].items()
    }
    told = say("; ").join(tell(sees, [titles[role] for role in team.sequence]))
    console.print(visible(say("Who sees whom: {readers}", readers=told)))
    console.print(
        say_count(
            "With every repair and replan: at most {number} call; {limit} is {most}.",
            "With every repair and replan: at most {number} calls; {limit} is {most}.",
            outlook["at_most"],
            limit="max_messages",
            most=_figure(outlook["budget"]["max_messages"]),
        )
    )
    console.print(
        say("Nothing was asked and nothing was spent. Tokens are what a run reserves: bytes / 3, and whole answers.")
    )


def _titles(team: Team) -> Titles:
    """Return what people call each role, and the brief, by its path: after the roles that its team answers for."""
    return {
        "/".join((*within, name)): title
        for within, each in teams_within(team)
        for name, title in {
            **distinct_titles({name: role.title for name, role in each.roles.items()}),
            BRIEF: say("Brief"),
        }.items()
    }


def _whole(path: str, titles: Titles) -> str:
    """Return what people call a role and those around it, the outermost first."""
    names = path.split("/")
    paths = ("/".join(names[: depth + 1]) for depth in range(len(names)))
    return WITHIN.join(titles.get(each, name) for each, name in zip(paths, names, strict=True))


def _totals(outlook: Mapping[str, Any]) -> Table:
    table = Table("", *map(say, NAMES.values()), box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    courses = [outlook[name] for name in COURSES]
    for key, what in TOTALS.items():
        table.add_row(say(what), *(_figure(course[key]) for course in courses))
    table.add_row(say("tokens, at most"), *(_figure(course["tokens"]["total"]) for course in courses))
    table.add_row(say("US dollars, at most"), *(_dollars(course["cost_usd"]) for course in courses))
    table.add_row(say("ends with"), *(visible(course["stop_reason"]) for course in courses))
    return table


def _dollars(cost: float | None) -> str:
    return say("no price") if cost is None else in_figures(f"{cost:,.4f}")


def _figure(number: int) -> str:
    return in_figures(f"{number:,}")


def _stages(course: Mapping[str, Any], title: str, titles: Titles) -> Table:
    heads = (say("calls"), say("one after another"), say("at once"), say("asks"))
    table = Table(title, *heads, box=box.SIMPLE_HEAD, pad_edge=False)
    rows = list(_rows(course["stages"], titles))
    for cells in rows[:STAGES_SHOWN]:
        table.add_row(*cells)
    if len(rows) > STAGES_SHOWN:
        table.add_row(say_count("… and {number} more", "… and {number} more", len(rows) - STAGES_SHOWN))
    return table


def _rows(
    stages: Sequence[Mapping[str, Any]], titles: Titles, indent: str = "", path: str = ""
) -> Iterator[list[Text]]:
    """Yield a row for each stage, the stages of a team within below that of its seat."""
    for stage in stages:
        asks = ", ".join(dict.fromkeys(_seat(each, titles, path) for each in stage["asks"]))
        numbers = [Text(_figure(stage[key])) for key in ("calls", "latency_calls", "at_once")]
        yield [visible(f"{indent}{_stage(stage['stage'])}"), *numbers, visible(asks)]
        for each in stage["asks"]:
            if "stages" in each:
                team = say("the team {name}", name=each["team"])
                told = say("{name}: {value}", name=_name(each, titles, path), value=team)
                yield [visible(f"{indent}  {told}"), *[Text("")] * 4]
                yield from _rows(each["stages"], titles, f"{indent}    ", f"{path}{each['role']}/")


def _stage(label: str) -> str:
    """Return a stage as people say it; one of several of its kind by its key, as in plain values."""
    return label if "_" in label else said_stage(label.replace(" ", "_"))


def _seat(asked: Mapping[str, Any], titles: Titles, path: str) -> str:
    title = titles.get(f"{path}{asked['role']}", str(asked["role"]))
    return title if asked["seat"] == asked["role"] else f"{asked['seat']} ({title})"


def _name(asked: Mapping[str, Any], titles: Titles, path: str) -> str:
    """Return what the team within is shown under: its seat, by the title of the role that is called like it."""
    is_role = asked["seat"] == asked["role"]
    return titles.get(f"{path}{asked['role']}", asked["role"]) if is_role else str(asked["seat"])


def _models(models: Sequence[Mapping[str, Any]], titles: Titles) -> Table:
    heads = (say("model"), say("calls"), say("tokens"), say("US dollars"), say("roles"))
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for each in models:
        name = visible(each["by"] if each["model"] else say(each["by"]))
        roles = visible(", ".join(_whole(path, titles) for path in each["roles"]))
        table.add_row(name, _figure(each["calls"]), _figure(each["tokens"]), _dollars(each["cost_usd"]), roles)
    return table


def print_guide(guide: Sequence[Mapping[str, Any]], agents: int, rounds: int, console: Console) -> None:
    """Print the guide: what each pattern is for and takes, then who sees whom and what may stop it."""
    console.print(
        say(
            "{agents}, {rounds}; a lead comes on top, and a hierarchy has two teams",
            agents=say_count("{number} agent", "{number} agents", agents),
            rounds=say_count("{number} round", "{number} rounds", rounds),
        )
    )
    console.print(rows_shown(console, [*map(say, GUIDE)], [_guided(entry) for entry in guide], lined=True))
    below = [(entry["pattern"], say("; ").join(entry["told"]), ", ".join(entry["stop_reasons"])) for entry in guide]
    console.print(rows_shown(console, [*map(say, GUIDE_BELOW)], below, lined=True))


def _guided(entry: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = [_range(entry["calls"]), _range(entry["latency_calls"]), _figure(entry["at_once"])]
    words = [say(entry[key]) for key in ("good_for", "talk", "complexity")]
    return (entry["pattern"], *words, *numbers, entry["example"] or "-")


def _range(numbers: Mapping[str, int]) -> str:
    shortest, longest = numbers["shortest"], numbers["longest"]
    return _figure(shortest) if shortest == longest else f"{_figure(shortest)}–{_figure(longest)}"
