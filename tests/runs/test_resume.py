"""Resume, in a new event loop on a new runner: after every resumable stop; a filled seat is never asked again."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from graph.teams.loader import load_team
from policies.run.stop import Stop
from policies.run.stop_table import STOP_TABLE
from tests.harness import resume, settings_at, show, without_times
from tests.runs.expected import accepted, round_of, source_of, success, usage
from tests.runs.stage import (
    AT_ONCE,
    BRIEF,
    DEMAND,
    FINANCE,
    RISK,
    Lines,
    go_on,
    play,
    refused,
    rounds,
    script,
)
from tests.scripted_server import closes, forever, hangs, says, serve, status, text, with_usage

pytestmark = pytest.mark.slow

GO, WRITTEN = says("go"), text(BRIEF)
ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
REST_OF_ROUND: Lines = {RISK: GO, "brief": WRITTEN}


@dataclass(frozen=True)
class Resumable:
    """A stop, how many calls it took, and what the resume needs and asks."""

    lines: Lines
    reason: str
    calls: int
    rest: Lines = field(default_factory=lambda: REST_OF_ROUND)
    sets: tuple[str, ...] = ()
    timeout_seconds: float = 60.0
    budget: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)

    @property
    def marks(self) -> tuple[pytest.MarkDecorator, ...]:
        """Those that wait for a timeout are slow."""
        return (pytest.mark.slow,) if self.reason in ("llm_timeout", "max_seconds") else ()


def at_risk(answer: Any, reason: str, calls: int, **more: Any) -> Resumable:
    return Resumable(script(risk_analyst=answer), reason, calls, **more)


def at_brief(answer: Any, reason: str, calls: int, **more: Any) -> Resumable:
    return Resumable(script(brief=answer), reason, calls, rest={"brief": WRITTEN}, **more)


CUT = replace(text('{"agent": "risk_an'), finish_reason="length")
CUT_BRIEF = replace(text("The signals"), finish_reason="length")
FILTERED = replace(text(None), finish_reason="content_filter")
GREEDY = with_usage(GO, 1000, 300)
ALL_GREEDY = dict.fromkeys((DEMAND, FINANCE, RISK), GREEDY)
SHORT_TIME: dict[str, Any] = {"sets": ("budget.max_seconds=1.5",), "budget": {"max_seconds": 60}}
FEW_TOKENS: dict[str, Any] = {"sets": ("budget.max_tokens=4000",), "calls": 2, "reason": "max_tokens"}
TWO_PRICES = "prices={gpt-4.1-mini: {prompt: 0.0, completion: 0.0}, dear-1: {prompt: 1.0, completion: 2.0}}"
STOPS: dict[str, Resumable] = {
    "llm_timeout": at_risk(forever(closes()), "llm_timeout", 5),
    "llm_timeout at the brief": at_brief(forever(hangs(60)), "llm_timeout", 6, timeout_seconds=0.6),
    "llm_rate_limited": at_risk(refused(429), "llm_rate_limited", 5),
    "llm_rate_limited at the brief": at_brief(refused(429), "llm_rate_limited", 6),
    "llm_error": at_risk(refused(500), "llm_error:500", 5),
    "llm_error at the brief": at_brief(refused(500), "llm_error:500", 6),
    "llm_error, no completion": at_risk(status(200, "{}"), "llm_error:200", 3),
    "llm_auth": at_risk(status(401), "llm_auth", 3),
    "llm_auth at the brief": at_brief(status(403), "llm_auth", 4),
    "llm_empty": at_risk(text(""), "llm_empty", 3),
    "llm_empty at the brief": at_brief(text(" "), "llm_empty", 4),
    "llm_truncated": at_risk(forever(CUT), "llm_truncated", 4),
    "llm_truncated at the brief": at_brief(forever(CUT_BRIEF), "llm_truncated", 5),
    "llm_refused": at_risk(FILTERED, "llm_refused", 3),
    "llm_refused at the brief": at_brief(FILTERED, "llm_refused", 4),
    "invalid_contribution": at_risk([text("{}")] * 2, "invalid_contribution:missing_keys", 4),
    "max_messages": at_risk(GO, "max_messages", 2, sets=("budget.max_messages=2",), budget={"max_messages": 3}),
    "max_seconds": at_risk(hangs(60), "max_seconds", 3, **SHORT_TIME),
    "max_seconds at the brief": at_brief(hangs(60), "max_seconds", 4, **SHORT_TIME),
    "max_tokens": Resumable(ALL_GREEDY, **FEW_TOKENS, budget={"max_tokens": 9000}),
    "max_tokens lifted": Resumable(ALL_GREEDY, **FEW_TOKENS, budget={"max_tokens": None}),
    "max_tokens at the brief": Resumable(
        ALL_GREEDY,
        "max_tokens",
        3,
        rest={"brief": WRITTEN},
        sets=("max_output_tokens=300", "budget.max_tokens=4100"),
        budget={"max_tokens": 9000},
    ),
    "max_cost": Resumable(
        script(),
        "max_cost",
        2,
        sets=(TWO_PRICES, "roles.risk_analyst.model=dear-1", "budget.max_cost_usd=0.001"),
        budget={"max_cost_usd": 1},
        cost={"cost_usd": 0.00014},
    ),
    "max_cost at the brief": Resumable(
        script(),
        "max_cost",
        3,
        rest={"brief": WRITTEN},
        sets=(TWO_PRICES, "brief.model=dear-1", "budget.max_cost_usd=0.001"),
        budget={"max_cost_usd": 1},
        cost={"cost_usd": 0.00014},
    ),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=case.marks) for name, case in STOPS.items()])
def test_a_resumed_thread_asks_what_is_missing_and_ends_as_if_nothing_had_happened(tmp_path: Path, name: str) -> None:
    case = STOPS[name]
    first = play(tmp_path, case.lines, *case.sets, timeout_seconds=case.timeout_seconds)
    assert (first.record["stop_reason"], first.record["resumable"]) == (case.reason, True)
    assert (sum(first.asked.values()), first.record["usage"]["calls"]) == (case.calls, case.calls)
    resumed = go_on(tmp_path, case.rest, budget=case.budget)
    assert first.team is not None
    used = usage(len(case.rest), len(case.rest))
    total = {key: first.record["usage"][key] + used[key] for key in used} | case.cost
    assert without_times(resumed.record) == success(first.team, ALL_GO, total, BRIEF)
    assert resumed.asked == dict.fromkeys(case.rest, 1)


def test_every_reason_that_can_be_resumed_is_resumed_here() -> None:
    elsewhere = {"max_rounds_reached", "cancelled", "facts_unavailable", "needs_input", "condition_failed"}
    elsewhere |= {"recovery_exhausted", "escalated"}
    patterns = {"step_failed", "invalid_plan", "invalid_output", "invalid_verdict", "invalid_assignment"}
    assert {Stop.parse(case.reason).kind for case in STOPS.values()} | elsewhere | patterns == {
        kind for kind, rule in STOP_TABLE.items() if rule.is_resumable
    }


@pytest.mark.parametrize("name", [pytest.param(name, marks=case.marks) for name, case in STOPS.items() if case.budget])
def test_without_a_raised_budget_a_resume_stops_again_without_a_call(tmp_path: Path, name: str) -> None:
    case = STOPS[name]
    first = play(tmp_path, case.lines, *case.sets)
    resumed = go_on(tmp_path)
    assert without_times(resumed.record) == without_times(first.record)
    assert resumed.asked == {}


def test_rounds_go_on_after_a_raised_limit_and_only_then(tmp_path: Path) -> None:
    stances = [("caution",) * 3, ("go", "caution", "caution"), ("go", "go", "caution")]
    first = play(tmp_path, rounds(*stances[:1]), "budget.max_rounds=1")
    assert first.team is not None
    assert without_times(go_on(tmp_path).record) == without_times(first.record)
    second = go_on(tmp_path, rounds(*stances), budget={"max_rounds": 2})
    assert (second.record["stop_reason"], second.asked) == ("max_rounds_reached", {DEMAND: 1, FINANCE: 1, RISK: 1})
    third = go_on(tmp_path, rounds(*stances), budget={"max_rounds": 3})
    roles = (DEMAND, FINANCE, RISK)
    history = [
        round_of(1, dict.fromkeys(roles, "caution"), [], None),
        round_of(2, dict(zip(roles, stances[1], strict=True)), ["go_vs_caution"], None),
        round_of(3, dict(zip(roles, stances[2], strict=True)), ["go_vs_caution"], "go_with_caution"),
    ]
    assert without_times(third.record) == success(first.team, history, usage(10, 10), BRIEF)


def test_many_more_rounds_than_the_team_file_allows_can_be_granted(tmp_path: Path) -> None:
    """LangGraph's own limit on supersteps must not end what the budget allows."""
    play(tmp_path, script("caution"), "budget.max_rounds=1")
    resumed = go_on(tmp_path, script("caution"), budget={"max_rounds": 45, "max_messages": 500})
    assert (resumed.record["stop_reason"], len(resumed.record["history"])) == ("max_rounds_reached", 45)
    assert resumed.asked == {DEMAND: 44, FINANCE: 44, RISK: 44}


def test_a_raised_limit_stays_raised_and_is_raised_alone(tmp_path: Path) -> None:
    play(tmp_path, script("caution", risk_analyst=status(401)), "budget.max_messages=4")
    lines = script("caution", risk_analyst=[says("caution"), status(401)])
    second = go_on(tmp_path, lines, budget={"max_messages": 7})
    assert (second.record["stop_reason"], second.record["phase"]) == ("llm_auth", "round_2:risk_analyst")
    third = go_on(tmp_path)
    assert (third.record["stop_reason"], third.record["phase"]) == ("max_messages", "round_2:risk_analyst")


def test_a_thread_that_stops_time_and_again_asks_each_seat_until_it_is_filled(tmp_path: Path) -> None:
    lines = script(demand_analyst=[status(401)], finance_analyst=[GO], risk_analyst=[text("{}")])
    runs = [play(tmp_path, lines)]
    for more in (
        {DEMAND: [status(503, headers=AT_ONCE)] * 3, RISK: [status(401)]},
        {DEMAND: [GO], RISK: [text("")]},
        {RISK: [GO], "brief": [text("")]},
        {"brief": [status(401)]},
        {"brief": [WRITTEN]},
    ):
        runs.append(go_on(tmp_path, more))
    assert [each.record["stop_reason"] for each in runs] == [
        "llm_auth",
        "llm_error:503",
        "llm_empty",
        "llm_empty",
        "llm_auth",
        "success",
    ]
    last = runs[-1].record
    assert last["history"] == ALL_GO
    assert last["trace"][:-1] == accepted(FINANCE, DEMAND, RISK)
    assert last["usage"] == usage(13, 7)
    assert sum(len(each.server.calls) for each in runs) == 13


def test_the_roles_after_a_missing_seat_are_kept_and_not_asked_again(tmp_path: Path) -> None:
    first = play(tmp_path, script(demand_analyst=status(401)))
    assert first.team is not None
    assert first.record["trace"] == accepted(FINANCE, RISK)
    resumed = go_on(tmp_path, {DEMAND: GO, "brief": WRITTEN})
    trace = [*accepted(FINANCE, RISK, DEMAND), {"round": 1, "conflicts": [], "decision": "go"}]
    assert without_times(resumed.record) == success(first.team, ALL_GO, usage(5, 4), BRIEF, trace)
    assert resumed.asked == {DEMAND: 1, "brief": 1}


def test_a_contract_broken_beside_another_stop_is_asked_again_with_it(tmp_path: Path) -> None:
    play(tmp_path, script(demand_analyst=status(401), risk_analyst=says("maybe")), "max_repairs=0")
    resumed = go_on(tmp_path, {DEMAND: GO, RISK: says("perhaps")})
    assert resumed.record["stop_reason"] == "invalid_contribution:stance"
    assert resumed.record["raw_contribution"]["stance"] == "perhaps"
    assert resumed.asked == {DEMAND: 1, RISK: 1}


@pytest.mark.parametrize(
    ("lines", "sets", "reason"),
    [
        (script(), (), "success"),
        (script(), ("sequence+=legal_analyst",), "agent_denied:legal_analyst"),
    ],
    ids=["success", "agent_denied"],
)
def test_a_finished_thread_returns_its_record_and_makes_no_call(
    tmp_path: Path, lines: Lines, sets: tuple[str, ...], reason: str
) -> None:
    first = play(tmp_path, lines, *sets)
    assert first.record["stop_reason"] == reason
    for again in (
        go_on(tmp_path),
        go_on(tmp_path, budget={"max_rounds": 9}),
        go_on(tmp_path, accept_changes=True),
        play(tmp_path, {}, *sets),
    ):
        assert (again.record, again.asked) == (first.record, {})
    assert show(settings_at(tmp_path)) == first.record


def resumed_without_a_key(home: Path) -> dict[str, Any]:
    return resume(settings_at(home))


def test_a_finished_thread_needs_no_key_to_return_its_record(tmp_path: Path) -> None:
    first = play(tmp_path, script())
    assert resumed_without_a_key(tmp_path) == first.record


def test_without_a_key_a_model_s_thread_is_refused_in_a_sentence_and_goes_on_later(tmp_path: Path) -> None:
    play(tmp_path, script(risk_analyst=status(401)))
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        resumed_without_a_key(tmp_path)
    assert go_on(tmp_path, REST_OF_ROUND).record["status"] == "ok"


def test_a_limit_on_cost_without_a_price_is_refused_at_the_resume_too(tmp_path: Path) -> None:
    play(tmp_path, script(risk_analyst=status(401)))
    with pytest.raises(UsageError, match=r"no price for the model 'gpt-4\.1-mini'"):
        go_on(tmp_path, budget={"max_cost_usd": 1})


@pytest.mark.parametrize(
    ("budget", "said"),
    [({"max_monkeys": 1}, "max_monkeys"), ({"max_rounds": 0}, "max_rounds"), ({"max_seconds": "x"}, "max_seconds")],
)
def test_a_budget_that_is_not_allowed_is_refused_and_changes_nothing(
    tmp_path: Path, budget: dict[str, Any], said: str
) -> None:
    first = play(tmp_path, script(risk_analyst=status(401)))
    with pytest.raises(UsageError, match=said):
        go_on(tmp_path, budget=budget)
    assert show(settings_at(tmp_path)) == first.record


@pytest.mark.slow
def test_accord_resume_of_a_finished_thread_prints_its_record_and_makes_no_call(tmp_path: Path) -> None:
    first = play(tmp_path, script())
    with serve({}) as server:
        keys = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.base_url, "ACCORD_HOME": str(tmp_path)}
        command = [sys.executable, "-m", "graph", "resume", "t", "--json"]
        done = subprocess.run(command, env={**os.environ, **keys}, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, json.loads(done.stdout)) == (0, first.record)
    assert server.calls == []


def test_facts_given_at_the_resume_end_a_wait_for_input(tmp_path: Path) -> None:
    overrides = {"requires": ["risk_signals.fraud_score"]}
    first = play(tmp_path, {}, changes={"overrides": overrides})
    assert first.team is not None
    assert first.team.own_facts is not None
    assert without_times(go_on(tmp_path).record) == without_times(first.record)
    still = go_on(tmp_path, facts={"risk_signals": {"fraud_score": None}})
    assert (still.record["stop_reason"], still.asked) == ("needs_input:risk_signals.fraud_score", {})
    given = {"risk_signals": {"fraud_score": 0.1}}
    resumed = go_on(tmp_path, script(), facts=given)
    signals = {**first.team.own_facts["risk_signals"], "fraud_score": 0.1}
    facts = {**first.team.own_facts, "risk_signals": signals}
    team = first.team.model_copy(update={"facts": facts})
    record = without_times(resumed.record)
    own, brought = record["sources"]
    assert [own] == [{**source_of(first.team.own_facts)[0], "places": own["places"]}]
    assert [brought] == [{**source_of(given, "given", "given")[0], "places": ["risk_signals.fraud_score"]}]
    assert "risk_signals" not in own["places"]
    assert record == {**success(team, ALL_GO, usage(4, 4), BRIEF), "sources": record["sources"]}
    assert resumed.seen(RISK, 1)[0]["shared_context"] == facts


def test_a_file_of_facts_that_appears_lets_the_thread_go_on(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    changes = {"overrides": {"facts": [{"file": str(path)}]}}
    first = play(tmp_path, {}, changes=changes)
    assert first.record["stop_reason"] == "facts_unavailable:today.json"
    assert without_times(go_on(tmp_path).record) == without_times(first.record)
    path.write_text('{"report_date": "2026-03-02"}')
    resumed = go_on(tmp_path, script())
    assert (resumed.record["final_decision"], resumed.record["team_summary"]["region"]) == ("go", None)
    assert resumed.seen(DEMAND, 1)[0]["shared_context"] == {"report_date": "2026-03-02"}


def test_a_check_that_could_not_be_evaluated_is_asked_again_with_facts_that_it_can_use(tmp_path: Path) -> None:
    facts = load_team("checkout_launch").own_facts or {}
    broken = {**facts, "risk_signals": {**facts["risk_signals"], "chargeback_alerts": "many"}}
    first = play(tmp_path, script(), "roles.risk_analyst.voice=rules", changes={"facts": broken})
    assert (first.record["stop_reason"], first.record["resumable"]) == ("condition_failed:risk_analyst", True)

    resumed = go_on(tmp_path, script(), facts=facts, accept_changes=True)
    assert (resumed.record["status"], resumed.record["final_decision"]) == ("ok", "go")


def test_facts_are_loaded_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "today.json"
    facts = {**(load_team("checkout_launch").own_facts or {}), "region": "FR"}
    path.write_text(json.dumps(facts))
    lines = rounds(("caution",) * 3) | {(DEMAND, 2): GO, (FINANCE, 2): GO, (RISK, 2): status(401)}
    play(tmp_path, lines, changes={"overrides": {"facts": [{"file": str(path)}]}})
    path.unlink()
    resumed = go_on(tmp_path, REST_OF_ROUND)
    assert resumed.record["status"] == "ok"
    assert resumed.seen(RISK, 2)[0]["shared_context"] == facts
