"""What a check works out of facts weakens a decision where it comes closer to its limit, by fractions alone."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from policies.assurance.tripwires import Watched, find_drift
from policies.team.checks import RoleChecks

Facts = Mapping[str, Any]
Drawn = tuple[str, Callable[[Facts], Fraction]]

NOW = "2026-03-02T10:00:00.000+00:00"
SIGNS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}
ORDERS: Mapping[str, Callable[[Fraction, Fraction], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def draw_term(random: Random, depth: int) -> Drawn:
    """Return an expression of numbers of which fractions and floats are the same, and what it is worth."""
    if depth and random.random() < 0.5:
        sign = random.choice([*SIGNS])
        (left, of_left), (right, of_right) = draw_term(random, depth - 1), draw_term(random, depth - 1)
        return f"({left} {sign} {right})", lambda facts: SIGNS[sign](of_left(facts), of_right(facts))
    number, item = random.choice((1, 2.5, 0.25)), random.randrange(3)
    return random.choice(
        (
            ("facts.a", lambda facts: Fraction(facts["a"])),
            ('facts["b.c"].d', lambda facts: Fraction(facts["b.c"]["d"])),
            (f"facts.l[{item}]", lambda facts: Fraction(facts["l"][item])),
            ("double(size(facts.l))", lambda facts: Fraction(len(facts["l"]))),
            ("-facts.a", lambda facts: -Fraction(facts["a"])),
            (repr(number), lambda _: Fraction(number)),
        )
    )


def draw_facts(random: Random) -> Facts:
    def number() -> float:
        return random.randrange(-20, 20) / 4

    return {"a": number(), "b.c": {"d": number()}, "l": [number() for _ in range(random.choice((3, 4, 5)))]}


@pytest.mark.parametrize("seed", range(3))
def test_a_decision_weakens_where_what_is_worked_out_comes_closer(seed: int) -> None:
    random, seen = Random(seed), set()
    for number in range(400):
        (left, of_left), (right, of_right) = draw_term(random, 2), draw_term(random, 2)
        sign, then, now = random.choice([*ORDERS]), draw_facts(random), draw_facts(random)
        if "facts" not in left + right:
            continue
        position = {"stance": "go", "summary": "Yes.", "actions": ["Go."]}
        check = {"when": f"{left} {sign} {right}", **position, "stance": "block"}
        role = RoleChecks.model_validate({"title": "R", "checks": [check], "otherwise": position})

        sides = [(of_left(facts), of_right(facts)) for facts in (then, now)]
        answers, gaps = [ORDERS[sign](*pair) for pair in sides], [abs(one - other) for one, other in sides]
        expected = "reopen" if answers[0] != answers[1] else "weakened" if gaps[1] < gaps[0] else "holds"
        found = find_drift(Watched(then, (), {"r": role}), now, NOW)
        assert found.verdict == expected, (seed, number, check["when"], then, now)
        distances = [found.tripwires[0].then.distance, found.tripwires[0].now and found.tripwires[0].now.distance]
        signed = [-gap if answer else gap for gap, answer in zip(gaps, answers, strict=True)]
        assert [Fraction(each or 0) for each in distances] == signed
        seen.add(expected)

    assert seen == {"holds", "weakened", "reopen"}
