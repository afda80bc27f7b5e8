"""Markers: what a text has for its form and states no number, as emphasis and the markers of a list."""

import re
from collections.abc import Callable

from policies.grounding.dates import BLANK, IDIOMS

_EMPHASIS = re.compile(r"(?<!\w)_++|(?<!_)_++(?!\w)")
_MARKER = re.compile(r"^[ \t]*(?:[-*•>#]{1,6}[ \t]+){0,3}\(?([0-9]{1,2})[.)](?=\s|$)", re.MULTILINE)
_CIRCLED = re.compile(r"^[ \t]*(?:[-*•>#]{1,6}[ \t]+){0,3}([①-⒛⓪-⓿❶-➓])(?=\s)", re.MULTILINE)


def without_emphasis(text: str) -> str:
    """Return the text with spaces for the underscores around words, as Markdown has them.

    >>> without_emphasis("_42 %_ of past_30_days")
    ' 42 %  of past_30_days'
    """
    return _EMPHASIS.sub(lambda found: " " * len(found[0]), text)


def without_markers(text: str) -> str:
    r"""Return a plain text without the markers of lists and what says `always`: blanks take their place.

    Only what counts on marks a list: 1, then 2 and so on. Any other number that begins a line is one.

    >>> without_markers("1. Launch.\n2. Watch.\n42. That many failed.").replace(BLANK, "_")
    '__ Launch.\n__ Watch.\n42. That many failed.'
    """
    return IDIOMS.sub(_blank, _MARKER.sub(_counting_on(), text))


def without_circled(text: str) -> str:
    """Return a text as it is written without the circled digits that mark its list.

    >>> without_circled("① Launch ②").replace(BLANK, "_")
    '_ Launch ②'
    """
    return _CIRCLED.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    return BLANK * len(found[0])


def _counting_on() -> Callable[[re.Match[str]], str]:
    seen = {0}

    def take(found: re.Match[str]) -> str:
        number = int(found[1])
        if number - 1 not in seen:
            return found[0]
        seen.add(number)
        return _blank(found)

    return take
