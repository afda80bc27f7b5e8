"""Reading: what digits in a text mean, whatever is written around them, and however hostile the text is."""

from decimal import Decimal
from random import Random
from time import process_time

import pytest

from policies.grounding.dates import Clock, Day
from policies.grounding.digits import MAX_DIGITS, plain_text
from policies.grounding.grounds import Grounds, grounds_in, ungrounded, with_counts
from policies.grounding.reading import Figure, mentions_in

LONGEST = 4_000
MOST_SECONDS = 1.0


def meant(text: str) -> list[tuple[str, ...]]:
    """What each number of a text may be worth, in the order in which it is read."""
    return [
        tuple(str(float(part.value)) for meaning in each.meanings for part in meaning if isinstance(part, Figure))
        for each in mentions_in(text)
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5 m", [("5000000.0", "5.0")]),
        ("5m €", [("5000000.0",)]),
        ("$5 m", [("5000000.0",)]),
        ("5 hundred thousand", [("500000.0",)]),
        ("5 k k k k k k k k k k k k k k k k", [("5e+42",), ]),
        ("1.234", [("1234.0", "1.234")]),
        ("0.234", [("0.234",)]),
        ("1,2,3", [("1.0", "2.0", "3.0")]),
        ("1'23", [("1.0", "23.0")]),
        ("1'234.5", [("1234.5",)]),
        ("1.234.567,8", [("1234567.8",)]),
        ("1,23,4.5", [()]),
        ("5e-3 V", [("0.005",)]),
        ("1 to 3 e", [("1.0",), ("3.0",)]),
        ("12°", [("12.0",)]),
        ("5x", [("5.0",)]),
        ("18 h", [("18.0",)]),
        ("48:30", [("48.0",), ("30.0",)]),
        ("99 mai", [("99.0",)]),
        ("2026-13-45", [("2026.0",), ("13.0",), ("45.0",)]),
        ("x.5 y", [("5.0",)]),
        ("±3", [("3.0",)]),
        ("5 %\n-3 %", [("5.0",), ("3.0",)]),
        ("on 2 March 2000 customers", [("2000.0",)]),
        ("2026-10", [("2026.0", "10.0")]),
        ("3/5", [("3.0", "5.0")]),
        ("13/13", [("13.0", "13.0")]),
        ("Q3 v2 2nd B2B 5G 3D A-7 x_9 10_k 1er", []),
        ("rates[3] and [1]", [("1.0",)]),
    ],
)  # fmt: skip
def test_digits_mean_what_is_written_around_them(text: str, values: list[tuple[str, ...]]) -> None:
    assert meant(text) == values


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("2026-03-02T14:30:00Z", Day(3, 2, 2026)),
        ("02/03/26", Day(3, 2, 2026)),
        ("1er mars", Day(3, 1)),
        ("mars 2026", Day(3, None, 2026)),
        ("12 am", Clock(0)),
        ("12 p.m.", Clock(12)),
        ("3 pm", Clock(15)),
        ("14h05", Clock(14, 5)),
    ],
)
def test_a_date_or_time_is_one_thing(text: str, part: Day | Clock) -> None:
    [mention] = mentions_in(text)
    assert mention.written == text
    assert any(part in meaning for meaning in mention.meanings)


@pytest.mark.parametrize(("sign", "known"), [("-3", False), ("−3", False), ("+3", True), ("3", True), ("±3", True)])
def test_a_sign_that_is_written_must_be_that_of_the_fact(sign: str, known: bool) -> None:
    assert (ungrounded(f"changed by {sign}", grounds_in({"change": 3})) == ()) is known


def test_what_a_name_of_a_fact_says_of_its_scale_holds_too() -> None:
    facts = {"revenue_musd": [2.5, {"cost_k": 7}], "size_m": 9}
    assert ungrounded("2,500,000 and 7k and 7 and 2.5 and $9m", grounds_in(facts)) == ()
    assert ungrounded("2.5 thousand and 7 million", grounds_in(facts)) == ("2.5 thousand", "7 million")


def test_numbers_dates_and_names_anywhere_in_the_facts_count() -> None:
    facts = {"a": [{"note": "17 of 19 by 4 May, 9:15, as ISO-27001 says"}], "2031": {"past_90_days": True}, "no": None}
    told = "17, 19, 4 May, at 9.15 am? 9:15; ISO-27001 2031.past_90_days 2031 90 facts.2031.past_90_days"
    assert ungrounded(told, grounds_in(facts)) == ("9.15",)


def test_a_boolean_is_no_number_and_a_count_has_neither_sign_nor_unit() -> None:
    assert ungrounded("1", grounds_in({"is_new": True})) == ("1",)
    assert ungrounded("7, 7 %, 7k, -7, €7", with_counts(grounds_in({}), [7])) == ("7 %", "7k", "-7", "€7")


def test_a_count_does_not_bear_out_what_is_measured() -> None:
    measured = ("12 M", "12m", "12 m", "12 K", "12 B", "12kg", "12 kg", "12 GB", "12ms", "12 days", "12 °C", "12°C")
    counted = with_counts(grounds_in({}), [12])
    assert [text for text in measured if ungrounded(text, counted) == ()] == []
    assert [text for text in measured if ungrounded(text, grounds_in({"size": 12})) != ()] == []
    assert ungrounded("12 roles, 12 Go votes and 12 d'entre eux", counted) == ()


def test_the_year_of_a_date_is_known_as_it_is_and_not_rounded() -> None:
    known = grounds_in({"on": "2026-03-02", "due": "4 May 2026"})
    assert ungrounded("in 2026, 2030, 2,000 or 2", known) == ("2030", "2,000", "2")


def test_a_number_is_read_in_any_script() -> None:
    arabic, wide = "\u0664\u0662", "\uff14\uff12"
    assert plain_text(f"{arabic} {wide} \u096a\u0968") == "42 42 42"
    assert ungrounded(f"{arabic} \uff05, {wide}, ½, ², ①", grounds_in({"rate": 42})) == ()
    assert ungrounded(f"{arabic} {wide}", grounds_in({"rate": 41})) == (arabic, wide)


def test_a_number_of_too_many_digits_equals_nothing() -> None:
    long = "7" * (MAX_DIGITS + 1)
    assert ungrounded(long, grounds_in({"text": long, "number": 7})) == (long,)
    assert ungrounded("7" * LONGEST, Grounds(above=(Decimal(7),))) == ("7" * LONGEST,)


PIECES = (
    *("1", "1 ", "1,", "1.", "1'", " ", "- ", "#", "1 000 ", "1:", "1/1", "1h", "mars ", "1 mars ", "1-", "1–", "€1"),
    *("1 k k k ", "\n", "\t", "~", "about ", "00:", "2026-03-02T", "(1)", "[", "a[", "p. ", "٣", "1%,", "1e5", "x10^1"),
    *("1 m, ", "'", "1\u00a0", ".", "1..", ",1", "May ", "May 1", "2026-", "$", "-", "−1", "1 of ", "\0", "\ud800"),
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_no_text_takes_long(piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    known = grounds_in({"rate": list(range(900))})
    started = process_time()
    ungrounded(text, known)
    assert process_time() - started < MOST_SECONDS


@pytest.mark.parametrize("seed", range(20))
def test_no_text_breaks_the_reader_and_what_it_reads_is_in_the_text(seed: int) -> None:
    random = Random(seed)
    text = "".join(random.choice([*PIECES, chr(random.randrange(0x3000))]) for _ in range(600))
    started = process_time()
    mentions = mentions_in(text)
    assert process_time() - started < MOST_SECONDS
    assert all(text[each.start : each.end] == each.written for each in mentions)
    assert [each.start for each in mentions] == sorted(each.start for each in mentions)
    assert ungrounded(text, grounds_in({"text": text})) == ()
