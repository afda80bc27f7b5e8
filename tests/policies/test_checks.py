"""Checks: what the roles of the shipped teams say by their own rules, and what is said of a fact that is missing."""

from copy import deepcopy
from typing import Any

import pytest

from graph.teams.loader import load_team, shipped_teams
from policies.decision.outcome import decide
from policies.decision.table import Policy
from policies.decision.vote import Vote
from policies.team.checks import Unanswered, find_needed, stance_of
from policies.team.fields import Position
from policies.team.team import Check, Role, Team

LAUNCH = load_team("checkout_launch")
FACTS: dict[str, Any] = LAUNCH.own_facts or {}


def with_facts(path: str, value: Any, facts: dict[str, Any] = FACTS) -> dict[str, Any]:
    """The facts with the value at the dotted path; without it where the value is Ellipsis."""
    changed = deepcopy(facts)
    *groups, name = path.split(".")
    inner = changed
    for group in groups:
        inner = inner[group]
    inner[name] = value
    if value is ...:
        del inner[name]
    return changed


def stance(role: str, facts: dict[str, Any]) -> str:
    position = stance_of(LAUNCH.roles[role], facts)
    assert isinstance(position, Position)
    return position.stance


def by_rules(team: Team, **enabled: bool) -> Team:
    roles = {
        name: role.model_copy(update={"voice": "rules", "enabled": enabled.get(name, role.enabled)})
        for name, role in team.roles.items()
    }
    return team.model_copy(update={"roles": roles})


def role_with(*checks: tuple[str, str]) -> Role:
    """A role with a check (condition, summary) each, and an `otherwise` that blocks."""
    positions = tuple(Check(when=when, stance="go", summary=summary, actions=("Go.",)) for when, summary in checks)
    otherwise = Position(stance="block", summary="Otherwise.", actions=("Wait.",))
    return Role(title="Role", mandate="Judge.", checks=positions, otherwise=otherwise)


def test_under_rules_the_reference_case_gives_three_times_go_and_go() -> None:
    stances = {name: stance_of(LAUNCH.roles[name], FACTS) for name in LAUNCH.sequence}
    casts = {name: said.stance for name, said in stances.items() if isinstance(said, Position)}

    assert list(casts.values()) == ["go", "go", "go"]
    assert decide(LAUNCH.policy, Vote({**casts}, LAUNCH.budget.min_go_votes)).final == "go"


def test_under_rules_the_second_team_weighs_its_own_facts() -> None:
    team = load_team("cold_storage")
    positions = [stance_of(team.roles[name], team.own_facts or {}) for name in team.sequence]

    assert [said.stance for said in positions if isinstance(said, Position)] == ["go", "go", "caution", "go"]


@pytest.mark.parametrize(
    ("role", "path", "value", "expected"),
    [
        ("demand_analyst", "demand_signals.traffic_risk", "high", "block"),
        ("demand_analyst", "demand_signals.traffic_risk", "low", "go"),
        ("demand_analyst", "demand_signals.conversion_lift_pct", 0.0, "caution"),
        ("demand_analyst", "demand_signals.conversion_lift_pct", 0, "caution"),
        ("demand_analyst", "demand_signals.conversion_lift_pct", 0.1, "go"),
        ("finance_analyst", "finance_signals.promo_cost_usd", 684_000.0, "block"),
        ("finance_analyst", "finance_signals.promo_cost_usd", 683_999.99, "go"),
        ("finance_analyst", "finance_signals.expected_margin_pct", 9.99, "caution"),
        ("finance_analyst", "finance_signals.expected_margin_pct", 10.0, "go"),
        ("risk_analyst", "risk_signals.failed_payment_rate", 0.03, "block"),
        ("risk_analyst", "risk_signals.failed_payment_rate", 0.0299, "go"),
        ("risk_analyst", "risk_signals.critical_incidents", 1, "block"),
        ("risk_analyst", "risk_signals.chargeback_alerts", 6, "caution"),
        ("risk_analyst", "risk_signals.chargeback_alerts", 5, "go"),
    ],
)
def test_a_fact_on_each_side_of_its_limit_gives_its_stance(role: str, path: str, value: Any, expected: str) -> None:
    assert stance(role, with_facts(path, value)) == expected


def test_the_first_check_that_holds_is_the_position() -> None:
    role = role_with(("facts.n > 10", "Large."), ("facts.n > 5", "Medium."), ("facts.n > 0", "Small."))

    said = [stance_of(role, {"n": number}) for number in (11, 6, 1, 0)]

    assert [position.summary for position in said if isinstance(position, Position)] == [
        *("Large.", "Medium.", "Small.", "Otherwise."),
    ]


def test_a_role_without_checks_says_its_otherwise() -> None:
    said = stance_of(role_with(), {})

    assert isinstance(said, Position)
    assert said.summary == "Otherwise."


def test_a_role_without_otherwise_cannot_speak_by_rules() -> None:
    with pytest.raises(ValueError, match="'Role' has no checks"):
        stance_of(Role(title="Role", mandate="Judge."), {})


LACKING: list[tuple[str, dict[str, Any], str]] = [
    ("facts.rate > 0.5", {}, "rate"),
    ("facts.rate > 0.5", {"rate": None}, "rate"),
    ("facts.rate * 2.0 > 0.5", {"rate": None}, "rate"),
    ("facts.rate == 3", {"rate": None}, "rate"),
    ("facts.level in ['high']", {"level": None}, "level"),
    ("facts.items.exists(item, item.price == 5)", {"items": [{"price": 5}, {"price": None}]}, "items[*].price"),
    ("facts.risk.rate > facts.limits.rate", {"risk": {"rate": 0.1}}, "limits.rate"),
    ("facts.risk.rate > facts.limits.rate", {"limits": {"rate": 0.1}}, "risk.rate"),
    ("facts.risk.rate > 0.5", {"risk": "high"}, "risk.rate"),
    ("facts['rate'] > 0.5", {}, "rate"),
    ("facts['a.b'].c > 0.5", {"a": {"b": {"c": 1}}}, '["a.b"].c'),
    ("has(facts.a.b) && facts.rate > 0.5", {"rate": 1}, "a"),
    ("facts.risk['failed rate'] > 0.5", {"risk": {}}, 'risk["failed rate"]'),
    ("facts.items.exists(item, item.price > 5)", {"items": [{"price": 1}, {}]}, "items[*].price"),
    ("facts.items.exists(item, item.price > 5)", {"items": [{"price": 1}, {"price": None}]}, "items[*].price"),
    ("facts.items.exists(item, item.price > 5)", {}, "items"),
    ("has(facts.note) || facts.rate > 5", {}, "rate"),
    ("facts[facts.key] > 5", {}, "key"),
]


@pytest.mark.parametrize(("when", "facts", "path"), LACKING)
def test_a_check_without_an_answer_names_the_fact_it_lacks(when: str, facts: dict[str, Any], path: str) -> None:
    said = stance_of(role_with((when, "Fine.")), facts)

    assert isinstance(said, Unanswered)
    assert (said.missing, said.number, said.when) == (path, 1, when)
    assert said.told.startswith(f"`{path}` is n")
    assert said.cause("risk") == f"role `risk`, check 1 (`{when}`): {said.told}"


MISTYPED: list[tuple[str, dict[str, Any], str]] = [
    ("facts.rate > 0.5", {"rate": "high"}, "`rate` is text, and `>` compares it with a number"),
    ("facts.rate == 1", {"rate": "1"}, "`rate` is text, and `==` compares it with a number"),
    ("facts.rate != 'low'", {"rate": 1}, "`rate` is a number, and `!=` compares it with text"),
    ("facts.a == facts.b", {"a": 1, "b": "1"}, "`a` is a number, and `==` compares it with `b`, text"),
    ("facts.level in ['high', 'critical']", {"level": 3}, "`level` is a number, and `in` compares it with text"),
    ("'x' in facts.l", {"l": [1, 2]}, "`l[*]` is a number, and `in` compares it with text"),
    ("facts.region == ['US']", {"region": "US"}, "`region` is text, and `==` compares it with a list"),
    ("facts.p + 1 == facts.q", {"p": 3, "q": "4"}, "`q` is text, and `==` compares it with a number"),
    (
        "facts.l.exists(i, i.p > 3)",
        {"l": [{"p": 5}, {"p": "9"}]},
        "`l[*].p` is text, and `>` compares it with a number",
    ),
    ("facts.l.all(i, i > 3)", {"l": ["5", 1]}, "`l[*]` is text, and `>` compares it with a number"),
    ("facts.rate * 2.0 > 1.0", {"rate": "high"}, "it cannot be evaluated: "),
    ("facts.a / facts.b > 1.0", {"a": 1, "b": 0}, "it cannot be evaluated: division by zero; it reads `a`, a number"),
    ("facts.items[9] > 1.0", {"items": [1]}, "it cannot be evaluated: "),
    ("1 / 0 == 1", {}, "it cannot be evaluated: div"),
]


@pytest.mark.parametrize(("when", "facts", "told"), MISTYPED)
def test_a_check_that_cannot_use_what_is_there_lacks_no_fact(when: str, facts: dict[str, Any], told: str) -> None:
    said = stance_of(role_with(("false", "Never."), (when, "Fine.")), facts)

    assert isinstance(said, Unanswered)
    assert (said.missing, said.number) == (None, 2)
    assert said.told.startswith(told)


@pytest.mark.parametrize(
    "when",
    [
        "facts.kind == 'a' || facts.lost > 1.0",
        "has(facts.lost) && facts.lost > 1.0 || true",
        "facts.no == null || true",
    ],
)
def test_a_check_that_has_an_answer_without_the_fact_needs_none(when: str) -> None:
    said = stance_of(role_with((when, "Fine.")), {"kind": "a", "no": None})

    assert isinstance(said, Position)
    assert said.summary == "Fine."


def test_a_check_without_an_answer_ends_the_search_unless_an_earlier_one_holds() -> None:
    role = role_with(("facts.alerts > 5", "Alerts."), ("facts.rate > 0.5", "Rate."), ("true", "Always."))

    held, lacking = stance_of(role, {"alerts": 9}), stance_of(role, {"alerts": 0})

    assert isinstance(held, Position)
    assert held.summary == "Alerts."
    assert isinstance(lacking, Unanswered)
    assert (lacking.missing, lacking.number) == ("rate", 2)


def needed(team: Team, facts: dict[str, Any]) -> str | None:
    """The path of the fact that a team cannot start without."""
    found = find_needed(team, facts)
    return None if found is None else found.path


@pytest.mark.parametrize("name", shipped_teams())
def test_a_shipped_team_has_every_fact_its_rules_need(name: str) -> None:
    team = by_rules(load_team(name))

    assert find_needed(team, team.own_facts or {}) is None


@pytest.mark.parametrize("path", ["demand_signals.traffic_risk", "policy_limits.payment_failure_block_threshold"])
def test_a_team_without_a_fact_its_rules_need_cannot_start(path: str) -> None:
    assert needed(by_rules(LAUNCH), with_facts(path, ...)) == path


def test_what_the_team_requires_comes_before_what_its_rules_need() -> None:
    team = by_rules(LAUNCH).model_copy(update={"requires": ("report_date", "sign_off.by")})

    assert needed(team, FACTS) == "sign_off.by"
    assert needed(team, with_facts("demand_signals.traffic_risk", ...)) == "sign_off.by"
    assert needed(team, {**FACTS, "sign_off": {"by": "Ada"}}) is None


def test_what_is_needed_says_who_needs_it_and_which_path_is_near() -> None:
    required = by_rules(LAUNCH).model_copy(update={"requires": ("risk_signals.fraud_rate", "report_date")})
    lacking = with_facts("risk_signals.critical_incidents", ...)
    by_requires, by_check = find_needed(required, FACTS), find_needed(by_rules(LAUNCH), lacking)
    null = find_needed(required, with_facts("risk_signals.fraud_rate", None))

    assert by_requires is not None
    assert by_requires.cause.startswith("the team requires it: `risk_signals.fraud_rate` is not in the facts; the near")
    assert by_check is not None
    assert by_check.cause.startswith("role `risk_analyst`, check 1 (`facts.risk_signals.critical_incidents > 0 ||")
    assert "the nearest path is `risk_signals" in by_check.cause
    assert null is not None
    assert null.cause == "the team requires it: `risk_signals.fraud_rate` is null"


def test_a_fact_that_cannot_be_compared_is_not_one_to_supply() -> None:
    assert needed(by_rules(LAUNCH), with_facts("risk_signals.critical_incidents", "none")) is None


def test_what_a_model_or_a_role_that_does_not_speak_would_read_is_not_needed() -> None:
    lacking = with_facts("risk_signals", ...)
    silent = by_rules(LAUNCH, risk_analyst=False)
    shorter = by_rules(LAUNCH).model_copy(update={"sequence": ("demand_analyst", "finance_analyst")})

    assert needed(by_rules(LAUNCH), lacking) == "risk_signals.critical_incidents"
    assert needed(LAUNCH, lacking) is None
    assert needed(silent, lacking) is None
    assert needed(shorter, lacking) is None


def test_the_facts_of_the_first_role_of_the_sequence_are_missed_first() -> None:
    facts = with_facts("risk_signals", ..., with_facts("demand_signals", ...))
    backwards = by_rules(LAUNCH).model_copy(update={"sequence": tuple(reversed(LAUNCH.sequence))})

    assert needed(by_rules(LAUNCH), facts) == "demand_signals.traffic_risk"
    assert needed(backwards, facts) == "risk_signals.critical_incidents"


def convening(team: Team, *roles: str) -> Team:
    """The team with a policy that convenes these roles."""
    rows = [{"when": "block == 1", "then": "next_round", "convene": role} for role in roles]
    return team.model_copy(update={"policy": Policy.model_validate({"name": "made_up", "rules": rows})})


def test_what_a_role_that_may_be_convened_needs_is_needed_from_the_start() -> None:
    needs = role_with(("facts.legal_signals.open_cases > 0", "Open cases."))
    roles = {**LAUNCH.roles, "legal_analyst": needs}
    team = convening(by_rules(LAUNCH.model_copy(update={"roles": roles})), "legal_analyst")
    not_enabled = by_rules(team, legal_analyst=False)

    assert needed(team, FACTS) == "legal_signals.open_cases"
    assert needed(team, {**FACTS, "legal_signals": {"open_cases": 1}}) is None
    assert needed(not_enabled, FACTS) is None
