"""What a team did by its pattern, for people at a terminal: trees, tables and scripts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from graph.report.terminal.visible import styled, visible, visible_lines
from graph.report.words import written
from policies.language import say

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


def _behind(text: str) -> str:
    """Return text as it stands behind a word, and more is said of it."""
    return say("{name}: {value}", name="", value=text)


def _tone(tone: str) -> str:
    return STYLES.get(tone, "")


def _table(*heads: str) -> Table:
    return Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)


def _plan(section: Plain) -> Iterator[RenderableType]:
    tree = Tree(visible(say("planned by {name}", name=section["planner_title"] or section["planner"])))
    for number, wave in enumerate(section["waves"], 1):
        branch = tree.add(visible(say("wave {number}", number=number), "cyan"))
        for step in wave:
            _add_inner(branch.add(_step(step)), step)
    yield tree
    yield visible(say("Critical path: {steps}", steps=section["critical"]))


def _step(step: Plain) -> Text:
    needs = f"  {say('after {steps}', steps=', '.join(map(str, step['needs'])))}" if step["needs"] else ""
    word = "" if step["state"] == "done" else f"  {step['word']}"
    fault = _behind(step["fault"]) if step["fault"] else ""
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
        decided = Text.assemble(_behind(""), (inner["decision"], _tone(inner["tone"]))) if inner["decision"] else Text()
        name = visible(say("team {name} ({pattern})", name=inner["team"], pattern=inner["pattern"]), "italic")
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
            tree.add(visible(say("{name}: {value}", name=each["name"], value=each["value"][:200]), "dim"))
        _add_inner(tree, item)
        yield tree


def _head(item: Plain) -> Text:
    number = f"{item['number']} " if item["number"] else ""
    task = f"  {item['task'][:200]}" if item["task"] else ""
    word = f"  {item['word']}{_behind(item['fault']) if item['fault'] else ''}" if item["state"] != "answered" else ""
    mark = (f"{MARKS[item['tone']]} {number}", _tone(item["tone"]))
    return Text.assemble(
        mark, visible(item["title"] or item["agent"], "bold"), visible(task), visible(word, _tone(item["tone"]))
    )


def _assignments(section: Plain) -> Iterator[RenderableType]:
    yield visible(say("assigned by {name}", name=section["lead_title"] or section["lead"]))
    yield from _items(section)
    for each in section["missing"]:
        name = each["title"] or each["agent"]
        yield visible(say("Missing: {name}, {why}", name=name, why=each["why"]), "yellow")


def _positions(section: Plain) -> Iterator[RenderableType]:
    for block in section["blocks"]:
        table = _table(say("debater"))
        for label in block["labels"]:
            table.add_column(visible(label))
        for row in block["rows"]:
            table.add_row(visible(row["title"] or row["agent"]), *map(_position, row["cells"]))
        yield table
    if any(cell["has_moved"] for block in section["blocks"] for row in block["rows"] for cell in row["cells"]):
        yield visible(say("→ moved to another position"), "dim")


def _position(cell: Plain) -> Text:
    if cell["position"] is None:
        return visible(f"◌ {cell['fault']}", "dim")
    return visible(f"{'→ ' if cell['has_moved'] else ''}{cell['position']}", "yellow" if cell["has_moved"] else "")


def _verdict(section: Plain) -> Iterator[RenderableType]:
    if section["winner"]:
        yield styled(say("Winner: {name}"), name=visible(section["winner"], "bold"))
    if section["decision"]:
        yield styled(say("Verdict: {verdict}"), verdict=_cut(section["decision"]))
    yield visible(say("Confidence: {confidence}", confidence=section["confidence"]))
    for reason in section["reasons"]:
        yield Text.assemble("- ", _cut(reason))


def _notes(section: Plain) -> Iterator[RenderableType]:
    for iteration in section["iterations"]:
        told = say("iteration {number}: {kind}", number=iteration["number"], kind=iteration["kind"].lower())
        tree = Tree(visible(told, "cyan"))
        for note in iteration["notes"]:
            branch = tree.add(visible(note["title"] or note["agent"], "bold"))
            _add_note(branch, note)
        yield tree


def _add_note(branch: Tree, note: Plain) -> None:
    if note["fault"]:
        branch.add(visible(f"◌ {note['fault']}", "dim"))
        return
    branch.add(_cut(note["content"]))
    adds = styled(say("adds: {text}"), text=_cut(note["adds"])) if note["adds"] else visible(say("adds nothing"), "dim")
    branch.add(adds)
    for each in note["artifacts"]:
        head = styled(say("artifact {name}:"), name=visible(each["name"], "bold"))
        branch.add(Text.assemble(head, "\n", _cut(each["content"])))


def _turns(section: Plain) -> Iterator[RenderableType]:
    for turn in section["turns"]:
        name = turn["next_title"] or turn["next"]
        named = visible(f"  {say('names {name} next', name=name)}", "dim") if turn["next"] else Text()
        yield Text.assemble(f"{turn['number']:>3} ", visible(turn["title"] or turn["agent"], "bold"), named)
        yield _indented(turn["text"])


def _ballots(section: Plain) -> Iterator[RenderableType]:
    yield visible(say("proposed by {name}:", name=section["proposer_title"] or section["proposer"]))
    yield _indented(section["proposal"])
    yield _indented(section["reason"])
    table = _table(say("voter"), say("vote"), say("reason"))
    for ballot in section["ballots"]:
        table.add_row(
            visible(ballot["title"] or ballot["agent"]),
            Text(ballot["vote"], style=_tone(ballot["tone"])),
            _cut(ballot["reason"]),
        )
    yield table
    votes = (Text(f"{each['count']} {each['vote']}", style=_tone(each["tone"])) for each in section["tally"])
    yield styled(say("Tally: {votes}"), votes=Text(", ").join(votes))


def _rounds(section: Plain) -> Iterator[RenderableType]:
    table = _table(say("role"), *(say("round {number}", number=number) for number in section["numbers"]))
    for row in section["rows"]:
        table.add_row(visible(row["title"] or row["role"]), *(_word(cell) for cell in row["cells"]))
    table.add_row(say("outcome"), *(_word(each) for each in section["outcomes"]), style="bold")
    yield table


def _word(cell: Plain) -> Text:
    return Text(cell["word"], style=_tone(cell["tone"]))


def _messages(section: Plain) -> Iterator[RenderableType]:
    for each in section["messages"]:
        receivers = [title or role for title, role in zip(each["receivers"], each["to"], strict=True)]
        head = f"{each['id']}  {each['sender'] or each['from']} -> {', '.join(receivers)}  ({each['beside']})"
        lacks = f"  {say('no answer yet')}" if each["is_open"] else ""
        yield visible(f"{head}{lacks}", "bold")
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
