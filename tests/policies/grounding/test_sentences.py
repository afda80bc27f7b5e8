"""Sentences in English and French: the numbers that equal no fact, derivation or count are flagged, the others not."""

import pytest

from policies.grounding.grounds import ungrounded
from tests.policies.grounding.cases import Sentence, known, sentences

KNOWN = known()
ALL = {language: sentences(language) for language in ("english", "french")}


@pytest.mark.parametrize(
    "case", [case for each in ALL.values() for case in each], ids=lambda case: f"{case[0]}: {case[1]}"
)
def test_exactly_the_numbers_that_nothing_bears_out_are_found(case: Sentence) -> None:
    _, sentence, expected = case
    assert ungrounded(sentence, KNOWN) == expected


def test_there_are_enough_sentences_of_each_kind_in_each_language() -> None:
    for language, least in (("english", 240), ("french", 190)):
        flagged = [case for case in ALL[language] if case[2]]
        assert len(ALL[language]) >= least
        assert least / 3 <= len(flagged) <= 2 * least / 3
        assert len({sentence for _, sentence, _ in ALL[language]}) == len(ALL[language])
        assert {family for family, _, numbers in ALL[language] if numbers} == {family for family, _, _ in ALL[language]}


def test_without_facts_a_text_has_no_number_that_is_known() -> None:
    empty = known().__class__()
    assert ungrounded("12.4 %, 3 roles, 2 March, 9:30 and 684 000", empty) == (
        "12.4 %",
        "3",
        "2 March",
        "9:30",
        "684 000",
    )
