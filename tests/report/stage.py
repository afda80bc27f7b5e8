"""What the tests of a report share: runs of every kind, each with its page and its Markdown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.report.dossier.dossier import dossier_of
from graph.report.html.page import page_of
from graph.report.markdown.report import markdown_of
from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.harness import CHECKOUT_ROLES, Speech, proposal, run, scripted, settings_at, team_of
from tests.runs.stage import state_of

DEMAND, FINANCE, RISK = CHECKOUT_ROLES
FACTS: dict[str, Any] = {
    "report_date": "2026-03-02",
    "region": "US",
    "demand_signals": {"projected_orders": 15200, "conversion_lift_pct": 12.4, "traffic_risk": "medium"},
    "finance_signals": {"projected_revenue_usd": 684000.0, "expected_margin_pct": 19.2, "promo_cost_usd": 94000.0},
    "risk_signals": {"failed_payment_rate": 0.028, "chargeback_alerts": 4, "critical_incidents": 0},
    "policy_limits": {"payment_failure_block_threshold": 0.03, "max_chargeback_alerts_for_go": 5},
}
GUARDS = """guards=[
  {name: payment failures, fact: risk_signals.failed_payment_rate,
   at_least: policy_limits.payment_failure_block_threshold, cap: no_go},
  {name: chargebacks, fact: risk_signals.chargeback_alerts,
   above: policy_limits.max_chargeback_alerts_for_go, cap: go_with_caution},
  {name: margin floor, fact: finance_signals.expected_margin_pct, below: 15, cap: go_with_caution},
  {name: traffic, fact: demand_signals.traffic_risk, equals: high, cap: no_go}]"""
UNREAD = "guards=[{name: fraud score, fact: risk_signals.fraud_score, at_least: 70, cap: no_go}]"
BAD = {"stance": "perhaps", "summary": "Hm.", "confidence": 2, "actions": ["x"]}

HOSTILE = "\n".join(
    (
        "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) ![i](http://evil.example/i.png)",
        *("# Heading", "- [ ] task | a | b |", "|---|---|", "---", "===", "```"),
        "\"'><svg/onload=alert(4)> {{ 7 * 7 }} {% raw %} {# note #} &amp; $x$ <!-- hidden --> <https://evil.example>",
        "\u202egnp.exe\u2066 \u200fa\u200bb\u061c\ufeff \x1b[31mred\x07",
        "@octocat #12 https://evil.example/?a=1&b=2 www.evil.example",
        *(
            "me@evil.example",
            "    four",
            "> quote",
            "1. one",
            "~~gone~~ `c` `` **b**",
            "[ref]: http://evil.example",
            "a\\|b",
        ),
    )
)
"""A text that wants to be more than text."""


@dataclass(frozen=True)
class Told:
    """One thread as it is told: its record, state, dossier, page and Markdown, and what is known only later."""

    record: dict[str, Any]
    state: dict[str, Any]
    dossier: dict[str, Any]
    page: str
    markdown: str
    hindsight: Mapping[str, Any] = field(default_factory=dict)


def told(thread: str, record: dict[str, Any], state: Mapping[str, Any]) -> Told:
    """Return how a thread is told."""
    dossier = dossier_of(thread, record, state)
    return Told(record, dict(state), dossier, page_of(dossier), markdown_of(dossier))


def tell(home: Path, speech: Speech | str = "go", *sets: str, name: str = "checkout_launch", **changes: Any) -> Told:
    """Run a team, whose roles all take a stance or say what `speech` says, and return how it is told."""
    brief = changes.pop("brief", "They agree.\n1. Start.\n2. Watch.")
    is_modelled = changes.pop("modelled", False)
    settings = settings_at(home, "http://127.0.0.1:9" if is_modelled else None)
    changes = {"facts": FACTS, **changes} if name == "checkout_launch" else changes
    say: Speech = speech if callable(speech) else lambda question: proposal(question.name, speech)
    record = run(team_of(settings, name, *sets, **changes), settings, "t", scripted(say, brief=brief))
    return told("t", record, state_of(settings))


def with_facts(**risk: Any) -> dict[str, Any]:
    """Return the facts with other risk signals."""
    return {**FACTS, "risk_signals": {**FACTS["risk_signals"], **risk}}


def stances(**by_role: str) -> Speech:
    """Return a speech in which the roles take these stances, and the others say go."""
    return lambda question: proposal(
        question.name, by_role.get(question.name, "go"), summary=f"{question.name} says so."
    )


def crowd(question: Question) -> Any:
    """Two of twelve roles have to repair, one fails for two rounds, one blocks first, two stay cautious."""
    number = int(question.name.removeprefix("role_"))
    if number in (3, 7) and question.attempt == 1 and question.round == 1:
        return {**BAD, "agent": question.name}
    if number == 5 and question.round < 3:
        return Failure("llm_timeout")
    stance = "block" if number == 2 and question.round == 1 else "caution" if number in (4, 9) else "go"
    return proposal(question.name, stance)


CROWD = (
    "sequence=[" + ", ".join(f"role_{number}" for number in range(1, 13)) + "]",
    "roles={" + ", ".join(f"role_{number}: {{title: Role {number}, mandate: Judge.}}" for number in range(1, 13)) + "}",
    "policy={name: mine, rules: [{when: block >= 1, then: next_round, because: somebody blocks},"
    " {when: absent > 0 && rounds_left > 1, then: next_round}, {when: go >= min_go_votes, then: go_with_caution}],"
    " otherwise: next_round, when_rounds_end: escalate, on_absent: count}",
    *("budget.max_messages=60", "budget.max_rounds=4", "budget.min_go_votes=6"),
)

STORIES: Mapping[str, Callable[[Path], Told]] = {
    "go": lambda home: tell(home),
    "go_with_caution": lambda home: tell(
        home, stances(finance_analyst="caution"), GUARDS, "policy=launch", facts=with_facts(chargeback_alerts=7)
    ),
    "capped": lambda home: tell(home, "go", GUARDS, "policy=launch", facts=with_facts(failed_payment_rate=0.034)),
    "unread": lambda home: tell(home, "go", UNREAD, "policy=launch"),
    "no_go": lambda home: tell(home, stances(risk_analyst="block", demand_analyst="block"), "policy=launch"),
    "escalated": lambda home: tell(home, stances(risk_analyst="block"), GUARDS, "policy=launch"),
    "max_messages": lambda home: tell(home, stances(risk_analyst="block"), "policy=launch", "budget.max_messages=5"),
    "many_rounds": lambda home: tell(
        home, stances(risk_analyst="block"), "policy=classic", "budget.max_rounds=8", "budget.max_messages=40"
    ),
    "refused": lambda home: tell(
        home, lambda question: {**BAD, "agent": question.name} if question.name == RISK else proposal(question.name)
    ),
    "timeout": lambda home: tell(
        home, lambda question: Failure("llm_timeout") if question.name == RISK else proposal(question.name)
    ),
    "brief_failed": lambda home: tell(home, "go", brief=Failure("llm_timeout")),
    "needs_input": lambda home: tell(home, "go", name="cold_storage", facts={"report_date": "2026-02-12"}),
    "crowd": lambda home: tell(home, crowd, *CROWD, modelled=True),
    "hostile": lambda home: tell(
        home,
        lambda question: proposal(
            question.name,
            "caution" if question.name == RISK else "go",
            summary=HOSTILE + "X" * (4_000 - len(HOSTILE)),
            actions=[HOSTILE[:500]],
        ),
        "policy=launch",
        goal=HOSTILE,
        brief=HOSTILE,
        facts={**FACTS, "note": HOSTILE, "a|b<i>": "x|y"},
    ),
    "hostile_raw": lambda home: tell(
        home, lambda question: {**BAD, "agent": question.name, "summary": HOSTILE, HOSTILE: 1}
    ),
}
"""A run of every kind, each on a home of its own."""
