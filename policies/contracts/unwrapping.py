"""Unwrapping: an answer without what models put around it, and nothing else changed."""

import re

_THINKING = re.compile(r"\s*<(think|thinking)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPENED = re.compile(r"(`{3,}+|~{3,}+)[ \t]*+[\w+.-]*+[ \t]*+\r?\n")


def without_thinking(text: str) -> str:
    """Return a text without a byte order mark and one leading think block; one that is never closed stays.

    >>> without_thinking("<think>Hm.</think> Ship it.")
    'Ship it.'
    >>> without_thinking("Ship it. <think>Hm.</think>")
    'Ship it. <think>Hm.</think>'
    """
    text = text.removeprefix("\ufeff")
    found = _THINKING.match(text)
    return text[found.end() :].lstrip().removeprefix("\ufeff") if found else text


def unwrapped(text: str) -> str:
    r"""Return what is to be read as JSON: without thinking, and out of one fence that holds all the rest.

    >>> unwrapped('```json\n{"stance": "go"}\n```')
    '{"stance": "go"}'
    """
    text = without_thinking(text)
    whole = text.strip()
    opened = _OPENED.match(whole)
    if not opened or not whole.endswith(opened[1]) or len(whole) < opened.end() + len(opened[1]):
        return text
    held = whole[opened.end() : -len(opened[1])]
    return text if re.search(rf"^[ \t]*+{opened[1]}", held, re.MULTILINE) else held.rstrip()
