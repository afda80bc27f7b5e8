"""The shipped example of each pattern: what it comes to offline and with a model, and what a fact changes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from graph.cli.main import accord
from graph.record import Record
from graph.teams.loader import load_team, shipped_teams
from policies.team.team import Team
from tests.harness import run, settings_at, team_of
from tests.patterns.stage import Played, answer, ballot, output, outputs, plan, play, proposed, refused
from tests.runs.stage import state_of
from tests.scripted_server import Answer, Call, says, text

pytestmark = pytest.mark.slow

EXAMPLES = tuple(name for name in shipped_teams() if load_team(name).pattern != "rounds")


def offline(home: Path, name: str, *sets: str) -> Record:
    """The record of an example that the roles' own rules spoke for."""
    settings = settings_at(home)
    return run(team_of(settings, name, *sets), settings)


def stages_of(record: Record) -> list[tuple[str, list[str]]]:
    """Each stage with its seats, in order."""
    seats: dict[tuple[int, str], list[str]] = {}
    for each in record["outputs"]:
        seats.setdefault((each["round"], each["stage"]), []).append(each["seat"])
    return [(stage, names) for (_, stage), names in seats.items()]


def said_by(record: Record, agent: str) -> Any:
    """What an agent answered last."""
    return [each["answer"] for each in record["outputs"] if each["agent"] == agent][-1]


def planned(record: Record) -> list[tuple[str, list[int]]]:
    return [(step["agent"], step["dependencies"]) for step in record["details"]["plans"][-1]["steps"]]


def decision(record: Record) -> Any:
    return record["final_decision"]


def winner(record: Record) -> Any:
    return record["details"]["verdict"]["winner"]


def missing(record: Record) -> Any:
    return record["details"]["missing"]


def assigned(record: Record) -> list[str]:
    return [each["to"] for each in record["details"]["assignments"]]


def speakers(record: Record) -> list[str]:
    return [each["agent"] for each in record["outputs"]]


def tally(record: Record) -> list[int]:
    """Ballots that approve, reject, abstain, and those that are absent."""
    return [record["details"]["tally"][word] for word in ("approve", "reject", "abstain", "absent")]


def artifacts(record: Record) -> list[str]:
    return [each["name"] for each in said_by(record, "guide_writer")["artifacts"]]


def inner_decision(record: Record) -> Any:
    return said_by(record, "launch_team")["decision"]


def field(agent: str, name: str = "text") -> Callable[[Record], Any]:
    return lambda record: said_by(record, agent)[name]


# --- offline ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_to_its_end_offline_and_says_first_how_to_run_it(name: str, tmp_path: Path) -> None:
    record = offline(tmp_path, name)

    assert (record["status"], record["stop_reason"], record["absent"]) == ("ok", "success", [])
    assert (record["team"], record["pattern"]) == (name, load_team(name).pattern)
    assert record["usage"] == {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0}
    assert shipped_teams()[name].read_text().startswith(f"# accord run {name}  ")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_from_the_command_line(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(accord, ["run", name, "--db", str(tmp_path / "a.sqlite"), "--json"])

    assert done.exit_code == 0
    assert json.loads(done.stdout)["status"] == "ok"


STAGES: dict[str, list[tuple[str, list[str]]]] = {
    "incident_report": [("plan", ["plan"]), ("steps", ["step_1", "step_2"]), ("steps", ["step_3", "step_4"])],
    "vendor_review": [
        (role, [role]) for role in ("requirements_researcher", "fit_analyst", "contract_reviewer", "decision_board")
    ],
    "market_scan": [("answers", ["demand_researcher", "price_analyst", "rival_analyst", "rules_researcher"])],
    "build_or_buy": [
        ("opening", ["builder", "buyer", "keeper"]),
        ("reply_1", ["builder", "buyer", "keeper"]),
        ("verdict", ["verdict"]),
    ],
    "market_entry": [("assignments", ["assignments"]), ("teams", ["assignment_1", "assignment_2", "assignment_3"])],
    "support_backlog": [
        ("assignments", ["assignments"]),
        ("workers", ["assignment_1", "assignment_2", "assignment_3", "assignment_4"]),
    ],
    "onboarding_ideas": [
        (f"iteration_{number}", ["people_partner", "mentor", "tools_engineer", "guide_writer"]) for number in (1, 2)
    ],
    "retrospective": [
        (f"turn_{number}", [role])
        for number, role in enumerate(("facilitator", "engineer", "support_lead", "product_owner", "facilitator"), 1)
    ],
    "change_freeze": [
        ("proposal", ["proposal"]),
        ("ballots", ["operations_lead", "finance_lead", "security_lead", "product_lead", "support_lead"]),
    ],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_stages_of_an_example_are_those_of_its_pattern(name: str, tmp_path: Path) -> None:
    assert stages_of(offline(tmp_path, name)) == STAGES[name]


def test_the_report_has_two_steps_at_once_and_two_that_wait(tmp_path: Path) -> None:
    record = offline(tmp_path, "incident_report")

    assert planned(record) == [
        ("investigator", []),
        ("impact_analyst", []),
        ("engineer", [1]),
        ("report_writer", [1, 2]),
    ]
    assert record["details"]["plans"][0]["critical_path"] == [1, 3]


def test_the_vendor_is_decided_on_by_a_board_that_works_in_rounds(tmp_path: Path) -> None:
    record = offline(tmp_path, "vendor_review")
    board = record["outputs"][-1]["inner"]

    assert (decision(record), record["answer"].splitlines()[0]) == ("go", "Decision: go")
    assert (board["pattern"], board["decision"], len(board["history"])) == ("rounds", "go", 1)
    assert said_by(record, "fit_analyst") == {
        "text": "The offer covers all countries, has single sign-on and keeps the uptime we need.",
        "score": 10.0,
        "open_points": [],
    }


def test_the_debate_ends_early_and_the_judge_reasons(tmp_path: Path) -> None:
    record = offline(tmp_path, "build_or_buy")

    assert record["ended_early"] is True
    assert (winner(record), record["details"]["judge"]) == ("buyer", "judge")
    assert len(record["details"]["verdict"]["reasons"]) == 3


def test_each_team_of_the_market_entry_works_by_a_pattern_of_its_own(tmp_path: Path) -> None:
    record = offline(tmp_path, "market_entry")
    inner = {each["agent"]: each["inner"]["pattern"] for each in record["outputs"] if each["inner"]}

    assert inner == {"market_team": "parallel", "licence_team": "pipeline", "launch_team": "rounds"}
    assert (missing(record), inner_decision(record)) == ([], "go_with_caution")


def test_the_workspace_keeps_what_each_contributed_and_ends_early(tmp_path: Path) -> None:
    record = offline(tmp_path, "onboarding_ideas")
    own = record["details"]["individual_contributions"]

    assert record["ended_early"] is True
    assert {role: len(notes) for role, notes in own.items()} == dict.fromkeys(
        ("people_partner", "mentor", "tools_engineer", "guide_writer"), 2
    )
    assert artifacts(record) == ["first_ten_days.md", "invitation.txt"]


def test_the_retrospective_asks_a_question_that_is_answered_and_closes_with_its_phrase(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    record = run(team_of(settings, "retrospective"), settings)
    state = state_of(settings)

    assert record["details"] == {"turns": 5, "ended_by": "facilitator"}
    assert [(each["from"], each["to"], each["kind"], each["in_reply_to"]) for each in state["messages"]] == [
        ("engineer", ["support_lead"], "question", None),
        ("support_lead", ["engineer"], "result", "m1"),
    ]
    assert state["delivered"] == [{"role": "support_lead", "id": "m1"}, {"role": "facilitator", "id": "m2"}]
    assert "RETRO_CLOSED" not in record["answer"]


def test_the_freeze_is_adopted_by_more_than_half(tmp_path: Path) -> None:
    record = offline(tmp_path, "change_freeze")

    assert (decision(record), tally(record)) == ("go", [3, 1, 1, 0])
    assert record["answer"].startswith("Decision: go\n\nThe proposal is adopted.\n\nFreeze all changes")


# --- a fact changes the result ---------------------------------------------------------------------------------------

SHORT_PLAN = [("investigator", []), ("engineer", [1])]
LONG_PLAN = [("investigator", []), ("impact_analyst", []), ("engineer", [1]), ("report_writer", [1, 2])]
NOT_ASSIGNED = [{"agent": "licence_team", "reason": "not_assigned"}]
AT_MARKET = "Our price is at the market or below it.\n- Put the price first in all offers"
ABOVE_MARKET = (
    "Our price is a little above the market, and the market price falls every year.\n"
    "- Offer the installation with the battery\n- Plan a price cut for autumn"
)
WORKERS = ["login_engineer", "billing_specialist", "help_writer", "backlog_analyst"]
ASKED_SUPPORT = ["facilitator", "engineer", "support_lead", "product_owner", "facilitator"]
IN_ORDER = ["facilitator", "engineer", "product_owner", "support_lead", "facilitator"]

CHANGES: list[tuple[str, str, Callable[[Record], Any], Any, Any]] = [
    ("incident_report", "incident.severity=low", planned, LONG_PLAN, SHORT_PLAN),
    ("vendor_review", "contract.data_in_eu=false", decision, "go", "no_go"),
    ("vendor_review", "vendor.price_usd_per_month=3600.0", decision, "go", "go_with_caution"),
    ("vendor_review", "vendor.countries=3", field("fit_analyst", "score"), 10.0, 3.0),
    ("vendor_review", "vendor.uptime_pct=99.5", field("fit_analyst", "score"), 10.0, 7.0),
    ("market_scan", "price.ours_eur_per_kwh=490.0", field("price_analyst"), ABOVE_MARKET, AT_MARKET),
    ("build_or_buy", "buy.covers_pct=70.0", winner, "buyer", "builder"),
    ("build_or_buy", "keep.invoice_errors_pct=0.4", winner, "buyer", "keeper"),
    ("market_entry", "licence.needed=false", missing, [], NOT_ASSIGNED),
    ("market_entry", "launch.service_points=12", inner_decision, "go_with_caution", "go"),
    ("support_backlog", "tickets.open=120", assigned, WORKERS, ["backlog_analyst"]),
    (
        "onboarding_ideas",
        "starters.days_to_first_change=9",
        artifacts,
        ["first_ten_days.md", "invitation.txt"],
        ["first_day.md"],
    ),
    ("retrospective", "alarm.ours_after_minutes=5", speakers, ASKED_SUPPORT, IN_ORDER),
    ("change_freeze", "sale.peak_factor=1.2", decision, "go", "no_go"),
    ("change_freeze", "sale.peak_factor=1.2", tally, [3, 1, 1, 0], [1, 3, 1, 0]),
    ("change_freeze", "security.open_critical_fixes=1", decision, "go", "go_with_caution"),
]


@pytest.mark.parametrize(("name", "fact", "read", "before", "after"), CHANGES)
def test_another_fact_gives_another_result(
    name: str, fact: str, read: Callable[[Record], Any], before: Any, after: Any, tmp_path: Path
) -> None:
    first, second = offline(tmp_path / "1", name), offline(tmp_path / "2", name, f"facts.{fact}")

    assert (first["status"], second["status"]) == ("ok", "ok")
    assert (read(first), read(second)) == (before, after)


def test_a_fact_changes_each_example() -> None:
    assert {name for name, *_ in CHANGES} == {*EXAMPLES}


def test_a_lasting_block_of_the_board_goes_to_a_human_and_stops_the_review(tmp_path: Path) -> None:
    record = offline(tmp_path, "vendor_review", "facts.vendor.sso=false")

    assert (record["stop_reason"], record["phase"]) == ("escalated", "decision_board")
    assert record["resumable"] is True


# --- with a model ----------------------------------------------------------------------------------------------------


def roles_of(team: Team) -> Iterator[str]:
    """The roles that a voice speaks for, those of the teams within it included."""
    for name, role in team.roles.items():
        yield from [name] if role.team is None else roles_of(role.team)


def at_length(call: Call) -> Answer:
    """Fail the first check of every question, then answer so that the work lasts as long as its pattern allows."""
    if "repair" not in call.user:
        return text("{}")
    task = call.user.get("task") or {}
    choices = task.get("choices", [])
    kinds: dict[str, Callable[[], dict[str, Any]]] = {
        "contribution": lambda: {},
        "output": lambda: {"text": "Done.", "score": 10, "open_points": []},
        "plan": lambda: {"steps": [{"agent": each, "task": "Work.", "dependencies": []} for each in choices]},
        "assignments": lambda: {"assignments": [{"to": each, "subtask": "Work."} for each in choices]},
        "position": lambda: {"position": f"Position {call.user['round']}.", "argument": "Because."},
        "verdict": lambda: {"winner": choices[0], "decision": None, "reasons": ["It is so."], "confidence": 0.5},
        "note": lambda: {"content": "A note.", "adds": "A thought.", "artifacts": []},
        "turn": lambda: {"text": f"Well.\n{task['ends_with'] if task['turn'] == 12 else ''}", "next": None},
        "proposal": lambda: {"proposal": "Do it.", "reason": "It helps."},
        "ballot": lambda: {"vote": "approve", "reason": "It helps."},
    }
    contract = call.body["response_format"]["json_schema"]["name"]
    said = kinds[contract]()
    return answer(**said) if said else says("go" if call.user["round"] == 3 else "caution")


LENGTHS = {
    "incident_report": (5, 1),
    "vendor_review": (3 + 9, 1),
    "market_scan": (4, 1),
    "build_or_buy": (3 * 3 + 1, 0),
    "market_entry": (1 + 2 + 2 + 9, 3),
    "support_backlog": (1 + 4, 1),
    "onboarding_ideas": (4 * 3, 1),
    "retrospective": (12, 1),
    "change_freeze": (1 + 5, 0),
}
"""Answers in the longest course of each example, and the texts written at an end."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_budget_of_an_example_suffices_although_every_answer_is_repaired(name: str, tmp_path: Path) -> None:
    team = load_team(name)
    script: dict[Any, Any] = {**dict.fromkeys(roles_of(team), at_length), "brief": lambda call: text("All in all.")}
    played = play(tmp_path, team, script)
    answers, texts = LENGTHS[name]

    assert (played.record["status"], played.record["ended_early"]) == ("ok", False)
    assert played.record["usage"]["calls"] == 2 * answers + texts
    assert {*roles_of(team)} | ({"brief"} if texts else set()) == {call.role for call in played.server.calls}


def test_a_models_plan_runs_and_each_step_is_given_what_it_depends_on(tmp_path: Path) -> None:
    script = {
        "planner": plan(("impact_analyst", "Count."), ("investigator", "Look."), ("report_writer", "Write.", 2, 1)),
        "impact_analyst": output("1,840 payments failed."),
        "investigator": output("A migration."),
        "report_writer": output("Dear customers."),
        "brief": text("The report."),
    }
    played = play(tmp_path, load_team("incident_report"), script)

    assert played.record["answer"] == "The report."
    assert stages_of(played.record)[1:] == [("steps", ["step_1", "step_2"]), ("steps", ["step_3"])]
    dependencies = played.tasks("report_writer: Write.")[0]["dependencies"]
    assert [each["text"] for each in dependencies] == ["A migration.", "1,840 payments failed."]


def test_a_models_score_out_of_range_is_repaired_before_the_board_decides(tmp_path: Path) -> None:
    board = ("finance_owner", "security_owner", "payroll_owner")
    script: dict[Any, Any] = {
        "requirements_researcher": output("Four countries."),
        "fit_analyst": [
            output("Good.", score=83, open_points=["Uptime"]),
            output("Good.", score=8.3, open_points=["Uptime"]),
        ],
        "contract_reviewer": output("Fine."),
        **dict.fromkeys(board, says("go")),
        "brief": text("Sign."),
    }
    played = play(tmp_path, load_team("vendor_review"), script)

    repaired = played.calls("fit_analyst")[1].user["repair"]
    assert repaired == {"failed_check": "invalid_output:fit_analyst:check"}
    assert said_by(played.record, "fit_analyst")["score"] == 8.3
    assert (played.record["answer"], decision(played.record)) == ("Decision: go\n\nSign.", "go")
    given = [call.user["task"]["previous"] for role in board for call in played.calls(role)]
    assert given == [{"agent": "contract_reviewer", "text": "Fine."}] * 3


def test_a_scan_without_one_of_its_roles_says_who_is_missing(tmp_path: Path) -> None:
    others = ("demand_researcher", "price_analyst", "rules_researcher")
    script: dict[Any, Any] = {
        **dict(zip(others, outputs("Grows.", "Dear.", "Credit."), strict=True)),
        "rival_analyst": refused(500),
        "brief": text("A market."),
    }
    played = play(tmp_path, load_team("market_scan"), script)

    left_out = [{"agent": "rival_analyst", "reason": "llm_error:500"}]
    assert (played.record["status"], played.record["answer"], missing(played.record)) == ("ok", "A market.", left_out)
    assert told_to_the_writer(played)["missing"] == left_out
    assert [each["agent"] for each in told_to_the_writer(played)["results"]] == list(others)


def told_to_the_writer(played: Played) -> Any:
    return played.server.calls_of("brief")[0].user


def test_models_that_stay_away_leave_a_vote_without_a_quorum(tmp_path: Path) -> None:
    voters = load_team("change_freeze").sequence
    script: dict[Any, Any] = {
        "release_manager": proposed("Freeze."),
        **dict.fromkeys(voters[:2], ballot("approve")),
        **dict.fromkeys(voters[2:], refused(500)),
    }
    played = play(tmp_path, load_team("change_freeze"), script)

    assert (played.record["stop_reason"], played.record["phase"]) == ("no_quorum", "ballots")
    assert [each["role"] for each in played.record["absent"]] == list(voters[2:])
