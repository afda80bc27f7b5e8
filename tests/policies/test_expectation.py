"""What a team may expect of a fact, what is refused as something that no fact can be, and what meets it."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from policies.team.expectation import FACT_KINDS, MAX_CHOICES, MAX_EXPECTED, Expect, Expectation

EXPECT: TypeAdapter[dict[str, Expectation]] = TypeAdapter(Expect)

OF_EACH_KIND: dict[str, Any] = {
    "number": 0.5,
    "integer": 3,
    "text": "EU",
    "boolean": False,
    "list": [],
    "object": {},
}


def fault_of(**fields: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Expectation.model_validate(fields)
    [detail] = caught.value.errors()
    return str(detail.get("ctx", {}).get("error", detail["msg"]))


@pytest.mark.parametrize("kind", FACT_KINDS)
def test_a_value_is_of_its_kind_and_an_integer_is_a_number_too(kind: Any) -> None:
    expected = Expectation(kind=kind)
    met = {name for name, value in OF_EACH_KIND.items() if expected.is_met(value)}
    assert met == ({"number", "integer"} if kind == "number" else {kind})


@pytest.mark.parametrize("kind", ["number", "integer"])
@pytest.mark.parametrize("value", [True, False, "5", None, [5], float("nan"), float("inf"), 2**53, -(2**53), 10**400])
def test_what_only_looks_like_a_number_is_none(kind: Any, value: object) -> None:
    assert not Expectation(kind=kind).is_met(value)


def test_a_number_written_with_decimals_is_no_integer() -> None:
    assert not Expectation(kind="integer").is_met(5.0)
    assert Expectation(kind="integer").is_met(2**53 - 1)


@pytest.mark.parametrize(("kind", "value"), [("text", "\ud800"), ("list", [float("nan")]), ("object", {1: 2})])
def test_what_may_not_enter_the_state_is_never_what_is_expected(kind: Any, value: object) -> None:
    assert not Expectation(kind=kind).is_met(value)


@pytest.mark.parametrize(
    ("bounds", "inside", "outside"),
    [
        ({"at_least": 1}, [1, 1.0, 2], [0.999, 0]),
        ({"above": 1}, [1.001, 2], [1, 1.0]),
        ({"at_most": 1}, [1, -5], [1.001, 2]),
        ({"below": 1}, [0.999, 0], [1, 1.0]),
        ({"at_least": 0, "below": 1}, [0, 0.5], [-0.1, 1]),
        ({"at_least": 2, "at_most": 2}, [2, 2.0], [1, 3]),
    ],
)
def test_a_number_is_within_its_range(bounds: dict[str, Any], inside: list[Any], outside: list[Any]) -> None:
    expected = Expectation(kind="number", **bounds)
    assert all(map(expected.is_met, inside))
    assert not any(map(expected.is_met, outside))


def test_a_value_is_one_of_those_that_are_listed() -> None:
    assert Expectation(kind="text", one_of=("EU", "US")).is_met("US")
    assert not Expectation(kind="text", one_of=("EU", "US")).is_met("eu")
    assert Expectation(kind="number", one_of=(1, 2.5)).is_met(1.0)
    assert not Expectation(kind="number", one_of=(1, 0)).is_met(True)
    assert not Expectation(kind="boolean", one_of=(True,)).is_met(False)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "number", "at_least": 1, "below": 2},
        {"kind": "number", "above": 1, "at_most": 1.5},
        {"kind": "integer", "above": 1, "below": 3},
        {"kind": "integer", "at_least": 0.5, "at_most": 1.5},
        {"kind": "integer", "at_least": 7, "at_most": 7},
        {"kind": "integer", "one_of": [1, 2], "at_least": 1},
        {"kind": "text", "one_of": ["EU"], "optional": True},
    ],
)
def test_what_a_fact_can_be_may_be_expected(fields: dict[str, Any]) -> None:
    expected = Expectation.model_validate(fields)
    assert Expectation.model_validate(expected.model_dump(mode="json")) == expected


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"kind": "text", "at_least": 1},
            "it has `at_least`, which is for numbers; allowed: the kind number or integer",
        ),
        ({"kind": "list", "below": 1}, "it has `below`, which is for numbers; allowed: the kind number or integer"),
        ({"kind": "number", "at_least": 1, "above": 0}, "it has both `at_least` and `above`; allowed: one of them"),
        ({"kind": "number", "at_most": 1, "below": 2}, "it has both `at_most` and `below`; allowed: one of them"),
        (
            {"kind": "number", "at_least": 2, "at_most": 1},
            "nothing can be a number, at least 2, at most 1; allowed: a range that has a number in it",
        ),
        (
            {"kind": "number", "above": 1, "at_most": 1},
            "nothing can be a number, above 1, at most 1; allowed: a range that has a number in it",
        ),
        (
            {"kind": "number", "at_least": 1, "below": 1},
            "nothing can be a number, at least 1, below 1; allowed: a range that has a number in it",
        ),
        (
            {"kind": "integer", "above": 1, "below": 2},
            "nothing can be a whole number, above 1, below 2; allowed: a range that has a number in it",
        ),
        (
            {"kind": "integer", "at_least": 1.2, "at_most": 1.8},
            "nothing can be a whole number, at least 1.2, at most 1.8; allowed: a range that has a number in it",
        ),
        (
            {"kind": "integer", "at_least": 1e20, "at_most": 1e308},
            "nothing can be a whole number, at least 1e+20, at most 1e+308; allowed: a range that has a number in it",
        ),
        (
            {"kind": "integer", "at_least": -1e308, "at_most": -1e20},
            "nothing can be a whole number, at least -1e+308, at most -1e+20; allowed: a range that has a number in it",
        ),
        (
            {"kind": "integer", "above": 9007199254740991},
            "nothing can be a whole number, above 9007199254740991; allowed: a range that has a number in it",
        ),
        (
            {"kind": "integer", "below": -9007199254740991},
            "nothing can be a whole number, below -9007199254740991; allowed: a range that has a number in it",
        ),
        (
            {"kind": "list", "one_of": [1]},
            "it has `one_of`, which is for single values; allowed: the kinds number, integer, text, boolean",
        ),
        ({"kind": "text", "one_of": ["EU", 5]}, "it lists 5 in `one_of`; allowed: text"),
        ({"kind": "integer", "one_of": [True]}, "it lists True in `one_of`; allowed: a whole number"),
        ({"kind": "number", "one_of": [3], "below": 3}, "it lists 3 in `one_of`; allowed: a number, below 3"),
        ({"kind": "number", "at_least": float("nan")}, "allowed: a finite number"),
        ({"kind": "number", "at_least": True}, "allowed: a finite number"),
        ({"kind": "number", "below": "5"}, "allowed: a finite number"),
        ({"kind": "number", "below": 2**53}, "allowed: a finite number"),
    ],
)
def test_what_no_fact_can_be_is_refused(fields: dict[str, Any], told: str) -> None:
    assert fault_of(**fields) == told


@pytest.mark.parametrize(
    "fields",
    [{}, {"kind": "float"}, {"kind": "text", "one_of": []}, {"kind": "text", "one_of": ["a"] * (MAX_CHOICES + 1)}],
)
def test_a_kind_must_be_known_and_choices_be_there(fields: dict[str, Any]) -> None:
    assert fault_of(**fields)


def test_a_kind_alone_is_an_expectation() -> None:
    expect = EXPECT.validate_python({"facts.rate": "number", "region": {"kind": "text", "optional": True}})
    assert expect == {"rate": Expectation(kind="number"), "region": Expectation(kind="text", optional=True)}
    assert EXPECT.validate_python({"rate": Expectation(kind="number")}) == {"rate": Expectation(kind="number")}


@pytest.mark.parametrize("wrong", [5, None, ["number"], "nummer", {"kind": "number", "atleast": 1}])
def test_what_is_neither_a_kind_nor_an_expectation_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        EXPECT.validate_python({"rate": wrong})


def test_a_source_expects_so_many_paths_and_no_more() -> None:
    with pytest.raises(ValidationError):
        EXPECT.validate_python({f"a{number}": "text" for number in range(MAX_EXPECTED + 1)})


def test_an_expectation_is_said_in_words() -> None:
    assert Expectation(kind="integer", above=0, at_most=9).in_words == "a whole number, above 0, at most 9"
    assert Expectation(kind="boolean").in_words == "true or false"
    assert Expectation(kind="text", one_of=("EU", "US")).in_words == "text, one of 'EU', 'US'"
    many = Expectation(kind="integer", one_of=tuple(range(10)))
    assert many.in_words == "a whole number, one of 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"


@pytest.mark.parametrize(
    "bound", [{"at_least": 2**53 - 1}, {"at_most": 1 - 2**53}, {"above": -1e308}, {"below": 1e308}]
)
def test_a_range_that_has_the_largest_or_smallest_whole_number_of_a_fact_is_one(bound: dict[str, Any]) -> None:
    assert Expectation(kind="integer", **bound).bounds == bound
