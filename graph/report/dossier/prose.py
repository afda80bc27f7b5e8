"""Prose of a model as blocks: paragraphs and lists, in which no word is more than text."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

Plain = dict[str, Any]

ITEM = re.compile(r"(?P<indent> *)(?:(?P<number>0|[1-9]\d{0,2})[.)]|[-*+•])\s+(?P<text>\S.*)")
DEEPEST = 3
"""Lists within lists; what is deeper is text."""


def blocks_of(text: str, depth: int = 1) -> list[Plain]:
    r"""Return the blocks of a text: {kind: "text", text}, or {kind: "list", start, items}, an item {text, blocks}.

    A list is of Markdown; its start is null where it has no numbers, and a number out of order begins another list.

    >>> blocks_of("Do this:\n- one\n- two")[1]["items"][1]
    {'text': 'two', 'blocks': []}
    """
    blocks: list[Plain] = []
    lines = text.split("\n")
    while lines:
        found = ITEM.fullmatch(lines[0]) if depth <= DEEPEST else None
        taken = _text(blocks, lines) if found is None else _item(blocks, found, lines, depth)
        lines = lines[taken:]
    return [block for block in blocks if block["kind"] == "list" or block["text"]]


def _text(blocks: list[Plain], lines: list[str]) -> int:
    """Add a line to the paragraph before it; an empty one begins another."""
    line = lines[0].strip()
    if blocks and blocks[-1]["kind"] == "text" and blocks[-1]["text"] and line:
        blocks[-1]["text"] += f"\n{line}"
    else:
        blocks.append({"kind": "text", "text": line})
    return 1


def _item(blocks: list[Plain], found: re.Match[str], lines: list[str], depth: int) -> int:
    """Add an item to the list before it, or begin a list; return how many lines it has."""
    number = int(found["number"]) if found["number"] else None
    below = [*_below(lines[1:], len(found["indent"]))]
    own = [*takewhile(lambda line: line.strip() and not ITEM.fullmatch(line), below)]
    text = "\n".join([found["text"].strip(), *(line.strip() for line in own)])
    item = {"text": text, "blocks": blocks_of("\n".join(below[len(own) :]), depth + 1)}
    while len(blocks) > 1 and blocks[-1] == {"kind": "text", "text": ""} and blocks[-2]["kind"] == "list":
        blocks.pop()
    before = blocks[-1] if blocks and blocks[-1]["kind"] == "list" else None
    if before and number == (None if before["start"] is None else before["start"] + len(before["items"])):
        before["items"].append(item)
    else:
        blocks.append({"kind": "list", "start": number, "items": [item]})
    return 1 + len(below)


def _below(lines: list[str], indent: int) -> Iterator[str]:
    """Yield the lines that belong to an item: those that are indented deeper, and the empty ones between them."""
    empty: list[str] = []
    for line in lines:
        if not line.strip():
            empty.append(line)
        elif len(line) - len(line.lstrip(" ")) > indent:
            yield from (*empty, line)
            empty = []
        else:
            return
