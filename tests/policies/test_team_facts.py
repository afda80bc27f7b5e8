"""Team facts: what is said of guards and checks that a team file's own facts do not fit, and what is left alone."""

from typing import Any

import pytest

from policies.team.facts import find_unusable

FACTS: dict[str, Any] = {
    "safety": {"open_recalls": 0, "officer": None, "region": "US", "lots": [{"late": 1}, {}]},
    "limits": {"rate": 0.03, "word": "many"},
    "customer": {"name": "Ada Lovelace", "age": 36},
}


def guard(fact: str, **comparison: Any) -> dict[str, Any]:
    return {"name": fact, "fact": fact, "cap": "no_go", **comparison}


def check(when: str) -> dict[str, Any]:
    return {"when": when, "stance": "block", "summary": "No.", "actions": ["Wait."]}


def unusable(facts: dict[str, Any] = FACTS, **raw: Any) -> dict[str, str]:
    """What is said of each field."""
    found = [each.problem for each in find_unusable(raw, facts)]
    assert len({each.path for each in found}) == len(found)
    return {".".join(map(str, each.path)): each.message for each in found}


def of_checks(*whens: str, facts: dict[str, Any] = FACTS, **role: Any) -> dict[str, str]:
    return unusable(facts, roles={"risk": {"checks": [check(when) for when in whens], **role}})


NEAR = "the nearest path is `safety.open_recalls`, a number; correct the path, or add the fact"
GUARDS: list[tuple[dict[str, Any], str, str]] = [
    (guard("safety.open_recals", above=0), "fact", f"`safety.open_recals` is not in the facts; {NEAR}"),
    (guard("facts.safety.open_recals", above=0), "fact", f"`safety.open_recals` is not in the facts; {NEAR}"),
    (
        guard("safety.open_recalls", above="safety.open_recal"),
        "above",
        f"`safety.open_recal` is not in the facts; {NEAR}",
    ),
    (guard("safety.region", above=0), "fact", "`safety.region` is text, not a number; correct the path, or the value"),
    (guard("safety", above=0), "fact", "`safety` is an object, not a number; correct the path, or the value"),
    (
        guard("safety.officer", above=0),
        "fact",
        "`safety.officer` is null, not a number; correct the path, or the value",
    ),
    (guard("limits.rate", below="limits.word"), "below", "`limits.word` is text, not a number"),
    (guard("safety.region", equals=1), "fact", "`safety.region` is text, and its limit is a number"),
    (guard("safety.region", equals="limits.rate"), "fact", "`safety.region` is text, and its limit is a number"),
    (guard("safety.region", equals="St.Gallen"), "equals", "text with a dot is read as a path; correct the path"),
    (guard("safety.officer", equals="Ada"), "fact", "`safety.officer` is null, not a single value"),
]


@pytest.mark.parametrize(("raw", "field", "said"), GUARDS)
def test_a_guard_that_the_facts_do_not_fit_is_named_with_what_is_there(
    raw: dict[str, Any], field: str, said: str
) -> None:
    found = unusable(guards=[guard("limits.rate", above=1), raw])

    assert list(found) == [f"guards.1.{field}"]
    assert found[f"guards.1.{field}"].startswith("cannot be used: ")
    assert said in found[f"guards.1.{field}"]


def test_both_sides_of_a_guard_are_named() -> None:
    assert list(unusable(guards=[guard("safety.lost", above="limits.lost")])) == ["guards.0.fact", "guards.0.above"]


@pytest.mark.parametrize(
    "raw",
    [
        guard("safety.open_recalls", above=0),
        guard("facts.safety.open_recalls", above="facts.limits.rate"),
        guard("safety.region", equals="EU"),
        guard("customer.age", above=18),
        {"name": "no comparison", "fact": "safety.lost", "cap": "no_go"},
        {"name": "no path", "fact": "safety..lost", "above": 1, "cap": "no_go"},
        "a guard",
        None,
    ],
)
def test_a_guard_that_fits_and_what_is_none_are_left_alone(raw: Any) -> None:
    assert unusable(guards=[raw]) == {}


@pytest.mark.parametrize("raw", [{}, {"guards": None}, {"guards": 5}, {"roles": []}, {"roles": {"risk": None}}])
def test_what_is_not_of_a_team_s_form_is_left_alone(raw: dict[str, Any]) -> None:
    assert unusable(**raw) == {}


def test_a_check_that_the_facts_do_not_fit_is_named_whoever_speaks() -> None:
    expected = f"cannot be used: `safety.open_recals` is not in the facts; {NEAR}"
    for role in ({}, {"voice": "model"}, {"voice": "rules"}, {"enabled": False}):
        found = of_checks("facts.safety.open_recalls > 5.0", "facts.safety.open_recals > 0.0", **role)
        assert found == {"roles.risk.checks.1.when": expected}


CHECKS = {
    "facts.safety.region > 1.0": "`safety.region` is text, and `>` compares it with a number; correct the path, or",
    "facts.safety.region == 1": "`safety.region` is text, and `==` compares it with a number",
    "facts.safety.officer > 1.0": "`safety.officer` is null; correct the path, or the value",
    "facts.safety.officer * 2.0 > 1.0": "`safety.officer` is null; correct the path, or the value",
    "facts.safety.region * 2.0 > 1.0": "it cannot be evaluated: ",
    "facts.safety.lots.exists(lot, lot.late > 9.0)": "`safety.lots[*].late` is not in every item; correct the path",
    "facts.limits.rate / facts.safety.open_recalls > 1.0": "it cannot be evaluated: division by zero; it reads `limits",
    "facts.safety.lost == true": "`safety.lost` is not in the facts",
}


@pytest.mark.parametrize("when", CHECKS)
def test_what_a_check_cannot_use_is_said(when: str) -> None:
    (said,) = of_checks(when).values()

    assert CHECKS[when] in said


@pytest.mark.parametrize(
    "when",
    [
        "facts.safety.open_recalls > 0.0",
        "!has(facts.legal)",
        "has(facts.legal) && facts.legal > 1.0",
        "facts.safety.officer == null",
        "facts.nope >",
        "nope > 1",
        "facts.safety.open_recalls",
    ],
)
def test_a_check_that_fits_and_what_is_none_are_left_alone(when: str) -> None:
    assert of_checks(when) == {}


@pytest.mark.parametrize("raw", [None, 5, {}, {"when": 5}, {"when": None}])
def test_a_check_without_a_condition_is_left_alone(raw: Any) -> None:
    assert unusable(roles={"risk": {"checks": [raw]}}) == {}


def test_only_the_checks_that_a_role_comes_to_are_evaluated_but_the_paths_of_all_are_looked_at() -> None:
    zero = "facts.limits.rate / facts.safety.open_recalls > 1.0"

    assert list(of_checks("facts.safety.open_recalls == 0.0", zero)) == []
    assert list(of_checks("facts.safety.open_recalls > 0.0", zero)) == ["roles.risk.checks.1.when"]
    assert list(of_checks(zero, zero)) == ["roles.risk.checks.0.when"]
    assert list(of_checks("true", "facts.safety.lost > 1.0")) == ["roles.risk.checks.1.when"]
    assert list(of_checks("facts.safety.lost > 1.0", zero)) == ["roles.risk.checks.0.when"]


def test_private_facts_are_judged_as_they_are_and_never_shown() -> None:
    private: dict[str, Any] = {"private": ["customer.name", "facts.customer.age", 5]}
    checks = [check("facts.customer.age > 18.0"), check("facts.customer.nam == 'x'")]
    age: dict[str, Any] = {"roles": {"risk": {"checks": checks}}}
    found = unusable(**private, **age, guards=[guard("customer.ag", above=1), guard("customer.age", above=1)])

    assert list(found) == ["guards.0.fact", "roles.risk.checks.1.when"]
    assert all("Ada" not in said and "36" not in said for said in found.values())
    assert all("customer.name`" not in said and "customer.age`" not in said for said in found.values())


def test_a_fact_that_the_team_requires_may_be_missing_or_null_and_not_of_another_kind() -> None:
    raw: dict[str, Any] = {
        "guards": [guard("safety.lost", above=0), guard("safety.officer", above=0), guard("safety.region", above=0)],
        "roles": {"risk": {"checks": [check("facts.safety.lost.deeper > 1.0"), check("facts.safety.officer > 1.0")]}},
        "requires": ["facts.safety.lost", "safety.officer", "safety.region", 5],
    }

    assert list(unusable(**raw)) == ["guards.2.fact"]
    assert list(unusable(**raw | {"requires": ["safety"]})) == [
        *("guards.0.fact", "guards.1.fact", "guards.2.fact", "roles.risk.checks.0.when", "roles.risk.checks.1.when"),
    ]


def test_the_fact_that_a_problem_is_about_is_named() -> None:
    raw = {"guards": [guard("safety.lost", above=0)], "roles": {"risk": {"checks": [check("int('x') > 1")]}}}

    assert [each.fact for each in find_unusable(raw, FACTS)] == [("safety", "lost"), ()]


COMPARED: dict[str, dict[str, Any]] = {
    'facts.level in ["high", "critical"]': {"level": 3},
    "facts.level in facts.bad": {"level": 3, "bad": ["3"]},
    '"x" in facts.l': {"l": [1, 2]},
    'facts.region == ["US"]': {"region": "US"},
    "facts.p + 1 == facts.q": {"p": 3, "q": "4"},
    "facts.p == string(3)": {"p": 3},
    "facts.p == 3": {"p": None},
    "facts.l.exists(i, i.p == 3)": {"l": [{"p": "3"}, {"p": 1}]},
    "facts.l.exists(i, i.p > 3)": {"l": [{"p": 5}, {"p": "9"}]},
    "facts.l.all(i, i > 3)": {"l": ["5", 1]},
}


@pytest.mark.parametrize("when", COMPARED)
def test_a_check_that_cannot_compare_the_file_s_facts_is_a_problem_of_the_file(when: str) -> None:
    found = of_checks(when, facts=COMPARED[when])

    assert list(found) == ["roles.risk.checks.0.when"]
    assert found["roles.risk.checks.0.when"].endswith("; correct the path, or the value")


def test_a_check_that_an_earlier_one_decides_is_compared_too() -> None:
    found = of_checks("true", "facts.safety.region in [1]")

    assert list(found) == ["roles.risk.checks.1.when"]
