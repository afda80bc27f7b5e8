"""Finds a language: its catalogue of sentences, its name, and how it writes numbers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from gettext import c2py
from importlib.resources import files
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers
from babel.messages.pofile import read_po

from policies.language import ENGLISH, Language, speak

_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?", re.ASCII)
FOLDER = Path(str(files("graph") / "languages"))


def language_of(asked: str | None) -> Language:
    """Return the language that a team asks for by its code, or by its name in English or in itself; English for None.

    What the catalogue of a language lacks, or that of one without a catalogue, is said in English.

    >>> language_of("French").code, language_of("fr-CA").name, language_of("Klingon").name
    ('fr', 'French (Canada)', 'Klingon')
    """
    if asked is None or asked in (ENGLISH.code, ENGLISH.name):
        return ENGLISH
    return _language(asked)


def best_of(accept: str) -> Language:
    """Return the language that a header Accept-Language likes best, of those with a catalogue; English where none is.

    >>> best_of("fr-CA, en;q=0.8").code, best_of("de, en;q=0.5, fr;q=0.9").code, best_of("de, fr;q=0").code
    ('fr', 'fr', 'en')
    """
    liked = sorted(map(_liked, accept.split(",")), key=lambda each: each[1], reverse=True)
    return language_of(next((code for code, weight in liked if weight > 0 and code in _offered()), None))


@cache
def _offered() -> frozenset[str]:
    """Return the codes of the languages that the program can speak."""
    return frozenset((ENGLISH.code, *(file.parent.name for file in FOLDER.glob("*/*.po"))))


def _liked(part: str) -> tuple[str, float]:
    """Return a language without its region, and how much it is liked."""
    tag, *options = (each.strip().lower() for each in part.split(";"))
    weight = next((each.removeprefix("q=") for each in options if each.startswith("q=")), "1")
    return tag.partition("-")[0], float(weight) if _WEIGHT.fullmatch(weight) else 0.0


def speak_as(asked: str | None) -> None:
    """Say everything from now on in the language that a team asks for, in this context alone."""
    speak(language_of(asked))


def find_code(asked: str) -> str | None:
    """Return the code of a language that is named by its code, or by its name in English or in itself; else None.

    >>> find_code("fr"), find_code("français"), find_code("German"), find_code("fr_CA"), find_code("Frensh")
    ('fr', 'fr', 'de', 'fr-CA', None)
    """
    named = asked.strip()
    if named in (ENGLISH.code, ENGLISH.name):
        return ENGLISH.code
    try:
        return str(Locale.parse(named.replace("-", "_"))).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        return _codes_by_name().get(named.casefold())


@cache
def _codes_by_name() -> Mapping[str, str]:
    plain = sorted(code for code in locale_identifiers() if "_" not in code)
    english = Locale("en").languages
    own = {str(Locale(code).display_name).casefold(): code for code in plain}
    return {**own, **{str(english[code]).casefold(): code for code in plain if code in english}}


@cache
def _language(asked: str) -> Language:
    code = find_code(asked)
    if code is None:
        return replace(ENGLISH, name=asked)
    locale = Locale.parse(code, sep="-")
    found, catalogues = Language(code, str(locale.get_display_name("en"))), _files(locale)
    if not catalogues:  # its sentences are English, and so are the numbers in them
        return found
    symbols: Mapping[str, str] = locale.number_symbols["latn"]
    return with_catalogue(replace(found, decimal=symbols["decimal"], group=symbols["group"]), catalogues)


def _files(locale: Locale) -> list[Path]:
    """Return the catalogues of a language, one a part of the program; none where it has none."""
    return sorted((FOLDER / locale.language).glob("*.po"))


def with_catalogue(language: Language, catalogues: list[Path]) -> Language:
    """Return the language with the sentences of its catalogues."""
    sentences: dict[str, str] = {}
    counted: dict[tuple[str, str], tuple[str, ...]] = {}
    plural_of: Callable[[int], int] = language.plural_of
    for file in catalogues:
        with file.open("rb") as opened:
            catalogue = read_po(opened)
        plural_of = c2py(catalogue.plural_expr)
        for message in catalogue:
            if message.id and not message.fuzzy and message.string:
                _add(message.id, message.string, sentences, counted)
    return replace(language, sentences=sentences, counted=counted, plural_of=plural_of)


def _add(english: Any, told: Any, sentences: dict[str, str], counted: dict[tuple[str, str], tuple[str, ...]]) -> None:
    if isinstance(english, str):
        sentences[english] = told
    elif all(told):
        counted[tuple(english)] = tuple(told)
