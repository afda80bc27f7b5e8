"""Presets, teams within a team file, and `accord teams`: what is filled in, what is refused, what is listed."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from graph.cli.main import accord
from graph.documents import read_document
from graph.problems import UsageError
from graph.teams.loader import load_team, shipped_teams
from graph.teams.policies import shipped_policies
from graph.teams.presets import shipped_presets
from policies.team.team import PATTERN_NAMES, Role

PRESETS = ("analyst", "coder", "orchestrator", "researcher", "reviewer", "writer")
TEAMS = ", ".join(shipped_teams())


def file_at(folder: Path, *lines: str) -> Path:
    """A team of one role `a`; these lines follow `roles:`, which is line 5."""
    path = folder / "team.yaml"
    head = ["name: t", "title: T", "goal: Do it.", "sequence: [a]", "roles:"]
    path.write_text("\n".join([*head, *lines, "budget: {min_go_votes: 1}"]))
    return path


def role_at(folder: Path, line: str) -> Role:
    return load_team(str(file_at(folder, f"  a: {line}"))).roles["a"]


def raw_preset(name: str) -> dict[str, Any]:
    raw = read_document(shipped_presets()[name]).value
    assert isinstance(raw, dict)
    return raw


# --- presets ---------------------------------------------------------------------------------------------------------


def test_the_ready_made_agents_are_these_six() -> None:
    assert tuple(shipped_presets()) == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_role_with_a_title_a_mandate_and_a_temperature(name: str) -> None:
    raw = raw_preset(name)

    assert raw.keys() == {"title", "mandate", "temperature"}
    assert Role.model_validate(raw).title.lower() == name


@pytest.mark.parametrize("name", PRESETS)
def test_a_role_that_names_a_preset_is_that_agent(name: str, tmp_path: Path) -> None:
    assert role_at(tmp_path, f"{{preset: {name}}}") == Role.model_validate(raw_preset(name))


OVERRIDES: list[tuple[str, Any]] = [
    ("title", "Night editor"),
    ("mandate", "Cut every text by half."),
    ("model", "gpt-4.1-nano"),
    ("temperature", 1.2),
    ("temperature", None),
    ("weight", 3),
]


@pytest.mark.parametrize(("key", "value"), OVERRIDES)
def test_what_a_role_says_itself_stands_over_its_preset(key: str, value: Any, tmp_path: Path) -> None:
    role = role_at(tmp_path, json.dumps({"preset": "writer", key: value}))

    assert role == Role.model_validate({**raw_preset("writer"), key: value})
    assert getattr(role, key) == value


def test_a_preset_is_filled_in_for_a_role_of_a_team_within_too(tmp_path: Path) -> None:
    inner = "{sequence: [b], budget: {min_go_votes: 1}, roles: {b: {preset: coder, title: Builder}}}"
    path = file_at(tmp_path, "  a: {title: A, mandate: Build it., team: " + inner + "}", "pattern: parallel")
    team = load_team(str(path)).roles["a"].team

    assert team is not None
    assert team.roles["b"] == Role.model_validate({**raw_preset("coder"), "title": "Builder"})
    assert (team.name, team.title, team.goal, team.policy.name) == ("a", "A", "Build it.", "launch")


# --- what is refused -------------------------------------------------------------------------------------------------

KNOWN_PRESETS = ", ".join(PRESETS)
KNOWN_POLICIES = f"{', '.join(shipped_policies())}, or a decision table"
KNOWN_PATTERNS = "', '".join(PATTERN_NAMES[:-1]) + f"' or '{PATTERN_NAMES[-1]}'"
WITHIN = ("  a:", "    title: A", "    mandate: M", "    team:", "      sequence: [b]", "      roles:")
ROLE = "{title: B, mandate: M}"

REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "a preset": (
        ("  a: {preset: resercher, title: A, mandate: M}",),
        f"6: `roles.a.preset` is 'resercher'; did you mean `researcher`? Allowed: {KNOWN_PRESETS}",
    ),
    "a preset that is no text": (
        ("  a: {preset: [writer], title: A, mandate: M}",),
        f"6: `roles.a.preset` is ['writer']; allowed: {KNOWN_PRESETS}",
    ),
    "a preset within": (
        (*WITHIN, "        b: {preset: poet, title: B, mandate: M}"),
        f"12: `roles.a.team.roles.b.preset` is 'poet'; allowed: {KNOWN_PRESETS}",
    ),
    "a pattern": (
        (f"  a: {ROLE}", "pattern: pipelin"),
        f"7: `pattern` is 'pipelin'; did you mean `pipeline`? Allowed: '{KNOWN_PATTERNS}",
    ),
    "a pattern within": (
        (*WITHIN, f"        b: {ROLE}", "      pattern: duel"),
        f"13: `roles.a.team.pattern` is 'duel'; allowed: '{KNOWN_PATTERNS}",
    ),
    "a policy within": (
        (*WITHIN, f"        b: {ROLE}", "      policy: everybody"),
        f"13: `roles.a.team.policy` is 'everybody'; allowed: {KNOWN_POLICIES}",
    ),
    "a team": (
        ("  a: {title: A, mandate: M, team: nobody}", "pattern: parallel"),
        f"6: `roles.a.team` is 'nobody'; allowed: {TEAMS}, a team file, or a team itself",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_an_unknown_name_is_refused_with_its_line_and_the_known_ones(what: str, tmp_path: Path) -> None:
    lines, sentence = REFUSED[what]
    path = file_at(tmp_path, *lines)

    with pytest.raises(UsageError) as refused:
        load_team(str(path))
    assert refused.value.problems == (f"{path}:{sentence}",)


def test_a_team_that_answers_for_its_own_role_is_refused(tmp_path: Path) -> None:
    path = file_at(tmp_path, "  a: {title: A, mandate: M, team: team.yaml}", "pattern: parallel")

    with pytest.raises(UsageError) as refused:
        load_team(str(path))
    assert refused.value.problems == (f"{path}: is a team within itself, or nested deeper than 4 teams",)


# --- accord teams ----------------------------------------------------------------------------------------------------


def listed(*options: str) -> str:
    done = CliRunner().invoke(accord, ["teams", *options])
    assert done.exit_code == 0
    return done.stdout


def test_the_list_shows_each_team_with_its_pattern_lead_roles_and_the_teams_within() -> None:
    entry = [
        "market_entry",
        "  Entry into the Polish market",
        "  hierarchy (lead: expansion_lead): market_team, licence_team, launch_team",
        "    market_team = parallel: demand_researcher, price_analyst",
        "    licence_team = pipeline: law_researcher, licence_reviewer",
        "    launch_team = rounds: sales_lead, service_lead, finance_lead",
        f"  {shipped_teams()['market_entry']}",
    ]

    assert "\n".join(entry) in listed()
    assert [line for line in listed().splitlines() if not line.startswith(" ")] == list(shipped_teams())


def test_the_list_for_programs_has_the_same_and_who_is_not_enabled() -> None:
    entries = {entry["name"]: entry for entry in json.loads(listed("--json"))}

    assert list(entries) == list(shipped_teams())
    assert {name: entry["pattern"] for name, entry in entries.items()} == {
        name: load_team(name).pattern for name in shipped_teams()
    }
    assert entries["checkout_launch"]["not_enabled"] == ["legal_analyst"]
    assert entries["vendor_review"] == {
        "name": "vendor_review",
        "title": "Choice of a payroll vendor",
        "pattern": "pipeline",
        "lead": None,
        "sequence": ["requirements_researcher", "fit_analyst", "contract_reviewer", "decision_board"],
        "teams": {
            "decision_board": {
                "pattern": "rounds",
                "lead": None,
                "sequence": ["finance_owner", "security_owner", "payroll_owner"],
                "teams": {},
            }
        },
        "not_enabled": [],
        "policy": "launch",
        "file": str(shipped_teams()["vendor_review"]),
    }
