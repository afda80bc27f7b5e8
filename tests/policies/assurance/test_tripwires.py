"""What becomes of a decision on facts of a later day."""

from typing import Any

import pytest

from policies.assurance.tripwires import MAX_CHANGED, Change, Drift, Tripwire, Watched, find_drift
from policies.decision.guards import Guard
from policies.team.checks import RoleChecks

LATER = "2026-03-05T10:00:00.000+00:00"
FRAUD = Guard(name="fraud", fact="risk.rate", at_least="limits.rate", cap="no_go")


def said(stance: str, summary: str = "So it is.") -> dict[str, Any]:
    return {"stance": stance, "summary": summary, "actions": ["Act."]}


def role(*checks: tuple[str, str], otherwise: str = "go") -> RoleChecks:
    asked = [{"when": when, **said(stance)} for when, stance in checks]
    return RoleChecks.model_validate({"title": "Risk", "checks": asked, "otherwise": said(otherwise)})


def drift(facts: dict[str, Any], later: dict[str, Any] | None, *parts: Guard | RoleChecks, **more: Any) -> Drift:
    guards = tuple(part for part in parts if isinstance(part, Guard))
    checks = {f"r{number}": part for number, part in enumerate(parts) if isinstance(part, RoleChecks)}
    return find_drift(Watched(facts, guards, checks, **more), later, LATER)


def only(found: Drift) -> Tripwire:
    [tripwire] = found.tripwires
    return tripwire


def rates(rate: Any, limit: Any = 0.03) -> dict[str, Any]:
    return {"risk": {"rate": rate}, "limits": {"rate": limit}}


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        (rates(0.02), rates(0.02), "holds"),
        (rates(0.02), rates(0.01), "holds"),
        (rates(0.02), rates(0.02000001), "weakened"),
        (rates(0.02), rates(0.02, 0.029), "weakened"),
        (rates(0.02), rates(0.03), "reopen"),
        (rates(0.04), rates(0.05), "holds"),
        (rates(0.04), rates(0.035), "weakened"),
        (rates(0.04), rates(0.02), "reopen"),
        (rates(0.02), rates(None), "reopen"),
        (rates(0.04), rates("high"), "reopen"),
        (rates(None), rates("high"), "holds"),
        (rates(None), rates(0.04), "reopen"),
        (rates(1e308, -1e308), rates(1e308, -1e307), "weakened"),
    ],
)
def test_a_guard_holds_weakens_or_reopens(then: dict[str, Any], now: dict[str, Any], verdict: str) -> None:
    found = drift(then, now, FRAUD)

    assert (found.verdict, only(found).verdict) == (verdict, verdict)


def test_a_guard_shows_its_values_and_distances() -> None:
    found = only(drift(rates(0.026), rates(0.034), FRAUD))

    assert (found.kind, found.name, found.role) == ("guard", "fraud", None)
    assert (found.fact, found.comparison) == ("risk.rate", "at_least")
    then, now = found.then, found.now
    assert now is not None
    assert (then.answer, then.value, then.limit, then.distance) == ("clear", 0.026, 0.03, 0.004)
    assert (now.answer, now.value, now.limit, now.distance) == ("tripped", 0.034, 0.03, -0.004)
    assert (then.check, then.fault, now.fault) == (None, None, None)


def test_a_guard_that_can_not_be_read_any_more_says_why() -> None:
    found = only(drift(rates(0.02), rates([1]), FRAUD))

    assert found.now is not None
    assert (found.now.answer, found.now.value) == ("unreadable", None)
    assert found.now.fault == "could not be read: risk.rate (it is a list, not a number)"


def test_an_equality_has_no_distance_and_never_weakens() -> None:
    guard = Guard(name="region", fact="region", equals="EU", cap="no_go")

    assert drift({"region": "US"}, {"region": "UK"}, guard).verdict == "holds"
    assert drift({"region": "US"}, {"region": "EU"}, guard).verdict == "reopen"


ALERTS = role(("facts.alerts > 5", "block"), ("facts.alerts > 2 || facts.rate >= facts.limit", "caution"))


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        ((1, 0.1), (1, 0.1), "holds"),
        ((1, 0.1), (0, 0.1), "holds"),
        ((1, 0.1), (2, 0.1), "weakened"),
        ((1, 0.1), (1, 0.2), "weakened"),
        ((1, 0.1), (6, 0.1), "reopen"),
        ((3, 0.1), (3, 0.5), "holds"),
        ((3, 0.5), (3, 0.1), "weakened"),
        ((6, 0.1), (7, 0.4), "holds"),
        ((7, 0.1), (6, 0.1), "weakened"),
        ((1, 0.1), ("many", 0.1), "reopen"),
        (("many", 0.1), (None, 0.1), "holds"),
    ],
)
def test_the_checks_of_a_role_hold_weaken_or_reopen(then: tuple[Any, Any], now: tuple[Any, Any], verdict: str) -> None:
    facts = [{"alerts": alerts, "rate": rate, "limit": 0.5} for alerts, rate in (then, now)]
    found = drift(facts[0], facts[1], ALERTS)

    assert (found.verdict, only(found).verdict) == (verdict, verdict)


def test_another_check_with_the_same_words_is_no_other_position() -> None:
    checks = role(("facts.a > 5", "block"), ("facts.b > 5", "block"))

    assert drift({"a": 6, "b": 0}, {"a": 0, "b": 6}, checks).verdict == "weakened"


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [((10, 0), (20, 0), "holds"), ((10, 0), (9, 0), "weakened"), ((110, 0), (10, 0), "weakened"),
     ((10, 0), (110, 0), "holds"), ((10, 0), (0, 1), "weakened"), ((0, 1), (99, 1), "holds")],
)  # fmt: skip
def test_what_makes_no_difference_weakens_nothing(then: tuple[int, int], now: tuple[int, int], verdict: str) -> None:
    facts = [{"a": a, "b": b} for a, b in (then, now)]
    in_one = role(("facts.a >= 100 || facts.a >= 5 || facts.b == 1", "block"))
    apart = role(("facts.a >= 100", "block"), ("facts.a >= 5", "block"), ("facts.b == 1", "block"))

    assert drift(facts[0], facts[1], apart).verdict == verdict
    assert facts[0]["b"] or facts[1]["b"] or drift(facts[0], facts[1], in_one).verdict == verdict


def test_a_position_that_only_a_later_check_gives_is_weaker() -> None:
    checks = role(('facts.region == "EU"', "block"), ("facts.a > 5", "block"))
    facts: list[dict[str, Any]] = [{"region": region, "a": 6} for region in ("EU", "US")]

    assert drift(facts[0], facts[1], checks).verdict == "weakened"
    assert drift(facts[1], facts[0], checks).verdict == "holds"


def test_what_a_list_has_and_what_is_worked_out_is_measured() -> None:
    checks = role(("facts.l[1] + double(size(facts.l)) > 2.0 + 5.0", "block"))
    found = only(drift({"l": [0, 1]}, {"l": [0, 1, 2]}, checks))

    assert (found.verdict, found.fact, found.then.limit, found.then.distance) == (
        "weakened",
        "l[1] + double(size(l))",
        7.0,
        4.0,
    )


@pytest.mark.parametrize(("guard", "when"), [({"at_least": 3}, ">= 3"), ({"below": 3}, "< 3")])
@pytest.mark.parametrize("values", [(1, 2), (2, 5), (5, 4), (4, 1), (3, 2)])
def test_the_distance_of_a_guard_and_of_a_check_mean_the_same(
    guard: dict[str, Any], when: str, values: tuple[int, int]
) -> None:
    facts = [{"a": a} for a in values]
    parts = Guard(name="a", fact="a", cap="no_go", **guard), role((f"facts.a {when}", "block"))
    one, other = drift(facts[0], facts[1], *parts).tripwires

    assert one.now is not None
    assert other.now is not None
    assert [one.then.distance, one.now.distance] == [other.then.distance, other.now.distance]


def test_each_changed_place_has_a_name_of_its_own() -> None:
    then = {"a.b": {"c": 1}, "a": {"b": {"c": 1}}, "l": [1, {"0": 1}], "o": {"0": 1, "*": 1}}
    now = {"a.b": {"c": 2}, "a": {"b": {"c": 2}}, "l": [2, {"0": 2}, 3], "o": {"0": 2, "*": 2}}

    assert [change.path for change in drift(then, now).changed] == [
        *('["a.b"].c', "a.b.c", "l[0]", 'l[1]["0"]', "l[2]", 'o["0"]', 'o["*"]'),
    ]


def test_the_places_that_a_macro_reads_are_named_first() -> None:
    checks = role(("facts.l.exists(i, i.n > 3)", "block"))
    found = drift({"b": 1, "l": [{"n": 1}]}, {"b": 2, "l": [{"n": 2}]}, checks)

    assert [change.path for change in found.changed] == ["l[0].n", "b"]


def test_checks_show_the_limit_that_was_crossed_and_how_far_it_is() -> None:
    found = only(drift({"alerts": 1, "rate": 0.4, "limit": 0.5}, {"alerts": 1, "rate": 0.75, "limit": 0.5}, ALERTS))

    assert (found.kind, found.role) == ("check", "r0")
    assert (found.name, found.fact) == ("facts.alerts > 2 || facts.rate >= facts.limit", "rate")
    then, now = found.then, found.now
    assert now is not None
    assert (found.comparison, then.value, then.limit, then.distance) == ("at_least", 0.4, 0.5, 0.1)
    assert (now.value, now.limit, now.distance) == (0.75, 0.5, -0.25)
    assert (then.answer, then.check, now.answer, now.check) == ("go", "otherwise", "caution", 2)


def test_checks_that_have_no_answer_say_why() -> None:
    found = only(drift({"alerts": 6}, {}, ALERTS))

    assert found.now is not None
    assert (found.now.answer, found.now.check, found.now.value) == ("unreadable", 1, None)
    assert found.now.fault is not None
    assert found.now.fault.startswith("role `r0`, check 1 (`facts.alerts > 5`): `alerts` is not in the facts")


def test_checks_without_numbers_show_what_they_read() -> None:
    checks = role(("facts.frozen == true", "block"), ('facts.region == "EU"', "caution"))
    same = only(drift({"frozen": False, "region": "US"}, {"frozen": False, "region": "US"}, checks))
    moved = only(drift({"frozen": False, "region": "US"}, {"frozen": True, "region": "US"}, checks))

    assert (same.name, same.fact, same.comparison, same.then.value) == ('facts.region == "EU"', "region", None, "US")
    assert moved.now is not None
    assert (moved.fact, moved.then.value, moved.now.value, moved.verdict) == ("frozen", False, True, "reopen")


@pytest.mark.parametrize("when", ["facts.items.exists(i, i > 3)", "facts.items == [1]"])
def test_checks_of_lists_are_compared_and_not_measured(when: str) -> None:
    checks = role((when, "block"))
    found = drift({"items": [1]}, {"items": [1, 9]}, checks)

    assert (found.verdict, only(found).comparison, only(found).then.value) == ("reopen", None, None)


def test_a_role_without_checks_holds_whatever_the_facts_are() -> None:
    found = only(drift({"a": 1}, {"a": 2}, role()))

    assert (found.name, found.fact, found.verdict, found.then.check) == ("otherwise", None, "holds", "otherwise")


def test_without_facts_nobody_knows_unless_the_decision_expired() -> None:
    found = drift(rates(0.02), None, FRAUD, ALERTS)
    assert (found.verdict, {each.verdict for each in found.tripwires}) == ("unknown", {"unknown"})
    assert {each.now for each in found.tripwires} == {None}

    over = drift(rates(0.02), None, FRAUD, expires_at=LATER)
    assert (over.verdict, over.expired) == ("reopen", True)


@pytest.mark.parametrize(
    ("until", "expired"),
    [("2026-03-05T10:00:00.001+00:00", False), (LATER, True), ("2026-03-05T09:59:59.999+00:00", True), (None, False)],
)
def test_a_decision_expires_at_its_time(until: str | None, expired: bool) -> None:
    found = drift(rates(0.02), rates(0.02), FRAUD, expires_at=until)

    assert (found.expired, found.expires_at) == (expired, until)
    assert found.verdict == ("reopen" if expired else "holds")


def test_what_changed_is_named_with_what_tripwires_read_first() -> None:
    then = {"about": "Monday", **rates(0.02), "alerts": 1, "gone": 1, "owner": "(withheld)"}
    now = {"about": "Tuesday", **rates(0.025), "alerts": 2, "new": [1], "owner": "Ada"}

    assert drift(then, now, FRAUD, role(("facts.alerts > 5", "block"))).changed == (
        Change("risk.rate", 0.02, 0.025),
        Change("alerts", 1, 2),
        Change("about", "Monday", "Tuesday"),
        Change("gone", 1, None),
        Change("owner", "private, so not shown", "Ada"),
        Change("new", None, [1]),
    )


def test_of_many_changes_so_many_are_named() -> None:
    facts = [{f"f{number}": number + more for number in range(MAX_CHANGED + 20)} for more in (0, 1)]

    assert len(drift(facts[0], facts[1]).changed) == MAX_CHANGED
