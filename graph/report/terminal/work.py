"""What a team did by its pattern, for people at a terminal: trees, tables and scripts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from graph.report.terminal.visible import visible, visible_lines
from graph.report.words import written

Plain = Mapping[str, Any]

SHOWN = 1_200
"""Characters of one answer; `--json` and the page have it whole."""

STYLES = {
    "go": "green",
    "caution": "yellow",
    "block": "red",
    "refused": "red",
    "absent": "dim",
    "none": "dim",
    "open": "cyan",
    "human": "magenta",
    "stopped": "dim",
}
MARKS = {"go": "✓", "refused": "✗", "absent": "◌", "none": "·"}


def shown_sections(sections: Sequence[Plain]) -> Iterator[RenderableType]:
    """Yield each section as a terminal shows it; nothing of it is markup, and nothing controls the terminal."""
    for section in sections:
        heading = Text.assemble(visible(section["title"], "bold"), visible(f"  {section['summary']}", "dim"))
        yield Padding(Group(heading, *_SHOWN[section["kind"]](section)), (0, 0, 1, 0))


def _cut(text: str, style: str = "") -> Text:
    shown = visible_lines(written(text, SHOWN))
    shown.stylize(style)
    return shown


def _indented(text: str) -> Padding:
    return Padding(_cut(text), (0, 0, 0, 4))


def _tone(tone: str) -> str:
    return STYLES.get(tone, "")


def _table(*heads: str) -> Table:
    return Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)


def _plan(section: Plain) -> Iterator[RenderableType]:
    tree = Tree(visible(f"planned by {section['planner_title'] or section['planner']}"))
    for number, wave in enumerate(section["waves"], 1):
        branch = tree.add(Text(f"wave {number}", style="cyan"))
        for step in wave:
            _add_inner(branch.add(_step(step)), step)
    yield tree
    yield visible(f"Critical path: {section['critical']}")


def _step(step: Plain) -> Text:
    needs = f"  after {', '.join(map(str, step['needs']))}" if step["needs"] else ""
    word = "" if step["state"] == "done" else f"  {step['word']}"
    fault = f": {step['fault']}" if step["fault"] else ""
    return Text.assemble(
        (f"{MARKS[step['tone']]} {step['number']} ", _tone(step["tone"])),
        visible(step["title"] or step["agent"], "bold"),
        (" *" if step["is_critical"] else "", "cyan"),
        visible(f"  {step['task'][:200]}"),
        visible(needs, "dim"),
        visible(f"{word}{fault}", _tone(step["tone"])),
    )


def _add_inner(branch: Tree, item: Plain) -> None:
    """Hang what a team within did below its seat."""
    inner = item["inner"]
    if inner:
        decided = Text.assemble(": ", (inner["decision"], _tone(inner["tone"]))) if inner["decision"] else Text()
        name = visible(f"team {inner['team']} ({inner['pattern']})", "italic")
        within = branch.add(Text.assemble(name, decided))
        for shown in shown_sections(inner["sections"]):
            within.add(shown)


def _items(section: Plain) -> Iterator[RenderableType]:
    """Yield results one below the other, teams within them nested."""
    for item in section["items"]:
        tree = Tree(_head(item))
        if item["text"]:
            tree.add(_cut(item["text"]))
        for each in item["fields"]:
            tree.add(visible(f"{each['name']}: {each['value'][:200]}", "dim"))
        _add_inner(tree, item)
        yield tree


def _head(item: Plain) -> Text:
    number = f"{item['number']} " if item["number"] else ""
    task = f"  {item['task'][:200]}" if item["task"] else ""
    word = f"  {item['word']}{': ' + item['fault'] if item['fault'] else ''}" if item["state"] != "answered" else ""
    mark = (f"{MARKS[item['tone']]} {number}", _tone(item["tone"]))
    return Text.assemble(
        mark, visible(item["title"] or item["agent"], "bold"), visible(task), visible(word, _tone(item["tone"]))
    )


def _assignments(section: Plain) -> Iterator[RenderableType]:
    yield visible(f"assigned by {section['lead_title'] or section['lead']}")
    yield from _items(section)
    for each in section["missing"]:
        yield visible(f"Missing: {each['title'] or each['agent']}, {each['why']}", "yellow")


def _positions(section: Plain) -> Iterator[RenderableType]:
    for block in section["blocks"]:
        table = _table("debater")
        for label in block["labels"]:
            table.add_column(visible(label))
        for row in block["rows"]:
            table.add_row(visible(row["title"] or row["agent"]), *map(_position, row["cells"]))
        yield table
    if any(cell["has_moved"] for block in section["blocks"] for row in block["rows"] for cell in row["cells"]):
        yield Text("→ moved to another position", style="dim")


def _position(cell: Plain) -> Text:
    if cell["position"] is None:
        return visible(f"◌ {cell['fault']}", "dim")
    return visible(f"{'→ ' if cell['has_moved'] else ''}{cell['position']}", "yellow" if cell["has_moved"] else "")


def _verdict(section: Plain) -> Iterator[RenderableType]:
    if section["winner"]:
        yield Text.assemble("Winner: ", visible(section["winner"], "bold"))
    if section["decision"]:
        yield Text.assemble("Verdict: ", _cut(section["decision"]))
    yield visible(f"Confidence: {section['confidence']}")
    for reason in section["reasons"]:
        yield Text.assemble("- ", _cut(reason))


def _notes(section: Plain) -> Iterator[RenderableType]:
    for iteration in section["iterations"]:
        tree = Tree(Text(f"iteration {iteration['number']}: {iteration['kind'].lower()}", style="cyan"))
        for note in iteration["notes"]:
            branch = tree.add(visible(note["title"] or note["agent"], "bold"))
            _add_note(branch, note)
        yield tree


def _add_note(branch: Tree, note: Plain) -> None:
    if note["fault"]:
        branch.add(visible(f"◌ {note['fault']}", "dim"))
        return
    branch.add(_cut(note["content"]))
    branch.add(Text.assemble("adds: ", _cut(note["adds"])) if note["adds"] else Text("adds nothing", style="dim"))
    for each in note["artifacts"]:
        branch.add(Text.assemble("artifact ", visible(each["name"], "bold"), ":\n", _cut(each["content"])))


def _turns(section: Plain) -> Iterator[RenderableType]:
    for turn in section["turns"]:
        named = visible(f"  names {turn['next_title'] or turn['next']} next", "dim") if turn["next"] else Text()
        yield Text.assemble(f"{turn['number']:>3} ", visible(turn["title"] or turn["agent"], "bold"), named)
        yield _indented(turn["text"])


def _ballots(section: Plain) -> Iterator[RenderableType]:
    yield visible(f"proposed by {section['proposer_title'] or section['proposer']}:")
    yield _indented(section["proposal"])
    yield _indented(section["reason"])
    table = _table("voter", "vote", "reason")
    for ballot in section["ballots"]:
        table.add_row(
            visible(ballot["title"] or ballot["agent"]),
            Text(ballot["vote"], style=_tone(ballot["tone"])),
            _cut(ballot["reason"]),
        )
    yield table
    yield Text("Tally: ").append_text(
        Text(", ").join(Text(f"{each['count']} {each['vote']}", style=_tone(each["tone"])) for each in section["tally"])
    )


def _rounds(section: Plain) -> Iterator[RenderableType]:
    table = _table("role", *(f"round {number}" for number in section["numbers"]))
    for row in section["rows"]:
        table.add_row(visible(row["title"] or row["role"]), *(_word(cell) for cell in row["cells"]))
    table.add_row("outcome", *(_word(each) for each in section["outcomes"]), style="bold")
    yield table


def _word(cell: Plain) -> Text:
    return Text(cell["word"], style=_tone(cell["tone"]))


def _messages(section: Plain) -> Iterator[RenderableType]:
    for each in section["messages"]:
        receivers = [title or role for title, role in zip(each["receivers"], each["to"], strict=True)]
        head = f"{each['id']}  {each['sender'] or each['from']} -> {', '.join(receivers)}  ({each['beside']})"
        yield visible(f"{head}{'  no answer yet' if each['is_open'] else ''}", "bold")
        yield _indented(each["content"])


_SHOWN: Mapping[str, Callable[[Plain], Iterator[RenderableType]]] = {
    "plan": _plan,
    "results": _items,
    "assignments": _assignments,
    "positions": _positions,
    "verdict": _verdict,
    "notes": _notes,
    "turns": _turns,
    "ballots": _ballots,
    "rounds": _rounds,
    "messages": _messages,
}
