"""Whether the text of a team within says only what its members said, as where code put it together."""

import re
from collections.abc import Iterator
from typing import Any

BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")


def is_repeated(text: str, sections: Any) -> bool:
    r"""Return whether each line of a text is said in the sections too, without its bullet and the name before it.

    >>> said = [{"text": "The market grows.\n- Start now"}]
    >>> is_repeated("Researcher: The market grows.\n- Start now", said), is_repeated("Start now or wait.", said)
    (True, False)
    """
    said = {line for each in _texts(sections) for line in _lines(each)}
    return all(line in said or _after_name(line) in said or line.endswith(":") for line in _lines(text))


def _after_name(line: str) -> str:
    return line.partition(": ")[2]


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text that are not empty, without their bullets."""
    yield from filter(None, (BULLET.sub("", line).strip() for line in text.split("\n")))


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in plain values, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value.values()])
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
