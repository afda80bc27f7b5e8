"""The explanation of a decision for people at a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from graph.report.dossier.explanation import said_power
from graph.report.dossier.limits import border_of, changes_of, said_change
from graph.report.dossier.timeline import capping
from graph.report.terminal.blocks import Cell, rows_shown
from graph.report.terminal.people_why import people_why
from graph.report.terminal.visible import STYLES, visible
from graph.report.words import label_of, plain_word, said_round
from policies.assurance.flips import MAX_KEPT
from policies.decision.guards import COMPARISONS

GUARD = ("guard", "state", "fact", "limit", "distance", "cap")
POWER = ("role", "said", "without guards decides in", "as")
SHOWN = 6
"""Smallest flips shown for each outcome; `--json` has all that were kept."""


def print_why(found: Mapping[str, Any], console: Console) -> None:
    """Print an explanation: the row, the values, the guards, the flips, each role's power, and the people's part."""
    if "vote" in found:
        _print_vote(found, console)
    for line in people_why(found):
        console.print(line)


def _print_vote(found: Mapping[str, Any], console: Console) -> None:
    head = f"{found['policy']}, round {said_round(found['round'], found['max_rounds'], 'of')}: "
    console.print(Text.assemble(visible(head), Text(label_of(found["final"]), style=STYLES.get(found["final"], ""))))
    for line in _reasons(found):
        console.print(visible(line))
    if found["guards"]:
        console.print(rows_shown(console, GUARD, [_guard(each) for each in found["guards"]], lined=True))
    _print_flips(found, console)
    if found["powers"]:
        console.print(rows_shown(console, POWER, [_power(each, found) for each in found["powers"]], lined=True))


def _reasons(found: Mapping[str, Any]) -> Iterator[str]:
    because = f": {found['because']}" if found["because"] else ""
    if found["fault"]:
        yield f"Nothing decided ({found['fault']}), so a human has to"
    elif found["row"] == "otherwise":
        yield "No row holds; the policy's `otherwise` decides"
    else:
        yield f"Row {found['row']} decides{because}"
        yield f"  when {found['when']}"
    yield f"  with {', '.join(f'{name} = {_shown(value)}' for name, value in found['values'].items())}"
    if found["rounds_ended"]:
        ends = "a human decides" if found["vote"] == "escalate" else f"a next round became {plain_word(found['vote'])}"
        yield f"  It was the last round, so {ends}"
    if found["vote"] != found["final"]:
        guards = ", ".join(capping(found["vote"], found["final"], found["guards"]))
        yield f"The vote alone gave {plain_word(found['vote'])}; capped to {plain_word(found['final'])} by {guards}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {part}" for key, part in value.items()) + "}"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _guard(guard: Mapping[str, Any]) -> tuple[Cell, ...]:
    limit = f"{COMPARISONS[guard['comparison']].words} {_shown(guard['limit'])}"
    distance = guard["fault"] or ("-" if guard["distance"] is None else str(guard["distance"]))
    state = Text("tripped", style="bold red") if guard["tripped"] else Text("clear", style="green")
    return (
        guard["name"],
        state,
        f"{guard['fact']} = {_shown(guard['value'])}",
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
        console.print(Text.assemble(_would(outcome), " with"))
        for flip in flips[:SHOWN]:
            said = ", ".join(f"{titles[role]}: {stance}" for role, stance in flip["stances"].items())
            console.print(visible(f"  {said}"))
        if len(flips) > SHOWN:
            # The search keeps no more than MAX_KEPT sets for an outcome, so there may be more.
            least, size = "at least " * (len(flips) >= MAX_KEPT), len(flips[0]["stances"])
            more = f"{len(flips) - SHOWN} more set{'s' * (len(flips) > SHOWN + 1)}"
            others = f"{more} of {size} stances" if size > 1 else more.replace("set", "stance")
            console.print(Text(f"  or {least}{others}"))
    for flip in found["limit_flips"]:
        said = " and ".join(map(said_change, changes_of(flip, found["guards"])))
        border = border_of(flip, found["final"], found["final"])
        told = visible(f"{said}; {border}" if border else said)
        console.print(Text.assemble(_would(flip["outcome"]), " with ", told))
    if not by_outcome:
        console.print(Text(f"No change of up to {found['stance_flips']['searched']} stances would have changed it."))


def _power(power: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Cell, ...]:
    share = f"{power['share']:.1%} of the others' votes"
    return found["titles"][power["role"]], _word(found["casts"][power["role"]]), share, said_power(power["kinds"]) or ""


def _would(outcome: str) -> Text:
    """Return the beginning of a sentence on another outcome."""
    if outcome == "escalate":
        return Text("A human would have decided", style=STYLES.get(outcome, ""))
    return Text("It would have been ").append_text(_word(outcome))


def _word(word: str) -> Text:
    """Return an outcome or a stance inside a sentence."""
    return Text(plain_word(word), style=STYLES.get(word, ""))
