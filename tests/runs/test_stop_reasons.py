"""Each reason a run can stop for, once, over HTTP and on a file: the exact record and the exact number of calls."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from graph.record import Record
from policies.run.stop import Stop
from policies.run.stop_table import STOP_KINDS
from tests.harness import run, settings_at, team_of, without_times
from tests.runs.expected import (
    NO_TEXT,
    SAID,
    UNFINISHED,
    accepted,
    no_completion,
    round_of,
    source_of,
    stopped,
    success,
    turned_away,
    usage,
)
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, Lines, go_on, play, refused, script
from tests.scripted_server import (
    Answer,
    ScriptedServer,
    drips,
    forever,
    hangs,
    says,
    serve,
    status,
    text,
    wrong_content_type,
)

pytestmark = pytest.mark.slow

AT_DEMAND = "round_1:demand_analyst"
AT_RISK = "round_1:risk_analyst"
SHOWN = accepted(DEMAND, FINANCE)
ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
CAUTIOUS = [round_of(n, dict.fromkeys((DEMAND, FINANCE, RISK), "caution"), [], None) for n in (1, 2)]


@dataclass(frozen=True)
class Stopping:
    """A run that stops: what is said, what it stops with, and how many calls of how many were answered.

    `told` is the cause behind the endpoint's address, `cause` a whole one.
    """

    lines: Lines
    reason: str
    asked: Mapping[str, int]
    answers: int
    phase: str | None = AT_RISK
    trace: list[Any] | None = None
    history: list[Any] = field(default_factory=list)
    sets: tuple[str, ...] = ()
    timeout_seconds: float = 60.0
    resumable: bool = True
    told: str | None = None
    cause: str | None = None

    @property
    def marks(self) -> tuple[pytest.MarkDecorator, ...]:
        """Those that wait for a timeout are slow."""
        return (pytest.mark.slow,) if self.reason in ("llm_timeout", "max_seconds") else ()


def at_risk(answer: Answer, reason: str, calls: int, answers: int = 2, **more: Any) -> Stopping:
    """Two roles say go, and the third one's seat stays empty."""
    asked = {DEMAND: 1, FINANCE: 1, RISK: calls}
    return Stopping(script(risk_analyst=answer), reason, asked, answers, trace=SHOWN, **more)


def at_brief(answer: Answer, reason: str, calls: int, answers: int = 3, **more: Any) -> Stopping:
    """All say go, and nobody writes the brief."""
    asked = {DEMAND: 1, FINANCE: 1, RISK: 1} | ({"brief": calls} if calls else {})
    return Stopping(script(brief=answer), reason, asked, answers, phase="finalize", history=ALL_GO, **more)


STOPS: dict[str, Stopping] = {
    "a role that is not enabled": Stopping(
        script(),
        "agent_denied:legal_analyst",
        {DEMAND: 1, FINANCE: 1, RISK: 1},
        3,
        phase="round_1:legal_analyst",
        trace=accepted(DEMAND, FINANCE, RISK),
        sets=("sequence+=legal_analyst",),
        resumable=False,
    ),
    "a role that is not enabled, first": Stopping(
        script(),
        "agent_denied:legal_analyst",
        {},
        0,
        phase="round_1:legal_analyst",
        trace=[],
        sets=("sequence=[legal_analyst, demand_analyst]",),
        resumable=False,
    ),
    "no round left": Stopping(
        script("caution"),
        "max_rounds_reached",
        {DEMAND: 2, FINANCE: 2, RISK: 2},
        6,
        phase=None,
        history=CAUTIOUS,
        sets=("budget.max_rounds=2",),
    ),
    "no message left": Stopping(
        script(), "max_messages", {DEMAND: 1, FINANCE: 1}, 2, trace=SHOWN, sets=("budget.max_messages=2",)
    ),
    "no time left for a role": at_risk(hangs(60), "max_seconds", 1, sets=("budget.max_seconds=1.5",)),
    "no time left for the brief": at_brief(hangs(60), "max_seconds", 1, sets=("budget.max_seconds=1.5",)),
    "too few tokens for a role": Stopping(
        script(), "max_tokens", {}, 0, phase=AT_DEMAND, trace=[], sets=("budget.max_tokens=1000",)
    ),
    "too little money for a role": Stopping(
        script(),
        "max_cost",
        {},
        0,
        phase=AT_DEMAND,
        trace=[],
        sets=("prices={gpt-4.1-mini: {prompt: 1.0, completion: 0.0}}", "budget.max_cost_usd=0.0005"),
    ),
    "its own timeout": at_risk(forever(hangs(60)), "llm_timeout", 3, timeout_seconds=0.6, told=UNFINISHED),
    "its own timeout, though never silent": at_risk(
        forever(drips(says("go"), 0.05)), "llm_timeout", 3, timeout_seconds=0.6, told=UNFINISHED
    ),
    "too many requests": at_risk(refused(429), "llm_rate_limited", 3, told=SAID[429]),
    "too many requests at the brief": at_brief(refused(429), "llm_rate_limited", 3, told=SAID[429]),
    "a server error": at_risk(refused(500), "llm_error:500", 3, told=SAID[500]),
    "an unavailable server": at_risk(refused(503), "llm_error:503", 3, told=SAID[503]),
    "an unavailable server at the brief": at_brief(refused(503), "llm_error:503", 3, told=SAID[503]),
    "a bad request": at_risk(status(400), "llm_error:400", 1, told=SAID[400]),
    "a sign-in page": at_risk(
        wrong_content_type(says("go")), "llm_error:200", 1, told=no_completion("Gateway Please sign in.")
    ),
    "an empty object": at_risk(status(200, "{}"), "llm_error:200", 1, told=no_completion("it has no choice: {}")),
    "no choices": at_risk(
        status(200, '{"choices": []}'), "llm_error:200", 1, told=no_completion('it has no choice: {"choices": []}')
    ),
    "no JSON": at_risk(status(200, "go"), "llm_error:200", 1, told=no_completion("go")),
    "a key that is not known": at_risk(status(401), "llm_auth", 1, told=SAID[401]),
    "a key that may not": at_risk(status(403), "llm_auth", 1, told=SAID[403]),
    "a key that is not known at the brief": at_brief(status(401), "llm_auth", 1, told=SAID[401]),
    "an empty answer": at_risk(text(""), "llm_empty", 1, answers=3, cause=NO_TEXT),
    "an answer without content": at_risk(text(None), "llm_empty", 1, answers=3, cause=NO_TEXT),
    "a blank answer": at_risk(text(" \n"), "llm_empty", 1, answers=3, cause=NO_TEXT),
    "an empty brief": at_brief(text(""), "llm_empty", 1, answers=4, cause=NO_TEXT),
    "a brief of NULs": at_brief(text("\x00 \x00"), "llm_empty", 1, answers=4, cause=NO_TEXT),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=case.marks) for name, case in STOPS.items()])
def test_a_run_stops_for_this_reason_with_this_record_after_these_calls(tmp_path: Path, name: str) -> None:
    case = STOPS[name]
    played = play(tmp_path, case.lines, *case.sets, timeout_seconds=case.timeout_seconds)
    assert played.team is not None
    used = usage(sum(case.asked.values()), case.answers)
    assert without_times(played.record) == stopped(
        played.team,
        case.reason,
        used,
        resumable=case.resumable,
        phase=case.phase,
        trace=case.trace,
        history=case.history,
        cause=f"{played.server.base_url}: {case.told}" if case.told else case.cause,
    )
    assert played.asked == case.asked


def test_a_run_that_succeeds_has_exactly_this_record(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=says("caution", "Watch it.", 0.75, ["Wait.", "Watch."])))
    assert played.team is not None
    record = without_times(played.record)
    hashes = record.pop("hashes")
    go = {"stance": "go", "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
    caution = {"stance": "caution", "summary": "Watch it.", "confidence": 0.75, "actions": ["Wait.", "Watch."]}
    assert record == {
        "status": "ok",
        "stop_reason": "success",
        "answer": "Decision: go_with_caution\n\nThe signals agree.\n1. Start.\n2. Watch.",
        "final_decision": "go_with_caution",
        "rounds_used": 1,
        "team_summary": {
            "report_date": "2026-03-02",
            "region": "US",
            "stances": [
                {"agent": "demand_analyst", "stance": "go", "confidence": 0.9},
                {"agent": "finance_analyst", "stance": "go", "confidence": 0.9},
                {"agent": "risk_analyst", "stance": "caution", "confidence": 0.75},
            ],
            "conflicts": ["go_vs_caution"],
        },
        "trace": [
            {"round": 1, "agent": "demand_analyst", "stance": "go", "confidence": 0.9, "accepted": True},
            {"round": 1, "agent": "finance_analyst", "stance": "go", "confidence": 0.9, "accepted": True},
            {"round": 1, "agent": "risk_analyst", "stance": "caution", "confidence": 0.75, "accepted": True},
            {"round": 1, "conflicts": ["go_vs_caution"], "decision": "go_with_caution"},
        ],
        "history": [
            {
                "round": 1,
                "contributions": [
                    {"agent": "demand_analyst", **go},
                    {"agent": "finance_analyst", **go},
                    {"agent": "risk_analyst", **caution},
                ],
                "conflicts": ["go_vs_caution"],
                "decision": "go_with_caution",
            }
        ],
        "thread_id": "t",
        "team": "checkout_launch",
        "usage": {"calls": 4, "prompt_tokens": 400, "completion_tokens": 80, "cost_usd": 0.0},
        "resumable": False,
        "flags": [],
        "moves": {"moved": 0, "without_reason": 0, "share": None},
        "absent": [],
        "outcome": {"vote": "go_with_caution", "row": 4, "guards": [], "final": "go_with_caution"},
        "recoveries": 0,
        "waiting": [],
        "outputs": [],
        "sources": source_of(played.team.own_facts),
    }
    assert hashes == success(played.team, record["history"], record["usage"], BRIEF)["hashes"]
    assert played.record["elapsed_seconds"] > 0
    assert played.asked == {DEMAND: 1, FINANCE: 1, RISK: 1, "brief": 1}


@pytest.mark.slow
def test_nobody_at_the_address_is_llm_timeout_of_the_first_role(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
    settings = settings_at(tmp_path, address)
    team = team_of(settings)
    assert without_times(run(team, settings)) == stopped(
        team,
        "llm_timeout",
        usage(9, 0),
        resumable=True,
        phase="round_1:demand_analyst",
        cause=f"{address}: refused the connection",
    )


MISSING_FACTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "facts_unavailable:team": (
        "the team has none",
        {"facts": None},
        "the team `checkout_launch` has no facts; give them with the run",
    ),
    "facts_unavailable:today.json": (
        "their file is missing",
        {"facts": [{"file": "{home}/today.json"}]},
        "{home}/today.json: cannot be read: No such file or directory",
    ),
    "facts_unavailable:broken.json": (
        "their file is broken",
        {"facts": [{"file": "{home}/broken.json"}]},
        "{home}/broken.json:1: cannot be read as JSON: a value is expected at character 18, where the text ends",
    ),
    "needs_input:risk_signals.fraud_score": (
        "one is missing",
        {"requires": ["risk_signals.fraud_score"]},
        "the team requires it: `risk_signals.fraud_score` is not in the facts; "
        "the nearest path is `risk_signals`, an object",
    ),
}


@pytest.mark.parametrize("reason", MISSING_FACTS, ids=[why for why, *_ in MISSING_FACTS.values()])
def test_without_usable_facts_nobody_is_asked(tmp_path: Path, reason: str) -> None:
    (tmp_path / "broken.json").write_text('{"risk_signals": ')
    (_, overrides, cause), failed = MISSING_FACTS[reason], dict[str, Any]()
    if overrides.get("facts"):
        (source,) = overrides["facts"]
        overrides = overrides | {"facts": [{"file": source["file"].format(home=tmp_path)}]}
        failed = {"source": reason.partition(":")[2], "kind": "file", "as_of": None, "digest": None, "places": []}
    played = play(tmp_path, {}, changes={"overrides": overrides})
    assert played.team is not None
    told = cause.format(home=tmp_path)
    expected = stopped(played.team, reason, usage(0, 0), resumable=True, phase="facts", cause=told, has_facts=False)
    if failed:
        expected["sources"] = [{**failed, "cause": told}]
    assert without_times(played.record) == expected
    assert played.asked == {}


def test_a_check_that_cannot_be_evaluated_stops_its_role_and_names_the_check(tmp_path: Path) -> None:
    facts = team_of(settings_at(tmp_path)).own_facts or {}
    given = {**facts, "risk_signals": {**facts["risk_signals"], "chargeback_alerts": "many"}}
    played = play(tmp_path, script(), "roles.risk_analyst.voice=rules", changes={"facts": given})
    assert played.team is not None
    cause = (
        "role `risk_analyst`, check 2 (`facts.risk_signals.chargeback_alerts > "
        "facts.policy_limits.max_chargeback_alerts_for_go`): `risk_signals.chargeback_alerts` is text, "
        "and `>` compares it with `policy_limits.max_chargeback_alerts_for_go`, a number"
    )
    reason = "condition_failed:risk_analyst"
    assert without_times(played.record) == stopped(
        played.team, reason, usage(2, 2), resumable=True, phase=AT_RISK, trace=SHOWN, cause=cause
    )
    assert played.asked == {DEMAND: 1, FINANCE: 1}


OTHERS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "team": (("roles.risk_analyst.mandate=Judge the risk alone.",), {}),
    "policy": (("budget.min_go_votes=3",), {}),
    "facts": (("facts.risk_signals.chargeback_alerts=3",), {}),
    "goal": ((), {"goal": "Another question."}),
}


@pytest.mark.parametrize("moved", OTHERS)
def test_a_thread_is_not_run_with_another_case(tmp_path: Path, moved: str) -> None:
    play(tmp_path, script(risk_analyst=status(401)))
    before = go_on(tmp_path, script(risk_analyst=status(401))).record
    sets, changes = OTHERS[moved]
    played = play(tmp_path, {}, *sets, changes=changes)
    assert played.record == turned_away(f"stale_thread:{moved}", played.record["cause"])
    assert played.asked == {}
    after = go_on(tmp_path, script(risk_analyst=status(401))).record
    assert (after["trace"], after["hashes"]) == (before["trace"], before["hashes"])


async def _second(home: Path, server: ScriptedServer) -> list[Record]:
    """Let a second runner, and then the same one, try a thread that the first one works on."""
    settings = settings_at(home, server.base_url)
    team = team_of(settings)
    async with open_runner(settings) as first, open_runner(settings) as second:
        work = asyncio.create_task(first.run(team, "t"))
        while len(server.calls) < 3:
            await asyncio.sleep(0.01)
        tries = [await second.run(team, "t"), await second.resume("t"), await first.run(team, "t")]
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return tries


def test_a_second_holder_of_a_thread_is_turned_away_as_busy(tmp_path: Path) -> None:
    with serve(script(risk_analyst=hangs(60))) as server:
        tries = asyncio.run(_second(tmp_path, server))
    assert tries == [turned_away("busy")] * 3
    assert len(server.calls) == 3


SHOWN_ELSEWHERE = {
    "success",
    "invalid_contribution",  # test_contract_stops.py
    "llm_truncated",  # test_unfinished_answers.py
    "llm_refused",
    "facts_unavailable",
    "needs_input",
    "condition_failed",
    "cancelled",  # test_cancel.py
    "stale_thread",
    "busy",
    "recovery_exhausted",  # tests/durability/test_recoveries.py
    "escalated",  # tests/patterns/: a team within
    "human_stopped",  # test_escalation.py
    "invalid_plan",  # tests/patterns/
    "step_failed",
    "invalid_output",
    "invalid_verdict",
    "invalid_assignment",
    "max_turns_reached",
    "no_quorum",
    "unstable_decision",  # tests/stability/
}


def test_every_stop_reason_of_the_closed_table_is_shown() -> None:
    assert SHOWN_ELSEWHERE | {Stop.parse(case.reason).kind for case in STOPS.values()} == set(STOP_KINDS)
