"""Checks: what the roles of the shipped teams say by their own rules, and what is said of a fact that is missing."""

from copy import deepcopy
from typing import Any

import pytest

from graph.teams.loader import load_team, shipped_teams
from policies.checks import MissingFact, find_missing_fact, stance_of
from policies.outcome import decide
from policies.team import Check, Position, Role, Team

LAUNCH = load_team("checkout_launch")
FACTS: dict[str, Any] = LAUNCH.facts or {}


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
    stances = [stance_of(LAUNCH.roles[name], FACTS) for name in LAUNCH.sequence]

    assert [said.stance for said in stances if isinstance(said, Position)] == ["go", "go", "go"]
    assert decide(["go", "go", "go"], LAUNCH.budget.min_go_votes) == "go"


def test_under_rules_the_second_team_weighs_its_own_facts() -> None:
    team = load_team("cold_storage")
    positions = [stance_of(team.roles[name], team.facts or {}) for name in team.sequence]

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


@pytest.mark.parametrize(
    ("when", "facts", "path"),
    [
        ("facts.rate > 0.5", {}, "rate"),
        ("facts.rate > 0.5", {"rate": None}, "rate"),
        ("facts.risk.rate > facts.limits.rate", {"risk": {"rate": 0.1}}, "limits.rate"),
        ("facts.risk.rate > facts.limits.rate", {"limits": {"rate": 0.1}}, "risk.rate"),
        ("facts.risk.rate > 0.5", {"risk": "high"}, "risk.rate"),
        ("facts.rate > 0.5", {"rate": "high"}, "rate"),
        ("facts['rate'] > 0.5", {}, "facts"),
    ],
)
def test_a_check_without_an_answer_names_the_fact_it_lacks(when: str, facts: dict[str, Any], path: str) -> None:
    said = stance_of(role_with((when, "Fine.")), facts)

    assert isinstance(said, MissingFact)
    assert said.path == path
    assert said.message.startswith(f"`{when}`: ")


def test_a_check_without_an_answer_ends_the_search_unless_an_earlier_one_holds() -> None:
    role = role_with(("facts.alerts > 5", "Alerts."), ("facts.rate > 0.5", "Rate."), ("true", "Always."))

    held, lacking = stance_of(role, {"alerts": 9}), stance_of(role, {"alerts": 0})

    assert isinstance(held, Position)
    assert held.summary == "Alerts."
    assert isinstance(lacking, MissingFact)
    assert lacking.path == "rate"


@pytest.mark.parametrize("name", shipped_teams())
def test_a_shipped_team_has_every_fact_its_rules_need(name: str) -> None:
    team = by_rules(load_team(name))

    assert find_missing_fact(team, team.facts or {}) is None


@pytest.mark.parametrize("path", ["demand_signals.traffic_risk", "policy_limits.payment_failure_block_threshold"])
def test_a_team_without_a_fact_its_rules_need_cannot_start(path: str) -> None:
    assert find_missing_fact(by_rules(LAUNCH), with_facts(path, ...)) == path


def test_what_the_team_requires_comes_before_what_its_rules_need() -> None:
    team = by_rules(LAUNCH).model_copy(update={"requires": ("report_date", "sign_off.by")})

    assert find_missing_fact(team, FACTS) == "sign_off.by"
    assert find_missing_fact(team, with_facts("demand_signals.traffic_risk", ...)) == "sign_off.by"
    assert find_missing_fact(team, {**FACTS, "sign_off": {"by": "Ada"}}) is None


def test_what_a_model_or_a_role_that_does_not_speak_would_read_is_not_needed() -> None:
    lacking = with_facts("risk_signals", ...)
    silent = by_rules(LAUNCH, risk_analyst=False)
    shorter = by_rules(LAUNCH).model_copy(update={"sequence": ("demand_analyst", "finance_analyst")})

    assert find_missing_fact(by_rules(LAUNCH), lacking) == "risk_signals.critical_incidents"
    assert find_missing_fact(LAUNCH, lacking) is None
    assert find_missing_fact(silent, lacking) is None
    assert find_missing_fact(shorter, lacking) is None


def test_the_facts_of_the_first_role_of_the_sequence_are_missed_first() -> None:
    facts = with_facts("risk_signals", ..., with_facts("demand_signals", ...))
    backwards = by_rules(LAUNCH).model_copy(update={"sequence": tuple(reversed(LAUNCH.sequence))})

    assert find_missing_fact(by_rules(LAUNCH), facts) == "demand_signals.traffic_risk"
    assert find_missing_fact(backwards, facts) == "risk_signals.critical_incidents"
