"""Plain values: what may enter the state, and what is said of the rest."""

import asyncio
import math
from typing import Any

import pytest

from graph.build import build_graph
from graph.teams.loader import load_team
from nodes.fetched import Fetched
from nodes.services import InputRefusedError, Services
from policies.plain import clean_text, find_unplain, is_plain, shown, written
from policies.team.team import Team

EDGE = 2**53 - 1


def nested(depth: int) -> Any:
    value: Any = "end"
    for level in range(depth - 1):
        value = [value] if level % 2 else {"in": value}
    return value


SCALARS = [None, True, False, 0, EDGE, -EDGE, 0.0, -1.5, 1e308, "", "text", "é😀", "x" * 20_000]
TREES: list[Any] = [[], {}, [None, [1]], {"": {"a": [1.5]}}, [0] * 1_000, dict.fromkeys(map(str, range(1_000)))]
AT_THE_LIMIT = [nested(32), [*[[0] * 999] * 19, [0] * 998]]


@pytest.mark.parametrize("value", [*SCALARS, *TREES, *AT_THE_LIMIT], ids=shown)
def test_json_values_within_the_limits_are_plain(value: object) -> None:
    assert find_unplain(value) is None
    assert is_plain(value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (math.nan, "the value is nan; allowed: finite numbers"),
        ({"a": [math.inf]}, "`a[0]` is inf; allowed: finite numbers"),
        ([{"rate": -math.inf}], "`[0].rate` is -inf; allowed: finite numbers"),
        ({"orders": EDGE + 1}, "`orders` is an integer beyond ±(2^53-1)"),
        ({"orders": -EDGE - 1}, "`orders` is an integer beyond ±(2^53-1)"),
        ([10**5_000], "`[0]` is an integer beyond ±(2^53-1)"),
        ("a\x00b", "the value has a NUL character or a lone surrogate"),
        ({"note": "\ud800"}, "`note` has a NUL character or a lone surrogate"),
        ({"a": {"\x00": 1}}, "`a` has a NUL character or a lone surrogate"),
        ({"\udfff": 1}, "the value has a NUL character or a lone surrogate"),
        ("x" * 20_001, "the value has 20001 characters; allowed: at most 20000"),
        ({"x" * 20_001: 1}, "the value has 20001 characters; allowed: at most 20000"),
        ({"list": [0] * 1_001}, "`list` has 1001 items; allowed: at most 1000"),
        ({"map": dict.fromkeys(map(str, range(1_001)))}, "`map` has 1001 keys; allowed: at most 1000"),
        ({"a": {3: 1}}, "`a` has the key 3; allowed: text keys"),
        ({None: 1}, "the value has the key None; allowed: text keys"),
        ({10**5_000: 1}, "the value has the key an int too large to be written; allowed: text keys"),
        ({"when": (1, 2)}, "`when` is a tuple; allowed: JSON values"),
        (b"bytes", "the value is a bytes; allowed: JSON values"),
        ([{1}], "`[0]` is a set; allowed: JSON values"),
        ([*[[0] * 999] * 19, [0] * 999], "the value has more than 20000 parts"),
        ([0] * 1_001, "the value has 1001 items; allowed: at most 1000"),
    ],
    ids=shown,
)
def test_what_is_not_plain_is_named_with_its_place(value: object, sentence: str) -> None:
    assert find_unplain(value) == sentence
    assert not is_plain(value)


@pytest.mark.parametrize("depth", [33, 40, 100_000])
def test_nesting_ends_at_32_levels(depth: int) -> None:
    sentence = find_unplain(nested(depth))

    assert sentence is not None
    assert sentence.endswith("is nested deeper than 32 levels")
    assert len(sentence) < 200


def test_the_first_of_several_faults_is_named() -> None:
    assert find_unplain({"a": 1, "b": math.nan, "c": object()}) == "`b` is nan; allowed: finite numbers"
    assert find_unplain([1, "\x00", math.nan]) == "`[1]` has a NUL character or a lone surrogate"


def test_a_value_that_holds_itself_is_not_plain() -> None:
    loop: list[Any] = []
    loop.append(loop)

    assert not is_plain(loop)


async def no_facts(team: Team) -> Fetched:
    return Fetched(team.own_facts or {})


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"goal": "Open\x00?"}, "`goal`: it has a NUL character or a lone surrogate"),
        ({"facts": {"orders": EDGE + 1}}, "`orders` is an integer beyond ±(2^53-1)"),
        ({"facts": nested(1_000)}, "nested deeper than 32 levels"),
    ],
    ids=shown,
)
def test_a_run_is_refused_a_goal_or_facts_that_are_not_plain(inputs: dict[str, Any], sentence: str) -> None:
    graph: Any = build_graph(load_team("checkout_launch"), Services({}, no_facts)).compile()

    with pytest.raises(InputRefusedError) as caught:
        asyncio.run(graph.ainvoke(inputs))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("plain", "plain"),
        ("\x00", ""),
        ("a\x00\x00b", "ab"),
        ("\ud800", "\ufffd"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("😀\ud83d", "😀\ufffd"),
        ("\ufeffbom", "\ufeffbom"),
    ],
)
def test_text_is_cleaned_of_nul_and_lone_surrogates(text: str, kept: str) -> None:
    assert clean_text(text) == kept


def test_a_value_is_written_as_python_writes_it_where_it_can_be() -> None:
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]

    assert written({"a": [1, "x"]}) == "{'a': [1, 'x']}"
    assert written(10**5_000) == "an int too large to be written"
    assert written(deep) == "a list too large to be written"


def test_a_value_is_shown_with_at_most_80_characters() -> None:
    assert shown("x" * 78) == repr("x" * 78)
    assert shown("x" * 79) == f"'{'x' * 76}..."
    assert len(shown("x" * 1_000_000)) == 80
