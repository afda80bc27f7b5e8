"""What of the data of a source is not as expected, and what of it somebody may supply."""

from typing import Any

import pytest

from policies.team.expectation import Expectation
from policies.team.expecting import (
    Unexpected,
    expected_in_words,
    expected_under,
    find_lacking,
    find_unexpected,
    find_unfit,
)

NUMBER, TEXT = Expectation(kind="number", at_least=0), Expectation(kind="text")
MAYBE = Expectation(kind="number", optional=True)


def told(expect: dict[str, Expectation], data: Any, *private: str) -> list[str]:
    return [each.told for each in find_unexpected(expect, data, private)]


def test_what_is_as_expected_has_no_problem() -> None:
    expect = {"risk.rate": NUMBER, "region": TEXT, "missing": MAYBE, "null": MAYBE, "null.below": MAYBE}
    assert find_unexpected(expect, {"risk": {"rate": 0.02, "other": []}, "region": "EU", "null": None}) == ()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, Unexpected("risk.rate", "`risk.rate` is missing; expected: a number, at least 0", True)),
        ({"risk": {}}, Unexpected("risk.rate", "`risk.rate` is missing; expected: a number, at least 0", True)),
        ({"risk": None}, Unexpected("risk.rate", "`risk.rate` is missing; expected: a number, at least 0", True)),
        (None, Unexpected("risk.rate", "`risk.rate` is missing; expected: a number, at least 0", True)),
        (
            {"risk": {"rate": None}},
            Unexpected("risk.rate", "`risk.rate` is null; expected: a number, at least 0", True),
        ),
        (
            {"risk": {"rate": "high"}},
            Unexpected("risk.rate", "`risk.rate` is 'high'; expected: a number, at least 0"),
        ),
        ({"risk": {"rate": -1}}, Unexpected("risk.rate", "`risk.rate` is -1; expected: a number, at least 0")),
        (
            {"risk": 3},
            Unexpected(
                "risk.rate",
                "`risk` is not an object, so that `risk.rate` is missing; expected: a number, at least 0",
            ),
        ),
        (
            "down",
            Unexpected(
                "risk.rate",
                "`the value` is not an object, so that `risk.rate` is missing; expected: a number, at least 0",
            ),
        ),
        (
            {"risk": [{"rate": 1}, {"rate": True}, {"rate": "x"}]},
            Unexpected("risk.rate", "`risk[1].rate` is True; expected: a number, at least 0"),
        ),
        (
            {"risk": [{"rate": 1}, {}]},
            Unexpected("risk.rate", "`risk[1].rate` is missing; expected: a number, at least 0"),
        ),
        (
            {"risk": [None]},
            Unexpected("risk.rate", "`risk[0].rate` is missing; expected: a number, at least 0"),
        ),
    ],
)
def test_each_problem_is_a_sentence_and_only_what_is_missing_may_be_supplied(data: Any, problem: Unexpected) -> None:
    assert find_unexpected({"risk.rate": NUMBER}, data) == (problem,)


def test_an_optional_fact_may_be_missing_and_not_be_wrong() -> None:
    assert not told({"risk.rate": MAYBE}, {"risk": [{}, {"rate": None}]})
    assert told({"risk.rate": MAYBE}, {"risk": {"rate": "x"}}) == ["`risk.rate` is 'x'; expected: a number"]
    assert told({"risk.rate": MAYBE}, {"risk": 3})


def test_every_path_has_its_problem_in_the_order_of_the_file() -> None:
    assert [each.path for each in find_unexpected({"b": NUMBER, "a": TEXT, "c": MAYBE}, {"a": 1})] == ["b", "a"]


def test_a_list_without_items_has_nothing_that_could_be_wrong() -> None:
    assert not told({"rows.rate": NUMBER}, {"rows": []})


def test_a_private_value_is_never_shown() -> None:
    sentence = "`customer.age` is private, so that its value is not shown; expected: a number, at least 0"
    data = {"customer": {"age": "secret"}}
    assert told({"customer.age": NUMBER}, data, "customer") == [sentence]
    assert "secret" not in str(told({"customer": TEXT}, data, "customer.age"))


def test_a_value_is_shown_cut_and_without_what_a_terminal_obeys() -> None:
    [sentence] = told({"rate": NUMBER}, {"rate": "\x1b[2J" + "x" * 500})
    assert "\x1b" not in sentence
    assert len(sentence) < 150


def test_what_a_source_expects_is_placed_where_its_data_goes() -> None:
    assert expected_under({"rate": NUMBER}, None) == {"rate": NUMBER}
    assert expected_under({"facts.facts.rate": NUMBER}, "risk.today") == {"risk.today.facts.rate": NUMBER}


def test_a_supplied_fact_is_judged_by_what_is_expected_there_and_below() -> None:
    expect = {"risk.rate": NUMBER, "risk.cases": MAYBE, "region": TEXT}
    assert find_unfit(expect, "risk.rate", 3) == ()
    assert find_unfit(expect, "risk", {"rate": 3}) == ()
    assert [each.path for each in find_unfit(expect, "risk", {"rate": "x", "cases": "y"})] == [
        "risk.rate",
        "risk.cases",
    ]
    assert [each.path for each in find_unfit(expect, "risk", 3)] == ["risk.rate", "risk.cases"]
    assert find_unfit(expect, "other", 3) == ()


def test_what_is_expected_of_a_supplied_fact_is_said() -> None:
    expect = {"risk.rate": NUMBER, "risk.cases": MAYBE}
    assert expected_in_words(expect, "risk") == "`risk.rate`: a number, at least 0; `risk.cases`: a number"


def test_what_facts_lack_is_looked_for_in_each_item_of_a_list() -> None:
    paths = ("a", "a.b", "rows.c", "none.c", "empty.c", "null")
    facts = {"a": {"b": 0}, "rows": [{"c": 1}, {"c": None}], "empty": [], "null": None}
    assert find_lacking(paths, facts) == ("rows.c", "none.c", "null")


@pytest.mark.parametrize(
    ("paths", "facts", "missing"),
    [
        ((), {}, None),
        (("a",), {"a": 0}, None),
        (("a",), {"a": False}, None),
        (("a",), {"a": ""}, None),
        (("a",), {"a": None}, "a"),
        (("a",), {}, "a"),
        (("a.b", "a.c"), {"a": {"b": 1}}, "a.c"),
        (("a.b.c",), {"a": {"b": "text"}}, "a.b.c"),
        (("a.b",), {"a": [1]}, "a.b"),
        (("a.b",), {"a": [{"b": 1}, {"b": 2}]}, None),
        (("a.b",), {"a": [{"b": 1}, {}]}, "a.b"),
        (("b", "a"), {}, "b"),
    ],
)
def test_the_first_path_the_facts_lack_or_hold_as_null_is_missing(
    paths: tuple[str, ...], facts: dict[str, Any], missing: str | None
) -> None:
    assert next(iter(find_lacking(paths, facts)), None) == missing
