"""Unwrapping: an answer without what models put around it, and nothing else changed."""

import re

_THINKING = re.compile(r"\s*<(think|thinking)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})[ \t]*[\w+.-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*\1\s*", re.DOTALL)


def without_thinking(text: str) -> str:
    """Return a text without a byte order mark and one leading think block; one that is never closed stays.

    >>> without_thinking("<think>Hm.</think> Ship it.")
    'Ship it.'
    >>> without_thinking("Ship it. <think>Hm.</think>")
    'Ship it. <think>Hm.</think>'
    """
    text = text.removeprefix("\ufeff")
    found = _THINKING.match(text)
    return text[found.end() :].lstrip() if found else text


def unwrapped(text: str) -> str:
    r"""Return what is to be read as JSON: without thinking, and out of one fence that holds all the rest.

    >>> unwrapped('```json\n{"stance": "go"}\n```')
    '{"stance": "go"}'
    """
    text = without_thinking(text)
    found = _FENCE.fullmatch(text)
    return found[2] if found and found[1] not in found[2] else text
