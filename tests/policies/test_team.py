"""The team value: shipped teams, defaults, reserved names, strict types and the exported schema."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_type_hints

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from graph.build import FINISHED, build_graph
from graph.documents import read_yaml
from graph.teams.loader import load_team, shipped_teams
from graph.teams.policies import shipped_policies, with_policy
from graph.teams.schema import team_schema
from nodes.fetched import Fetched
from nodes.services import Services
from nodes.state import Input, State
from nodes.writing import SEAT
from policies.conditions.condition import holds
from policies.messages.draft import EVERYBODY
from policies.team.access import Access
from policies.team.reserved import RESERVED_NAMES
from policies.team.rules import parse_team, warnings_of
from policies.team.sources import FileSource, InlineSource
from policies.team.team import (
    PATTERN_NAMES,
    Brief,
    Budget,
    Price,
    Role,
    Team,
    pinned,
)
from tests.policy_files import raw_policy

RAW: dict[str, Any] = {
    "name": "night_shift",
    "title": "Night shift",
    "goal": "Open the second line tonight?",
    "sequence": ["planner", "safety_officer"],
    "roles": {
        "planner": {"title": "Planner", "mandate": "Judge the plan."},
        "safety_officer": {"title": "Safety officer", "mandate": "Judge the risk."},
        "auditor": {"title": "Auditor", "mandate": "Look on.", "enabled": False},
    },
    "policy": raw_policy(),
}
SHIPPED = tuple(shipped_teams())


def raw_of(name: str) -> dict[str, Any]:
    path = shipped_teams()[name]
    raw = read_yaml(path.read_bytes(), path.name).value
    assert isinstance(raw, dict)
    return raw


def speakers_of(team: Team) -> Iterator[Role]:
    """The enabled roles of a team and of the teams within it, those left out that a team answers for."""
    for role in team.roles.values():
        if role.team is not None:
            yield from speakers_of(role.team)
        elif role.enabled:
            yield role


def team_of(**changes: Any) -> Team:
    team = parse_team({**RAW, **changes})
    assert isinstance(team, Team), team
    return team


# --- shipped teams ----------------------------------------------------------------------------------------------------


PLAIN = (
    "build_or_buy",
    "change_freeze",
    "checkout_launch",
    "checkout_launch_escalates",
    "checkout_launch_fr",
    "cold_storage",
    "retrospective",
)
"""Shipped teams without presets and without teams in them."""


def test_teams_of_different_fields_are_shipped_for_the_rounds_and_one_for_each_other_pattern() -> None:
    shipped = sorted((load_team(name).pattern, name) for name in SHIPPED)

    assert shipped == [
        ("conversation", "retrospective"),
        ("debate", "build_or_buy"),
        ("hierarchy", "market_entry"),
        ("manager", "support_backlog"),
        ("orchestrator", "incident_report"),
        ("parallel", "market_scan"),
        ("pipeline", "vendor_review"),
        ("rounds", "checkout_launch"),
        ("rounds", "checkout_launch_escalates"),
        ("rounds", "checkout_launch_fr"),
        ("rounds", "cold_storage"),
        ("rounds", "open_sourcing"),
        ("vote", "change_freeze"),
        ("workspace", "onboarding_ideas"),
    ]
    assert {pattern for pattern, _ in shipped} == {*PATTERN_NAMES}
    assert not set(raw_of("checkout_launch")["roles"]) & set(raw_of("cold_storage")["roles"])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_team_loads_without_a_warning_and_bears_its_files_name(name: str) -> None:
    team = load_team(name)

    policy = raw_of(name)["policy"]
    assert (team.name, policy if isinstance(policy, str) else policy["name"]) == (name, team.policy.name)
    assert warnings_of(team) == []
    assert all(warnings_of(role.team) == [] for role in team.roles.values() if role.team)


@pytest.mark.parametrize("name", PLAIN)
def test_a_shipped_team_is_as_its_file_has_it(name: str) -> None:
    team = load_team(name)

    assert parse_team(with_policy(raw_of(name))) == team


@pytest.mark.parametrize("name", SHIPPED)
def test_every_role_of_a_shipped_team_has_rules_that_the_facts_it_ships_with_answer(name: str) -> None:
    team = load_team(name)

    for role in speakers_of(team):
        assert role.checks, role.title
        assert role.otherwise is not None, role.title
        assert all(isinstance(holds(check.when, team.own_facts or {}), bool) for check in role.checks), role.title


def test_the_reference_team_is_the_one_of_the_specification() -> None:
    team = load_team("checkout_launch")

    assert team.sequence == ("demand_analyst", "finance_analyst", "risk_analyst")
    assert set(team.roles) - team.access.enabled == {"legal_analyst"}
    assert team.budget == Budget(max_rounds=3, max_messages=12, max_seconds=40.0, min_go_votes=2)
    assert team.own_facts == {
        "report_date": "2026-03-02",
        "region": "US",
        "campaign": {"name": "Checkout v2 Launch", "window": "2026-03-02", "channel": "US paid + lifecycle"},
        "demand_signals": {"projected_orders": 15200, "conversion_lift_pct": 12.4, "traffic_risk": "medium"},
        "finance_signals": {"projected_revenue_usd": 684000.0, "expected_margin_pct": 19.2, "promo_cost_usd": 94000.0},
        "risk_signals": {"failed_payment_rate": 0.028, "chargeback_alerts": 4, "critical_incidents": 0},
        "policy_limits": {"payment_failure_block_threshold": 0.03, "max_chargeback_alerts_for_go": 5},
    }


# --- defaults and small answers ---------------------------------------------------------------------------------------


def test_what_a_team_does_not_say_has_the_defaults_of_the_specification() -> None:
    team = team_of()

    assert team.max_repairs == 1
    assert team.max_output_tokens == 800
    assert team.budget == Budget()
    assert (team.guards, team.private, team.weights["planner"], team.vetoers) == ((), (), 1, frozenset())
    assert team.brief == Brief(voice=None, model=None, language=None)
    assert team.roles["planner"].temperature == 0.0
    assert (team.prices, team.requires, team.facts) == ({}, (), None)


def test_a_team_has_facts_of_its_own_or_sources_that_they_come_from() -> None:
    own, sourced = team_of(facts={"rate": 0.5}), team_of(facts=[{"file": "today.json"}])

    assert (team_of().has_facts, own.has_facts, sourced.has_facts) == (False, True, True)
    assert (own.own_facts, own.sources) == ({"rate": 0.5}, ())
    assert (sourced.own_facts, sourced.sources) == (None, (FileSource(file="today.json"),))


def test_a_team_is_pinned_with_its_sources_without_what_is_private_in_them() -> None:
    team = team_of(facts=[{"file": "today.json"}, {"inline": {"a": 1, "b": 2}}], private=["b"])
    kept = Team.model_validate({**pinned(team), "goal": team.goal}, strict=False)

    assert kept.sources == (FileSource(file="today.json"), InlineSource(inline={"a": 1, "b": "(withheld)"}))
    assert kept.model_copy(update={"facts": team.facts}) == team


def test_the_allowlists_are_the_known_and_the_enabled_roles() -> None:
    assert team_of().access == Access(frozenset(RAW["roles"]), frozenset({"planner", "safety_officer"}))


def test_a_price_is_known_only_for_the_models_the_file_names() -> None:
    team = team_of(prices={"small": {"prompt": 1, "completion": 2.5}})

    assert team.price_of("small") == Price(prompt=1.0, completion=2.5)
    assert team.price_of("large") is None
    assert team.price_of(None) is None


def test_a_team_is_pinned_without_goal_and_facts_and_comes_back_the_same() -> None:
    team = load_team("cold_storage")
    kept = pinned(team)

    assert not {"goal", "facts"} & kept.keys()
    assert Team.model_validate({**kept, "goal": team.goal, "facts": team.own_facts}, strict=False) == team


def test_text_is_trimmed_and_a_whole_number_may_stand_for_a_fraction() -> None:
    team = team_of(title="  Night shift \n", budget={"max_seconds": 60}, goal=" Open? ")

    assert (team.title, team.goal) == ("Night shift", "Open?")
    assert isinstance(team.budget.max_seconds, float)


def test_a_team_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        team_of().title = "Day shift"  # type: ignore[misc]


# --- names a role may not have ----------------------------------------------------------------------------------------


async def no_facts(team: Team) -> Fetched:
    return Fetched(team.own_facts or {})


def names_in_the_graph() -> set[str]:
    """Node names of a built graph, its roles left out, and what routers call its end."""
    team = team_of()
    builder = build_graph(team, Services(voices={}, load_facts=no_facts))
    return {*builder.nodes, FINISHED} - team.access.enabled


def test_reserved_are_the_names_of_nodes_routes_seats_and_state_fields_and_no_other() -> None:
    fields = set(get_type_hints(State)) | set(Input.model_fields)
    chat = {"user", "assistant", "system", "tool", "function", "ai"}  # LangGraph takes their events for chat messages
    records = {"people", "approvers"}  # what people are called in events and in proofs

    assert names_in_the_graph() | fields | records | chat | {SEAT, EVERYBODY} == RESERVED_NAMES


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_role_may_not_have_a_reserved_name(name: str) -> None:
    team = parse_team(
        {**RAW, "sequence": [name], "roles": {name: RAW["roles"]["planner"]}, "budget": {"min_go_votes": 1}}
    )

    assert isinstance(team, list)
    assert [problem.path for problem in team] == [("roles", name)]


@pytest.mark.parametrize("name", ["a", "risk_analyst", "r2", "a" * 40, "ended", "stopper", "start"])
def test_any_other_word_of_small_letters_digits_and_underscores_may_name_a_role(name: str) -> None:
    team = team_of(sequence=[name], roles={name: RAW["roles"]["planner"]}, budget={"min_go_votes": 1})

    assert team.sequence == (name,)


@pytest.mark.parametrize("voice", ["model", "rules", "own:oracle"])
def test_a_role_and_the_brief_name_a_voice_that_is_known_or_that_a_program_brings(voice: str) -> None:
    team = team_of(
        roles={**RAW["roles"], "planner": {**RAW["roles"]["planner"], "voice": voice}}, brief={"voice": voice}
    )

    assert (team.roles["planner"].voice, team.brief.voice) == (voice, voice)


# --- the schema -------------------------------------------------------------------------------------------------------

SCHEMA = Draft202012Validator(team_schema())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(team_schema())
    assert team_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_schema_accepts_the_shipped_teams(name: str) -> None:
    assert [error.message for error in SCHEMA.iter_errors(raw_of(name))] == []


BROKEN: list[tuple[str, Any]] = [
    ("mood", "good"),
    ("name", "Night Shift"),
    ("sequence", []),
    ("sequence", "planner"),
    ("roles", {}),
    ("roles", {"Planner": RAW["roles"]["planner"]}),
    ("roles", {"planner": {"title": "Planner"}}),
    ("roles", {"planner": {**RAW["roles"]["planner"], "voice": "parrot"}}),
    (
        "roles",
        {"planner": {**RAW["roles"]["planner"], "otherwise": {"stance": "maybe", "summary": "s", "actions": ["a"]}}},
    ),
    ("budget", {"max_rounds": 0}),
    ("budget", {"max_seconds": "40"}),
    ("budget", {"hurry": True}),
    ("prices", {"small": {"prompt": -1, "completion": 0}}),
    ("policy", "everybody"),
    ("policy", {"name": "mine"}),
    ("policy", {"name": "mine", "rules": [{"when": "true", "then": "maybe"}]}),
    ("policy", {"name": "mine", "rules": [], "mood": "good"}),
    ("guards", [{"name": "x", "fact": "x", "above": 1}]),
    ("guards", [{"name": "x", "fact": "x", "above": "a b", "cap": "no_go"}]),
    ("private", ["a b"]),
    ("max_repairs", 11),
    ("goal", ""),
]


@pytest.mark.parametrize(("key", "value"), BROKEN)
def test_the_schema_rejects_what_the_loader_rejects(key: str, value: Any) -> None:
    raw = {**deepcopy(RAW), key: value}

    assert not SCHEMA.is_valid(raw)
    assert isinstance(parse_team(raw), list)


@pytest.mark.parametrize("key", ["name", "title", "goal", "sequence", "roles"])
def test_the_schema_asks_for_what_the_loader_asks_for(key: str) -> None:
    raw = {field: value for field, value in RAW.items() if field != key}

    assert SCHEMA.is_valid(RAW)
    assert not SCHEMA.is_valid(raw)
    assert isinstance(parse_team(raw), list)


@pytest.mark.parametrize("name", shipped_policies())
def test_the_schema_and_the_loader_take_a_shipped_policy_by_name_or_written_out_or_none_at_all(name: str) -> None:
    raw = {key: value for key, value in RAW.items() if key != "policy"}

    assert SCHEMA.is_valid({**raw, "policy": name})
    assert SCHEMA.is_valid({**raw, "policy": raw_policy(name)})
    assert SCHEMA.is_valid(raw)
    assert isinstance(parse_team(with_policy({**raw, "policy": name})), Team)
    assert parse_team(with_policy(raw)) == team_of()


def properties_in(part: Any) -> list[tuple[str, Any]]:
    """Return every property at every level of a schema, with its name."""
    within = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    own = part.get("properties", {}) if isinstance(part, dict) else {}
    return [*own.items(), *(found for each in within for found in properties_in(each))]


def test_every_property_at_every_level_of_the_schema_is_described_in_sentences() -> None:
    properties = properties_in(team_schema())

    assert {"max_rounds", "when", "at_least", "topics", "phrase", "preset", "because"} <= dict(properties).keys()
    assert not [name for name, part in properties if not re.fullmatch(r"[A-Z`].*[^.]\.", part.get("description", ""))]


def test_every_part_of_the_schema_is_described() -> None:
    schema = team_schema()
    parts = {"Team": schema, **schema["$defs"]}

    named = {"Role", "Budget", "Position", "Check", "Price", "Brief", "Policy", "Row", "Waiver", "Guard"}
    assert named <= parts.keys()
    assert all(part["description"] for part in parts.values())
    assert {*Role.model_fields, "preset"} == set(parts["Role"]["properties"])
