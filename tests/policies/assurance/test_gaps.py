"""What numbers a condition compares, and how far they are from each other."""

import pytest

from policies.assurance.gaps import gap_between, inequalities_on, number_of

FACTS = {"a": 4, "b": 2.5, "t": "x", "l": [1, 2], "o": {"a.b": 7}, "n": None, "ok": True}


@pytest.mark.parametrize(
    ("when", "found"),
    [
        ("facts.a > 5", [("a", "above", 4, 5)]),
        ("5 > facts.a", [("a", "below", 4, 5)]),
        ("5 <= facts.a", [("a", "at_least", 4, 5)]),
        ("facts.b <= facts.a && facts.a < -1", [("b", "at_most", 2.5, 4), ("a", "below", 4, -1)]),
        ('facts.o["a.b"] >= 7.0', [('o["a.b"]', "at_least", 7, 7.0)]),
        ("facts.a + 1 > 5", [("a + 1", "above", 5, 5)]),
        ("facts.a > 2 + 3", [("a", "above", 4, 5)]),
        ("-(facts.a - facts.b) * 2.0 < 0", [("(-(a - b)) * 2.0", "below", -3.0, 0)]),
        ("facts.a / 8 > 0.2", [("a / 8", "above", 0.5, 0.2)]),
        ("double(facts.a) > 3.0", [("double(a)", "above", 4.0, 3.0)]),
        ("facts.l.size() < size(facts.t)", [("size(l)", "below", 2, 1)]),
        ("facts.l[0] > 1", [("l[0]", "above", 1, 1)]),
        ("facts.a > facts.l[1]", [("a", "above", 4, 2)]),
        ("1 > 2", []),
        ("size(facts.l) / 2 > 0", []),
        ("facts.a / 0 > 1", []),
        ("facts.b * 1e308 * 1e308 > 1.0", []),
        ("facts.t + 1 > 2", []),
        ("-facts.t > 2", []),
        ("double(facts.t) > 2.0", []),
        ("size(facts.a) > 2", []),
        ("size(facts.l.filter(i, i > 1)) > 2", []),
        ("facts.l[2] > 1", []),
        ("facts.l[0].x > 1", []),
        ("facts.l.map(i, i)[0] > 1", []),
        ("facts.a == 4", []),
        ('facts.t > "w"', []),
        ("facts.l.exists(i, i > 1)", []),
        ("facts.x > 1", []),
        ("facts.n > 1", []),
        ("facts.ok > false", []),
        ("1 in facts.l", []),
    ],
)
def test_inequalities_in_a_condition(when: str, found: list[object]) -> None:
    orders = inequalities_on(when, FACTS)

    assert [(each.fact.text, each.comparison, each.fact.value, each.limit.value) for each in orders] == found


@pytest.mark.parametrize(("sign", "answers"), [("<", "100"), ("<=", "110"), (">", "001"), (">=", "011")])
def test_an_inequality_says_whether_it_is_true_and_how_far_it_is_from_that(sign: str, answers: str) -> None:
    found = [inequalities_on(f"facts.a {sign} 4", {"a": a})[0] for a in (3, 4, 5)]

    assert "".join(str(int(each.holds)) for each in found) == answers
    assert [each.gap for each in found] == ([-1, 0, 1] if "<" in sign else [1, 0, -1])


def test_an_inequality_is_told_from_others_by_its_places_and_not_by_their_values() -> None:
    when = "facts.a > 5 || facts.a > facts.b || facts.a > 6 || !(facts.a > 5)"
    names = [each.name for each in inequalities_on(when, FACTS)]

    assert len({*names}) == 4
    assert names == [each.name for each in inequalities_on(when, {"a": 9, "b": 9})]


@pytest.mark.parametrize(
    ("when", "on_true", "on_false", "on_none"),
    [
        ("facts.a > 3 || facts.b > 3", "10", "01", "11"),
        ("facts.a > 3 && facts.b > 3", "10", "01", "11"),
        ("!(facts.a > 3) || !!(facts.b > 3)", "00", "11", "11"),
        ("facts.ok ? facts.a > 3 : facts.b > 3", "10", "01", "11"),
        ("(facts.a > 3 ? facts.b > 3 : facts.ok)", "10", "11", "11"),
        ("(facts.a > 3) != (facts.b > 3)", "11", "11", "11"),
        ("!((facts.a > 3) == (facts.b > 3))", "11", "11", "11"),
    ],
)
def test_the_answer_rests_on_what_could_turn_it(when: str, on_true: str, on_false: str, on_none: str) -> None:
    orders = inequalities_on(when, FACTS)

    assert ["".join(str(int(each.bears(answer))) for each in orders) for answer in (True, False, None)] == [
        *(on_true, on_false, on_none)
    ]


def test_gaps_are_exact_and_shown_as_numbers() -> None:
    assert gap_between(0.3, 0.1 + 0.2) < 0
    assert number_of(gap_between(5, 3), 5, 3) == 2
    assert isinstance(number_of(gap_between(5, 3), 5, 3), int)
    assert number_of(gap_between(0.03, 0.026), 0.03, 0.026) == 0.004
    assert number_of(gap_between(1.7e308, -1.7e308), 1.7e308, -1.7e308) is None
    assert str(number_of(gap_between(0.0, -0.0), 0.0, -0.0)) == "0.0"
