"""Every sentence that the program says has its words in each language that has a catalogue, and no other one has."""

import re
import string
from typing import Any

import pytest

from tests.languages.catalogues import HEADER, PARTS, file_of, languages, read_catalogue, sentences, translations


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    return sentences()


@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_translated_and_every_translation_is_said(language: str, said: dict[str, Any]) -> None:
    known = translations(language)
    wanted = {each for part in said.values() for each in part}
    assert sorted(map(str, wanted - known.keys())) == [], "run `python -m tests.languages`, and write the words"
    assert sorted(map(str, known.keys() - wanted)) == [], "run `python -m tests.languages`"
    assert [each for each, words in known.items() if not words or not all(words)] == []


@pytest.mark.parametrize("language", languages())
def test_each_sentence_stands_in_the_catalogue_of_the_part_that_says_it(language: str, said: dict[str, Any]) -> None:
    for part, mine in said.items():
        found = [
            each.id if isinstance(each.id, str) else tuple(each.id) for each in read_catalogue(file_of(language, part))
        ]
        assert sorted(map(str, filter(None, found))) == sorted(map(str, mine))


def _names(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("language", languages())
def test_a_translation_takes_the_values_that_its_sentence_takes(language: str) -> None:
    wrong = []
    for english, told in translations(language).items():
        pairs = [(english, told)] if isinstance(english, str) else [(english[-1], each) for each in told]
        wrong += [
            pair
            for pair in pairs
            if _takes_values(pair[0]) and _names(pair[0]) - {"number"} != _names(pair[1]) - {"number"}
        ]
    assert wrong == []


def _takes_values(sentence: str) -> bool:
    try:
        return all(name.isidentifier() for name in _names(sentence))
    except ValueError:  # braces that are no names
        return False


@pytest.mark.parametrize("language", languages())
def test_the_catalogues_are_as_they_are_written(language: str) -> None:
    for part in PARTS:
        text = file_of(language, part).read_text(encoding="utf-8")
        assert text.startswith(HEADER.partition("{forms}")[0])
        assert "#, fuzzy" not in text


TWICE = re.compile(r"(.{12,}?)\s*\1", re.DOTALL)
"""Words that stand a second time right behind themselves, as a merge of catalogues leaves them."""


@pytest.mark.parametrize("language", languages())
def test_no_translation_says_the_same_twice(language: str) -> None:
    told = [words for each in translations(language).values() for words in ([each] if isinstance(each, str) else each)]
    assert [words for words in told if TWICE.fullmatch(words.strip())] == []


LOOSE = re.compile(r" [;:?!»%](?!\w)|«(?!\N{NO-BREAK SPACE})|(?<![\N{NO-BREAK SPACE}])[;?!»](?= |$)|’")
"""A mark of French that a line may end before, or that has no space before it."""


def test_french_marks_stand_behind_a_space_at_which_no_line_ends() -> None:
    told = [words for each in translations("fr").values() for words in ([each] if isinstance(each, str) else each)]
    assert [words for words in told if LOOSE.search(re.sub(r"`[^`]*`", "", words))] == []
