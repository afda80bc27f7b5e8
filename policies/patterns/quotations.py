"""Quotations: which lines of a text are somebody else's words."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

_FENCE = re.compile(r"\s*(?:(`{3,})[^`]*|(~{3,}).*)")
_BLANK = re.compile(r"\n\s*\n")
_CLOSING = {mark: re.compile(f"[{closing}]") for mark, closing in {'"': '"', "“": "”", "„": "“”", "«": "»"}.items()}
_OPENING = re.compile(f"[{''.join(_CLOSING)}]")


def lines_of(text: str) -> list[tuple[str, bool]]:
    r"""Return the lines of a text, each with whether it is quoted.

    Quoted is what stands in a fenced block, after `>`, or begins within quotation marks. A fence that is never closed
    goes on to the end, a quotation mark that is never closed to the end of its paragraph.

    >>> lines_of('> Ship it.\nHe wrote "no\nand no" again.\nFine.')
    [('> Ship it.', True), ('He wrote "no', False), ('and no" again.', True), ('Fine.', False)]
    """
    lines = text.splitlines()
    marked = [fenced or line.lstrip().startswith(">") for line, fenced in zip(lines, _fenced(lines), strict=True)]
    plain = "\n".join(">" * len(line) if mark else line for line, mark in zip(lines, marked, strict=True))
    within, starts = _quoted_at(plain), accumulate((len(line) + 1 for line in lines), initial=0)
    return [(line, mark or within[start] == 1) for line, mark, start in zip(lines, marked, starts, strict=False)]


def _fenced(lines: Sequence[str]) -> Iterator[bool]:
    """Yield for each line whether it is part of a fenced block, its fences included."""
    fence = ""
    for line in lines:
        opened = _FENCE.fullmatch(line)
        yield bool(fence or opened)
        if not fence:
            fence = (opened[1] or opened[2]) if opened else ""
        elif line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""


def _quoted_at(text: str) -> bytearray:
    """Return for each place of a text 1 within quotation marks and 0 outside."""
    within = bytearray(len(text) + 1)
    opened = _OPENING.search(text)
    while opened:
        begin = opened.end()
        closed = _CLOSING[opened[0]].search(text, begin) or _BLANK.search(text, begin)
        end = closed.start() if closed else len(text)
        within[begin:end] = b"\1" * (end - begin)
        opened = _OPENING.search(text, end + 1)
    return within
