"""A language in which whatever is said with `say` is marked, so that what is not said with it stands out.

Letters of sentences become wide ones; letters of values stay. Output in it may hold plain words only where they are
data: words of the team, machine words, commands.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies.language import Language

PLAIN = re.compile(r"[A-Za-z]{2,}")
_PLACE = re.compile(r"(\{[^{}]*\})")
_WIDE = {code: code + 0xFEE0 for code in (*range(65, 91), *range(97, 123))}


def marked(sentence: str) -> str:
    """The sentence with wide letters, its places for values as they are."""
    return "".join(part if part.startswith("{") else part.translate(_WIDE) for part in _PLACE.split(sentence))


class _Sentences(Mapping[str, str]):
    def __getitem__(self, sentence: str) -> str:
        return marked(sentence)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Counted(Mapping[tuple[str, str], tuple[str, ...]]):
    def __getitem__(self, pair: tuple[str, str]) -> tuple[str, ...]:
        return marked(pair[0]), marked(pair[1])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def __len__(self) -> int:
        return 0


PSEUDO = Language("fr", "French", _Sentences(), _Counted(), decimal="·", group="¨")


def unsaid(output: str, *data: Any) -> list[str]:
    """The plain words of an output that are not in the data, in order, each once."""
    known = {word.casefold() for each in data for word in PLAIN.findall(_text(each))}
    return [word for word in dict.fromkeys(PLAIN.findall(output)) if word.casefold() not in known]


def _text(data: Any) -> str:
    if isinstance(data, Mapping):
        return " ".join(f"{key} {_text(part)}" for key, part in data.items())
    if isinstance(data, Iterable) and not isinstance(data, str):
        return " ".join(map(_text, data))
    return str(data)
