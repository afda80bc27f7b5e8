"""What is expected of facts, judged by a reading of the specification that walks the data in its own way."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from policies.team.ages import find_age_fault
from policies.team.expectation import Expectation
from policies.team.expecting import find_unexpected

SEEDS, ROUNDS = range(6), 400
KEYS = ("a", "b", "c")
HALVES = [number / 2 if number % 2 else number // 2 for number in range(-6, 7)]
ODD: list[Any] = [True, False, None, "", "5", "EU", math.nan, math.inf, 2**53, -(2**60), 10**400, [], {}, -0.0]


def some_data(random: Random, depth: int = 3) -> Any:
    drawn = random.random()
    if depth and drawn < 0.55:
        return {key: some_data(random, depth - 1) for key in KEYS if random.random() < 0.7}
    if depth and drawn < 0.65:
        return [some_data(random, depth - 1) for _ in range(random.randrange(3))]
    return random.choice(HALVES if random.random() < 0.6 else ODD)


def some_expectation(random: Random) -> dict[str, Any]:
    kind = random.choice(("number", "number", "integer", "text", "boolean", "list", "object"))
    fields: dict[str, Any] = {"kind": kind, "optional": random.random() < 0.3}
    if kind in ("number", "integer"):
        names = random.sample(("at_least", "above", "at_most", "below"), random.randrange(3))
        fields |= {name: random.choice(HALVES) for name in names}
    if random.random() < 0.2:
        fields["one_of"] = random.choices([*HALVES, "EU", "5", True], k=random.randrange(1, 4))
    return fields


def is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 2**53 - 1 if isinstance(value, int) else math.isfinite(value)


def is_of_kind(kind: str, value: Any) -> bool:
    return {
        "number": is_number(value),
        "integer": is_number(value) and isinstance(value, int),
        "text": isinstance(value, str),
        "boolean": value is True or value is False,
        "list": isinstance(value, list) and all(map(can_be_kept, value)),
        "object": isinstance(value, dict) and all(map(can_be_kept, value.values())),
    }[kind]


def can_be_kept(value: Any) -> bool:
    if isinstance(value, list | dict):
        return all(map(can_be_kept, value.values() if isinstance(value, dict) else value))
    return value is None or isinstance(value, str | bool) or is_number(value)


def is_right(fields: dict[str, Any], value: Any) -> bool:
    if not is_of_kind(fields["kind"], value):
        return False
    sides: dict[str, Callable[[Any], bool]] = {
        "at_least": lambda limit: not value < limit,
        "above": lambda limit: limit < value,
        "at_most": lambda limit: not value > limit,
        "below": lambda limit: limit > value,
    }
    if not all(holds(fields[name]) for name, holds in sides.items() if name in fields):
        return False
    return "one_of" not in fields or any(each == value for each in fields["one_of"])


def can_be_met(fields: dict[str, Any]) -> bool:
    """Say whether a value is imaginable, and each that is listed may be had; no side of the range is given twice."""
    if {"at_least", "above"} <= fields.keys() or {"at_most", "below"} <= fields.keys():
        return False
    listed = fields.get("one_of")
    if listed is not None:
        bare = {name: each for name, each in fields.items() if name != "one_of"}
        return fields["kind"] not in ("list", "object") and all(is_right(bare, each) for each in listed)
    if fields["kind"] not in ("number", "integer"):
        return True
    return any(is_right(fields, quarter) for step in range(-40, 41) for quarter in (step / 4, step // 4))


def verdicts(fields: dict[str, Any], keys: list[str], data: Any) -> list[str]:
    """Return what is found of each value that a path leads to: right, absent, absent in an item, or wrong."""
    if data is None:
        return ["right" if fields["optional"] else "absent"]
    if not keys:
        return ["right" if is_right(fields, data) else "wrong"]
    if isinstance(data, list):
        found = [each for item in data for each in verdicts(fields, keys, item)]
        return ["absent in an item" if each == "absent" else each for each in found]
    return verdicts(fields, keys[1:], data.get(keys[0])) if isinstance(data, dict) else ["wrong"]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_found_is_what_the_specification_says(seed: int) -> None:
    random, counted = Random(seed), dict.fromkeys(("right", "absent", "absent in an item", "wrong"), 0)
    for _ in range(ROUNDS):
        fields, data = some_expectation(random), some_data(random)
        if not can_be_met(fields):
            continue
        keys = random.choices(KEYS, k=random.randrange(1, 4))
        path = ".".join(keys)
        first = next((each for each in verdicts(fields, keys, data) if each != "right"), "right")
        found = find_unexpected({path: Expectation.model_validate(fields)}, data)
        counted[first] += 1
        assert [(each.path, each.is_missing) for each in found] == (
            [] if first == "right" else [(path, first == "absent")]
        ), (fields, keys, data)
    assert min(counted.values()) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_an_expectation_is_refused_exactly_where_nothing_can_meet_it(seed: int) -> None:
    random, counted = Random(1_000 + seed), {True: 0, False: 0}
    for _ in range(ROUNDS):
        fields = some_expectation(random)
        wanted = can_be_met(fields)
        counted[wanted] += 1
        try:
            Expectation.model_validate(fields)
            is_taken = True
        except ValidationError:
            is_taken = False
        assert is_taken == wanted, fields
    assert min(counted.values()) > ROUNDS / 20


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_may_be_as_old_as_is_allowed_to_the_microsecond(seed: int) -> None:
    random, now = Random(2_000 + seed), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    for _ in range(ROUNDS):
        number, unit = random.randrange(1, 50), random.choice("mhd")
        most = number * {"m": 60, "h": 3_600, "d": 86_400}[unit] * 10**6
        age = random.choice((most, most + 1, most - 1, most + random.randrange(-most, most), -60_000_000, -60_000_001))
        told = find_age_fault(f"{number}{unit}", now - timedelta(microseconds=age), now)
        assert (told is None) == (-60_000_000 <= age <= most), (number, unit, age, told)


def test_the_judge_knows_what_the_specification_says() -> None:
    number = {"kind": "number", "optional": False, "at_least": 0}
    assert verdicts(number, ["a"], {"a": 0}) == ["right"]
    assert verdicts(number, ["a"], {"a": True}) == ["wrong"]
    assert verdicts(number, ["a", "b"], {"a": [{"b": 1}, {}]}) == ["right", "absent in an item"]
    assert not can_be_met({"kind": "integer", "above": 0, "below": 1})
    assert can_be_met({"kind": "number", "above": 0, "below": 1})
