"""The explanation of a decision for people at a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from graph.report.dossier.explanation import said_marks, said_power
from graph.report.dossier.limits import border_of, changes_of, other_flips, said_change
from graph.report.dossier.stability import said_check
from graph.report.dossier.timeline import capping
from graph.report.terminal.blocks import Cell, rows_shown
from graph.report.terminal.later import with_source
from graph.report.terminal.people_why import WOULD_BE, people_why
from graph.report.terminal.visible import STYLES, styled, visible
from graph.report.words import label_of, listed, plain_word, said_percent, said_value
from policies.assurance.flips import MAX_KEPT
from policies.decision.guards import COMPARISONS
from policies.language import in_figures, phrase, say, say_count

GUARD = (
    phrase("guard"),
    phrase("state"),
    phrase("fact"),
    phrase("limit"),
    phrase("distance"),
    phrase("cap"),
)
POWER = (phrase("role"), phrase("said"), phrase("without guards decides in"), phrase("as"))
SHOWN = 6
"""Smallest flips shown for each outcome; `--json` has all that were kept."""


def print_why(found: Mapping[str, Any], console: Console) -> None:
    """Print an explanation: the row, the values, the guards, the flips, each role's power, and the people's part."""
    if "vote" in found:
        _print_vote(found, console)
    for line in people_why(found):
        console.print(line)


def _print_vote(found: Mapping[str, Any], console: Console) -> None:
    console.print(_head(found))
    for line in _reasons(found):
        console.print(visible(line))
    if found["guards"]:
        console.print(rows_shown(console, [*map(say, GUARD)], [_guard(each) for each in found["guards"]], lined=True))
    _print_flips(found, console)
    if found["powers"]:
        powers = [_power(each, found) for each in found["powers"]]
        console.print(rows_shown(console, [*map(say, POWER)], powers, lined=True))


def _head(found: Mapping[str, Any]) -> Text:
    told = say("{policy}, round {round} of {most}: {outcome}")
    if found["round"] > found["max_rounds"]:  # resumed under other limits
        told = say("{policy}, round {round}: {outcome}")
    places = {
        name: visible(found[key]) for name, key in (("policy", "policy"), ("round", "round"), ("most", "max_rounds"))
    }
    return styled(told, outcome=Text(label_of(found["final"]), style=STYLES.get(found["final"], "")), **places)


def _reasons(found: Mapping[str, Any]) -> Iterator[str]:
    if found["fault"]:
        yield say("Nothing decided ({fault}), so a human has to", fault=say(found["fault"]))
    elif found["row"] == "otherwise":
        yield say("No row holds; the policy's `otherwise` decides")
    else:
        yield row_decides(found["row"], found["because"])
        yield f"  {say('when {condition}', condition=found['when'])}"
    values = ", ".join(f"{name} = {_shown(value)}" for name, value in found["values"].items())
    yield f"  {say('with {values}', values=values)}"
    vote, final = plain_word(found["vote"]), plain_word(found["final"])
    if found["rounds_ended"] and found["vote"] == "escalate":
        yield f"  {say('It was the last round, so a human decides')}"
    elif found["rounds_ended"]:
        yield f"  {say('It was the last round, so a next round became {vote}', vote=vote)}"
    if found["vote"] != found["final"]:
        guards = ", ".join(capping(found["vote"], found["final"], found["guards"]))
        yield say("The vote alone gave {vote}; capped to {final} by {guards}", vote=vote, final=final, guards=guards)
    if found["stability"]:
        first, *others = said_check(found["stability"], found["titles"])
        yield from (first, *(f"  {line}" for line in others))


def row_decides(row: object, because: str | None) -> str:
    """Return that a row decides, and what the policy says of it."""
    if not because:
        return say("Row {row} decides", row=row)
    return say("Row {row} decides: {because}", row=row, because=say(because))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {part}" for key, part in value.items()) + "}"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else said_value(value)


def _guard(guard: Mapping[str, Any]) -> tuple[Cell, ...]:
    limit = f"{say(COMPARISONS[guard['comparison']].words)} {_shown(guard['limit'])}"
    distance = guard["fault"] or ("-" if guard["distance"] is None else in_figures(str(guard["distance"])))
    state = visible(say("tripped"), "bold red") if guard["tripped"] else visible(say("clear"), "green")
    return (
        guard["name"],
        state,
        f"{with_source(guard['fact'], guard['source'])} = {_shown(guard['value'])}",
        limit,
        distance,
        plain_word(guard["cap"]),
    )


def _print_flips(found: Mapping[str, Any], console: Console) -> None:
    titles = found["titles"]
    by_outcome: dict[str, list[Mapping[str, Any]]] = {}
    for flip in found["stance_flips"]["flips"]:
        by_outcome.setdefault(flip["outcome"], []).append(flip)
    for outcome, flips in by_outcome.items():
        console.print(_would(outcome))
        for flip in flips[:SHOWN]:
            stances = flip["stances"].items()
            said = ", ".join(say("{name}: {value}", name=titles[role], value=stance) for role, stance in stances)
            console.print(visible(f"  {said}"))
        if len(flips) > SHOWN:
            console.print(visible(f"  {_more(len(flips), len(flips[0]['stances']))}"))
    for flip in other_flips(found):
        said = listed([*map(said_change, changes_of(flip, found["guards"]))])
        border = border_of(flip, found["final"], found["final"])
        told = visible(f" {say('{said}; {hint}', said=said, hint=border) if border else said}")
        console.print(Text.assemble(_would(flip["outcome"]), told))
    if not by_outcome:
        console.print(visible(no_change(found["stance_flips"]["searched"])))
    if marks := said_marks(found["values"]):
        console.print(visible(marks))


def _more(flips: int, size: int) -> str:
    """Return how many sets are not shown; the search keeps at most MAX_KEPT for an outcome, so there may be more."""
    more = flips - SHOWN
    if flips >= MAX_KEPT:
        return (
            say_count("or at least {number} more stance", "or at least {number} more stances", more)
            if size == 1
            else say_count(
                "or at least {number} more set of {size} stances",
                "or at least {number} more sets of {size} stances",
                more,
                size=size,
            )
        )
    if size == 1:
        return say_count("or {number} more stance", "or {number} more stances", more)
    return say_count(
        "or {number} more set of {size} stances", "or {number} more sets of {size} stances", more, size=size
    )


def no_change(searched: int) -> str:
    """Return that no other stances would have changed a decision.

    >>> no_change(3)
    'No change of up to 3 stances would have changed it.'
    """
    return say("No change of up to {number} stances would have changed it.", number=searched)


def _power(power: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Cell, ...]:
    share = say("{percent} of the others' votes", percent=said_percent(power["share"]))
    return found["titles"][power["role"]], _word(found["casts"][power["role"]]), share, said_power(power["kinds"]) or ""


def _would(outcome: str) -> Text:
    """Return the beginning of a sentence on another outcome, which what it takes follows."""
    if outcome == "escalate":
        return visible(say("A human would have decided with"), STYLES.get(outcome, ""))
    return styled(say(WOULD_BE), outcome=_word(outcome))


def _word(word: str) -> Text:
    """Return an outcome or a stance inside a sentence."""
    return Text(plain_word(word), style=STYLES.get(word, ""))
