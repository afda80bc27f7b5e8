"""Markdown that only shows: text, code, quotes, fences and tables in which nothing is more than text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Plain = Mapping[str, Any]

MARKS = {
    "go": "✅",
    "caution": "⚠️",
    "block": "⛔",
    "absent": "◌",
    "human": "👤",
    "open": "↻",
    "refused": "✗",
    "done": "📄",
}
"""The mark of a tone."""

LINKED = re.compile(
    r"(?:(?:\b[a-z][a-z0-9+.-]{0,30}:/{1,2}|\bwww\.|\bmailto:|\bxmpp:)[^\s`|<>]*"
    r"|[\w.+-]{0,64}@[\w.-]+|#\d+|\bGH-\d+)+",
    re.IGNORECASE,
)
"""What a reader of Markdown makes a link or a mention of without being asked: an address, a name, an issue."""

MARKUP = re.compile(r"([\\`*_{}\[\]|~!^=])")
OPENING = re.compile(r"^([#+:-]|\d{1,9}[.)](?=\s|$))")
"""What would begin a heading, a list, a rule or a table at the start of a line."""

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}


def mark(tone: str) -> str:
    """Return the mark of a tone and a space; nothing where it has none."""
    return f"{MARKS[tone]} " if tone in MARKS else ""


def escaped(text: object) -> str:
    r"""Return text on one line that Markdown only shows; addresses and names as code, so that none is a link.

    >>> print(escaped("# <b>*x*</b> | @you"))
    \# &lt;b&gt;\*x\*&lt;/b&gt; \| `@you`
    """
    line = " ".join(_words(str(text)))
    said, end = [], 0
    for found in LINKED.finditer(line):
        said += [_inline(line[end : found.start()]), code(found.group())]
        end = found.end()
    return OPENING.sub(_unopened, "".join([*said, _inline(line[end:])]))


def _words(text: str) -> list[str]:
    """Return the words of a text; a space that no line ends at is part of one."""
    return [*filter(None, re.split(r"[^\S\u00a0\u202f]+", text))]


def _unopened(found: re.Match[str]) -> str:
    return f"{found[1][:-1]}\\{found[1][-1]}"


def _inline(text: str) -> str:
    return re.sub(r"[&<>$]", lambda found: ENTITIES[found.group()], MARKUP.sub(r"\\\1", text))


def code(text: object) -> str:
    r"""Return text as code on one line, fit for a cell of a table; nothing for no text.

    >>> print(code("a`b|c"), code("`"))
    ``a`b\|c`` `` ` ``
    """
    line = " ".join(str(text).split()).replace("|", "\\|")
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def quoted(text: str) -> Iterator[str]:
    """Yield text as a quotation, its lines kept apart and each of them only shown."""
    lines = [escaped(line) for line in text.split("\n")]
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        yield f"> {line}\\" if line and after else f"> {line}".rstrip()


def quoted_blocks(blocks: Sequence[Plain]) -> Iterator[str]:
    """Yield prose as a quotation in which its lists are lists, and each word of it is only shown."""
    yield from (f"> {line}".rstrip() for line in _written(blocks))


def _written(blocks: Sequence[Plain]) -> Iterator[str]:
    is_other = False
    for before, block in zip([None, *blocks], blocks, strict=False):
        if before:
            yield ""
        if block["kind"] == "text":
            yield from (line.removeprefix("> ").removeprefix(">") for line in quoted(block["text"]))
            continue
        # One list ends where its bullet or its delimiter changes, and nowhere else.
        is_other = bool(before and before["kind"] == "list") and not is_other
        for number, item in enumerate(block["items"], block["start"] or 0):
            bullet = "*" if is_other else "-"
            yield from _item(bullet if block["start"] is None else f"{number}{')' if is_other else '.'}", item)


def _item(bullet: str, item: Plain) -> Iterator[str]:
    first, *others = [*_written([{"kind": "text", "text": item["text"]}])]
    yield f"{bullet} {first}"
    pad = " " * (len(bullet) + 1)
    # Only a list that begins as any list does may follow a paragraph at once.
    gap = [] if not item["blocks"] or item["blocks"][0].get("start", 0) in (None, 1) else [""]
    yield from (f"{pad}{line}".rstrip() for line in (*others, *gap, *_written(item["blocks"])))


def fenced(text: str) -> Iterator[str]:
    """Yield text as a block of code, its lines as they are."""
    fence = "`" * max(3, _longest_run(text) + 1)
    yield from (f"{fence}text", *text.split("\n"), fence)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> Iterator[str]:
    """Yield a table of cells that are Markdown already; the columns of numbers are set to the right."""
    right = {*numbers}
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join(' ---: ' if place in right else ' --- ' for place in range(len(heads)))}|"
    yield from (f"| {' | '.join(cell or ' ' for cell in row)} |" for row in rows)
