"""Markdown that only shows: text, code, quotes, fences and tables in which nothing is more than text."""

import re
from collections.abc import Iterable, Iterator, Sequence

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


def escaped(text: object) -> str:
    r"""Return text on one line that Markdown only shows; addresses and names stand as code, so that none is a link.

    >>> print(escaped("# <b>*x*</b> | @you"))
    \# &lt;b&gt;\*x\*&lt;/b&gt; \| `@you`
    """
    line = " ".join(str(text).split())
    said, end = [], 0
    for found in LINKED.finditer(line):
        said += [_inline(line[end : found.start()]), code(found.group())]
        end = found.end()
    return OPENING.sub(_unopened, "".join([*said, _inline(line[end:])]))


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
