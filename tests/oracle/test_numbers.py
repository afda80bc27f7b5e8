"""Numbers in prose: any way to write a fact is grounded, and a number is flagged where no fact bears it out."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from policies.grounding.grounds import grounds_in, ungrounded
from tests.oracle.stating import PHRASES, Written, is_borne_out, random_statement, random_value, read_both_ways

SEEDS, ROUNDS = range(8), 250


def fact_of(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def flagged(value: Fraction, text: str, random: Random) -> tuple[str, ...]:
    facts = {"group": [{"some_rate": fact_of(value)}], "name": "Launch"}
    return ungrounded(random.choice(PHRASES).format(text), grounds_in(facts))


def expected(value: Fraction, written: Written) -> bool:
    return any(is_borne_out(value, each) for each in read_both_ways(written))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fact_may_be_written_in_any_way(seed: int) -> None:
    random, judged = Random(seed), 0
    for _ in range(ROUNDS):
        value = random_value(random)
        written = random_statement(value, random)
        if expected(value, written):
            judged += 1
            assert flagged(value, written.text, random) == (), (fact_of(value), written)
    assert judged > ROUNDS / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_number_is_flagged_where_no_fact_bears_it_out_and_nowhere_else(seed: int) -> None:
    random, judged = Random(1_000 + seed), 0
    for _ in range(ROUNDS):
        value = random_value(random)
        other = random.choice((random_value(random), value + random.choice((-1, 1)), value * 2, value / 10))
        written = random_statement(other, random)
        is_known = expected(value, written)
        judged += not is_known
        assert (flagged(value, written.text, random) == ()) == is_known, (fact_of(value), written)
    assert judged > ROUNDS / 2


def test_the_judge_knows_what_the_specification_says() -> None:
    percent = Written(124, 1, share=2)
    assert is_borne_out(Fraction("12.4"), percent)
    assert is_borne_out(Fraction("0.124"), percent)
    assert not is_borne_out(Fraction("12.46"), percent)
    assert is_borne_out(Fraction(684_000), Written(684, 0, power=3))
    assert is_borne_out(Fraction(684_321), Written(680_000, 0))
    assert not is_borne_out(Fraction(684_321), Written(700_000, 0))
    assert is_borne_out(Fraction(684_321), Written(700_000, 0, is_about=True))
    assert is_borne_out(Fraction("0.125"), Written(12, 2))
    assert is_borne_out(Fraction("0.125"), Written(13, 2))
    assert not is_borne_out(Fraction("0.135"), Written(13, 2))
    assert is_borne_out(Fraction(-3), Written(3, 0))
    assert not is_borne_out(Fraction(3), replace(percent, digits=3, decimals=0, sign="-"))
