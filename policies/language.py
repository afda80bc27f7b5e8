"""Language: in which words people read what was found. What is decided never depends on it.

Sentences are written in English where they are said. A catalogue has them in another language, under the English ones;
what it lacks is said in English. Which language is spoken is a context variable, as the precision of `decimal` is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


def _one_or_many(number: int) -> int:
    return 0 if number == 1 else 1


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code, its English name, its sentences by the English ones, and how it writes numbers.

    `counted` has the forms of a sentence that depends on a number, by the English sentences for one and for many;
    `plural_of` gives which of them a number takes.
    """

    code: str
    name: str
    sentences: Mapping[str, str] = field(default_factory=dict)
    counted: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    plural_of: Callable[[int], int] = _one_or_many
    decimal: str = "."
    """What separates the decimals of a number."""
    group: str = ","
    """What separates the thousands of a number."""


ENGLISH = Language("en", "English")

_SPOKEN: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


def spoken() -> Language:
    """Return the language that is spoken now.

    >>> spoken().name
    'English'
    """
    return _SPOKEN.get()


def speak(language: Language) -> None:
    """Say everything from now on in a language, in this context alone: another task or thread keeps its own."""
    _SPOKEN.set(language)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Say everything within the block in a language.

    >>> french = Language("fr", "French", {"{name} is absent": "{name} est absent"}, decimal=",", group=" ")
    >>> with speaking(french):
    ...     say("{name} is absent", name="Ada"), say("a round is open"), in_figures("1,234.5")
    ('Ada est absent', 'a round is open', '1 234,5')
    """
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def phrase(sentence: str) -> str:
    """Return the sentence as it is: it is in a table, and is said with `say` where it is used."""
    return sentence


def say(sentence: str, /, **values: Any) -> str:
    """Return a sentence in the language that is spoken, each `{name}` in it replaced by its value.

    Without values its braces stay as they are.

    >>> say("{name} is absent", name="Ada"), say("write {}")
    ('Ada is absent', 'write {}')
    """
    told = spoken().sentences.get(sentence, sentence)
    return told.format_map(values) if values else told


def say_count(one: str, many: str, number: int, /, **values: Any) -> str:
    """Return the sentence for one or for many in the language that is spoken; `{number}` is the number in figures.

    >>> say_count("{number} role", "{number} roles", 1), say_count("{number} role", "{number} roles", 1_200)
    ('1 role', '1,200 roles')
    """
    language = spoken()
    forms = language.counted.get((one, many))
    told = forms[language.plural_of(number)] if forms else (one, many)[_one_or_many(number)]
    return told.format_map({**values, "number": in_figures(f"{number:,}")})


def in_figures(number: str) -> str:
    """Return a number that is written the English way as the language that is spoken writes it.

    >>> in_figures("15,200.5")
    '15,200.5'
    """
    language = spoken()
    marks = {",": language.group, ".": language.decimal}
    return "".join(marks.get(character, character) for character in number)
