"""Who said what in the rounds, for people at a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from graph.report.terminal.blocks import rows_shown
from graph.report.terminal.visible import STYLES, visible
from policies.language import phrase, say

Plain = Mapping[str, Any]
HEADINGS = (phrase("role"), phrase("stance"), phrase("reason"))


def words_shown(dossier: Plain, console: Console, *, is_full: bool) -> Iterator[RenderableType]:
    """Yield each role's stances with its last reason, or all its words round by round, and how each round ended."""
    if is_full:
        yield from _rounds(dossier["rounds"], console)
    elif dossier["matrix"]:
        yield rows_shown(console, [*map(say, HEADINGS)], [*_last_words(dossier)], lined=False)
    yield from _endings(dossier)
    yield from _flags(dossier)


def _last_words(dossier: Plain) -> Iterator[tuple[Text, Text, Text]]:
    for role in dict.fromkeys(row["role"] for block in dossier["matrix"] for row in block["rows"]):
        rows = [row for block in dossier["matrix"] for row in block["rows"] if row["role"] == role]
        cells = [cell for row in rows for cell in row["cells"]]
        reason = _reasons(dossier["rounds"], role) if _spoke(cells[-1]) else visible(cells[-1]["note"] or "")
        yield visible(rows[0]["title"] or role), _stances(cells), reason


def _reasons(rounds: Sequence[Plain], role: str) -> Text:
    """Return the last reason of a role; where its last change of stance is known, also the reason before it."""
    said = [each for one in rounds for each in one["speeches"] if each["role"] == role]
    last = [[*group][-1] for _, group in groupby(said, key=lambda each: each["stance"])][-2:]
    if len(last) < 2:
        return visible(last[-1]["summary"]) if last else Text()
    return Text("\n").join(visible(say("{name}: {value}", name=each["stance"], value=each["summary"])) for each in last)


def _spoke(cell: Plain) -> bool:
    return cell["word"] in ("go", "caution", "block")


def _stances(cells: Sequence[Plain]) -> Text:
    """Return the stances of a role from round to round, each once where it stayed with it."""
    words = [word for word, _ in groupby(cell["word"] for cell in cells)]
    return Text(" → ").join(Text(word, style=STYLES.get(word, "")) for word in words)


def _rounds(rounds: Sequence[Plain], console: Console) -> Iterator[RenderableType]:
    for each in rounds:
        yield Text(each["title"], style="bold")
        rows = [*map(_speech, each["speeches"]), *map(_missed, each["absent"])]
        heads = [*map(say, HEADINGS)]
        yield rows_shown(console, heads, rows, lined=False) if rows else visible(say("Nobody contributed."))
        yield Text()


def _speech(said: Plain) -> tuple[Text, Text, Text]:
    stance = Text(f"{said['stance']} ({said['confidence']})", style=STYLES.get(said["stance"], ""))
    actions = [Text("\n- ") + visible(action) for action in said["actions"]]
    return visible(said["title"]), stance, Text.assemble(visible(said["summary"]), *actions)


def _missed(absent: Plain) -> tuple[Text, Text, Text]:
    return visible(absent["title"]), visible(say("absent")), visible(absent["why"])


def _endings(dossier: Plain) -> Iterator[Text]:
    """Yield how each round ended, with its conflicts, where the decision alone does not say it."""
    conflicts = {
        number: [name["words"] for name in each["names"]] for each in dossier["conflicts"] for number in each["rounds"]
    }
    rounds = [pair for block in dossier["matrix"] for pair in zip(block["rounds"], block["outcomes"], strict=True)]
    if len(rounds) == 1 and not conflicts:
        return
    yield Text()
    for number, (head, outcome) in enumerate(rounds, 1):
        named = f" ({', '.join(conflicts[number])})" if number in conflicts else ""
        row = f", {outcome['note']}" if outcome["note"] else ""
        ended = say("{name}: {value}", name=head["head"], value=outcome["word"].lower())
        yield visible(f"{ended}{row}{named}")


def _flags(dossier: Plain) -> Iterator[Text]:
    for flag in dossier["flags"]:
        yield visible(say("{when}: {title} {words}", **flag), "yellow")
    if dossier["moves"]:
        yield visible(dossier["moves"])
