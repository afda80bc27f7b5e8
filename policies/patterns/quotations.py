"""Quotations: which lines of a text are somebody else's words."""
# ruff: noqa: RUF001  (quotation marks are what this is about)

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

_FENCE = re.compile(r"\s*(?:(`{3,})[^`]*|(~{3,}).*)")
_INDENTED = re.compile(r"(?: {4}| {0,3}\t)\s*\S")
_LINE_END = re.compile(r"\r\n?|\n")
_BLANK = re.compile(r"\n\s*\n")

_CLEAR = {
    '"': '"', "“": "”", "„": "[“”]", "«": "»", "‘": r"’(?!\w)", "‚": r"[‘’](?!\w)", "‹": "›", "「": "」", "『": "』",
}  # fmt: skip
"""Marks that always open a quotation, and what closes it; never closed, it ends with its paragraph."""

_UNCLEAR = {"»": "«", "›": "‹", "'": r"'(?!\w)", "`": "(?<!`){mark}(?!`)"}
"""Marks that mean other things too: they open a quotation only where something closes it."""

_CLOSING = {**_CLEAR, **_UNCLEAR}
_OPENING = re.compile(
    r"""(?<!\d)"|(?m:^)[^\S\n]*'|`+""" + "".join(f"|{mark}" for mark in _CLOSING if mark not in "\"'`")
)


def lines_of(text: str) -> list[tuple[str, bool]]:
    r"""Return the lines of a text, each with whether it is quoted.

    Quoted is what is in a fenced or indented block, after `>`, or begins within quotation marks. A fence that is
    never closed continues to the end, a quotation mark that is never closed to the end of its paragraph; a backtick, an
    apostrophe or a mark turned outwards that is never closed opens nothing, nor does a `"` after a digit.

    >>> lines_of('> Ship it.\nHe wrote "no\nand no" again.\nFine.')
    [('> Ship it.', True), ('He wrote "no', False), ('and no" again.', True), ('Fine.', False)]
    """
    lines = _split(text)
    marked = [fenced or line.lstrip().startswith(">") for line, fenced in zip(lines, _fenced(lines), strict=True)]
    plain = "\n".join(">" * len(line) if mark else line for line, mark in zip(lines, marked, strict=True))
    within, starts = _quoted_at(plain), accumulate((len(line) + 1 for line in lines), initial=0)
    return [
        (line, mark or within[start] == 1 or _INDENTED.match(line) is not None)
        for line, mark, start in zip(lines, marked, starts, strict=False)
    ]


def _split(text: str) -> list[str]:
    """Return the lines of a text; what else Python takes for the end of a line is part of one."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


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
    within, at = bytearray(len(text) + 1), 0
    while opened := _OPENING.search(text, at):
        begin = opened.end()
        end, at = _end_of(opened[0].strip(), text, begin)
        within[begin:end] = b"\1" * (end - begin)
    return within


def _end_of(mark: str, text: str, begin: int) -> tuple[int, int]:
    """Return where a quotation ends that this mark opens, and where the text continues after it."""
    closed = re.compile(_CLOSING[mark[0]].replace("{mark}", mark)).search(text, begin)
    if closed:
        return closed.span()
    if mark[0] in _UNCLEAR:
        return begin, begin
    blank = _BLANK.search(text, begin)
    return (blank.start() if blank else len(text),) * 2
