"""What numbers a condition compares, and how far they are from each other."""

import pytest

from policies.assurance.gaps import gap_between, number_of, orders_on

FACTS = {"a": 4, "b": 2.5, "t": "x", "l": [1, 2], "o": {"a.b": 7}, "n": None, "ok": True}


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("facts.a > 5", [(("a",), "above", 4, 5, False)]),
        ("5 > facts.a", [(("a",), "below", 4, 5, False)]),
        ("5 <= facts.a", [(("a",), "at_least", 4, 5, False)]),
        ("facts.b <= facts.a && facts.a < -1", [(("b",), "at_most", 2.5, 4, False), (("a",), "below", 4, -1, False)]),
        ('facts.o["a.b"] >= 7.0', [(("o", "a.b"), "at_least", 7, 7.0, True)]),
        ("facts.a == 4", []),
        ('facts.t > "w"', []),
        ("facts.a + 1 > 5", []),
        ("facts.a > 2 + 3", []),
        ("facts.l.exists(i, i > 1)", []),
        ("facts.l[0] > 1", []),
        ("facts.a > facts.l[0]", []),
        ("facts.x > 1", []),
        ("facts.n > 1", []),
        ("facts.ok > false", []),
        ("1 in facts.l", []),
    ],
)
def test_orders_of_numbers_in_a_condition(when: str, found: list[object]) -> None:
    orders = orders_on(when, FACTS)

    assert [(each.fact, each.comparison, each.value, each.limit) for each in orders] == [each[:4] for each in found]  # type: ignore[index]
    assert all(each.gap == abs(each.value - each.limit) for each in orders)


@pytest.mark.parametrize(("sign", "answers"), [("<", "100"), ("<=", "110"), (">", "001"), (">=", "011")])
def test_an_order_says_whether_it_is_true(sign: str, answers: str) -> None:
    [orders] = [[orders_on(f"facts.a {sign} 4", {"a": a})[0].holds for a in (3, 4, 5)]]

    assert "".join(str(int(each)) for each in orders) == answers


def test_an_order_is_told_from_others_by_its_places_and_not_by_their_values() -> None:
    when = "facts.a > 5 || facts.a > facts.b || facts.a > 6"
    names = [each.name for each in orders_on(when, FACTS)]

    assert len({*names}) == 3
    assert names == [each.name for each in orders_on(when, {"a": 9, "b": 9})]


def test_what_walks_over_too_much_is_not_measured() -> None:
    when = "facts.l.all(i, facts.l.all(j, i + j > 0)) && facts.a > 5"
    many = {"a": 4, "l": [{"k" * number: 1} for number in range(300)]}

    assert orders_on(when, many) == []
    assert [each.value for each in orders_on(when, FACTS)] == [4]


def test_gaps_are_exact_and_shown_as_numbers() -> None:
    assert gap_between(0.3, 0.1 + 0.2) < 0
    assert number_of(gap_between(5, 3), 5, 3) == 2
    assert isinstance(number_of(gap_between(5, 3), 5, 3), int)
    assert number_of(gap_between(0.03, 0.026), 0.03, 0.026) == 0.004
    assert number_of(gap_between(1.7e308, -1.7e308), 1.7e308, -1.7e308) is None
    assert str(number_of(gap_between(0.0, -0.0), 0.0, -0.0)) == "0.0"
